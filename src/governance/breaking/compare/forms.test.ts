import { atMostMembers, type CatalogOptions, createCatalog, openObject } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { breaksOf, breaksOfField, lentWith } from "../../fixtures/breaks-between.ts";

/*
 * Kinds of changes, each in all places where a field can stand: what refuses a stored event is an error, what readers of
 * before refuse is a warning, and what is only said in other words is nothing.
 */

const text = z.string().max(50);
const int = z.int().min(0).max(99);
const record = (value: z.ZodType, key: z.ZodString = text) =>
  z.record(key, value).refine(...atMostMembers(9));
const kind = (name: string, fields: Readonly<Record<string, z.ZodType>> = {}) =>
  z.strictObject({ kind: z.literal(name), ...fields });
/** Nothing of the usual samples matches it, and there is no golden payload. */
const rare = z.string().regex(/^BK-\d{4}-[A-Z]{3}$/);

const places: readonly (readonly [where: string, around: (schema: z.ZodType) => z.ZodType])[] = [
  ["at the top", (schema) => schema],
  ["in an object that may be left out", (schema) => z.strictObject({ at: schema }).optional()],
  ["in a list", (schema) => z.array(schema).max(3)],
  ["in a record", (schema) => record(schema)],
  ["in a tuple", (schema) => z.tuple([int, schema])],
  ["in a shape of several", (schema) => z.union([kind("a", { at: schema }), kind("b")])],
  ["beside a text of a rare pattern", (schema) => z.strictObject({ id: rare, at: schema })],
  ["in an object with a name of its own", named],
  [
    "below all of them",
    (schema) =>
      z.array(z.union([kind("a", { at: record(z.strictObject({ at: schema })) }), kind("b")])).max(3),
  ],
];

let count = 0;
/** Zod writes it once, and refers to it. */
function named(schema: z.ZodType): z.ZodType {
  count++;
  return z.strictObject({ at: schema }).meta({ id: `Place${count}` });
}

type Change = readonly [what: string, before: z.ZodType, after: z.ZodType, rules: readonly string[]];

/** A stored event is refused, or loses what it held. */
const errors: readonly Change[] = [
  ["a record that is an object", record(int), z.strictObject({ a: int }), ["FIELD_TYPE_NARROWED"]],
  [
    "a record that is an object without a field that must be there",
    record(int),
    z.strictObject({ a: int.optional() }),
    ["FIELD_TYPE_NARROWED"],
  ],
  [
    "open data that is an object",
    openObject(9),
    z.strictObject({ a: int.optional() }),
    ["FIELD_TYPE_NARROWED"],
  ],
  [
    "a record of any keys that has listed ones",
    record(int),
    z.record(z.enum(["a", "b"]), int),
    ["FIELD_TYPE_NARROWED"],
  ],
  [
    "an object that is a record of other values",
    z.strictObject({ a: int }),
    record(z.boolean()),
    ["FIELD_NOW_OPTIONAL", "FIELD_TYPE_CHANGED"],
  ],
  [
    "an object that is a record without one of its keys",
    z.strictObject({ a: int.optional(), bb: int.optional() }),
    record(int, z.string().max(1)),
    ["ENUM_VALUE_REMOVED"],
  ],
  [
    "a key that is listed no more",
    z.partialRecord(z.enum(["a", "b"]), int),
    z.partialRecord(z.enum(["a"]), int),
    ["ENUM_VALUE_REMOVED"],
  ],
  ["a boolean that is always true", z.boolean(), z.literal(true), ["FIELD_TYPE_NARROWED"]],
  ["a boolean that is always false", z.boolean(), z.literal(false), ["FIELD_TYPE_NARROWED"]],
  ["a text that is one of some", text, z.enum(["a", "sample"]), ["FIELD_TYPE_NARROWED"]],
  ["a whole number that is one of some", int, z.literal([0, 1]), ["FIELD_TYPE_NARROWED"]],
  [
    "a long text that is a time",
    z.string().min(20).max(50),
    z.iso.datetime({ offset: true }),
    ["FIELD_TYPE_NARROWED"],
  ],
  [
    "a listed text that is too long",
    z.enum(["a", "abcdef"]),
    z.string().max(5),
    ["ENUM_VALUE_REMOVED", "FIELD_TYPE_WIDENED"],
  ],
  [
    "a format of our own with another pattern",
    z.stringFormat("cid", /^a{1,3}$/),
    z.stringFormat("cid", /^b{1,3}$/),
    ["PATTERN_CHANGED"],
  ],
  ["a pattern that refuses more", text.regex(/^[a-z0-9]+$/), text.regex(/^[a-z]+$/), ["PATTERN_CHANGED"]],
  [
    "a pattern that repeats less often",
    z.string().regex(/^[a-z]{1,9}$/),
    z.string().regex(/^[a-z]{1,8}$/),
    ["PATTERN_CHANGED"],
  ],
  [
    "a shape that another one takes for itself",
    z.union([z.strictObject({ cents: int }), z.strictObject({ note: text.optional() })]),
    z.strictObject({ note: text.optional() }),
    ["UNION_BRANCH_REMOVED"],
  ],
  [
    "one of three that are told apart",
    z.discriminatedUnion("kind", [kind("x"), kind("y"), kind("z")]),
    z.discriminatedUnion("kind", [kind("x"), kind("z")]),
    ["UNION_BRANCH_REMOVED"],
  ],
  [
    "a constant that a shape must have",
    z.union([kind("x", { n: int }), kind("y")]),
    z.union([kind("x", { n: int, flag: z.literal(true) }), kind("y")]),
    ["NEW_REQUIRED_FIELD"],
  ],
  [
    "a condition of a union in a union",
    z.union([z.union([kind("x"), kind("y")]), kind("z")]),
    z.union([z.union([kind("x"), kind("y")]).refine(() => true, "a reason"), kind("z")]),
    ["REFINEMENT_ADDED"],
  ],
  ["null", text.nullable(), text, ["NULLABILITY_NARROWED"]],
  ["a place more", z.tuple([text, text]), z.tuple([text, text, text]), ["FIELD_TYPE_CHANGED"]],
  ["one for a list", z.array(text).max(3), text, ["FIELD_TYPE_CHANGED"]],
  [
    "a field of an object",
    z.strictObject({ p: text.optional() }),
    z.strictObject({ p: text }),
    ["FIELD_NOW_REQUIRED"],
  ],
];

