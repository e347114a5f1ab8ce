/** Values that are put together from others: texts, lists, enums, static members. */

import ts from "typescript";
import { nameOf } from "../syntax/source.ts";
import { notKnown } from "./literals.ts";

/** What an expression stands for, in the place where the whole is written; {@link notKnown} where it cannot be told. */
export type Evaluate = (node: ts.Expression) => unknown;

/** `` `${prefix}.created` ``, where all its parts are known. */
export function templateOf({ head, templateSpans }: ts.TemplateExpression, evaluate: Evaluate): unknown {
  let text = head.text;
  for (const { expression, literal } of templateSpans) {
    const part = evaluate(expression);
    if (typeof part !== "string" && typeof part !== "number") return notKnown;
    text += part + literal.text;
  }
  return text;
}

/** `prefix + ".created"` */
export function concatenationOf(
  { left, operatorToken, right }: ts.BinaryExpression,
  evaluate: Evaluate,
): unknown {
  if (operatorToken.kind !== ts.SyntaxKind.PlusToken) return notKnown;
  const [first, second] = [evaluate(left), evaluate(right)];
  return typeof first === "string" && typeof second === "string" ? first + second : notKnown;
}

/** Elements of a list, or arguments of a call. A spread of what is not known stands for one such value. */
export function listOf(elements: readonly ts.Expression[], evaluate: Evaluate): unknown[] {
  return elements.flatMap((element) => {
    if (!ts.isSpreadElement(element)) return [evaluate(element)];
    const value = evaluate(element.expression);
    return Array.isArray(value) ? value : [notKnown];
  });
}

/** An enum as an object: members without a value of their own are {@link notKnown}. */
export function enumOf({ members }: ts.EnumDeclaration, evaluate: Evaluate): unknown {
  const found: Record<string, unknown> = {};
  for (const { name, initializer } of members) {
    const key = nameOf(name);
    if (key !== null && key !== "__proto__")
      found[key] = initializer === undefined ? notKnown : evaluate(initializer);
  }
  return found;
}

/** The `static readonly` members of a class as an object. */
export function staticsOf(
  { members }: ts.ClassLikeDeclaration,
  evaluate: Evaluate,
): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const one of members) {
    if (!ts.isPropertyDeclaration(one) || one.initializer === undefined) continue;
    const has = (kind: ts.SyntaxKind) => one.modifiers?.some((modifier) => modifier.kind === kind) === true;
    const key = nameOf(one.name);
    if (has(ts.SyntaxKind.StaticKeyword) && has(ts.SyntaxKind.ReadonlyKeyword) && key !== null)
      found[key] = evaluate(one.initializer);
  }
  return found;
}
