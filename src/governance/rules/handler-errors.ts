/** C-4: what errors in handlers become. */

import ts from "typescript";
import type { Project } from "../project.ts";
import type { Branch } from "../tree/nodes.ts";
import { hasAwait } from "../tree/rejections.ts";
import { declarationOf, functionOf } from "../tree/scope.ts";
import { bare, calledName } from "../tree/source.ts";
import { enginePackage } from "../tree/typescript.ts";
import { isAnswerOk, isPassing, passingClauses } from "./passing-errors.ts";
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
    for (const branch of nodes.branches)
      for (const statements of waysOfPassing(project, branch)) {
        const wrong = statements.find((statement) => thrownBy(project, file, statement) === "PermanentError");
        if (wrong !== undefined)
          report({
            at: wrong,
            message: "Who is not available now may be later, and this is a PermanentError.",
          });
      }
    for (const call of nodes.calls) {
      const [given] = call.arguments;
      if (calledName(call) !== "catch" || given === undefined) continue;
      const handler = functionOf(project.typescript, given);
      if (handler === null || !ts.isBlock(handler.body)) continue;
      if (thrown(handler.body) === "PermanentError")
        report({
          at: call,
          message: "Each error becomes a PermanentError here, that of a lost connection too.",
        });
    }
  }
}

/** Statements that run only when somebody is not available. */
function waysOfPassing({ typescript }: Project, branch: Branch): readonly (readonly ts.Statement[])[] {
  if (ts.isSwitchStatement(branch)) return passingClauses(branch).map(({ statements }) => statements);
  if (!ts.isIfStatement(branch)) return [];
  const { expression, thenStatement, elseStatement } = branch;
  if (isPassing(typescript, expression)) return [statementsOf(thenStatement)];
  // if (response.ok) return …; throw …
  if (!isAnswerOk(typescript, expression)) return [];
  if (elseStatement !== undefined) return [statementsOf(elseStatement)];
  const { parent } = branch;
  const isEnd = ts.isReturnStatement(statementsOf(thenStatement).at(-1) ?? branch);
  return isEnd && ts.isBlock(parent)
    ? [parent.statements.slice(parent.statements.indexOf(branch) + 1).slice(0, 1)]
    : [];
}

const statementsOf = (node: ts.Statement): readonly ts.Statement[] =>
  ts.isBlock(node) ? node.statements : [node];

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
  if (ts.isExpressionStatement(node)) return new Set([thrownByCall(project, node)]);
  if (ts.isVariableStatement(node)) return new Set([goesOn]);
  if (!ts.isBlock(node)) return new Set(["", goesOn]);
  let ways: ReadonlySet<string | null> = new Set([goesOn]);
  for (const statement of node.statements) {
    if (!ways.has(goesOn)) break;
    const before = [...ways].filter((way) => way !== goesOn);
    ways = new Set([...before, ...waysThrough(project, file, statement)]);
  }
  return ways;
}

/** `fail(error)`, where the project's own `fail` is nothing but a `throw`; null: it goes on. */
function thrownByCall(project: Project, { expression }: ts.ExpressionStatement): string | null {
  const call = bare(expression);
  const called = ts.isCallExpression(call) ? functionOf(project.typescript, call.expression) : null;
  if (called === null || !ts.isBlock(called.body)) return goesOn;
  const [only, ...others] = called.body.statements;
  if (only === undefined || others.length > 0 || !ts.isThrowStatement(only)) return goesOn;
  return thrownBy(project, called.getSourceFile().fileName, only) ?? "";
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
