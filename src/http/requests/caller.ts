import { sha256Hex } from "@brain/engine";
/** An IPv4 address, or the 64-bit network of an IPv6 address, of which one household has as many addresses as it likes. */
export function networkOf(address: string): string {
  const bare = address.replace(/^\[|\]$/g, "").toLowerCase();
  if (!bare.includes(":")) return bare;
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(bare);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = "", tail] = bare.split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...last];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}

/** What stands for the caller in the name of a limit: nothing from which the address could be read off a list. */
export async function callerOf(address: string): Promise<string> {
  return (await sha256Hex(networkOf(address))).slice(0, 24);
}