/** Only who has the definition of before is hurt. */
const warnings: readonly Change[] = [
  ["an object that is a record", z.strictObject({ a: int }), record(int), ["FIELD_NOW_OPTIONAL"]],
  [
    "listed keys that are any",
    z.record(z.enum(["a", "b"]), int),
    record(int),
    ["FIELD_NOW_OPTIONAL", "FIELD_NOW_OPTIONAL"],
  ],
  ["any text in place of some", z.enum(["a", "b"]), text, ["FIELD_TYPE_WIDENED"]],
  ["any whole number in place of one", z.literal(3), int, ["FIELD_TYPE_WIDENED"]],
  ["a pattern that takes more", text.regex(/^[a-z]+$/), text.regex(/^[a-z0-9]+$/), ["PATTERN_WIDENED"]],
  ["a pattern that is gone", text.regex(/^[a-z]+$/), text, ["PATTERN_WIDENED"]],
  ["a pattern of either case", text.regex(/^ab?$/), text.regex(/^ab?$/i), ["PATTERN_WIDENED"]],
  [
    "one more of several",
    z.discriminatedUnion("kind", [kind("x"), kind("z")]),
    z.discriminatedUnion("kind", [kind("x"), kind("y"), kind("z")]),
    ["UNION_BRANCH_ADDED"],
  ],
];

const none: readonly (readonly [what: string, before: z.ZodType, after: z.ZodType])[] = [
  ["digits in other words", text.regex(/^[0-9]+$/), text.regex(/^\d+$/)],
  ["either of two letters", text.regex(/^(?:a|b)$/), text.regex(/^[ab]$/)],
  ["a bound that is the pattern's", text.regex(/^[a-z]+$/), z.string().regex(/^[a-z]{1,50}$/)],
  [
    "a bound beyond that of the pattern",
    text.regex(/^[a-z]{1,9}$/),
    z
      .string()
      .max(9)
      .regex(/^[a-z]{1,9}$/),
  ],
  ["whole numbers that are all listed", z.int().min(1).max(2), z.literal([1, 2])],
  [
    "shapes in another order",
    z.union([z.strictObject({ id: text, n: int }), z.strictObject({ id: text, note: text })]),
    z.union([z.strictObject({ id: text, note: text }), z.strictObject({ id: text, n: int })]),
  ],
  [
    "shapes of several kinds in another order",
    z.union([
      z.strictObject({ at: z.enum(["a", "b"]), n: int }),
      z.strictObject({ at: z.enum(["c"]), n: int }),
    ]),
    z.union([
      z.strictObject({ at: z.enum(["c"]), n: int }),
      z.strictObject({ at: z.enum(["a", "b"]), n: int }),
    ]),
  ],
  [
    "a constant that a shape may have",
    z.union([kind("x", { n: int }), kind("y")]),
    z.union([kind("x", { n: int, flag: z.literal(true).optional() }), kind("y")]),
  ],
  [
    "a field with a default",
    z.strictObject({ id: rare }),
    z.strictObject({
      id: rare,
      at: text.default("a"),
      more: text.prefault("a"),
      no: text.default("a").nullable(),
    }),
  ],
  [
    "a default for what may be left out",
    z.strictObject({ id: rare, at: text.optional() }),
    z.strictObject({ id: rare, at: text.default("a") }),
  ],
  ["a list that is only read", z.array(text).max(3), z.array(text).max(3).readonly()],
];

