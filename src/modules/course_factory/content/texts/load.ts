import type { Language } from "../model.ts";
import type { LanguageTexts } from "./language.ts";

/**
 * All text of one language. The texts are most of what the course factory weighs, and only who writes a course needs
 * them: so each language is a part of its own beside the program, read when it is asked for.
 */
export function loadTexts(language: Language): Promise<LanguageTexts> {
  return parts[language]();
}

const parts: Readonly<Record<Language, () => Promise<LanguageTexts>>> = {
  de: async () => (await import("./de.ts")).de,
  en: async () => (await import("./en.ts")).en,
  fr: async () => (await import("./fr.ts")).fr,
  es: async () => (await import("./es.ts")).es,
};
