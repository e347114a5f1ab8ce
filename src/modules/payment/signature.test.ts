import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { signatureProblem } from "./signature.ts";

const body = new TextEncoder().encode('{"id":"evt_1","größe":"ü"}');
const now = new Date("2026-11-21T10:00:00Z");
const seconds = now.getTime() / 1000;

function sign(secret: string, time: number, content: Uint8Array = body): string {
  return createHmac("sha256", secret).update(`${time}.`).update(content).digest("hex");
}

const check = (header: string | null, secrets = ["whsec_a"], content = body) =>
  signatureProblem(content, header, secrets, 300, now);

describe("a signature", () => {
  test("of the secret over time and body is good", async () => {
    expect(await check(`t=${seconds},v1=${sign("whsec_a", seconds)}`)).toBeNull();
  });

  test("that OpenSSL computed is good", async () => {
    // printf '%s' "1492774577.payload" | openssl dgst -sha256 -hmac whsec_test
    const known = "1c5929a4e07e0ad00a7a9fc15be2e77612061778522b907c30725106c806e06f";
    const at = new Date(1_492_774_577_000);
    const bytes = new TextEncoder().encode("payload");
    const header = `t=1492774577,v1=${known}`;
    expect(await signatureProblem(bytes, header, ["whsec_test"], 300, at)).toBeNull();
  });

  test("is good under any of the secrets, and any of its values may match", async () => {
    const good = sign("whsec_b", seconds);
    const header = `t=${seconds},v1=${"0".repeat(64)},v1=${good},v0=${good}`;
    expect(await check(header, ["whsec_a", "whsec_b"])).toBeNull();
    expect(await check(header, ["whsec_a"])).toBe("no_match");
  });

  test.each([-300, 300])("%i s from now is good, and a second further is not", async (offset) => {
    const edge = seconds + offset;
    expect(await check(`t=${edge},v1=${sign("whsec_a", edge)}`)).toBeNull();
    const beyond = edge + Math.sign(offset);
    expect(await check(`t=${beyond},v1=${sign("whsec_a", beyond)}`)).toBe("too_old");
  });

  test("for another time or another body does not match", async () => {
    const good = sign("whsec_a", seconds);
    expect(await check(`t=${seconds - 1},v1=${good}`)).toBe("no_match");
    const other = new TextEncoder().encode('{"id":"evt_2"}');
    expect(await check(`t=${seconds},v1=${good}`, ["whsec_a"], other)).toBe("no_match");
  });

  test.each([
    "",
    "t=1",
    `v1=${"a".repeat(64)}`,
    `t=now,v1=${"a".repeat(64)}`,
    `t=1,v1=${"a".repeat(63)}`,
    `t=1,v0=${"a".repeat(64)}`,
    `t=1,v1=${"A".repeat(64)}`,
    "t=1;v1=a",
  ])("that is not one is refused: %s", async (header) => {
    expect(await check(header)).toBe("unreadable");
  });

  test("that is missing is refused, and so is a system without secrets", async () => {
    expect(await check(null)).toBe("no_signature");
    expect(await check(`t=${seconds},v1=${sign("", seconds)}`, [])).toBe("no_match");
  });
});
