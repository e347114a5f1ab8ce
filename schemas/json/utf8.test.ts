import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeUtf8 } from "./utf8.ts";

const encoder = new TextEncoder();

describe("bytes as text", () => {
  test("are read when they are UTF-8, without a byte order mark", () => {
    expect(decodeUtf8(encoder.encode("\uFEFFé漢😀"))).toEqual({ ok: true, text: "é漢😀" });
  });

  test.each([
    ["a byte that no text has", [0x61, 0xff], 1],
    ["Latin-1", [0x7b, 0xe9, 0x7d], 1],
    ["a sequence that is cut", [0x61, 0xe6, 0xbc], 1],
    ["one that begins as the replacement character", [0x61, 0xef, 0xbf, 0x41], 1],
    ["half a surrogate pair", [0xed, 0xa0, 0x80], 0],
    ["an overlong NUL", [0x61, 0x62, 0xc0, 0x80], 2],
    ["a replacement character, then a lone byte", [0xef, 0xbf, 0xbd, 0x80], 3],
  ])("%s is refused with its place", (_what, bytes, offset) => {
    expect(decodeUtf8(new Uint8Array(bytes))).toEqual({ ok: false, offset });
  });

  test("the place is behind the last whole character, wherever the byte stands", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (before, after) => {
        const head = encoder.encode(`a${before.toWellFormed()}`);
        const bytes = new Uint8Array([...head, 0xff, ...encoder.encode(after.toWellFormed())]);
        expect(decodeUtf8(bytes)).toEqual({ ok: false, offset: head.length });
      }),
    );
  });
});
