/**
 * What an expression stands for, where that is seen without running anything of the project: literals, constants, spreads,
 * functions that only put something together, and schemas, which zod itself makes anew from the calls that are written.
 */

import ts from "typescript";
import { bare, type FunctionNode, isFunction, type SourceFile } from "../syntax/source.ts";
import type { Bindings } from "./bindings.ts";
import { builtInOf, collectionOf } from "./built-ins.ts";
import { choiceOf, chosenOf, type Evaluate, listOf, rawTextOf, templateOf } from "./composites.ts";
import { literalOf, notKnown } from "./literals.ts";
import { type Objects, readObjects } from "./objects.ts";
import { operationOf, signedOf } from "./operations.ts";
import { isSchema } from "./package-values.ts";
import { isOfTables, madeByDrizzle } from "./table-values.ts";
import {
  argumentsOf,
  callMethod,
  callValue,
  hasMethods,
  isCallable,
  scopeOfCall,
  WrittenFunction,
} from "./value-calls.ts";
import { classValue, instanceOf } from "./value-classes.ts";
import { inEachTurn } from "./value-loops.ts";
import { classOf, readName } from "./value-names.ts";
import { readElement, readObject, readProperty } from "./value-parts.ts";
import type { Place, SchemaSource } from "./value-places.ts";
import { Scope } from "./value-scopes.ts";

export interface Values extends Objects {
  /** {@link notKnown} where it cannot be told; objects and lists hold it where a part of them cannot. */
  valueOf(file: string, node: ts.Expression): unknown;
  /** All that it may be in the loops around it: in `for (const action of actions)` and `actions.map((action) => …)`. */
  valuesOf(file: string, node: ts.Expression): readonly unknown[];
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
    valuesOf(file, node) {
      const value = evaluate(file, node, top);
      if (value !== notKnown) return [value];
      return inEachTurn({ file, node, scope: top, evaluate }).filter((one) => one !== notKnown);
    },
    valueIn(file, node, calls) {
      let scope = top;
      for (const { node: called, call } of calls) {
        const from = call.getSourceFile().fileName;
        // What is called may know more than its arguments: what it closes over, or its own instance.
        const known = evaluate(from, call.expression, top);
        const callee =
          known instanceof WrittenFunction && known.node === called
            ? known
            : new WrittenFunction(file, called, scope);
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

function read(place: Place, node: ts.Expression): unknown {
  const literal = literalOf(node);
  if (literal !== notKnown) return literal;
  const evaluate: Evaluate = (part) => place.evaluate(place.file, part, place.scope);
  if (isFunction(node)) return new WrittenFunction(place.file, node, place.scope);
  if (ts.isIdentifier(node)) return readName(place, node);
  if (node.kind === ts.SyntaxKind.ThisKeyword) return place.scope.self;
  if (ts.isNewExpression(node)) return readNew(place, node, evaluate);
  if (ts.isClassExpression(node)) return classValue(place, { file: place.file, node });
  if (ts.isArrayLiteralExpression(node)) return listOf(node.elements, evaluate);
  if (ts.isObjectLiteralExpression(node)) return readObject(place, node, evaluate);
  if (ts.isPropertyAccessExpression(node)) return readProperty(place, node, () => evaluate(node.expression));
  if (ts.isElementAccessExpression(node)) return readElement(place, node, evaluate);
  if (ts.isTemplateExpression(node)) return templateOf(node, evaluate);
  if (ts.isTaggedTemplateExpression(node)) return rawTextOf(node, evaluate);
  if (ts.isConditionalExpression(node)) return chosenOf(node, evaluate);
  if (ts.isPrefixUnaryExpression(node)) return signedOf(node, evaluate);
  if (ts.isBinaryExpression(node)) return choiceOf(node, evaluate) ?? operationOf(node, evaluate);
  if (ts.isCallExpression(node)) return readCall(place, node, evaluate);
  return notKnown;
}

/** `new Names("library")` of a class of the project, and `new Map([…])`. */
function readNew(place: Place, node: ts.NewExpression, evaluate: Evaluate): unknown {
  const classNamed = (from: string, name: ts.Expression) => classOf(place, from, bare(name));
  const written = classNamed(place.file, node.expression);
  if (written === null) return collectionOf(place.bindings, node, evaluate);
  const { evaluate: look, top } = place;
  return instanceOf({ evaluate: look, top, classNamed }, written, (maker) =>
    argumentsOf(node.arguments ?? [], maker, evaluate),
  );
}

function readCall(place: Place, node: ts.CallExpression, evaluate: Evaluate): unknown {
  const callee = bare(node.expression);
  const put = builtInOf(place.bindings, callee);
  if (put !== null) return put(listOf(node.arguments, evaluate));
  const owner = ts.isPropertyAccessExpression(callee) ? evaluate(callee.expression) : notKnown;
  const byMethod =
    ts.isPropertyAccessExpression(callee) && hasMethods(owner)
      ? callMethod(owner, callee.name.text, listOf(node.arguments, evaluate), place.evaluate)
      : null;
  const called =
    byMethod === null && ts.isPropertyAccessExpression(callee)
      ? readProperty(place, callee, () => owner)
      : byMethod === null && evaluate(callee);
  const byCall = () => {
    const isTables = isOfTables(called);
    if (!isTables && !isCallable(called)) return notKnown;
    const given = argumentsOf(node.arguments, called, evaluate);
    const call = (what: unknown, each: readonly unknown[]) => callValue(what, each, place.evaluate);
    return isTables ? madeByDrizzle(called, given, node, call) : call(called, given);
  };
  const made = byMethod === null ? byCall() : byMethod;
  if (isSchema(made) && !place.sources.has(made)) place.sources.set(made, { node, property: null });
  return made;
}
