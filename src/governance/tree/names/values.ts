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
import { builtInOf } from "./built-ins.ts";
import {
  choiceOf,
  concatenationOf,
  type Evaluate,
  enumOf,
  listOf,
  rawTextOf,
  spaceOf,
  templateOf,
} from "./composites.ts";
import { loadedBy } from "./imports.ts";
import { literalOf, notKnown } from "./literals.ts";
import { type Objects, readObjects } from "./objects.ts";
import { isPlain, isSchema, member, type Schema } from "./package-values.ts";
import { type Declaration, declarationOf, isOfFile, isSetOnce, parameterOwner } from "./scope.ts";
import {
  argumentsOf,
  callMethod,
  callValue,
  type EvaluateIn,
  hasMethods,
  isCallable,
  ofMember,
  partOf,
  scopeOfCall,
  WrittenFunction,
} from "./value-calls.ts";
import { classValue, instanceOf, type WrittenClass } from "./value-classes.ts";
import { Scope, scopeAround } from "./value-scopes.ts";

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

const maxDepth = 150;

/** For what calls itself, or doubles its work with each call: nothing that is meant as a name needs as many. */
const maxSteps = 30_000;

/** An expression that is being worked out, at a depth. */
class UnderWay {
  readonly depth: number;
  constructor(depth: number) {
    this.depth = depth;
  }
}

