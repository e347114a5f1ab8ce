/** Values that are put together from others: texts, lists, enums, static members. */

import ts from "typescript";
import { nameOf } from "../syntax/source.ts";
import { notKnown } from "./literals.ts";

/** What an expression stands for, in the place where the whole is written; {@link notKnown} where it cannot be told. */
export type Evaluate = (node: ts.Expression) => unknown;

/** Longer ones are not put together: no name is, nor a statement, and each part may double what it is made of. */
const maxLength = 100_000;

/** More elements are not gathered from other lists. */
const maxElements = 10_000;

/** `` `${prefix}.created` ``, where all its parts are known. */
export function templateOf({ head, templateSpans }: ts.TemplateExpression, evaluate: Evaluate): unknown {
  let text = head.text;
  for (const { expression, literal } of templateSpans) {
    const part = evaluate(expression);
    if (typeof part !== "string" && typeof part !== "number") return notKnown;
    text += part + literal.text;
    if (text.length > maxLength) return notKnown;
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
  if (typeof first !== "string" || typeof second !== "string") return notKnown;
  return first.length + second.length > maxLength ? notKnown : first + second;
}

/** Elements of a list, or arguments of a call. A spread of what is not known stands for one such value. */
export function listOf(elements: readonly ts.Expression[], evaluate: Evaluate): unknown[] {
  const found: unknown[] = [];
  for (const element of elements) {
    const value = evaluate(ts.isSpreadElement(element) ? element.expression : element);
    if (!ts.isSpreadElement(element)) found.push(value);
    else if (Array.isArray(value) && found.length + value.length <= maxElements) found.push(...value);
    else found.push(notKnown);
  }
  return found;
}

/** A member is worked out when it is asked for: another one may use it, by the name of the whole. */
const putMember = (found: object, key: string, read: () => unknown) =>
  Object.defineProperty(found, key, { get: read, enumerable: true, configurable: true });

/** An enum as an object: members without a value of their own are {@link notKnown}. */
export function enumOf({ members }: ts.EnumDeclaration, evaluate: Evaluate): unknown {
  const found: Record<string, unknown> = {};
  for (const { name, initializer } of members) {
    const key = nameOf(name);
    if (key !== null && key !== "__proto__")
      putMember(found, key, () => (initializer === undefined ? notKnown : evaluate(initializer)));
  }
  return found;
}

/** Sets the `static readonly` members of a class. */
export function setStatics(
  found: Record<string, unknown>,
  { members }: ts.ClassLikeDeclaration,
  evaluate: Evaluate,
): void {
  for (const one of members) {
    if (!ts.isPropertyDeclaration(one)) continue;
    const { initializer, modifiers, name } = one;
    const has = (kind: ts.SyntaxKind) => modifiers?.some((modifier) => modifier.kind === kind) === true;
    const key = nameOf(name);
    if (initializer === undefined || key === null || key === "__proto__") continue;
    if (has(ts.SyntaxKind.StaticKeyword) && has(ts.SyntaxKind.ReadonlyKeyword))
      putMember(found, key, () => evaluate(initializer));
  }
}
