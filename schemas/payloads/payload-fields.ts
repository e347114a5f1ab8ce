/** Reads the fields of an event's payload out of its zod schema, for the documentation and the catalogue. */

import * as z from "zod";
import type { EventDefinition } from "../define-event.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";

/** The parts of JSON Schema that zod writes for our payloads. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface PayloadField {
  /** Path from the payload, e.g. `seo.meta_title`, `violations[].code`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  /** Limits in words; empty when there are none. */
  readonly limits: string;
  /** What its author said of it with `.describe(…)`; empty when nothing. */
  readonly meaning: string;
}

/** A field's type in words and in JSON: what the tables and the JSON shape of a payload are made of. */
interface Described {
  readonly type: string;
  readonly limits: string;
}

const formats: Readonly<Record<string, string>> = {
  uuid: "uuid",
  "date-time": "ISO-8601 time with offset",
  uri: "url",
};

/** Patterns that have a name of their own; the others are shown as they are. */
const namedPatterns: Readonly<Record<string, string>> = {
  "^\\P{Cc}+$": "no control characters",
  "^[a-z0-9]+(?:-[a-z0-9]+)*$": "lower-case words joined by hyphens",
  "^[0-9a-f]{64}$": "SHA-256 as lower-case hex",
  "^[a-z]{2}(?:-[A-Z]{2})?$": "language, such as `de` or `de-AT`",
};

function schemaOf(definition: EventDefinition): Schema {
  return payloadSchema(definition) as Schema;
}

/** The payload as JSON Schema (draft 2020-12), with what each field means; personal ones have `x-brain-pii`. */
export function payloadSchema(definition: EventDefinition): JsonObject {
  return z.toJSONSchema(definition.payload, { unrepresentable: "any" }) as JsonObject;
}

/** `1–10`, `≥ 1`, `≤ 10`; null without limits. Numbers at the end of the safe range are no limit. */
function range(min: number | undefined, max: number | undefined): string | null {
  const least = min === undefined || min <= Number.MIN_SAFE_INTEGER ? undefined : min;
  const most = max === undefined || max >= Number.MAX_SAFE_INTEGER ? undefined : max;
  if (least !== undefined && most !== undefined) return least === most ? `${least}` : `${least}–${most}`;
  if (least !== undefined) return `≥ ${least}`;
  return most === undefined ? null : `≤ ${most}`;
}

function counted(min: number | undefined, max: number | undefined, unit: string): string | null {
  const limits = range(min, max);
  return limits === null ? null : `${limits} ${unit}`;
}

function patternLimit({ pattern, format }: Schema): string | null {
  if (pattern === undefined || format !== undefined) return null;
  return namedPatterns[pattern] ?? `matches \`${pattern}\``;
}

function joined(parts: readonly (string | null | undefined)[]): string {
  return [...new Set(parts.filter((part) => part))].join("; ");
}

