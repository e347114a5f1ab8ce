import { forbiddenValue } from "../guards/pii.ts";
import { isUnstorable, type JsonValue, maxJsonDepth } from "./json.ts";

/*
 * JSON text from outside. JSON.parse keeps the last of two equal keys, rounds large numbers and makes members of
 * `__proto__` that vanish when the object is copied; all of it without a word. Here it is told instead. The parsers on
 * npm tell a part of it each (poisoned keys, or numbers, or duplicates) and are slower than JSON.parse; this one lets
 * JSON.parse make the value and looks over the text once.
 */

/** Why JSON text is not what its reader would make of it. */
export type JsonTextReason =
  | "invalid_json"
  | "too_deep"
  | "duplicate_key"
  | "forbidden_key"
  | "unsafe_number"
  | "unstorable_text";

export interface JsonTextFault {
  readonly reason: JsonTextReason;
  /** Dotted (`payload.items.0.id`); the empty path is the whole text. */
  readonly path: string;
  /** What is wrong and what to do; holds nothing of the text. */
  readonly message: string;
}

export type ReadJson =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly faults: readonly [JsonTextFault, ...JsonTextFault[]] };

/** Containers in containers that a text may have: what stands around data has room beside the data's own depth. */
export const maxTextDepth = maxJsonDepth + 8;

const maxFaults = 20;

const quote = 0x22;
const backslash = 0x5c;

const messages = {
  too_deep: `nested deeper than ${maxTextDepth} levels; flatten it`,
  duplicate_key: "the key stands more than once in its object; send it once",
  forbidden_key: "a member of this name changes an object instead of being kept; rename it",
  unsafe_number: "the number would change when it is read as a double; send it as a string",
  unstorable_text: "NUL and halves of surrogate pairs cannot be stored; remove them",
} as const;

/** The value of JSON text, or up to twenty faults, in their order. Never throws. */
export function readJson(text: string): ReadJson {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, faults: [notJson(text, error)] };
  }
  const [first, ...rest] = findTextFaults(text, value, { integers: "exact" });
  return first === undefined ? { ok: true, value } : { ok: false, faults: [first, ...rest] };
}

/** V8 tells the place; it may quote the text too, which is not repeated here. */
function notJson(text: string, error: unknown): JsonTextFault {
  if (text.trim() === "") return { reason: "invalid_json", path: "", message: "the text is empty" };
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
  const place =
    position === undefined ? "it ends too early or has something foreign" : `see character ${position}`;
  return { reason: "invalid_json", path: "", message: `the text is not JSON: ${place}` };
}

export interface ScanOptions {
  /**
   * `exact`: whole numbers beyond 2^53 - 1 are faults, also the few that a double can hold, so that ids do not pass or
   * fail by chance. `lossy`: only numbers that really change.
   */
  readonly integers: "exact" | "lossy";
}

interface Frame {
  isArray: boolean;
  readonly keys: Set<string>;
  key: string;
  index: number;
}

// Escapes that may stand for what Postgres cannot hold.
const suspiciousEscape = /\\u(?:0000|[dD][89a-fA-F])/;

/**
 * The faults of text that JSON.parse took.
 *
 * @param value what JSON.parse made of it
 */
export function findTextFaults(text: string, value: JsonValue, options: ScanOptions): JsonTextFault[] {
  return isToldBy(text, value) ? [] : scanJson(text, options);
}

/** What may be a fault, or hide one: an escape can stand for any letter of a name. */
const suspicious = /\\u|__proto__|"prototype"/;

/**
 * True for nearly all texts: no look at each of their keys is needed. A key that stands twice leaves the value with fewer
 * than the text has.
 */
function isToldBy(text: string, value: JsonValue): boolean {
  if (suspicious.test(text) || !text.isWellFormed()) return false;
  const keys = countKeysOf(text);
  return keys !== null && keys === countKeys(value);
}

/** Keys in all objects of a text; null: it is too deep, or has a number that a double may not hold. */
function countKeysOf(text: string): number | null {
  let keys = 0;
  let depth = 0;
  let digits = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at) + 1;
      digits = 0;
      continue;
    }
    at += 1;
    if (code === 0x3a) keys += 1;
    else if (code >= 0x30 && code <= 0x39) {
      digits += 1;
      if (digits > safeDigits) return null;
    } else if (code === 0x2c) digits = 0;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > maxTextDepth) return null;
      digits = 0;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
    // An exponent; behind no digit it is a letter of `true` or `false`.
    else if ((code === 0x65 || code === 0x45) && digits > 0) return null;
  }
  return keys;
}

function countKeys(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countKeys(item), 0);
  let keys = 0;
  for (const key of Object.keys(value)) keys += 1 + countKeys(value[key] ?? null);
  return keys;
}

