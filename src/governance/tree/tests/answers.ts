/** Which assertions are about the answer to a request, and say nothing of what a consumer did. */

import ts from "typescript";
import { givenTo } from "../names/scope.ts";
import { bare, calledName, propertyValue, stringOf } from "../syntax/source.ts";

const changing = /^(?:POST|PUT|PATCH|DELETE)$/i;

/**
 * `expect((await post("/orders", …)).status).toBe(201)`: the request was taken. How often something was done before is not
 * seen by it; a refusal may be because of that, and what is read may show it.
 */
export function isTakenRequest(assertion: ts.CallExpression): boolean {
  const [expected] = assertion.arguments;
  const subject = subjectOf(assertion);
  if (subject === null || !ts.isPropertyAccessExpression(subject)) return false;
  const isSuccess =
    subject.name.text === "ok"
      ? expected === undefined || bare(expected).kind === ts.SyntaxKind.TrueKeyword
      : /^status(?:_?code)?$/i.test(subject.name.text) && /^2\d\d$/.test(expected?.getText() ?? "");
  if (!isSuccess || /\.not\b/.test(assertion.expression.getText())) return false;
  const owner = bare(subject.expression);
  const given = ts.isIdentifier(owner) ? givenTo(owner) : owner;
  const made = given === null ? null : bare(given);
  return made !== null && ts.isCallExpression(made) && isChange(made);
}

/** What stands in `expect(…)`; null: it is another kind of assertion. */
function subjectOf(assertion: ts.CallExpression): ts.Expression | null {
  let at: ts.Expression = bare(assertion.expression);
  while (ts.isPropertyAccessExpression(at)) at = bare(at.expression);
  const [subject] = ts.isCallExpression(at) && at.expression.getText() === "expect" ? at.arguments : [];
  return subject === undefined ? null : bare(subject);
}

const isChange = (call: ts.CallExpression): boolean =>
  changing.test(calledName(call) ?? "") || call.arguments.some(saysChange);

function saysChange(given: ts.Expression): boolean {
  const value = bare(given);
  const method = ts.isObjectLiteralExpression(value) ? propertyValue(value, "method") : value;
  return changing.test(stringOf(method) ?? "");
}
