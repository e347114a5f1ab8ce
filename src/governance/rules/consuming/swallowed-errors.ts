/** C-8: errors of a handler that end in it. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { commandOf } from "../../tree/effects/redis-commands.ts";
import { calledFunction, callsInside, handlersOf, reachedFrom } from "../../tree/flow/reach.ts";
import { hasAwait, isUnseenSettled, leaves, rejectionHandlerOf } from "../../tree/flow/rejections.ts";
import { functionOf } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { isLogger } from "../../tree/syntax/loggers.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, calledName, type FunctionNode, isFunction, isInside } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";
import { unthrownFailures } from "./unthrown-failures.ts";
import { unwaitedCalls } from "./unwaited-calls.ts";

/** A handler, what it calls, and what that calls: further away it is not plain whose error it is. */
const stepsFromHandler = 2;

export function swallowingHandlers(project: Project, report: Report): void {
  const { typescript } = project;
  for (const { nodes } of sourcesWith(project, /xack/i))
    for (const call of nodes.calls)
      if (commandOf(project.typescript.bindings, call, ["XACK"]) !== null)
        report({ at: call, message: "It acks an entry of the stream itself." });
  const looked = new Set<FunctionNode>();
  for (const handled of typescript.handled) {
    const handlers = handlersOf(typescript, handled);
    for (const node of handlers.flatMap((each) => [...reachedFrom(typescript, each, stepsFromHandler)])) {
      if (looked.has(node)) continue;
      looked.add(node);
      for (const at of swallowsIn(typescript, node, node === handlers[0]))
        report({ at, message: "An error of the handler ends here, so its event counts as done." });
      for (const at of unwaitedCalls(typescript, node))
        report({
          at,
          message:
            "The handler does not wait for it: its event counts as done before, and its error is lost.",
          mend: "Await it; what must not hold up the handler is a job, or an event that another consumer handles.",
        });
    }
  }
}

/** @param isHandler false: it is called by one, which may look at what comes back */
function swallowsIn(tree: TypeScriptTree, node: FunctionNode, isHandler: boolean): readonly ts.Node[] {
  const { catches, finallies } = partsOf(node);
  const ending = new Ending(tree, node, isHandler);
  return [
    ...catches.filter(
      (clause) =>
        hasAwait(clause.parent.tryBlock) && ending.onlyTells(clause.block) && !throwsBehindLoop(clause, node),
    ),
    ...finallies.filter((block) => hasAwait((block.parent as ts.TryStatement).tryBlock) && leaves(block)),
    ...callsInside(node).filter((call) => isSwallow(tree, node, call)),
    ...(isHandler ? unthrownFailures(tree, node, (way) => ending.onlyTells(way)) : []),
  ];
}

function partsOf(node: FunctionNode) {
  const catches = nodesOf(node.getSourceFile()).catches.filter((clause) => isInside(clause, node));
  const finallies: ts.Block[] = [];
  const look = (at: ts.Node): void => {
    if (ts.isTryStatement(at) && at.finallyBlock !== undefined) finallies.push(at.finallyBlock);
    ts.forEachChild(at, look);
  };
  look(node.body);
  return { catches, finallies };
}

/** Whether what is done with an error is only that it is told, noted for nobody, or nothing at all. */
class Ending {
  readonly #tree: TypeScriptTree;
  /** The function in which the error ends. */
  readonly #around: FunctionNode;

  /** Nobody looks at what it gives back. */
  readonly #isHandler: boolean;

  constructor(tree: TypeScriptTree, around: FunctionNode, isHandler = true) {
    this.#tree = tree;
    this.#around = around;
    this.#isHandler = isHandler;
  }

