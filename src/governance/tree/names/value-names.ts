/** What a name stands for: a constant or a part of one, a parameter, a class, an enum, what another file or a package has. */

import * as charterPackage from "@brain/schemas";
import ts from "typescript";
import * as zod from "zod";
import { bare, functionsAround, isFunction, nameOf, topStatement } from "../syntax/source.ts";
import type { Origin } from "./bindings.ts";
import { globalOf } from "./built-ins.ts";
import { type Evaluate, enumOf, spaceOf } from "./composites.ts";
import { loadedBy } from "./imports.ts";
import { notKnown } from "./literals.ts";
import { engineTableNamed, member } from "./package-values.ts";
import {
  type Declaration,
  declarationOf,
  isFilledLater,
  isOfLoop,
  isSetOnce,
  parameterOwner,
} from "./scope.ts";
import { drizzleValue } from "./table-values.ts";
import { partOf, WrittenFunction } from "./value-calls.ts";
import { classValue, type WrittenClass } from "./value-classes.ts";
import type { Place } from "./value-places.ts";
import { scopeAround } from "./value-scopes.ts";

export function readName(place: Place, node: ts.Identifier): unknown {
  const declared = declarationOf(node);
  if (declared === null || isLoaded(declared)) {
    const origin = place.bindings.originOf(place.file, node.text);
    return origin === null && declared === null ? globalOf(node) : readOrigin(place, origin);
  }
  if (parameterOwner(declared) !== null || isOfLoop(declared)) return place.scope.parameter(declared);
  const at = { ...place, scope: scopeAround(declared, place.scope, place.top) };
  return ts.isBindingElement(declared) || ts.isVariableDeclaration(declared)
    ? readVariable(at, declared)
    : readDeclared(at, declared);
}

/** `const z = require("zod")`: it is an import in another form. */
function isLoaded(declared: Declaration): boolean {
  let at: ts.Node = declared;
  while (ts.isBindingElement(at)) at = at.parent.parent;
  return (
    ts.isVariableDeclaration(at) &&
    at.initializer !== undefined &&
    !isInFunction(at) &&
    loadedBy(at.initializer) !== null
  );
}

const isInFunction = (node: ts.Node): boolean => functionsAround(node).length > 0;

/** A constant, or a part of one: `const { prefix } = names`. */
function readVariable(place: Place, declared: ts.BindingElement | ts.VariableDeclaration): unknown {
  const evaluate: Evaluate = (part) => place.evaluate(place.file, part, place.scope);
  if (ts.isVariableDeclaration(declared))
    return isSetOnce(declared) && declared.initializer !== undefined && !isFilledLater(declared)
      ? evaluate(declared.initializer)
      : notKnown;
  const around = declared.parent.parent;
  if (ts.isParameter(around)) return notKnown;
  const whole = ts.isVariableDeclaration(around) && around.initializer ? bare(around.initializer) : null;
  // `const { lent } = names` of what is imported as a whole.
  const origin =
    whole !== null && ts.isIdentifier(whole) && declared.dotDotDotToken === undefined
      ? wholeOrigin(place, whole, nameOf((declared.propertyName ?? declared.name) as ts.PropertyName))
      : null;
  return origin === null
    ? partOf(readVariable(place, around), declared, evaluate)
    : readOrigin(place, origin);
}

/** What a name that is imported as a whole has under another one; null: it is no such name. */
export const wholeOrigin = (
  { bindings, file }: Place,
  whole: ts.Identifier,
  name: string | null,
): Origin | null =>
  name === null || declarationOf(whole) !== null ? null : bindings.memberOf(file, whole.text, name);

/** What stands at the top of a file, or is imported from a package. */
export function readOrigin(place: Place, origin: Origin | null): unknown {
  if (origin === null) return notKnown;
  if (origin.package === "zod")
    return origin.name === "*" || origin.name === "default" ? zod : member(zod, origin.name);
  if (origin.package === "@brain/schemas" && origin.value === null)
    return member(charterPackage, origin.name);
  if (origin.package === "@brain/engine") return engineTableNamed(origin.name) ?? notKnown;
  if (origin.package === "drizzle-orm") return drizzleValue(origin.name);
  if (origin.file === null) return notKnown;
  if (origin.value !== null)
    return isReassignable(origin.value) ? notKnown : place.evaluate(origin.file, origin.value, place.top);
  const declared = topStatement(place.source(origin.file).ast, origin.name);
  return declared === null
    ? notKnown
    : readDeclared({ ...place, file: origin.file, scope: place.top }, declared);
}

/** An enum, a class, a namespace, or a function. */
function readDeclared({ evaluate, file, scope, top }: Place, declared: ts.Node): unknown {
  if (ts.isModuleDeclaration(declared)) return spaceOf(declared, (node) => evaluate(file, node, top));
  if (ts.isEnumDeclaration(declared)) return enumOf(declared, (node) => evaluate(file, node, top));
  if (ts.isClassDeclaration(declared)) return classValue({ evaluate, top }, { file, node: declared });
  return isFunction(declared) ? new WrittenFunction(file, declared, scope) : notKnown;
}

export function classOf({ bindings, source }: Place, file: string, name: ts.Expression): WrittenClass | null {
  const local = ts.isIdentifier(name) ? declarationOf(name) : null;
  if (local !== null) return classIn(file, local);
  const origin = bindings.originOfExpression(file, name);
  if (origin === null || origin.file === null) return null;
  const node = topStatement(source(origin.file).ast, origin.name);
  return node === null ? null : classIn(origin.file, node);
}

/** `class Names { … }`, `const Names = class { … };` */
function classIn(file: string, declared: ts.Node): WrittenClass | null {
  const node =
    ts.isVariableDeclaration(declared) && declared.initializer !== undefined
      ? bare(declared.initializer)
      : declared;
  return ts.isClassLike(node) ? { file, node } : null;
}

/** What a `let`, or a list that is filled, holds at another time is not known. */
function isReassignable({ parent }: ts.Expression): boolean {
  return (
    parent !== undefined && ts.isVariableDeclaration(parent) && (!isSetOnce(parent) || isFilledLater(parent))
  );
}
