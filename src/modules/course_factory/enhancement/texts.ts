import type { Language } from "../content/model.ts";

/**
 * Text of template enhancements. Placeholders: `{lesson}` title, `{about}` what it is about, `{objective}` its first
 * learning objective, `{objectives}` all of them.
 */
export interface EnhancementTexts {
  readonly example: string;
  readonly summary: string;
  /** Taken in turn, so that neighbouring lessons compare differently. */
  readonly analogies: readonly [string, string, string];
  /** Question and answer: what it is about (easy), what one can do then (medium), how one knows (hard). */
  readonly flashcards: readonly [Card, Card, Card];
}

interface Card {
  readonly question: string;
  readonly answer: string;
}

const de: EnhancementTexts = {
  example: "**Noch ein Beispiel:** {example}",
  summary:
    "**In einem Satz:** {about} Sie haben das Ziel erreicht, wenn Sie das ohne Nachschlagen können: {objective}",
  analogies: [
    "**Ein Vergleich:** „{lesson}“ ist wie eine Landkarte: Sie ersetzt den Weg nicht, aber sie zeigt, wo man steht und welche Abzweigungen es gibt.",
    "**Ein Vergleich:** „{lesson}“ ist wie ein Rezept: Die Zutaten allein machen noch kein Essen, erst die Reihenfolge und das Abschmecken tun es.",
    "**Ein Vergleich:** „{lesson}“ ist wie ein Werkzeugkasten: Man braucht nicht alles auf einmal, aber man muss wissen, was darin liegt.",
  ],
  flashcards: [
    { question: "Worum geht es in der Lektion „{lesson}“?", answer: "Kurz gesagt: {about}" },
    { question: "Was kann man nach der Lektion „{lesson}“?", answer: "Man kann: {objectives}." },
    {
      question: "Woran erkennen Sie, dass Sie „{lesson}“ verstanden haben?",
      answer:
        "Sie können das Wichtigste in eigenen Worten erklären, ein eigenes Beispiel nennen und eines, auf das es nicht zutrifft.",
    },
  ],
};

const en: EnhancementTexts = {
  example: "**Another example:** {example}",
  summary:
    "**In one sentence:** {about} You have reached the goal when you can do this without looking it up: {objective}",
  analogies: [
    "**A comparison:** “{lesson}” is like a map: it does not replace the walk, but it shows where you are and which turnings there are.",
    "**A comparison:** “{lesson}” is like a recipe: the ingredients alone do not make a meal, only their order and the tasting do.",
    "**A comparison:** “{lesson}” is like a toolbox: you do not need everything at once, but you have to know what is in it.",
  ],
  flashcards: [
    { question: "What is the lesson “{lesson}” about?", answer: "In short: {about}" },
    {
      question: "What can you do after the lesson “{lesson}”?",
      answer: "You can: {objectives}.",
    },
    {
      question: "How do you know that you have understood “{lesson}”?",
      answer:
        "You can explain the essentials in your own words, and give an example of your own and one to which it does not apply.",
    },
  ],
};

const fr: EnhancementTexts = {
  example: "**Encore un exemple :** {example}",
  summary:
    "**En une phrase :** {about} L’objectif est atteint quand vous y parvenez sans consulter vos notes : {objective}",
  analogies: [
    "**Une comparaison :** « {lesson} » est comme une carte : elle ne remplace pas le chemin, mais elle montre où l’on se trouve et quelles bifurcations existent.",
    "**Une comparaison :** « {lesson} » est comme une recette : les ingrédients seuls ne font pas un repas, il y faut l’ordre et le goût.",
    "**Une comparaison :** « {lesson} » est comme une boîte à outils : on n’a pas besoin de tout à la fois, mais il faut savoir ce qu’elle contient.",
  ],
  flashcards: [
    { question: "De quoi parle la leçon « {lesson} » ?", answer: "En bref : {about}" },
    {
      question: "Que sait-on faire après la leçon « {lesson} » ?",
      answer: "On sait : {objectives}.",
    },
    {
      question: "À quoi voyez-vous que vous avez compris « {lesson} » ?",
      answer:
        "Vous pouvez expliquer l’essentiel avec vos propres mots, donner un exemple à vous et un autre auquel cela ne s’applique pas.",
    },
  ],
};

const es: EnhancementTexts = {
  example: "**Otro ejemplo:** {example}",
  summary:
    "**En una frase:** {about} Ha alcanzado el objetivo cuando puede hacer esto sin consultar sus notas: {objective}",
  analogies: [
    "**Una comparación:** «{lesson}» es como un mapa: no sustituye el camino, pero muestra dónde se está y qué desvíos hay.",
    "**Una comparación:** «{lesson}» es como una receta: los ingredientes solos no hacen una comida, hacen falta el orden y el gusto.",
    "**Una comparación:** «{lesson}» es como una caja de herramientas: no se necesita todo a la vez, pero hay que saber qué contiene.",
  ],
  flashcards: [
    { question: "¿De qué trata la lección «{lesson}»?", answer: "En resumen: {about}" },
    {
      question: "¿Qué se sabe hacer después de la lección «{lesson}»?",
      answer: "Se sabe: {objectives}.",
    },
    {
      question: "¿En qué nota usted que ha entendido «{lesson}»?",
      answer:
        "Puede explicar lo esencial con sus propias palabras, dar un ejemplo propio y otro al que no se aplica.",
    },
  ],
};

export const enhancementTexts: Readonly<Record<Language, EnhancementTexts>> = { de, en, fr, es };
