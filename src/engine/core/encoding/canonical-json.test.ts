import type { JsonValue } from "@brain/schemas";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

describe("canonicalJson", () => {
  test("sorts keys at every depth and writes no blanks", () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }, true], a: "ü", "": 2.5 })).toBe(
      '{"":2.5,"a":"ü","b":[{"a":null,"z":1},true]}',
    );
  });

  test("sorts by code point, not by UTF-16 unit", () => {
    // U+FB00 comes before U+1F600, whose first unit is D83D.
    expect(canonicalJson({ "\u{1F600}": 1, "\uFB00": 2 })).toBe('{"\uFB00":2,"\u{1F600}":1}');
  });

  test("a key that begins like another comes first", () => {
    expect(canonicalJson({ ab: 1, a: 2, abc: 3, aa: 4 })).toBe('{"a":2,"aa":4,"ab":1,"abc":3}');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1])(
    "refuses %s, which JSON cannot hold",
    (value) => {
      expect(() => canonicalJson(value as unknown as JsonValue)).toThrow(TypeError);
      expect(() => canonicalJson({ field: value } as unknown as JsonValue)).toThrow(/Expected a JSON value/);
    },
  );

  test("is one text for equal values, whatever the order of their keys, and reads back as the value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: JsonValue = JSON.parse(JSON.stringify(value));
        const turned = (item: JsonValue): JsonValue => {
          if (Array.isArray(item)) return item.map(turned);
          if (typeof item !== "object" || item === null) return item;
          return Object.fromEntries(
            Object.entries(item)
              .reverse()
              .map(([key, member]) => [key, turned(member)]),
          );
        };
        expect(canonicalJson(turned(plain))).toBe(canonicalJson(plain));
        expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
      }),
    );
  });
});
