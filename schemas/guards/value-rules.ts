/** How a rule about texts is written. */

/**
 * A pattern (with the flag g), what it is of, and a check of what matched: true is a finding, false is none. A number tells
 * how much of the match is one; 0 says that one may begin inside of the match, behind its first character. Where a
 * pattern begins with what stands in every text, a text without what it `needs` is passed over.
 */
export type ValueRule = readonly [
  pattern: RegExp,
  what: string,
  confirm?: ((match: string) => boolean | number) | undefined,
  needs?: RegExp,
];

/** Calls `onFinding` with the place of each finding, until it returns false. Linear: a pattern has a bounded length. */
export function findAll(
  text: string,
  [pattern, , confirm, needs]: ValueRule,
  onFinding: (from: number, to: number) => boolean,
): void {
  if (needs !== undefined && !needs.test(text)) return;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const confirmed = confirm === undefined ? true : confirm(match[0]);
    const length = confirmed === true ? match[0].length : Number(confirmed);
    if (length > 0) {
      if (!onFinding(match.index, match.index + length)) return;
      pattern.lastIndex = match.index + length;
    } else if (confirmed === 0) pattern.lastIndex = match.index + 1;
  }
}

/** Letters of plain Western text need no look; what is wider, narrower or invisible may be a disguise. */
const disguised = /[\u00a0\u00aa\u00ad\u00b2\u00b3\u00b9\u00ba\u0100-\uffff]/;

/**
 * The text as a reader sees it: full-width letters and other compatible forms as plain ones (NFKC), without format
 * characters (Cf, e.g. a zero-width space), all dashes alike.
 */
export function asRead(text: string): string {
  if (!disguised.test(text)) return text;
  return text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/[\u2010-\u2015\u2212]/g, "-");
}
