import type * as z from "zod";
import { CharterError, type CharterIssue } from "./errors.ts";
import { isCardNumber, personHint, personRules } from "./person-rules.ts";
import { secretHint, secretRules } from "./secret-rules.ts";
import { findAll, type ValueRule } from "./value-rules.ts";

/**
 * Keeps personal data, secrets and provider ids out of events: an event is copied to every subscriber, the stream,
 * the audit log and the daily export, and cannot be taken back. Keys are checked once, when an event is defined;
 * values at each publish. Source: Event Charter v1.0, payload rules.
 */

type KeyRule = readonly [pattern: RegExp, reason: string];

const keyRules: readonly KeyRule[] = [
  [
    /(?:^|_)e?_?mails?(?:_address)?$|(?:^|_)phone(?:_|$)|(?:^|_)(?:first|last|full|sur|user|display|person)_?name$/,
    "personal data; carry the person's id instead",
  ],
  [
    /(?:^|_)(?:ip|ip_address|postal_address|street|zip_code|birth_?date|date_of_birth|ssn|iban)$|(?:^|_)address$/,
    "personal data; carry the person's id instead",
  ],
  [
    /(?:^|_)(?:passwords?|passwd|passphrase|secrets?|tokens?|api_?keys?|private_key|credentials?|authorization|cookies?|session_id)$/,
    "a secret; carry the id of the record that holds it",
  ],
  [
    /(?:^|_)(?:credit_card|card_number|cvv|cvc|pan)(?:_|$)/,
    "payment card data; it stays with the payment provider",
  ],
  [
    /^(?:stripe|paypal|braintree|adyen|klarna|coinbase)_|^provider_(?:.+_)?id$/,
    "a provider's id; carry our own id",
  ],
  [/(?:^|_)hash$/, "a hash may be of a secret; list it under contentHashes if it is one of public content"],
];

/** Why a payload key is refused, or null. Case and camelCase do not hide a key. */
export function forbiddenKeyReason(key: string): string | null {
  const name = asRead(key)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
  for (const [pattern, reason] of keyRules) if (pattern.test(name)) return reason;
  return null;
}

const valueRules: readonly ValueRule[] = [...secretRules, ...personRules];

const machineValue =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z)$/i;
const shortestFinding = 6;

/** Letters of plain Western text need no look; what is wider, narrower or invisible may be a disguise. */
const disguised = /[\u00a0\u00aa\u00ad\u00b2\u00b3\u00b9\u00ba\u0100-\uffff]/;

/**
 * The text as a reader sees it: full-width letters and other compatible forms as plain ones (NFKC), without format
 * characters (Cf, e.g. a zero-width space), all dashes alike.
 */
function asRead(text: string): string {
  if (!disguised.test(text)) return text;
  return text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/[\u2010-\u2015\u2212]/g, "-");
}

function mayHoldFinding(text: string): boolean {
  return text.length >= shortestFinding && (personHint.test(text) || secretHint.test(text));
}

/** What a text gives away ("an e-mail address"), or null. UUIDs, SHA-256 hex and timestamps pass. */
export function forbiddenValue(text: string): string | null {
  const read = asRead(text);
  if (!mayHoldFinding(read) || machineValue.test(text)) return null;
  let found: string | null = null;
  for (const rule of valueRules) {
    findAll(read, rule, () => {
      found = rule[1];
      return false;
    });
    if (found !== null) return found;
  }
  return null;
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
  const read = asRead(text);
  if (!mayHoldFinding(read)) return text;
  let result = read;
  for (const rule of valueRules) {
    const pieces: string[] = [];
    let rest = 0;
    findAll(result, rule, (from, to) => {
      pieces.push(result.slice(rest, from), "[redacted]");
      rest = to;
      return true;
    });
    if (pieces.length > 0) result = pieces.join("") + result.slice(rest);
  }
  return result === read ? text : result;
}

/** The parts of a zod schema that the walks need; zod types `def` per class, so the shape is named here once. */
export interface SchemaDef {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly (string | number | boolean | null)[];
  readonly checks?: readonly z.core.$ZodCheck[];
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly catchall?: z.core.$ZodType;
}

export function schemaDef(schema: z.core.$ZodType): SchemaDef {
  return schema._zod.def as unknown as SchemaDef;
}

function children(def: SchemaDef): readonly z.core.$ZodType[] {
  const single = [def.element, def.innerType, def.valueType].filter((child) => child !== undefined);
  return [...single, ...(def.options ?? [])];
}

/** True when the schema lets a number through, below optional, nullable, array and union. */
function acceptsNumber(schema: z.core.$ZodType): boolean {
  const def = schemaDef(schema);
  if (def.type === "number" || def.type === "int") return true;
  if (def.type === "object" || def.type === "record") return false;
  return children(def).some(acceptsNumber);
}

/**
 * Walks a payload schema once, when its event is defined.
 *
 * @param contentHashes keys ending in `hash` that are hashes of public content, so not secret
 * @returns every key the schema names, at any depth
 * @throws {CharterError} `forbidden_content` naming each refused key
 */
export function guardSchema(
  type: string,
  schema: z.core.$ZodType,
  contentHashes: readonly string[] = [],
): ReadonlySet<string> {
  const known = new Set<string>();
  const issues: CharterIssue[] = [];
  const visit = (current: z.core.$ZodType, path: string): void => {
    const def = schemaDef(current);
    for (const [key, child] of Object.entries(def.shape ?? {})) {
      const childPath = `${path}.${key}`;
      const reason = contentHashes.includes(key) ? null : forbiddenKeyReason(key);
      if (reason !== null) issues.push({ path: childPath, message: `the key names ${reason}` });
      if (/(?:^|_)ids?$/.test(key) && acceptsNumber(child)) {
        issues.push({ path: childPath, message: "an id must not be a number; carry the public id as text" });
      }
      known.add(key);
      visit(child, childPath);
    }
    for (const child of children(def)) visit(child, path);
  };
  visit(schema, "payload");
  if (issues.length > 0) {
    throw new CharterError(
      "forbidden_content",
      `The payload of "${type}" cannot be defined like this.`,
      issues,
    );
  }
  return known;
}
