import * as z from "zod";
import { schemaDef } from "../payloads/schema-walk.ts";
import { personalOf, standsForPersonal } from "../personal.ts";
import { withoutStorable } from "../storable-time.ts";
import { readTime } from "../time.ts";

const standIn = z.string().max(200_100).refine(standsForPersonal);

/** A personal text may be sealed or erased. */
function tolerantField(schema: z.ZodType): z.ZodType {
  const tolerant = tolerantSchema(schema);
  if (personalOf(schema) === null) return tolerant;
  const either = z.union([tolerant, standIn]);
  return schemaDef(schema).type === "optional" ? either.optional() : either;
}

/**
 * The reading counterpart of a payload schema: unknown keys are stripped at every level, ids may have the shapes of
 * older producers, and times may be naive or Unix seconds (both become ISO UTC), of any year. Enumerations and limits stay.
 */
export function tolerantSchema(schema: z.ZodType): z.ZodType {
  const def = schemaDef(schema);
  const convert = (child: z.core.$ZodType): z.ZodType => tolerantSchema(child as z.ZodType);
  const rebuilt = (parts: object): z.ZodType => z.clone(schema, { ...schema._zod.def, ...parts } as never);
  if (def.type === "object") {
    const shape = Object.fromEntries(
      Object.entries(def.shape ?? {}).map(([key, child]) => [key, tolerantField(child as z.ZodType)]),
    );
    return rebuilt({ shape, catchall: undefined });
  }
  if (def.element !== undefined) return rebuilt({ element: convert(def.element) });
  if (def.innerType !== undefined) return rebuilt({ innerType: convert(def.innerType) });
  if (def.items !== undefined) return rebuilt({ items: def.items.map(convert) });
  if (def.options !== undefined) return rebuilt({ options: def.options.map(convert) });
  if (def.format === "datetime") {
    const read = rebuilt({ checks: withoutStorable(def.checks) });
    return z.preprocess((value) => readTime(value)?.iso ?? value, read);
  }
  if (def.format === "uuid") return z.string().min(1).max(255);
  return schema;
}
