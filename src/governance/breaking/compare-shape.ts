/** What differs between two shapes of a payload, and whom each difference hurts. Pure. */

import type { JsonValue } from "@brain/schemas";
import { compareFacets } from "./compare-facets.ts";
import { renamedFields } from "./renames.ts";
import type { RuleId } from "./rules.ts";
import {
  branchesOf,
  isNullable,
  type Path,
  resolved,
  type Shape,
  shapeText,
  typeOfValue,
  typesOf,
  valuesOf,
} from "./shape.ts";
import { absent, type Roots, type ShapeChange } from "./shape-change.ts";

/** All differences of two payloads, in the order of the old shape. */
export function compareShapes(before: Shape, after: Shape): readonly ShapeChange[] {
  const roots = { before, after };
  const seen = new Set<string>();
  return compareAt(before, after, [], roots, seen);
}

function compareAt(
  rawBefore: Shape,
  rawAfter: Shape,
  path: Path,
  roots: Roots,
  seen: ReadonlySet<string>,
): readonly ShapeChange[] {
  // A shape that holds itself is compared once.
  const pair = rawBefore.$ref === undefined ? null : `${rawBefore.$ref} ${rawAfter.$ref ?? ""}`;
  if (pair !== null && seen.has(pair)) return [];
  const inside = pair === null ? seen : new Set([...seen, pair]);
  const before = resolved(rawBefore, roots.before);
  const after = resolved(rawAfter, roots.after);
  const told = (rule: RuleId, hurts: Partial<ShapeChange>): ShapeChange => ({
    rule,
    path,
    was: shapeText(before, roots.before),
    is: shapeText(after, roots.after),
    stored: false,
    readers: false,
    before,
    after,
    ...hurts,
  });
  const changes: ShapeChange[] = [];
  const [couldBeNull, canBeNull] = [isNullable(before, roots.before), isNullable(after, roots.after)];
  if (couldBeNull && !canBeNull) changes.push(told("NULLABILITY_NARROWED", { stored: true, witness: null }));
  if (!couldBeNull && canBeNull) changes.push(told("NULLABILITY_WIDENED", { readers: true }));
  if (meaningOf(rawBefore, before) !== meaningOf(rawAfter, after) && meaningOf(rawBefore, before) !== "") {
    changes.push(
      told("MEANING_CHANGED", { was: meaningOf(rawBefore, before), is: meaningOf(rawAfter, after) }),
    );
  }
  const ways = branchesOf(before, roots.before);
  const waysNow = branchesOf(after, roots.after);
  const [way, wayNow] = [ways[0], waysNow[0]];
  if (ways.length === 1 && waysNow.length === 1 && way !== undefined && wayNow !== undefined) {
    const facets = withOuter(before, way);
    return [...changes, ...compareWay(facets, withOuter(after, wayNow), path, roots, inside)];
  }
  return [...changes, ...compareUnions(ways, waysNow, path, roots, inside)];
}

/** What stands beside `anyOf` holds for each of the ways. */
function withOuter(outer: Shape, way: Shape): Shape {
  if (outer === way) return way;
  const { anyOf: _a, oneOf: _o, ...rest } = outer;
  return { ...rest, ...way };
}

function meaningOf(raw: Shape, shape: Shape): string {
  return (raw.description ?? shape.description ?? "").trim();
}

/** Two single shapes: their types first, then what is inside of them. */
function compareWay(
  before: Shape,
  after: Shape,
  path: Path,
  roots: Roots,
  seen: ReadonlySet<string>,
): readonly ShapeChange[] {
  const type = compareTypes(before, after, path, roots);
  if (type?.rule === "FIELD_TYPE_CHANGED") return [type];
  return [
    ...(type === null ? [] : [type]),
    ...compareFacets(before, after, path, roots),
    ...compareObjects(before, after, path, roots, seen),
    ...compareLists(before, after, path, roots, seen),
  ];
}

