/**
 * Values between JSON and Postgres' text format, as Neon's SQL over HTTP converts them.
 *
 * Source: https://neon.com/docs/serverless/serverless-driver and https://www.postgresql.org/docs/current/arrays.html
 */

/** One element of an array literal: `"…"` with quotes and backslashes escaped, or NULL. */
function arrayElement(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return arrayLiteral(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
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
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The elements of an array literal like `{1,NULL,"a b",{2}}`; `convert` gets the text of each element. */
function parseArrayLiteral(text: string, convert: (element: string) => unknown): unknown[] {
  // Arrays with other lower bounds than 1 start with them: [0:1]={1,2}
  let position = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const readQuoted = (): string => {
    let value = "";
    position++;
    while (text[position] !== '"') {
      if (text[position] === "\\") position++;
      value += text[position++];
    }
    position++;
    return value;
  };
  const readPlain = (): unknown => {
    const start = position;
    while (text[position] !== "," && text[position] !== "}") position++;
    const value = text.slice(start, position);
    return value === "NULL" ? null : convert(value);
  };
  const readArray = (): unknown[] => {
    const items: unknown[] = [];
    position++;
    while (text[position] !== "}") {
      if (text[position] === "{") items.push(readArray());
      else if (text[position] === '"') items.push(convert(readQuoted()));
      else items.push(readPlain());
      if (text[position] === ",") position++;
    }
    position++;
    return items;
  };
  return readArray();
}

const BOOL = 16;
const INT2 = 21;
const INT4 = 23;
const FLOAT4 = 700;
const FLOAT8 = 701;
const JSON_TEXT = 114;
const JSONB = 3802;

/** Array types whose elements are one of the types above; the rest stays text inside its array. */
const elementOfArray: Readonly<Record<number, number>> = {
  199: JSON_TEXT,
  1000: BOOL,
  1005: INT2,
  1007: INT4,
  1021: FLOAT4,
  1022: FLOAT8,
  3807: JSONB,
  1009: 25,
  1014: 1042,
  1015: 1043,
  1016: 20,
  1115: 1114,
  1182: 1082,
  1185: 1184,
  1231: 1700,
  2951: 2950,
};

/** The JSON value of a text that Postgres gave for a column of type `dataTypeId`. */
export function toJsonValue(text: string, dataTypeId: number): unknown {
  switch (dataTypeId) {
    case BOOL:
      return text === "t";
    case INT2:
    case INT4:
      return Number(text);
    case FLOAT4:
    case FLOAT8: {
      const value = Number(text);
      return Number.isFinite(value) ? value : text;
    }
    case JSON_TEXT:
    case JSONB:
      return JSON.parse(text);
    default: {
      const elementType = elementOfArray[dataTypeId];
      if (elementType === undefined) return text;
      return parseArrayLiteral(text, (element) => toJsonValue(element, elementType));
    }
  }
}
