/** Reads the console sessions of the documents: what is typed after `$ `, and what is answered. */

export interface Step {
  /** The command as typed. */
  readonly command: string;
  /** Lines of the answer that the document shows; empty when it shows none. */
  readonly shown: readonly string[];
}

/** @throws {Error} a session that does not begin with a command */
export function readSteps(block: string): Step[] {
  const steps: { command: string; shown: string[] }[] = [];
  for (const line of block.trimEnd().split("\n")) {
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), shown: [] });
    else if (steps.length > 0) steps.at(-1)?.shown.push(line);
    else throw new Error(`The session begins with "${line}", expected a command after "$ ".`);
  }
  return steps;
}

/** Values by name, as a Map has them. */
export type Variables = Pick<ReadonlyMap<string, string>, "get">;

/**
 * Words of a simple command, quotes and variables resolved as a shell does; no substitutions, no pipes.
 *
 * @throws {Error} a variable that is not set
 */
export function shellWords(command: string, variables: Variables): string[] {
  const words: string[] = [];
  const pieces = /(\s+)|'([^']*)'|"([^"]*)"|([^\s'"]+)/g;
  let word: string | null = null;
  for (const [, space, literal, quoted, plain] of command.matchAll(pieces)) {
    if (space !== undefined) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word = (word ?? "") + (literal ?? expand(quoted ?? plain ?? "", variables));
  }
  return word === null ? words : [...words, word];
}

function expand(text: string, variables: Variables): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => {
    const value = variables.get(name);
    if (value === undefined) throw new Error(`The session uses $${name} before it is set.`);
    return value;
  });
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
/** Ids, tokens and addresses that are made anew in every run, each with how it looks. */
const shapes = [
  uuid,
  "dist_[0-9a-f]{16}",
  "http://127\\.0\\.0\\.1:\\d+/pay/cs_test_[0-9a-f]{24}",
  // Not by word boundaries: the first or last of base64url may be a hyphen.
  "(?<![\\w-])[\\w-]{43}(?![\\w-])",
] as const;
const ids = new RegExp(shapes.join("|"), "g");

/** What differs from run to run, and how it looks. An id stands for the same thing wherever it is shown. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/^…$/, "[\\s\\S]*?"],
  [/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, "\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z"],
  [/^\d{13}-\d+$/, "\\d{13}-\\d+"],
];
const pieces = new RegExp(`…|\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z|\\d{13}-\\d+|${ids.source}`, "g");

/** A pattern that matches exactly this text. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** Real ids by the ones that the documents show. */
export type KnownIds = Map<string, string>;

/** The text with each shown id replaced by the one it stands for; an unknown one stands for itself. */
export function withRealIds(text: string, known: KnownIds): string {
  return text.replace(ids, (id) => {
    const real = known.get(id) ?? id;
    known.set(id, real);
    return real;
  });
}

/**
 * Compares a real answer with the shown one: line breaks and indentation are layout, `…` is anything, times and stream
 * ids differ, and each shown id stands for one real id, which `known` learns.
 *
 * @returns what the answer had to look like when it does not; null when it does
 */
export function mismatch(shown: string, answer: string, known: KnownIds): string | null {
  const flat = (text: string) => text.replace(/\n\s*/g, "");
  const text = flat(shown);
  const learned: string[] = [];
  let pattern = "";
  let at = 0;
  for (const match of text.matchAll(pieces)) {
    pattern += escaped(text.slice(at, match.index)) + patternOf(match[0], known, learned);
    at = match.index + match[0].length;
  }
  pattern += escaped(text.slice(at));
  const found = new RegExp(`^${pattern}$`).exec(flat(answer));
  if (found === null) return `${shown}\n— but the answer is —\n${answer}`;
  learned.forEach((id, index) => {
    known.set(id, found[index + 1] ?? "");
  });
  return null;
}

function patternOf(piece: string, known: KnownIds, learned: string[]): string {
  for (const [shape, pattern] of volatile) if (shape.test(piece)) return pattern;
  const real = known.get(piece);
  if (real !== undefined) return escaped(real);
  const earlier = learned.indexOf(piece);
  if (earlier >= 0) return `\\${earlier + 1}`;
  learned.push(piece);
  const shape = shapes.find((candidate) => new RegExp(`^(?:${candidate})$`).test(piece));
  return `(${shape})`;
}
