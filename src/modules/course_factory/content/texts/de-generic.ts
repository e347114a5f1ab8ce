import type { CourseSubject } from "./language.ts";

/** Outline for any subject: from first terms to a plan of one's own. */
export const genericDe: CourseSubject = [
  {
    title: "Grundlagen: {topic}",
    description: "Begriffe, Zusammenhänge und verbreitete Irrtümer, auf denen alles Weitere aufbaut.",
    lessons: [
      {
        title: "Begriffe und Einordnung",
        about: "Sie klären die wichtigsten Begriffe und ordnen das Thema in Ihren Alltag ein.",
        objectives: [
          "die wichtigsten Begriffe mit eigenen Worten erklären",
          "das Thema von Nachbarthemen abgrenzen",
        ],
        body: "Wer über „{topic}“ spricht, meint oft Verschiedenes. Manche denken an Regeln, andere an Werkzeuge, wieder andere an Erfahrungen. Deshalb beginnt jede gründliche Beschäftigung mit der Frage, was genau gemeint ist, was ausdrücklich nicht dazugehört und wer davon betroffen ist. Eine gute Begriffsklärung ist kurz, enthält ein Beispiel und lässt sich im Zweifel überprüfen.",
        insight: "Geklärte Begriffe verhindern Missverständnisse, bevor sie entstehen.",
        myth: "Begriffe muss man nicht klären, weil ohnehin alle dasselbe darunter verstehen.",
      },
      {
        title: "Wie die Dinge zusammenhängen",
        about: "Sie erkennen Ursachen, Folgen und Wechselwirkungen und stellen sie übersichtlich dar.",
        objectives: [
          "Ursache und zeitliche Folge unterscheiden",
          "Wechselwirkungen in einer Skizze darstellen",
        ],
        body: "Bei „{topic}“ wirken meist mehrere Umstände zugleich. Dass zwei Dinge gemeinsam auftreten, beweist noch nicht, dass das eine das andere verursacht; beide können auf einen dritten Umstand zurückgehen. Fragen Sie deshalb nach dem Weg der Wirkung: Was müsste geschehen, damit aus dem einen das andere folgt, und woran ließe sich das beobachten?",
        insight: "Gemeinsames Auftreten zweier Dinge beweist noch keine Ursache.",
        myth: "Wenn zwei Dinge gemeinsam auftreten, ist das eine immer die Ursache des anderen.",
      },
      {
        title: "Verbreitete Irrtümer",
        about: "Sie lernen typische Fehlannahmen kennen und prüfen Ihre eigenen Überzeugungen.",
        objectives: ["typische Fehlannahmen benennen", "eine eigene Überzeugung an Tatsachen prüfen"],
        body: "Irrtümer über „{topic}“ halten sich, weil sie einfach sind und oft wiederholt werden. Vertrautheit fühlt sich wie Wahrheit an. Ein wirksames Gegenmittel besteht darin, gezielt nach Fällen zu suchen, die der eigenen Meinung widersprechen. Finden sich keine, obwohl man ehrlich gesucht hat, gewinnt die Meinung an Gewicht; finden sich welche, wird sie genauer.",
        insight: "Wer nach Gegenbeispielen sucht, prüft eine Überzeugung besser als durch Bestätigungen.",
        myth: "Was man oft genug gehört hat, muss auch stimmen.",
      },
    ],
  },
  {
    title: "Methoden: {topic}",
    description: "Ein geordnetes Vorgehen, verlässliche Informationen und begründete Entscheidungen.",
    lessons: [
      {
        title: "Planvoll vorgehen",
        about: "Sie zerlegen ein Vorhaben in Schritte und legen fest, woran Sie Fortschritt erkennen.",
        objectives: ["ein Ziel überprüfbar formulieren", "ein Vorhaben in Schritte zerlegen"],
        body: "Ein Ziel zu „{topic}“ taugt erst dann als Richtschnur, wenn man erkennen kann, ob es erreicht ist. „Mehr wissen“ genügt nicht; „drei Fragen ohne Hilfe beantworten“ lässt sich prüfen. Aus dem Ziel ergeben sich die Schritte rückwärts: Was muss unmittelbar davor geschehen sein, und was wiederum davor? So entsteht ein Plan, der beim heutigen Tag beginnt.",
        insight: "Ein gutes Ziel ist so formuliert, dass man sein Erreichen überprüfen kann.",
        myth: "Je allgemeiner ein Ziel formuliert ist, desto leichter lässt es sich erreichen.",
      },
      {
        title: "Informationen finden und prüfen",
        about: "Sie beurteilen, wie verlässlich eine Quelle ist, und vergleichen mehrere miteinander.",
        objectives: ["die Verlässlichkeit einer Quelle beurteilen", "Angaben an einer zweiten Quelle prüfen"],
        body: "Zu „{topic}“ gibt es mehr Material, als jemand lesen kann. Entscheidend ist daher die Auswahl. Fragen Sie bei jeder Quelle: Wer hat sie verfasst, zu welchem Zweck, wann, und worauf stützt sie sich? Eine Angabe, die in zwei voneinander unabhängigen Quellen steht, ist mehr wert als zehn Wiederholungen derselben Meldung. Notieren Sie das Datum, denn auch Richtiges veraltet.",
        insight: "Zwei unabhängige Quellen wiegen mehr als viele Wiederholungen derselben Quelle.",
        myth: "Eine Angabe ist umso verlässlicher, je häufiger sie abgeschrieben wurde.",
      },
      {
        title: "Möglichkeiten vergleichen",
        about: "Sie stellen Möglichkeiten anhand fester Merkmale gegenüber und begründen Ihre Wahl.",
        objectives: ["Merkmale für einen Vergleich festlegen", "eine Wahl nachvollziehbar begründen"],
        body: "Wer bei „{topic}“ wählen muss, sollte die Merkmale festlegen, bevor er die Möglichkeiten betrachtet. Sonst passt man die Maßstäbe unbemerkt an das an, was ohnehin gefällt. Eine einfache Tabelle reicht: Zeilen für die Möglichkeiten, Spalten für Nutzen, Aufwand, Risiko und Umkehrbarkeit. Gewichten Sie, was nicht verhandelbar ist, und streichen Sie alles, was dort versagt.",
        insight: "Vergleichsmerkmale legt man am besten fest, bevor man die Möglichkeiten ansieht.",
        myth: "Maßstäbe für einen Vergleich sollte man erst nach der Entscheidung festlegen.",
      },
    ],
  },
  {
    title: "Praxis: {topic}",
    description: "Ein eigenes kleines Vorhaben planen, umsetzen und über Hindernisse bringen.",
    lessons: [
      {
        title: "Ein eigenes Vorhaben planen",
        about: "Sie wählen ein überschaubares Vorhaben und planen Zeit, Mittel und Unterstützung.",
        objectives: ["ein überschaubares Vorhaben auswählen", "Zeit und Mittel realistisch einschätzen"],
        body: "Das beste erste Vorhaben zu „{topic}“ ist klein, nützlich und in einer Woche zu schaffen. Schätzen Sie die Dauer jeder Aufgabe und schlagen Sie ein Drittel auf, denn Menschen unterschätzen regelmäßig, was dazwischenkommt. Legen Sie außerdem fest, wen Sie um Hilfe bitten können und welche Mittel schon vorhanden sind. Ein Plan auf einer Seite wird eher befolgt als einer auf zehn.",
        insight: "Zeitpläne werden realistischer, wenn man einen Puffer für Unvorhergesehenes einrechnet.",
        myth: "Ein guter Plan kommt ohne Puffer aus, weil nichts dazwischenkommen darf.",
      },
      {
        title: "Umsetzen und dranbleiben",
        about: "Sie beginnen mit dem ersten Schritt und sichern den Fortschritt durch feste Gewohnheiten.",
        objectives: ["mit einem kleinen Schritt beginnen", "Fortschritt sichtbar festhalten"],
        body: "Beim Umsetzen entscheidet seltener der Vorsatz als die Gelegenheit. Verbinden Sie die Arbeit an „{topic}“ mit einer festen Zeit und einem festen Ort, etwa nach dem Frühstück am Küchentisch. Halten Sie jeden erledigten Schritt sichtbar fest. Fällt ein Tag aus, ist das kein Scheitern; wichtig ist, nicht zwei Tage hintereinander auszulassen und am nächsten Termin mit dem kleinsten Schritt weiterzumachen.",
        insight: "Feste Zeiten und Orte helfen mehr beim Dranbleiben als guter Wille allein.",
        myth: "Wer einen Tag auslässt, sollte das Vorhaben ganz aufgeben.",
      },
      {
        title: "Mit Hindernissen umgehen",
        about: "Sie unterscheiden Arten von Hindernissen und wählen die passende Antwort.",
        objectives: [
          "Hindernisse nach ihrer Art unterscheiden",
          "für ein wahrscheinliches Hindernis vorsorgen",
        ],
        body: "Hindernisse bei „{topic}“ sind nicht alle gleich. Manche liegen am fehlenden Wissen, andere an fehlender Zeit, wieder andere an den Regeln oder an anderen Menschen. Jede Art verlangt eine andere Antwort: nachlesen, streichen, nachfragen oder verhandeln. Bewährt hat sich der Wenn-dann-Plan: Wenn dieses Hindernis eintritt, dann tue ich jenes. Er nimmt die Entscheidung vorweg, solange der Kopf frei ist.",
        insight: "Ein Wenn-dann-Plan bereitet die Antwort auf ein Hindernis vor, bevor es eintritt.",
        myth: "Über Hindernisse nachzudenken schadet, weil man sie damit herbeiführt.",
      },
    ],
  },
  {
    title: "Vertiefung: {topic}",
    description: "Ergebnisse beurteilen, Wissen teilen und den weiteren Weg festlegen.",
    lessons: [
      {
        title: "Ergebnisse beurteilen und verbessern",
        about: "Sie messen Ihr Ergebnis am Ziel und verbessern gezielt eine Stelle.",
        objectives: ["ein Ergebnis am Ziel messen", "gezielt eine Verbesserung auswählen"],
        body: "Nach dem ersten Vorhaben zu „{topic}“ liegt ein Ergebnis vor, das Sie mit dem Ziel vergleichen können. Suchen Sie nicht nach Schuldigen, sondern nach der Stelle mit der größten Wirkung. Ändern Sie immer nur einen Umstand zugleich; sonst wissen Sie hinterher nicht, woran die Besserung lag. Auch ein unerwartet gutes Ergebnis verdient die Frage, wie es zustande kam.",
        insight: "Wer nur einen Umstand zugleich ändert, erkennt, was die Änderung bewirkt hat.",
        myth: "Man verbessert am schnellsten, indem man möglichst vieles gleichzeitig ändert.",
      },
      {
        title: "Wissen teilen und gemeinsam arbeiten",
        about: "Sie geben weiter, was Sie gelernt haben, und nutzen Rückmeldungen anderer.",
        objectives: ["einen Inhalt verständlich weitergeben", "Rückmeldung einholen und nutzen"],
        body: "Wissen über „{topic}“ wächst, wenn es geteilt wird. Wer anderen etwas erklärt, muss ordnen, weglassen und Beispiele finden; dabei zeigen sich Lücken, die beim stillen Lesen verborgen bleiben. Bitten Sie um Rückmeldung zu einer bestimmten Frage statt um ein allgemeines Urteil. Bedanken Sie sich auch für Kritik und entscheiden Sie danach in Ruhe, was Sie übernehmen.",
        insight: "Anderen etwas zu erklären deckt Lücken im eigenen Wissen auf.",
        myth: "Wissen verliert an Wert, sobald man es mit anderen teilt.",
      },
      {
        title: "Der persönliche Fahrplan",
        about: "Sie fassen den Kurs zusammen und legen Ihre nächsten Schritte fest.",
        objectives: ["die eigenen Erkenntnisse zusammenfassen", "nächste Schritte mit Termin festlegen"],
        body: "Am Ende des Kurses „{topic}“ steht kein Zeugnis, sondern ein Fahrplan. Er enthält drei Erkenntnisse, zwei Gewohnheiten und einen nächsten Schritt mit Datum. Tragen Sie den Termin sofort ein und legen Sie fest, wann Sie den Fahrplan wieder ansehen. Ein kurzer Rückblick nach vier Wochen und nach drei Monaten genügt, damit das Gelernte lebendig bleibt.",
        insight: "Ein nächster Schritt mit festem Datum wird eher getan als ein allgemeiner Vorsatz.",
        myth: "Nach dem Ende eines Kurses braucht man sich mit dem Stoff nicht mehr zu befassen.",
      },
    ],
  },
];
