import {
  atMostMembers,
  type CatalogOptions,
  createCatalog,
  defineEvent,
  type EventDefinition,
  type EventOptions,
  openObject,
  pii,
} from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { describeCatalogue, type Golden } from "../catalogue.ts";
import { type Break, decideBreaks, planTrials } from "../decide.ts";
import { readCase } from "../load/read-case.ts";
import { type RuleId, rules } from "../rules.ts";
import { compareCatalogues } from "./compare.ts";

/** A release: its events, and what else it knows. */
interface Release {
  readonly events: readonly EventDefinition[];
  readonly options?: CatalogOptions;
  readonly golden?: Golden;
}

type Shape = Record<string, z.ZodType>;
type Options = Partial<Omit<EventOptions<z.ZodObject>, "payload">> & { readonly type?: string };

const text = z.string().max(50);

function lent(fields: Shape, { type = "library.book.lent", ...options }: Options = {}): EventDefinition {
  return defineEvent(type, {
    version: 1,
    module: "library",
    criticality: "WARNING",
    when: "A book was lent",
    payload: z.strictObject({ book_id: text, ...fields }),
    ...(options as object),
  }) as EventDefinition;
}

const release = (event: EventDefinition, more: Omit<Release, "events"> = {}): Release => ({
  events: [event],
  ...more,
});

function breaksBetween(before: Release, after: Release): readonly Break[] {
  const catalogs = [before, after].map(({ events, options }) => createCatalog([...events], options));
  const [was, is] = catalogs.map((catalog, index) =>
    describeCatalogue(catalog, {
      product: "library",
      release: String(index),
      golden: [before, after][index]?.golden ?? {},
    }),
  );
  const [, now] = catalogs;
  if (was === undefined || is === undefined || now === undefined)
    throw new Error("Two releases are compared.");
  const comparisons = compareCatalogues(was, is);
  const trials = planTrials(comparisons);
  return decideBreaks(
    comparisons,
    trials,
    trials.cases.map((one) => readCase(now, one)),
  );
}

const told = (breaks: readonly Break[]) => breaks.map(({ rule }) => rule);

/** A change that a rule finds, and one like it that it does not. */
interface Row {
  readonly rule: RuleId;
  readonly before: Release;
  readonly after: Release;
  readonly nearMiss: Release;
  /** Other rules that the planted change breaks as well. */
  readonly also?: readonly RuleId[];
}

const shelf = (schema: z.ZodType, options: Options = {}) => release(lent({ shelf: schema }, options));
const golden = (payload: Golden[string], version = 1): Golden => ({
  [`library.book.lent@${version}`]: payload,
});
const cash = z.strictObject({ kind: z.literal("cash"), cents: z.int().min(0) });
const card = z.strictObject({ kind: z.literal("card"), card_kind: text });
const reader = (options: { subject: string } | null) =>
  options === null ? z.string().max(500) : pii(z.string().max(500), options);
const people = { reader_id: z.string().max(50), owner_id: z.string().max(50) };
const fails = () => {
  throw new Error("no step");
};

