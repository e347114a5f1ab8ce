/** Which shape of a union of before is which one of now: their order says nothing. Pure. */

import { type Shape, typeOfValue, typesOf, valuesOf } from "../shapes/shape.ts";
import { isSameShape } from "./renames.ts";

export interface PairedBranches {
  /** In the order of before. After is null: it is gone. Mark is as {@link markOf} says. */
  readonly pairs: readonly {
    readonly before: Shape;
    readonly after: Shape | null;
    readonly mark: string | null;
  }[];
  readonly added: readonly { readonly after: Shape; readonly mark: string | null }[];
}

/** The same ones first, then those that are known by the same constants, then those that have the most in common. */
export function pairedBranches(before: readonly Shape[], after: readonly Shape[]): PairedBranches {
  const found = new Map<Shape, Shape>();
  const left = new Set(after);
  const pair = (likeness: (one: Shape, other: Shape) => number) => {
    for (const one of before) {
      if (found.has(one)) continue;
      const [best] = [...left]
        .map((other) => ({ other, points: likeness(one, other) }))
        .filter(({ points }) => points > 0)
        .toSorted((a, b) => b.points - a.points);
      if (best === undefined) continue;
      found.set(one, best.other);
      left.delete(best.other);
    }
  };
  pair((one, other) => Number(isSameShape(one, other)));
  pair(sharedMarks);
  pair(sharedNames);
  return {
    pairs: before.map((one) => ({ before: one, after: found.get(one) ?? null, mark: markOf(one) })),
    added: [...left].map((other) => ({ after: other, mark: markOf(other) })),
  };
}

/** Fields by which objects are told apart, with the values that they may have: `kind` → `["card"]`. */
function marksOf(shape: Shape): ReadonlyMap<string, readonly string[]> {
  return new Map(
    (shape.required ?? []).flatMap((name) => {
      const field = shape.properties?.[name];
      const values = field === undefined ? null : (valuesOf(field) ?? nothing(field));
      return values === null ? [] : [[name, values.map((value) => JSON.stringify(value))] as const];
    }),
  );
}

/** `null` is a value of which there is one. */
const nothing = ({ type }: Shape) => (type === "null" ? [null] : null);

/** How many marks have a value in common; below zero: one has none, so they are others. */
function sharedMarks(one: Shape, other: Shape): number {
  const others = marksOf(other);
  const shared = [...marksOf(one)].flatMap(([name, values]) => {
    const there = others.get(name);
    return there === undefined ? [] : [values.some((value) => there.includes(value))];
  });
  return shared.every(Boolean) ? shared.length : -1;
}

/** Shapes of one type; of objects, those that share half of the fields of before. */
function sharedNames(one: Shape, other: Shape): number {
  if (sharedMarks(one, other) < 0) return 0;
  if (valuesOf(one) !== null && valuesOf(other) !== null) return 1;
  if (JSON.stringify(typesOf(one)) !== JSON.stringify(typesOf(other))) return 0;
  if (one.properties === undefined || other.properties === undefined) return 1;
  const names = Object.keys(one.properties);
  const shared = names.filter((name) => other.properties?.[name] !== undefined);
  return shared.length * 2 >= names.length ? 1 + shared.length : 0;
}

/** `kind: "card"`: the constants that an object is known by; null: it has none. */
function markOf(shape: Shape): string | null {
  const constants = Object.entries(shape.properties ?? {}).flatMap(([name, { const: value }]) =>
    value === undefined || typeOfValue(value) === "object" ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
  return constants.length === 0 ? null : constants.join(", ");
}
