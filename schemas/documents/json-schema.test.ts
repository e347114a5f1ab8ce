import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { charter } from "../charter.ts";
import { defineEvent, type EventDefinition } from "../define-event.ts";
import { arbitraryEvent } from "../fixtures/arbitrary.ts";
import released from "../fixtures/released.json" with { type: "json" };
import type { JsonObject } from "../json/json.ts";
import { openObject } from "../payloads/open-object.ts";
import { checkPayload } from "../payloads/payload.ts";
import { erasedText, pii } from "../personal.ts";
import type { SchemaUse } from "./json-schema.ts";
import { schemaDocument, schemaIndex } from "./schema-documents.ts";

const base = "https://brain.example";
const examples: Readonly<Record<string, JsonObject>> = released;

/** As a program would set it up that knows our documents: all strictness, and our one word. */
function validator(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  addFormats.default(ajv);
  ajv.addVocabulary(["x-brain-pii"]);
  return ajv;
}

function documentOf(definition: EventDefinition, use: SchemaUse, version = definition.version): JsonObject {
  const document = schemaDocument(definition, version, use, { base, examples });
  if (document === null) throw new Error(`${definition.type} has no version ${version}`);
  return document;
}

/** Compiling takes longer than all that is asked of it, and most of it is the schema of schemas, once for each validator. */
const ofCharter = validator();
const isolateCompiled = new Map<string, ValidateFunction>();

function compile(definition: EventDefinition, use: SchemaUse): ValidateFunction {
  const name = `${definition.type} ${use}`;
  const validate = isolateCompiled.get(name) ?? ofCharter.compile(documentOf(definition, use));
  isolateCompiled.set(name, validate);
  return validate;
}

/** What a publisher is refused for the shape of its payload; what is in its texts no schema can judge. */
function isRefused(definition: EventDefinition, payload: unknown): boolean {
  return checkPayload(definition, payload).invalid.length > 0;
}

/** Payloads near a valid one: each field missing, of another type, null, and one that nobody knows. */
function spoilt(payload: JsonObject): [why: string, payload: JsonObject][] {
  const fields = Object.keys(payload).flatMap((name): [string, JsonObject][] => {
    const { [name]: value, ...others } = payload;
    return [
      [`${name} missing`, others],
      [`${name} null`, { ...payload, [name]: null }],
      [`${name} a list in a list`, { ...payload, [name]: [[value ?? null]] }],
      [`${name} a number`, { ...payload, [name]: -1.5 }],
      [`${name} a truth`, { ...payload, [name]: true }],
      [`${name} empty`, { ...payload, [name]: "" }],
      [`${name} far too long`, { ...payload, [name]: "x".repeat(300_000) }],
    ];
  });
  return [...fields, ["a field that nobody knows", { ...payload, nobody_knows: 1 }]];
}

describe.each(charter.all.map((definition) => [definition.type, definition] as const))(
  "%s",
  (type, definition) => {
    const payload = examples[`${type}@${definition.version}`] ?? {};

    test("has schemas that ajv compiles in strict mode, with an address, a title, a meaning for each field", () => {
      for (const use of ["read", "publish"] as const) {
        const document = documentOf(definition, use);
        expect(() => compile(definition, use)).not.toThrow();
        const file = use === "read" ? `${definition.version}.json` : `${definition.version}.publish.json`;
        expect(document).toMatchObject({
          $schema: "https://json-schema.org/draft/2020-12/schema",
          $id: `${base}/schemas/${type}/${file}`,
          title: `${type}, version ${definition.version}`,
          description: expect.stringContaining(definition.when),
        });
        for (const [name, field] of Object.entries(document.properties as Record<string, JsonObject>))
          expect(field.description, name).toMatch(/\S/);
        const marked = Object.entries(document.properties as Record<string, JsonObject>)
          .filter(([, field]) => field["x-brain-pii"] !== undefined)
          .map(([name]) => name);
        expect(marked).toEqual(definition.personal.map(({ field }) => field));
      }
    });

    test("its golden payloads fit, and what is spoilt fits exactly where a publisher may send it", () => {
      const published = compile(definition, "publish");
      const read = compile(definition, "read");
      for (const [name, golden] of Object.entries(examples).filter(([name]) => name.split("@")[0] === type)) {
        expect(published(golden), `${name}: ${JSON.stringify(published.errors)}`).toBe(true);
        expect(read(golden), `${name}: ${JSON.stringify(read.errors)}`).toBe(true);
      }
      for (const [why, candidate] of spoilt(payload)) {
        expect([why, published(candidate)]).toEqual([why, !isRefused(definition, candidate)]);
        // Readers have to expect all that may be sent.
        if (published(candidate)) expect([why, read(candidate)]).toEqual([why, true]);
      }
      expect(read({ ...payload, nobody_knows: 1 })).toBe(true);
      expect(published({ ...payload, nobody_knows: 1 })).toBe(false);
    });

    test("what may be published fits, and so does what a reader makes of it", () => {
      const published = compile(definition, "publish");
      const read = compile(definition, "read");
      fc.assert(
        fc.property(arbitraryEvent(definition), (event) => {
          expect(published(event.payload), JSON.stringify(published.errors)).toBe(true);
          const given = definition.reader.parse(event.payload);
          expect(read(given), JSON.stringify(read.errors)).toBe(true);
        }),
        { numRuns: 15 },
      );
    });
  },
);

test("no schema takes an empty payload where a field is required, so the comparison can fail", () => {
  const strict = charter.all.filter((definition) => isRefused(definition, {}));
  expect(strict.length).toBeGreaterThan(80);
  for (const definition of strict) expect(compile(definition, "read")({}), definition.type).toBe(false);
});