const rows: readonly Row[] = [
  {
    rule: "FIELD_REMOVED",
    before: shelf(text),
    after: release(lent({})),
    nearMiss: release(lent({ shelf: text, aisle: text.optional() })),
  },
  {
    rule: "OPTIONAL_FIELD_REMOVED",
    before: shelf(text.optional()),
    after: release(lent({})),
    nearMiss: shelf(text.optional()),
  },
  {
    rule: "FIELD_RENAMED",
    before: release(lent({ days_late: z.int().min(0).max(99) })),
    after: release(lent({ days_overdue: z.int().min(0).max(99) })),
    // Another shape: nothing says that it is the same field.
    nearMiss: release(lent({ days_overdue: z.boolean().optional(), days_late: z.int().min(0).max(99) })),
  },
  {
    rule: "NEW_REQUIRED_FIELD",
    before: release(lent({})),
    after: shelf(text),
    nearMiss: shelf(text.optional()),
  },
  {
    rule: "FIELD_NOW_REQUIRED",
    before: shelf(text.optional()),
    after: shelf(text),
    nearMiss: shelf(text.optional()),
  },
  {
    rule: "FIELD_NOW_OPTIONAL",
    before: shelf(text),
    after: shelf(text.optional()),
    nearMiss: shelf(text),
  },
  { rule: "FIELD_TYPE_CHANGED", before: shelf(text), after: shelf(z.int()), nearMiss: shelf(text) },
  {
    rule: "FIELD_TYPE_NARROWED",
    before: shelf(z.number()),
    after: shelf(z.int()),
    nearMiss: shelf(z.number().or(text)),
  },
  {
    rule: "FIELD_TYPE_WIDENED",
    before: shelf(z.int()),
    after: shelf(z.number()),
    nearMiss: shelf(z.int()),
  },
  {
    rule: "FORMAT_CHANGED",
    before: shelf(z.iso.date().max(200)),
    after: shelf(z.url().max(200)),
    nearMiss: shelf(z.iso.date().max(200)),
  },
  {
    rule: "PATTERN_CHANGED",
    before: shelf(
      z
        .string()
        .max(9)
        .regex(/^[a-z]+$/),
    ),
    after: shelf(
      z
        .string()
        .max(9)
        .regex(/^[A-Z]+$/),
    ),
    nearMiss: shelf(
      z
        .string()
        .max(9)
        .regex(/^[a-z]+$/)
        .describe("Where it stands."),
    ),
  },
  {
    rule: "PATTERN_WIDENED",
    before: shelf(text.regex(/^[a-z]+$/)),
    after: shelf(text.regex(/^[a-z-]+$/)),
    nearMiss: shelf(text.regex(/^[a-b]+$/)),
  },
  {
    rule: "ENUM_VALUE_REMOVED",
    before: shelf(z.enum(["left", "right"])),
    after: shelf(z.enum(["left"])),
    nearMiss: shelf(z.enum(["right", "left"])),
  },
  {
    rule: "ENUM_VALUE_ADDED",
    before: shelf(z.enum(["left"])),
    after: shelf(z.enum(["left", "right"])),
    nearMiss: shelf(z.enum(["left"])),
  },
  {
    rule: "BOUND_NARROWED",
    before: shelf(z.int().min(0).max(10)),
    after: shelf(z.int().min(1).max(10)),
    nearMiss: shelf(z.int().min(0).max(11)),
  },
  {
    rule: "BOUND_WIDENED",
    before: shelf(z.array(text).max(5)),
    after: shelf(z.array(text).max(6)),
    nearMiss: shelf(z.array(text).min(0).max(5)),
  },
  {
    rule: "NULLABILITY_NARROWED",
    before: shelf(text.nullable()),
    after: shelf(text),
    nearMiss: shelf(z.union([z.null(), text])),
  },
  {
    rule: "NULLABILITY_WIDENED",
    before: shelf(text),
    after: shelf(text.nullable()),
    nearMiss: shelf(text),
  },
  {
    rule: "UNION_BRANCH_REMOVED",
    before: shelf(z.union([cash, card])),
    after: shelf(cash),
    nearMiss: shelf(z.union([card, cash])),
  },
  {
    rule: "UNION_BRANCH_ADDED",
    before: shelf(cash),
    after: shelf(z.union([cash, card])),
    nearMiss: shelf(cash),
  },
  {
    rule: "REFINEMENT_ADDED",
    before: release(lent({ shelf: text }), { golden: golden({ book_id: "b", shelf: "a" }) }),
    after: release(lent({ shelf: text.refine((value) => value !== "a", "expected another shelf than a") }), {
      golden: golden({ book_id: "b", shelf: "a" }),
    }),
    nearMiss: release(lent({ shelf: text }), { golden: golden({ book_id: "b", shelf: "a" }) }),
  },
  {
    rule: "REFINEMENT_REMOVED",
    before: shelf(text.refine((value) => value !== "x", "expected another shelf than x")),
    after: shelf(text),
    nearMiss: shelf(text.refine((value) => value !== "x", "expected another shelf than x")),
  },
  {
    rule: "FORMAT_NARROWED",
    before: shelf(z.iso.datetime({ offset: true })),
    after: shelf(z.iso.datetime()),
    nearMiss: shelf(z.iso.datetime({ offset: true }).describe("When.")),
  },
  {
    rule: "FORMAT_WIDENED",
    before: shelf(z.iso.datetime()),
    after: shelf(z.iso.datetime({ offset: true })),
    nearMiss: shelf(z.iso.datetime({ offset: false })),
  },
  {
    rule: "NORMALIZATION_CHANGED",
    before: shelf(text),
    after: shelf(text.trim()),
    nearMiss: shelf(text),
  },
  {
    rule: "DEFAULT_CHANGED",
    before: shelf(text.default("a")),
    after: shelf(text.default("b")),
    nearMiss: shelf(text.prefault("a")),
  },
  {
    rule: "MEANING_CHANGED",
    before: shelf(z.int().min(0).max(9).describe("Days.")),
    after: shelf(z.int().min(0).max(9).describe("Hours.")),
    nearMiss: shelf(z.int().min(0).max(9).describe("Days. ")),
  },
  {
    rule: "KEY_CHANGED",
    before: shelf(text, { key: (payload) => String(payload.book_id) }),
    after: shelf(text, { key: (payload) => String(payload.shelf) }),
    nearMiss: shelf(text, { key: ({ book_id }) => `${book_id}` }),
  },
  {
    rule: "EVENT_REMOVED",
    before: { events: [lent({}), lent({ shelf: z.int() }, { type: "library.book.returned" })] },
    after: release(lent({})),
    nearMiss: { events: [lent({}), lent({ shelf: z.int() }, { type: "library.book.returned" })] },
  },
  {
    rule: "EVENT_RENAMED",
    before: release(lent({ shelf: z.int() })),
    after: release(lent({ shelf: z.int() }, { type: "library.book.borrowed" })),
    nearMiss: release(lent({ shelf: z.int() }, { type: "library.book.borrowed" }), {
      options: { readAliases: new Map([["library.book.lent", "library.book.borrowed"]]) },
    }),
  },
  {
    rule: "EVENT_RENAMED_WITH_ALIAS",
    before: release(lent({})),
    after: release(lent({}, { type: "library.book.borrowed" }), {
      options: { readAliases: new Map([["library.book.lent", "library.book.borrowed"]]) },
    }),
    nearMiss: release(lent({})),
  },
  {
    rule: "ALIAS_REMOVED",
    before: release(lent({}), { options: { readAliases: new Map([["book.lent", "library.book.lent"]]) } }),
    after: release(lent({})),
    nearMiss: release(lent({}), { options: { readAliases: new Map([["book.lent", "library.book.lent"]]) } }),
  },
  {
    rule: "VERSION_LOWERED",
    before: release(lent({}, { version: 2, upcasts: { 1: (payload) => payload } })),
    after: release(lent({})),
    nearMiss: release(
      lent({}, { version: 3, upcasts: { 1: (payload) => payload, 2: (payload) => payload } }),
    ),
  },
  {
    rule: "UPCASTER_INCOMPLETE",
    also: ["FIELD_REMOVED"],
    before: shelf(text),
    after: release(
      lent(
        { place: z.int() },
        { version: 2, upcasts: { 1: ({ shelf: at, ...others }) => ({ ...others, place: at ?? 0 }) } },
      ),
    ),
    nearMiss: release(
      lent(
        { place: z.int() },
        { version: 2, upcasts: { 1: ({ shelf: _, ...others }) => ({ ...others, place: 0 }) } },
      ),
    ),
  },
  {
    rule: "OLD_PAYLOAD_UNREADABLE",
    before: release(lent({}), { golden: golden({ book_id: "b" }) }),
    after: release(lent({}, { legacy: fails }), { golden: golden({ book_id: "b" }) }),
    nearMiss: release(lent({}, { legacy: (payload) => payload }), { golden: golden({ book_id: "b" }) }),
  },
  {
    rule: "SHAPE_CHANGED_WITHOUT_VERSION",
    before: shelf(text.optional()),
    after: shelf(text, { legacy: (payload) => ({ shelf: "?", ...payload }) }),
    nearMiss: shelf(text, { version: 2, upcasts: { 1: (payload) => ({ shelf: "?", ...payload }) } }),
  },
  {
    rule: "GOLDEN_PAYLOAD_REMOVED",
    before: release(lent({}), { golden: golden({ book_id: "b" }) }),
    after: release(lent({})),
    nearMiss: release(lent({}), { golden: { ...golden({ book_id: "b" }), ...golden({ book_id: "b" }, 2) } }),
  },
  {
    rule: "GOLDEN_PAYLOAD_CHANGED",
    before: release(lent({ shelf: text }), { golden: golden({ book_id: "b", shelf: "s" }) }),
    after: release(lent({ shelf: text }), { golden: golden({ book_id: "b", shelf: "t" }) }),
    nearMiss: release(lent({ shelf: text }), { golden: golden({ shelf: "s", book_id: "b" }) }),
  },
  {
    rule: "LEGACY_READING_REMOVED",
    before: shelf(text.nullable(), { nullOnlyInHistory: ["shelf"] }),
    after: shelf(text.nullable()),
    nearMiss: shelf(text.nullable(), { nullOnlyInHistory: ["shelf"] }),
  },
  {
    rule: "MODULE_MOVED",
    before: release(lent({}, { producers: ["library"] })),
    after: release(lent({}, { module: "lending", producers: ["library"] })),
    nearMiss: release(lent({}, { producers: ["library"] })),
  },
  {
    rule: "PERSONAL_MARK_REMOVED",
    before: release(lent({ ...people, remark: reader({ subject: "reader_id" }) })),
    after: release(lent({ ...people, remark: reader(null) })),
    nearMiss: release(lent({ ...people, remark: reader({ subject: "reader_id" }) })),
  },
  {
    rule: "PERSONAL_MARK_ADDED",
    before: release(lent({ ...people, remark: reader(null) })),
    after: release(lent({ ...people, remark: reader({ subject: "reader_id" }) })),
    nearMiss: release(
      lent({ ...people, remark: reader(null), other: reader({ subject: "reader_id" }).optional() }),
    ),
  },
  {
    rule: "PERSONAL_SUBJECT_CHANGED",
    before: release(lent({ ...people, remark: reader({ subject: "reader_id" }) })),
    after: release(lent({ ...people, remark: reader({ subject: "owner_id" }) })),
    nearMiss: release(lent({ ...people, remark: reader({ subject: "reader_id" }) })),
  },
  {
    rule: "CRITICALITY_LOWERED",
    before: release(lent({})),
    after: release(lent({}, { criticality: "INFO" })),
    nearMiss: release(lent({}, { criticality: "CRITICAL" })),
  },
  {
    rule: "SEVERITY_CHANGED",
    before: release(lent({}, { severity: "ERROR" })),
    after: release(lent({})),
    nearMiss: release(lent({}, { severity: "ERROR" })),
  },
  {
    rule: "PRODUCER_REMOVED",
    before: release(lent({}, { producers: ["desk", "app"] })),
    after: release(lent({}, { producers: ["app"] })),
    nearMiss: release(lent({}, { producers: ["app", "desk", "kiosk"] })),
  },
  {
    rule: "CONSUMER_REMOVED",
    before: release(lent({}, { consumers: ["reminders"], outside: ["shop"] })),
    after: release(lent({}, { consumers: ["reminders"] })),
    // What moved out of the product reads it all the same.
    nearMiss: release(lent({}, { outside: ["reminders", "shop"] })),
  },
  {
    rule: "CONSUMER_RENAMED",
    before: release(lent({}, { consumers: ["reminders"] })),
    after: release(lent({}, { consumers: ["post_office"] })),
    nearMiss: release(lent({}, { consumers: ["post_office", "reminders"] })),
  },
];

