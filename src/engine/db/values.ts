import { hexOf } from "../core/encoding/hex.ts";

/*
 * Values between Postgres' text format and JavaScript, as the driver's connections have them: numbers up to eight bytes of
 * floating point are numbers, JSON is its value, arrays are arrays. Longer numbers, times and all else stay text. Bytes are
 * a Uint8Array.
 */

/** A value in Postgres' text format; null for NULL. */
export function toText(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return toArrayText(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${hexOf(value)}`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function toArrayText(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (Array.isArray(value)) return toArrayText(value);
    const text = toText(value);
    return text === null ? "NULL" : `"${text.replace(/["\\]/g, "\\$&")}"`;
  });
  return `{${elements.join(",")}}`;
}

export type ReadText = (text: string) => unknown;

const asText: ReadText = (text) => text;
const asBoolean: ReadText = (text) => text === "t";
const asJson: ReadText = (text) => JSON.parse(text);
const asBytes: ReadText = (text) =>
  Uint8Array.from(text.slice(2).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/**
 * Readers by the object id of a type; of an enumeration or a domain, whose ids are a database's own, the text is the value.
 *
 * @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
 */
const readers: ReadonlyMap<number, ReadText> = new Map<number, ReadText>([
  [16, asBoolean],
  [17, asBytes],
  // int2, int4, oid, float4, float8
  ...[21, 23, 26, 700, 701].map((type) => [type, Number] as const),
  [114, asJson],
  [3802, asJson],
  ...[
    // bool
    [1000, asBoolean] as const,
    // int2, int4, oid, float4, float8
    ...[1005, 1007, 1028, 1021, 1022].map((type) => [type, Number] as const),
    // json, jsonb
    [199, asJson] as const,
    [3807, asJson] as const,
    // text, bpchar, varchar, int8, uuid; inet, cidr, macaddr; time, timetz, money
    ...[1009, 1014, 1015, 1016, 2951, 1041, 651, 1040, 1183, 1270, 791].map(
      (type) => [type, asText] as const,
    ),
  ].map(([type, read]) => [type, (text: string) => readArray(text, read)] as const),
]);

/** How values of a type are read. */
export function readerOf(type: number): ReadText {
  return readers.get(type) ?? asText;
}

/** Elements are separated by commas; one in quotes has a backslash before quotes and backslashes; NULL is one without. */
function readArray(text: string, read: ReadText): unknown[] {
  const top: unknown[] = [];
  const open: unknown[][] = [];
  let current = top;
  // Bounds that do not begin at 1 stand before: [0:1]={a,b}
  for (let at = text.indexOf("{"); at < text.length; at += 1) {
    const sign = text[at];
    if (sign === "{") {
      const inner: unknown[] = open.length === 0 ? top : [];
      if (open.length > 0) current.push(inner);
      open.push(inner);
      current = inner;
    } else if (sign === "}") {
      open.pop();
      current = open.at(-1) ?? top;
    } else if (sign === '"') {
      const { element, end } = readQuoted(text, at + 1);
      current.push(read(element));
      at = end;
    } else if (sign !== ",") {
      let end = at;
      while (end < text.length && text[end] !== "," && text[end] !== "}") end += 1;
      const element = text.slice(at, end);
      current.push(element === "NULL" ? null : read(element));
      at = end - 1;
    }
  }
  return top;
}

/** @returns the element without its backslashes, and the place of the quote that ends it */
function readQuoted(text: string, from: number): { readonly element: string; readonly end: number } {
  let element = "";
  let at = from;
  for (; at < text.length && text[at] !== '"'; at += 1) {
    if (text[at] === "\\") at += 1;
    element += text[at] ?? "";
  }
  return { element, end: at };
}
