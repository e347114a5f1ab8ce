/** 11.2: what looks again and again. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { type RowWrites, readRowWrites } from "../../tree/effects/row-writes.ts";
import { calledFunction, callsInside } from "../../tree/flow/reach.ts";
import { declarationOf, isGlobal, rootOf } from "../../tree/names/scope.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  functionsAround,
  isInside,
  resultOf,
} from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import {
  counted,
  endsWithItsCall,
  type Loop,
  leavesOf,
  namesChangedIn,
  namesOf,
  tellsTime,
} from "./loop-ends.ts";

/** `setInterval`, a function that sets a timer for itself, and a loop that waits: each with a read in it. */
export function polling(project: Project, report: Report): void {
  const writes = readRowWrites(project.typescript);
  for (const looked of moduleSourcesWith(
    project,
    /setInterval|setTimeout|\b(?:while|for(?: await)?) ?\(|\bdo\b/,
  )) {
    for (const call of looked.nodes.calls) {
      const name = calledName(call);
      const [given] = call.arguments;
      if (given === undefined || (name !== "setInterval" && name !== "setTimeout")) continue;
      if (!isOfPlatform(project, call)) continue;
      const run = calledFunction(project.typescript, given);
      if (run === null || readsIn(project, run).length === 0) continue;
      const isAgain = name === "setInterval" || isInside(call, run) || callsItself(project, call, run);
      if (isAgain) report({ at: call, message: `It looks again and again, by ${name}.` });
    }
    for (const loop of looked.nodes.waitingLoops)
      if (waitsBetween(project, loop))
        report({ at: loop, message: "It looks again and again, in a loop that waits." });
    for (const branch of looked.nodes.branches) {
      if (ts.isIfStatement(branch) || ts.isSwitchStatement(branch) || ts.isConditionalExpression(branch))
        continue;
      if (isPolling(project, writes, branch))
        report({ at: branch, message: "It looks again and again, in a loop that waits." });
    }
  }
  for (const { nodes } of moduleSourcesWith(project, /\bawait\b/))
    for (const call of nodes.calls)
      if (pollsByCall(project, call))
        report({ at: call, message: "It looks again and again, by calling itself." });
}

/** `for await (const _ of ticks())`, where each round asks the same again whenever a generator has waited. */
function waitsBetween(project: Project, loop: ts.ForOfStatement): boolean {
  const { typescript } = project;
  const made = bare(loop.expression);
  if (!ts.isCallExpression(made)) return false;
  const maker = calledFunction(typescript, made.expression);
  const origin = typescript.bindings.originOfExpression(made.getSourceFile().fileName, made.expression);
  const isTicking =
    maker === null
      ? origin?.name === "setInterval"
      : waits(project, maker) && readsIn(project, maker).length === 0;
  const reads = isTicking ? readsIn(project, loop.statement) : [];
  if (reads.length === 0 || !ts.isVariableDeclarationList(loop.initializer)) return false;
  const given = new Set<ts.Node>(loop.initializer.declarations);
  return reads.every((read) => namesOf(read, given).length === 0);
}

/** `return look(db)` at the end of `look`, which has waited: a loop by another name, when nothing differs the next time. */
function isLoopByCall({ typescript }: Project, call: ts.CallExpression): FunctionNode | null {
  const [around] = functionsAround(call);
  const name =
    around === undefined ? undefined : (around.name ?? (around.parent as ts.VariableDeclaration).name);
  if (around === undefined || name?.getText() !== calledName(call)) return null;
  if (calledFunction(typescript, call.expression) !== around) return null;
  const isSame = call.arguments.every((given, at) => {
    const value = bare(given);
    return ts.isIdentifier(value) && declarationOf(value) === around.parameters[at];
  });
  return isSame ? around : null;
}

/** Behind an error it is a call that is tried again; by a clock or a signal it ends. */
function pollsByCall(project: Project, call: ts.CallExpression): boolean {
  const around = isLoopByCall(project, call);
  return (
    around !== null &&
    !triesAgain(around.body) &&
    waits(project, around) &&
    readsIn(project, around).length > 0 &&
    !tellsTime(project.typescript, around, around.body, 2)
  );
}

/** `setInterval`, `globalThis.setInterval` */
function isOfPlatform({ typescript }: Project, call: ts.CallExpression): boolean {
  const root = rootOf(call.expression);
  const callee = bare(call.expression);
  if (root === null || !isGlobal(typescript.bindings, root)) return false;
  return root === callee || (ts.isPropertyAccessExpression(callee) && callee.expression === root);
}

/** `setTimeout(() => look(), 1_000)` inside of `look`. */
function callsItself(project: Project, call: ts.CallExpression, run: FunctionNode): boolean {
  const called = callsInside(run).map((inner) => calledFunction(project.typescript, inner.expression));
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
  if (isBound) return !triesAgain(loop.statement) && !changesRows(project, writes, loop);
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

function triesAgain(statement: ts.Node): boolean {
  if (callsInside(statement).some(isCatch)) return true;
  const look = (node: ts.Node): boolean => ts.isTryStatement(node) || ts.forEachChild(node, look) === true;
  return look(statement);
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

const maxSteps = 3;

function callsTo(
  { typescript }: Project,
  node: ts.Node,
  wanted: (call: ts.CallExpression) => boolean,
): readonly ts.CallExpression[] {
  const leads = (call: ts.CallExpression, steps: number): boolean => {
    if (wanted(call)) return true;
    const called = steps === 0 ? null : calledFunction(typescript, call.expression);
    return called !== null && callsInside(called).some((inner) => leads(inner, steps - 1));
  };
  return callsInside(node).filter((call) => leads(call, maxSteps));
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
    const called = calledFunction(typescript, handedOnBy(typescript, call).expression);
    return called === null
      ? /^(?:sleep|delay|wait(?:For)?)$/.test(calledName(call) ?? "")
      : callsInside(called).some(isTimer);
  });
}

/** `sleep(ms)` behind `tools.wait(ms)`, which only calls it. */
function handedOnBy(typescript: Project["typescript"], call: ts.CallExpression): ts.CallExpression {
  const called = calledFunction(typescript, call.expression);
  if (called === null) return call;
  const [only, ...rest] = ts.isBlock(called.body) ? called.body.statements : [];
  const given =
    only !== undefined && rest.length === 0 && ts.isExpressionStatement(only)
      ? only.expression
      : resultOf(called);
  const inner = given === null ? null : bare(given);
  return inner !== null && ts.isCallExpression(inner) ? inner : call;
}
