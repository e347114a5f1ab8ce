import type { JsonValue } from "@brain/schemas";
import type { Details, LaterDetails } from "./details.ts";

/** The parts of JSON Schema (draft 2020-12) that zod writes for payloads, and words of our own. */
export interface Shape extends Details, LaterDetails {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly JsonValue[];
  readonly const?: JsonValue;
  readonly default?: JsonValue;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly allOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | boolean;
  readonly propertyNames?: Shape;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly prefixItems?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Shape>>;
  /** The fields are the listed keys of a record: who reads it refuses any other. */
  readonly "x-brain-listed-keys"?: true;
}

/** Formats that only say how a pattern was written. */
const patternFormats: ReadonlySet<string> = new Set([
  "starts_with",
  "ends_with",
  "includes",
  "lowercase",
  "uppercase",
]);

/** The format of a text; undefined: none, or nothing but a pattern. */
export function formatOf({ format }: Shape): string | undefined {
  return format !== undefined && patternFormats.has(format) ? undefined : format;
}

/** All patterns that a text must match, those with flags as `(?i:…)`. */
export function patternsOf(shape: Shape): readonly string[] {
  const { pattern, allOf = [], "x-brain-pattern-flags": flags = {} } = shape;
  return [pattern, ...allOf.map((other) => other.pattern)]
    .filter((one) => one !== undefined)
    .map((one) => (Object.hasOwn(flags, one) ? `(?${flags[one]}:${one})` : one));
}

/** A step into a payload: a field's name, `[]` for the elements of a list, `{}` for the values of a record. */
export type Path = readonly string[];

/** `payload.items[].title` */
export function pathText(path: Path): string {
  return path.reduce(
    (text, step) => (step === "[]" || step === "{}" ? `${text}${step}` : `${text}.${step}`),
    "payload",
  );
}

/** What a `$ref` means; the shape itself when there is none. @param root that the definitions stand in */
export function resolved(shape: Shape, root: Shape): Shape {
  let current = shape;
  // A definition that names itself only would go round for ever.
  for (let steps = 0; current.$ref !== undefined && steps < 20; steps++) {
    if (current.$ref === "#") return root;
    const name = current.$ref.replace("#/$defs/", "");
    const target = root.$defs?.[name];
    if (target === undefined) return current;
    current = target;
  }
  return current;
}

/** Ways in which a value may look, without null. */
export function branchesOf(shape: Shape, root: Shape): readonly Shape[] {
  const ways = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])];
  const inner = (way: Shape) => branchesOf(way, root).map((branch) => withOuter(way, branch));
  const all = ways.length === 0 ? [shape] : ways.flatMap((way) => inner(resolved(way, root)));
  return all.flatMap((way): readonly Shape[] => {
    const types = typesOf(way);
    if (types === null || !types.includes("null")) return [way];
    const others = types.filter((type) => type !== "null");
    if (others.length === 0) return [];
    const values = way.enum?.filter((value) => value !== null);
    return [{ ...way, type: others, ...(values === undefined ? {} : { enum: values }) }];
  });
}

/** What both a union and one of its shapes may have. */
const ofEach = ["x-brain-refinements", "x-brain-conditions", "x-brain-normalizations"] as const;

/** What stands beside `anyOf` holds for each of its branches. */
export function withOuter(outer: Shape, branch: Shape): Shape {
  if (outer === branch) return branch;
  const { anyOf: _a, oneOf: _o, ...rest } = outer;
  const both = (name: (typeof ofEach)[number]) => {
    const list = [...(branch[name] ?? []), ...(outer[name] ?? [])];
    return list.length === 0 ? {} : { [name]: list };
  };
  return Object.assign({ ...rest, ...branch }, ...ofEach.map(both));
}

/** What stands beside `anyOf` alone, and nothing of its branches. */
export function besideBranches(shape: Shape): Shape {
  const { "x-brain-refinements": refinements = [], "x-brain-conditions": conditions = [] } = shape;
  const { "x-brain-normalizations": normalizations = [], anyOf, oneOf } = shape;
  if (anyOf === undefined && oneOf === undefined) return {};
  return {
    "x-brain-refinements": refinements,
    "x-brain-conditions": conditions,
    "x-brain-normalizations": normalizations,
  };
}

export function isNullable(shape: Shape, root: Shape): boolean {
  const ways = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])];
  if (ways.length > 0) return ways.some((way) => isNullable(resolved(way, root), root));
  return typesOf(shape)?.includes("null") ?? false;
}

/** What stands for a value that is left out, as JSON; undefined: nothing does. */
export function standInOf(shape: Shape, root: Shape): string | undefined {
  const way = resolved(shape, root);
  const [given] = [shape.default, shape["x-brain-prefault"], way.default, way["x-brain-prefault"]].filter(
    (one) => one !== undefined,
  );
  if (given !== undefined) return JSON.stringify(given);
  // In `text.default("a").nullable()` it stands in one of the shapes.
  const ways = [...(way.anyOf ?? []), ...(way.oneOf ?? [])];
  return ways.map((one) => standInOf(one, root)).find((one) => one !== undefined);
}

/** JSON types that a shape lets through; null: any. */
export function typesOf(shape: Shape): readonly string[] | null {
  if (shape.type !== undefined) return [shape.type].flat();
  const values = valuesOf(shape);
  if (values !== null) return [...new Set(values.map(typeOfValue))];
  if (shape.properties !== undefined) return ["object"];
  if (shape.items !== undefined || shape.prefixItems !== undefined) return ["array"];
  return null;
}

/** The values of an enumeration or a constant; null: it is open. */
export function valuesOf(shape: Shape): readonly JsonValue[] | null {
  if (shape.enum !== undefined) return shape.enum;
  return shape.const === undefined ? null : [shape.const];
}

export function typeOfValue(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

/** A shape in a few words, for messages. */
export function shapeText(shape: Shape, root: Shape): string {
  const ways = branchesOf(resolved(shape, root), root).map(oneWay);
  const nullable = isNullable(resolved(shape, root), root);
  const names = [...new Set(nullable ? [...ways, "null"] : ways)];
  return names.length === 0 ? "anything" : names.join(" or ");
}

function oneWay(shape: Shape): string {
  const values = valuesOf(shape);
  if (values !== null) {
    const shown = values.slice(0, 6).map((value) => JSON.stringify(value));
    return `${shown.join(" | ")}${values.length > shown.length ? " | …" : ""}`;
  }
  const type = typesOf(shape)?.join(" or ") ?? "anything";
  const words = [
    shape.format ?? (type === "string" ? "text" : type),
    limits(shape.minLength ?? shape.minItems, shape.maxLength ?? shape.maxItems, "long"),
    limits(shape.minimum ?? shape.exclusiveMinimum, shape.maximum ?? shape.exclusiveMaximum, ""),
  ];
  return words.filter((word) => word !== "").join(", ");
}

function limits(min: number | undefined, max: number | undefined, unit: string): string {
  const least = isBound(min) ? `≥ ${min}` : "";
  const most = isBound(max) ? `≤ ${max}` : "";
  const both = [least, most].filter((text) => text !== "").join(" and ");
  return both === "" || unit === "" ? both : `${both} ${unit}`;
}

/** Numbers at the end of the safe range are no limit: zod writes them for every integer. */
export function isBound(value: number | undefined): value is number {
  return value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}
