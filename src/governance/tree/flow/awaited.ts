/** Whether somebody waits for what a call promises, and what runs it later. */

import ts from "typescript";
import { declarationOf } from "../names/scope.ts";
import { nodesOf } from "../syntax/nodes.ts";
import { calledName, type FunctionNode, isFunction, isInside } from "../syntax/source.ts";

/** They run a function later. */
export const timers: ReadonlySet<string> = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "waitUntil",
  "afterCommit",
]);

/** What gives back the promises of the function that it is given. */
const givesBack = /^(?:map|flatMap|then|catch|finally)$/;
const collects = /^(?:all|allSettled|race|any)$/;

/** The promise goes to somebody: awaited, returned, or one of several that are. */
export function isWaitedFor(call: ts.Node): boolean {
  let at: ts.Node = call;
  while (at.parent !== undefined) {
    const { parent } = at;
    if (ts.isExpressionStatement(parent) || ts.isVoidExpression(parent)) return false;
    if (ts.isAwaitExpression(parent) || ts.isReturnStatement(parent) || ts.isArrowFunction(parent)) {
      const outer = outerOf(at);
      if (outer === null) return true;
      if (outer === "nobody") return false;
      at = outer;
    } else if (ts.isVariableDeclaration(parent)) return isReadBehind(parent);
    else if (ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent)) at = parent.parent;
    else if (ts.isCallExpression(parent)) {
      if (!collects.test(calledName(parent) ?? "")) return true;
      at = parent;
    } else if (
      ts.isParenthesizedExpression(parent) ||
      ts.isConditionalExpression(parent) ||
      ts.isBinaryExpression(parent) ||
      ts.isArrayLiteralExpression(parent)
    )
      at = parent;
    else return true;
  }
  return true;
}

/**
 * The call that gives back what the function around waits for: `map` of a list, `then` of a promise. `nobody`: `forEach`
 * drops it. Null: whoever calls the function has it.
 */
function outerOf(at: ts.Node): ts.CallExpression | "nobody" | null {
  let around: ts.Node = at;
  while (around.parent !== undefined && !isFunction(around)) around = around.parent;
  const { parent } = around;
  if (parent === undefined || !ts.isCallExpression(parent) || parent.expression === around) return null;
  const name = calledName(parent) ?? "";
  if (name === "forEach") return "nobody";
  return givesBack.test(name) ? parent : null;
}

function isReadBehind({ name }: ts.VariableDeclaration): boolean {
  if (!ts.isIdentifier(name)) return true;
  return nodesOf(name.getSourceFile()).names.some(
    (other) => other !== name && other.text === name.text && declarationOf(other) === name.parent,
  );
}

/** The call that runs a function around it later, or is given what it promises; null: none does. */
export function laterCall(call: ts.CallExpression, inside: FunctionNode | null): string | null {
  for (let at: ts.Node = call; at !== inside && at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (
      !ts.isCallExpression(parent) ||
      parent.expression === at ||
      (inside !== null && !isInside(parent, inside))
    )
      continue;
    const name = calledName(parent);
    if (name !== null && timers.has(name)) return name;
  }
  return null;
}