function compareTypes(before: Shape, after: Shape, path: Path, roots: Roots): ShapeChange | null {
  const [was, is] = [typesOf(before), typesOf(after)];
  const told = (rule: RuleId, stored: boolean, readers: boolean): ShapeChange => ({
    rule,
    path,
    was: shapeText(before, roots.before),
    is: shapeText(after, roots.after),
    stored,
    readers,
    before,
    after,
    ...(stored && witness !== undefined ? { witness } : {}),
  });
  const witness = valueOfType((was ?? anyTypes).find((type) => !admits(is, type)) ?? "object");
  const narrowed = !(was ?? anyTypes).every((type) => admits(is, type));
  const widened = !(is ?? anyTypes).every((type) => admits(was, type));
  if (!narrowed && !widened) return null;
  if (narrowed && widened) return told("FIELD_TYPE_CHANGED", true, true);
  return narrowed ? told("FIELD_TYPE_NARROWED", true, false) : told("FIELD_TYPE_WIDENED", false, true);
}

const anyTypes = ["string", "number", "boolean", "object", "array"] as const;

function admits(types: readonly string[] | null, type: string): boolean {
  return types === null || types.includes(type) || (type === "integer" && types.includes("number"));
}

function valueOfType(type: string): JsonValue | undefined {
  const values: Readonly<Record<string, JsonValue>> = { number: 0.5, integer: 1, boolean: true };
  return values[type];
}

function compareObjects(
  before: Shape,
  after: Shape,
  path: Path,
  roots: Roots,
  seen: ReadonlySet<string>,
): readonly ShapeChange[] {
  const [was, is] = [before.properties ?? {}, after.properties ?? {}];
  const changes: ShapeChange[] = [];
  const isRequired = (shape: Shape, name: string) => shape.required?.includes(name) ?? false;
  const removed = Object.keys(was).filter((name) => is[name] === undefined);
  const added = Object.keys(is).filter((name) => was[name] === undefined);
  // A record or open data takes any field: then none is removed by not being named.
  const isOpen = before.properties !== undefined && after.properties === undefined;
  const renames = renamedFields(before, after, removed, added, roots);
  for (const name of isOpen ? [] : removed) {
    const at = [...path, name];
    const shape = was[name] ?? {};
    const renamedTo = renames.get(name);
    const texts = { path: at, was: shapeText(shape, roots.before), before: shape };
    if (renamedTo === undefined) {
      const readers = isRequired(before, name);
      const rule = readers ? "FIELD_REMOVED" : "OPTIONAL_FIELD_REMOVED";
      changes.push({ rule, ...texts, is: "(gone)", stored: false, readers });
      continue;
    }
    const after_ = is[renamedTo] ?? {};
    changes.push({
      rule: "FIELD_RENAMED",
      ...texts,
      is: renamedTo,
      stored: true,
      readers: isRequired(before, name),
      renamedTo,
      after: after_,
    });
  }
  const renamedTo = new Set(renames.values());
  for (const name of before.properties === undefined ? [] : added) {
    if (renamedTo.has(name) || !isRequired(after, name)) continue;
    const shape = is[name] ?? {};
    changes.push({
      rule: "NEW_REQUIRED_FIELD",
      path: [...path, name],
      was: "(none)",
      is: shapeText(shape, roots.after),
      stored: true,
      readers: false,
      witness: absent,
      after: shape,
    });
  }
  for (const [name, shape] of Object.entries(was)) {
    const now = is[name];
    if (now === undefined) continue;
    const at = [...path, name];
    changes.push(
      ...compareRequired(isRequired(before, name), isRequired(after, name), at, shape, now, roots),
    );
    changes.push(...compareAt(shape, now, at, roots, seen));
  }
  return [...changes, ...compareOpenMembers(before, after, path, roots, seen)];
}

