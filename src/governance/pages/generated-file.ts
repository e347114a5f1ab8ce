/** A generated file as it should be. */
export interface GeneratedFile {
  /** From the root of the project. */
  readonly path: string;
  readonly content: string;
  /** What an author still has to do in it; null: nothing. */
  readonly problem: string | null;
}

/**
 * Replaces what stands between `<!-- generated:NAME -->` and `<!-- /generated:NAME -->`. A document without the two lines
 * gets them at its end, from where its author moves them.
 */
export function fill(given: string, name: string, make: (present: string) => string): string {
  const open = `<!-- generated:${name} -->\n`;
  const close = `<!-- /generated:${name} -->`;
  const isThere = given.indexOf(open) >= 0 && given.indexOf(close) > given.indexOf(open);
  const text = isThere ? given : `${given.trimEnd()}\n\n${open}\n${close}\n`;
  const start = text.lastIndexOf(open);
  const end = text.indexOf(close, start);
  const present = text.slice(start + open.length, end);
  return `${text.slice(0, start + open.length)}\n${make(present)}\n\n${text.slice(end)}`;
}

/** The first line that differs, from both sides; enough to see what was forgotten. */
export function firstDifference(present: string, wanted: string): string {
  const [have, want] = [present.split("\n"), wanted.split("\n")];
  const at = want.findIndex((line, index) => line !== have[index]);
  const line = at < 0 ? want.length : at;
  return `line ${line + 1}\n    now:  ${have[line] ?? "(end)"}\n    want: ${want[line] ?? "(end)"}`;
}
