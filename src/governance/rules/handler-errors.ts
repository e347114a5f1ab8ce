/** C-4: what errors in handlers become. */

import ts from "typescript";
import type { Project } from "../project.ts";
import { hasAwait } from "../tree/rejections.ts";
import { declarationOf } from "../tree/scope.ts";
import { bare, calledName, isFunction } from "../tree/source.ts";
import { enginePackage } from "../tree/typescript.ts";
import type { Report } from "./rule.ts";
import { moduleSourcesWith } from "./scope-of-rules.ts";

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

/** What a block throws whatever comes, on each way through it. Null: something else, several errors, or there is a way out. */
function thrownAlways(project: Project, file: string, block: ts.Block): string | null {
  const [first = goesOn, ...others] = waysThrough(project, file, block);
  return others.length > 0 ? null : first;
}

const goesOn = null;

/** How a statement ends on its ways: with an error of the engine, by its name, otherwise (""), or not, and what comes next is run (null). */
function waysThrough(project: Project, file: string, node: ts.Statement): ReadonlySet<string | null> {
  if (ts.isThrowStatement(node)) return new Set([thrownBy(project, file, node) ?? ""]);
  if (ts.isIfStatement(node)) {
    const { thenStatement, elseStatement } = node;
    const otherwise = elseStatement === undefined ? [goesOn] : waysThrough(project, file, elseStatement);
    return new Set([...waysThrough(project, file, thenStatement), ...otherwise]);
  }
  if (ts.isExpressionStatement(node) || ts.isVariableStatement(node)) return new Set([goesOn]);
  if (!ts.isBlock(node)) return new Set(["", goesOn]);
  let ways: ReadonlySet<string | null> = new Set([goesOn]);
  for (const statement of node.statements) {
    if (!ways.has(goesOn)) break;
    const before = [...ways].filter((way) => way !== goesOn);
    ways = new Set([...before, ...waysThrough(project, file, statement)]);
  }
  return ways;
}

/** The name of an error of the engine that a statement throws itself; null: another one, or none. */
function thrownBy(
  { typescript: { bindings } }: Project,
  file: string,
  statement: ts.Statement,
): string | null {
  const thrown = ts.isThrowStatement(statement) ? bare(statement.expression) : null;
  const made = thrown !== null && ts.isIdentifier(thrown) ? initializerOf(thrown) : thrown;
  if (made === null || !ts.isNewExpression(made)) return null;
  const origin = bindings.originOfExpression(file, made.expression);
  return origin?.package === enginePackage ? origin.name : null;
}

/** `const refused = new PermanentError(…); throw refused;` */
function initializerOf(name: ts.Identifier): ts.Expression | null {
  const declared = declarationOf(name);
  if (declared === null || !ts.isVariableDeclaration(declared) || declared.initializer === undefined)
    return null;
  return bare(declared.initializer);
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