/** `defineEvent` refuses a version without a step, so only a stored catalogue can have one. */
const byHand: ReadonlySet<RuleId> = new Set(["VERSION_WITHOUT_UPCASTER"]);

describe("a change", () => {
  test.each(rows.map((row) => [row.rule, row] as const))(
    "%s is found, and one like it is not",
    (rule, row) => {
      expect(told(breaksBetween(row.before, row.after)).toSorted()).toEqual(
        [rule, ...(row.also ?? [])].toSorted(),
      );
      expect(told(breaksBetween(row.before, row.nearMiss))).not.toContain(rule);
      // Nothing changed, nothing told.
      expect(breaksBetween(row.before, row.before)).toEqual([]);
    },
  );

  test("of each kind has a rule, and each rule a planted change", () => {
    const planted = new Set([...rows.map(({ rule }) => rule), ...byHand]);
    expect(Object.keys(rules).filter((id) => !planted.has(id as RuleId))).toEqual([]);
  });

  test("is no renaming of a consumer when that one, or the one in its place, is elsewhere too", () => {
    const both = (first: string, second: string): Release => ({
      events: [
        lent({}, { consumers: [first] }),
        lent({}, { type: "library.book.returned", consumers: [second] }),
      ],
    });
    expect(told(breaksBetween(both("a", "b"), both("b", "b")))).toEqual(["CONSUMER_REMOVED"]);
    expect(told(breaksBetween(both("a", "a"), both("b", "a")))).toEqual(["CONSUMER_REMOVED"]);
    const renamed = breaksBetween(both("a", "a"), both("b", "b"));
    expect(renamed.map(({ rule, was, is }) => [rule, was, is])).toEqual([
      ["CONSUMER_RENAMED", "a", "b"],
      ["CONSUMER_RENAMED", "a", "b"],
    ]);
  });

  test("to a version without a step is found in a stored catalogue", () => {
    const record = describeCatalogue(createCatalog([lent({})]), { product: "p", release: "1", golden: {} });
    const event = record.events["library.book.lent"];
    if (event === undefined) throw new Error("The event is there.");
    const raised = { ...record, events: { "library.book.lent": { ...event, version: 3, upcasts: [1] } } };
    const [found] = compareCatalogues(record, raised);
    expect(found?.others.map(({ rule, is }) => [rule, is])).toEqual([
      ["VERSION_WITHOUT_UPCASTER", "no step from 2 to 3"],
    ]);
    const whole = { ...record, events: { "library.book.lent": { ...event, version: 3, upcasts: [1, 2] } } };
    expect(compareCatalogues(record, whole)[0]?.others).toEqual([]);
  });
});

