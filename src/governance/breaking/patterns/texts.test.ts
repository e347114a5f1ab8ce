import { describe, expect, test } from "vitest";
import { textDifference, textOf } from "./texts.ts";

const withPattern = (pattern: string, more: object = {}) => ({ type: "string", pattern, ...more });

/** Pairs of patterns; `=`: the same texts, `<`: the first ones are among the second ones, `x`: neither, `?`: not known. */
const pairs: readonly (readonly [one: string, relation: "=" | "<" | "x" | "?", other: string])[] = [
  ["^[0-9]+$", "=", "^\\d+$"],
  ["^\\w{2}$", "=", "^[A-Za-z0-9_][\\w]$"],
  ["^(?:a|b|cd)$", "=", "^(?<kind>cd|[ab])$"],
  ["^$|^a$", "=", "^a?$"],
  ["(^a$|^b$)", "=", "^[ab]$"],
  ["^a{2,}$", "=", "^aa+$"],
  ["^(?:a*)*$", "=", "^a*$"],
  ["^[^a-z]$", "=", "^[^\\x61-\\x7a]$"],
  ["^[\\s\\S]$", "=", "^(?:.|\\n|\\r|\\u2028|\\u2029)$"],
  ["(?i:^ab$)", "=", "^[aA][bB]$"],
  ["(?s:^.$)", "=", "^[\\s\\S]$"],
  ["^a\\.b$", "<", "^a.b$"],
  ["^a.b$", "<", "a.b"],
  ["^a$", "<", "(?i:^a$)"],
  ["^[a-z]+(?:-[a-z]+)*$", "<", "^[a-z-]+$"],
  ["^sha256:[0-9a-f]{64}$", "<", "^sha(?:256|512):[0-9a-f]{64,128}$"],
  ["^BK-\\d{4}-[A-Z]{3}$", "<", "^BK-\\d{4,5}-[A-Z]{3}$"],
  ["^\\$\\{a\\}$", "<", "^\\$.*$"],
  ["^a?b?$", "x", "^ba?$"],
  ["^[a-c]$", "x", "^[b-d]$"],
  ["^[-a]$", "x", "^[a\\]]$"],
  ["^a", "x", "b$"],
  ["^(?=a)ab$", "?", "^ab$"],
  ["^\\p{L}$", "?", "^a$"],
  ["^(a)\\1$", "?", "^aa$"],
  ["(?m:^a$)", "?", "^a$"],
  ["^\\ba$", "?", "^a$"],
  ["^[a-z]{1,30000}$", "?", "^[a-z]{1,29999}$"],
];

/** What the engine of JavaScript says. */
const matches = (pattern: string, text: string) => new RegExp(pattern).test(text);

describe("two patterns", () => {
  test.each(pairs)("%s %s %s", (one, relation, other) => {
    const { lost, gained } = textDifference(withPattern(one), withPattern(other));
    const found = [lost, gained].map((text) => (text === undefined ? "?" : text === null ? "none" : "some"));
    const expected = { "=": ["none", "none"], "<": ["none", "some"], x: ["some", "some"], "?": ["?", "?"] };
    expect(found).toEqual(expected[relation]);
    if (typeof lost === "string") expect([matches(one, lost), matches(other, lost)]).toEqual([true, false]);
    if (typeof gained === "string")
      expect([matches(one, gained), matches(other, gained)]).toEqual([false, true]);
  });

  test("are compared together with the lengths beside them", () => {
    expect(textDifference(withPattern("^[a-z]+$", { maxLength: 50 }), withPattern("^[a-z]{1,50}$"))).toEqual({
      lost: null,
      gained: null,
    });
    expect(textDifference(withPattern("^a+$"), withPattern("^a+$", { maxLength: 3 }))).toEqual({
      lost: "aaaa",
      gained: null,
    });
  });
});

test.each([
  "^BK-\\d{4}-[A-Z]{3}$",
  "^(?:[a-z0-9]+\\.){1,6}[a-z]{2,24}$",
  "x[^a-z]y",
  "^ord_[A-Za-z0-9]{12}$",
])("a text of %s matches it", (pattern) => {
  const text = textOf(withPattern(pattern));
  expect(matches(pattern, text ?? "none")).toBe(true);
  const other = textOf(withPattern(pattern), [text ?? ""]);
  expect([other === text, matches(pattern, other ?? "none")]).toEqual([false, true]);
});

test("where there is none, or it cannot be said, there is no text", () => {
  expect(textOf(withPattern("^a$"), ["a"])).toBeUndefined();
  expect(textOf(withPattern("^(?=a)ab$"))).toBeUndefined();
});
