/** Words of a module's documents, in the two languages that the charter knows. The German ones are the template's own. */

export type DocumentLanguage = "de" | "en";

export interface DocumentWords {
  /** Headings of a README.md. */
  readonly purpose: string;
  readonly operations: string;
  /** Labels of an event's part. */
  readonly when: string;
  readonly action: string;
}

export const documentWords: Readonly<Record<DocumentLanguage, DocumentWords>> = {
  de: { purpose: "Zweck", operations: "Betriebs-Hinweise", when: "Wann", action: "Aktion" },
  en: { purpose: "Purpose", operations: "Operations", when: "When", action: "Action" },
};

/** The language of a README.md, by its headings; English where they say nothing. */
export function languageOf(readme: string): DocumentLanguage {
  const { purpose, operations } = documentWords.de;
  return new RegExp(`^## (?:${purpose}|${operations})$`, "m").test(readme) ? "de" : "en";
}

/** A document of the template, which is German, in a language. */
export function inLanguage(text: string, language: DocumentLanguage): string {
  const { de } = documentWords;
  const words = documentWords[language];
  return text
    .replaceAll(`## ${de.purpose}\n`, `## ${words.purpose}\n`)
    .replaceAll(`## ${de.operations}\n`, `## ${words.operations}\n`)
    .replaceAll(`**${de.when}:**`, `**${words.when}:**`)
    .replaceAll(`**${de.action}:**`, `**${words.action}:**`);
}
