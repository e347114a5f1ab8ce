import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createVault, isSealed, VaultError, VaultKeyError } from "./vault.ts";

const keyOf = (byte: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(byte)));
const first = keyOf(1);
const second = keyOf(2);
const vaultOf = (current: string | null, previous: string | null = null) =>
  createVault({ current, previous });
const place = { table: "missions", row: "m-1", column: "payload" };

describe("a vault", () => {
  test("gives back what it sealed, and each time in another text", async () => {
    const vault = vaultOf(first);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 400 }), async (secret) => {
        const sealed = await vault.seal(secret, place);
        expect(isSealed(sealed)).toBe(true);
        if (secret.length > 3) expect(sealed).not.toContain(secret);
        expect(await vault.seal(secret, place)).not.toBe(sealed);
        expect(await vaultOf(first).open(sealed, place)).toBe(secret);
      }),
      { numRuns: 50 },
    );
    const long = "ä".repeat(100_000);
    expect(await vault.open(await vault.seal(long, place), place)).toBe(long);
  });

  test.each([
    ["table", { ...place, table: "missions_copy" }],
    ["row", { ...place, row: "m-2" }],
    ["column", { ...place, column: "result" }],
    // Parts that run into each other are not the same place.
    ["border of its parts", { table: "missions,m", row: "-1", column: "payload" }],
  ])("opens nothing at another %s", async (_what, other) => {
    const vault = vaultOf(first);
    const sealed = await vault.seal("s3cret", place);
    await expect(vault.open(sealed, other)).rejects.toThrow(VaultError);
    await expect(vaultOf(second, first).rewrap(sealed, other)).rejects.toThrow(VaultError);
    expect(await vault.open(sealed, place)).toBe("s3cret");
  });

  test("notices a change of any part", async () => {
    const vault = vaultOf(first);
    const sealed = await vault.seal("s3cret", place);
    const prefix = sealed.lastIndexOf(".") - 80;
    for (let at = prefix; at < sealed.length - 1; at += 1) {
      if (sealed[at] === ".") continue;
      const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
      await expect(vault.open(changed, place), changed).rejects.toThrow(VaultError);
    }
  });

  test("without a key stores nothing, and says what to do; with another one says which is missing", async () => {
    await expect(vaultOf(null).seal("s3cret", place)).rejects.toThrow(
      /BRAIN_SECRETS_KEY is not set.*openssl rand/,
    );
    const sealed = await vaultOf(first).seal("s3cret", place);
    const id = sealed.split(".")[2];
    await expect(vaultOf(null).open(sealed, place)).rejects.toThrow(VaultKeyError);
    await expect(vaultOf(second).open(sealed, place)).rejects.toThrow(
      new RegExp(`missions.payload was sealed with the key ${id}, and neither`),
    );
    await expect(vaultOf("short").seal("s3cret", place)).rejects.toThrow(/expected 32 bytes in base64/);
  });

  test("reads what an earlier release stored in clear text", async () => {
    for (const text of ["Bearer abc", "", "sealed.v1.abc", `x${await vaultOf(first).seal("s", place)}`]) {
      expect(isSealed(text)).toBe(false);
      expect(await vaultOf(null).open(text, place)).toBe(text);
    }
  });

  test("wraps with a new key what has the key before it, wherever it stands in a document", async () => {
    const [one, two] = [await vaultOf(first).seal("one", place), await vaultOf(second).seal("two", place)];
    const text = JSON.stringify({ headers: { a: one, b: two, c: "plain" } });
    const rotating = vaultOf(second, first);
    const anew = JSON.parse(await rotating.rewrap(text, place)) as { headers: Record<string, string> };
    const only = vaultOf(second);
    expect(await only.open(anew.headers.a ?? "", place)).toBe("one");
    // What has the new key already is not touched, and the secret itself never.
    expect(anew.headers.b).toBe(two);
    expect(anew.headers.c).toBe("plain");
    expect(anew.headers.a?.split(".")[4]).toBe(one.split(".")[4]);
    expect(anew.headers.a).toMatch(new RegExp(`^${await only.currentPrefix()}`));
    await expect(only.rewrap(text, place)).rejects.toThrow(VaultKeyError);
    await expect(vaultOf(null, first).rewrap(text, place)).rejects.toThrow(VaultKeyError);
    expect(await vaultOf(null).currentPrefix()).toBeNull();
  });
});