const listed = z.enum(["a", "b"]);
const byKey = (names: readonly [string, ...string[]]) => z.record(z.enum(names), z.int());

describe("what zod decides and JSON Schema does not say", () => {
  test.each<readonly [what: string, before: z.ZodType, after: z.ZodType, rules: readonly RuleId[]]>([
    ["a time without an offset", z.iso.datetime({ offset: true }), z.iso.datetime(), ["FORMAT_NARROWED"]],
    ["a time in whole seconds", z.iso.datetime(), z.iso.datetime({ precision: 0 }), ["FORMAT_NARROWED"]],
    [
      "a time in seconds for one in milliseconds",
      z.iso.datetime({ precision: 3 }),
      z.iso.datetime({ precision: 0 }),
      ["FORMAT_NARROWED", "FORMAT_WIDENED"],
    ],
    [
      "an address of one host",
      z.url().max(200),
      z.url({ hostname: /^a\.org$/ }).max(200),
      ["FORMAT_NARROWED"],
    ],
    [
      "an address of any protocol",
      z.url({ protocol: /^https$/ }).max(200),
      z.url().max(200),
      ["FORMAT_WIDENED"],
    ],
    ["a pattern that minds capitals", text.regex(/^a/i), text.regex(/^a/), ["PATTERN_CHANGED"]],
    [
      "a pattern of what may be left out",
      text.regex(/^a/i).nullish(),
      text.regex(/^a/).nullish(),
      ["PATTERN_CHANGED"],
    ],
    [
      "a time that may be left out",
      z.iso.datetime({ offset: true }).nullish(),
      z.iso.datetime().nullish(),
      ["FORMAT_NARROWED"],
    ],
    [
      "a text that may be left out and is trimmed",
      text.optional(),
      text.trim().optional(),
      ["NORMALIZATION_CHANGED"],
    ],
    [
      "a value of a loose record",
      z.looseRecord(text.regex(/^a/), z.int()).refine(...atMostMembers(3)),
      z.looseRecord(text.regex(/^a/), z.boolean()).refine(...atMostMembers(3)),
      ["FIELD_TYPE_CHANGED"],
    ],
    ["a pattern that minds none", text.regex(/^a/), text.regex(/^a/i), ["PATTERN_WIDENED"]],
    [
      "a pattern of lines",
      text.regex(/^a/).regex(/^b$/m),
      text.regex(/^a/).regex(/^b$/),
      ["PATTERN_CHANGED"],
    ],
    ["a default that is gone", text.default("a"), text, ["FIELD_NOW_REQUIRED"]],
    ["a prefault that is gone", text.prefault("a"), text, ["FIELD_NOW_REQUIRED"]],
    [
      "a default of null that is gone",
      text.nullable().default(null),
      text.nullable(),
      ["FIELD_NOW_REQUIRED"],
    ],
    [
      "a default in place of which nothing stands",
      text.default("a"),
      text.optional(),
      ["DEFAULT_CHANGED", "FIELD_NOW_OPTIONAL"],
    ],
    [
      "another default of a list",
      z.array(text).max(3).default([]),
      z.array(text).max(3).default(["a"]),
      ["DEFAULT_CHANGED"],
    ],
    ["a text in small letters", text, text.toLowerCase(), ["NORMALIZATION_CHANGED"]],
    ["a text in capitals", text.toLowerCase(), text.toUpperCase(), ["NORMALIZATION_CHANGED"]],
    ["a text that is overwritten", text, text.overwrite((one) => one.slice(0, 2)), ["NORMALIZATION_CHANGED"]],
    ["a number that is rounded", z.number(), z.number().overwrite(Math.round), ["NORMALIZATION_CHANGED"]],
    ["a text that is trimmed no more", text.trim(), text, ["NORMALIZATION_CHANGED"]],
    [
      "elements that are trimmed",
      z.array(text).max(3),
      z.array(text.trim()).max(3),
      ["NORMALIZATION_CHANGED"],
    ],
    ["exactly one of two", z.union([text, z.int()]), z.xor([text, z.int()]), ["REFINEMENT_ADDED"]],
    [
      "a condition of one of two",
      z.union([text, z.int()]),
      z.union([text, z.int()]).refine((one) => one !== 3),
      ["REFINEMENT_ADDED"],
    ],
    [
      "a condition beside null",
      text.refine((one) => one !== "a", "not a").nullable(),
      text
        .refine((one) => one !== "a", "not a")
        .nullable()
        .refine((one) => one !== "b", "not b"),
      ["REFINEMENT_ADDED"],
    ],
    [
      "a condition of its length",
      text,
      text.check(z.property("length", z.int().max(4))),
      ["REFINEMENT_ADDED"],
    ],
    [
      "a record whose keys are all needed",
      z.partialRecord(listed, z.int()),
      byKey(["a", "b"]),
      ["FIELD_NOW_REQUIRED", "FIELD_NOW_REQUIRED"],
    ],
    ["a record with one more key", byKey(["a"]), byKey(["a", "b"]), ["NEW_REQUIRED_FIELD"]],
    ["a number above zero", z.number().gte(0), z.number().gt(0), ["BOUND_NARROWED"]],
    ["a number from one", z.number().gt(0), z.number().gte(1), ["BOUND_NARROWED"]],
    ["a number with zero", z.number().gt(0), z.number().gte(0), ["BOUND_WIDENED"]],
    ["steps that do not divide", z.int().multipleOf(6), z.int().multipleOf(4), ["BOUND_NARROWED"]],
    ["steps of fractions", z.number().multipleOf(0.1), z.number().multipleOf(0.25), ["BOUND_NARROWED"]],
    ["smaller steps", z.number().multipleOf(0.3), z.number().multipleOf(0.1), ["BOUND_WIDENED"]],
    ["steps within bounds", z.int().min(7).max(9), z.int().min(7).max(9).multipleOf(7), ["BOUND_NARROWED"]],
    [
      "a value less in a union with others",
      z.union([listed, z.int()]),
      z.union([z.literal("a"), z.int()]),
      ["ENUM_VALUE_REMOVED"],
    ],
  ])("%s is a change", (_what, before, after, expected) => {
    expect(told(breaksBetween(shelf(before), shelf(after))).toSorted()).toEqual(expected.toSorted());
    expect(breaksBetween(shelf(after), shelf(after))).toEqual([]);
  });

  test.each<readonly [what: string, before: z.ZodType, after: z.ZodType]>([
    ["whole numbers above zero", z.int().positive(), z.int().min(1)],
    ["whole numbers below ten", z.int().lt(10), z.int().max(9)],
    ["whole numbers from a fraction on", z.int().min(0.5), z.int().min(1)],
    ["numbers with two bounds", z.number().gt(0), z.number().gt(0).gte(-1)],
    ["steps of one", z.int(), z.int().multipleOf(1)],
    ["values as literals", listed, z.union([z.literal("b"), z.literal("a")])],
    ["values and null", listed.nullable(), z.union([z.literal("b"), z.null(), z.literal("a")])],
    ["values beside others", z.union([listed, z.int()]), z.union([z.literal("b"), z.int(), z.literal("a")])],
    ["both booleans", z.boolean(), z.union([z.literal(false), z.literal(true)])],
    ["a record of listed keys", byKey(["a", "b"]), z.strictObject({ b: z.int(), a: z.int() })],
    ["a pattern that is global", text.regex(/^a/), text.regex(/^a/gu)],
    ["a default before anything else", text.default("a"), text.prefault("a")],
    ["a default that is new", text, text.default("a")],
    ["a brand", text, text.brand("shelf")],
    ["two ways to trim", text.trim(), text.overwrite((one) => one.trim())],
    ["a time as it is", z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true })],
  ])("%s are no change", (_what, before, after) => {
    expect(told(breaksBetween(shelf(before), shelf(after)))).toEqual([]);
    if (!_what.includes("new")) expect(told(breaksBetween(shelf(after), shelf(before)))).toEqual([]);
  });

  test("a time with an offset is read here all the same: who publishes one is refused", () => {
    const [found] = breaksBetween(shelf(z.iso.datetime({ offset: true })), shelf(z.iso.datetime()));
    expect([found?.severity, found?.hurts]).toEqual(["error", ["producers"]]);
    // Control: whole seconds refuse what is stored, too.
    const [seconds] = breaksBetween(shelf(z.iso.datetime()), shelf(z.iso.datetime({ precision: 0 })));
    expect([seconds?.hurts, seconds?.shown]).toEqual([
      ["producers", "stored"],
      expect.stringMatching(/^An event with .* is refused/),
    ]);
  });

  test("a default that is gone is shown by an old event that leaves it out, and stands in the step", () => {
    const [found] = breaksBetween(shelf(text.default("a")), shelf(text));
    expect(found?.hurts).toEqual(["producers", "stored"]);
    expect(found?.shown).toMatch(/is refused: payload\.shelf/);
    const after = lent({ shelf: text }, { version: 2, upcasts: { 1: (old) => ({ shelf: "a", ...old }) } });
    expect(told(breaksBetween(shelf(text.default("a")), release(after)))).toEqual([]);
  });

  test("what an older catalogue does not say is no change", () => {
    const of = (schema: z.ZodType) =>
      describeCatalogue(createCatalog([lent({ shelf: schema })]), { product: "p", release: "1", golden: {} });
    const { details: _, ...older } = of(text.regex(/^a/));
    const is = of(text.regex(/^a/i).trim());
    expect(compareCatalogues(older, is)[0]?.shape).toEqual([]);
    // Control: with them it is one.
    expect(compareCatalogues(of(text.regex(/^a/)), is)[0]?.shape.map(({ rule }) => rule)).toEqual([
      "PATTERN_WIDENED",
      "NORMALIZATION_CHANGED",
    ]);
  });
});

