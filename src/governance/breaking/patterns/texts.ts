/** Which texts a shape lets through, and which it does no more. Pure. */

import { formatOf, patternsOf, type Shape } from "../shapes/shape.ts";
import { createLanguages, type Language, type Languages, type Letters } from "./language.ts";
import { languageOf } from "./parse-pattern.ts";

/** More than any pattern of an id or a name needs; what needs more is not worked out. */
const mostSteps = 4_000;
/** Longer texts are not told apart by their length. */
const mostCounted = 1_000;

/** What differs between the texts of two shapes. Undefined: it is not known. Null: there is none. */
export interface TextDifference {
  /** A text of before that is refused now. */
  readonly lost: string | null | undefined;
  /** A text that was refused before. */
  readonly gained: string | null | undefined;
}

/** By patterns and lengths alone; what else is asked of a format is not looked at. */
export function textDifference(before: Shape, after: Shape): TextDifference {
  const languages = createLanguages();
  const [was, is] = [textsOf(before, languages), textsOf(after, languages)];
  if (was === null || is === null) return { lost: undefined, gained: undefined };
  const within = (one: Language, other: Language) => {
    const texts = languages.allOf([one, languages.not(other)]);
    if (!texts.hasEmpty) return shortestOf(texts, languages);
    // A text of nothing is seldom stored, and readers of some formats refuse it for itself.
    return shortestOf(languages.allOf([texts, languages.not(languages.empty)]), languages) ?? "";
  };
  return { lost: within(was, is), gained: within(is, was) };
}

/**
 * A text that a shape lets through.
 *
 * @param others texts that are not meant
 * @returns undefined: none was found
 */
export function textOf(shape: Shape, others: readonly string[] = []): string | undefined {
  const languages = createLanguages();
  const texts = textsOf(shape, languages);
  if (texts === null) return undefined;
  const meant = others.map((text) => languages.not(exactly(text, languages)));
  return shortestOf(languages.allOf([texts, ...meant]), languages) ?? undefined;
}

function exactly(text: string, { letters, sequence, empty }: Languages): Language {
  return [...Array(text.length).keys()]
    .map((at) => letters([[text.charCodeAt(at), text.charCodeAt(at)]]))
    .reduceRight((rest, first) => sequence(first, rest), empty);
}

function textsOf(shape: Shape, languages: Languages): Language | null {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = shape;
  const patterns = patternsOf(shape).map((pattern) => languageOf(pattern, languages));
  if (patterns.includes(null)) return null;
  const isCounted = (length: number) => length <= mostCounted;
  const letter = languages.letters([[0, 0xffff]]);
  const least = isCounted(minLength) ? minLength : 0;
  const most = isCounted(maxLength) ? maxLength : Number.POSITIVE_INFINITY;
  // A format bounds the length by itself.
  const lengths = formatOf(shape) === undefined ? [languages.repeated(letter, least, most)] : [];
  return languages.allOf([...patterns.filter((one) => one !== null), ...lengths]);
}

/** The first one of the shortest texts. @returns null: there is none; undefined: it takes too long to know */
function shortestOf(language: Language, languages: Languages): string | null | undefined {
  const letters = representatives(language);
  const seen = new Set([language]);
  let edge: readonly { readonly at: Language; readonly text: string }[] = [{ at: language, text: "" }];
  while (edge.length > 0) {
    const next: { readonly at: Language; readonly text: string }[] = [];
    for (const { at, text } of edge) {
      if (at.hasEmpty) return text;
      for (const letter of letters) {
        const behind = languages.behind(at, letter);
        if (behind === languages.none || seen.has(behind)) continue;
        seen.add(behind);
        if (seen.size > mostSteps || languages.count() > 20 * mostSteps) return undefined;
        next.push({ at: behind, text: text + String.fromCharCode(letter) });
      }
    }
    edge = next;
  }
  return null;
}

/** Letters that people know first: a text is shown to them. */
const pleasant = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. "].map((one) =>
  one.charCodeAt(0),
);

/** One letter of each kind that an expression tells apart. */
function representatives(language: Language): readonly number[] {
  const starts = new Set([0]);
  const seen = new Set<Language>();
  const add = (letters: Letters) => {
    for (const [first, last] of letters) {
      starts.add(first);
      starts.add(last + 1);
    }
  };
  const visit = (at: Language) => {
    if (seen.has(at)) return;
    seen.add(at);
    const { form } = at;
    if (form.kind === "letters") add(form.letters);
    else if (form.kind === "sequence") [form.first, form.rest].forEach(visit);
    else if ("parts" in form) form.parts.forEach(visit);
    else if ("part" in form) visit(form.part);
  };
  visit(language);
  const edges = [...starts].filter((start) => start <= 0xffff).toSorted((a, b) => a - b);
  const found = edges.map((first, at) => {
    const last = (edges[at + 1] ?? 0x1_0000) - 1;
    return pleasant.find((letter) => first <= letter && letter <= last) ?? first;
  });
  const rank = (letter: number) => (pleasant.includes(letter) ? pleasant.indexOf(letter) : pleasant.length);
  return found.toSorted((a, b) => rank(a) - rank(b));
}
