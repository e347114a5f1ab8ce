/**
 * What an expression stands for, where that is seen without running anything of the project: literals, constants, spreads,
 * functions that only put something together, and schemas, which zod itself makes anew from the calls that are written.
 */

import * as charterPackage from "@brain/schemas";
import ts from "typescript";
import * as zod from "zod";
import {
  bare,
  type FunctionNode,
  functionsAround,
  isFunction,
  nameOf,
  type SourceFile,
  topStatement,
} from "../syntax/source.ts";
import type { Bindings, Origin } from "./bindings.ts";
import { concatenationOf, type Evaluate, enumOf, listOf, templateOf } from "./composites.ts";
import { loadedBy } from "./imports.ts";
import { literalOf, notKnown } from "./literals.ts";
import { type Objects, readObjects } from "./objects.ts";
import { isPlain, isSchema, member, type Schema } from "./package-values.ts";
import { type Declaration, declarationOf, parameterOwner } from "./scope.ts";
import {
  callMethod,
  callValue,
  type EvaluateIn,
  type Scope,
  scopeOfCall,
  WrittenFunction,
} from "./value-calls.ts";
import { classValue, instanceOf, type WrittenClass } from "./value-classes.ts";

/** Where a schema was written. */
export interface SchemaSource {
  /** The expression that makes it. */
  readonly node: ts.Expression;
  /** The property of an object that holds it; null: it stands alone. */
  readonly property: ts.ObjectLiteralElementLike | null;
}

export interface Values extends Objects {
  /** {@link notKnown} where it cannot be told; objects and lists hold it where a part of them cannot. */
  valueOf(file: string, node: ts.Expression): unknown;
  /** Of an expression inside of functions, where they are called so; of these the outermost comes first. */
  valueIn(file: string, node: ts.Expression, calls: readonly FunctionCall[]): unknown;
  /** Null: it is no schema that {@link valueOf} gave. */
  sourceOf(schema: unknown): SchemaSource | null;
}

/** A function of the project, and a call of it. */
export interface FunctionCall {
  readonly node: FunctionNode;
  readonly call: ts.CallExpression;
}

const maxDepth = 60;

/** Remembers what it has worked out: to be made for each look at a project. */
export function readValues(bindings: Bindings, source: (path: string) => SourceFile): Values {
  const known = new Map<ts.Node, unknown>();
  const sources = new WeakMap<object, SchemaSource>();
  let depth = 0;

  function evaluate(file: string, node: ts.Expression, scope: Scope): unknown {
    if (scope.size === 0 && known.has(node)) return known.get(node);
    if (depth >= maxDepth) return notKnown;
    depth++;
    try {
      const value = read({ bindings, source, sources, evaluate, file, scope }, bare(node));
      if (scope.size === 0) known.set(node, value);
      return value;
    } catch {
      // zod refuses what it was given; the project's own start would tell.
      return notKnown;
    } finally {
      depth--;
    }
  }

  return {
    valueOf: (file, node) => evaluate(file, node, topScope),
    valueIn(file, node, calls) {
      let scope = topScope;
      for (const { node: called, call } of calls) {
        const from = call.getSourceFile().fileName;
        const given = listOf(call.arguments, (argument) => evaluate(from, argument, topScope));
        scope = scopeOfCall(new WrittenFunction(file, called, scope), given, evaluate);
      }
      return evaluate(file, node, scope);
    },
    sourceOf: (schema) =>
      typeof schema === "object" && schema !== null ? (sources.get(schema) ?? null) : null,
    ...readObjects(bindings),
  };
}

/** Where an expression stands, and what it needs to be worked out. */
interface Place {
  readonly bindings: Bindings;
  readonly source: (path: string) => SourceFile;
  /** By the schemas that were made. */
  readonly sources: WeakMap<object, SchemaSource>;
  readonly evaluate: EvaluateIn;
  readonly file: string;
  readonly scope: Scope;
}

const topScope: Scope = new Map();

function read(place: Place, node: ts.Expression): unknown {
  const literal = literalOf(node);
  if (literal !== notKnown) return literal;
  const evaluate: Evaluate = (part) => place.evaluate(place.file, part, place.scope);
  if (isFunction(node)) return new WrittenFunction(place.file, node, place.scope);
  if (ts.isIdentifier(node)) return readName(place, node);
  if (node.kind === ts.SyntaxKind.ThisKeyword)
    return place.scope.has("this") ? place.scope.get("this") : notKnown;
  if (ts.isNewExpression(node)) return readNew(place, node, evaluate);
  if (ts.isArrayLiteralExpression(node)) return listOf(node.elements, evaluate);
  if (ts.isObjectLiteralExpression(node)) return readObject(place, node, evaluate);
  if (ts.isPropertyAccessExpression(node)) return readProperty(place, node, evaluate);
  if (ts.isElementAccessExpression(node)) {
    const name = evaluate(node.argumentExpression);
    return typeof name === "string" ? member(evaluate(node.expression), name) : notKnown;
  }
  if (ts.isTemplateExpression(node)) return templateOf(node, evaluate);
  if (ts.isBinaryExpression(node)) return concatenationOf(node, evaluate);
  if (ts.isCallExpression(node)) return readCall(place, node, evaluate);
  return notKnown;
}

