/** Under which names code speaks of events: who publishes or handles one says such a name somewhere. */

/**
 * Names under which events are known, also those that a file gives them on their way: `export { bookLent as lent }`,
 * `export const events = { bookLent }`. Null: one of them has none, so any file may speak of it.
 *
 * @param own of the events themselves
 * @param texts of files that may pass them on
 */
export function namesOf(
  own: readonly (string | null)[],
  texts: () => readonly string[],
): ReadonlySet<string> | null {
  if (own.includes(null)) return null;
  const names = new Set(own.filter((name) => name !== null));
  const passing = texts().flatMap((text) => [...text.matchAll(passedOn)].flatMap(renamed));
  for (let known = 0; known !== names.size; ) {
    known = names.size;
    for (const { name, of } of passing) if (saysOne(of, names)) names.add(name);
  }
  return names;
}

/** An export list, or a constant that is a name, a list or an object of names. */
const passedOn =
  /^export\s*(?:\{([^}]*)\}|const\s+([\w$]+)[^=;(]*=\s*(\{[^{}]*\}|\[[^\][]*\]|[\w$.]+\s*;))/gm;

function renamed([, list, name, of]: RegExpExecArray): readonly {
  readonly name: string;
  readonly of: string;
}[] {
  if (name !== undefined) return [{ name, of: of ?? "" }];
  return [...(list ?? "").matchAll(/([\w$]+)\s+as\s+([\w$]+)/g)].map(([, from = "", to = ""]) => ({
    name: to,
    of: from,
  }));
}

export function saysOne(text: string, names: ReadonlySet<string> | null): boolean {
  if (names === null) return true;
  for (const [word] of text.matchAll(/[\w$]+/g)) if (names.has(word)) return true;
  return false;
}
