/** Where the rejection of a promise may end. */

import ts from "typescript";
import { calledName, isFunction } from "./source.ts";

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
export function hasAwait(node: ts.Node): boolean {
  let found = false;
  const look = (at: ts.Node): void => {
    if (ts.isAwaitExpression(at)) found = true;
    if (!found && !isFunction(at)) ts.forEachChild(at, look);
  };
  look(node);
  return found;
}