  onlyTells(body: ts.Node): boolean {
    if (ts.isStatement(body) && !ts.isBlock(body)) return this.#tells(body);
    return ts.isBlock(body)
      ? body.statements.every((statement) => this.#tells(statement))
      : isNothing(body) || this.#isTelling(body, 1);
  }

  #tells(statement: ts.Statement): boolean {
    if (ts.isBlock(statement)) return this.onlyTells(statement);
    if (ts.isReturnStatement(statement))
      return (
        statement.expression === undefined ||
        (this.#isHandler ? isNothing(statement.expression) : isUndefined(statement.expression))
      );
    if (ts.isContinueStatement(statement) || ts.isBreakStatement(statement)) return true;
    if (ts.isEmptyStatement(statement)) return true;
    // What is worked out for the log.
    if (ts.isVariableStatement(statement)) return !hasAwait(statement);
    if (ts.isIfStatement(statement))
      return (
        this.#tells(statement.thenStatement) &&
        (statement.elseStatement === undefined || this.#tells(statement.elseStatement))
      );
    return ts.isExpressionStatement(statement) && this.#isTelling(statement.expression, 1);
  }

  /** @param steps how far functions of the project are followed */
  #isTelling(given: ts.Node, steps: number): boolean {
    const value = bare(given as ts.Expression);
    if (ts.isAwaitExpression(value)) return this.#isTelling(value.expression, steps);
    if (isLog(value) || isSleep(value)) return true;
    const changed = changedVariable(value);
    if (changed !== null) return !isReadElsewhere(changed, this.#around);
    if (!ts.isCallExpression(value) || steps === 0) return false;
    const called = functionOf(this.#tree, value.expression);
    return called !== null && isWritten(called) && new Ending(this.#tree, called).onlyTells(called.body);
  }
}

/** Whether what is done with an error in a function is only that it is told, or nothing at all. */
export const onlyTells = (tree: TypeScriptTree, around: FunctionNode, body: ts.Node): boolean =>
  new Ending(tree, around, false).onlyTells(body);

/** A function of nothing at all is a placeholder: what it will do with the error is not written yet. */
const isWritten = ({ body }: FunctionNode) => !ts.isBlock(body) || body.statements.length > 0;

/** `failures++`, `ok = false`: the variable that is changed. */
function changedVariable(value: ts.Expression): ts.Identifier | null {
  const target = ts.isBinaryExpression(value)
    ? isAssignment(value.operatorToken.kind)
      ? value.left
      : null
    : (ts.isPostfixUnaryExpression(value) || ts.isPrefixUnaryExpression(value)) && isCount(value.operator)
      ? value.operand
      : null;
  return target !== null && ts.isIdentifier(target) ? target : null;
}

const isAssignment = (kind: ts.SyntaxKind) =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

const isCount = (kind: ts.SyntaxKind) =>
  kind === ts.SyntaxKind.PlusPlusToken || kind === ts.SyntaxKind.MinusMinusToken;

/** Whoever looks at it may take another way. */
function isReadElsewhere(variable: ts.Identifier, around: FunctionNode): boolean {
  let found = false;
  const look = (at: ts.Node): void => {
    if (ts.isIdentifier(at) && at.text === variable.text) {
      const { parent } = at;
      const isDeclared = ts.isVariableDeclaration(parent) && parent.name === at;
      const isChanged = ts.isExpression(parent) && changedVariable(parent) === at;
      if (!isDeclared && !isChanged) found = true;
    }
    if (!found) ts.forEachChild(at, look);
  };
  look(around.body);
  return found;
}

/** `sleep(100)`, `new Promise((resolve) => setTimeout(resolve, 100))`: before another try, say. */
function isSleep(node: ts.Node): boolean {
  if (ts.isCallExpression(node))
    return ts.isIdentifier(node.expression) && /^(?:sleep|delay|wait)$/.test(node.expression.text);
  if (!ts.isNewExpression(node) || node.expression.getText() !== "Promise") return false;
  const [run] = node.arguments ?? [];
  const result = run !== undefined && isFunction(run) ? callsInside(run) : [];
  return result.length === 1 && calledName(result[0] as ts.CallExpression) === "setTimeout";
}

/** `while (true)`, `for (;;)` */
const isEndless = (loop: ts.IterationStatement): boolean =>
  (ts.isWhileStatement(loop) && loop.expression.kind === ts.SyntaxKind.TrueKeyword) ||
  (ts.isForStatement(loop) && loop.condition === undefined);

/** One try of several: when none was right, an error is thrown behind the loop, or there is another one. */
function throwsBehindLoop(clause: ts.CatchClause, around: FunctionNode): boolean {
  for (let at: ts.Node = clause; at !== around && at.parent !== undefined; at = at.parent) {
    if (!ts.isIterationStatement(at, false) || !ts.isBlock(at.parent)) continue;
    if (isEndless(at) && leaves(clause.parent.tryBlock)) return true;
    const { statements } = at.parent;
    const behind = statements.slice(statements.indexOf(at) + 1);
    // What a try that was right leaves by decides which throw it does not come to.
    const isMeant = leaves(clause.parent.tryBlock) ? holdsThrow : isThrowInIf;
    if (behind.some(isMeant)) return true;
  }
  return false;
}

const isThrowInIf = (node: ts.Node) => ts.isIfStatement(node) && holdsThrow(node);

const holdsThrow = (node: ts.Node): boolean =>
  !isFunction(node) && (ts.isThrowStatement(node) || ts.forEachChild(node, holdsThrow) === true);

const isNothing = (node: ts.Node) => /^(?:undefined|null|false|\[\]|\{\}|void 0)$/.test(node.getText());

const isUndefined = (node: ts.Node) => /^(?:undefined|void 0)$/.test(node.getText());

const logNames = /^(?:debug|info|warn|error|log|trace|fatal)$/;

function isLog(node: ts.Node): boolean {
  if (!ts.isCallExpression(node)) return false;
  const callee = bare(node.expression);
  return ts.isPropertyAccessExpression(callee) && logNames.test(callee.name.text);
}

/**
 * `await work().catch(() => undefined)`, `.then(done, () => undefined)`, `.catch(console.error)`, and `allSettled` at whose
 * outcome nobody looks.
 */
function isSwallow(tree: TypeScriptTree, around: FunctionNode, call: ts.CallExpression): boolean {
  if (isUnseenSettled(call)) return true;
  const given = rejectionHandlerOf(call);
  if (given === undefined) return false;
  const handler = bare(given);
  if (isLogger(handler)) return true;
  const node = isFunction(handler) ? handler : calledFunction(tree, handler);
  return node !== null && new Ending(tree, isInside(node, around) ? around : node).onlyTells(node.body);
}
