/** C-4: what says of an answer or an error that it passes, as who is busy now may not be later, or that it is the same with each try. */

import ts from "typescript";
import { isFetch } from "../../tree/effects/outside.ts";
import { declarationOf, givenTo } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, functionsAround, stringOf, walk } from "../../tree/syntax/source.ts";

/** Of networks (Node, undici) and of Postgres: connections, deadlocks, time-outs, a server that starts or stops. */
const passingCodes = new Set(
  (
    "ECONNREFUSED ECONNRESET ECONNABORTED ETIMEDOUT EPIPE EAI_AGAIN ENETUNREACH EHOSTUNREACH " +
    "UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_SOCKET " +
    "40001 40P01 53300 55P03 57P01 57P02 57P03 08000 08003 08006"
  ).split(" "),
);
/** Errors of the platform that are called so. */
const passingNames = new Set(["TimeoutError", "NetworkError"]);

const isSame = (kind: ts.SyntaxKind) =>
  kind === ts.SyntaxKind.EqualsEqualsEqualsToken || kind === ts.SyntaxKind.EqualsEqualsToken;

/** Whether a condition holds only of what may be otherwise later. */
export function isPassing(tree: TypeScriptTree, condition: ts.Expression): boolean {
  const value = bare(condition);
  if (ts.isPrefixUnaryExpression(value) && value.operator === ts.SyntaxKind.ExclamationToken)
    return isAnswerOk(tree, value.operand);
  if (ts.isCallExpression(value)) return isAmong(tree, value, isPassingCode);
  // A condition that has a name.
  const named = ts.isIdentifier(value) ? givenTo(value) : null;
  if (named !== null && !ts.isIdentifier(bare(named))) return isPassing(tree, named);
  if (!ts.isBinaryExpression(value)) return false;
  const { left, right, operatorToken } = value;
  switch (operatorToken.kind) {
    case ts.SyntaxKind.BarBarToken:
      return isPassing(tree, left) && isPassing(tree, right);
    case ts.SyntaxKind.AmpersandAmpersandToken:
      return (isGuard(left) && isPassing(tree, right)) || (isPassing(tree, left) && isGuard(right));
    case ts.SyntaxKind.InstanceOfKeyword:
      return passingNames.has(bare(right).getText());
    default:
      return (
        isPassingStatus(left, operatorToken.kind, right) ||
        (isSame(operatorToken.kind) && (isPassingError(left, right) || isPassingError(right, left)))
      );
  }
}

/** `error instanceof Error`, `error !== null`: another condition may say that it was tried often enough. */
function isGuard(condition: ts.Expression): boolean {
  const value = bare(condition);
  if (ts.isIdentifier(value)) return /err|cause|reason|response/i.test(value.text);
  if (!ts.isBinaryExpression(value)) return false;
  const { left, right, operatorToken } = value;
  if (operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) return isGuard(left) && isGuard(right);
  if (operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) return true;
  if (operatorToken.kind === ts.SyntaxKind.InKeyword) return true;
  return ts.isTypeOfExpression(bare(left)) || /^(?:null|undefined)$/.test(bare(right).getText());
}

/** `error.name === "TimeoutError"`, `error.code === "ECONNREFUSED"` */
function isPassingError(member: ts.Expression, said: ts.Expression): boolean {
  const value = bare(member);
  const text = stringOf(said);
  if (text === null || !ts.isPropertyAccessExpression(value)) return false;
  if (value.name.text === "name") return passingNames.has(text);
  return value.name.text === "code" && passingCodes.has(text);
}

/** `[429, 503].includes(response.status)`, `busyCodes.has(error.code)`: all that stands in the list passes. */
function isAmong({ values }: TypeScriptTree, call: ts.CallExpression, isCode: IsCode): boolean {
  const callee = bare(call.expression);
  const [asked, ...others] = call.arguments;
  if (!ts.isPropertyAccessExpression(callee) || asked === undefined || others.length > 0) return false;
  if (!/^(?:includes|has)$/.test(callee.name.text)) return false;
  const owner = bare(callee.expression);
  const given = ts.isIdentifier(owner) ? givenTo(owner) : null;
  const made = given === null ? owner : bare(given);
  // new Set([429, 503])
  const list = ts.isNewExpression(made) && made.expression.getText() === "Set" ? made.arguments?.[0] : made;
  const known = list === undefined ? null : values.valueOf(list.getSourceFile().fileName, list);
  if (!Array.isArray(known) || known.length === 0) return false;
  if (isStatus(asked)) return known.every((code) => typeof code === "number" && isCode(code));
  if (isCode !== isPassingCode) return false;
  const member = bare(asked);
  if (!ts.isPropertyAccessExpression(member)) return false;
  const passing = member.name.text === "code" ? passingCodes : passingNames;
  return /^(?:code|name)$/.test(member.name.text) && known.every((text) => passing.has(text));
}

