import type { Finding, Place } from "./finding.ts";
import type { RuleFacts } from "./report/source.ts";
import { positionOf, type TextFile } from "./tree/text.ts";

/**
 * What a rule found at a place of a file, to be mended by a person.
 *
 * @param file undefined: the project has no such file any more, and the place is its beginning
 */
export function findingAt(
  { id, severity, why, mend }: Omit<RuleFacts, "title">,
  file: TextFile | undefined,
  place: Place,
  message: string,
): Finding {
  const from = file === undefined ? { line: 1, column: 1 } : positionOf(file, place.start);
  const to = file === undefined ? from : positionOf(file, place.end);
  return {
    rule: id,
    severity,
    file: place.file,
    ...from,
    endLine: to.line,
    endColumn: to.column,
    message,
    why,
    mend,
    fix: null,
  };
}