describe("nested shapes", () => {
  const inside = (schema: z.ZodType): readonly [string, z.ZodType][] => [
    ["payload.shelf", schema],
    ["payload.shelf.row", z.strictObject({ row: schema })],
    ["payload.shelf[]", z.array(schema).max(3)],
    ["payload.shelf[].row", z.array(z.strictObject({ row: schema })).max(3)],
    ["payload.shelf{}", z.record(text, schema).refine(...atMostMembers(9))],
    ["payload.shelf.0", z.tuple([schema, text])],
    ["payload.shelf.row", z.strictObject({ row: schema }).optional()],
    ["payload.shelf.kind", z.union([z.strictObject({ kind: schema, at: text }), text])],
    [
      "payload.shelf.deep[].row{}",
      z.strictObject({
        deep: z.array(z.strictObject({ row: z.record(text, schema).refine(...atMostMembers(9)) })).max(3),
      }),
    ],
  ];
  const before = inside(z.enum(["left", "right"]));
  const after = inside(z.enum(["left"]));

  test.each(before.map(([path, schema], at) => [path, schema, after[at]?.[1] ?? schema] as const))(
    "a value that is gone at %s is found there, by an old payload that is refused",
    (path, was, is) => {
      const [found, ...others] = breaksBetween(shelf(was), shelf(is));
      const steps = found?.path ?? [];
      expect([found?.rule, others]).toEqual(["ENUM_VALUE_REMOVED", []]);
      expect(`payload.${steps.join(".").replaceAll(/\.(\[\]|\{\})/g, "$1")}`).toBe(path);
      expect(found?.shown).toMatch(/is refused: payload\.shelf/);
    },
  );

  test("bounds of members are compared like others", () => {
    expect(told(breaksBetween(shelf(openObject(9)), shelf(openObject(5))))).toEqual(["BOUND_NARROWED"]);
    expect(told(breaksBetween(shelf(openObject(9)), shelf(openObject(10))))).toEqual(["BOUND_WIDENED"]);
  });
});

