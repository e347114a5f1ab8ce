import { resolved, type Shape } from "../shapes/shape.ts";
import type { ShapePair } from "./shape-change.ts";

/**
 * Removed fields that seem to have another name: an added field of the same shape, whose name is like it, or that is
 * the only one. A guess, and told as one.
 */
export function renamedFields(
  { before, after, roots }: Pick<ShapePair, "before" | "after" | "roots">,
  removed: readonly string[],
  added: readonly string[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const left = new Set(added);
  const candidatesOf = (name: string) =>
    [...left].filter((other) => {
      const [was, is] = [before.properties?.[name] ?? {}, after.properties?.[other] ?? {}];
      return isSameShape(resolved(was, roots.before), resolved(is, roots.after));
    });
  for (const name of removed) {
    const candidates = candidatesOf(name).toSorted((a, b) => likeness(name, b) - likeness(name, a));
    const [best] = candidates;
    if (best === undefined) continue;
    const isOnlyPair = removed.length === 1 && candidates.length === 1;
    if (!isOnlyPair && likeness(name, best) < 0.4) continue;
    found.set(name, best);
    left.delete(best);
  }
  return found;
}

/** The same, but for what is said of it in words. */
export function isSameShape(one: Shape, other: Shape): boolean {
  return JSON.stringify(withoutWords(one)) === JSON.stringify(withoutWords(other));
}

function withoutWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWords);
  if (typeof value !== "object" || value === null) return value;
  const isNames = (key: string) => key === "properties" || key === "$defs";
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "description" && key !== "title")
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [
        key,
        isNames(key)
          ? Object.fromEntries(
              Object.entries(item as object).map(([name, shape]) => [name, withoutWords(shape)]),
            )
          : withoutWords(item),
      ]),
  );
}

/** 0 to 1: which part of their pairs of letters two names share (Sørensen and Dice). */
export function likeness(one: string, other: string): number {
  const pairs = (text: string) => Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2));
  const left = pairs(other);
  const all = pairs(one).length + left.length;
  if (all === 0) return one === other ? 1 : 0;
  const shared = pairs(one).filter((pair) => {
    const at = left.indexOf(pair);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return (2 * shared.length) / all;
}
