import { describe, expect, test } from "vitest";
import * as z from "zod";
import { breaksOfField } from "../../fixtures/breaks-between.ts";

/*
 * A change in one branch of a union: the payload that shows it must be of that branch, or it is read and says that nothing
 * is broken.
 */

const number = z.int().min(0).max(99);
const kind = (name: string, fields: Readonly<Record<string, z.ZodType>> = {}) =>
  z.strictObject({ kind: z.literal(name), ...fields });

const unions: readonly [string, (first: z.ZodObject, second: z.ZodObject) => z.ZodType][] = [
  ["told apart by a field", (first, second) => z.discriminatedUnion("kind", [first, second])],
  ["as it is", (first, second) => z.union([first, second])],
  ["in a list", (first, second) => z.array(z.union([first, second])).max(3)],
  ["in a field", (first, second) => z.strictObject({ inside: z.union([first, second]) })],
  ["that may be null", (first, second) => z.union([first, second]).nullable()],
  [
    "in a branch of another one",
    (first, second) =>
      z.union([
        z.strictObject({ type: z.literal("x") }),
        z.strictObject({ type: z.literal("y"), at: z.union([first, second]) }),
      ]),
  ],
];

const changes: readonly [string, z.ZodObject, z.ZodObject, string][] = [
  ["a field that must be there", kind("b"), kind("b", { n: number }), "NEW_REQUIRED_FIELD"],
  [
    "a field that may be left out no more",
    kind("b", { n: number.optional() }),
    kind("b", { n: number }),
    "FIELD_NOW_REQUIRED",
  ],
  [
    "a value less",
    kind("b", { n: z.enum(["x", "y"]) }),
    kind("b", { n: z.enum(["x"]) }),
    "ENUM_VALUE_REMOVED",
  ],
  ["a lower bound", kind("b", { n: number }), kind("b", { n: number.max(9) }), "BOUND_NARROWED"],
];

describe.each(unions)("a union %s", (_how, union) => {
  test.each(changes)("%s is found in each of its branches", (_what, before, after, rule) => {
    const other = kind("a", { m: number });
    const found = [
      breaksOfField(union(before, other), union(after, other)),
      breaksOfField(union(other, before), union(other, after)),
    ];
    for (const [first] of found) {
      expect([first?.rule, first?.severity]).toEqual([rule, "error"]);
      expect(first?.hurts).toContain("stored");
      expect(first?.shown).toMatch(/is refused/);
    }
  });
});

test("what is in a branch that takes what was there before is no break", () => {
  const [first, before, after] = [kind("a"), kind("b", { n: number }), kind("b", { n: number.optional() })];
  const breaks = breaksOfField(z.union([first, before]), z.union([first, after]));
  expect(breaks.filter(({ hurts }) => hurts.includes("stored"))).toEqual([]);
});
