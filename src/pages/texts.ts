/** Words that the pages of a course say themselves, in each language that courses have. */
export interface PageWords {
  readonly module: string;
  readonly audience: string;
  readonly atAGlance: string;
  readonly outline: string;
  readonly duration: string;
  readonly languages: string;
  readonly price: string;
  readonly free: string;
  readonly included: string;
  readonly certificate: string;
  /** Where the writer of the page's parts said nothing better. */
  readonly ownPace: string;
  readonly freeLesson: string;
  readonly preview: string;
  readonly buy: string;
  readonly thanksTitle: string;
  readonly thanksBuy: string;
  readonly thanksEnrol: string;
  readonly backToCourse: string;
  readonly skipToContent: string;
  readonly lessons: Plural;
  readonly modules: Plural;
  readonly questions: Plural;
  readonly freeLessons: Plural;
  readonly staging: string;
  readonly lessonNavigation: string;
  readonly previous: string;
  readonly next: string;
  readonly toOverview: string;
  readonly quiz: string;
  readonly toQuiz: string;
  readonly showAnswer: string;
  readonly rightAnswer: string;
  readonly passing: string;
  readonly timeLimit: string;
  readonly plannedTitle: string;
  readonly objectives: string;
  readonly difficulty: Readonly<Record<"easy" | "medium" | "hard", string>>;
}

/** One and many; the languages here need no further forms. `{n}` is the number. */
type Plural = readonly [one: string, other: string];

const de: PageWords = {
  module: "Modul",
  audience: "Für wen ist der Kurs?",
  atAGlance: "Auf einen Blick",
  outline: "Inhalt des Kurses",
  duration: "Dauer",
  languages: "Sprachen",
  price: "Preis",
  free: "Kostenlos",
  included: "Das bekommen Sie",
  certificate: "Zertifikat mit prüfbarer Signatur nach dem Abschluss",
  ownPace: "Lernen im eigenen Tempo",
  freeLesson: "Kostenlose Lektion",
  preview: "Leseprobe",
  buy: "Jetzt kaufen",
  thanksTitle: "So geht es weiter",
  thanksBuy:
    "Wir haben Ihren Kaufwunsch vermerkt. Den Kauf schließen Sie beim Anbieter des Kurses ab; sobald die Zahlung eingegangen ist, werden alle Lektionen freigeschaltet.",
  thanksEnrol:
    "Wir haben Ihr Interesse vermerkt. Die Anmeldung schließen Sie beim Anbieter des Kurses ab; danach können Sie sofort mit der ersten Lektion beginnen.",
  backToCourse: "Zurück zum Kurs",
  skipToContent: "Zum Inhalt springen",
  lessons: ["{n} Lektion", "{n} Lektionen"],
  modules: ["{n} Modul", "{n} Module"],
  questions: ["Quiz mit {n} Frage", "Quiz mit {n} Fragen"],
  freeLessons: ["{n} Lektion kostenlos vorab", "{n} Lektionen kostenlos vorab"],
  staging: "Vorschau: nur für alle, die diese Adresse kennen.",
  lessonNavigation: "Weitere Lektionen",
  previous: "Zurück",
  next: "Weiter",
  toOverview: "Zur Übersicht",
  quiz: "Quiz",
  toQuiz: "Zum Quiz",
  showAnswer: "Antwort zeigen",
  rightAnswer: "Richtig ist",
  passing: "Bestanden ab {n}",
  timeLimit: "Zeit: {n}",
  plannedTitle: "Diese Lektion ist geplant. Sie behandelt:",
  objectives: "Lernziele",
  difficulty: { easy: "leicht", medium: "mittel", hard: "schwer" },
};

const en: PageWords = {
  module: "Module",
  audience: "Who is the course for?",
  atAGlance: "At a glance",
  outline: "What the course covers",
  duration: "Duration",
  languages: "Languages",
  price: "Price",
  free: "Free",
  included: "What you get",
  certificate: "Certificate with a verifiable signature on completion",
  ownPace: "Learning at your own pace",
  freeLesson: "Free lesson",
  preview: "Read a sample",
  buy: "Buy now",
  thanksTitle: "What happens next",
  thanksBuy:
    "We have noted that you want to buy this course. You complete the purchase with the provider of the course; all lessons open as soon as the payment has arrived.",
  thanksEnrol:
    "We have noted your interest. You complete your enrolment with the provider of the course; then you can begin with the first lesson at once.",
  backToCourse: "Back to the course",
  skipToContent: "Skip to content",
  lessons: ["{n} lesson", "{n} lessons"],
  modules: ["{n} module", "{n} modules"],
  questions: ["Quiz with {n} question", "Quiz with {n} questions"],
  freeLessons: ["{n} lesson free to read first", "{n} lessons free to read first"],
  staging: "Preview: only for those who know this address.",
  lessonNavigation: "More lessons",
  previous: "Previous",
  next: "Next",
  toOverview: "To the overview",
  quiz: "Quiz",
  toQuiz: "To the quiz",
  showAnswer: "Show the answer",
  rightAnswer: "The right answer is",
  passing: "Passed from {n}",
  timeLimit: "Time: {n}",
  plannedTitle: "This lesson is planned. It covers:",
  objectives: "Learning objectives",
  difficulty: { easy: "easy", medium: "medium", hard: "hard" },
};

