import { childrenOf, isBoundedText, isStrict, maxLengthOf, maxMembersOf, schemaDef } from "@brain/schemas";
import type * as z from "zod";

/** Kinds that take nothing of any size themselves; what is inside of them is looked at on its own. */
const small = new Set(["boolean", "null", "undefined", "literal", "enum", "never", "union", "tuple", "pipe"]);

/** What of a schema takes input without a bound: `path: kind`. Open data (`unknown`, `custom`) is told as such. */
export function unboundedParts(schema: z.core.$ZodType, path = ""): string[] {
  const kind = unboundedKind(schema);
  const own = kind === null ? [] : [`${path || "(value)"}: ${kind}`];
  const below = childrenOf(schema).flatMap((child) =>
    unboundedParts(child.schema, [path, child.step].filter(Boolean).join(".")),
  );
  return [...own, ...below];
}

function unboundedKind(schema: z.core.$ZodType): string | null {
  const { type, catchall, innerType } = schemaDef(schema);
  switch (type) {
    case "string":
      return isBoundedText(schema) ? null : "text";
    case "number":
      return isBoundedNumber(schema) ? null : "number";
    case "array":
      return maxLengthOf(schema) === null ? "array" : null;
    case "record":
      return maxMembersOf(schema) === null ? "record" : null;
    case "object": {
      const isOpen = catchall !== undefined && !isStrict(schema);
      return isOpen && maxMembersOf(schema) === null ? "open object" : null;
    }
    case "lazy":
      return "recursion";
    case "unknown":
    case "any":
    case "custom":
      return "open data";
    default:
      return innerType !== undefined || small.has(type) ? null : `unknown kind ${type}`;
  }
}

function isBoundedNumber(schema: z.core.$ZodType): boolean {
  const { minValue, maxValue } = schema as z.ZodNumber;
  return Number.isFinite(minValue ?? Number.NaN) && Number.isFinite(maxValue ?? Number.NaN);
}
