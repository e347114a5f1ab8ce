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
  typeOfValue,
  typesOf,
  valuesOf,
  withOuter,
} from "../shapes/shape.ts";
import { compareFacets } from "./compare-facets.ts";
import { renamedFields } from "./renames.ts";
import { absent, type ShapeChange, type ShapePair } from "./shape-change.ts";

/** All differences of two payloads, in the order of the old shape. */
export function compareShapes(before: Shape, after: Shape): readonly ShapeChange[] {
  return comparePair({ before, after, path: [], roots: { before, after }, seen: new Set() });
}

/** The pair inside of another one, at one more step of the path. */
const inner = (pair: ShapePair, step: string, before: Shape, after: Shape): ShapePair => ({
  ...pair,
  before,
  after,
  path: [...pair.path, step],
});

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
    ...compareObjects(pair),
    ...compareLists(pair),
  ];
}

function compareTypes(pair: ShapePair): ShapeChange | null {
  const [was, is] = [typesOf(pair.before), typesOf(pair.after)];
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

const anyTypes = ["string", "number", "boolean", "object", "array"] as const;

function admits(types: readonly string[] | null, type: string): boolean {
  return types === null || types.includes(type) || (type === "integer" && types.includes("number"));
}

/** A value of that type which is none of another; undefined: the payload as a whole has to tell. */
function valueOfType(type: string): JsonValue | undefined {
  const values: Readonly<Record<string, JsonValue>> = { number: 0.5, integer: 1, boolean: true };
  return values[type];
}

const isRequired = (shape: Shape, name: string): boolean => shape.required?.includes(name) ?? false;

function compareObjects(pair: ShapePair): readonly ShapeChange[] {
  const [was, is] = [pair.before.properties ?? {}, pair.after.properties ?? {}];
  const removed = Object.keys(was).filter((name) => is[name] === undefined);
  const added = Object.keys(is).filter((name) => was[name] === undefined);
  const renames = renamedFields(pair, removed, added);
  const newNames = new Set(renames.values());
  // A record or open data takes any field: then none is removed or added by its name.
  const isOpened = pair.before.properties !== undefined && pair.after.properties === undefined;
  const isClosed = pair.before.properties === undefined;
  return [
    ...(isOpened ? [] : removed).map((name) => removedField(pair, name, renames.get(name))),
    ...(isClosed ? [] : added)
      .filter((name) => !newNames.has(name) && isRequired(pair.after, name))
      .map((name) => requiredField(pair, name)),
    ...Object.entries(was).flatMap(([name, before]) => {
      const after = is[name];
      if (after === undefined) return [];
      const field = inner(pair, name, before, after);
      return [...compareRequired(pair, name, field), ...comparePair(field)];
    }),
    ...compareOpenMembers(pair),
  ];
}

/** @param renamedTo undefined: it is gone */
function removedField(pair: ShapePair, name: string, renamedTo: string | undefined): ShapeChange {
  const { before, after, path, roots } = pair;
  const field = before.properties?.[name] ?? {};
  const readers = isRequired(before, name);
  const old = { path: [...path, name], was: shapeText(field, roots.before), before: field, readers };
  if (renamedTo === undefined) {
    const rule = readers ? "FIELD_REMOVED" : "OPTIONAL_FIELD_REMOVED";
    return { rule, ...old, is: "(gone)", stored: false };
  }
  const renamed = after.properties?.[renamedTo] ?? {};
  return { rule: "FIELD_RENAMED", ...old, is: renamedTo, stored: true, renamedTo, after: renamed };
}

function requiredField({ after, path, roots }: ShapePair, name: string): ShapeChange {
  const field = after.properties?.[name] ?? {};
  return {
    rule: "NEW_REQUIRED_FIELD",
    path: [...path, name],
    was: "(none)",
    is: shapeText(field, roots.after),
    stored: true,
    readers: false,
    witness: absent,
    after: field,
  };
}

/** Whether a field that was and is there must be there. */
function compareRequired(object: ShapePair, name: string, field: ShapePair): readonly ShapeChange[] {
  const [was, is] = [isRequired(object.before, name), isRequired(object.after, name)];
  const left = compareDefault(field, is);
  if (was === is || left.some(({ rule }) => rule === "FIELD_NOW_REQUIRED")) return left;
  const { path, roots } = field;
  const texts = { path, was: was ? "required" : "optional", is: is ? "required" : "optional" };
  const shapes = { before: resolved(field.before, roots.before), after: resolved(field.after, roots.after) };
  return is
    ? [{ rule: "FIELD_NOW_REQUIRED", ...texts, ...shapes, stored: true, readers: false, witness: absent }]
    : [...left, { rule: "FIELD_NOW_OPTIONAL", ...texts, ...shapes, stored: false, readers: true }];
}

/** What stands for a field that is left out. Where nothing stood for it before, nothing was promised. */
function compareDefault({ before, after, path }: ShapePair, isNeeded: boolean): readonly ShapeChange[] {
  const standIn = (shape: Shape) =>
    JSON.stringify(shape.default === undefined ? shape["x-brain-prefault"] : shape.default);
  const [was, is] = [standIn(before), standIn(after)];
  if (was === undefined || was === is) return [];
  const texts = { path, was: `left out, it is ${was}`, before, after };
  if (is === undefined && isNeeded) {
    const hurts = { stored: true, readers: false, producers: true };
    return [{ rule: "FIELD_NOW_REQUIRED", ...texts, is: "required", ...hurts, witness: absent }];
  }
  const now = is === undefined ? "left out, it is nothing" : `left out, it is ${is}`;
  return [{ rule: "DEFAULT_CHANGED", ...texts, is: now, stored: false, readers: false }];
}

/** Values of records, and their keys. */
function compareOpenMembers(pair: ShapePair): readonly ShapeChange[] {
  const { before, after } = pair;
  const [was, is] = [before.additionalProperties, after.additionalProperties];
  const values =
    typeof was === "object" && typeof is === "object" ? comparePair(inner(pair, "{}", was, is)) : [];
  if (before.propertyNames === undefined || after.propertyNames === undefined) return values;
  const keys = comparePair({ ...pair, before: before.propertyNames, after: after.propertyNames });
  return [
    ...values,
    // A key is no value that could be tried in the place of the record.
    ...keys.map(({ witness: _, ...change }) => ({
      ...change,
      was: `keys: ${change.was}`,
      is: `keys: ${change.is}`,
    })),
  ];
}

function compareLists(pair: ShapePair): readonly ShapeChange[] {
  const { before, after, path } = pair;
  const changes: ShapeChange[] = [];
  if (before.items !== undefined && after.items !== undefined)
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
  const left = [...branchesAfter];
  const changes = branches.flatMap((before): readonly ShapeChange[] => {
    const at = left.findIndex((after) => isSameBranch(before, after));
    const [after] = at < 0 ? [] : left.splice(at, 1);
    if (after !== undefined) {
      const branch = { depth: path.length, shape: before };
      return compareSingle({ ...pair, before, after }).map((change) => ({
        ...change,
        branches: [branch, ...(change.branches ?? [])],
      }));
    }
    const was = markOf(before) ?? shapeText(before, roots.before);
    return [{ rule: "UNION_BRANCH_REMOVED", path, was, is: "(gone)", stored: true, readers: false, before }];
  });
  const added = left.map((after): ShapeChange => {
    const is = markOf(after) ?? shapeText(after, roots.after);
    return { rule: "UNION_BRANCH_ADDED", path, was: "(none)", is, stored: false, readers: true, after };
  });
  return [...changes, ...added];
}

/** Objects are told apart by their constants (`kind: "card"`), other shapes by their types. */
function isSameBranch(one: Shape, other: Shape): boolean {
  const [mark, otherMark] = [markOf(one), markOf(other)];
  if (mark !== null || otherMark !== null) return mark === otherMark;
  if (valuesOf(one) !== null && valuesOf(other) !== null) return true;
  if (JSON.stringify(typesOf(one)) !== JSON.stringify(typesOf(other))) return false;
  if (one.properties === undefined || other.properties === undefined) return true;
  const names = Object.keys(one.properties);
  const shared = names.filter((name) => other.properties?.[name] !== undefined);
  return shared.length * 2 >= names.length;
}

/** `kind: "card"`: the constants that an object is known by; null: it has none. */
function markOf(shape: Shape): string | null {
  const constants = Object.entries(shape.properties ?? {}).flatMap(([name, { const: value }]) =>
    value === undefined || typeOfValue(value) === "object" ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
  return constants.length === 0 ? null : constants.join(", ");
}
