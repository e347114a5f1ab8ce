import { expect, test } from "vitest";
import { hexOf, sha256Hex } from "./hex.ts";

test("each byte has two digits, also of a part of a buffer", () => {
  const bytes = Uint8Array.of(0, 1, 15, 16, 171, 255);
  expect(hexOf(bytes)).toBe("00010f10abff");
  expect(hexOf(bytes.buffer)).toBe("00010f10abff");
  expect(hexOf(bytes.subarray(2, 4))).toBe("0f10");
  expect(hexOf(new Uint8Array())).toBe("");
});

test("the digest of a text is that of its UTF-8", async () => {
  // printf 'müde' | sha256sum, and FIPS 180-4's "abc"
  expect(await sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(await sha256Hex("müde")).toBe("2b7186b5bfe89b064fd53b9dea2574644eb7c40fece1c01335fe4a1e788611e1");
  expect(await sha256Hex(new TextEncoder().encode("müde"))).toBe(await sha256Hex("müde"));
});
