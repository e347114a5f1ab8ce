import type * as z from "zod";
import { CharterError, type CharterIssue } from "./errors.ts";

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
  const name = key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
  for (const [pattern, reason] of keyRules) if (pattern.test(name)) return reason;
  return null;
}

type ValueRule = readonly [pattern: RegExp, what: string, confirm?: (match: string) => boolean];

/** Luhn check of ISO/IEC 7812-1, on the digits of `text`. */
function passesLuhn(text: string): boolean {
  let sum = 0;
  let double = false;
  for (let index = text.length - 1; index >= 0; index--) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) continue;
    const value = double ? digit * 2 : digit;
    sum += value > 9 ? value - 9 : value;
    double = !double;
  }
  return sum % 10 === 0;
}

// Visa, Mastercard, American Express, Discover, Diners; without the prefix a long number is only a number.
const cardPrefix =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}|3[068]\d{12})$/;

function isCardNumber(match: string): boolean {
  return cardPrefix.test(match.replace(/[ -]/g, "")) && passesLuhn(match);
}

/** Check digits of ISO 13616: the number, country moved to the end, letters as 10…35, is 1 modulo 97. */
function passesMod97(compact: string): boolean {
  if (compact.length < 15 || compact.length > 34) return false;
  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** The match may have run into a following word in capitals, so it is tried without its last groups too. */
function isIban(match: string): boolean {
  const groups = match.split(" ");
  return groups.some((_, index) => passesMod97(groups.slice(0, groups.length - index).join("")));
}

function isPhoneNumber(match: string): boolean {
  const digits = match.replace(/\D/g, "").length;
  return digits >= 8 && digits <= 15;
}

const hasDigit = (match: string): boolean => /\d/.test(match);

const valueRules: readonly ValueRule[] = [
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{1,64}:[^\s@/]{1,128}@/gi, "a URL with a password"],
  [/[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?![a-z])/gi, "an e-mail address"],
  [
    /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])/g,
    "an IBAN",
    isIban,
  ],
  [
    /(?<![\w-])(?:\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{13,19})(?![\w-])/g,
    "a payment card number",
    isCardNumber,
  ],
  [/(?<![\w.+])\+[1-9]\d{0,2}(?:[ ()/-]{0,2}\d{1,6}){2,6}(?![\w-])/g, "a phone number", isPhoneNumber],
  [/(?<![A-Za-z0-9_])(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{6,}/g, "an API key"],
  [/(?<![A-Za-z0-9_])(?:whsec_|ghp_|gho_|xox[abpr]-)[A-Za-z0-9-]{6,}|AKIA[0-9A-Z]{16}/g, "an API key"],
  [/(?<![A-Za-z0-9_])(?:(?:cus|pm)_\w{3,}|(?:pi|cs)_\w{6,})/g, "a payment provider's id", hasDigit],
  [
    /(?<![A-Za-z0-9_])(?:cus|pi|cs|ch|sub|pm)_(?:(?:test|live)_)?[A-Za-z0-9]{8,}/g,
    "a payment provider's id",
    hasDigit,
  ],
  [/\bbearer\s+[A-Za-z0-9._~+/-]{12,}/gi, "a bearer token"],
  [/\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/g, "a JSON Web Token"],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/g, "a private key"],
];

/** Cheap first look: text without any of these holds nothing that a rule could match. */
const suspicious =
  /@|\+[1-9]|\d{4}[ -]?\d{4}|[A-Z]{2}\d{2}|(?:cus|pi|cs|ch|sub|pm|sk|rk|pk|whsec|gh[po])_|xox|AKIA|eyJ|bearer|PRIVATE/i;
const machineValue =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z)$/i;
const shortestFinding = 6;

/** What a text gives away ("an e-mail address"), or null. UUIDs, SHA-256 hex and timestamps pass. */
export function forbiddenValue(text: string): string | null {
  if (text.length < shortestFinding || !suspicious.test(text) || machineValue.test(text)) return null;
  for (const [pattern, what, confirm] of valueRules) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      if (confirm === undefined || confirm(match[0])) return what;
    }
  }
  return null;
}

/** The same text with everything that an event must not hold replaced by `[redacted]`; for error messages. */
export function redactText(text: string): string {
  let result = text;
  for (const [pattern, , confirm] of valueRules) {
    result = result.replace(pattern, (match) =>
      confirm === undefined || confirm(match) ? "[redacted]" : match,
    );
  }
  return result;
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
