import { randomUUID } from "node:crypto";
import { maxLengthOf, schemaDef } from "@brain/schemas";
import fc from "fast-check";
import * as z from "zod";

/* Values that a declared schema takes, so that requests can be made for routes that nobody wrote a test for. */

type Schema = z.core.$ZodType;

const takes = (schema: Schema, value: unknown): boolean => z.safeParse(schema, value).success;

/** What texts mean in our schemas, the most ordinary first. */
const texts = (): readonly string[] => [
  "a text for a test",
  // An agent may be called so, a label too, and it is a type of missions.
  "echo",
  randomUUID(),
  "en",
  "EUR",
  "1",
  "true",
  "viewer",
  "events:read",
  "2099-03-01T10:00:00Z",
  "2020-03-01",
  "https://example.org/hook",
  "0:1-1",
  "1-1",
  "1.0.0",
  "aaaaaaaaaaaaaaaa",
  "a".repeat(43),
  "a".repeat(64),
  '"1"',
];

function textOf(schema: Schema): string {
  const known = texts().find((text) => takes(schema, text));
  if (known !== undefined) return known;
  const { pattern, checks = [] } = schemaDef(schema);
  const patterns = [pattern, ...checks.map((check) => (check._zod.def as { pattern?: RegExp }).pattern)];
  for (const given of patterns) {
    if (given === undefined) continue;
    const made = fc.sample(fc.stringMatching(new RegExp(given.source.replace(/\\P\{Cc\}/g, "[ -~]"))), {
      seed: 1,
      numRuns: 50,
    });
    const found = made.find((text) => takes(schema, text));
    if (found !== undefined) return found;
  }
  return "x".repeat(Math.min(maxLengthOf(schema) ?? 20, 20));
}

function numberOf(schema: Schema): number {
  const { minValue, maxValue } = schema as z.ZodNumber;
  return [minValue, 1, 0, maxValue].find((value) => takes(schema, value)) ?? 1;
}

/** As many fields as go together. */
function objectOf(schema: Schema, whole: Schema): Record<string, unknown> {
  const fields = Object.entries(schemaDef(schema).shape ?? {}).map(
    ([name, field]) => [name, sampleOf(field), takes(field, undefined)] as const,
  );
  const all = Object.fromEntries(fields);
  if (takes(whole, all)) return all;
  const needed = Object.fromEntries(fields.filter(([, , isOptional]) => !isOptional));
  for (const [name, sample, isOptional] of [["", undefined, true] as const, ...fields]) {
    const some = isOptional && name !== "" ? { ...needed, [name]: sample } : needed;
    if (takes(whole, some)) return some;
  }
  return all;
}

/** A value that the schema takes, with all its fields where they go together; what it refuses when none was found. */
export function sampleOf(schema: Schema, whole: Schema = schema): unknown {
  const def = schemaDef(schema);
  switch (def.type) {
    case "string":
      return textOf(schema);
    case "number":
      return numberOf(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    case "literal":
      return def.values?.[0];
    case "enum":
      return Object.values(def.entries ?? {})[0];
    case "array":
      return def.element === undefined ? [] : arrayOf(schema, def.element);
    case "object":
      return objectOf(schema, whole);
    case "record":
      return recordOf(schema, def.keyType, def.valueType);
    case "tuple":
      return (def.items ?? []).map((item) => sampleOf(item));
    case "union": {
      const samples = (def.options ?? []).map((option) => sampleOf(option));
      return samples.find((sample) => takes(schema, sample)) ?? samples[0];
    }
    case "pipe":
      return def.in === undefined || schemaDef(def.in).type === "transform"
        ? sampleOf(def.out ?? schema, whole)
        : sampleOf(def.in, schema);
    case "unknown":
    case "any":
    case "custom":
      return [{ note: "open data" }, "text", 1].find((value) => takes(schema, value)) ?? {};
    default:
      return def.innerType === undefined ? {} : sampleOf(def.innerType, schema);
  }
}

function arrayOf(schema: Schema, element: Schema): unknown[] {
  const one = [sampleOf(element)];
  return takes(schema, one) ? one : [0, 1, 2].map(() => sampleOf(element));
}

function recordOf(schema: Schema, key: Schema | undefined, value: Schema | undefined): object {
  if (key === undefined || value === undefined) return {};
  const one = { [String(sampleOf(key))]: sampleOf(value) };
  return takes(schema, one) ? one : {};
}

/** A place in a value: the keys that lead to it; none: the value itself. */
export type Place = readonly (string | number)[];

/** Every place in a value, the containers too. */
export function placesIn(value: unknown, place: Place = []): readonly Place[] {
  if (typeof value !== "object" || value === null) return [place];
  return [
    place,
    ...Object.entries(value).flatMap(([key, member]) =>
      placesIn(member, [...place, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

/** The value with another one at a place. */
export function withAt(value: unknown, [key, ...rest]: Place, other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.map((member, at) => (at === key ? withAt(member, rest, other) : member));
  const member = (value as Record<string, unknown>)[key];
  return { ...(value as object), [key]: withAt(member, rest, other) };
}
