/** Patterns of JavaScript as sets of texts, as far as they say what a text is letter by letter. Pure. */

import { joined, type Language, type Languages, type Letters, otherLetters } from "./language.ts";

/** It looks around, looks back, or goes by properties of Unicode: nothing can be said of it. */
class UnreadablePattern extends Error {}

const digits: Letters = [[0x30, 0x39]];
const wordLetters: Letters = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const spaces: Letters = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const lineEnds: Letters = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

const sets: Readonly<Record<string, Letters>> = {
  d: digits,
  D: otherLetters(digits),
  w: wordLetters,
  W: otherLetters(wordLetters),
  s: spaces,
  S: otherLetters(spaces),
};

const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };

/** Where a pattern is being read. */
interface Reading {
  readonly text: string;
  at: number;
  readonly flags: string;
  readonly languages: Languages;
}

/** A part of a pattern: a set of texts, the begin or the end of the text, or a group that stands alone. */
type Part =
  | { readonly kind: "texts"; readonly language: Language }
  | { readonly kind: "begin" | "end" }
  | { readonly kind: "group"; readonly ways: readonly (readonly Part[])[] };

/**
 * All texts in which a pattern finds something.
 *
 * @param pattern its source, with flags as `(?i:…)`
 * @returns null: it cannot be said
 */
export function languageOf(pattern: string, languages: Languages): Language | null {
  const flagged = /^\(\?([a-z]+):([\s\S]*)\)$/.exec(pattern);
  const [flags, text] = flagged === null ? ["", pattern] : [flagged[1] ?? "", flagged[2] ?? ""];
  if (/[^is]/.test(flags)) return null;
  const reading: Reading = { text, at: 0, flags, languages };
  try {
    const ways = readWays(reading);
    return reading.at < text.length ? null : found(ways, languages);
  } catch (error) {
    if (error instanceof UnreadablePattern) return null;
    throw error;
  }
}

/** What stands before and behind what was found is any text, but where the pattern names its begin or end. */
function found(ways: readonly (readonly Part[])[], languages: Languages): Language {
  const { all, anyOf, sequence } = languages;
  return anyOf(
    ways.map((parts) => {
      const [only] = parts;
      if (parts.length === 1 && only?.kind === "group") return found(only.ways, languages);
      const isBegun = parts[0]?.kind === "begin";
      const isEnded = parts.length > (isBegun ? 1 : 0) && parts.at(-1)?.kind === "end";
      const inner = parts.slice(isBegun ? 1 : 0, isEnded ? -1 : parts.length);
      return sequence(
        isBegun ? languages.empty : all,
        [...inner.map((part) => plain(part, languages)), isEnded ? languages.empty : all].reduceRight(
          (rest, first) => sequence(first, rest),
        ),
      );
    }),
  );
}

function plain(part: Part, languages: Languages): Language {
  if (part.kind === "texts") return part.language;
  if (part.kind !== "group") throw new UnreadablePattern("an end within the text");
  return languages.anyOf(
    part.ways.map((parts) =>
      parts
        .map((inner) => plain(inner, languages))
        .reduceRight((rest, first) => languages.sequence(first, rest), languages.empty),
    ),
  );
}

function readWays(reading: Reading): readonly (readonly Part[])[] {
  const ways: Part[][] = [[]];
  for (; reading.at < reading.text.length; ) {
    const next = reading.text[reading.at] ?? "";
    if (next === ")") break;
    if (next === "|") {
      reading.at++;
      ways.push([]);
      continue;
    }
    ways.at(-1)?.push(readPart(reading));
  }
  return ways;
}

function readPart(reading: Reading): Part {
  const { text, languages } = reading;
  const sign = text[reading.at++] ?? "";
  if (sign === "^" || sign === "$") return { kind: sign === "^" ? "begin" : "end" };
  const part: Part =
    sign === "("
      ? readGroup(reading)
      : { kind: "texts", language: languages.letters(readLetters(reading, sign)) };
  const times = readTimes(reading);
  if (times === null) return part;
  const [least, most] = times;
  return { kind: "texts", language: languages.repeated(plain(part, languages), least, most) };
}

function readGroup(reading: Reading): Part {
  const { text } = reading;
  const named = /^\?(?::|<[A-Za-z_$][\w$]*>)/.exec(text.slice(reading.at, reading.at + 60));
  if (named !== null) reading.at += named[0].length;
  else if (text[reading.at] === "?") throw new UnreadablePattern("a look around");
  const ways = readWays(reading);
  if (text[reading.at] !== ")") throw new UnreadablePattern("a group without an end");
  reading.at++;
  return { kind: "group", ways };
}

