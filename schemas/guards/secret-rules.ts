/**
 * What secrets look like. Facts about their forms come from the documents of those who give them out; a form with few fixed
 * letters has a check of its own, so that words of a title are not taken for it.
 */

import type { ValueRule } from "./value-rules.ts";

const hasDigit = (match: string): boolean => /\d/.test(match);
const hasDigitAndLetter = (match: string): boolean => /\d/.test(match) && /[a-z]/i.test(match);
/** Random text has both cases and digits; a slug like `sk-learn-for-beginners-2024` has not. */
const looksRandom = (match: string): boolean =>
  /\d/.test(match) && /[A-Z]/.test(match) && /[a-z]/.test(match);

/** `Basic` and base64 of `user:password`, RFC 7617; "basic understanding" decodes to nothing like it. */
function isBasicCredential(match: string): boolean {
  const encoded = match.slice(match.search(/(?<!\S)\S+$/)).replace(/(?<!=)=+$/, "");
  try {
    const decoded = atob(encoded.padEnd(Math.ceil(encoded.length / 4) * 4, "="));
    return decoded.length >= 3 && decoded.includes(":") && /^[\x20-\x7e\x80-\xff]+$/.test(decoded);
  } catch {
    return false;
  }
}

/** What no event may hold of a payment provider. */
export const providerId = "a payment provider's id";

/** In front of a token nothing may stand that makes it part of a longer word. */
const start = "(?<![A-Za-z0-9_])";
const token = (form: string): RegExp => new RegExp(`${start}(?:${form})`, "g");

export const secretRules: readonly ValueRule[] = [
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{0,64}:[^\s@/]{1,128}@/gi, "a URL with a password"],
  [token("(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{6,}|whsec_[A-Za-z0-9+/=]{6,}"), "an API key"],
  [token("gh[opusr]_[A-Za-z0-9-]{6,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"), "an API key"],
  [token("xox[abeoprs]-[A-Za-z0-9-]{6,}|xapp-\\d-[A-Za-z0-9-]{10,}"), "an API key"],
  [/hooks\.slack\.com\/services\/T\w+\/B\w+\/\w{10,}/g, "an API key"],
  [token("(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"), "an API key"],
  [
    /(?:aws|secret|access)[\w -]{0,24}["']?\s{0,2}[:=]\s{0,2}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi,
    "an API key",
    looksRandom,
  ],
  [token("sk-(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{16,}"), "an API key", hasDigit],
  [token("sk-[A-Za-z0-9_-]{20,}"), "an API key", looksRandom],
  [token("AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"), "an API key"],
  [token("npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{30,}|npg_[A-Za-z0-9]{8,}"), "an API key"],
  [
    token(
      "SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}|dop_v1_[a-f0-9]{32,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    ),
    "an API key",
  ],
  [/(?<![\w:])\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])/g, "an API key", looksRandom],
  // Our own: the keys of `npm start` and of the console, and variables that hold one.
  [token("brain_key_[A-Za-z0-9_-]{16,}|brk_[a-z0-9]{16}_[A-Za-z0-9_-]{20,}"), "an API key"],
  [
    /\b(?:BRAIN_API_KEY|UPSTASH_REDIS_REST_TOKEN|NEON_DATABASE_URL|DATABASE_URL|REDIS_URL)\s{0,2}[:=]\s{0,2}\S{8,}/g,
    "an API key",
  ],
  [/\bauthorization["']?\s{0,2}[:=]\s{0,2}["']?bearer\s+[A-Za-z0-9._~+/-]{12,}/gi, "a bearer token"],
  [/\bbearer\s+[A-Za-z0-9._~+/-]{12,}/gi, "a bearer token", hasDigitAndLetter],
  [/\bbasic\s+[A-Za-z0-9+/]{6,}={0,2}(?![A-Za-z0-9+/=])/gi, "a password", isBasicCredential],
  [
    /\b(?:password|passwd|passwort|kennwort|pwd|contraseña|mot de passe|api[ _-]?key|client[ _-]?secret|secret|token)["']?\s{0,2}[:=]\s{0,2}["']?[^\s"',;<>{}]{8,}/gi,
    "a password",
    (match) => hasDigitAndLetter(match.slice(match.search(/[:=]/) + 1)),
  ],
  // The first part alone matches too, so that no search begins again within it; that keeps it linear.
  [/\beyJ[\w-]{8,}(?:\.eyJ[\w-]{8,}\.[\w-]*)?/g, "a JSON Web Token", (match) => match.includes(".")],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g, "a private key"],
  [token("(?:cus|pm)_\\w{3,}|(?:pi|cs)_\\w{6,}"), providerId, hasDigit],
  [token("(?:cus|pi|cs|ch|sub|pm)_(?:(?:test|live)_)?[A-Za-z0-9]{8,}"), providerId, hasDigit],
];

/** Text without any of these holds no secret. */
export const secretHint =
  /:\/\/|_(?:live|test|pat|v1)_|whsec_|(?:gh[opusr]|brain_key|brk|npm|hf|gsk|npg|shp\w\w|cus|pi|cs|ch|sub|pm)_|glpat-|xox|xapp-|slack\.com|A[KSBC][ICA]A|sk-|AIza|ya29|GOCSPX|SG\.|\d:[A-Za-z0-9]|_(?:KEY|TOKEN|URL)\b|bearer|basic|eyJ|PRIVATE|[:=]/i;
