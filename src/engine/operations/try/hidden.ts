import { type Catalog, type Envelope, erasedText, type JsonValue, redactText } from "@brain/schemas";

/** What stands where a personal field was. */
const hiddenText = "[personal]";
/** Shorter texts would be found in any other. */
const minLength = 3;

/** Takes out of texts what readers of a try must not see. */
export interface Hiding {
  /** A text without the values of personal fields and without what looks like a secret. */
  text(given: string): string;
  /** The same in each text of a value. */
  value(given: unknown): JsonValue;
  /** An event's payload: its own personal fields are hidden whole. */
  payload(event: Envelope): Envelope["payload"];
}

/** @param personal texts that are about a person, in clear */
export function createHiding(catalog: Catalog, personal: readonly string[]): Hiding {
  // The longest first, so that none is hidden in part.
  const values = [...new Set(personal.filter((text) => text !== erasedText).flatMap(writtenForms))]
    .filter((text) => text.length >= minLength)
    .sort((one, other) => other.length - one.length);
  const text = (given: string) =>
    redactText(values.reduce((rest, value) => rest.replaceAll(value, hiddenText), given));
  const value = (given: unknown, depth = 0): JsonValue => {
    if (typeof given === "string") return text(given);
    if (typeof given === "number" || typeof given === "boolean") return given;
    if (typeof given !== "object" || given === null || depth > maxDepth) return null;
    if (Array.isArray(given)) return given.map((item) => value(item, depth + 1));
    return Object.fromEntries(
      Object.entries(given).map(([name, item]) => [text(name), value(item, depth + 1)]),
    );
  };
  return {
    text,
    value,
    payload(event) {
      const own = new Set(personalFields(catalog, event.type));
      const shown = Object.entries(event.payload).map(([name, item]) => [
        name,
        own.has(name) && item !== null ? hiddenText : value(item),
      ]);
      return Object.fromEntries(shown);
    },
  };
}

/** A text as it stands in a message, in a literal of SQL and in JSON. */
function writtenForms(text: string): string[] {
  return [text, text.replaceAll("'", "''"), JSON.stringify(text).slice(1, -1)];
}

/** Deeper payloads are refused when they are published. */
const maxDepth = 64;

const personalFields = (catalog: Catalog, type: string) =>
  (catalog.find(type)?.personal ?? []).map(({ field }) => field);

/** Texts of the personal fields of an event. */
export function personalTexts(catalog: Catalog, event: Envelope): string[] {
  return personalFields(catalog, event.type).flatMap((field) => {
    const text = event.payload[field];
    return typeof text === "string" ? [text] : [];
  });
}
