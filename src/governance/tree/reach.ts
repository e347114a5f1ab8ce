/** What runs when a function runs: itself, and functions of the project that it calls. */

import ts from "typescript";
import { nodesOf } from "./nodes.ts";
import { functionOf } from "./scope.ts";
import { type FunctionNode, isInside } from "./source.ts";
import type { Handled, TypeScriptTree } from "./typescript.ts";

/** The function that handles; null: it is made elsewhere. */
export const handlerOf = (tree: TypeScriptTree, { handler }: Handled): FunctionNode | null =>
  handler === null ? null : functionOf(tree, handler);

/** Calls inside of a function, those of functions inside of it too. */
export const callsInside = (node: ts.Node): readonly ts.CallExpression[] =>
  nodesOf(node.getSourceFile()).calls.filter((call) => isInside(call, node));

/** @param steps how far calls are followed */
export function reachedFrom(
  tree: TypeScriptTree,
  start: FunctionNode,
  steps: number,
): ReadonlySet<FunctionNode> {
  const found = new Set<FunctionNode>([start]);
  let edge: readonly FunctionNode[] = [start];
  for (let step = 0; step < steps; step++) {
    const next: FunctionNode[] = [];
    for (const node of edge)
      for (const call of callsInside(node)) {
        const called = functionOf(tree, call.expression);
        if (called === null || found.has(called)) continue;
        found.add(called);
        next.push(called);
      }
    edge = next;
  }
  return found;
}

/** Whether a value is new with each run: `crypto.randomUUID()`, `Math.random()`, `Date.now()`. */
export function isRandom(node: ts.Node): boolean {
  let found = false;
  const look = (at: ts.Node): void => {
    if (
      ts.isCallExpression(at) &&
      /^(?:globalThis\.)?(?:crypto\.randomUUID|Math\.random|Date\.now)$/.test(at.expression.getText())
    )
      found = true;
    if (!found) ts.forEachChild(at, look);
  };
  look(node);
  return found;
}
