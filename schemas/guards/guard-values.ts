import { type CharterIssue, describeReceived } from "../errors.ts";
import { hasControlCharacters, isPlainObject, maxJsonDepth } from "../json/json.ts";
import { forbiddenKeyReason } from "./key-rules.ts";
import { forbiddenNumber, forbiddenValue, holdsSecret } from "./pii.ts";

/** What {@link guardValues} found: data that is no JSON, and data that must not be in an event. */
export interface GuardFindings {
  readonly invalid: CharterIssue[];
  readonly forbidden: CharterIssue[];
  /** True when a property is `undefined`; JSON would leave it out. */
  hasUndefined: boolean;
}

const notStorable = "control characters and halves of surrogate pairs cannot be stored; remove them";
const noKeys: ReadonlySet<string> = new Set();

function guardText(text: string, path: string, findings: GuardFindings): void {
  if (hasControlCharacters(text, true)) {
    findings.invalid.push({
      path,
      message: notStorable,
    });
  }
  const what = forbiddenValue(text);
  if (what !== null) {
    findings.forbidden.push({
      path,
      message: `the text holds ${what}; remove it or carry our own id instead`,
    });
  }
}

function guardObject(
  value: Record<string, unknown>,
  path: string,
  known: ReadonlySet<string>,
  findings: GuardFindings,
  depth: number,
  field: string | null,
): void {
  for (const key of Object.keys(value)) {
    const item = value[key];
    // A key that the schema does not name is data like a value: it may hold a secret, which no path may repeat.
    const ownFinding = known.has(key) ? null : forbiddenValue(key);
    const shownKey = ownFinding === null ? key : "[redacted]";
    const childPath = path === "" ? shownKey : `${path}.${shownKey}`;
    if (ownFinding !== null) {
      findings.forbidden.push({
        path,
        message: `a key holds ${ownFinding}; use plain names, and carry our own id instead`,
      });
    }
    if (item === undefined) {
      findings.hasUndefined = true;
      continue;
    }
    if (!known.has(key)) {
      const reason = forbiddenKeyReason(key, field);
      if (reason !== null) findings.forbidden.push({ path: childPath, message: `the key names ${reason}` });
      if (/_id$/.test(key) && typeof item === "number") {
        findings.forbidden.push({
          path: childPath,
          message: "an id must not be a number; carry the public id as text",
        });
      }
      if (key === "__proto__" || hasControlCharacters(key, false)) {
        findings.invalid.push({ path, message: "a key is not allowed; use plain snake_case names" });
      }
    }
    visit(item, childPath, known, findings, depth + 1, key);
  }
}

function visit(
  value: unknown,
  path: string,
  known: ReadonlySet<string>,
  findings: GuardFindings,
  depth: number,
  field: string | null,
): void {
  if (typeof value === "string") {
    guardText(value, path, findings);
    return;
  }
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) {
      findings.invalid.push({
        path,
        message: "expected a finite number; JSON has no other",
        received: String(value),
      });
    }
    const what = forbiddenNumber(value);
    if (what !== null) {
      findings.forbidden.push({
        path,
        message: `the number is ${what}; remove it or carry our own id instead`,
      });
    }
    return;
  }
  if (depth >= maxJsonDepth) {
    findings.invalid.push({
      path,
      message: `nested deeper than ${maxJsonDepth} levels; flatten it or carry an id`,
    });
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      visit(item, `${path}.${index}`, known, findings, depth + 1, field);
  } else if (isPlainObject(value)) {
    guardObject(value, path, known, findings, depth, field);
  } else {
    findings.invalid.push({
      path,
      message: "expected JSON data; convert dates to ISO text and other objects to plain ones",
      received: describeReceived(value),
    });
  }
}

/**
 * Walks data that is about to be published. `known` are the keys that the schema already vouched for, so that only
 * keys inside open objects are looked at.
 */
export function guardValues(
  value: unknown,
  path: string,
  known: ReadonlySet<string> = noKeys,
): GuardFindings {
  const findings: GuardFindings = { invalid: [], forbidden: [], hasUndefined: false };
  visit(value, path, known, findings, 0, null);
  return findings;
}

/**
 * The same for a payload of which some fields will be sealed: what they hold may be about a person, and must be no
 * secret.
 */
export function guardSealed(
  payload: unknown,
  path: string,
  known: ReadonlySet<string>,
  sealed: ReadonlySet<string>,
): GuardFindings {
  if (sealed.size === 0 || !isPlainObject(payload)) return guardValues(payload, path, known);
  const rest = Object.fromEntries(Object.entries(payload).filter(([key]) => !sealed.has(key)));
  const findings = guardValues(rest, path, known);
  for (const key of sealed) {
    const text = payload[key];
    if (typeof text !== "string") continue;
    const place = `${path}.${key}`;
    if (hasControlCharacters(text, true)) findings.invalid.push({ path: place, message: notStorable });
    if (holdsSecret(text))
      findings.forbidden.push({ path: place, message: "the text holds a secret; remove it" });
  }
  return findings;
}