/** A shape that is left out may be: there a default takes the place of what is missing. */
const told = (before: z.ZodType, after: z.ZodType) => {
  const found = breaksOfField(before, after);
  return {
    rules: [...new Set(found.map(({ rule }) => rule))].toSorted(),
    isStored: found.some(({ hurts, severity }) => hurts.includes("stored") && severity === "error"),
  };
};

describe.each(places)("%s", (_where, around) => {
  test.each(errors)("%s is an error: stored events are refused", (_what, before, after, rules) => {
    expect(told(around(before), around(after))).toEqual({ rules: [...new Set(rules)], isStored: true });
  });

  test.each(warnings)("%s is a warning for readers", (_what, before, after, rules) => {
    expect(told(around(before), around(after))).toEqual({ rules: [...new Set(rules)], isStored: false });
  });

  test.each(none)("%s are no change", (_what, before, after) => {
    expect(breaksOfField(around(before), around(after))).toEqual([]);
  });
});

test("a UUID of one version is read here as any text; who publishes another one is refused", () => {
  const [found, ...others] = breaksOfField(z.uuid(), z.uuidv7());
  expect([found?.rule, found?.hurts, others]).toEqual(["FORMAT_NARROWED", ["producers"], []]);
  expect(breaksOfField(z.uuidv4(), z.uuid())).toEqual([]);
});

test("a field that is gone is refused where somebody still publishes it", () => {
  const [found] = breaksOfField(z.strictObject({ a: text.optional() }), z.strictObject({}));
  expect([found?.rule, found?.severity, found?.hurts]).toEqual([
    "OPTIONAL_FIELD_REMOVED",
    "warning",
    ["readers", "producers"],
  ]);
});

describe("older names", () => {
  const catalog = (types: readonly string[], aliases: Readonly<Record<string, string>>) =>
    createCatalog(
      types.map((type, at) => lentWith(z.string().max(10 + at), type)),
      { readAliases: new Map(Object.entries(aliases)) } satisfies CatalogOptions,
    );
  const rulesOf = (...[before, after]: Parameters<typeof breaksOf>) =>
    breaksOf(before, after).map(({ rule, was, is }) => [rule, was, is]);
  const before = catalog(["library.book.lent", "library.book.moved"], { "book.lent": "library.book.lent" });

  test("one that is read as another event is told", () => {
    const after = catalog(["library.book.lent", "library.book.moved"], { "book.lent": "library.book.moved" });
    expect(rulesOf(before, after)).toEqual([["ALIAS_REMOVED", "book.lent", "library.book.moved"]]);
  });

  test("one that is lost when its event is renamed is told, and one that goes with it is not", () => {
    const renamed = { "library.book.lent": "library.book.borrowed" };
    const types = ["library.book.borrowed", "library.book.moved"];
    expect(rulesOf(before, catalog(types, renamed))).toEqual([
      ["EVENT_RENAMED_WITH_ALIAS", "library.book.lent", "library.book.borrowed"],
      ["ALIAS_REMOVED", "book.lent", "(gone)"],
    ]);
    expect(
      rulesOf(before, catalog(types, { ...renamed, "book.lent": "library.book.borrowed" })).map(
        ([rule]) => rule,
      ),
    ).toEqual(["EVENT_RENAMED_WITH_ALIAS"]);
  });

  test("two events of one shape that are renamed are each told with the name that is like theirs", () => {
    const shape = z.strictObject({ a: text });
    const of = (...types: readonly string[]) => createCatalog(types.map((type) => lentWith(shape, type)));
    expect(
      rulesOf(
        of("library.book.lent", "library.reader.invited"),
        of("library.reader.asked", "library.book.borrowed"),
      ),
    ).toEqual([
      ["EVENT_RENAMED", "library.book.lent", "library.book.borrowed"],
      ["EVENT_RENAMED", "library.reader.invited", "library.reader.asked"],
    ]);
  });
});