/** `*`, `+`, `?`, `{2,5}`; null: once. */
function readTimes(reading: Reading): readonly [least: number, most: number] | null {
  const rest = reading.text.slice(reading.at, reading.at + 40);
  const times = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(rest);
  if (times === null) return null;
  reading.at += times[0].length;
  const [, sign, least = "0", comma, most = ""] = times;
  if (sign === "?") return [0, 1];
  if (sign !== undefined) return [sign === "+" ? 1 : 0, Number.POSITIVE_INFINITY];
  if (comma === undefined) return [Number(least), Number(least)];
  return [Number(least), most === "" ? Number.POSITIVE_INFINITY : Number(most)];
}

/** Letters that one sign of a pattern stands for. @param sign has been read */
function readLetters(reading: Reading, sign: string): Letters {
  if (sign === "[") return readClass(reading);
  if (sign === ".") return reading.flags.includes("s") ? otherLetters([]) : otherLetters(lineEnds);
  if (sign === "\\") return inBothCases(reading, readEscape(reading, false));
  if (/[*+?{}\])]/.test(sign)) throw new UnreadablePattern("a sign out of place");
  return inBothCases(reading, [[sign.charCodeAt(0), sign.charCodeAt(0)]]);
}

function readEscape(reading: Reading, isInClass: boolean): Letters {
  const { text } = reading;
  const sign = text[reading.at++] ?? "";
  const set = sets[sign];
  if (set !== undefined) return set;
  if (isInClass && sign === "b") return [[8, 8]];
  const control = controls[sign];
  const hex = sign === "x" ? 2 : sign === "u" ? 4 : 0;
  if (hex > 0) {
    const code = text.slice(reading.at, reading.at + hex);
    if (!/^[0-9a-fA-F]+$/.test(code) || code.length < hex)
      throw new UnreadablePattern("a letter by its number");
    reading.at += hex;
    return [[Number.parseInt(code, 16), Number.parseInt(code, 16)]];
  }
  if (control !== undefined) return [[control, control]];
  if (sign === "" || /[A-Za-z1-9]/.test(sign)) throw new UnreadablePattern("an escape");
  return [[sign.charCodeAt(0), sign.charCodeAt(0)]];
}

/** `[a-z\d_]` */
function readClass(reading: Reading): Letters {
  const { text } = reading;
  const isNegated = text[reading.at] === "^";
  if (isNegated) reading.at++;
  const found: (readonly [number, number])[] = [];
  for (;;) {
    const sign = text[reading.at++];
    if (sign === undefined) throw new UnreadablePattern("a class without an end");
    if (sign === "]") break;
    const first = sign === "\\" ? readEscape(reading, true) : oneLetter(sign);
    const isRange = text[reading.at] === "-" && text[reading.at + 1] !== "]" && isOne(first);
    if (!isRange) {
      found.push(...first);
      continue;
    }
    const end = text[reading.at + 1] ?? "";
    reading.at += 2;
    const last = end === "\\" ? readEscape(reading, true) : oneLetter(end);
    const [from, to] = [first[0]?.[0] ?? 0, last[0]?.[0] ?? 0];
    if (!isOne(last) || to < from) throw new UnreadablePattern("a range");
    found.push([from, to]);
  }
  const letters = inBothCases(reading, found);
  return isNegated ? otherLetters(letters) : letters;
}

const oneLetter = (sign: string): Letters => [[sign.charCodeAt(0), sign.charCodeAt(0)]];
const isOne = (letters: Letters) => letters.length === 1 && letters[0]?.[0] === letters[0]?.[1];

/** With the flag `i`; letters beyond ASCII have cases of their own kinds. */
function inBothCases({ flags }: Reading, letters: Letters): Letters {
  if (!flags.includes("i")) return joined(letters);
  if (letters.some(([, last]) => last > 0x7f && last < 0xffff))
    throw new UnreadablePattern("cases of letters");
  const shifted = (from: number, to: number, by: number) =>
    letters.flatMap(([first, last]): Letters => {
      const [start, end] = [Math.max(first, from), Math.min(last, to)];
      return start > end ? [] : [[start + by, end + by]];
    });
  return joined([...letters, ...shifted(0x41, 0x5a, 32), ...shifted(0x61, 0x7a, -32)]);
}
