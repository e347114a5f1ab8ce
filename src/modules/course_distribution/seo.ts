import { wordsOf } from "../../pages/texts.ts";
import type { AccessRule } from "../access-rule.ts";
import type { Cta, Seo } from "./tables.ts";

/** Texts that the catalogue writes itself, for an entry that nobody has edited yet. */
interface CatalogueTexts {
  /** Completes a title that is too short. */
  readonly titleSuffix: string;
  /** Completes a description that is too short; has at least 50 characters, so that it can stand alone. */
  readonly descriptionSuffix: string;
  readonly startNow: string;
}

const english: CatalogueTexts = {
  titleSuffix: "Online course",
  descriptionSuffix: "An online course with lessons, examples and exercises.",
  startNow: "Start now",
};

const textsByLanguage: Readonly<Record<string, CatalogueTexts>> = {
  de: {
    titleSuffix: "Online-Kurs",
    descriptionSuffix: "Ein Online-Kurs mit Lektionen, Beispielen und Übungen.",
    startNow: "Jetzt starten",
  },
  en: english,
  fr: {
    titleSuffix: "Cours en ligne",
    descriptionSuffix: "Un cours en ligne avec des leçons, des exemples et des exercices.",
    startNow: "Commencer maintenant",
  },
  es: {
    titleSuffix: "Curso en línea",
    descriptionSuffix: "Un curso en línea con lecciones, ejemplos y ejercicios.",
    startNow: "Empezar ahora",
  },
};

function textsOf(language: string): CatalogueTexts {
  return textsByLanguage[language.slice(0, 2)] ?? english;
}

/** Length as Postgres' `char_length` counts: code points, not UTF-16 units. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** At most `max` UTF-16 units, never half of a surrogate pair, no space at the end. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? max - 1 : max).trimEnd();
}

/** Text of one line that has between `min` code points and `max` UTF-16 units; `suffix` is added while it is too short. */
function fitLine(text: string, min: number, max: number, suffix: string): string {
  let fitted = cut(
    text
      .toWellFormed()
      .replace(/[\s\p{Cc}]+/gu, " ")
      .trim(),
    max,
  );
  while (codePoints(fitted) < min) fitted = cut(`${fitted} ${suffix}`.trim(), max);
  return fitted;
}

/** A course title as a distribution may carry it: 10–200 characters. */
export function catalogueTitle(title: string, language: string): string {
  return fitLine(title, 10, 200, textsOf(language).titleSuffix);
}

/** A course description as a distribution may carry it: 50–1000 characters. */
export function catalogueDescription(description: string, language: string): string {
  return fitLine(description, 50, 1000, textsOf(language).descriptionSuffix);
}

/** Search texts of an entry that has none: title 10–60 and description 50–160 characters, no keywords. */
export function defaultSeo(title: string, description: string, language: string): Seo {
  const texts = textsOf(language);
  return {
    meta_title: fitLine(title, 10, 60, texts.titleSuffix),
    meta_description: fitLine(description, 50, 160, texts.descriptionSuffix),
    keywords: [],
    og_image_url: null,
    hreflang_alternates: {},
  };
}

/** @param access null: nothing was told of it, so everybody may learn the course */
export function defaultCta(language: string, access: AccessRule | null): Cta {
  const label = access?.mode === "paid" ? wordsOf(language).buy : textsOf(language).startNow;
  return { label, action: "open_course", url: null };
}

/** Whether a button still has our words, for whatever rule of access. */
export function isDefaultCta(cta: Cta, language: string): boolean {
  if (cta.action !== "open_course" || cta.url !== null) return false;
  return [textsOf(language).startNow, wordsOf(language).buy].includes(cta.label);
}
