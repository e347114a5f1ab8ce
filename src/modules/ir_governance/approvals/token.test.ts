import { describe, expect, test } from "vitest";
import { equalInConstantTime, hashToken, newToken } from "./token.ts";

describe("a token", () => {
  test("is 43 characters that a URL may hold, and never the same", () => {
    const tokens = Array.from({ length: 500 }, newToken);
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(tokens).size).toBe(500);
  });

  test("is known by its SHA-256", async () => {
    expect(await hashToken("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("the comparison", () => {
  test.each([
    ["abc", "abc", true],
    ["", "", true],
    ["abc", "abd", false],
    ["xbc", "abc", false],
    ["abc", "ab", false],
    ["ab", "abc", false],
    ["", "a", false],
  ])("of %j and %j is %s", (left, right, equal) => {
    expect(equalInConstantTime(left, right)).toBe(equal);
  });
});