const fr: PageWords = {
  module: "Module",
  audience: "À qui s’adresse le cours ?",
  atAGlance: "En bref",
  outline: "Contenu du cours",
  duration: "Durée",
  languages: "Langues",
  price: "Prix",
  free: "Gratuit",
  included: "Ce que vous obtenez",
  certificate: "Certificat à signature vérifiable à la fin du cours",
  ownPace: "Apprentissage à votre rythme",
  freeLesson: "Leçon gratuite",
  preview: "Extrait",
  buy: "Acheter maintenant",
  thanksTitle: "La suite",
  thanksBuy:
    "Nous avons noté que vous souhaitez acheter ce cours. L’achat se conclut auprès du fournisseur du cours ; toutes les leçons s’ouvrent dès que le paiement est arrivé.",
  thanksEnrol:
    "Nous avons noté votre intérêt. L’inscription se conclut auprès du fournisseur du cours ; vous pourrez ensuite commencer aussitôt par la première leçon.",
  backToCourse: "Retour au cours",
  skipToContent: "Aller au contenu",
  lessons: ["{n} leçon", "{n} leçons"],
  modules: ["{n} module", "{n} modules"],
  questions: ["Quiz de {n} question", "Quiz de {n} questions"],
  freeLessons: ["{n} leçon gratuite pour découvrir", "{n} leçons gratuites pour découvrir"],
  staging: "Aperçu : réservé à qui connaît cette adresse.",
  lessonNavigation: "Autres leçons",
  previous: "Précédent",
  next: "Suivant",
  toOverview: "Vers le sommaire",
  quiz: "Quiz",
  toQuiz: "Vers le quiz",
  showAnswer: "Afficher la réponse",
  rightAnswer: "La bonne réponse est",
  passing: "Réussi à partir de {n}",
  timeLimit: "Temps : {n}",
  plannedTitle: "Cette leçon est prévue. Elle aborde :",
  objectives: "Objectifs d’apprentissage",
  difficulty: { easy: "facile", medium: "moyen", hard: "difficile" },
};

const es: PageWords = {
  module: "Módulo",
  audience: "¿Para quién es el curso?",
  atAGlance: "De un vistazo",
  outline: "Contenido del curso",
  duration: "Duración",
  languages: "Idiomas",
  price: "Precio",
  free: "Gratis",
  included: "Lo que recibe",
  certificate: "Certificado con firma verificable al terminar el curso",
  ownPace: "Aprendizaje a su propio ritmo",
  freeLesson: "Lección gratuita",
  preview: "Fragmento",
  buy: "Comprar ahora",
  thanksTitle: "Próximos pasos",
  thanksBuy:
    "Hemos anotado que desea comprar este curso. La compra se completa con el proveedor del curso; todas las lecciones se abren en cuanto llega el pago.",
  thanksEnrol:
    "Hemos anotado su interés. La inscripción se completa con el proveedor del curso; después podrá empezar enseguida con la primera lección.",
  backToCourse: "Volver al curso",
  skipToContent: "Ir al contenido",
  lessons: ["{n} lección", "{n} lecciones"],
  modules: ["{n} módulo", "{n} módulos"],
  questions: ["Cuestionario de {n} pregunta", "Cuestionario de {n} preguntas"],
  freeLessons: ["{n} lección gratuita para conocerlo", "{n} lecciones gratuitas para conocerlo"],
  staging: "Vista previa: solo para quien conoce esta dirección.",
  lessonNavigation: "Más lecciones",
  previous: "Anterior",
  next: "Siguiente",
  toOverview: "Al índice",
  quiz: "Cuestionario",
  toQuiz: "Al cuestionario",
  showAnswer: "Mostrar la respuesta",
  rightAnswer: "La respuesta correcta es",
  passing: "Aprobado a partir del {n}",
  timeLimit: "Tiempo: {n}",
  plannedTitle: "Esta lección está prevista. Trata de:",
  objectives: "Objetivos de aprendizaje",
  difficulty: { easy: "fácil", medium: "media", hard: "difícil" },
};

const byLanguage: Readonly<Record<string, PageWords>> = { de, en, fr, es };

/** The words of a language tag such as `de-AT`; English where the language is none of ours. */
export function wordsOf(language: string): PageWords {
  return byLanguage[language.slice(0, 2)] ?? en;
}

/** The word for a module, for modules without a title. */
export function moduleWord(language: string): string {
  return wordsOf(language).module;
}
