/** What differs between two shapes of a payload, and whom each difference hurts. Pure. */

import type { JsonValue } from "@brain/schemas";
import type { RuleId } from "../rules.ts";
import {
  besideBranches,
  branchesOf,
  isNullable,
  resolved,
  type Shape,
  shapeText,
  typesOf,
  valuesOf,
  withOuter,
} from "../shapes/shape.ts";
import { pairedBranches } from "./branches.ts";
import { compareFacets } from "./compare-facets.ts";
import { compareMembers } from "./compare-members.ts";
import { inner, type ShapeChange, type ShapePair } from "./shape-change.ts";

/** All differences of two payloads, in the order of the old shape. */
export function compareShapes(before: Shape, after: Shape): readonly ShapeChange[] {
  return comparePair({ before, after, path: [], roots: { before, after }, seen: new Set() });
}

/** The shapes of a pair as texts, for a change of the whole. */
const textsOf = ({ before, after, path, roots }: ShapePair) => ({
  path,
  was: shapeText(before, roots.before),
  is: shapeText(after, roots.after),
  before,
  after,
});

function comparePair(raw: ShapePair): readonly ShapeChange[] {
  const { roots } = raw;
  const refs = raw.before.$ref === undefined ? null : `${raw.before.$ref} ${raw.after.$ref ?? ""}`;
  if (refs !== null && raw.seen.has(refs)) return [];
  const pair: ShapePair = {
    ...raw,
    before: resolved(raw.before, roots.before),
    after: resolved(raw.after, roots.after),
    seen: refs === null ? raw.seen : new Set([...raw.seen, refs]),
  };
  const branches = branchesOf(pair.before, roots.before);
  const branchesAfter = branchesOf(pair.after, roots.after);
  const [before, after] = [branches[0], branchesAfter[0]];
  const isSingle = branches.length === 1 && branchesAfter.length === 1;
  return [
    ...compareNullability(pair),
    ...compareMeaning(raw, pair),
    ...(isSingle && before !== undefined && after !== undefined
      ? compareSingle({
          ...pair,
          before: withOuter(pair.before, before),
          after: withOuter(pair.after, after),
        })
      : [
          ...compareUnions(branches, branchesAfter, pair),
          ...compareFacets({
            ...pair,
            before: besideBranches(pair.before),
            after: besideBranches(pair.after),
          }),
        ]),
  ];
}

function compareNullability(pair: ShapePair): readonly ShapeChange[] {
  const was = isNullable(pair.before, pair.roots.before);
  const is = isNullable(pair.after, pair.roots.after);
  if (was === is) return [];
  return was
    ? [
        {
          rule: "NULLABILITY_NARROWED",
          ...textsOf(pair),
          stored: true,
          readers: false,
          witness: null,
        },
      ]
    : [{ rule: "NULLABILITY_WIDENED", ...textsOf(pair), stored: false, readers: true }];
}

/** @param raw the pair before its `$ref`s were followed: a description beside one counts more */
function compareMeaning(raw: ShapePair, pair: ShapePair): readonly ShapeChange[] {
  const meaningOf = (side: "before" | "after") =>
    (raw[side].description ?? pair[side].description ?? "").trim();
  const [was, is] = [meaningOf("before"), meaningOf("after")];
  return was === is || was === ""
    ? []
    : [{ rule: "MEANING_CHANGED", ...textsOf(pair), was, is, stored: false, readers: false }];
}

/** Two shapes that are no unions: their types first, then what is inside of them. */
function compareSingle(pair: ShapePair): readonly ShapeChange[] {
  const type = compareTypes(pair);
  if (type?.rule === "FIELD_TYPE_CHANGED") return [type];
  return [
    ...(type === null ? [] : [type]),
    ...compareFacets(pair),
    ...compareMembers(pair, comparePair),
    ...compareLists(pair),
  ];
}

function compareTypes(pair: ShapePair): ShapeChange | null {
  const [was, is] = [kindsOf(pair.before), kindsOf(pair.after)];
  const lost = (was ?? anyTypes).find((type) => !admits(is, type));
  const isWidened = !(is ?? anyTypes).every((type) => admits(was, type));
  if (lost === undefined)
    return isWidened ? { rule: "FIELD_TYPE_WIDENED", ...textsOf(pair), stored: false, readers: true } : null;
  const witness = valueOfType(lost);
  const rule: RuleId = isWidened ? "FIELD_TYPE_CHANGED" : "FIELD_TYPE_NARROWED";
  return {
    rule,
    ...textsOf(pair),
    stored: true,
    readers: isWidened,
    ...(witness === undefined ? {} : { witness }),
  };
}

/** As {@link typesOf}; listed numbers that are whole ones are integers. */
function kindsOf(shape: Shape): readonly string[] | null {
  const values = valuesOf(shape);
  return values?.every(Number.isInteger) === true ? ["integer"] : typesOf(shape);
}

const anyTypes = ["string", "number", "boolean", "object", "array"] as const;

function admits(types: readonly string[] | null, type: string): boolean {
  return types === null || types.includes(type) || (type === "integer" && types.includes("number"));
}

/** A value of that type which is none of another; undefined: the payload as a whole has to tell. */
function valueOfType(type: string): JsonValue | undefined {
  const values: Readonly<Record<string, JsonValue>> = { number: 0.5, integer: 1, boolean: true };
  return values[type];
}

function compareLists(pair: ShapePair): readonly ShapeChange[] {
  const { before, after, path } = pair;
  const changes: ShapeChange[] = [];
  // Behind the places of a tuple there is nothing, which is said by `false`.
  if (typeof before.items === "object" && typeof after.items === "object")
    changes.push(...comparePair(inner(pair, "[]", before.items, after.items)));
  const [was, is] = [before.prefixItems ?? [], after.prefixItems ?? []];
  for (const [index, item] of was.entries()) {
    const itemAfter = is[index];
    if (itemAfter !== undefined) changes.push(...comparePair(inner(pair, String(index), item, itemAfter)));
  }
  if (was.length !== is.length) {
    const texts = { path, was: `${was.length} places`, is: `${is.length} places`, before, after };
    changes.push({ rule: "FIELD_TYPE_CHANGED", ...texts, stored: true, readers: true });
  }
  return changes;
}

/** Several shapes on either side: each is looked for on the other one. */
function compareUnions(
  branches: readonly Shape[],
  branchesAfter: readonly Shape[],
  pair: ShapePair,
): readonly ShapeChange[] {
  const { path, roots } = pair;
  const { pairs, added } = pairedBranches(branches, branchesAfter);
  const changes = pairs.flatMap(({ before, after, mark }): readonly ShapeChange[] => {
    if (after !== null) {
      const branch = { depth: path.length, shape: before };
      return compareSingle({ ...pair, before, after }).map((change) => ({
        ...change,
        branches: [branch, ...(change.branches ?? [])],
      }));
    }
    const was = mark ?? shapeText(before, roots.before);
    const gone = { rule: "UNION_BRANCH_REMOVED", path, was, is: "(gone)", before } as const;
    // Another one may read it, and know none of its fields.
    return [{ ...gone, stored: true, readers: false, mustArrive: true }];
  });
  return [
    ...changes,
    ...added.map(({ after, mark }): ShapeChange => {
      const is = mark ?? shapeText(after, roots.after);
      return { rule: "UNION_BRANCH_ADDED", path, was: "(none)", is, stored: false, readers: true, after };
    }),
  ];
}
