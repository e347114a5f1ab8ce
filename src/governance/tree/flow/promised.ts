/** Which calls give a promise: by their declared types, by what functions give back, and by what only works when it is awaited. */

import ts from "typescript";
import { outsideCall } from "../effects/outside.ts";
import { declarationOf, isGlobal, parameterOwner, rootOf } from "../names/scope.ts";
import { returnedBy } from "../names/shape.ts";
import { shapesOf } from "../names/shapes.ts";
import { tableWrite } from "../product/publishers.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { isSqlRunner, readSqlTexts } from "../sql/sql-texts.ts";
import { isLogger } from "../syntax/loggers.ts";
import { bare, isFunction } from "../syntax/source.ts";

const maxSteps = 4;

/** A statement of drizzle or SQL, a request, or a call whose type or function says so. What only tells a log is none. */
export function givesPromise(tree: TypeScriptTree, call: ts.CallExpression, steps = maxSteps): boolean {
  if (isLogger(call.expression)) return false;
  if (tableWrite(tree, call.getSourceFile().fileName, call) !== null) return true;
  if (isSqlRunner(call) && readSqlTexts(tree).givenTo(call).length > 0) return true;
  const shapes = shapesOf(tree);
  if (shapes.of(call)?.isPromise === true) return true;
  const called = shapes.of(bare(call.expression))?.node ?? null;
  if (called === null || !isFunction(called))
    return outsideCall(tree, call) !== null || (called === null && isPromiseOfPackage(tree, call));
  if (
    steps === 0 ||
    called.type !== undefined ||
    ("asteriskToken" in called && called.asteriskToken !== undefined)
  )
    return false;
  return returnedBy(called).some((given) => beginsWithPromise(tree, given, steps - 1));
}

/** `tx.insert(rows).values(row)`, which begins with a statement, or one of a choice. */
function beginsWithPromise(tree: TypeScriptTree, given: ts.Expression, steps: number): boolean {
  let at = bare(given);
  if (ts.isConditionalExpression(at))
    return [at.whenTrue, at.whenFalse].some((one) => beginsWithPromise(tree, one, steps));
  if (ts.isBinaryExpression(at))
    return [at.left, at.right].some((one) => beginsWithPromise(tree, one, steps));
  while (ts.isCallExpression(at) || ts.isPropertyAccessExpression(at)) {
    if (ts.isCallExpression(at) && givesPromise(tree, at, steps)) return true;
    at = bare(at.expression);
  }
  return false;
}

/** What the language makes is left out: a list, a map, an address. */
function isPromiseOfPackage(tree: TypeScriptTree, call: ts.CallExpression): boolean {
  return comesFromOutside(tree, call.expression) && tree.packageTypes.isPromise(call);
}

/** It begins with what a package exports, with a name of the platform, with what a function is given, or is made by a package. */
function comesFromOutside(tree: TypeScriptTree, node: ts.Expression, steps = maxSteps): boolean {
  const root = rootOf(node);
  if (root === null || steps === 0) return false;
  const declared = declarationOf(root);
  if (declared === null) {
    const origin = tree.bindings.originOf(root.getSourceFile().fileName, root.text);
    if (origin === null || origin.file === null) return true;
    return origin.value !== null && isMadeOutside(tree, origin.value, steps);
  }
  if (parameterOwner(declared) !== null) return true;
  let whole: ts.Node = declared;
  while (ts.isBindingElement(whole)) whole = whole.parent.parent;
  return (
    ts.isVariableDeclaration(whole) &&
    whole.initializer !== undefined &&
    isMadeOutside(tree, whole.initializer, steps)
  );
}

function isMadeOutside(tree: TypeScriptTree, given: ts.Expression, steps: number): boolean {
  const made = bare(given);
  if (!ts.isNewExpression(made)) return comesFromOutside(tree, made, steps - 1);
  const maker = rootOf(made.expression);
  return maker !== null && !isGlobal(tree.bindings, maker) && comesFromOutside(tree, maker, steps - 1);
}
