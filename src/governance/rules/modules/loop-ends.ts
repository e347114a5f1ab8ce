/** How a loop ends, and what each of its rounds changes: by what its names mean, whatever they are called. */

import ts from "typescript";
import { calledFunction } from "../../tree/flow/reach.ts";
import { declarationOf, givenTo, rootOf } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, calledName, isFunction, isInside, walk } from "../../tree/syntax/source.ts";

export type Loop = ts.WhileStatement | ts.DoStatement | ts.ForStatement;

const maxSteps = 2;

/**
 * It ends by a clock or a signal, or by what is asked outside of it: nobody polls for ever there. A `throw` is no such end
 * by itself, for whoever looks again may give up by what was read.
 */
export function endsWithItsCall(tree: TypeScriptTree, loop: Loop): boolean {
  const leaves = leavesOf(loop);
  if (isTriedAgain(loop) || isRefused(loop) || leaves.some((leave) => isLast(leave, loop))) return true;
  let isOver = false;
  walk(loop.statement, (node) => {
    if (ts.isCallExpression(node) && calledName(node) === "throwIfAborted") isOver = true;
    return !isFunction(node);
  });
  return isOver || conditionsOf(loop, leaves).some((condition) => tellsTime(tree, loop, condition, maxSteps));
}

/** No round comes behind it. */
const isLast = (leave: ts.Statement, loop: Loop) =>
  ts.isThrowStatement(leave) && ts.isBlock(loop.statement) && loop.statement.statements.at(-1) === leave;

/** `try { return await work(); } catch (error) { if (!isBusy(error)) throw error; }`: a round comes behind an error only. */
function isTriedAgain({ statement }: Loop): boolean {
  const parts = ts.isBlock(statement) ? statement.statements : [statement];
  return parts.some((part) => {
    if (!ts.isTryStatement(part) || part.catchClause === undefined) return false;
    const last = part.tryBlock.statements.at(-1);
    return (
      last !== undefined &&
      (ts.isReturnStatement(last) || ts.isBreakStatement(last)) &&
      !mayThrow(part.tryBlock)
    );
  });
}

/** `if (answer.status === 429) continue; return answer;`: a round comes behind a request that was refused only. */
function isRefused({ statement }: Loop): boolean {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : undefined;
  if (last === undefined || !(ts.isReturnStatement(last) || ts.isThrowStatement(last))) return false;
  const again: ts.ContinueStatement[] = [];
  walk(statement, (node) => {
    if (ts.isContinueStatement(node)) again.push(node);
    return !isFunction(node) && !ts.isIterationStatement(node, false);
  });
  return again.every((node) => {
    const branch = ts.isBlock(node.parent) ? node.parent.parent : node.parent;
    return ts.isIfStatement(branch) && asksStatus(branch.expression);
  });
}

/** `status` and `ok` of an answer of `fetch`. */
const asksStatus = (node: ts.Node): boolean =>
  (ts.isPropertyAccessExpression(node) && /^(?:status|ok)$/.test(node.name.text) && !isCompared(node)) ||
  ts.forEachChild(node, asksStatus) === true;

/** `row.status === "open"` is none of an answer. */
const isCompared = ({ parent }: ts.Node) =>
  ts.isBinaryExpression(parent) && ts.isStringLiteralLike(parent.right);

/** It makes an error itself, of what it read. */
function mayThrow(block: ts.Block): boolean {
  let found = false;
  walk(block, (node) => {
    if (ts.isThrowStatement(node)) found = true;
    return !isFunction(node);
  });
  return found;
}

/** Some of its rounds is the last: `if (tries++ === 5) break`. */
export function counted(loop: Loop): boolean {
  const steps = countersIn(loop);
  return conditionsOf(loop, leavesOf(loop)).some((condition) => namesOf(condition, steps).length > 0);
}

/** `break`, `return` and `throw` that end it, in the order of the text. */
export function leavesOf(loop: Loop): readonly ts.Statement[] {
  const found: ts.Statement[] = [];
  walk(loop.statement, (node) => {
    if (ts.isReturnStatement(node) || (ts.isThrowStatement(node) && !isCaught(node, loop))) found.push(node);
    else if (ts.isBreakStatement(node) && (node.label !== undefined || isOfLoop(node, loop)))
      found.push(node);
    return !isFunction(node);
  });
  return isSetInside(loop) ? [...found, loop.statement] : found;
}

/** By a `catch` of the loop, so that it goes on. */
function isCaught(node: ts.ThrowStatement, loop: Loop): boolean {
  for (let at: ts.Node = node; at !== loop; at = at.parent) {
    const { parent } = at;
    if (ts.isTryStatement(parent) && parent.tryBlock === at && parent.catchClause !== undefined) return true;
  }
  return false;
}

function isOfLoop(node: ts.BreakStatement, loop: Loop): boolean {
  let at: ts.Node = node.parent;
  while (!ts.isIterationStatement(at, false) && !ts.isSwitchStatement(at)) at = at.parent;
  return at === loop;
}

/** `while (going)`, where a round says whether it goes on. */
function isSetInside(loop: Loop): boolean {
  const condition = ts.isForStatement(loop) ? loop.condition : loop.expression;
  return condition !== undefined && namesOf(condition, namesChangedIn(loop)).length > 0;
}

