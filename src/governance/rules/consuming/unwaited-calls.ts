/** C-8: work of a handler that nobody waits for: its event counts as done before it, and its error is nobody's. */

import ts from "typescript";
import { outsideCall } from "../../tree/effects/outside.ts";
import { isWaitedFor, laterCall } from "../../tree/flow/awaited.ts";
import { calledFunction, callsInside } from "../../tree/flow/reach.ts";
import { tableWrite } from "../../tree/product/publishers.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { calledName, type FunctionNode } from "../../tree/syntax/source.ts";

/** Calls that change something, or promise something, and are dropped. What a timer runs later is meant to be. */
export function unwaitedCalls(tree: TypeScriptTree, handler: FunctionNode): readonly ts.Node[] {
  return callsInside(handler).filter((call) => {
    if (laterCall(call, handler) !== null || !promises(tree, call)) return false;
    const whole = wholeOf(call);
    // Whoever looks at its error is told otherwise.
    if (/^(?:then|catch|finally)$/.test(calledName(whole) ?? "") && whole !== call) return false;
    return !isWaitedFor(call);
  });
}

function promises(tree: TypeScriptTree, call: ts.CallExpression): boolean {
  if (tableWrite(tree, call.getSourceFile().fileName, call) !== null) return true;
  const called = calledFunction(tree, call.expression);
  if (called === null) return outsideCall(tree, call) !== null;
  const isGenerator = "asteriskToken" in called && called.asteriskToken !== undefined;
  return (
    !isGenerator &&
    ts.canHaveModifiers(called) &&
    ts.getModifiers(called)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true
  );
}

/** `tx.insert(rows).values(row)` of `tx.insert(rows)` */
function wholeOf(call: ts.CallExpression): ts.CallExpression {
  let whole = call;
  for (let { parent } = whole; ts.isPropertyAccessExpression(parent); { parent } = whole) {
    if (!ts.isCallExpression(parent.parent) || parent.parent.expression !== parent) break;
    whole = parent.parent;
  }
  return whole;
}
