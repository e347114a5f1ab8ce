/**
 * Values between JSON and Postgres' text format, as Neon's SQL over HTTP converts them. Results become JSON text and no
 * values: numbers keep all their digits, and JSON is not read again.
 *
 * Source: https://neon.com/docs/serverless/serverless-driver and https://www.postgresql.org/docs/current/arrays.html
 */

import { numberText } from "../requests/source-json.ts";

/** One element of an array literal: `"…"` with quotes and backslashes escaped, or NULL. */
function arrayElement(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return arrayLiteral(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : (numberText(value) ?? JSON.stringify(value));
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function arrayLiteral(values: readonly unknown[]): string {
  return `{${values.map(arrayElement).join(",")}}`;
}

/** A parameter in Postgres' text format, null for NULL. Arrays become array literals, objects JSON. */
export function toParameter(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return arrayLiteral(value);
  return typeof value === "object" ? (numberText(value) ?? JSON.stringify(value)) : String(value);
}

/** What an array type holds, and what stands between its elements: a comma, but for `box`. */
export interface ArrayType {
  readonly element: number;
  readonly delimiter: string;
}

/** Null for a type that is no array. */
export type ArrayTypeOf = (dataTypeId: number) => ArrayType | null;

const BOOL = 16;
const INT2 = 21;
const INT4 = 23;
const FLOAT4 = 700;
const FLOAT8 = 701;
const JSON_TEXT = 114;
const JSONB = 3802;
const scalars: ReadonlySet<number> = new Set([
  BOOL,
  INT2,
  INT4,
  FLOAT4,
  FLOAT8,
  JSON_TEXT,
  JSONB,
  // bytea, char, name, int8, text, oid, varchar, date, time, timestamp, timestamptz, numeric, uuid, void, unknown
  17,
  18,
  19,
  20,
  25,
  26,
  1043,
  1082,
  1083,
  1114,
  1184,
  1700,
  2950,
  2278,
  705,
]);

/** Whether it takes a look into the catalog to know if the type is an array. */
export function mayBeArray(dataTypeId: number): boolean {
  return !scalars.has(dataTypeId);
}

/** The array literal like `{1,NULL,"a b",{2}}` as JSON text; `convert` gets the text of each element. */
function arrayToJson(text: string, delimiter: string, convert: (element: string) => string): string {
  // Arrays with other lower bounds than 1 start with them: [0:1]={1,2}
  let position = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const readQuoted = (): string => {
    let value = "";
    position++;
    while (position < text.length && text[position] !== '"') {
      if (text[position] === "\\") position++;
      value += text[position++] ?? "";
    }
    position++;
    return value;
  };
  const readPlain = (): string => {
    const start = position;
    while (position < text.length && text[position] !== delimiter && text[position] !== "}") position++;
    const value = text.slice(start, position);
    return value === "NULL" ? "null" : convert(value);
  };
  const readArray = (): string => {
    const items: string[] = [];
    position++;
    while (position < text.length && text[position] !== "}") {
      if (text[position] === "{") items.push(readArray());
      else if (text[position] === '"') items.push(convert(readQuoted()));
      else items.push(readPlain());
      if (text[position] === delimiter) position++;
    }
    position++;
    return `[${items.join(",")}]`;
  };
  return readArray();
}

/** The JSON text of a value that Postgres gave as `text` for a column of type `dataTypeId`. */
export function toJsonText(text: string, dataTypeId: number, arrayTypeOf: ArrayTypeOf): string {
  switch (dataTypeId) {
    case BOOL:
      return text === "t" ? "true" : "false";
    case INT2:
    case INT4:
    case JSON_TEXT:
    case JSONB:
      return text;
    case FLOAT4:
    case FLOAT8:
      // Every finite number of Postgres is one of JSON as it stands; NaN and the infinities are texts.
      return Number.isFinite(Number(text)) ? text : JSON.stringify(text);
    default: {
      const array = mayBeArray(dataTypeId) ? arrayTypeOf(dataTypeId) : null;
      if (array === null) return JSON.stringify(text);
      return arrayToJson(text, array.delimiter, (item) => toJsonText(item, array.element, arrayTypeOf));
    }
  }
}
