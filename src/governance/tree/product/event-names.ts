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
  const passing = texts().flatMap(passedOn);
  for (let known = 0; known !== names.size; ) {
    known = names.size;
    for (const { name, of } of passing) if (saysOne(of, names)) names.add(name);
  }
  return names;
}

interface PassedOn {
  readonly name: string;
  /** What it stands for, as it is written. */
  readonly of: string;
}

/** Export lists, and constants that are a name, a list or an object of names. */
function passedOn(text: string): readonly PassedOn[] {
  const found: PassedOn[] = [];
  for (const { 0: head, index } of text.matchAll(/^export (?:\{|const )/gm)) {
    const rest = text.slice(index + head.length, index + maxExport);
    if (head.endsWith("{"))
      for (const part of (rest.split("}")[0] ?? "").split(",")) {
        const [of = "", name] = part.trim().split(" as ");
        if (name !== undefined) found.push({ name: name.trim(), of });
      }
    else {
      const [name] = /^[\w$]{1,100}/.exec(rest) ?? [];
      const value = rest.slice(rest.indexOf("=") + 1).trimStart();
      const end = value.startsWith("{") ? "}" : value.startsWith("[") ? "]" : ";";
      const of = value.split(end)[0] ?? "";
      if (name !== undefined && (end !== ";" || /^[\w$.]{1,200}$/.test(of))) found.push({ name, of });
    }
  }
  return found;
}

/** Longer ones are no list of names. */
const maxExport = 4_000;

export function saysOne(text: string, names: ReadonlySet<string> | null): boolean {
  if (names === null) return true;
  for (const [word] of text.matchAll(/[\w$]+/g)) if (names.has(word)) return true;
  return false;
}
