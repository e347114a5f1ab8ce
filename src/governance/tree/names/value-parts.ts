/** Objects that are written down, and what stands in them. */

import * as charterPackage from "@brain/schemas";
import ts from "typescript";
import { bare, isFunction, nameOf } from "../syntax/source.ts";
import type { Evaluate } from "./composites.ts";
import { notKnown } from "./literals.ts";
import { isPlain, isSchema, member, type Schema } from "./package-values.ts";
import { isOfFile } from "./scope.ts";
import { ofMember, WrittenFunction } from "./value-calls.ts";
import { readOrigin, wholeOrigin } from "./value-names.ts";
import type { Place, SchemaSource } from "./value-places.ts";

export function readObject(place: Place, node: ts.ObjectLiteralExpression, evaluate: Evaluate): unknown {
  const found: Record<string, unknown> = {};
  for (const property of node.properties) {
    if (ts.isSpreadAssignment(property)) {
      const value = evaluate(property.expression);
      if (isPlain(value)) Object.assign(found, value);
      continue;
    }
    if (ts.isSetAccessor(property)) continue;
    const name = property.name === undefined ? null : keyOf(property.name, evaluate);
    if (name === null || name === "__proto__") continue;
    const written = ts.isPropertyAssignment(property)
      ? property.initializer
      : ts.isShorthandPropertyAssignment(property)
        ? property.name
        : null;
    const value = isFunction(property)
      ? ofMember(new WrittenFunction(place.file, property, place.scope), place.evaluate)
      : written === null
        ? notKnown
        : evaluate(written);
    found[name] =
      isSchema(value) && written !== null ? ownField(place, value, { node: written, property }) : value;
  }
  return found;
}

/** Also of `[key]`, where that is known. */
function keyOf(name: ts.PropertyName, evaluate: Evaluate): string | null {
  const key = ts.isComputedPropertyName(name) ? evaluate(name.expression) : nameOf(name);
  return typeof key === "string" ? key : null;
}

/** Each field has a schema of its own, so that one can tell where it was written; what is named stands elsewhere too. */
function ownField({ sources }: Place, schema: Schema, written: SchemaSource): Schema {
  const mark = schema.meta()?.["x-brain-pii"] as { readonly subject: string } | undefined;
  const copy = schema.clone(undefined, { parent: true });
  const own = mark === undefined ? copy : charterPackage.pii(copy, mark);
  sources.set(own, written);
  return own;
}

export function readProperty(place: Place, node: ts.PropertyAccessExpression, owner: () => unknown): unknown {
  const origin = isOfFile(node.expression) ? place.bindings.originOfExpression(place.file, node) : null;
  return origin !== null && origin.package !== "zod"
    ? readOrigin(place, origin)
    : member(owner(), node.name.text);
}

/** `names["lent"]`, `names[0]`, also of what is imported as a whole. */
export function readElement(place: Place, node: ts.ElementAccessExpression, evaluate: Evaluate): unknown {
  const key = evaluate(node.argumentExpression);
  if (typeof key !== "string" && typeof key !== "number") return notKnown;
  const whole = bare(node.expression);
  const origin = ts.isIdentifier(whole) ? wholeOrigin(place, whole, String(key)) : null;
  return origin === null ? member(evaluate(whole), String(key)) : readOrigin(place, origin);
}
