import type { JsonObject, JsonValue } from "../json/json.ts";
import type { ForbiddenKind } from "./key-rules.ts";
import { isCardNumber, personHint, personRules } from "./person-rules.ts";
import { providerId, secretHint, secretRules } from "./secret-rules.ts";
import { asRead, findAll, type ValueRule } from "./value-rules.ts";

/**
 * Keeps personal data, secrets and provider ids out of events: an event is copied to every subscriber, the stream,
 * the audit log and the daily export, and cannot be taken back. Keys are checked once, when an event is defined;
 * values at each publish. Source: Event Charter v1.0, payload rules.
 */

const valueRules: readonly ValueRule[] = [...secretRules, ...personRules];

const machineValue =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z)$/i;
const shortestFinding = 6;

function mayHoldFinding(text: string): boolean {
  return text.length >= shortestFinding && (personHint.test(text) || secretHint.test(text));
}

/** What a text gives away ("an e-mail address"), or null. UUIDs, SHA-256 hex and timestamps pass. */
export function forbiddenValue(text: string): string | null {
  return ruleBrokenBy(text)?.[1] ?? null;
}

/** The same with its kind. */
export function forbiddenText(text: string): { readonly kind: ForbiddenKind; readonly what: string } | null {
  const rule = ruleBrokenBy(text);
  if (rule === null) return null;
  const kind = rule[1] === providerId ? "provider" : secretRules.includes(rule) ? "secret" : "person";
  return { kind, what: rule[1] };
}

function ruleBrokenBy(text: string): ValueRule | null {
  const read = asRead(text);
  if (read.length < shortestFinding || machineValue.test(text)) return null;
  const secret = secretHint.test(read) ? brokenRuleOf(secretRules, read) : null;
  return secret ?? (personHint.test(read) ? brokenRuleOf(personRules, read) : null);
}

function brokenRuleOf(rules: readonly ValueRule[], read: string): ValueRule | null {
  for (const rule of rules) {
    let isBroken = false;
    findAll(read, rule, () => {
      isBroken = true;
      return false;
    });
    if (isBroken) return rule;
  }
  return null;
}

/** True for a text with something in it that looks like a secret: a key, a password, a token. */
export function holdsSecret(text: string): boolean {
  const read = asRead(text);
  return read.length >= shortestFinding && secretHint.test(read) && brokenRuleOf(secretRules, read) !== null;
}

/** What a number gives away when it is read as text, or null: cards are written without spaces, too. */
export function forbiddenNumber(value: number): string | null {
  return value >= 1e12 && isCardNumber(String(value)) ? "a payment card number" : null;
}

/**
 * The same text with everything that an event must not hold replaced by `[redacted]`; for error messages. A text that hid
 * something behind unusual characters comes back in plain ones.
 */
export function redactText(text: string): string {
  return replaceForbidden(text, () => "[redacted]");
}

/**
 * The same, with something else in its place.
 *
 * @param instead of what was found, and what it is, e.g. "an e-mail address"
 */
export function replaceForbidden(text: string, instead: (found: string, what: string) => string): string {
  const read = asRead(text);
  if (!mayHoldFinding(read)) return text;
  let result = read;
  for (const rule of valueRules) {
    const pieces: string[] = [];
    let rest = 0;
    findAll(result, rule, (from, to) => {
      pieces.push(result.slice(rest, from), instead(result.slice(from, to), rule[1]));
      rest = to;
      return true;
    });
    if (pieces.length > 0) result = pieces.join("") + result.slice(rest);
  }
  return result === read ? text : result;
}

/**
 * The same of all texts in data, at any depth. Keys stay as they are.
 *
 * @param keeps what is left out is what it says no to, by its key. Left out: everything is kept
 */
export function redactJson(values: JsonObject, keeps: (key: string) => boolean = () => true): JsonObject {
  const redacted = (value: JsonValue): JsonValue => {
    if (typeof value === "string") return redactText(value);
    if (Array.isArray(value)) return value.map(redacted);
    return typeof value === "object" && value !== null ? redactJson(value, keeps) : value;
  };
  return Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => keeps(key))
      .map(([key, value]) => [key, redacted(value)]),
  );
}
