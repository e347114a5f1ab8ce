/** 11.2: what looks again and again. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { type RowWrites, readRowWrites } from "../../tree/effects/row-writes.ts";
import { calledFunction, callsInside } from "../../tree/flow/reach.ts";
import { functionOf, isGlobal } from "../../tree/names/scope.ts";
import { bare, calledName, type FunctionNode, isInside } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import { counted, endsWithItsCall, type Loop, leavesOf, namesChangedIn, namesOf } from "./loop-ends.ts";

/** `setInterval`, a function that sets a timer for itself, and a loop that waits: each with a read in it. */
export function polling(project: Project, report: Report): void {
  const writes = readRowWrites(project.typescript);
  for (const looked of moduleSourcesWith(project, /setInterval|setTimeout|\b(?:while|for) ?\(|\bdo\b/)) {
    for (const call of looked.nodes.calls) {
      const name = calledName(call);
      const [given] = call.arguments;
      if (given === undefined || (name !== "setInterval" && name !== "setTimeout")) continue;
      const callee = bare(call.expression);
      if (!ts.isIdentifier(callee) || !isGlobal(project.typescript.bindings, callee)) continue;
      const run = functionOf(project.typescript, given);
      if (run === null || readsIn(project, run).length === 0) continue;
      const isAgain = name === "setInterval" || isInside(call, run) || callsItself(project, call, run);
      if (isAgain) report({ at: call, message: `It looks again and again, by ${name}.` });
    }
    for (const branch of looked.nodes.branches) {
      if (ts.isIfStatement(branch) || ts.isSwitchStatement(branch) || ts.isConditionalExpression(branch))
        continue;
      if (isPolling(project, writes, branch))
        report({ at: branch, message: "It looks again and again, in a loop that waits." });
    }
  }
}

/** `setTimeout(() => look(), 1_000)` inside of `look`. */
function callsItself(project: Project, call: ts.CallExpression, run: FunctionNode): boolean {
  const called = callsInside(run).map((inner) => functionOf(project.typescript, inner.expression));
  return called.some((target) => target !== null && isInside(call, target));
}

/**
 * It waits, and reads the same again. What it reads does not depend on how far it is, as that of pages does, and it does not
 * end with its call. With a number of rounds only tables count, where no error is what makes it try again: a request that is
 * asked a few times was refused.
 */
function isPolling(project: Project, writes: RowWrites, loop: Loop): boolean {
  if (!waits(project, loop.statement) || endsWithItsCall(project.typescript, loop)) return false;
  const endless = isEndless(loop);
  const condition = ts.isForStatement(loop) ? loop.condition : loop.expression;
  if (!endless && (condition === undefined || !ts.isBinaryExpression(bare(condition)))) return false;
  const isBound = !endless || counted(loop);
  const reads = isBound ? tableReadsIn(project, loop.statement) : readsIn(project, loop.statement);
  const changed = namesChangedIn(loop);
  if (reads.length === 0 || reads.some((read) => namesOf(read, changed).length > 0)) return false;
  if (isBound) return !triesAgain(loop) && !changesRows(project, writes, loop);
  // Who ends when nothing is left, and takes away what it found, does a piece of work.
  return leavesOf(loop).length === 0 || !changesRows(project, writes, loop);
}

/** Its condition never changes, or is a variable that somebody may set some day. */
function isEndless(loop: Loop): boolean {
  if (ts.isForStatement(loop)) return loop.condition === undefined;
  const condition = bare(loop.expression);
  const inner =
    ts.isPrefixUnaryExpression(condition) && condition.operator === ts.SyntaxKind.ExclamationToken
      ? bare(condition.operand)
      : condition;
  const isFixed = inner.kind === ts.SyntaxKind.TrueKeyword || ts.isNumericLiteral(inner);
  return isFixed || ts.isIdentifier(inner) || ts.isPropertyAccessExpression(inner);
}

const isCatch = (call: ts.CallExpression) =>
  ts.isPropertyAccessExpression(call.expression) && call.expression.name.text === "catch";

function triesAgain(loop: Loop): boolean {
  if (callsInside(loop.statement).some(isCatch)) return true;
  const look = (node: ts.Node): boolean => ts.isTryStatement(node) || ts.forEachChild(node, look) === true;
  return look(loop.statement);
}

/** By itself, or by what it calls; `publish` and `transact` are for nothing else. */
function changesRows({ typescript }: Project, writes: RowWrites, loop: Loop): boolean {
  const isWrite = (call: ts.CallExpression): boolean =>
    writes.of(call) !== null || /^(?:publish|transact|insert|update|delete)$/.test(calledName(call) ?? "");
  return callsInside(loop).some((call) => {
    if (isWrite(call)) return true;
    const called = calledFunction(typescript, call.expression);
    return called !== null && callsInside(called).some(isWrite);
  });
}

const isTableRead = (call: ts.CallExpression): boolean =>
  /^(?:select|findMany|findFirst)$/.test(calledName(call) ?? "") ||
  call.arguments.some((given) => /^(?:sql)?[`"']\s*SELECT\b/i.test(bare(given).getText()));

const isRead = (call: ts.CallExpression): boolean => calledName(call) === "fetch" || isTableRead(call);

/** Queries and requests, and calls of functions that make them. */
const readsIn = (project: Project, node: ts.Node) => callsTo(project, node, isRead);

const tableReadsIn = (project: Project, node: ts.Node) => callsTo(project, node, isTableRead);

function callsTo(
  { typescript }: Project,
  node: ts.Node,
  wanted: (call: ts.CallExpression) => boolean,
): readonly ts.CallExpression[] {
  return callsInside(node).filter((call) => {
    if (wanted(call)) return true;
    const called = calledFunction(typescript, call.expression);
    return called !== null && callsInside(called).some(wanted);
  });
}

/** A timer, also under another name or behind a function; what is called like one and comes from elsewhere counts. */
function waits({ typescript }: Project, node: ts.Node): boolean {
  const isTimer = (call: ts.CallExpression): boolean => {
    if (calledName(call) === "setTimeout") return true;
    const origin = typescript.bindings.originOfExpression(call.getSourceFile().fileName, call.expression);
    return /^(?:node:)?timers/.test(origin?.package ?? "");
  };
  return callsInside(node).some((call) => {
    if (isTimer(call)) return true;
    const called = calledFunction(typescript, call.expression);
    return called === null
      ? /^(?:sleep|delay|wait(?:For)?)$/.test(calledName(call) ?? "")
      : callsInside(called).some(isTimer);
  });
}