const moved = defineEvent("library.shelf.moved", {
  version: 2,
  module: "library",
  criticality: "INFO",
  when: "A shelf was moved",
  payload: z.strictObject({
    shelf_id: z.uuid().describe("The shelf."),
    name: z.string().min(4).max(8).describe("Its name."),
    page: z.url().max(200).describe("Where it is shown."),
    code: z
      .string()
      .regex(/^[a-z]{2}$/i)
      .describe("Its code."),
    at: z.iso.datetime({ offset: true }).max(100).describe("When."),
    day: z.iso.date().optional().describe("The day."),
    clock: z.iso.time().optional().describe("The time of day."),
    old_code: z.string().max(5).nullable().describe("What it was called; null in history."),
    reason: pii(z.string().max(20), { subject: "reader_id" }).optional().describe("Why."),
    reader_id: z.string().max(20).optional().describe("Who asked for it."),
    labels: openObject(2).optional().describe("Anything."),
    tags: z
      .array(z.strictObject({ tag: z.string().max(5).describe("One.") }))
      .max(3)
      .optional()
      .describe("Tags."),
  }),
  nullOnlyInHistory: ["old_code"],
  upcasts: { 1: (payload) => payload },
});

const shelf = {
  shelf_id: "7b1d3f50-2c6e-4a8b-9f10-1234567890ab",
  name: "Mathe",
  page: "https://library.example/a",
  code: "ab",
  at: "2026-01-01T00:00:00Z",
  old_code: "x",
};

describe("what zod and JSON Schema mean differently", () => {
  const published = compile(moved, "publish");
  test.each<[why: string, fields: JsonObject]>([
    ["characters of two units", { name: "😀😀😀😀" }],
    ["an address with letters that RFC 3986 has not", { page: "https://library.example/straße" }],
    ["a pattern that takes both cases", { code: "AB" }],
    ["a time of day without a zone", { clock: "10:00:00" }],
    ["a day", { day: "2026-02-28" }],
    ["an offset", { at: "2026-01-01T00:00:00.123456+02:00" }],
    ["two members", { labels: { a: 1, b: [{}] } }],
  ])("%s may be published, and fits", (_why, fields) => {
    const payload = { ...shelf, ...fields };
    expect(checkPayload(moved, payload).invalid).toEqual([]);
    expect(published(payload), JSON.stringify(published.errors)).toBe(true);
  });

  test.each<[why: string, fields: JsonObject]>([
    ["units that are half as many characters", { name: "😀😀" }],
    ["three members", { labels: { a: 1, b: 2, c: 3 } }],
    ["null that stands for history", { old_code: null }],
    ["a day that is none", { day: "2026-02-30" }],
    ["a time that is none", { at: "2026-01-01T24:61:00Z" }],
    ["no address", { page: "library.example" }],
    ["an id that is no UUID", { shelf_id: "s-1" }],
    ["a field more, deep inside", { tags: [{ tag: "a", more: 1 }] }],
  ])("%s is refused by both", (_why, fields) => {
    const payload = { ...shelf, ...fields };
    expect(isRefused(moved, payload)).toBe(true);
    expect(published(payload)).toBe(false);
  });
});

describe("readers have to expect", () => {
  const read = compile(moved, "read");
  test.each<[why: string, fields: JsonObject]>([
    ["a field that was added", { colour: "red" }],
    ["a field that was added deep inside", { tags: [{ tag: "a", more: 1 }] }],
    ["an id of an older producer", { shelf_id: "shelf-1" }],
    ["null where history has nothing", { old_code: null }],
    ["a personal text that was erased", { reason: erasedText }],
    ["one that is sealed", { reason: `pii.v1.7b1d3f50-2c6e-4a8b-9f10-1234567890ab.${"A".repeat(100)}` }],
  ])("%s", (_why, fields) => {
    expect(read({ ...shelf, ...fields }), JSON.stringify(read.errors)).toBe(true);
  });

  test("no other text in the place of a personal one", () => {
    expect(read({ ...shelf, reason: "x".repeat(21) })).toBe(false);
    expect(read({ ...shelf, reason: "pii.v1.nothing" })).toBe(true); // 14 characters: a reason as any other
    expect(read({ ...shelf, reason: `pii.v1.nothing.${"!".repeat(20)}` })).toBe(false);
  });
});

describe("an older version", () => {
  const options = { base, examples: { "library.shelf.moved@1": { shelf: 7 } } };

  test("says what is known of it, and where it is read", () => {
    const document = schemaDocument(moved, 1, "read", options);
    expect(document).toMatchObject({ deprecated: true, type: "object", examples: [{ shelf: 7 }] });
    expect(document?.description).toContain(`${base}/schemas/library.shelf.moved/2.json`);
    expect(validator().compile(document ?? {})({ shelf: 7 })).toBe(true);
  });

  test("cannot be published, and one that was never there has no schema", () => {
    expect(schemaDocument(moved, 1, "publish", options)).toBeNull();
    for (const version of [0, 3, 1.5, Number.NaN])
      expect(schemaDocument(moved, version, "read", options)).toBeNull();
  });

  test("stands in the list of all schemas", () => {
    const listed = schemaIndex({ ...charter, all: [moved] }, options);
    expect(
      listed.map(({ version, is_current, publish_schema }) => [version, is_current, publish_schema]),
    ).toEqual([
      [1, false, null],
      [2, true, `${base}/schemas/library.shelf.moved/2.publish.json`],
    ]);
  });
});
