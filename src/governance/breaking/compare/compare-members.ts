/** What differs between the members of two objects, be they named fields or the open ones of a record. Pure. */

import { textOf } from "../patterns/texts.ts";
import { accepts } from "../shapes/accepts.ts";
import { sampleMember } from "../shapes/sample.ts";
import { resolved, type Shape, shapeText, standInOf } from "../shapes/shape.ts";
import { renamedFields } from "./renames.ts";
import { absent, inner, type ShapeChange, type ShapePair } from "./shape-change.ts";

type Compare = (pair: ShapePair) => readonly ShapeChange[];

const isRequired = (shape: Shape, name: string): boolean => shape.required?.includes(name) ?? false;

/** Any keys, with values of one shape. */
const isRecord = ({ properties, additionalProperties }: Shape) =>
  properties === undefined && typeof additionalProperties === "object";

/** @param compare of two shapes inside of these */
export function compareMembers(pair: ShapePair, compare: Compare): readonly ShapeChange[] {
  const { before, after } = pair;
  if (before.properties !== undefined && isRecord(after)) return objectToRecord(pair, compare);
  if (isRecord(before) && after.properties !== undefined) return recordToObject(pair, compare);
  return [...compareFields(pair, compare), ...compareOpenMembers(pair, compare)];
}

function compareFields(pair: ShapePair, compare: Compare): readonly ShapeChange[] {
  const [was, is] = [pair.before.properties ?? {}, pair.after.properties ?? {}];
  const removed = Object.keys(was).filter((name) => is[name] === undefined);
  const added = Object.keys(is).filter((name) => was[name] === undefined);
  // Keys of a record are values, and none stands for another.
  const isList = pair.after["x-brain-listed-keys"] === true;
  const renames = isList ? new Map<string, string>() : renamedFields(pair, removed, added);
  const newNames = new Set(renames.values());
  return [
    ...removed.map((name) => removedField(pair, name, renames.get(name))),
    ...added
      .filter((name) => !newNames.has(name) && isRequired(pair.after, name))
      .flatMap((name) => requiredField(pair, name)),
    ...Object.entries(was).flatMap(([name, before]) => {
      const after = is[name];
      if (after === undefined) return [];
      const field = inner(pair, name, before, after);
      return [...compareRequired(pair, name, field), ...compare(field)];
    }),
  ];
}

/** @param renamedTo undefined: it is gone */
function removedField(pair: ShapePair, name: string, renamedTo: string | undefined): ShapeChange {
  const { before, after, path, roots } = pair;
  const field = before.properties?.[name] ?? {};
  const readers = isRequired(before, name);
  const old = { path: [...path, name], was: shapeText(field, roots.before), before: field, readers };
  if (renamedTo === undefined) {
    const gone = { ...old, is: "(gone)", producers: true };
    // Readers pass over what an object does not name; a record refuses a key that is not on its list.
    if (after["x-brain-listed-keys"] === true || isRecord(after))
      return { rule: "ENUM_VALUE_REMOVED", ...gone, was: `the key "${name}"`, stored: true };
    return { rule: readers ? "FIELD_REMOVED" : "OPTIONAL_FIELD_REMOVED", ...gone, stored: false };
  }
  const renamed = after.properties?.[renamedTo] ?? {};
  return { rule: "FIELD_RENAMED", ...old, is: renamedTo, stored: true, renamedTo, after: renamed };
}

function requiredField({ after, path, roots }: ShapePair, name: string): readonly ShapeChange[] {
  const field = after.properties?.[name] ?? {};
  // It may be left out all the same.
  if (standInOf(field, roots.after) !== undefined) return [];
  return [
    {
      rule: "NEW_REQUIRED_FIELD",
      path: [...path, name],
      was: "(none)",
      is: shapeText(field, roots.after),
      stored: true,
      readers: false,
      witness: absent,
      after: field,
    },
  ];
}

