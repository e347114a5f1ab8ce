/** Values of a shape of before, made up where no payload of before has one. Pure. */

import type { JsonObject, JsonValue } from "@brain/schemas";
import { textOf } from "../patterns/texts.ts";
import { accepts, keepsPatterns } from "./accepts.ts";
import { branchesOf, formatOf, resolved, type Shape, typesOf, valuesOf } from "./shape.ts";

/** A payload of an event of before. @returns undefined when none can be made up, as for a rare pattern */
export function samplePayload(shape: Shape): JsonObject | undefined {
  const sample = sampleOf(shape, shape, 0);
  return typeof sample === "object" && sample !== null && !Array.isArray(sample) ? sample : undefined;
}

/** A value of a record. */
export function sampleMember({ additionalProperties: others }: Shape, root: Shape): JsonValue {
  return (typeof others === "object" ? sampleOf(others, root, 0) : undefined) ?? 1;
}

/** A text of a length that keeps the pattern, made of one that is there. */
export function textOfLength(
  length: number,
  shape: Shape,
  present: JsonValue | undefined,
): string | undefined {
  const start = typeof present === "string" && present !== "" ? present : (sampleText(shape) ?? "x");
  const texts = [
    start.slice(0, length).padEnd(length, start.at(-1) ?? "x"),
    "x".repeat(length),
    "1".repeat(length),
  ];
  return texts.find((text) => keepsPatterns(text, shape)) ?? textOf({ ...shape, minLength: length });
}

const texts: readonly string[] = [
  "a",
  "sample",
  "sample text",
  "11111111-1111-4111-8111-111111111111",
  "2026-01-01T10:00:00.000Z",
  "2026-01-01",
  "10:00:00",
  "https://example.com/a",
  "de",
  "de-AT",
  "EUR",
  "1",
  "10",
  "v1",
  "1.0",
  "1.0.0",
  "A1",
  "abc-def",
  "abcde",
  "a_b",
  "a.b",
  "a".repeat(32),
  "a".repeat(40),
  "a".repeat(64),
  "#aabbcc",
  "P1",
  "PT1S",
  "sha256:".padEnd(71, "a"),
];

function isOf(shape: Shape, text: string): boolean {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = shape;
  return text.length >= minLength && text.length <= maxLength && keepsPatterns(text, shape);
}

/** A text of before that the pattern of now refuses. */
export function textBetween(before: Shape, after: Shape): string | undefined {
  if (formatOf(before) !== undefined || valuesOf(before) !== null) return undefined;
  return texts.find((text) => isOf(before, text) && !keepsPatterns(text, after));
}

function sampleText(shape: Shape): string | undefined {
  const { minLength = 0 } = shape;
  const fits = (text: string) => isOf(shape, text);
  const byFormat: Readonly<Record<string, string>> = {
    uuid: "11111111-1111-4111-8111-111111111111",
    "date-time": "2026-01-01T10:00:00.000Z",
    date: "2026-01-01",
    time: "10:00:00",
    uri: "https://example.com/a",
  };
  const formatted = shape.format === undefined ? undefined : byFormat[shape.format];
  const simple = formatted ?? texts.find(fits) ?? ["x", "1"].map((text) => text.repeat(minLength)).find(fits);
  return simple ?? textOf(shape);
}

/**
 * A value that a shape lets through and that is none of some values.
 *
 * @returns null: there is none; undefined: none was found
 */
export function valueBeyond(shape: Shape, values: readonly JsonValue[]): JsonValue | null | undefined {
  const isOther = (value: JsonValue) =>
    accepts(shape, value) && !values.some((one) => JSON.stringify(one) === JSON.stringify(value));
  const [type] = typesOf(shape) ?? [];
  if (type === "boolean") return [true, false].find(isOther) ?? null;
  if (type === "string") {
    const known = values.filter((value) => typeof value === "string");
    return texts.find(isOther) ?? textOf(shape, known);
  }
  if (type !== "number" && type !== "integer") return undefined;
  const step = shape.multipleOf ?? 1;
  const start = sampleNumber(shape);
  // Of more numbers than there are values one is another.
  const numbers = Array.from({ length: values.length + 1 }, (_, at) => start + at * step);
  return numbers.find(isOther) ?? (type === "integer" ? null : undefined);
}

const deepest = 12;

/** @param full with the fields that may be left out */
export function sampleOf(raw: Shape, root: Shape, depth: number, full = false): JsonValue | undefined {
  if (depth > deepest) return undefined;
  const shape = resolved(raw, root);
  const [way] = branchesOf(shape, root);
  if (way === undefined) return null;
  const values = valuesOf(way);
  if (values !== null) return values[0];
  const [type = "string"] = typesOf(way) ?? [];
  if (type === "string") return sampleText(way);
  if (type === "boolean") return true;
  if (type === "null") return null;
  if (type === "number" || type === "integer") return sampleNumber(way);
  if (type === "array") return sampleList(way, root, depth, full);
  const fields: Record<string, JsonValue> = {};
  if (full && way.properties === undefined && typeof way.additionalProperties === "object")
    fields[sampleText(way.propertyNames ?? {}) ?? "key"] = sampleMember(way, root);
  for (const [name, field] of Object.entries(way.properties ?? {})) {
    const isRequired = way.required?.includes(name) ?? false;
    if (!isRequired && !full) continue;
    const value = sampleOf(field, root, depth + 1, full);
    if (value !== undefined) fields[name] = value;
    else if (isRequired) return undefined;
  }
  return fields;
}

function sampleNumber(shape: Shape): number {
  const { minimum, maximum, exclusiveMinimum, multipleOf } = shape;
  const least = minimum ?? (exclusiveMinimum === undefined ? 0 : exclusiveMinimum + 1);
  const start = least > Number.MIN_SAFE_INTEGER ? least : 0;
  const value = maximum !== undefined && start > maximum ? maximum : start;
  return multipleOf === undefined || value === 0 ? value : Math.ceil(value / multipleOf) * multipleOf;
}

function sampleList(shape: Shape, root: Shape, depth: number, full: boolean): JsonValue | undefined {
  const places = (shape.prefixItems ?? []).map((item) => sampleOf(item, root, depth + 1, full));
  const count = Math.max(
    shape.minItems ?? 0,
    full && shape.items !== undefined && shape.maxItems !== 0 ? 1 : 0,
  );
  const others = Array.from({ length: Math.max(0, count - places.length) }, () =>
    sampleOf(shape.items ?? {}, root, depth + 1, full),
  );
  const items = [...places, ...others];
  return items.some((item) => item === undefined) ? undefined : (items as JsonValue[]);
}
