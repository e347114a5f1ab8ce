/*
 * Which hosts may be called. What comes over the API names a URL, and a call from here reaches what this network reaches:
 * other services of the same machine, metadata services of a cloud. Those are refused unless they are listed. A URL of
 * the settings may lead there: whoever runs the service means it.
 */

/** IPv4 blocks that are not of the public internet: https://www.iana.org/assignments/iana-ipv4-special-registry */
const privateV4: readonly (readonly [address: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Names that lead to this machine or network, whatever the resolver says. */
const privateNames =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa|localdomain|test|invalid)$/;

/** As a resolver reads it: with as many dots at its end as one likes. */
const hostOf = (url: URL) => url.hostname.replace(/(?<!\.)\.+$/, "").toLowerCase();

function v4Number(address: string): number | null {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) return null;
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isPrivateV4(address: number): boolean {
  return privateV4.some(([base, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor((v4Number(base) ?? 0) / size);
  });
}

/** The eight groups of an IPv6 address as URLs write it: lower-case hex, one `::`, no embedded dots. */
function v6Groups(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const numbers = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const first = numbers(head);
  if (tail === undefined) return first;
  const last = numbers(tail);
  return [...first, ...new Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last];
}

/** Only 2000::/3 is in public use; the parts of it that lead elsewhere, and what wraps IPv4, are refused too. */
function isPrivateV6(address: string): boolean {
  const groups = v6Groups(address);
  const [first = 0, second = 0] = groups;
  // 6to4; of 2001::/23 Teredo, measurements and names of keys.
  const wrapsV4 = first === 0x2002;
  const special = first === 0x2001 && second < 0x200;
  const documentation = (first === 0x2001 && second === 0xdb8) || first === 0x3fff;
  return first < 0x2000 || first > 0x3fff || wrapsV4 || special || documentation;
}

/** Whether an address, as a resolver writes it, must not be called. True for a text that is no address. */
export function isPrivateAddress(address: string): boolean {
  const v4 = v4Number(address);
  if (v4 !== null) return isPrivateV4(v4);
  const text = `http://[${address.split("%")[0]}]/`;
  return !URL.canParse(text) || isPrivateV6(new URL(text).hostname.slice(1, -1));
}

/** True for a host that is to be resolved before it is called: a name that is not listed. */
export function isToBeResolved(url: URL, allowed: readonly string[]): boolean {
  const host = hostOf(url);
  if (allowed.includes(host) || allowed.includes(url.host.toLowerCase())) return false;
  return !host.startsWith("[") && v4Number(host) === null;
}

/** Why a URL must not be called; null when it may be. */
export function refusedHost(url: URL, allowed: readonly string[]): string | null {
  if (url.protocol !== "http:" && url.protocol !== "https:") return "expected an http or https URL";
  if (url.username !== "" || url.password !== "")
    return "user and password do not belong into a URL; send a header";
  const host = hostOf(url);
  if (allowed.includes(host) || allowed.includes(url.host.toLowerCase())) return null;
  const refused = "leads to a private network; list it in BRAIN_MISSION_HTTP_ALLOW if it is meant";
  return isPrivateHost(url) ? `the host ${refused}` : null;
}

/** Whether a URL leads into a private network, as far as its spelling tells. */
export function isPrivateHost(url: URL): boolean {
  // URLs write every form of an IPv4 address (0x7f.1, 2130706433) as four decimal numbers.
  const host = hostOf(url);
  if (host.startsWith("[")) return isPrivateV6(host.slice(1, -1));
  const v4 = v4Number(host);
  return v4 === null ? !host.includes(".") || privateNames.test(host) : isPrivateV4(v4);
}
