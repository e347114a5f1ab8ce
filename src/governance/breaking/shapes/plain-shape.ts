/**
 * One form for shapes that let the same values through, so that a change of words is no change: `z.int().positive()` is
 * `z.int().min(1)`, and `z.enum(["a", "b"])` is a union of the two. Pure.
 */

import type { JsonValue } from "@brain/schemas";
import { laterDetails } from "./details.ts";
import { type Shape, typeOfValue, valuesOf } from "./shape.ts";

/** @param withDetails false: what older catalogues did not say is left out */
export function plainShape(shape: Shape, withDetails: boolean): Shape {
  const inner = (one: Shape) => plainShape(one, withDetails);
  const all = (shapes: readonly Shape[]) => shapes.map(inner);
  const each = (shapes: Readonly<Record<string, Shape>>) =>
    Object.fromEntries(Object.entries(shapes).map(([name, one]) => [name, inner(one)]));
  const { anyOf, oneOf, allOf, properties, $defs, items, prefixItems, additionalProperties, propertyNames } =
    shape;
  const whole: Shape = {
    ...(withDetails ? shape : withoutDetails(shape)),
    ...(anyOf === undefined ? {} : { anyOf: withOneList(all(anyOf)) }),
    ...(oneOf === undefined ? {} : { oneOf: withOneList(all(oneOf)) }),
    ...(allOf === undefined ? {} : { allOf: all(allOf) }),
    ...(properties === undefined ? {} : { properties: each(properties) }),
    ...($defs === undefined ? {} : { $defs: each($defs) }),
    ...(typeof items === "object" ? { items: inner(items) } : {}),
    ...(prefixItems === undefined ? {} : { prefixItems: all(prefixItems) }),
    ...(typeof additionalProperties === "object"
      ? { additionalProperties: inner(additionalProperties) }
      : {}),
    ...(propertyNames === undefined ? {} : { propertyNames: inner(propertyNames) }),
  };
  return withNamedMembers(withMembers(withWholeBounds(whole), inner));
}

function withoutDetails(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !laterDetails.has(name)));
}

/** What a shape that is a list of values may have beside them. */
const ofLists: ReadonlySet<string> = new Set(["type", "enum", "const"]);

const isList = (shape: Shape) =>
  valuesOf(shape) !== null && Object.keys(shape).every((name) => ofLists.has(name));

/** The values of all branches that are nothing but values, in one of them. */
function withOneList(branches: readonly Shape[]): readonly Shape[] {
  const lists = branches.filter(isList);
  if (lists.length < 2) return branches;
  const values = new Map(
    lists.flatMap((list) => valuesOf(list) ?? []).map((value) => [JSON.stringify(value), value]),
  );
  const first = branches.findIndex(isList);
  return branches.flatMap((branch, at) =>
    at === first ? [listOf([...values.values()])] : isList(branch) ? [] : [branch],
  );
}

function listOf(values: readonly JsonValue[]): Shape {
  const types = [...new Set(values.map(typeOfValue))];
  // Both booleans are any.
  if (types.length === 1 && types[0] === "boolean" && values.length === 2) return { type: "boolean" };
  return { type: types.length === 1 ? (types[0] ?? []) : types, enum: values };
}

/** Of whole numbers, `more than 0` is `at least 1`. */
function withWholeBounds(shape: Shape): Shape {
  if (shape.type !== "integer") return shape;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...rest } = shape;
  const least = [minimum, exclusiveMinimum === undefined ? undefined : Math.floor(exclusiveMinimum) + 1];
  const most = [maximum, exclusiveMaximum === undefined ? undefined : Math.ceil(exclusiveMaximum) - 1];
  const isGiven = (value: number | undefined) => value !== undefined;
  return {
    ...rest,
    ...(least.some(isGiven) ? { minimum: Math.ceil(Math.max(...least.filter(isGiven))) } : {}),
    ...(most.some(isGiven) ? { maximum: Math.floor(Math.min(...most.filter(isGiven))) } : {}),
  };
}

/** A record whose other keys may hold anything is written in another way. */
function withMembers(shape: Shape, inner: (one: Shape) => Shape): Shape {
  const { patternProperties, ...rest } = shape;
  const [first, ...others] = Object.entries(patternProperties ?? {});
  if (first === undefined || others.length > 0) return shape;
  const [pattern, value] = first;
  return { ...rest, additionalProperties: inner(value), propertyNames: { type: "string", pattern } };
}

/** A record whose keys are listed is an object with these fields. */
function withNamedMembers(shape: Shape): Shape {
  const { propertyNames, additionalProperties, ...rest } = shape;
  const names = propertyNames === undefined ? null : valuesOf(propertyNames);
  if (names === null || typeof additionalProperties !== "object" || shape.properties !== undefined)
    return shape;
  return {
    ...rest,
    properties: Object.fromEntries(names.map((name) => [String(name), additionalProperties])),
    additionalProperties: false,
    "x-brain-listed-keys": true,
  };
}