describe("whom a change hurts", () => {
  test("a new value of an enumeration is a warning: only readers of before refuse it", () => {
    const [found] = breaksBetween(shelf(z.enum(["left"])), shelf(z.enum(["left", "right"])));
    expect([found?.severity, found?.hurts]).toEqual(["warning", ["readers"]]);
  });

  test("what readers tolerate breaks nobody: any text stands for a UUID, also that of older producers", () => {
    expect(breaksBetween(shelf(text), shelf(z.uuid()))).toEqual([]);
    expect(breaksBetween(shelf(z.uuid()), shelf(text))).toEqual([]);
    // Control: a text that may be longer than readers take for a UUID is refused by those of before.
    expect(told(breaksBetween(shelf(z.uuid()), shelf(z.string().max(300))))).toEqual(["FIELD_TYPE_WIDENED"]);
  });

  test("with a version and its step stored events stay readable, and only readers of before are warned", () => {
    const steps = {
      1: ({ days, ...others }: Record<string, never>) => ({ ...others, late_days: days ?? 0 }),
    };
    const before = release(lent({ days: z.int().min(0).max(99) }));
    const raised = release(
      lent({ late_days: z.int().min(0).max(99) }, { version: 2, upcasts: steps as never }),
    );
    const [found, ...others] = breaksBetween(before, raised);
    expect([found?.rule, found?.severity, found?.hurts, others]).toEqual([
      "FIELD_RENAMED",
      "warning",
      ["readers"],
      [],
    ]);
    // Control: without the version the same change is an error.
    const plain = breaksBetween(before, release(lent({ late_days: z.int().min(0).max(99) })));
    expect(plain.map(({ rule, severity, hurts }) => [rule, severity, hurts])).toEqual([
      ["FIELD_RENAMED", "error", ["readers", "stored"]],
    ]);
  });

  test("a step that loses the value of a renamed field is found, although what it makes is accepted", () => {
    const before = release(lent({ days: z.int().min(0).max(99).optional() }), {
      golden: golden({ book_id: "b", days: 3 }),
    });
    const after = lent(
      { days_late: z.int().min(0).max(99).optional() },
      { version: 2, upcasts: { 1: (payload) => payload } },
    );
    const goldens = { ...golden({ book_id: "b", days: 3 }), ...golden({ book_id: "b", days_late: 3 }, 2) };
    expect(told(breaksBetween(before, release(after, { golden: goldens })))).toContain("UPCASTER_INCOMPLETE");
  });

  test("a narrower shape needs no version when the step is to be run for golden payloads of all older ones", () => {
    const first = lent(
      { shelf: text },
      { version: 2, upcasts: { 1: (payload) => ({ shelf: "a", ...payload }) } },
    );
    const goldens = { ...golden({ book_id: "b" }), ...golden({ book_id: "b", shelf: "a" }, 2) };
    const broken = lent({ shelf: text }, { version: 2, upcasts: { 1: (payload) => payload } });
    expect(
      told(breaksBetween(release(first, { golden: goldens }), release(broken, { golden: goldens }))),
    ).toEqual(["UPCASTER_INCOMPLETE"]);
  });

  test("a key that only follows the new name of its field is the same key", () => {
    const before = release(lent({ copy_id: text }, { key: ({ copy_id }) => String(copy_id) }));
    const after = release(lent({ item_copy_id: text }, { key: ({ item_copy_id }) => String(item_copy_id) }));
    expect(told(breaksBetween(before, after))).toEqual(["FIELD_RENAMED"]);
  });

  test("a key with another value for the golden payload is another key, although its fields are the same", () => {
    const goldens = { golden: golden({ book_id: "B1" }) };
    const before = release(lent({}, { key: ({ book_id }) => String(book_id) }), goldens);
    const after = release(lent({}, { key: ({ book_id }) => String(book_id).toLowerCase() }), goldens);
    expect(told(breaksBetween(before, after))).toEqual(["KEY_CHANGED"]);
  });

  test.each<[string, (text: string) => string]>([
    ["small letters", (text) => text.toLowerCase()],
    ["capitals", (text) => text.toUpperCase()],
    ["its beginning", (text) => text.slice(0, 64)],
    ["its end", (text) => text.slice(-12)],
    ["no spaces around", (text) => text.trim()],
  ])(
    "is one of the key also when it takes of the same field %s, and no golden payload shows it",
    (_name, way) => {
      const keyed = (key: (text: string) => string) =>
        release(lent({}, { key: ({ book_id }) => key(String(book_id)) }), {
          golden: golden({ book_id: "b" }),
        });
      const same = keyed((text) => text);
      expect(told(breaksBetween(same, keyed(way)))).toContain("KEY_CHANGED");
      expect(breaksBetween(keyed(way), keyed(way))).toEqual([]);
      expect(
        breaksBetween(
          same,
          keyed((text) => `${text}`),
        ),
      ).toEqual([]);
    },
  );
});