function compareRequired(
  was: boolean,
  is: boolean,
  path: Path,
  before: Shape,
  after: Shape,
  roots: Roots,
): readonly ShapeChange[] {
  if (was === is) return [];
  const texts = { path, was: was ? "required" : "optional", is: is ? "required" : "optional" };
  const shapes = { before: resolved(before, roots.before), after: resolved(after, roots.after) };
  return is
    ? [{ rule: "FIELD_NOW_REQUIRED", ...texts, ...shapes, stored: true, readers: false, witness: absent }]
    : [{ rule: "FIELD_NOW_OPTIONAL", ...texts, ...shapes, stored: false, readers: true }];
}

/** Values of records, and their keys. */
function compareOpenMembers(
  before: Shape,
  after: Shape,
  path: Path,
  roots: Roots,
  seen: ReadonlySet<string>,
): readonly ShapeChange[] {
  const [was, is] = [before.additionalProperties, after.additionalProperties];
  const changes: ShapeChange[] = [];
  if (typeof was === "object" && typeof is === "object")
    changes.push(...compareAt(was, is, [...path, "{}"], roots, seen));
  if (before.propertyNames !== undefined && after.propertyNames !== undefined) {
    const keys = compareAt(before.propertyNames, after.propertyNames, path, roots, seen);
    // A key is no value that could be tried in the place of the record.
    changes.push(
      ...keys.map(({ witness: _, ...change }) => ({
        ...change,
        was: `keys: ${change.was}`,
        is: `keys: ${change.is}`,
      })),
    );
  }
  return changes;
}

function compareLists(
  before: Shape,
  after: Shape,
  path: Path,
  roots: Roots,
  seen: ReadonlySet<string>,
): readonly ShapeChange[] {
  const changes: ShapeChange[] = [];
  if (before.items !== undefined && after.items !== undefined)
    changes.push(...compareAt(before.items, after.items, [...path, "[]"], roots, seen));
  const [was, is] = [before.prefixItems ?? [], after.prefixItems ?? []];
  for (const [index, item] of was.entries()) {
    const now = is[index];
    if (now !== undefined) changes.push(...compareAt(item, now, [...path, String(index)], roots, seen));
  }
  if (was.length !== is.length) {
    const texts = { path, was: `${was.length} places`, is: `${is.length} places`, before, after };
    changes.push({ rule: "FIELD_TYPE_CHANGED", ...texts, stored: true, readers: true });
  }
  return changes;
}

/** Several shapes on either side: each is looked for on the other one. */
function compareUnions(
  ways: readonly Shape[],
  waysNow: readonly Shape[],
  path: Path,
  roots: Roots,
  seen: ReadonlySet<string>,
): readonly ShapeChange[] {
  const left = [...waysNow];
  const changes: ShapeChange[] = [];
  for (const way of ways) {
    const at = left.findIndex((now) => isSameWay(way, now));
    const [now] = at < 0 ? [] : left.splice(at, 1);
    if (now !== undefined) changes.push(...compareWay(way, now, path, roots, seen));
    else {
      changes.push({
        rule: "UNION_BRANCH_REMOVED",
        path,
        was: markOf(way) ?? shapeText(way, roots.before),
        is: "(gone)",
        stored: true,
        readers: false,
        before: way,
      });
    }
  }
  for (const now of left) {
    const is = markOf(now) ?? shapeText(now, roots.after);
    changes.push({
      rule: "UNION_BRANCH_ADDED",
      path,
      was: "(none)",
      is,
      stored: false,
      readers: true,
      after: now,
    });
  }
  return changes;
}

/** Objects are told apart by their constants (`kind: "card"`), other shapes by their types. */
function isSameWay(one: Shape, other: Shape): boolean {
  const [mark, markNow] = [markOf(one), markOf(other)];
  if (mark !== null || markNow !== null) return mark === markNow;
  if (valuesOf(one) !== null && valuesOf(other) !== null)
    return JSON.stringify(valuesOf(one)) === JSON.stringify(valuesOf(other));
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
