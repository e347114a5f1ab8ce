/** Payloads of before that a change would have refused: they are read by the code of now, to see whether it does. Pure. */

import type { JsonObject, JsonValue } from "@brain/schemas";
import {
  branchesOf,
  formatOf,
  type Path,
  patternsOf,
  resolved,
  type Shape,
  typesOf,
  valuesOf,
} from "./shape.ts";
import { absent, type ShapeChange } from "./shape-change.ts";

/** A payload of an event of before. @returns undefined when none can be made up, as for a rare pattern */
export function samplePayload(shape: Shape): JsonObject | undefined {
  const sample = sampleOf(shape, shape, 0);
  return typeof sample === "object" && sample !== null && !Array.isArray(sample) ? sample : undefined;
}

/** The payload of before that shows a change. @param base a payload of before; the golden one when there is one */
export function witnessOf(change: ShapeChange, root: Shape, base: JsonObject): JsonObject | undefined {
  const value = valueFor(change, root, valueAt(base, change.path));
  if (value === undefined) return undefined;
  const made = placed(base, root, root, change.path, value);
  return typeof made === "object" && made !== null && !Array.isArray(made) ? made : undefined;
}

function valueFor(
  change: ShapeChange,
  root: Shape,
  present: JsonValue | undefined,
): JsonValue | typeof absent | undefined {
  const { witness, before, limit, rule } = change;
  if (witness !== undefined) return witness;
  if (before === undefined) return undefined;
  if (limit !== undefined) return atLimit(limit.name, limit.was, limit.is, before, root, present);
  if (rule === "REFINEMENT_ADDED") return present ?? sampleOf(before, root, 0);
  if (rule === "PATTERN_CHANGED")
    return textBetween(before, change.after ?? {}) ?? present ?? sampleOf(before, root, 0);
  return sampleOf(before, root, 0, true);
}

/** A value at the bound of before, or just beyond that of now where there was none. */
function atLimit(
  name: string,
  was: number | null,
  is: number | null,
  before: Shape,
  root: Shape,
  present: JsonValue | undefined,
): JsonValue | undefined {
  const isLeast = name.startsWith("min");
  const limit = was ?? (isLeast ? Math.max(0, (is ?? 0) - 1) : (is ?? 0) + 1);
  if (limit > 20_000) return undefined;
  if (name === "minLength" || name === "maxLength") return textOfLength(limit, before, present);
  if (name === "x-brain-max-members") {
    const value = sampleMember(before, root);
    return Object.fromEntries(Array.from({ length: limit }, (_, at) => [`key_${at}`, value]));
  }
  const item =
    Array.isArray(present) && present[0] !== undefined ? present[0] : sampleOf(before.items ?? {}, root, 0);
  return item === undefined ? undefined : Array.from({ length: limit }, () => item);
}

function sampleMember({ additionalProperties: others }: Shape, root: Shape): JsonValue {
  return (typeof others === "object" ? sampleOf(others, root, 0) : undefined) ?? 1;
}

/** A text of a length that keeps the pattern, made of one that is there. */
function textOfLength(length: number, shape: Shape, present: JsonValue | undefined): string | undefined {
  const start = typeof present === "string" && present !== "" ? present : (sampleText(shape) ?? "x");
  const texts = [
    start.slice(0, length).padEnd(length, start.at(-1) ?? "x"),
    "x".repeat(length),
    "1".repeat(length),
  ];
  return texts.find((text) => matches(text, shape));
}

function matches(text: string, shape: Shape): boolean {
  try {
    return patternsOf(shape).every((pattern) => new RegExp(pattern, "u").test(text));
  } catch {
    return false;
  }
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
  return text.length >= minLength && text.length <= maxLength && matches(text, shape);
}

/** A text of before that the pattern of now refuses. */
function textBetween(before: Shape, after: Shape): string | undefined {
  if (formatOf(before) !== undefined || valuesOf(before) !== null) return undefined;
  return texts.find((text) => isOf(before, text) && !matches(text, after));
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
  return formatted ?? texts.find(fits) ?? ["x", "1"].map((text) => text.repeat(minLength)).find(fits);
}

const deepest = 12;

/** @param full with the fields that may be left out */
function sampleOf(raw: Shape, root: Shape, depth: number, full = false): JsonValue | undefined {
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

function valueAt(base: JsonValue | undefined, path: Path): JsonValue | undefined {
  const [step, ...rest] = path;
  if (step === undefined || base === undefined) return base;
  if (Array.isArray(base)) return valueAt(base[step === "[]" ? 0 : Number(step)], rest);
  if (typeof base !== "object" || base === null) return undefined;
  return valueAt(step === "{}" ? Object.values(base)[0] : base[step], rest);
}

/** The payload with a value in a place; what is missing on the way there is made up. */
function placed(
  base: JsonValue | undefined,
  raw: Shape,
  root: Shape,
  path: Path,
  value: JsonValue | typeof absent,
): JsonValue | typeof absent | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  for (const way of branchesOf(resolved(raw, root), root)) {
    const made = placedIn(way, base, root, step, rest, value);
    if (made !== undefined) return made;
  }
  return undefined;
}

function placedIn(
  way: Shape,
  base: JsonValue | undefined,
  root: Shape,
  step: string,
  rest: Path,
  value: JsonValue | typeof absent,
): JsonValue | undefined {
  if (way.items !== undefined || way.prefixItems !== undefined) {
    const list = Array.isArray(base) ? base : [];
    const at = step === "[]" ? 0 : Number(step);
    const item = way.prefixItems?.[at] ?? way.items ?? {};
    const made = placed(list[at] ?? sampleOf(item, root, 0), item, root, rest, value);
    if (made === undefined || made === absent) return undefined;
    return list.length === 0 ? [made] : list.map((other, index) => (index === at ? made : other));
  }
  const isObject = typeof base === "object" && base !== null && !Array.isArray(base);
  const object = isObject ? base : sampleOf(way, root, 0);
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  const others = way.additionalProperties;
  const field = step === "{}" ? (typeof others === "object" ? others : undefined) : way.properties?.[step];
  const name = step === "{}" ? (Object.keys(object)[0] ?? "key") : step;
  // A field that is only new is in no shape of before: leaving it out is all that can be tried.
  if (field === undefined && value !== absent) return undefined;
  const made = field === undefined ? absent : placed(object[name], field, root, rest, value);
  if (made === undefined) return undefined;
  const { [name]: _, ...without } = object;
  return made === absent ? without : { ...object, [name]: made };
}