const isStatus = (node: ts.Expression) => /\b(?:status|statusCode|status_code)$/.test(bare(node).getText());

type IsCode = (code: number) => boolean;

const isPassingCode: IsCode = (code) => code === 408 || code === 429 || (code >= 500 && code !== 501);

/** `response.status === 503`, `status >= 500`: the answer of a server that is busy or broken. */
function isPassingStatus(left: ts.Expression, operator: ts.SyntaxKind, right: ts.Expression): boolean {
  const code = Number(bare(right).getText());
  if (!isStatus(left) || !Number.isInteger(code)) return false;
  if (isSame(operator)) return isPassingCode(code);
  return (
    (operator === ts.SyntaxKind.GreaterThanEqualsToken && code >= 500) ||
    (operator === ts.SyntaxKind.GreaterThanToken && code >= 499)
  );
}

/** The same request is answered so again: it is wrong, or asks for what is not there. */
export const isRefusingCode: IsCode = (code) => refusing.has(code);

const refusing = new Set([400, 404, 405, 406, 410, 411, 413, 414, 415, 422]);

/** Whether a condition holds only of answers that the same request gets again. */
export function isRefusingAnswer(tree: TypeScriptTree, condition: ts.Expression): boolean {
  const value = bare(condition);
  if (ts.isCallExpression(value)) return isAmong(tree, value, isRefusingCode);
  const named = ts.isIdentifier(value) ? givenTo(value) : null;
  if (named !== null && !ts.isIdentifier(bare(named))) return isRefusingAnswer(tree, named);
  if (!ts.isBinaryExpression(value)) return false;
  const { left, right, operatorToken } = value;
  if (operatorToken.kind === ts.SyntaxKind.BarBarToken)
    return isRefusingAnswer(tree, left) && isRefusingAnswer(tree, right);
  return isSame(operatorToken.kind) && isStatus(left) && isRefusingCode(Number(bare(right).getText()));
}

/**
 * `response.ok`, of an answer that was fetched and at whose status nobody looks: what is not ok may be a server that is busy.
 */
export function isAnswerOk(tree: TypeScriptTree, node: ts.Expression): boolean {
  const value = bare(node);
  if (!ts.isPropertyAccessExpression(value) || value.name.text !== "ok") return false;
  const owner = bare(value.expression);
  if (!ts.isIdentifier(owner) || !isAnswer(tree, owner)) return false;
  const around = functionsAround(node).at(0);
  return around === undefined || !looksAtStatus(around, owner.text);
}

function isAnswer(tree: TypeScriptTree, name: ts.Identifier): boolean {
  const declared = declarationOf(name);
  if (declared !== null && ts.isParameter(declared)) return declared.type?.getText() === "Response";
  const given = givenTo(name);
  const made = given === null ? null : bare(given);
  return made !== null && ts.isCallExpression(made) && isFetch(tree, made.expression);
}

/** In a text for people it decides nothing. */
function looksAtStatus(around: ts.Node, name: string): boolean {
  let found = false;
  walk(around, (node) => {
    const isLook =
      ts.isPropertyAccessExpression(node) &&
      node.name.text === "status" &&
      bare(node.expression).getText() === name &&
      !ts.isTemplateSpan(node.parent);
    const isTaken =
      ts.isVariableDeclaration(node) &&
      ts.isObjectBindingPattern(node.name) &&
      node.initializer !== undefined &&
      bare(node.initializer).getText() === name;
    found ||= isLook || isTaken || isHandedOn(node, name);
    return !found;
  });
  return found;
}

/** Given to a function as a whole: that one may look. */
const isHandedOn = (node: ts.Node, name: string) =>
  ts.isCallExpression(node) && node.arguments.some((given) => bare(given).getText() === name);

/** `switch (response.status) { case 503: … }`: clauses that only such a status enters. */
export function clausesOf(
  node: ts.SwitchStatement,
  isCode: IsCode = isPassingCode,
): readonly ts.CaseClause[] {
  if (!isStatus(node.expression)) return [];
  const found: ts.CaseClause[] = [];
  let isAll = true;
  for (const clause of node.caseBlock.clauses) {
    isAll &&= ts.isCaseClause(clause) && isCode(Number(clause.expression.getText()));
    if (clause.statements.length === 0) continue;
    if (isAll && ts.isCaseClause(clause)) found.push(clause);
    isAll = true;
  }
  return found;
}
