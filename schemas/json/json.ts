/** Plain JSON data, and the checks that JSON.parse and TypeScript leave open. */

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export type JsonObject = { [key: string]: JsonValue };

/** Nesting beyond this is refused: JSON.stringify and Postgres both recurse. */
export const maxJsonDepth = 64;

/** Why a value is not storable JSON. */
export type JsonFault = "non_finite_number" | "unstorable_text" | "too_deep" | "not_json";

/** True for `{…}` made by a literal or by JSON.parse; false for arrays, null, dates and class instances. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** JSON.parse output is JSON by construction, so an object check is enough to narrow it. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isPlainObject(value);
}

const lineControls = new Set(["\t", "\n", "\r"]);
// Cc: control characters, Cs: a surrogate without its other half.
const unstorableCharacter = /[^\P{Cc}\t\n\r]|\p{Cs}/u;

/**
 * True when the text holds NUL or half a surrogate pair: Postgres refuses both in `text` and `jsonb`
 * (PostgreSQL manual, JSON types), so such text could not even be recorded as a dead letter.
 */
export function isUnstorable(text: string): boolean {
  return text.includes("\0") || !text.isWellFormed();
}

/** Stricter than {@link isUnstorable}, for what we write: no control character except tab and line ends. */
export function hasControlCharacters(text: string, allowLines: boolean): boolean {
  if (unstorableCharacter.test(text)) return true;
  if (allowLines) return false;
  for (const control of lineControls) if (text.includes(control)) return true;
  return false;
}

/** The first fault of a value that came from JSON.parse, or null. Bounded by {@link maxJsonDepth}; never throws. */
export function findJsonFault(value: unknown, depth = 0): JsonFault | null {
  if (typeof value === "string") return isUnstorable(value) ? "unstorable_text" : null;
  if (typeof value === "number") return Number.isFinite(value) ? null : "non_finite_number";
  if (value === null || typeof value === "boolean") return null;
  if (typeof value !== "object") return "not_json";
  if (depth >= maxJsonDepth) return "too_deep";
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = findJsonFault(item, depth + 1);
      if (fault !== null) return fault;
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    if (isUnstorable(key)) return "unstorable_text";
    const fault = findJsonFault((value as Record<string, unknown>)[key], depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** One without an end reaches to the end of the text, so that no search begins again within it. */
const jsonString = /"(?:[^"\\]|\\[\s\S])*(?:"|$)/g;
const nonFiniteToken = /\b(?:NaN|Infinity)\b/;

/** True when text that JSON.parse refused holds `NaN` or `Infinity` outside its strings, as Python's json writes them. */
export function hasNonFiniteToken(text: string): boolean {
  return nonFiniteToken.test(text.replace(jsonString, '""'));
}
