/** Payloads of before that a change would have refused: they are read by the code of now, to see whether it does. Pure. */

import type { JsonObject, JsonValue } from "@brain/schemas";
import { absent, type BranchOnTheWay, type ShapeChange } from "./compare/shape-change.ts";
import { sampleMember, sampleOf, textBetween, textOfLength } from "./shapes/sample.ts";
import { branchesOf, type Path, resolved, type Shape } from "./shapes/shape.ts";

/** What a payload is made up for. */
interface Making {
  /** The payload's shape of before. */
  readonly root: Shape;
  readonly branches: readonly BranchOnTheWay[];
}

/**
 * The payload of before that shows a change.
 *
 * @param base a payload of before; the golden one when there is one
 * @returns undefined when none can be made up
 */
export function witnessOf(change: ShapeChange, root: Shape, base: JsonObject): JsonObject | undefined {
  const making: Making = { root, branches: change.branches ?? [] };
  const ground = inBranches(making, base, change.path);
  if (ground === undefined) return undefined;
  const value = valueFor(change, root, valueAt(ground, change.path));
  if (value === undefined) return undefined;
  const made = placed(making, ground, change.path, value);
  return typeof made === "object" && made !== null && !Array.isArray(made) ? made : undefined;
}

/** The payload with a value of the right branch in each union on the way: the one of `base` may be of another. */
function inBranches(making: Making, base: JsonObject, path: Path): JsonValue | undefined {
  let ground: JsonValue | undefined = base;
  for (const { depth, shape } of making.branches) {
    const there = valueAt(ground, path.slice(0, depth));
    if (isOfBranch(there, shape)) continue;
    const value = sampleOf(shape, making.root, 0);
    const made: JsonValue | typeof absent | undefined =
      value === undefined ? undefined : placed(making, ground, path.slice(0, depth), value);
    if (made === undefined || made === absent) return undefined;
    ground = made;
  }
  return ground;
}

/** Whether a value is known to be of a branch, by the constants that the branch is known by. */
function isOfBranch(value: JsonValue | undefined, { properties = {} }: Shape): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const marks = Object.entries(properties).filter(([, { const: mark }]) => mark !== undefined);
  return marks.length > 0 && marks.every(([name, { const: mark }]) => value[name] === mark);
}

function valueFor(
  change: ShapeChange,
  root: Shape,
  present: JsonValue | undefined,
): JsonValue | typeof absent | undefined {
  const { witness, before, limit, rule } = change;
  if (witness !== undefined) return witness;
  if (before === undefined) return undefined;
  if (limit !== undefined) return atLimit(limit, before, root, present);
  if (rule === "REFINEMENT_ADDED") return present ?? sampleOf(before, root, 0);
  if (rule === "PATTERN_CHANGED")
    return textBetween(before, change.after ?? {}) ?? present ?? sampleOf(before, root, 0);
  return sampleOf(before, root, 0, true);
}

/** A value at the bound of before, or just beyond that of now where there was none. */
function atLimit(
  { name, was, is }: NonNullable<ShapeChange["limit"]>,
  before: Shape,
  root: Shape,
  present: JsonValue | undefined,
): JsonValue | undefined {
  const isLeast = name.startsWith("min");
  const limit = was ?? (isLeast ? Math.max(0, (is ?? 0) - 1) : (is ?? 0) + 1);
  if (limit > 20_000) return undefined;
  if (name === "minLength" || name === "maxLength") return textOfLength(limit, before, present);
  if (name === "x-brain-max-members") {
    const value = sampleMember(before, root);
    return Object.fromEntries(Array.from({ length: limit }, (_, at) => [`key_${at}`, value]));
  }
  const item =
    Array.isArray(present) && present[0] !== undefined ? present[0] : sampleOf(before.items ?? {}, root, 0);
  return item === undefined ? undefined : Array.from({ length: limit }, () => item);
}

function valueAt(base: JsonValue | undefined, path: Path): JsonValue | undefined {
  const [step, ...rest] = path;
  if (step === undefined || base === undefined) return base;
  if (Array.isArray(base)) return valueAt(base[step === "[]" ? 0 : Number(step)], rest);
  if (typeof base !== "object" || base === null) return undefined;
  return valueAt(step === "{}" ? Object.values(base)[0] : base[step], rest);
}

/** The payload with a value in a place; what is missing on the way there is made up. */
function placed(
  making: Making,
  base: JsonValue | undefined,
  path: Path,
  value: JsonValue | typeof absent,
): JsonValue | typeof absent | undefined {
  const place = (
    held: JsonValue | undefined,
    raw: Shape,
    depth: number,
  ): JsonValue | typeof absent | undefined => {
    const step = path[depth];
    if (step === undefined) return value;
    const known = making.branches.find((branch) => branch.depth === depth);
    const ways = known === undefined ? branchesOf(resolved(raw, making.root), making.root) : [known.shape];
    for (const way of ways) {
      const made = placeIn(way, held, step, depth + 1);
      if (made !== undefined) return made;
    }
    return undefined;
  };

  const placeIn = (
    way: Shape,
    held: JsonValue | undefined,
    step: string,
    depth: number,
  ): JsonValue | undefined => {
    if (way.items !== undefined || way.prefixItems !== undefined) {
      const list = Array.isArray(held) ? held : [];
      const at = step === "[]" ? 0 : Number(step);
      const item = way.prefixItems?.[at] ?? way.items ?? {};
      const made = place(list[at] ?? sampleOf(item, making.root, 0), item, depth);
      if (made === undefined || made === absent) return undefined;
      return list.length === 0 ? [made] : list.map((other, index) => (index === at ? made : other));
    }
    const isObject = typeof held === "object" && held !== null && !Array.isArray(held);
    const object = isObject ? held : sampleOf(way, making.root, 0);
    if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
    const others = way.additionalProperties;
    const field = step === "{}" ? (typeof others === "object" ? others : undefined) : way.properties?.[step];
    const name = step === "{}" ? (Object.keys(object)[0] ?? "key") : step;
    // A field that is only new is in no shape of before: leaving it out is all that can be tried.
    if (field === undefined && value !== absent) return undefined;
    const made = field === undefined ? absent : place(object[name], field, depth);
    if (made === undefined) return undefined;
    const { [name]: _, ...without } = object;
    return made === absent ? without : { ...object, [name]: made };
  };

  return place(base, making.root, 0);
}
