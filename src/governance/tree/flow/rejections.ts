/** Where the rejection of a promise may end. */

import ts from "typescript";
import { calledName, isFunction } from "../syntax/source.ts";

/** What is given to `catch(…)`, or second to `then(…)`; undefined: nothing, or it is another call. */
export function rejectionHandlerOf(call: ts.CallExpression): ts.Expression | undefined {
  const name = calledName(call);
  return name === "catch" ? call.arguments[0] : name === "then" ? call.arguments[1] : undefined;
}

/** `await Promise.allSettled([…])`, at whose outcomes nobody looks. */
export function isUnseenSettled(call: ts.CallExpression): boolean {
  if (call.expression.getText() !== "Promise.allSettled") return false;
  const { parent } = call;
  return ts.isExpressionStatement(ts.isAwaitExpression(parent) ? parent.parent : parent);
}

/** Whether something is awaited in it, functions inside of it left out. */
export const hasAwait = (node: ts.Node): boolean => holds(node, ts.isAwaitExpression);

/** `finally { return; }`: the error on its way out is gone. */
export const leaves = (block: ts.Block): boolean => holds(block, ts.isReturnStatement);

/** Whether such a node stands in it, or is it; functions inside of it are left out. */
function holds(node: ts.Node, isIt: (node: ts.Node) => boolean): boolean {
  let found = false;
  const look = (at: ts.Node): void => {
    if (isIt(at)) found = true;
    if (!found && !isFunction(at)) ts.forEachChild(at, look);
  };
  look(node);
  return found;
}
