import {
  createCatalog,
  defineEvent,
  type EventDefinition,
  type EventOptions,
  type JsonObject,
} from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { describeCatalogue } from "../catalogue.ts";
import { type Break, decideBreaks, planTrials } from "../decide.ts";
import { readCase } from "../load/read-case.ts";
import { compareCatalogues } from "./compare.ts";

const type = "library.book.lent";

function lent(payload: z.ZodObject, options: Partial<EventOptions<z.ZodObject>> = {}): EventDefinition {
  return defineEvent(type, {
    version: 1,
    module: "library",
    criticality: "WARNING",
    when: "A book was lent",
    payload,
    ...options,
  }) as EventDefinition;
}

/** @param shelf of the one golden payload, which fulfils each condition of these tests */
function breaksBetween(before: EventDefinition, after: EventDefinition, shelf: unknown): readonly Break[] {
  const payload = { book_id: "b", shelf } as JsonObject;
  const golden = Object.fromEntries(
    Array.from({ length: after.version }, (_, at) => [`${type}@${at + 1}`, payload]),
  );
  const facts = { product: "library", release: "r", golden };
  const now = createCatalog([after]);
  const was = describeCatalogue(createCatalog([before]), {
    ...facts,
    golden: { [`${type}@1`]: payload },
  });
  const comparisons = compareCatalogues(was, describeCatalogue(now, facts));
  const trials = planTrials(comparisons);
  return decideBreaks(
    comparisons,
    trials,
    trials.cases.map((one) => readCase(now, one)),
  );
}

const book = (shelf: z.ZodType) => z.strictObject({ book_id: z.string().max(50), shelf });
const text = z.string().max(50);
const cents = z.int().min(0).max(1_000_000);
const whole = (value: number) => value % 100 === 0;

/** What is added, to what, and what the golden payload has there, which fulfils it. */
const added: readonly (readonly [
  what: string,
  rule: string,
  before: z.ZodObject,
  after: z.ZodObject,
  shelf: unknown,
])[] = [
  ["a refinement", "REFINEMENT_ADDED", book(cents), book(cents.refine(whole, "whole euros")), 4900],
  ["a refinement without a message", "REFINEMENT_ADDED", book(cents), book(cents.refine(whole)), 4900],
  [
    "a second refinement with the message of the first",
    "REFINEMENT_ADDED",
    book(cents.refine(whole)),
    book(cents.refine(whole).refine((value) => value > 1000)),
    4900,
  ],
  [
    "a superRefine",
    "REFINEMENT_ADDED",
    book(cents),
    book(
      cents.superRefine((value, context) => {
        if (!whole(value)) context.addIssue({ code: "custom", message: "whole euros" });
      }),
    ),
    4900,
  ],
  [
    "a refinement of the payload",
    "REFINEMENT_ADDED",
    book(cents),
    book(cents).refine((payload) => payload.book_id === "b", "expected the book b"),
    4900,
  ],
  [
    "a refinement within a list",
    "REFINEMENT_ADDED",
    book(z.array(cents).max(3)),
    book(z.array(cents.refine(whole, "whole euros")).max(3)),
    [4900],
  ],
  [
    "a refinement of what may be left out",
    "REFINEMENT_ADDED",
    book(cents.optional()),
    book(cents.refine(whole, "whole euros").optional()),
    4900,
  ],
  ["a pattern", "PATTERN_CHANGED", book(text), book(text.regex(/^[a-z]+$/)), "abc"],
  [
    "a second pattern",
    "PATTERN_CHANGED",
    book(text.regex(/^[a-z]+$/)),
    book(text.regex(/^[a-z]+$/).regex(/^abc/)),
    "abc",
  ],
  ["another pattern", "PATTERN_CHANGED", book(text.regex(/^[a-z]+$/)), book(text.regex(/^[a-c]+$/)), "abc"],
  ["a beginning", "PATTERN_CHANGED", book(text), book(text.startsWith("ab")), "abc"],
];

describe("a condition that the golden payload fulfils by chance", () => {
  test.each(added)("%s is found", (_what, rule, before, after, shelf) => {
    const found = breaksBetween(lent(before), lent(after), shelf);
    expect(found.map((one) => one.rule)).toEqual([rule]);
    expect(found.map(({ severity, hurts }) => [severity, hurts.includes("stored")])).toEqual([
      ["error", true],
    ]);
    expect(found[0]?.shown).not.toMatch(/is read without/);
  });

  test.each(added)("control: %s that stays is no change", (_what, _rule, before, after, shelf) => {
    expect(breaksBetween(lent(before), lent(before), shelf)).toEqual([]);
    expect(breaksBetween(lent(after), lent(after), shelf)).toEqual([]);
  });

  test.each(added)(
    "%s that is taken away leaves what is stored readable",
    (_what, _rule, before, after, shelf) => {
      const found = breaksBetween(lent(after), lent(before), shelf);
      expect(found.map(({ hurts, severity }) => [severity, hurts])).toEqual([["warning", ["readers"]]]);
    },
  );

  test("with a version and a step it is for the step to fulfil it", () => {
    const step = { 1: (payload: JsonObject) => ({ ...payload, shelf: 100 }) };
    const after = lent(book(cents.refine(whole, "whole euros")), { version: 2, upcasts: step });
    expect(breaksBetween(lent(book(cents)), after, 4900)).toEqual([]);
  });

  test("an old text that the new pattern refuses is shown", () => {
    const [found] = breaksBetween(lent(book(text)), lent(book(text.regex(/^[a-z]+$/))), "abc");
    expect(found?.shown).toMatch(/^An event with \{"shelf":"[^"]+"\} is refused: payload\.shelf/);
  });

  test("control: a pattern in place of which any text is tolerated breaks nothing that is stored", () => {
    const before = lent(
      book(
        z
          .string()
          .max(36)
          .regex(/^[0-9a-f-]+$/),
      ),
    );
    const found = breaksBetween(before, lent(book(z.uuid())), "7b1d3f50-2c6e-4a8b-9f10-1234567890ab");
    expect(found.filter(({ hurts }) => hurts.includes("stored"))).toEqual([]);
  });
});
