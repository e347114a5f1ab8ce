/** What personal data looks like in a text: addresses, accounts, cards and telephone numbers. */

import type { ValueRule } from "./value-rules.ts";

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

// Visa, Mastercard, American Express, Discover, Diners, JCB; without the prefix a long number is only a number.
const cardPrefix =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}|3[068]\d{12}|35\d{14})$/;

/** Whether the digits are those of a payment card. */
export function isCardNumber(match: string): boolean {
  return cardPrefix.test(match.replace(/\D/g, "")) && passesLuhn(match);
}

/** The lengths of the countries' numbers, from the IBAN registry (ISO 13616): without them no end can be told. */
const ibanLengths: ReadonlyMap<string, number> = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
   FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
   LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24
   SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Check digits of ISO 13616: the number, country moved to the end, letters as 10…35, is 1 modulo 97. */
function passesMod97(compact: string): boolean {
  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** How much of the match is an IBAN: it may have run into the words behind it. */
function ibanLength(match: string): number {
  const length = ibanLengths.get(match.slice(0, 2).toUpperCase()) ?? 0;
  let compact = "";
  let end = 0;
  for (; end < match.length && compact.length < length; end++) {
    const character = match.charAt(end);
    if (/[A-Za-z0-9]/.test(character)) compact += character;
  }
  const isWhole = length > 0 && compact.length === length && !/[A-Za-z0-9]/.test(match.charAt(end));
  return isWhole && passesMod97(compact) ? end : 0;
}

function isPhoneNumber(match: string): boolean {
  const digits = match.replace(/\D/g, "").length;
  return digits >= 8 && digits <= 15;
}

/** Area or mobile code behind the 0 that calls within a country; no date, no time and no list of small numbers. */
function isNationalNumber(match: string): boolean {
  const digits = match.replace(/\D/g, "").length;
  if (digits < 9 || digits > 12) return false;
  if (/^\(?0\d[ /-]\d\d?[ /-](?:19|20)\d\d(?!\d)/.test(match)) return false;
  const groups = match.split(/[^\d]+/).filter(Boolean);
  // 04 12 19 23 35 is a draw; five pairs are a number where the first is one of France.
  if (groups.every((group) => group.length === 2)) return groups.length === 5 && /^0[1-79]/.test(match);
  return !(groups.length > 2 && groups.every((group, index) => index === 0 || Number(group) < 32));
}

/** Names before the @ that are no person's: of programs, and those that nobody reads. */
const noPerson = /^(?:git|hg|svn|ssh|no-?reply|do-?not-?reply|mailer-daemon|postmaster)@/i;
/** Pictures for dense screens are called like this: logo@2x.png */
const retina = /@\d(?:\.\d)?x\.(?:png|jpe?g|webp|gif|svg|avif)$/i;

const isMailAddress = (match: string): boolean => !noPerson.test(match) && !retina.test(match);

export const personRules: readonly ValueRule[] = [
  [
    /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,6}\p{L}{2,24}(?!\p{L})/gu,
    "an e-mail address",
    isMailAddress,
    /@/,
  ],
  [
    /[a-z0-9._%+-]{1,64}\s?[([{]\s?(?:at|ät)\s?[)\]}]\s?[a-z0-9-]{1,63}(?:\.|\s?[([{]\s?(?:dot|punkt)\s?[)\]}]\s?)[a-z]{2,24}/gi,
    "an e-mail address",
    undefined,
    /[([{]/,
  ],
  // Not inside of a UUID: one in some thousands has groups that would pass as an account of Belgium or Bosnia.
  [
    /(?<![A-Za-z0-9])(?<!(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){0,3})(?![0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-z]))[A-Z]{2}[ .-]?\d[ .-]?\d(?:[ .-]{0,2}[A-Z0-9]){11,30}/gi,
    "an IBAN",
    ibanLength,
  ],
  [
    /(?<![\w.-])(?:\d{13,19}|\d{4}(?:[ .-]\d{3,6}){2,4})(?![\w-])/g,
    "a payment card number",
    (match) => (isCardNumber(match) ? match.length : 0),
  ],
  [/(?<![\w.+])\+[1-9]\d{0,2}(?:[ ()./-]{0,3}\d{1,6}){2,6}(?![\w-])/g, "a phone number", isPhoneNumber],
  [/(?<![\w.+-])00[1-9]\d{0,2}[ /-](?:[ ()/-]{0,2}\d{1,6}){2,6}(?![\w-])/g, "a phone number", isPhoneNumber],
  [/(?<![\w.+-])(?:01[567]\d{8,9}|0[67]\d{8}|07\d{9})(?![\w.-]\w|\w)/g, "a phone number"],
  [
    /(?<![\w.:,+/-])\(?0[1-9]\d{0,4}\)?(?: ?[/-] ?| )\d{2,8}(?:[ /-]\d{2,8}){0,4}(?![\w-]|[.,:]\d)/g,
    "a phone number",
    isNationalNumber,
  ],
  [/(?<![\w.-])(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])[2-9]\d\d[-.]\d{4}(?![\w-])/g, "a phone number"],
  [
    /(?:\b(?:tel|telefon|telefono|phone|mobil|mobile|handy|cell|fax|whatsapp)|téléphone|teléfono|móvil|tél)\b[^\d\n]{0,12}\d(?:[ ()./-]{0,3}\d){6,14}(?!\d)/gi,
    "a phone number",
  ],
];

/** Text without any of these holds nothing of the kind. */
export const personHint =
  /@|[([{]\s?(?:at|ät)\s?[)\]}]|\d[\d ()./-]{5,}\d|[a-z]{2}[ .-]?\d[ .-]?\d[ .-]{0,2}[a-z0-9]/i;
