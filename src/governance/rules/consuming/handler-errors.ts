/** C-4: what errors in handlers become. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction, handlersOf } from "../../tree/flow/reach.ts";
import { hasAwait } from "../../tree/flow/rejections.ts";
import type { Branch } from "../../tree/syntax/nodes.ts";
import { calledName } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import { clausesOf, isAnswerOk, isPassing, isRefusingAnswer, isRefusingCode } from "./passing-errors.ts";
import { isRefusedEvent } from "./refused-events.ts";
import { madeError, thrownAlways, thrownBy } from "./thrown-errors.ts";

/** Whatever it is called: a class of the project's own that extends one of the engine's may stand in another file. */
const mayThrow = /\bthrow\b/;

export function wrappedErrors(project: Project, report: Report): void {
  const { typescript } = project;
  const handlers = new Set(typescript.handled.flatMap((handled) => handlersOf(typescript, handled)));
  for (const { file, nodes } of moduleSourcesWith(project, mayThrow)) {
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
    for (const branch of nodes.branches) {
      // throw response.status === 503 ? new PermanentError(…) : …
      if (!ts.isConditionalExpression(branch) || !isThrown(branch)) continue;
      if (madeError(project, file, branch.whenTrue) !== "PermanentError") continue;
      if (isPassing(typescript, branch.condition))
        report({
          at: branch.whenTrue,
          message: "Who is not available now may be later, and this is a PermanentError.",
        });
    }
    for (const branch of nodes.branches)
      for (const statements of waysOfRefusal(project, branch)) {
        const wrong = statements.find((statement) => thrownBy(project, file, statement) === "TransientError");
        if (wrong !== undefined)
          report({
            at: wrong,
            message: "The same request is answered so with each try, and this is a TransientError.",
            mend: "Throw PermanentError: the event becomes a dead letter, which says why and can be sent again when the cause is mended.",
          });
      }
    for (const branch of nodes.branches) {
      if (!ts.isIfStatement(branch) || !isRefusedEvent(typescript, branch.expression, handlers)) continue;
      const wrong = statementsOf(branch.thenStatement).find(
        (statement) => thrownBy(project, file, statement) === "TransientError",
      );
      if (wrong !== undefined)
        report({
          at: wrong,
          message:
            "The event is the same with each try, and what it is refused for becomes a TransientError.",
        });
    }
    for (const call of nodes.calls) {
      const [given] = call.arguments;
      if (calledName(call) !== "catch" || given === undefined) continue;
      const handler = calledFunction(project.typescript, given);
      if (handler === null || !ts.isBlock(handler.body)) continue;
      if (thrown(handler.body) === "PermanentError")
        report({
          at: call,
          message: "Each error becomes a PermanentError here, that of a lost connection too.",
        });
    }
  }
}

function isThrown(node: ts.Node): boolean {
  let at = node.parent;
  while (ts.isParenthesizedExpression(at) || ts.isConditionalExpression(at)) at = at.parent;
  return ts.isThrowStatement(at);
}

/** Statements that run only when somebody is not available. */
function waysOfPassing({ typescript }: Project, branch: Branch): readonly (readonly ts.Statement[])[] {
  if (ts.isSwitchStatement(branch)) return clausesOf(branch).map(({ statements }) => statements);
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

/** Statements that run only when a request was refused for good. */
function waysOfRefusal({ typescript }: Project, branch: Branch): readonly (readonly ts.Statement[])[] {
  if (ts.isSwitchStatement(branch))
    return clausesOf(branch, isRefusingCode).map(({ statements }) => statements);
  return ts.isIfStatement(branch) && isRefusingAnswer(typescript, branch.expression)
    ? [statementsOf(branch.thenStatement)]
    : [];
}

const statementsOf = (node: ts.Statement): readonly ts.Statement[] =>
  ts.isBlock(node) ? node.statements : [node];
