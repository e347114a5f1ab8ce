/**
 * Sets of texts as expressions that are taken apart letter by letter (Brzozowski's derivatives): so it can be said whether
 * one set lies in another, and which text does not. Letters are UTF-16 code units. Pure.
 */

/** Inclusive ends, in order, and none touches the next. */
export type Letters = readonly (readonly [first: number, last: number])[];

/** A set of texts. The same set, written in the same way, is the same object. */
export interface Language {
  readonly id: number;
  /** Whether the empty text is in it. */
  readonly hasEmpty: boolean;
  readonly form:
    | { readonly kind: "letters"; readonly letters: Letters }
    | { readonly kind: "empty" | "none" }
    | { readonly kind: "sequence"; readonly first: Language; readonly rest: Language }
    | { readonly kind: "any of" | "all of"; readonly parts: readonly Language[] }
    | { readonly kind: "not"; readonly part: Language }
    | { readonly kind: "repeated"; readonly part: Language; readonly least: number; readonly most: number };
}

const lastLetter = 0xffff;
const everyLetter: Letters = [[0, lastLetter]];

/** Makes expressions, and forgets them together with itself. */
export function createLanguages() {
  const known = new Map<string, Language>();
  const make = (key: string, hasEmpty: boolean, form: Language["form"]): Language => {
    const there = known.get(key);
    if (there !== undefined) return there;
    const made: Language = { id: known.size, hasEmpty, form };
    known.set(key, made);
    return made;
  };
  const none = make("none", false, { kind: "none" });
  const empty = make("empty", true, { kind: "empty" });

  const letters = (given: Letters): Language => {
    const plain = joined(given);
    return plain.length === 0
      ? none
      : make(`l${plain.join(" ")}`, false, { kind: "letters", letters: plain });
  };

  const sequence = (first: Language, rest: Language): Language => {
    if (first === none || rest === none) return none;
    if (first === empty) return rest;
    if (rest === empty) return first;
    if (first.form.kind === "sequence") return sequence(first.form.first, sequence(first.form.rest, rest));
    const hasEmpty = first.hasEmpty && rest.hasEmpty;
    return make(`s${first.id} ${rest.id}`, hasEmpty, { kind: "sequence", first, rest });
  };

  const repeated = (part: Language, least: number, most: number): Language => {
    if (most === 0 || part === empty) return empty;
    if (part === none) return least === 0 ? empty : none;
    if (least === 1 && most === 1) return part;
    const needed = part.hasEmpty ? 0 : least;
    return make(`r${part.id} ${needed} ${most}`, needed === 0, {
      kind: "repeated",
      part,
      least: needed,
      most,
    });
  };
  const all = repeated(letters(everyLetter), 0, Number.POSITIVE_INFINITY);

  /** @param isEach true: what is in all of them, false: what is in any */
  const combined = (given: readonly Language[], isEach: boolean): Language => {
    const kind = isEach ? "all of" : "any of";
    const [neutral, decisive] = isEach ? [all, none] : [none, all];
    const flat = given.flatMap((part) =>
      part.form.kind === kind && "parts" in part.form ? part.form.parts : [part],
    );
    if (flat.includes(decisive)) return decisive;
    const parts = [...new Set(flat)].filter((part) => part !== neutral).toSorted((a, b) => a.id - b.id);
    const [only] = parts;
    if (only === undefined) return neutral;
    if (parts.length === 1) return only;
    const hasEmpty = isEach ? parts.every((part) => part.hasEmpty) : parts.some((part) => part.hasEmpty);
    return make(`${isEach ? "&" : "|"}${parts.map(({ id }) => id).join(" ")}`, hasEmpty, { kind, parts });
  };

  const not = (part: Language): Language => {
    if (part.form.kind === "not") return part.form.part;
    if (part === none) return all;
    if (part === all) return none;
    return make(`!${part.id}`, !part.hasEmpty, { kind: "not", part });
  };

  /** What may follow a letter. */
  const behind = (language: Language, letter: number): Language => {
    const { form } = language;
    switch (form.kind) {
      case "letters":
        return form.letters.some(([first, last]) => first <= letter && letter <= last) ? empty : none;
      case "sequence": {
        const through = sequence(behind(form.first, letter), form.rest);
        return form.first.hasEmpty ? combined([through, behind(form.rest, letter)], false) : through;
      }
      case "any of":
      case "all of":
        return combined(
          form.parts.map((part) => behind(part, letter)),
          form.kind === "all of",
        );
      case "not":
        return not(behind(form.part, letter));
      case "repeated":
        return sequence(
          behind(form.part, letter),
          repeated(form.part, Math.max(0, form.least - 1), form.most - 1),
        );
      default:
        return none;
    }
  };

  return {
    none,
    empty,
    all,
    letters,
    sequence,
    repeated,
    not,
    behind,
    anyOf: (parts: readonly Language[]) => combined(parts, false),
    allOf: (parts: readonly Language[]) => combined(parts, true),
    count: () => known.size,
  };
}

export type Languages = ReturnType<typeof createLanguages>;

/** In order, those that touch as one. */
export function joined(letters: Letters): Letters {
  const found: [number, number][] = [];
  for (const [first, last] of letters.toSorted(([a], [b]) => a - b)) {
    const before = found.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else found.push([first, last]);
  }
  return found;
}

export function otherLetters(letters: Letters): Letters {
  const found: [number, number][] = [];
  let next = 0;
  for (const [first, last] of joined(letters)) {
    if (first > next) found.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= lastLetter) found.push([next, lastLetter]);
  return found;
}
