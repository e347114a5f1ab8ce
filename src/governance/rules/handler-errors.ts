/** C-4 and C-8: what becomes of errors in handlers. */

import ts from "typescript";
import type { Project } from "../project.ts";
import { nodesOf } from "../tree/nodes.ts";
import { callsInside, handlerOf, reachedFrom } from "../tree/reach.ts";
import { commandOf } from "../tree/redis-commands.ts";
import { bare, calledName, type FunctionNode, isFunction, isInside } from "../tree/source.ts";
import { enginePackage } from "../tree/typescript.ts";
import type { Report } from "./rule.ts";
import { moduleSourcesWith, sourcesWith } from "./scope-of-rules.ts";

export function wrappedErrors(project: Project, report: Report): void {
  for (const { file, nodes } of moduleSourcesWith(project, /PermanentError|TransientError/)) {
    const thrown = (block: ts.Block) => thrownAlways(project, file, block);
    for (const clause of nodes.catches) {
      const name = thrown(clause.block);
      if (name === null) continue;
      const { tryBlock } = clause.parent;
      const waits = hasAwait(tryBlock);
      if (name === "PermanentError" && waits)
        report({
          at: clause,
          message: "Each error becomes a PermanentError here, that of a lost connection too.",
        });
      if (name === "TransientError" && !waits)
        report({
          at: clause,
          message: "What fails here fails again with each try, and becomes a TransientError.",
        });
    }
    for (const branch of nodes.branches) {
      if (!ts.isIfStatement(branch) || !isUnavailable(branch.expression)) continue;
      const { thenStatement } = branch;
      const block = ts.isBlock(thenStatement) ? thenStatement.statements : [thenStatement];
      const wrong = block.find((statement) => thrownBy(project, file, statement) === "PermanentError");
      if (wrong !== undefined)
        report({
          at: wrong,
          message: "Who is not available now may be later, and this is a PermanentError.",
        });
    }
    for (const call of nodes.calls) {
      const [given] = call.arguments;
      const handler = calledName(call) === "catch" && given !== undefined ? bare(given) : null;
      if (handler === null || !isFunction(handler) || !ts.isBlock(handler.body)) continue;
      if (thrown(handler.body) === "PermanentError")
        report({
          at: call,
          message: "Each error becomes a PermanentError here, that of a lost connection too.",
        });
    }
  }
}

/** What a block throws whatever comes: it stands in the block itself, behind no condition. Null: something else, or nothing. */
function thrownAlways(project: Project, file: string, block: ts.Block): string | null {
  const isDecided = block.statements.some(
    (statement) => ts.isIfStatement(statement) || ts.isSwitchStatement(statement),
  );
  if (isDecided) return null;
  for (const statement of block.statements) {
    if (ts.isThrowStatement(statement)) return thrownBy(project, file, statement);
  }
  return null;
}

/** The name of an error of the engine that a statement throws itself; null: another one, or none. */
function thrownBy(
  { typescript: { bindings } }: Project,
  file: string,
  statement: ts.Statement,
): string | null {
  const made = ts.isThrowStatement(statement) ? bare(statement.expression) : null;
  if (made === null || !ts.isNewExpression(made)) return null;
  const origin = bindings.originOfExpression(file, made.expression);
  return origin?.package === enginePackage ? origin.name : null;
}

/** `response.status === 503`, `status >= 500`: the answer of a server that is busy or broken. */
function isUnavailable(condition: ts.Expression): boolean {
  const value = bare(condition);
  if (!ts.isBinaryExpression(value)) return false;
  const { left, right, operatorToken } = value;
  if (operatorToken.kind === ts.SyntaxKind.BarBarToken) return isUnavailable(left) && isUnavailable(right);
  const isStatus = /\b(?:status|statusCode|status_code)$/.test(bare(left).getText());
  const code = Number(bare(right).getText());
  if (!isStatus || !Number.isInteger(code)) return false;
  const isSame =
    operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
    operatorToken.kind === ts.SyntaxKind.EqualsEqualsToken;
  if (isSame) return code === 408 || code === 429 || (code >= 500 && code !== 501);
  return (
    (operatorToken.kind === ts.SyntaxKind.GreaterThanEqualsToken && code >= 500) ||
    (operatorToken.kind === ts.SyntaxKind.GreaterThanToken && code >= 499)
  );
}

function hasAwait(node: ts.Node): boolean {
  let found = false;
  const look = (at: ts.Node): void => {
    if (ts.isAwaitExpression(at)) found = true;
    if (!found && !isFunction(at)) ts.forEachChild(at, look);
  };
  look(node);
  return found;
}

export function swallowingHandlers(project: Project, report: Report): void {
  const { typescript } = project;
  for (const { nodes } of sourcesWith(project, /xack/i))
    for (const call of nodes.calls)
      if (commandOf(call, ["XACK"]) !== null)
        report({ at: call, message: "It acks an entry of the stream itself." });
  const looked = new Set<FunctionNode>();
  for (const handled of typescript.handled) {
    const handler = handlerOf(typescript, handled);
    if (handler === null) continue;
    for (const node of reachedFrom(typescript, handler, 0)) {
      if (looked.has(node)) continue;
      looked.add(node);
      for (const clause of nodesOf(node.getSourceFile()).catches)
        if (isInside(clause, node) && hasAwait(clause.parent.tryBlock) && onlyTells(clause.block))
          report({ at: clause, message: "An error of the handler ends here, so its event counts as done." });
      for (const call of callsInside(node))
        if (isSwallow(call))
          report({ at: call, message: "An error of the handler ends here, so its event counts as done." });
    }
  }
}

/** It does nothing, or writes to a log: no other way is taken. */
function onlyTells(block: ts.Node): boolean {
  if (!ts.isBlock(block)) return isLog(block) || isNothing(block);
  return block.statements.every(
    (statement) =>
      (ts.isReturnStatement(statement) &&
        (statement.expression === undefined || isNothing(statement.expression))) ||
      ts.isContinueStatement(statement) ||
      (ts.isExpressionStatement(statement) && isLog(statement.expression)),
  );
}

const isNothing = (node: ts.Node) => /^(?:undefined|null|false|\[\]|\{\}|void 0)$/.test(node.getText());

function isLog(node: ts.Node): boolean {
  if (!ts.isCallExpression(node)) return false;
  const callee = bare(node.expression);
  return (
    ts.isPropertyAccessExpression(callee) &&
    /^(?:debug|info|warn|error|log|trace|fatal)$/.test(callee.name.text)
  );
}

/** `await work().catch(() => undefined)` */
function isSwallow(call: ts.CallExpression): boolean {
  const [given] = call.arguments;
  const handler = calledName(call) === "catch" && given !== undefined ? bare(given) : null;
  return handler !== null && isFunction(handler) && onlyTells(handler.body);
}
