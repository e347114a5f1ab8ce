/** Slugs: the public name of a catalogue entry in a URL. Lower-case ASCII words joined by single hyphens, 5–100 characters. */

export const slugPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
export const slugMinLength = 5;
export const slugMaxLength = 100;

export function isSlug(text: string): boolean {
  return text.length >= slugMinLength && text.length <= slugMaxLength && slugPattern.test(text);
}

/** Letters that Unicode does not decompose into a base letter and a mark, or that German writes with two letters. */
const transliterations: Readonly<Record<string, string>> = {
  ä: "ae",
  ö: "oe",
  ü: "ue",
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ł: "l",
  þ: "th",
  ı: "i",
};

/** Makes a text that is too short, or has no Latin letter or digit at all, long enough. */
const filler = "course";

/** Cuts to `maxLength` and never leaves a hyphen at the end. */
function cut(slug: string, maxLength: number): string {
  return slug.slice(0, maxLength).replace(/(?<!-)-+$/, "");
}

/**
 * A valid slug of any text: accents are transliterated, spaces and underscores become hyphens, punctuation and letters
 * of other scripts are removed. Deterministic.
 *
 * @returns 5–100 characters; `course` when nothing of the text is left
 */
export function slugify(text: string): string {
  const words = wordsOf(text);
  const padded = words === "" ? filler : words.length < slugMinLength ? `${words}-${filler}` : words;
  return cut(padded, slugMaxLength);
}

/** The hyphenated words of a text, of any length; may be empty. */
function wordsOf(text: string): string {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[äöüßæœøđðłþı]/g, (letter) => transliterations[letter] ?? "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\s_\p{Pd}]+/gu, "-")
    .replace(/[^a-z0-9-]/g, "")
    .replace(/-{2,}/g, "-")
    .replace(/^-+|(?<!-)-+$/g, "");
}

/**
 * The same slug told apart by an id: the first `length` letters and digits of the id are appended.
 *
 * @returns a valid slug; the same for the same arguments
 */
export function withIdSuffix(slug: string, id: string, length: number): string {
  const suffix =
    id
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "")
      .slice(0, length) || "x";
  return `${cut(slug, slugMaxLength - suffix.length - 1)}-${suffix}`;
}

/**
 * The slugs to try for a course, best first: the title's own, then with 8 and with 32 characters of the course id.
 */
export function slugCandidates(title: string, courseId: string): readonly string[] {
  const slug = slugify(title);
  return [slug, withIdSuffix(slug, courseId, 8), withIdSuffix(slug, courseId, 32)];
}

/** The slug of a variant: the parent's and the first audience, or `variant` when there is none. */
export function variantSlug(parentSlug: string, targetGroup: readonly string[]): string {
  const audience = wordsOf(targetGroup[0] ?? "") || "variant";
  return cut(`${parentSlug}-${audience}`, slugMaxLength);
}