/** Remembers what it has worked out: to be made for each look at a project. */
export function readValues(bindings: Bindings, source: (path: string) => SourceFile): Values {
  const top = new Scope(null, null, notKnown);
  const sources = new WeakMap<object, SchemaSource>();
  let depth = 0;
  let steps = 0;
  /** The outermost expression for the sake of which a part was left out. */
  let leftOutFor = Infinity;

  function evaluate(file: string, node: ts.Expression, scope: Scope): unknown {
    const found = scope.known.get(node);
    if (found instanceof UnderWay) leftOutFor = Math.min(leftOutFor, found.depth);
    else if (found !== undefined || scope.known.has(node)) return found;
    else if (depth < maxDepth && steps < maxSteps) return work(file, node, scope);
    else leftOutFor = 0;
    return notKnown;
  }

  function work(file: string, node: ts.Expression, scope: Scope): unknown {
    const [own, before] = [depth, leftOutFor];
    let value: unknown = notKnown;
    scope.known.set(node, new UnderWay(own));
    leftOutFor = Infinity;
    depth++;
    steps++;
    try {
      value = read({ bindings, source, sources, evaluate, file, scope, top }, bare(node));
    } catch {
      // zod refuses what it was given; the project's own start would tell.
    }
    depth--;
    // Asked for by itself, or later, it may be known: no finding depends on what was asked for first.
    if (leftOutFor >= own) scope.known.set(node, value);
    else scope.known.delete(node);
    leftOutFor = Math.min(before, leftOutFor >= own ? Infinity : leftOutFor);
    if (own === 0) steps = 0;
    return value;
  }

  return {
    valueOf: (file, node) => evaluate(file, node, top),
    valueIn(file, node, calls) {
      let scope = top;
      for (const { node: called, call } of calls) {
        const from = call.getSourceFile().fileName;
        const callee = new WrittenFunction(file, called, scope);
        const given = argumentsOf(call.arguments, callee, (argument) => evaluate(from, argument, top));
        scope = scopeOfCall(callee, given, evaluate);
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
  /** The place of what stands in no function that is called. */
  readonly top: Scope;
}

function read(place: Place, node: ts.Expression): unknown {
  const literal = literalOf(node);
  if (literal !== notKnown) return literal;
  const evaluate: Evaluate = (part) => place.evaluate(place.file, part, place.scope);
  if (isFunction(node)) return new WrittenFunction(place.file, node, place.scope);
  if (ts.isIdentifier(node)) return readName(place, node);
  if (node.kind === ts.SyntaxKind.ThisKeyword) return place.scope.self;
  if (ts.isNewExpression(node)) return readNew(place, node, evaluate);
  if (ts.isArrayLiteralExpression(node)) return listOf(node.elements, evaluate);
  if (ts.isObjectLiteralExpression(node)) return readObject(place, node, evaluate);
  if (ts.isPropertyAccessExpression(node)) return readProperty(place, node, () => evaluate(node.expression));
  if (ts.isElementAccessExpression(node)) return readElement(place, node, evaluate);
  if (ts.isTemplateExpression(node)) return templateOf(node, evaluate);
  if (ts.isTaggedTemplateExpression(node)) return rawTextOf(node, evaluate);
  if (ts.isBinaryExpression(node)) return choiceOf(node, evaluate) ?? concatenationOf(node, evaluate);
  if (ts.isCallExpression(node)) return readCall(place, node, evaluate);
  return notKnown;
}

function readName(place: Place, node: ts.Identifier): unknown {
  const declared = declarationOf(node);
  if (declared === null || isLoaded(declared))
    return readOrigin(place, place.bindings.originOf(place.file, node.text));
  if (parameterOwner(declared) !== null) return place.scope.parameter(declared);
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
    return isSetOnce(declared) && declared.initializer !== undefined
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
const wholeOrigin = ({ bindings, file }: Place, whole: ts.Identifier, name: string | null): Origin | null =>
  name === null || declarationOf(whole) !== null ? null : bindings.memberOf(file, whole.text, name);

/** What stands at the top of a file, or is imported from a package. */
function readOrigin(place: Place, origin: Origin | null): unknown {
  if (origin === null) return notKnown;
  if (origin.package === "zod")
    return origin.name === "*" || origin.name === "default" ? zod : member(zod, origin.name);
  if (origin.package === "@brain/schemas" && origin.value === null)
    return member(charterPackage, origin.name);
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

/** `new Names("library")` of a class of the project. */
function readNew(place: Place, node: ts.NewExpression, evaluate: Evaluate): unknown {
  const classNamed = (from: string, name: ts.Expression) => classOf(place, from, bare(name));
  const written = classNamed(place.file, node.expression);
  if (written === null) return notKnown;
  const { evaluate: look, top } = place;
  return instanceOf({ evaluate: look, top, classNamed }, written, (maker) =>
    argumentsOf(node.arguments ?? [], maker, evaluate),
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

function readProperty(place: Place, node: ts.PropertyAccessExpression, owner: () => unknown): unknown {
  const origin = isOfFile(node.expression) ? place.bindings.originOfExpression(place.file, node) : null;
  return origin !== null && origin.package !== "zod"
    ? readOrigin(place, origin)
    : member(owner(), node.name.text);
}

/** `names["lent"]`, `names[0]`, also of what is imported as a whole. */
function readElement(place: Place, node: ts.ElementAccessExpression, evaluate: Evaluate): unknown {
  const key = evaluate(node.argumentExpression);
  if (typeof key !== "string" && typeof key !== "number") return notKnown;
  const whole = bare(node.expression);
  const origin = ts.isIdentifier(whole) ? wholeOrigin(place, whole, String(key)) : null;
  return origin === null ? member(evaluate(whole), String(key)) : readOrigin(place, origin);
}

function readCall(place: Place, node: ts.CallExpression, evaluate: Evaluate): unknown {
  const callee = bare(node.expression);
  const put = builtInOf(place.bindings, callee);
  if (put !== null) return put(listOf(node.arguments, evaluate));
  const owner = ts.isPropertyAccessExpression(callee) ? evaluate(callee.expression) : notKnown;
  const byMethod =
    ts.isPropertyAccessExpression(callee) && hasMethods(owner)
      ? callMethod(owner, callee.name.text, listOf(node.arguments, evaluate))
      : null;
  const called =
    byMethod === null && ts.isPropertyAccessExpression(callee)
      ? readProperty(place, callee, () => owner)
      : byMethod === null && evaluate(callee);
  const made =
    byMethod ??
    (isCallable(called)
      ? callValue(called, argumentsOf(node.arguments, called, evaluate), place.evaluate)
      : notKnown);
  if (isSchema(made) && !place.sources.has(made)) place.sources.set(made, { node, property: null });
  return made;
}

/** What a `let` holds at another time is not known. */
function isReassignable({ parent }: ts.Expression): boolean {
  return parent !== undefined && ts.isVariableDeclaration(parent) && !isSetOnce(parent);
}
