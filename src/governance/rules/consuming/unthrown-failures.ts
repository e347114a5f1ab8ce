/** C-8: an error that a function caught and gave back as a value, which its caller in a handler throws nowhere. */

import ts from "typescript";
import { calledFunction, callsInside } from "../../tree/flow/reach.ts";
import { hasAwait } from "../../tree/flow/rejections.ts";
import { declarationOf, functionOf } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import {
  bare,
  type FunctionNode,
  isFunction,
  isInside,
  nameOf,
  propertyValue,
  stringOf,
  walk,
} from "../../tree/syntax/source.ts";

type OnlyTells = (way: ts.Statement) => boolean;

/** Where such a failure ends in a function: the call whose value nobody takes, or the `if` that only tells of it. */
export function unthrownFailures(
  tree: TypeScriptTree,
  around: FunctionNode,
  onlyTells: OnlyTells,
): readonly ts.Node[] {
  return callsInside(around).flatMap((call) => {
    if (!ts.isAwaitExpression(call.parent)) return [];
    const { parent } = call.parent;
    const isUnseen = ts.isExpressionStatement(parent);
    const isNamed = ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name);
    if (!isUnseen && !isNamed) return [];
    const called = calledFunction(tree, call.expression);
    if (called === null || called === around || !givesFailure(tree, called)) return [];
    return isUnseen ? [call] : endOf(parent as ts.VariableDeclaration, around, onlyTells);
  });
}

/** It has a `catch` around something awaited that gives back a failure, and nothing else. */
function givesFailure(tree: TypeScriptTree, node: FunctionNode): boolean {
  return nodesOf(node.getSourceFile()).catches.some((clause) => {
    if (!isInside(clause, node) || !hasAwait(clause.parent.tryBlock)) return false;
    const last = clause.block.statements.at(-1);
    return (
      last !== undefined &&
      ts.isReturnStatement(last) &&
      last.expression !== undefined &&
      isFailure(tree, last.expression)
    );
  });
}

/** `{ ok: false, error }`, `{ _tag: "Failure", … }`, and `err(error)`, a function of the project that gives one back. */
function isFailure(tree: TypeScriptTree, node: ts.Expression, steps = 2): boolean {
  const value = bare(node);
  if (ts.isObjectLiteralExpression(value)) {
    const isFalse = ["ok", "success", "isOk"].some(
      (name) => propertyValue(value, name)?.kind === ts.SyntaxKind.FalseKeyword,
    );
    return (
      isFalse ||
      ["_tag", "kind", "type", "tag"].some((name) => failed.test(stringOf(propertyValue(value, name)) ?? ""))
    );
  }
  const called = ts.isCallExpression(value) && steps > 0 ? functionOf(tree, value.expression) : null;
  if (called === null) return false;
  const last = ts.isBlock(called.body) ? called.body.statements.at(-1) : undefined;
  const given = last !== undefined && ts.isReturnStatement(last) ? last.expression : called.body;
  return given !== undefined && !ts.isBlock(given) && isFailure(tree, given as ts.Expression, steps - 1);
}

const failed = /^(?:err|error|failure|failed|left)$/i;

/** Empty: somebody may look at it. */
function endOf(
  declared: ts.VariableDeclaration,
  around: FunctionNode,
  onlyTells: OnlyTells,
): readonly ts.Node[] {
  const uses = usesOf(declared, around);
  if (uses.length === 0) return [declared];
  const asked = uses.map(askingIf).filter((branch) => branch !== null);
  const [branch] = asked;
  if (branch === undefined || asked.length > 1) return [];
  const isBehind = (use: ts.Identifier) =>
    isInside(use, branch.at) ||
    // `result.value` behind the branch is of a success.
    (ts.isPropertyAccessExpression(use.parent) && /^(?:value|data|result|right)$/.test(use.parent.name.text));
  if (!uses.every(isBehind)) return [];
  const ways = waysOfFailure(branch);
  return ways?.every((way) => onlyTells(way)) === true ? [branch.at] : [];
}

function usesOf(declared: ts.VariableDeclaration, around: FunctionNode): readonly ts.Identifier[] {
  const found: ts.Identifier[] = [];
  walk(around.body, (node) => {
    if (ts.isIdentifier(node) && node !== declared.name && declarationOf(node) === declared && isValue(node))
      found.push(node);
  });
  return found;
}

const isValue = ({ parent, text }: ts.Identifier) =>
  !(
    ts.isPropertyAccessExpression(parent) &&
    parent.name.text === text &&
    parent.expression.getText() !== text
  ) &&
  !(ts.isPropertyAssignment(parent) && nameOf(parent.name) === text && parent.initializer.getText() !== text);

interface Asking {
  readonly at: ts.IfStatement;
  /** False: it is entered by a success. */
  readonly isFailure: boolean;
}

/** `if (!result.ok)`, `if (result._tag === "Failure")`; null: the use is another one. */
function askingIf(use: ts.Identifier): Asking | null {
  const part = use.parent;
  if (!ts.isPropertyAccessExpression(part) || part.expression !== use) return null;
  const { parent } = part;
  const isNot = ts.isPrefixUnaryExpression(parent) && parent.operator === ts.SyntaxKind.ExclamationToken;
  const isFailed =
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken &&
    (parent.right.kind === ts.SyntaxKind.FalseKeyword || failed.test(stringOf(parent.right) ?? ""));
  if (!isFailed && !/^(?:ok|success|isOk)$/.test(part.name.text)) return null;
  const condition = isNot || isFailed ? parent : part;
  const at = condition.parent;
  return ts.isIfStatement(at) && at.expression === condition ? { at, isFailure: condition !== part } : null;
}

/** What runs only, or at least, when it failed; null: it is not seen, as in a loop. */
function waysOfFailure({ at, isFailure }: Asking): readonly ts.Statement[] | null {
  if (isFailure) return [at.thenStatement];
  if (at.elseStatement !== undefined) return [at.elseStatement];
  const { parent } = at;
  return ts.isBlock(parent) && isFunction(parent.parent)
    ? parent.statements.slice(parent.statements.indexOf(at) + 1)
    : null;
}
