import type * as z from "zod";
import { maxItemsOf, maxMembersOf } from "../../src/modules/bounds.ts";

/** The parts of a zod schema that the walk reads; zod types `def` per class. */
interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly catchall?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly items?: readonly z.core.$ZodType[];
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
}

/** What of a schema takes input without a bound: `path: kind`. Open data (`unknown`, `custom`) is told as such. */
export function unboundedParts(schema: z.core.$ZodType, path = ""): string[] {
  const def = schema._zod.def as unknown as Def;
  const below = (child: z.core.$ZodType | undefined, name = "") =>
    child === undefined ? [] : unboundedParts(child, [path, name].filter(Boolean).join("."));
  const found = (kind: string) => [`${path || "(value)"}: ${kind}`];
  switch (def.type) {
    case "string":
      return isBoundedText(schema) ? [] : found("text");
    case "number":
      return isBoundedNumber(schema) ? [] : found("number");
    case "array":
      return [...(maxItemsOf(schema) === null ? found("array") : []), ...below(def.element, "[]")];
    case "record":
      return [
        ...(maxMembersOf(schema) === null ? found("record") : []),
        ...below(def.keyType, "(key)"),
        ...below(def.valueType, "{}"),
      ];
    case "object": {
      const isOpen = def.catchall !== undefined && def.catchall._zod.def.type !== "never";
      return [
        ...(isOpen && maxMembersOf(schema) === null ? found("open object") : []),
        ...Object.entries(def.shape ?? {}).flatMap(([name, child]) => below(child, name)),
        ...(isOpen ? below(def.catchall, "{}") : []),
      ];
    }
    case "union":
      return (def.options ?? []).flatMap((option) => below(option));
    case "tuple":
      return (def.items ?? []).flatMap((item, index) => below(item, String(index)));
    case "pipe":
      return below(def.in?._zod.def.type === "transform" ? def.out : def.in);
    case "lazy":
      return found("recursion");
    case "unknown":
    case "any":
    case "custom":
      return found("open data");
    case "boolean":
    case "null":
    case "undefined":
    case "literal":
    case "enum":
    case "never":
      return [];
    default:
      return def.innerType === undefined ? found(`unknown kind ${def.type}`) : below(def.innerType);
  }
}

function isBoundedText(schema: z.core.$ZodType): boolean {
  if (((schema as z.ZodString).maxLength ?? null) !== null) return true;
  const { checks = [], ...own } = schema._zod.def as { checks?: z.core.$ZodCheck[]; pattern?: RegExp };
  const defs = [own, ...checks.map((check) => check._zod.def as { pattern?: RegExp })];
  return defs.some(({ pattern }) => pattern !== undefined && isBoundedPattern(pattern));
}

/** Anchored at both ends, and nothing in it may repeat without end. */
function isBoundedPattern({ source }: RegExp): boolean {
  const plain = source.replace(/\\./g, "x").replace(/\[(?:\^)?[^\]]*\]/g, "x");
  return plain.startsWith("^") && plain.endsWith("$") && !/[*+]|\{\d+,\}/.test(plain);
}

function isBoundedNumber(schema: z.core.$ZodType): boolean {
  const { minValue, maxValue } = schema as z.ZodNumber;
  return Number.isFinite(minValue ?? Number.NaN) && Number.isFinite(maxValue ?? Number.NaN);
}
