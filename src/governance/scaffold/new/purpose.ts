import { ScaffoldError } from "../errors.ts";
import { type EventName, plural, spaced } from "../names.ts";

export const purposeOf = ({ resource }: EventName) => `Keeps ${spaced(plural(resource))}, and tells of each.`;

/** A sentence as it stands in a comment and in a document. @throws {ScaffoldError} it is more than a line */
export function checkSentence(what: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > 300 || /[\p{Cc}<>`|]|\*\//u.test(trimmed)) {
    throw new ScaffoldError(
      `${JSON.stringify(text.slice(0, 100))} as the ${what}`,
      "one line of 1 to 300 characters without < > ` | and */",
      "Say it in a plain sentence.",
    );
  }
  return trimmed;
}
