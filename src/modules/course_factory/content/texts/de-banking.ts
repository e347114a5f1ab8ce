import type { CourseSubject } from "./language.ts";

/** Outline for courses on banks and the alternatives to them. */
export const bankingDe: CourseSubject = [
  {
    title: "Wie Banken und Sparkassen arbeiten",
    description: "Aufgaben, Geldschöpfung und Verträge: das Fundament für jeden Vergleich.",
    lessons: [
      {
        title: "Aufgaben von Banken und Sparkassen",
        about: "Sie lernen, welche Dienste Banken und Sparkassen leisten und worin sie sich unterscheiden.",
        objectives: ["die Hauptaufgaben einer Bank nennen", "Bankengruppen voneinander unterscheiden"],
        body: "Banken führen Konten, wickeln Zahlungen ab, nehmen Einlagen an und vergeben Kredite. Sparkassen gehören meist Gemeinden oder Kreisen und haben einen öffentlichen Auftrag, Genossenschaftsbanken gehören ihren Mitgliedern, private Banken ihren Anteilseignern. Wem ein Haus gehört, bestimmt mit, wofür Gewinne verwendet werden und wer mitreden darf. Für viele Alltagsgeschäfte sind die Dienste dennoch sehr ähnlich.",
        insight:
          "Sparkassen, Genossenschaftsbanken und private Banken unterscheiden sich vor allem in der Trägerschaft.",
        myth: "Alle Banken und Sparkassen gehören demselben Eigentümer.",
      },
      {
        title: "Wie Geld und Kredit entstehen",
        about: "Sie verstehen, wie durch Kreditvergabe Guthaben entsteht und wodurch sie begrenzt wird.",
        objectives: ["Buchgeld und Bargeld unterscheiden", "Grenzen der Kreditvergabe erklären"],
        body: "Der größte Teil des Geldes besteht nicht aus Scheinen und Münzen, sondern aus Guthaben auf Konten. Vergibt eine Bank einen Kredit, schreibt sie dem Konto des Kunden einen Betrag gut; so entsteht Buchgeld. Grenzenlos ist das nicht: Eigenkapitalregeln, Risiken, Zinsen der Zentralbank und die Nachfrage nach Krediten setzen den Rahmen. Mit der Rückzahlung verschwindet das Buchgeld wieder.",
        insight: "Bei der Kreditvergabe entsteht Buchgeld, und mit der Tilgung verschwindet es wieder.",
        myth: "Banken dürfen ohne jede Grenze Kredite vergeben.",
      },
      {
        title: "Gebühren, Zinsen und Verträge lesen",
        about: "Sie finden in Preisverzeichnissen und Verträgen die Angaben, auf die es ankommt.",
        objectives: ["den effektiven Jahreszins einordnen", "Kosten eines Kontos im Jahr berechnen"],
        body: "Für Konten gibt es Entgeltinformationen, für Kredite den effektiven Jahreszins. Beide machen Angebote vergleichbar, weil sie die wesentlichen Kosten zusammenfassen. Rechnen Sie stets auf ein Jahr und auf Ihr eigenes Verhalten: Wie oft heben Sie Bargeld ab, wie oft zahlen Sie im Ausland, wie häufig ist das Konto überzogen? Kündigungsfristen und Bedingungen für Vergünstigungen stehen oft erst weiter hinten.",
        insight: "Der effektive Jahreszins macht Kreditangebote besser vergleichbar als der Sollzins allein.",
        myth: "Ein Konto ohne Grundgebühr verursacht niemals Kosten.",
      },
    ],
  },
  {
    title: "Alternativen im Überblick",
    description: "Andere Bankformen, Zahlungsdienste, Kredite von Privat zu Privat und Gemeinschaften.",
    lessons: [
      {
        title: "Genossenschaften, Direktbanken und Ethikbanken",
        about:
          "Sie vergleichen Banken, die ohne Filialen, mit Mitgliedern oder mit besonderen Grundsätzen arbeiten.",
        objectives: ["drei Bankformen vergleichen", "eigene Anforderungen an eine Bank ordnen"],
        body: "Direktbanken verzichten auf Filialen und bieten ihre Dienste über das Netz und das Telefon an. Genossenschaftsbanken beteiligen ihre Mitglieder mit je einer Stimme. Ethisch ausgerichtete Banken legen offen, wofür sie Geld verwenden und was sie ausschließen. Keine Form ist für alle die beste: Wer Bargeld einzahlt, braucht andere Wege als jemand, der nur überweist.",
        insight: "In einer Genossenschaftsbank hat jedes Mitglied grundsätzlich eine Stimme.",
        myth: "Direktbanken brauchen keine Banklizenz, weil sie keine Filialen haben.",
      },
      {
        title: "Zahlungsdienste und elektronisches Geld",
        about:
          "Sie erfahren, was Zahlungsdienste und E-Geld-Institute dürfen und wie Guthaben gesichert werden.",
        objectives: ["Zahlungsdienst und Bank unterscheiden", "die Sicherung von Guthaben erfragen"],
        body: "Zahlungsdienste führen Überweisungen aus, E-Geld-Institute geben Guthaben aus, das man zum Bezahlen verwendet. Beide brauchen eine Erlaubnis, sind aber keine Einlagenkreditinstitute. Kundengelder müssen gesichert werden, meist auf getrennten Treuhandkonten; die gesetzliche Einlagensicherung gilt für sie nicht in derselben Weise wie bei einer Bank. Fragen Sie deshalb, wo Ihr Guthaben tatsächlich liegt.",
        insight: "Guthaben bei E-Geld-Instituten wird anders gesichert als Einlagen bei einer Bank.",
        myth: "Jede Bezahl-App ist rechtlich eine Bank mit gesetzlicher Einlagensicherung.",
      },
      {
        title: "Kredite von Privat zu Privat und Crowdfunding",
        about:
          "Sie verstehen, wie Plattformen Geldgeber und Suchende zusammenbringen und wer das Risiko trägt.",
        objectives: ["den Ablauf einer Plattform beschreiben", "das Ausfallrisiko benennen"],
        body: "Plattformen vermitteln zwischen Menschen, die Geld suchen, und Menschen, die Geld geben. Beim Crowdfunding gibt es als Gegenleistung ein Dankeschön, ein Produkt, Zinsen oder eine Beteiligung. Das Risiko eines Ausfalls trägt in der Regel, wer das Geld gibt, nicht die Plattform. Streuung über viele Vorhaben mindert das Risiko, hebt es aber nicht auf.",
        insight: "Bei Krediten von Privat zu Privat tragen meist die Geldgeber das Ausfallrisiko.",
        myth: "Plattformen erstatten Geldgebern jeden Ausfall in voller Höhe.",
      },
      {
        title: "Spargemeinschaften und gegenseitige Hilfe",
        about: "Sie lernen gemeinschaftliche Formen des Sparens und Helfens mit ihren Regeln kennen.",
        objectives: ["gemeinschaftliche Sparformen beschreiben", "Regeln für eine Gemeinschaft aufstellen"],
        body: "In vielen Ländern sparen Menschen gemeinsam: Alle zahlen regelmäßig ein, und reihum erhält eine Person die Summe. Vereine und Genossenschaften unterstützen Mitglieder in Notlagen. Solche Formen beruhen auf Vertrauen, schriftlichen Regeln und offener Buchführung. Bevor Geld fließt, sollten Beginn, Reihenfolge, Austritt und Streitfälle geklärt sein; auch rechtliche Grenzen sind zu beachten.",
        insight: "Gemeinschaftliches Sparen braucht klare schriftliche Regeln und offene Buchführung.",
        myth: "In einer Spargemeinschaft sind schriftliche Regeln überflüssig.",
      },
    ],
  },
  {
    title: "Sicherheit und Risiko",
    description: "Einlagensicherung, Aufsicht, Betrug und der Schutz der eigenen Daten.",
    lessons: [
      {
        title: "Einlagensicherung verstehen",
        about: "Sie wissen, was die Einlagensicherung schützt, bis zu welcher Höhe und was nicht.",
        objectives: ["geschützte und ungeschützte Gelder unterscheiden", "die Grenze der Sicherung nennen"],
        body: "In der Europäischen Union sind Einlagen je Person und Bank grundsätzlich bis 100.000 Euro gesetzlich geschützt. Dazu zählen Guthaben auf Giro-, Tagesgeld- und Festgeldkonten. Aktien, Fonds oder Darlehen über Plattformen sind keine Einlagen; für sie gelten andere Regeln. Wer größere Beträge hat, kann sie auf mehrere Banken verteilen. Welche Sicherungseinrichtung zuständig ist, steht im Informationsbogen.",
        insight:
          "Die gesetzliche Einlagensicherung in der EU schützt grundsätzlich 100.000 Euro je Person und Bank.",
        myth: "Die Einlagensicherung ersetzt auch Kursverluste bei Aktien.",
      },
      {
        title: "Erlaubnis und Aufsicht prüfen",
        about: "Sie stellen mit öffentlichen Verzeichnissen fest, ob ein Anbieter eine Erlaubnis hat.",
        objectives: ["ein öffentliches Verzeichnis nutzen", "fehlende Angaben als Warnzeichen erkennen"],
        body: "Wer Bankgeschäfte betreibt oder Zahlungsdienste erbringt, braucht eine Erlaubnis der Aufsicht. Die Aufsichtsbehörden führen öffentliche Verzeichnisse, in denen sich Name und Erlaubnis nachschlagen lassen. Vergleichen Sie Firma, Sitz und Nummer genau, denn Betrüger verwenden gern Namen, die bekannten ähneln. Fehlt ein Impressum oder weicht es ab, ist das ein deutliches Warnzeichen.",
        insight: "Ob ein Anbieter eine Erlaubnis hat, lässt sich im Verzeichnis der Aufsicht nachschlagen.",
        myth: "Eine professionell gestaltete Internetseite beweist die Zulassung eines Anbieters.",
      },
      {
        title: "Betrug erkennen",
        about: "Sie erkennen typische Muster von Betrug und wissen, was im Ernstfall zu tun ist.",
        objectives: ["Warnzeichen eines Betrugs nennen", "im Ernstfall richtig reagieren"],
        body: "Betrug arbeitet mit Druck, Angst und Versprechen. Unerwartete Anrufe, dringende Fristen, hohe sichere Gewinne und die Bitte um Zugangsdaten sind typische Muster. Legen Sie auf, rufen Sie über eine selbst gesuchte Nummer zurück und geben Sie niemals Freigabecodes weiter. Ist Geld abgeflossen, zählt jede Minute: Konto sperren lassen, Bank informieren, Anzeige erstatten, Belege sichern.",
        insight: "Freigabecodes gibt man niemals weiter, auch nicht an angebliche Bankangestellte.",
        myth: "Eine echte Bank fragt am Telefon nach Freigabecodes.",
      },
      {
        title: "Daten und Zugänge schützen",
        about: "Sie sichern Ihre Zugänge und entscheiden bewusst, welche Daten Sie freigeben.",
        objectives: ["einen Zugang mit zwei Merkmalen sichern", "Freigaben von Daten beurteilen"],
        body: "Ein Zugang ist so sicher wie sein schwächstes Glied. Verwenden Sie für jeden Dienst ein eigenes langes Passwort, möglichst mit einem Passwortspeicher, und schalten Sie die Bestätigung über ein zweites Merkmal ein. Dienste, die Kontodaten auslesen, brauchen Ihre Zustimmung; Sie können sie widerrufen. Prüfen Sie regelmäßig, wem Sie Zugriff gewährt haben.",
        insight: "Für jeden Dienst ein eigenes Passwort und ein zweites Merkmal erhöhen die Sicherheit.",
        myth: "Ein einziges gutes Passwort darf man gefahrlos überall verwenden.",
      },
    ],
  },
  {
    title: "Den eigenen Weg umsetzen",
    description: "Bedarf klären, Angebote vergleichen, wechseln und den Überblick behalten.",
    lessons: [
      {
        title: "Den eigenen Bedarf klären",
        about: "Sie beschreiben, welche Dienste Sie wirklich brauchen und worauf Sie verzichten können.",
        objectives: ["die eigene Nutzung erfassen", "Muss- und Kann-Anforderungen trennen"],
        body: "Am Anfang steht eine Bestandsaufnahme: Welche Konten, Karten, Kredite und Verträge bestehen, und was davon nutzen Sie tatsächlich? Trennen Sie, was unverzichtbar ist, von dem, was angenehm wäre.",
        insight: "Wer seine tatsächliche Nutzung kennt, kann Angebote gezielter auswählen.",
        myth: "Wer viele Konten hat, hat automatisch geringere Kosten.",
      },
      {
        title: "Angebote vergleichen",
        about: "Sie vergleichen Angebote anhand fester Merkmale und berechnen die Kosten eines Jahres.",
        objectives: ["einen Vergleich anhand von Merkmalen anlegen", "Jahreskosten berechnen"],
        body: "Legen Sie Merkmale fest, bevor Sie Angebote ansehen: Kosten im Jahr, Bargeld, Erreichbarkeit, Sicherung der Einlagen, Grundsätze. Achten Sie bei Vergleichsseiten darauf, wer sie bezahlt.",
        insight: "Vergleichsseiten können Provisionen erhalten und zeigen dann nicht den ganzen Markt.",
        myth: "Vergleichsseiten zeigen immer alle Angebote und sind stets unabhängig.",
      },
      {
        title: "Einen Kontowechsel planen",
        about: "Sie planen einen Wechsel so, dass keine Zahlung verloren geht.",
        objectives: ["Zahlungspartner vollständig erfassen", "einen Wechsel zeitlich planen"],
        body: "Listen Sie Gehalt, Daueraufträge und Lastschriften eines ganzen Jahres auf, auch jährliche Zahlungen. Die gesetzliche Kontenwechselhilfe unterstützt Sie. Lassen Sie das alte Konto einige Wochen parallel bestehen.",
        insight: "Beim Kontowechsel hilft es, altes und neues Konto einige Wochen parallel zu führen.",
        myth: "Beim Wechsel sollte man das alte Konto als Erstes kündigen.",
      },
      {
        title: "Der persönliche Finanzplan",
        about: "Sie fassen Ihre Entscheidungen in einem Plan mit Terminen zusammen.",
        objectives: ["Rücklagen und Ziele ordnen", "Termine zur Überprüfung festlegen"],
        body: "Ein Finanzplan passt auf eine Seite: Einnahmen, Ausgaben, Rücklage, Ziele und der nächste Termin zur Überprüfung. Zuerst kommt die Rücklage für Notfälle, dann folgen langfristige Ziele.",
        insight: "Eine Rücklage für Notfälle kommt im Finanzplan vor langfristigen Zielen.",
        myth: "Ein Finanzplan lohnt sich nur für Menschen mit hohem Einkommen.",
      },
    ],
  },
];
