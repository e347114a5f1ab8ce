/** The languages of the console. */
export const languages = ["en", "de"] as const;
export type Language = (typeof languages)[number];

/** A text, or one that is made of what it speaks of. */
type Text = string | ((...about: never[]) => string);

/** The same texts in each language. */
export type Words<Texts> = Readonly<Record<Language, Texts>>;

type SameTexts<Texts> = { readonly [Name in keyof Texts]: Texts[Name] extends string ? string : Texts[Name] };

/** The texts of one part of the console; the compiler refuses a language that lacks one. */
export function defineWords<const Texts extends Readonly<Record<string, Text>>>(words: {
  readonly en: Texts;
  readonly de: SameTexts<Texts>;
}): Words<SameTexts<Texts>> {
  return words as Words<SameTexts<Texts>>;
}

/** The first of the browser's languages that the console has; English when it has none. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? "")
    .slice(0, 500)
    .split(",")
    .map((part) => {
      const [tag = "", ...settings] = part.trim().split(";");
      const quality = settings.map((one) => /^\s*q=([\d.]+)/.exec(one)?.[1]).find((q) => q !== undefined);
      return { language: tag.split("-", 1)[0]?.toLowerCase(), quality: Number(quality ?? 1) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { language } of wanted) {
    const known = languages.find((one) => one === language);
    if (known !== undefined) return known;
  }
  return "en";
}