/** What is asked before it ends: its own condition, and those around what leaves it. */
function conditionsOf(loop: Loop, leaves: readonly ts.Node[]): readonly ts.Expression[] {
  const found = new Set<ts.Expression>();
  const own = ts.isForStatement(loop) ? loop.condition : loop.expression;
  if (own !== undefined) found.add(own);
  for (const leave of leaves)
    for (let at: ts.Node = leave; at !== loop; at = at.parent) {
      const { parent } = at;
      if (ts.isIfStatement(parent) && parent.expression !== at) found.add(parent.expression);
    }
  return [...found];
}

const clocks = /^(?:(?:globalThis\.)?(?:Date|performance)\.now|\w+\.now|now)$/;

/** It asks a clock or a signal, or a function of another place that is given nothing of the loop. */
export function tellsTime(tree: TypeScriptTree, loop: ts.Node, node: ts.Node, steps: number): boolean {
  let isTold = false;
  const look = (at: ts.Node): void => {
    if (ts.isPropertyAccessExpression(at) && at.name.text === "aborted") isTold = true;
    else if (ts.isNewExpression(at) && at.expression.getText() === "Date" && at.arguments?.length === 0)
      isTold = true;
    else if (ts.isCallExpression(at)) isTold ||= callTellsTime(tree, loop, at, steps);
    else if (ts.isIdentifier(at) && steps > 0) {
      const given = givenTo(at);
      if (given !== null && !isFunction(bare(given)) && !hasRead(given))
        isTold ||= tellsTime(tree, loop, given, steps - 1);
    }
    if (!isTold) ts.forEachChild(at, look);
  };
  look(node);
  return isTold;
}

/** What is awaited tells what was read, and not the time. */
const hasRead = (node: ts.Node): boolean =>
  ts.isAwaitExpression(node) || ts.forEachChild(node, hasRead) === true;

function callTellsTime(tree: TypeScriptTree, loop: ts.Node, call: ts.CallExpression, steps: number): boolean {
  if (clocks.test(bare(call.expression).getText())) return true;
  const called = calledFunction(tree, call.expression);
  if (called !== null) return steps > 0 && tellsTime(tree, loop, called.body, steps - 1);
  const root = rootOf(call.expression);
  const declared = root === null ? null : declarationOf(root);
  return call.arguments.length === 0 && (declared === null || !isInside(declared, loop));
}

/** A name of the file by its declaration, or `this.page` by its text. */
type Changed = ts.Node | string;

/** What is given another value with each round, and what is made of that. */
export function namesChangedIn(loop: Loop): ReadonlySet<Changed> {
  const found = new Set<Changed>();
  const take = (target: ts.Node): void => {
    if (ts.isIdentifier(target)) found.add(declarationOf(target) ?? target.text);
    else if (ts.isPropertyAccessExpression(target)) found.add(target.getText());
    else if (ts.isArrayLiteralExpression(target) || ts.isObjectLiteralExpression(target))
      ts.forEachChild(target, take);
    else if (ts.isShorthandPropertyAssignment(target)) take(target.name);
    else if (ts.isPropertyAssignment(target)) take(target.initializer);
  };
  walk(loop, (node) => {
    if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) take(bare(node.left));
    else if (isStep(node)) take(node.operand);
  });
  // `const offset = page * 100`, and `const id = ids.shift()`.
  walk(loop.statement, (node) => {
    if (!ts.isVariableDeclaration(node) || node.initializer === undefined || hasRead(node.initializer))
      return;
    const given = bare(node.initializer);
    const isTaken = ts.isCallExpression(given) && /^(?:shift|pop|next)$/.test(calledName(given) ?? "");
    if (isTaken || namesOf(given, found).length > 0) found.add(node);
  });
  return found;
}

const isAssignment = (kind: ts.SyntaxKind) =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

const isStep = (node: ts.Node): node is ts.PostfixUnaryExpression | ts.PrefixUnaryExpression =>
  (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node)) &&
  (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken);

/** Those that go up or down by a number. */
function countersIn(loop: Loop): ReadonlySet<Changed> {
  const found = new Set<Changed>();
  walk(loop, (node) => {
    const target = isStep(node)
      ? node.operand
      : ts.isBinaryExpression(node) &&
          /^[-+*]=$/.test(node.operatorToken.getText()) &&
          ts.isNumericLiteral(bare(node.right))
        ? bare(node.left)
        : null;
    if (target !== null)
      found.add(ts.isIdentifier(target) ? (declarationOf(target) ?? target.text) : target.getText());
  });
  return found;
}

/** Which of the names stand in an expression; of a call, also in those that it begins, as `select().from(…).where(…)`. */
export function namesOf(node: ts.Node, names: ReadonlySet<Changed>): readonly Changed[] {
  let whole = node;
  while (
    (ts.isPropertyAccessExpression(whole.parent) || ts.isCallExpression(whole.parent)) &&
    whole.parent.expression === whole
  )
    whole = whole.parent;
  const found: Changed[] = [];
  walk(whole, (at) => {
    const name: Changed | null = ts.isIdentifier(at)
      ? (declarationOf(at) ?? at.text)
      : ts.isPropertyAccessExpression(at)
        ? at.getText()
        : null;
    if (name !== null && names.has(name)) found.push(name);
  });
  return found;
}
