/** Functions of the project that run a text which they are given. */

import ts from "typescript";
import { calledFunction } from "../flow/reach.ts";
import { declarationOf } from "../names/scope.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { nodesOf } from "../syntax/nodes.ts";
import { bare, calledName, type FunctionNode, isInside } from "../syntax/source.ts";

/** Methods of engines and drivers that are given SQL, besides those that are known as such. */
const drivers =
  /^(?:execute|query|raw|unsafe|rows|batch|prepare|run|exec|all|any|one|none|many|oneOrNone|manyOrNone|\$?(?:query|execute)Raw(?:Unsafe)?)$/;
const maxSteps = 3;

/** Whether a call runs what stands at a place of its arguments: by itself, or by what it calls. */
export function runsGiven(
  tree: TypeScriptTree,
  call: ts.CallExpression,
  index: number,
  steps = maxSteps,
): boolean {
  if (index === 0 && drivers.test(calledName(call) ?? "")) return true;
  const called = steps === 0 ? null : calledFunction(tree, call.expression);
  if (called === null) return false;
  const last = called.parameters.at(-1);
  const parameter = called.parameters[index] ?? (last?.dotDotDotToken === undefined ? undefined : last);
  return parameter !== undefined && isRun(tree, parameter, called, steps - 1);
}

function isRun(tree: TypeScriptTree, declared: ts.Node, owner: FunctionNode, steps: number): boolean {
  return nodesOf(owner.getSourceFile()).names.some(
    (name) =>
      isInside(name, owner.body) && declarationOf(name) === declared && goesOn(tree, name, owner, steps),
  );
}

/** What is put into a tagged text, or stands behind a statement, is a value of it and no SQL. */
function goesOn(tree: TypeScriptTree, name: ts.Node, owner: FunctionNode, steps: number): boolean {
  for (let at = name; at !== owner.body && at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (ts.isTaggedTemplateExpression(parent)) return false;
    if (ts.isVariableDeclaration(parent))
      return parent.initializer === at && steps > 0 && isRun(tree, parent, owner, steps - 1);
    if (ts.isForOfStatement(parent) || ts.isStatement(parent))
      return ts.isForOfStatement(parent) && goesThrough(tree, parent, at, owner, steps);
    if (!ts.isCallExpression(parent)) continue;
    const callee = bare(parent.expression);
    if (callee === at) {
      // texts.map((text) => …)
      const [run] = parent.arguments;
      const [element] = run !== undefined && ts.isArrowFunction(run) ? run.parameters : [];
      if (element !== undefined && isRun(tree, element, owner, steps)) return true;
      continue;
    }
    const index = parent.arguments.indexOf(at as ts.Expression);
    if (index !== -1 && runsGiven(tree, parent, index, steps)) return true;
  }
  return false;
}

/** `for (const text of texts)` */
function goesThrough(
  tree: TypeScriptTree,
  { expression, initializer }: ts.ForOfStatement,
  at: ts.Node,
  owner: FunctionNode,
  steps: number,
): boolean {
  const [element] = ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
  return expression === at && element !== undefined && isRun(tree, element, owner, steps);
}
