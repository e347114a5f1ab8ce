import { bankingDe } from "./de-banking.ts";
import { genericDe } from "./de-generic.ts";
import type { LanguageTexts } from "./language.ts";

export const de: LanguageTexts = {
  headings: {
    overview: "Überblick",
    objectives: "Lernziele",
    introduction: "Einführung",
    main: "Hauptteil",
    examples: "Beispiele",
    summary: "Zusammenfassung",
    resources: "Ressourcen",
    disclaimer: "Hinweis",
  },
  overview:
    "Lektion {number} von {lessons} im Kurs „{course}“, Modul „{module}“. Bearbeitungszeit: etwa {minutes} Minuten. {about}",
  objectivesLead: "Nach dieser Lektion können Sie:",
  introductions: [
    "Worum geht es im Kurs? „{excerpt}“ Diese Lektion greift einen Teil davon heraus: {lesson}. Lesen Sie den Text zunächst ohne Notizen und achten Sie nur darauf, was Ihnen schon bekannt ist. Beim zweiten Lesen markieren Sie die Stellen, die Ihrer bisherigen Erfahrung widersprechen. Genau dort lohnt sich das Nachdenken am meisten.",
    "Bevor Sie weiterlesen, nehmen Sie sich zwei Minuten: Was verbinden Sie mit „{lesson}“, und welche Frage möchten Sie beantwortet haben? Schreiben Sie beides in einem Satz auf. Der Kurs verfolgt dieses Anliegen: „{excerpt}“ Ihre eigene Frage hilft Ihnen, den Stoff daran zu messen, statt ihn nur zur Kenntnis zu nehmen.",
    "Die vorangehenden Lektionen haben den Boden bereitet, nun kommt ein weiterer Baustein hinzu: {lesson}. Behalten Sie dabei das Anliegen des Kurses im Blick: „{excerpt}“ Sie müssen nichts auswendig lernen. Wichtiger ist, dass Sie am Ende mit eigenen Worten erklären können, weshalb der Abschnitt für Ihre Lage von Bedeutung ist.",
  ],
  methods: [
    {
      lead: "So machen Sie sich mit dem Stoff vertraut:",
      steps: [
        "Notieren Sie drei Begriffe aus dem Abschnitt und erklären Sie jeden in einem einzigen Satz, so wie Sie es einem Bekannten sagen würden.",
        "Suchen Sie zu jedem Begriff ein Beispiel aus Ihrem Alltag und ein Gegenbeispiel, das nicht darunter fällt.",
        "Zeichnen Sie auf einem Blatt, wie die Begriffe zusammenhängen; Pfeile und Stichwörter genügen.",
        "Prüfen Sie am nächsten Tag, was Sie ohne Unterlagen noch wissen, und lesen Sie nur die Lücken nach.",
      ],
    },
    {
      lead: "So arbeiten Sie Schritt für Schritt:",
      steps: [
        "Beschreiben Sie zuerst die Ausgangslage in Zahlen oder beobachtbaren Tatsachen, ohne sie zu bewerten.",
        "Legen Sie fest, woran Sie erkennen werden, dass ein Schritt gelungen ist, bevor Sie ihn beginnen.",
        "Erproben Sie das Vorgehen an einem kleinen Fall, der sich leicht rückgängig machen lässt.",
        "Halten Sie das Ergebnis schriftlich fest und entscheiden Sie erst dann über den nächsten Schritt.",
      ],
    },
    {
      lead: "So bringen Sie das Gelernte in die Praxis:",
      steps: [
        "Wählen Sie ein Vorhaben, das Sie innerhalb einer Woche abschließen können, und geben Sie ihm einen festen Termin.",
        "Teilen Sie es in Aufgaben von höchstens einer Stunde und beginnen Sie mit der unangenehmsten.",
        "Vereinbaren Sie mit einer zweiten Person, wann Sie ihr vom Stand berichten.",
        "Schauen Sie nach dem Abschluss zurück: Was behalten Sie bei, was lassen Sie weg, was versuchen Sie anders?",
      ],
    },
    {
      lead: "So vertiefen Sie, was Sie können:",
      steps: [
        "Vergleichen Sie Ihr Ergebnis mit dem Ziel, das Sie sich am Anfang gesetzt haben, und benennen Sie die größte Abweichung.",
        "Fragen Sie jemanden mit anderer Sicht nach einer ehrlichen Einschätzung und hören Sie zu, ohne sich zu rechtfertigen.",
        "Verbessern Sie genau eine Stelle und messen Sie, ob sich dadurch etwas ändert.",
        "Geben Sie Ihr Wissen weiter; wer etwas erklärt, bemerkt am schnellsten die eigenen Lücken.",
      ],
    },
  ],
  correction:
    "Ein verbreiteter Irrtum lautet: „{myth}“ Er klingt einleuchtend, hält einer Prüfung aber nicht stand. Richtig ist vielmehr: {insight} Achten Sie in Gesprächen und Texten darauf, wie oft Ihnen die erste Fassung begegnet, und überlegen Sie jedes Mal, welche Folgen es hätte, wenn man sich danach richtete.",
  examplesLead: "Die folgenden Situationen sind erfunden, könnten sich aber so zutragen.",
  summaryLead: "Das Wichtigste in Kürze:",
  summaryClose:
    "Wenn Sie nur einen Gedanken aus „{lesson}“ mitnehmen, dann diesen ersten. Die übrigen Punkte helfen Ihnen, ihn anzuwenden.",
  resources: [
    "Ihre örtliche Bibliothek oder Volkshochschule: Fragen Sie gezielt nach neueren Einführungen zu „{topic}“.",
    "Öffentliche und gemeinnützige Beratungsstellen, etwa Verbraucherzentralen, die unabhängig von Verkaufsinteressen informieren.",
    "Ihr eigenes Lernheft: Notieren Sie Datum, Frage, Antwort und Quelle, damit Sie später nachvollziehen können, worauf Ihr Wissen beruht.",
  ],
  disclaimer:
    "Dieser Kurs dient der Bildung und gibt einen allgemeinen Überblick. Er ersetzt keine rechtliche, steuerliche, finanzielle oder sonstige fachliche Beratung im Einzelfall und empfiehlt keine bestimmten Produkte oder Anbieter. Prüfen Sie wichtige Angaben vor einer Entscheidung anhand aktueller Quellen.",
  placeholder:
    "Der Text der Lektion „{lesson}“ liegt noch nicht vor. Geplant sind eine Einführung, die wichtigsten Begriffe, Beispiele und eine Zusammenfassung. {about}",
  plannedPoints: [
    "Einführung: Warum „{lesson}“ wichtig ist",
    "Begriffe und Zusammenhänge",
    "Beispiele aus dem Alltag",
    "Zusammenfassung und nächste Schritte",
  ],
  quiz: {
    title: "Quiz: {course}",
    description:
      "Prüfen Sie, was Sie im Kurs „{topic}“ gelernt haben. Zu jeder Frage ist genau eine Antwort richtig.",
    statement: "„{topic}“, Lektion „{lesson}“: Welche Aussage trifft zu?",
    statementExplanation: "{insight} Das behandelt die Lektion „{lesson}“.",
    place: "In welchem Modul des Kurses „{topic}“ steht die Lektion „{lesson}“?",
    placeExplanation: "Die Lektion „{lesson}“ gehört zum Modul „{module}“.",
  },
  landing: {
    subtitle: "{excerpt} Ein Kurs in {modules} Modulen mit {lessons} Lektionen.",
    callToAction: "Jetzt mit dem Kurs beginnen",
    value:
      "{excerpt} Der Kurs „{topic}“ führt in {modules} Modulen und {lessons} Lektionen von den Grundlagen bis zum eigenen Plan: verständlich, sachlich und ohne Verkaufsabsicht. Sie lernen in Ihrem Tempo und üben an Fällen aus dem Alltag.",
    forWhomTitle: "Für wen ist der Kurs?",
    forWhomAudience: "Für {audience}, die sich mit „{topic}“ beschäftigen",
    forWhomGeneral: [
      "Für alle, die ohne Vorkenntnisse einsteigen und Schritt für Schritt vorgehen möchten",
      "Für alle, die sich eine eigene, begründete Meinung bilden möchten",
    ],
    notForWhomTitle: "Für wen ist der Kurs nicht?",
    notForWhomPoints: [
      "Wer eine verbindliche Beratung für den eigenen Einzelfall sucht",
      "Wer fertige Rezepte ohne eigenes Nachdenken erwartet",
      "Wer bereits beruflich Fachwissen in diesem Gebiet vermittelt",
    ],
    structureTitle: "So ist der Kurs aufgebaut",
    structureFeature: "{modules} Module mit {lessons} Lektionen, zusammen etwa {minutes} Minuten",
    quizFeature: "Abschlussquiz mit Erklärung zu jeder Antwort",
    features: [
      "Klare Lernziele zu jeder Lektion",
      "Beispiele aus dem Alltag der Zielgruppen",
      "Neutral: keine Werbung, keine Produktempfehlungen",
    ],
    featuresTitle: "Was Sie erwartet",
    valueTitle: "Was Ihnen der Kurs bringt",
  },
  audiences: {
    private_individuals: {
      example:
        "Frau Berger regelt ihren Haushalt neben der Arbeit und hat wenig Zeit. Für „{lesson}“ nimmt sie sich zwei Abende, schreibt drei offene Fragen auf und klärt die erste, bevor sie irgendetwas entscheidet.",
    },
    employees: {
      example:
        "Herr Yılmaz arbeitet in einer Verwaltung und soll im Team über „{lesson}“ berichten. Er sammelt Fakten aus zwei unabhängigen Quellen, stellt sie auf einer Seite gegenüber und bittet eine Kollegin um Widerspruch.",
    },
    career_starters: {
      example:
        "Lena hat gerade ihre Ausbildung beendet und hört von allen Seiten gute Ratschläge. Sie prüft mit „{lesson}“, welcher Rat zu ihrer Lage passt, und verschiebt alles, was sie noch nicht begründen kann.",
    },
    sme_entrepreneurs: {
      example:
        "Eine Tischlerei mit acht Beschäftigten möchte einen Ablauf ändern. Die Inhaberin überträgt „{lesson}“ auf einen einzelnen Auftrag, misst Zeit und Kosten und entscheidet nach vier Wochen, ob der ganze Betrieb folgt.",
    },
    retirees: {
      example:
        "Herr Novak ist im Ruhestand und lernt gern in Ruhe. Er bespricht „{lesson}“ mit seiner Nachbarin, vergleicht beide Sichtweisen und schreibt seiner Enkelin in einem Brief, was er daraus mitnimmt.",
    },
    self_employed: {
      example:
        "Eine freie Übersetzerin hat schwankende Einnahmen und wenig Reserven an Zeit. Sie probiert „{lesson}“ an ihrem nächsten Projekt aus, begrenzt den Aufwand auf einen halben Tag und zieht danach Bilanz.",
    },
    students: {
      example:
        "Eine Lerngruppe teilt „{lesson}“ unter sich auf: Jede Person erklärt den anderen einen Abschnitt. Wo die Erklärung stockt, schlagen sie gemeinsam nach und halten die Quelle fest.",
    },
    parents: {
      example:
        "Ein Elternpaar möchte den Kindern „{lesson}“ erklären. Beide einigen sich auf ein Beispiel aus dem Familienalltag, stellen es beim Abendessen vor und sammeln die Fragen, die dabei offen bleiben.",
    },
    migrants_expats: {
      example:
        "Frau Okafor lebt seit einem Jahr im Land und kennt andere Regeln. Sie vergleicht bei „{lesson}“, was hier anders ist als früher, und fragt bei einer Beratungsstelle nach, bevor sie etwas unterschreibt.",
    },
  },
  generic: genericDe,
  banking: bankingDe,
};
