/** What is written down as it is: texts, numbers, patterns. */

import ts from "typescript";

/** It is worked out at run time. */
export const notKnown = Symbol("not known");

/** {@link notKnown}: it is no literal. */
export function literalOf(node: ts.Expression): unknown {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text.replaceAll("_", ""));
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const value = literalOf(node.operand);
    return typeof value === "number" ? -value : notKnown;
  }
  if (ts.isBinaryExpression(node) && arithmetic(node) !== notKnown) return arithmetic(node);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isIdentifier(node) && node.text === "undefined") return undefined;
  if (ts.isRegularExpressionLiteral(node)) {
    const end = node.text.lastIndexOf("/");
    return new RegExp(node.text.slice(1, end), node.text.slice(end + 1));
  }
  return notKnown;
}

/** `64 * 1024` */
function arithmetic({ left, operatorToken, right }: ts.BinaryExpression): unknown {
  const [first, second] = [literalOf(left), literalOf(right)];
  if (typeof first !== "number" || typeof second !== "number") return notKnown;
  if (operatorToken.kind === ts.SyntaxKind.AsteriskToken) return first * second;
  return operatorToken.kind === ts.SyntaxKind.PlusToken ? first + second : notKnown;
}