/** Linear in the length of the text, and not recursive. */
function scanJson(text: string, options: ScanOptions): JsonTextFault[] {
  const faults: JsonTextFault[] = [];
  const frames: Frame[] = [];
  const looksAtText = suspiciousEscape.test(text) || !text.isWellFormed();
  let depth = 0;
  let frame: Frame | undefined;
  let isKey = false;
  const fault = (reason: keyof typeof messages, upTo = depth) =>
    faults.push({ reason, path: pathOf(frames, upTo), message: messages[reason] });
  for (let at = 0; at < text.length && faults.length < maxFaults; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      if (isKey && frame !== undefined) {
        isKey = false;
        frame.key = stringAt(text, at, end);
        const reason = keyFault(frame, frames[depth - 2]);
        if (reason !== null) fault(reason);
        else if (looksAtText && isUnstorable(frame.key)) fault("unstorable_text", depth - 1);
      } else if (looksAtText && isUnstorable(stringAt(text, at, end))) fault("unstorable_text");
      at = end + 1;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(text, at);
      if (changesNumber(text, at, end, options.integers)) fault("unsafe_number");
      at = end;
    } else {
      at += 1;
      if (code === 0x2c && frame !== undefined) {
        if (frame.isArray) frame.index += 1;
        else isKey = true;
      } else if (code === 0x7b || code === 0x5b) {
        if (depth >= maxTextDepth) {
          fault("too_deep");
          return faults;
        }
        frame = frameAt(frames, depth, code === 0x5b);
        depth += 1;
        isKey = code === 0x7b;
      } else if (code === 0x7d || code === 0x5d) {
        depth -= 1;
        frame = frames[depth - 1];
        isKey = false;
      }
    }
  }
  return faults;
}

/** Frames are used again, so that a text makes as many as it is deep. */
function frameAt(frames: Frame[], depth: number, isArray: boolean): Frame {
  const known = frames[depth];
  if (known === undefined) {
    const made = { isArray, keys: new Set<string>(), key: "", index: 0 };
    frames[depth] = made;
    return made;
  }
  known.isArray = isArray;
  if (known.keys.size > 0) known.keys.clear();
  known.index = 0;
  return known;
}

function keyFault(frame: Frame, parent: Frame | undefined): "duplicate_key" | "forbidden_key" | null {
  const { key, keys } = frame;
  const before = keys.size;
  keys.add(key);
  if (keys.size === before) return "duplicate_key";
  if (key === "__proto__") return "forbidden_key";
  const reachesPrototype = key === "prototype" && parent?.isArray === false && parent.key === "constructor";
  return reachesPrototype ? "forbidden_key" : null;
}

/** Index of the closing quote. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (text.charCodeAt(end - 1) === backslash && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** An odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === backslash) before -= 1;
  return (at - 1 - before) % 2 === 1;
}

function stringAt(text: string, start: number, end: number): string {
  const plain = text.slice(start + 1, end);
  return plain.includes("\\") ? JSON.parse(text.slice(start, end + 1)) : plain;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    const isPart =
      (code >= 0x30 && code <= 0x39) ||
      code === 0x2e ||
      code === 0x65 ||
      code === 0x45 ||
      code === 0x2b ||
      code === 0x2d;
    if (!isPart) break;
  }
  return end;
}

/** So many significant digits survive in any double. */
const safeDigits = 15;

function changesNumber(text: string, start: number, end: number, integers: ScanOptions["integers"]): boolean {
  // Without an exponent, a text this short has at most fifteen digits; "1e400" is the shortest that does not fit.
  if (end - start < 5) return false;
  const token = text.slice(start, end);
  if (token.length <= safeDigits && !/[eE]/.test(token)) return false;
  const value = Number(token);
  if (!Number.isFinite(value)) return true;
  const digits = significantDigits(token);
  if (value === 0) return digits !== "";
  if (!Number.isInteger(value)) return false;
  if (integers === "exact" && !Number.isSafeInteger(value) && /^-?\d+$/.test(token)) return true;
  return digits.length > safeDigits && digits !== significantDigits(String(value));
}

/** The digits of a number without sign, point, exponent and zeros at both ends; two that are equal have the same. */
function significantDigits(number: string): string {
  const [mantissa = ""] = number.split(/[eE]/);
  const digits = mantissa.replace(/[-.]/g, "");
  let first = 0;
  while (digits.charCodeAt(first) === 0x30) first += 1;
  let last = digits.length;
  while (last > first && digits.charCodeAt(last - 1) === 0x30) last -= 1;
  return digits.slice(first, last);
}

const longestPath = 200;

function pathOf(frames: readonly Frame[], depth: number): string {
  const path = frames
    .slice(0, depth)
    .map((frame) => (frame.isArray ? String(frame.index) : shownKey(frame.key)));
  const text = path.join(".");
  return text.length <= longestPath ? text : `${text.slice(0, longestPath)}…`;
}

/** A key may be long, or hold what must not be repeated. */
function shownKey(key: string): string {
  return /^[\w$@:/ -]{1,60}$/.test(key) && forbiddenValue(key) === null ? key : "(a key)";
}

/** The texts of an array's elements, each on one line; null when the text is no JSON array. Nothing is rewritten. */
export function elementTexts(text: string): string[] | null {
  try {
    if (!Array.isArray(JSON.parse(text))) return null;
  } catch {
    return null;
  }
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth === 1) start = at + 1;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
    const isEnd = depth === 0 && code === 0x5d;
    if ((code === 0x2c && depth === 1) || isEnd) {
      const element = text.slice(start, at).trim();
      if (element !== "") elements.push(element.replace(/[\r\n]+/g, " "));
      start = at + 1;
    }
  }
  return elements;
}
