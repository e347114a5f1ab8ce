import { namesSecret, redactText } from "@brain/schemas";

/*
 * What a line of the log must not hold, found by its form (`redactText`) or by the name of its field. A net below the rule
 * that nobody logs it: a secret without a form, in a field with a harmless name, is not seen.
 */

const redacted = "[redacted]";

/** Of what stands in a field: deeper, or further behind, nothing is written. */
const maxDepth = 4;
const maxEntries = 100;
/** Of all the fields of a line together: what refers to itself has no end. */
const maxValues = 1_000;

interface Budget {
  values: number;
}

/** A text is cut here, characters: longer ones are no line for people. */
const maxLength = 16_384;
/**
 * Of a longer text this much more is looked at, and never shown. A secret that is cut at the end of what is looked at has
 * lost its form, so nobody knows it for one. Secrets before it move it forward, for `[redacted]` is shorter. The margin is
 * enough for a secret of up to half its length.
 */
const margin = 8_192;

export function redactLine(text: string): string {
  if (text.length <= maxLength) return redactText(text);
  const seen = redactText(text.slice(0, maxLength + margin));
  const shown = text.length <= maxLength + margin ? maxLength : Math.min(maxLength, seen.length - margin);
  return `${seen.slice(0, Math.max(0, shown))}…`;
}

/** The same fields with `[redacted]` where something is that nobody should read. */
export function redactFields<Fields extends object>(fields: Fields): Fields {
  return redactEntries(fields, 0, { values: maxValues }) as Fields;
}

function redactEntries(fields: object, depth: number, budget: Budget): object {
  const entries = Object.entries(fields);
  const shown = depth === 0 ? entries : entries.slice(0, maxEntries);
  return Object.fromEntries(
    shown.map(([name, value]) => [nameFacts(name).shown, redactValue(name, value, depth, budget)]),
  );
}

function redactValue(name: string, value: unknown, depth: number, budget: Budget): unknown {
  if (typeof value === "string") {
    if (nameFacts(name).isSecret && value !== "") return redacted;
    return isTraceId(name, value) ? value : redactLine(value);
  }
  // JSON has no form for it.
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (nameFacts(name).isSecret) return redacted;
  budget.values -= 1;
  if (depth >= maxDepth || budget.values < 0) return "[…]";
  // As JSON has it: a date is a text, and an error has no fields.
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return redactValue(name, asJson(value as { toJSON(): unknown }), depth + 1, budget);
  }
  if (Array.isArray(value))
    return value.slice(0, maxEntries).map((item) => redactValue("", item, depth + 1, budget));
  return redactEntries(value, depth + 1, budget);
}

/** A line is no reason to fail. */
function asJson(value: { toJSON(): unknown }): unknown {
  try {
    return value.toJSON();
  } catch {
    return "[…]";
  }
}

/** Random hexadecimal digits, which now and then look like the number of a card or of an account. */
function isTraceId(name: string, value: string): boolean {
  return /^(?:trace|span|parent_span)_id$/.test(name) && /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/.test(value);
}

/** A name is shown as far as this, characters. */
const maxNameLength = 200;

interface NameFacts {
  /** What stands in the field is nobody's to read. */
  readonly isSecret: boolean;
  /** Some count by an address, or by a token. */
  readonly shown: string;
}

/** Names of fields are few, and each is judged by many patterns. */
const isolateNames = new Map<string, NameFacts>();
const maxNames = 1_000;

function nameFacts(name: string): NameFacts {
  const known = isolateNames.get(name);
  if (known !== undefined) return known;
  if (isolateNames.size >= maxNames) isolateNames.clear();
  const start = name.slice(0, maxNameLength);
  const facts = {
    isSecret: name !== "" && namesSecret(start),
    shown: name.length <= maxNameLength ? redactText(name) : `${redactLine(name).slice(0, maxNameLength)}…`,
  };
  if (name.length <= maxNameLength) isolateNames.set(name, facts);
  return facts;
}
