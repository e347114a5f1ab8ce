/** What runs when a function runs: itself, and functions of the project that it calls. */

import ts from "typescript";
import { declarationOf, functionOf } from "../names/scope.ts";
import { shapesOf } from "../names/shapes.ts";
import type { Handled, TypeScriptTree } from "../product/typescript.ts";
import { nodesOf, within } from "../syntax/nodes.ts";
import { bare, type FunctionNode, isFunction } from "../syntax/source.ts";

/**
 * The functions that handle: what is given, or what a function of the project makes of it, and then also those that it was
 * given, e.g. `on(event, traced(async () => …))`. The one that the engine calls is the first. Empty: it is made elsewhere.
 */
export function handlersOf(
  tree: TypeScriptTree,
  { handler }: Pick<Handled, "handler">,
): readonly FunctionNode[] {
  if (handler === null) return [];
  const call = bare(handler);
  const direct = ts.isCallExpression(call) ? null : calledFunction(tree, call);
  if (direct !== null) return [direct];
  if (!ts.isCallExpression(call)) return [];
  const bound = boundIn(call);
  if (bound !== null) return handlersOf(tree, { handler: bound });
  const maker = calledFunction(tree, call.expression);
  const made = maker === null ? null : madeFunction(maker);
  const given = call.arguments.flatMap((argument) => functionOf(tree, argument) ?? []);
  return made === null ? given : [made, ...given];
}

/** `shelf.take` of `shelf.take.bind(shelf)`; null: it is another call. */
function boundIn(call: ts.CallExpression): ts.Expression | null {
  const callee = bare(call.expression);
  return ts.isPropertyAccessExpression(callee) && callee.name.text === "bind" ? callee.expression : null;
}

/** The function that another one gives back; null: something else. */
function madeFunction(maker: FunctionNode): FunctionNode | null {
  const made = lastOf(maker);
  return made !== null && isFunction(made) ? made : null;
}

/** Calls inside of a function, those of functions inside of it too. */
export const callsInside = (node: ts.Node): readonly ts.CallExpression[] =>
  within(nodesOf(node.getSourceFile()).calls, node);

/**
 * As {@link functionOf}, and methods: of an object or a class of the project, of what is declared as one, and of `this`; and
 * what a function of the project has made: `const post = makePost(url)`.
 */
export function calledFunction(tree: TypeScriptTree, callee: ts.Expression): FunctionNode | null {
  const direct = functionOf(tree, callee);
  if (direct !== null) return direct;
  const node = shapesOf(tree).of(bare(callee))?.node ?? null;
  return node !== null && isFunction(node) ? node : null;
}

/** What a function gives back at its end; null: nothing. */
function lastOf({ body }: FunctionNode): ts.Expression | null {
  const last = ts.isBlock(body) ? body.statements.at(-1) : undefined;
  const given = last !== undefined && ts.isReturnStatement(last) ? last.expression : body;
  return given === undefined || ts.isBlock(given) ? null : bare(given as ts.Expression);
}

/** More is never looked at. */
const maxReached = 300;

/**
 * @param steps how far calls are followed
 * @param onCall hears of each call that is followed
 */
export function reachedFrom(
  tree: TypeScriptTree,
  start: FunctionNode,
  steps: number,
  onCall: (call: ts.CallExpression, called: FunctionNode) => void = () => undefined,
): ReadonlySet<FunctionNode> {
  const found = new Set<FunctionNode>([start]);
  let edge: readonly FunctionNode[] = [start];
  for (let step = 0; step < steps && found.size < maxReached; step++) {
    const next: FunctionNode[] = [];
    for (const node of edge)
      for (const call of callsInside(node)) {
        const called = calledFunction(tree, call.expression);
        if (called === null) continue;
        onCall(call, called);
        if (found.has(called)) continue;
        found.add(called);
        next.push(called);
      }
    edge = next;
  }
  return found;
}

/** Whether a value is new with each run: `crypto.randomUUID()`, `Math.random()`, `Date.now()`, or a name that was given one. */
export function isRandom(tree: TypeScriptTree, node: ts.Node, steps = 3): boolean {
  let found = false;
  const look = (at: ts.Node): void => {
    if (ts.isCallExpression(at)) found = isRandomCall(tree, at, steps);
    else if (ts.isIdentifier(at) && steps > 0) {
      const declared = declarationOf(at);
      const given =
        declared !== null && ts.isVariableDeclaration(declared) && isInFunction(declared)
          ? declared.initializer
          : undefined;
      if (given !== undefined && !isFunction(bare(given))) found = isRandom(tree, given, steps - 1);
    }
    if (!found) ts.forEachChild(at, look);
  };
  look(node);
  return found;
}

function isRandomCall(tree: TypeScriptTree, call: ts.CallExpression, steps: number): boolean {
  if (/^(?:globalThis\.)?(?:crypto\.randomUUID|Math\.random|Date\.now)$/.test(call.expression.getText()))
    return true;
  const file = call.getSourceFile().fileName;
  const origin = tree.bindings.originOfExpression(file, call.expression);
  const from = origin?.package ?? "";
  if (/^(?:(?:node:)?crypto|uuid|nanoid|ulid)$/.test(from))
    return origin !== null && /^(?:randomUUID|v[147]|nanoid|ulid)$/.test(origin.name);
  // `newId()` of the project, when it is one expression or gives one back.
  const called = steps === 0 ? null : functionOf(tree, call.expression);
  if (called === null || call.arguments.length > 0) return false;
  const { body } = called;
  const last = ts.isBlock(body) ? body.statements.at(-1) : undefined;
  const given = last !== undefined && ts.isReturnStatement(last) ? last.expression : body;
  return given !== undefined && !ts.isBlock(given) && isRandom(tree, given, steps - 1);
}

/** What stands at the top of a file is made once. */
const isInFunction = (node: ts.Node): boolean => {
  for (let at: ts.Node | undefined = node.parent; at !== undefined; at = at.parent)
    if (isFunction(at)) return true;
  return false;
};
