/** What operators make of values that are known. */

import ts from "typescript";
import type { Evaluate } from "./composites.ts";
import { notKnown } from "./literals.ts";

/** Longer texts are not put together. */
const maxLength = 100_000;

type Numbers = (left: number, right: number) => unknown;

const byNumbers: ReadonlyMap<ts.SyntaxKind, Numbers> = new Map<ts.SyntaxKind, Numbers>([
  [ts.SyntaxKind.MinusToken, (left, right) => left - right],
  [ts.SyntaxKind.AsteriskToken, (left, right) => left * right],
  [ts.SyntaxKind.AsteriskAsteriskToken, (left, right) => left ** right],
  [ts.SyntaxKind.SlashToken, (left, right) => left / right],
  [ts.SyntaxKind.PercentToken, (left, right) => left % right],
  [ts.SyntaxKind.LessThanLessThanToken, (left, right) => left << right],
  [ts.SyntaxKind.GreaterThanGreaterThanToken, (left, right) => left >> right],
  [ts.SyntaxKind.BarToken, (left, right) => left | right],
  [ts.SyntaxKind.AmpersandToken, (left, right) => left & right],
  [ts.SyntaxKind.LessThanToken, (left, right) => left < right],
  [ts.SyntaxKind.LessThanEqualsToken, (left, right) => left <= right],
  [ts.SyntaxKind.GreaterThanToken, (left, right) => left > right],
  [ts.SyntaxKind.GreaterThanEqualsToken, (left, right) => left >= right],
]);

/** Whether two values are the same, by the operator that asks so. */
const equalities: ReadonlyMap<ts.SyntaxKind, boolean> = new Map<ts.SyntaxKind, boolean>([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, true],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, false],
]);

/** `64 * kib`, `prefix + ".created"`, `kind === "lent"` */
export function operationOf(
  { left, operatorToken: { kind }, right }: ts.BinaryExpression,
  evaluate: Evaluate,
): unknown {
  const calculate = byNumbers.get(kind);
  const equality = equalities.get(kind);
  if (kind !== ts.SyntaxKind.PlusToken && calculate === undefined && equality === undefined) return notKnown;
  const [first, second] = [evaluate(left), evaluate(right)];
  if (equality !== undefined)
    return isComparable(first) && isComparable(second) ? (first === second) === equality : notKnown;
  if (typeof first === "number" && typeof second === "number")
    return calculate === undefined ? first + second : calculate(first, second);
  return calculate === undefined ? textOfBoth(first, second) : notKnown;
}

/** Objects and lists are made anew each time that they are worked out. */
const isComparable = (value: unknown): boolean =>
  value !== notKnown && (value === null || typeof value !== "object");

function textOfBoth(first: unknown, second: unknown): unknown {
  const areTexts = [first, second].every((one) => typeof one === "string" || typeof one === "number");
  if (!areTexts) return notKnown;
  const text = `${first}${second}`;
  return text.length > maxLength ? notKnown : text;
}

/** `-limit`, `!isOld` */
export function signedOf({ operator, operand }: ts.PrefixUnaryExpression, evaluate: Evaluate): unknown {
  const value = evaluate(operand);
  if (operator === ts.SyntaxKind.ExclamationToken) return value === notKnown ? notKnown : !value;
  if (operator === ts.SyntaxKind.PlusToken && typeof value === "string") return Number(value);
  if (typeof value !== "number") return notKnown;
  if (operator === ts.SyntaxKind.MinusToken) return -value;
  return operator === ts.SyntaxKind.PlusToken ? value : notKnown;
}