function readName(place: Place, node: ts.Identifier): unknown {
  const declared = declarationOf(node);
  if (declared === null || isLoaded(declared))
    return readOrigin(place, place.bindings.originOf(place.file, node.text));
  if (parameterOwner(declared) !== null)
    return place.scope.has(node.text) ? place.scope.get(node.text) : notKnown;
  // Names at the top of a file mean the same, whoever calls what uses them.
  const at = isInFunction(declared) ? place : { ...place, scope: topScope };
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
  if (ts.isVariableDeclaration(declared)) {
    const isConstant = (declared.parent.flags & ts.NodeFlags.Const) !== 0;
    return isConstant && declared.initializer !== undefined
      ? place.evaluate(place.file, declared.initializer, place.scope)
      : notKnown;
  }
  const around = declared.parent.parent;
  if (ts.isParameter(around) || declared.dotDotDotToken !== undefined) return notKnown;
  const whole = readVariable(place, around);
  if (ts.isArrayBindingPattern(declared.parent)) {
    const part: unknown = Array.isArray(whole) ? whole[declared.parent.elements.indexOf(declared)] : notKnown;
    return part === undefined ? notKnown : part;
  }
  const name = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
  return name === null ? notKnown : member(whole, name);
}

/** What stands at the top of a file, or is imported from a package. */
function readOrigin(place: Place, origin: Origin | null): unknown {
  if (origin === null) return notKnown;
  if (origin.package === "zod")
    return origin.name === "*" || origin.name === "default" ? zod : member(zod, origin.name);
  if (origin.package === "@brain/schemas" && origin.value === null)
    return member(charterPackage, origin.name);
  if (origin.file === null) return notKnown;
  if (origin.value !== null)
    return isReassignable(origin.value) ? notKnown : place.evaluate(origin.file, origin.value, topScope);
  const declared = topStatement(place.source(origin.file).ast, origin.name);
  return declared === null
    ? notKnown
    : readDeclared({ ...place, file: origin.file, scope: topScope }, declared);
}

/** An enum, a class, or a function. */
function readDeclared({ evaluate, file, scope }: Place, declared: ts.Node): unknown {
  if (ts.isEnumDeclaration(declared)) return enumOf(declared, (node) => evaluate(file, node, topScope));
  if (ts.isClassDeclaration(declared)) return classValue({ evaluate }, { file, node: declared });
  return isFunction(declared) ? new WrittenFunction(file, declared, scope) : notKnown;
}

/** `new Names("library")` of a class of the project. */
function readNew(place: Place, node: ts.NewExpression, evaluate: Evaluate): unknown {
  const classNamed = (from: string, name: ts.Expression) => classOf(place, from, bare(name));
  const written = classNamed(place.file, node.expression);
  if (written === null) return notKnown;
  return instanceOf(
    { evaluate: place.evaluate, classNamed },
    written,
    listOf(node.arguments ?? [], evaluate),
  );
}

function classOf({ bindings, source }: Place, file: string, name: ts.Expression): WrittenClass | null {
  const local = ts.isIdentifier(name) ? declarationOf(name) : null;
  if (local !== null) return ts.isClassDeclaration(local) ? { file, node: local } : null;
  const origin = bindings.originOfExpression(file, name);
  const node =
    origin === null || origin.file === null ? null : topStatement(source(origin.file).ast, origin.name);
  return origin !== null && origin.file !== null && node !== null && ts.isClassDeclaration(node)
    ? { file: origin.file, node }
    : null;
}

function readObject(place: Place, node: ts.ObjectLiteralExpression, evaluate: Evaluate): unknown {
  const found: Record<string, unknown> = {};
  for (const property of node.properties) {
    if (ts.isSpreadAssignment(property)) {
      const value = evaluate(property.expression);
      if (isPlain(value)) Object.assign(found, value);
      continue;
    }
    const name = property.name === undefined ? null : keyOf(property.name, evaluate);
    if (name === null || name === "__proto__") continue;
    const written = ts.isPropertyAssignment(property)
      ? property.initializer
      : ts.isShorthandPropertyAssignment(property)
        ? property.name
        : null;
    const value = isFunction(property)
      ? new WrittenFunction(place.file, property, place.scope)
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

function readProperty(place: Place, node: ts.PropertyAccessExpression, evaluate: Evaluate): unknown {
  const isAtTop = place.scope.size === 0;
  const origin = isAtTop ? place.bindings.originOfExpression(place.file, node) : null;
  if (origin !== null && origin.package !== "zod") return readOrigin(place, origin);
  return member(evaluate(node.expression), node.name.text);
}

function readCall(place: Place, node: ts.CallExpression, evaluate: Evaluate): unknown {
  const callee = bare(node.expression);
  const given = listOf(node.arguments, evaluate);
  const byMethod = ts.isPropertyAccessExpression(callee)
    ? callMethod(evaluate(callee.expression), callee.name.text, given)
    : null;
  const made = byMethod ?? callValue(evaluate(callee), given, place.evaluate);
  if (isSchema(made) && !place.sources.has(made)) place.sources.set(made, { node, property: null });
  return made;
}

/** What a `let` holds at another time is not known. */
function isReassignable({ parent }: ts.Expression): boolean {
  return (
    parent !== undefined &&
    ts.isVariableDeclaration(parent) &&
    (parent.parent.flags & ts.NodeFlags.Const) === 0
  );
}
