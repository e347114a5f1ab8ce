import { readFile, stat } from "node:fs/promises";

/** What is at the place of a file was made by somebody else. The message says what to do. */
export class ForeignFileError extends Error {
  override readonly name = "ForeignFileError";
}

/**
 * Refuses to write over what this program did not write: a name may be mistyped, or completed to that of another file.
 *
 * @param isOurs whether a text is one that an earlier run wrote
 * @param what it is, e.g. `a catalogue of charter breaking --write`
 * @throws {ForeignFileError} something else is there
 */
export async function requireOwnFile(
  file: string,
  isOurs: (text: string) => boolean,
  what: string,
): Promise<void> {
  const found = await stat(file).catch(() => null);
  // What cannot be seen, and a folder, is told by whoever writes; so is what is no file at all, e.g. a pipe.
  if (found === null || !found.isFile() || found.size === 0) return;
  const isOwn = found.size <= maxBytes && isOurs(await readFile(file, "utf8"));
  if (!isOwn)
    throw new ForeignFileError(
      `${file} is there already, and is not ${what}: it would be lost. Name another file, remove it, or add --force.`,
    );
}

/** Nothing that is written here is nearly as large. */
const maxBytes = 64 * 1024 * 1024;

/** Whether a text is a JSON object with these members. */
export function isJsonWith(text: string, ...members: readonly string[]): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      members.every((name) => Object.hasOwn(value, name))
    );
  } catch {
    return false;
  }
}
