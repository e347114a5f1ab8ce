import { ValidationError } from "@brain/engine";

/**
 * The cursor of a page names nothing that the caller may see. Nothing is behind it, which would read like the end of the
 * list.
 *
 * @param what of a list of what, with its article, e.g. `a task`
 */
export function unknownCursor(what: string): ValidationError {
  return new ValidationError(`The cursor is not that of ${what} here.`, {
    issues: [{ path: "cursor", message: 'expected the "next_cursor" of an earlier answer' }],
  });
}