/** Whether a field that was and is there must be there. */
function compareRequired(object: ShapePair, name: string, field: ShapePair): readonly ShapeChange[] {
  const { path, roots } = field;
  const [was, is] = [isRequired(object.before, name), isRequired(object.after, name)];
  const left = compareDefault(field, is);
  if (was === is || left.some(({ rule }) => rule === "FIELD_NOW_REQUIRED")) return left;
  const texts = { path, was: was ? "required" : "optional", is: is ? "required" : "optional" };
  const shapes = { before: resolved(field.before, roots.before), after: resolved(field.after, roots.after) };
  if (!is)
    return [...left, { rule: "FIELD_NOW_OPTIONAL", ...texts, ...shapes, stored: false, readers: true }];
  if (standInOf(field.after, roots.after) !== undefined) return left;
  return [{ rule: "FIELD_NOW_REQUIRED", ...texts, ...shapes, stored: true, readers: false, witness: absent }];
}

/** What stands for a field that is left out. Where nothing stood for it before, nothing was promised. */
function compareDefault(
  { before, after, path, roots }: ShapePair,
  isNeeded: boolean,
): readonly ShapeChange[] {
  const [was, is] = [standInOf(before, roots.before), standInOf(after, roots.after)];
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
function compareOpenMembers(pair: ShapePair, compare: Compare): readonly ShapeChange[] {
  const { before, after } = pair;
  const [was, is] = [before.additionalProperties, after.additionalProperties];
  const values = typeof was === "object" && typeof is === "object" ? compare(inner(pair, "{}", was, is)) : [];
  if (before.propertyNames === undefined || after.propertyNames === undefined) return values;
  const keys = compare({ ...pair, before: before.propertyNames, after: after.propertyNames });
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

/** What was a field is a member among others now. */
function objectToRecord(pair: ShapePair, compare: Compare): readonly ShapeChange[] {
  const { before, after, path, roots } = pair;
  const { additionalProperties: value, propertyNames = {}, "x-brain-max-members": most = null } = after;
  const fields = Object.entries(before.properties ?? {});
  const changes = fields.flatMap(([name, field]): readonly ShapeChange[] => {
    if (!accepts(resolved(propertyNames, roots.after), name)) return [removedField(pair, name, undefined)];
    const member = inner(pair, name, field, typeof value === "object" ? value : {});
    const mayMiss: ShapeChange = {
      rule: "FIELD_NOW_OPTIONAL",
      path: member.path,
      was: "required",
      is: "a member of a record",
      stored: false,
      readers: true,
    };
    return [...(isRequired(before, name) ? [mayMiss] : []), ...compare(member)];
  });
  if (most === null || fields.length <= most) return changes;
  const texts = { path, was: `${fields.length} fields`, is: `members at most: ${most}` };
  return [...changes, { rule: "BOUND_NARROWED", ...texts, before, after, stored: true, readers: false }];
}

/** Keys of which nobody knew the names: what an object does not name is not read any more. */
function recordToObject(pair: ShapePair, compare: Compare): readonly ShapeChange[] {
  const { before, after, path, roots } = pair;
  const { additionalProperties: value, propertyNames = {} } = before;
  const names = resolved(propertyNames, roots.before);
  const fields = Object.entries(after.properties ?? {});
  const fieldNames = fields.map(([name]) => name);
  const readers = fields.some(
    ([name, field]) =>
      !accepts(names, name) ||
      compare(inner(pair, name, typeof value === "object" ? value : {}, field)).some((one) => one.readers),
  );
  const key = textOf(names, fieldNames) ?? "key";
  return [
    {
      rule: readers ? "FIELD_TYPE_CHANGED" : "FIELD_TYPE_NARROWED",
      path,
      was: "a record of any keys",
      is: `an object of ${fieldNames.length === 0 ? "no fields" : fieldNames.join(", ")}`,
      before,
      after,
      stored: true,
      readers,
      witness: { [key]: sampleMember(before, roots.before) },
      mustArrive: true,
    },
  ];
}
