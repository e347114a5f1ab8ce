/** The tone of a course as its language calls it. Stored is always the value of the charter, which is German in part. */

const words = {
  sachlich: { de: "sachlich", en: "factual", fr: "factuel", es: "objetivo" },
  empowernd: { de: "ermutigend", en: "empowering", fr: "encourageant", es: "motivador" },
  neutral: { de: "neutral", en: "neutral", fr: "neutre", es: "neutral" },
  professional: { de: "professionell", en: "professional", fr: "professionnel", es: "profesional" },
} as const;

export type Tone = keyof typeof words;
export const tones = ["sachlich", "empowernd", "neutral", "professional"] as const satisfies readonly Tone[];

/** `professiona` is how old course files spell it. */
const canonical: ReadonlyMap<string, Tone> = new Map([
  ["professiona", "professional"] as const,
  ...tones.flatMap((tone) => [tone, ...Object.values(words[tone])].map((word) => [word, tone] as const)),
]);

/** The stored value for a word of any language, so that an outline can be sent back as it was shown. */
export function readTone(value: unknown): unknown {
  return typeof value === "string" ? (canonical.get(value) ?? value) : value;
}

/** The word for a tone in a language. */
export function toneWord(tone: Tone, language: keyof (typeof words)["neutral"]): string {
  return words[tone][language];
}
