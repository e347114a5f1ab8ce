import type { Language } from "../content/model.ts";

/** Text of the page that the course itself does not have. Placeholders: `{course}`, `{lessons}`, `{minutes}`. */
export interface PageTexts {
  readonly faqTitle: string;
  readonly faqDuration: readonly [question: string, answer: string];
  readonly faqPriorKnowledge: readonly [question: string, answer: string];
  readonly syllabusTitle: string;
  readonly ctaText: string;
  /** Completes a title that is too short. */
  readonly titleSuffix: string;
  /** Completes a description that is too short; 50 characters at least, so that it can stand alone. */
  readonly descriptionSuffix: string;
}

export const pageTexts: Readonly<Record<Language, PageTexts>> = {
  de: {
    faqTitle: "Häufige Fragen",
    faqDuration: [
      "Wie lange dauert der Kurs?",
      "{lessons} Lektionen mit zusammen etwa {minutes} Minuten, in Ihrem eigenen Tempo.",
    ],
    faqPriorKnowledge: [
      "Brauche ich Vorkenntnisse?",
      "Nein. Der Kurs beginnt bei den Grundlagen und baut Schritt für Schritt auf.",
    ],
    syllabusTitle: "Inhalt des Kurses",
    ctaText: "{lessons} Lektionen, die Sie sofort beginnen können.",
    titleSuffix: "Online-Kurs",
    descriptionSuffix: "Ein Online-Kurs mit Lektionen, Beispielen und Übungen.",
  },
  en: {
    faqTitle: "Frequent questions",
    faqDuration: [
      "How long does the course take?",
      "{lessons} lessons of about {minutes} minutes in all, at your own pace.",
    ],
    faqPriorKnowledge: [
      "Do I need prior knowledge?",
      "No. The course begins with the basics and builds on them step by step.",
    ],
    syllabusTitle: "What the course covers",
    ctaText: "{lessons} lessons that you can begin at once.",
    titleSuffix: "Online course",
    descriptionSuffix: "An online course with lessons, examples and exercises.",
  },
  fr: {
    faqTitle: "Questions fréquentes",
    faqDuration: [
      "Combien de temps dure le cours ?",
      "{lessons} leçons, environ {minutes} minutes en tout, à votre rythme.",
    ],
    faqPriorKnowledge: [
      "Faut-il des connaissances préalables ?",
      "Non. Le cours commence par les bases et avance pas à pas.",
    ],
    syllabusTitle: "Contenu du cours",
    ctaText: "{lessons} leçons à commencer tout de suite.",
    titleSuffix: "Cours en ligne",
    descriptionSuffix: "Un cours en ligne avec des leçons, des exemples et des exercices.",
  },
  es: {
    faqTitle: "Preguntas frecuentes",
    faqDuration: [
      "¿Cuánto dura el curso?",
      "{lessons} lecciones, unos {minutes} minutos en total, a su propio ritmo.",
    ],
    faqPriorKnowledge: [
      "¿Hacen falta conocimientos previos?",
      "No. El curso empieza por los fundamentos y avanza paso a paso.",
    ],
    syllabusTitle: "Contenido del curso",
    ctaText: "{lessons} lecciones que puede empezar enseguida.",
    titleSuffix: "Curso en línea",
    descriptionSuffix: "Un curso en línea con lecciones, ejemplos y ejercicios.",
  },
};
