import * as z from "zod";
import type { EventDefinition } from "../define-event.ts";
import type { JsonObject } from "../json/json.ts";
import { maxMembersOf, type SchemaDef, schemaDef } from "../payloads/schema-walk.ts";
import { personalOf, standInPattern } from "../personal.ts";

/*
 * Payloads as JSON Schema 2020-12, in two forms. The form for publishers is as strict as publishing. The form for readers
 * accepts whatever they may be given: fields that were added later, ids of older producers, and the stand-ins of personal
 * texts. JSON Schema cannot express every check, so also the strict form accepts some payloads that publishing refuses:
 * values and keys that hold personal data or secrets, and violations of checks over several fields, of patterns with
 * flags, and of the range of times (years 1 to 9999).
 */

/** Who is to use a schema: those who send events, or those who are given them. */
export type SchemaUse = "publish" | "read";

type Written = z.core.JSONSchema.BaseSchema;

/** What is written of a schema is changed in place: zod gives it so. */
interface Place {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: Written;
  readonly path: (string | number)[];
}

/** A URL as `new URL` takes it: RFC 3986, which `format: uri` means, has no letters like ä, and those are published. */
const webAddress = "^\\s*[Hh][Tt][Tt][Pp][Ss]?:";

/** True where what zod accepts under this name is what JSON Schema means by it; all others have a pattern that says it. */
function isSameFormat({ format, ...def }: SchemaDef): boolean {
  const { local, precision } = def as { readonly local?: boolean; readonly precision?: number | null };
  if (format === "datetime") return local !== true && precision !== -1;
  return format === "uuid" || format === "date";
}

/** May be called again for the same place, with what it wrote itself. */
function writeText({ zodSchema, jsonSchema }: Place, use: SchemaUse): void {
  const def = schemaDef(zodSchema);
  const checks = (def.checks ?? []).map((check) => check._zod.def as { readonly pattern?: RegExp });
  if (!isSameFormat(def)) delete jsonSchema.format;
  if (def.format === "url") jsonSchema.pattern ??= webAddress;
  // A pattern of JSON Schema has no flags.
  if ([def, ...checks].some(({ pattern }) => /[ims]/.test(pattern?.flags ?? ""))) {
    delete jsonSchema.pattern;
    delete jsonSchema.allOf;
  }
  if (def.format === "uuid" && use === "read") {
    // Producers from before had other ids.
    delete jsonSchema.format;
    delete jsonSchema.pattern;
    Object.assign(jsonSchema, { minLength: 1, maxLength: 255 });
  }
}

function writeObject({ zodSchema, jsonSchema }: Place, use: SchemaUse): void {
  const members = maxMembersOf(zodSchema);
  if (members !== null) jsonSchema.maxProperties = members;
  if (use === "read" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

/** The stand-in of a personal text, beside what the text itself may be. */
function standingIn(field: JsonObject): JsonObject {
  const { description, "x-brain-pii": mark, ...text } = field;
  const told = { ...(description === undefined ? {} : { description }), "x-brain-pii": mark ?? null };
  return {
    ...told,
    anyOf: [
      text,
      { type: "string", pattern: standInPattern, description: "In its place: sealed, or erased." },
    ],
  };
}

/** Null is for what older producers left out; a publisher gives the value. */
function withoutNull(field: JsonObject): JsonObject {
  const { anyOf, type, ...others } = field;
  if (Array.isArray(type)) return { ...field, type: type.filter((one) => one !== "null") };
  if (!Array.isArray(anyOf)) return field;
  const ways = anyOf.filter((way) => (way as JsonObject).type !== "null");
  const [only] = ways;
  return ways.length === 1 ? { ...others, ...(only as JsonObject) } : { ...others, anyOf: ways };
}

function writeFields(definition: EventDefinition, schema: JsonObject, use: SchemaUse): JsonObject {
  const { shape = {} } = schemaDef(definition.payload);
  const fields = Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonObject>>);
  const properties = fields.map(([name, field]): [string, JsonObject] => {
    const own = shape[name];
    const isPersonal = own !== undefined && personalOf(own) !== null;
    if (use === "read") return [name, isPersonal ? standingIn(field) : field];
    return [name, definition.nullOnlyInHistory.includes(name) ? withoutNull(field) : field];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

const isolateSchemas = new WeakMap<EventDefinition, Map<SchemaUse, JsonObject>>();

function written(definition: EventDefinition, use: SchemaUse): JsonObject {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(definition.payload, {
    unrepresentable: "any",
    io: use === "publish" ? "input" : "output",
    override(place) {
      const { type } = schemaDef(place.zodSchema);
      if (type === "string") writeText(place, use);
      if (type === "object" || type === "record") writeObject(place, use);
    },
  }) as JsonObject;
  return writeFields(definition, schema, use);
}

/** The payload of the current version, without address and title. It is the same value at each call: do not change it. */
export function payloadSchemaFor(definition: EventDefinition, use: SchemaUse): JsonObject {
  const known = isolateSchemas.get(definition) ?? new Map<SchemaUse, JsonObject>();
  const schema = known.get(use) ?? written(definition, use);
  known.set(use, schema);
  isolateSchemas.set(definition, known);
  return schema;
}
