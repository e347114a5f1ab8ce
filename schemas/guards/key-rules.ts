import { asRead } from "./value-rules.ts";

/**
 * Names of fields that must not stand in an event, because of what they hold. A key is judged by its words: `buyer_phone`
 * names a phone number and `customer_name` a person, `course_name` neither. Source: Event Charter v1.0, payload rules.
 */

/** What no event may hold: about a person, a secret, or the id that a provider gave. */
export type ForbiddenKind = "person" | "secret" | "provider";

type KeyRule = readonly [pattern: RegExp, reason: Reason];

interface Reason {
  readonly kind: ForbiddenKind;
  /** `the key names …` */
  readonly what: string;
}

/** Words for people. What is as often a program or a thing (agent, consumer, parent, reporter) is not among them. */
const person =
  "(?:customer|client|buyer|seller|purchaser|shopper|payer|payee|borrower|reader|user|member|owner|creator|author|holder|cardholder|person|human|individual|employee|colleague|student|pupil|learner|teacher|tutor|trainer|coach|instructor|lecturer|professor|speaker|attendee|participant|registrant|applicant|candidate|guest|visitor|patient|doctor|passenger|travell?er|contact|recipient|addressee|sender|requester|reviewer|approver|assignee|operator|signer|signatory|beneficiary|citizen|resident)";

const personal: Reason = { kind: "person", what: "personal data; carry the person's id instead" };
const secret: Reason = { kind: "secret", what: "a secret; carry the id of the record that holds it" };
const ending = "(?:_?\\d{1,2})?$";

const keyRules: readonly KeyRule[] = [
  // Of a person, also where the words run together: customer_name, buyerphone, owner_name_2, name_of_payer.
  [
    new RegExp(
      `(?:^|_)${person}s?_?(?:names?|e?_?mails?|(?:tele)?phones?|mobile|cell|tel|fax|address(?:es)?|street|zip|postcode|birth_?da(?:y|te)|dob)${ending}`,
    ),
    personal,
  ],
  [new RegExp(`(?:^|_)names?_of_(?:the_)?${person}s?$`), personal],
  [
    new RegExp(
      `(?:^|_)(?:first|last|full|sur|given|family|middle|maiden|birth|nick|real|display|login|billing|shipping)_?names?${ending}`,
    ),
    personal,
  ],
  [/(?:^|_)e?_?mails?(?:_address(?:es)?)?$/, personal],
  [
    /(?:^|_)(?:tele)?phones?(?:_(?!verified$|confirmed$)|$)|(?:^|_)(?:(?:tele)?phone|mobile|cell|fax|telefon|handy)_?(?:numbers?|nummer|no|nr)$|(?:^|_)(?:telefon|whatsapp|fax)$/,
    personal,
  ],
  [
    new RegExp(
      `(?:^|_)address(?:es)?(?:_?line)?${ending}|(?:^|_)(?:street|street_name|house_number|zip_?code|post(?:al)?_?code)$`,
    ),
    personal,
  ],
  [
    /(?:^|_)(?:ip|ip_addr|ipv[46]|birth_?da(?:y|te)|birth_?(?:year|place)|(?:date|year|place|country)_of_birth|born_on|dob|nationality|ssn|social_security(?:_number)?|passport(?:_(?:number|no))?|driv(?:er|ing)s?_licen[cs]e(?:_number)?|national_id|tax_id|iban|bank_account(?:_number)?)$/,
    personal,
  ],
  // The languages of the courses.
  [
    /(?:^|_)(?:vorname|nachname|familienname|geburtsdatum|anschrift|prenom|apellidos?|telefono|correo)$/,
    personal,
  ],
  [
    /(?:^|_)(?:passwords?|passwd|pwd|passphrase|secrets?|tokens?|otp|(?:api|access|signing|encryption|private)_?keys?|credentials?|authorization|cookies?|session_id)$/,
    secret,
  ],
  [
    /(?:^|_)(?:credit_?card|card_?number|cvv|cvc|pan)(?:_|$)/,
    { kind: "secret", what: "payment card data; it stays with the payment provider" },
  ],
  [
    /^(?:stripe|paypal|braintree|adyen|klarna|coinbase)_|^provider_(?:.+_)?id$/,
    { kind: "provider", what: "a provider's id; carry our own id" },
  ],
  [
    /(?:^|_)hash$/,
    {
      kind: "secret",
      what: "a hash may be of a secret; list it under contentHashes if it is one of public content",
    },
  ],
];

const lastWordIsPerson = new RegExp(`(?:^|_)(${person})s?$`);

/** The words of a key as one snake_case name: case, camelCase, accents, dots and odd letters do not hide any. */
function wordsOf(key: string): string {
  const read = asRead(key);
  const plain = /[^ -~]/.test(read) ? read.normalize("NFD").replace(/\p{M}/gu, "") : read;
  return plain
    .replace(/[a-z0-9](?=[A-Z])|[A-Z](?=[A-Z][a-z])/g, "$&_")
    .replace(/[^\p{L}\p{N}]/gu, "_")
    .replace(/(?<!_)_+$/, "")
    .toLowerCase();
}

/**
 * Why a payload key is refused, or null.
 *
 * @param parent the key of the object or list that it stands in: `name` is a person's in `customer`, not in `course`
 */
export function forbiddenKeyReason(key: string, parent: string | null = null): string | null {
  return forbiddenKey(key, parent)?.what ?? null;
}

/** The same with its kind. */
export function forbiddenKey(key: string, parent: string | null): Reason | null {
  const name = wordsOf(key);
  const owner = parent === null ? undefined : lastWordIsPerson.exec(wordsOf(parent))?.[1];
  for (const [pattern, reason] of keyRules) {
    if (pattern.test(name) || (owner !== undefined && pattern.test(`${owner}_${name}`))) return reason;
  }
  return null;
}

/** True for the name of what nobody should read, as `password`, `authorization` or `apiKey`. */
export function namesSecret(key: string): boolean {
  return forbiddenKey(key, null) === secret;
}
