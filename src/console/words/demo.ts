import { defineWords } from "../words.ts";

export const demoWords = defineWords({
  en: {
    title: "A world to look at",
    offer:
      "Fills this empty system with three schools and a week of theirs: courses, sales, missions, failures, things that wait for somebody. It takes some ten seconds, and only a system on this machine offers it.",
    begin: "Make the world",
    running: (step: string) => `Being made: ${step}`,
    completed: "It is there. Every page has something to show now.",
    failed: (why: string) => `It was not made whole: ${why}`,
    again: "Go on where it stopped",
    told: "The world is being made.",
    none: "This system offers no demo.",
    look: "Look at it",
    progress: (done: string, total: string) => `${done} of ${total}`,
    starting: "the beginning",
  },
  de: {
    title: "Eine Welt zum Ansehen",
    offer:
      "Füllt dieses leere System mit drei Schulen und einer Woche daraus: Kurse, Verkäufe, Missionen, Fehler, Dinge, die auf jemanden warten. Es dauert etwa zehn Sekunden, und nur ein System auf diesem Rechner bietet es an.",
    begin: "Welt erzeugen",
    running: (step: string) => `Entsteht gerade: ${step}`,
    completed: "Sie ist da. Jede Seite hat nun etwas zu zeigen.",
    failed: (why: string) => `Sie wurde nicht fertig: ${why}`,
    again: "Weitermachen, wo es aufhörte",
    told: "Die Welt entsteht.",
    none: "Dieses System bietet keine Vorführung an.",
    look: "Ansehen",
    progress: (done: string, total: string) => `${done} von ${total}`,
    starting: "der Anfang",
  },
});