function describe(schema: Schema): Described {
  if (schema.anyOf !== undefined) {
    const branches = schema.anyOf.map(describe);
    return {
      type: [...new Set(branches.map(({ type }) => type))].join(" or "),
      limits: joined(branches.map(({ limits }) => limits)),
    };
  }
  if (schema.const !== undefined) {
    return { type: schema.const === "" ? "empty text" : JSON.stringify(schema.const), limits: "" };
  }
  if (schema.enum !== undefined) {
    return {
      type: "text",
      limits: `one of ${schema.enum.map((value) => `\`${String(value)}\``).join(", ")}`,
    };
  }
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any JSON"]);
  const branches = types.map((type) => describeType(type, schema));
  return {
    type: branches.map(({ type }) => type).join(" or "),
    limits: joined(branches.map(({ limits }) => limits)),
  };
}

function describeType(type: string, schema: Schema): Described {
  switch (type) {
    case "string": {
      // How long a time may be says nothing to anybody: the format does.
      const most = schema.format === "date-time" ? undefined : schema.maxLength;
      const size = counted(schema.minLength, most, "characters");
      return {
        type: (schema.format && formats[schema.format]) ?? schema.format ?? "text",
        limits: joined([size, patternLimit(schema)]),
      };
    }
    case "integer":
    case "number":
      return { type, limits: range(schema.minimum, schema.maximum) ?? "" };
    case "array": {
      if (schema.maxItems === 0) return { type: "empty list", limits: "" };
      const item = describe(schema.items ?? {});
      const each = item.limits === "" ? null : `each: ${item.limits}`;
      return {
        type: `list of ${item.type}`,
        limits: joined([counted(schema.minItems, schema.maxItems, "items"), each]),
      };
    }
    case "object":
      return { type: schema.properties === undefined ? "open object" : "object", limits: "" };
    default:
      return { type, limits: "" };
  }
}

/** The objects whose fields are listed below `path`: the schema itself, what a list or record holds, each way of a union. */
function nestedObjects(schema: Schema, path: string): readonly { schema: Schema; path: string }[] {
  const others = schema.additionalProperties;
  return [
    ...(schema.properties === undefined ? [] : [{ schema, path }]),
    ...(schema.items === undefined || schema.maxItems === 0 ? [] : nestedObjects(schema.items, `${path}[]`)),
    ...(schema.prefixItems ?? []).flatMap((item, index) => nestedObjects(item, `${path}.${index}`)),
    ...(typeof others === "object" ? nestedObjects(others, `${path}{}`) : []),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((branch) => nestedObjects(branch, path)),
  ];
}

function collect(schema: Schema, prefix: string, fields: PayloadField[]): void {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    fields.push({
      path,
      ...describe(field),
      required: schema.required?.includes(name) ?? false,
      meaning: field.description?.trim() ?? "",
    });
    for (const nested of nestedObjects(field, path)) collect(nested.schema, nested.path, fields);
  }
}

/** All fields of a payload, in the order of the schema, nested ones behind their object. */
export function payloadFields(definition: EventDefinition): readonly PayloadField[] {
  const fields: PayloadField[] = [];
  collect(schemaOf(definition), "", fields);
  return fields;
}

function shape(schema: Schema): unknown {
  if (schema.properties !== undefined) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => {
        const value = shape(field);
        const optional = !schema.required?.includes(name);
        return [name, optional && typeof value === "string" ? `${value} (optional)` : value];
      }),
    );
  }
  if (schema.items !== undefined && schema.maxItems !== 0) return [shape(schema.items)];
  const branches = schema.anyOf?.filter(({ type }) => type !== "null") ?? [];
  if (branches.length === 1 && branches[0]?.properties !== undefined) return shape(branches[0]);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum.join(" | ");
  return describe(schema).type;
}

function skeleton(schema: Schema, text: string): JsonValue {
  if (schema.properties !== undefined) {
    const required = Object.entries(schema.properties).filter(([name]) => schema.required?.includes(name));
    return Object.fromEntries(required.map(([name, field]) => [name, skeleton(field, text)]));
  }
  const [way] = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(({ type }) => type !== "null");
  if (way !== undefined) return skeleton(way, text);
  if (schema.const !== undefined) return schema.const as JsonValue;
  const [type] = [schema.type].flat();
  if (type === "array")
    return schema.items === undefined || schema.maxItems === 0 ? [] : [skeleton(schema.items, text)];
  return type === "object" && schema.additionalProperties !== undefined ? {} : text;
}

/** The required fields of a payload, with `text` where a value belongs. */
export function payloadSkeleton(definition: EventDefinition, text: string): JsonObject {
  return skeleton(schemaOf(definition), text) as JsonObject;
}

/** The payload as JSON with a type in each field's place. */
export function payloadShape(definition: EventDefinition): string {
  return JSON.stringify(shape(schemaOf(definition)), null, 2);
}

function marked(schema: Schema, path: string): JsonValue {
  const under = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (schema.properties !== undefined) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [name, marked(field, under(name))]),
    );
  }
  const [way] = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(({ type }) => type !== "null");
  return way === undefined ? path : marked(way, path);
}

/** Which fields make the ordering key, as their paths where their values would stand; null: events have no order. */
export function keyFields(definition: EventDefinition): string | null {
  return definition.keyOf(marked(schemaOf(definition), ""));
}
