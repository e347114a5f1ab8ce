/** C-8: work of a handler that nobody waits for: its event counts as done before it, and its error is nobody's. */

import ts from "typescript";
import { isWaitedFor, laterCall } from "../../tree/flow/awaited.ts";
import { givesPromise } from "../../tree/flow/promised.ts";
import { callsInside } from "../../tree/flow/reach.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { calledName, type FunctionNode } from "../../tree/syntax/source.ts";

/** Calls that change something, or promise something, and are dropped. What a timer runs later is meant to be. */
export function unwaitedCalls(tree: TypeScriptTree, handler: FunctionNode): readonly ts.Node[] {
  return callsInside(handler).filter((call) => {
    if (isWaitedFor(call) || laterCall(call, handler) !== null) return false;
    const whole = wholeOf(call);
    // Whoever looks at its error is told otherwise.
    if (/^(?:then|catch|finally)$/.test(calledName(whole) ?? "") && whole !== call) return false;
    return givesPromise(tree, call);
  });
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
