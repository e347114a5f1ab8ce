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

/** `` String.raw`library.book.lent` `` */
export function rawTextOf({ tag, template }: ts.TaggedTemplateExpression, evaluate: Evaluate): unknown {
  if (tag.getText() !== "String.raw") return notKnown;
  return ts.isTemplateExpression(template) ? templateOf(template, evaluate) : template.text;
}

/** `name ?? "…"`, `name || "…"`; null: it is no choice. */
export function choiceOf(
  { left, operatorToken: { kind }, right }: ts.BinaryExpression,
  evaluate: Evaluate,
): unknown {
  if (kind !== ts.SyntaxKind.QuestionQuestionToken && kind !== ts.SyntaxKind.BarBarToken) return null;
  const first = evaluate(left);
  if (first === notKnown) return notKnown;
  const isLeft = kind === ts.SyntaxKind.BarBarToken ? Boolean(first) : first !== null && first !== undefined;
  return isLeft ? first : evaluate(right);
}

/** What a `namespace` exports, as an object. */
export function spaceOf({ body }: ts.ModuleDeclaration, evaluate: Evaluate): unknown {
  const found: Record<string, unknown> = {};
  if (body === undefined || !ts.isModuleBlock(body)) return notKnown;
  for (const statement of body.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const key = nameOf(name);
      const isConstant = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
      if (key !== null && key !== "__proto__" && isConstant && initializer !== undefined)
        putMember(found, key, () => evaluate(initializer));
    }
  }
  return found;
}

/** `isOld ? "…" : "…"`, where the condition is known. */
export function chosenOf(
  { condition, whenTrue, whenFalse }: ts.ConditionalExpression,
  evaluate: Evaluate,
): unknown {
  const value = evaluate(condition);
  return value === notKnown ? notKnown : evaluate(value ? whenTrue : whenFalse);
}

/** Elements of a list, or arguments of a call. A spread of what is not known stands for one such value. */
export function listOf(elements: readonly ts.Expression[], evaluate: Evaluate): unknown[] {
  const found: unknown[] = [];
  for (const element of elements) {
    const value = evaluate(ts.isSpreadElement(element) ? element.expression : element);
    if (!ts.isSpreadElement(element)) found.push(value);
    else if (isCollection(value) && found.length + value.size <= maxElements) found.push(...value);
    else if (Array.isArray(value) && found.length + value.length <= maxElements) found.push(...value);
    else found.push(notKnown);
  }
  return found;
}

export const isCollection = (value: unknown): value is ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> =>
  value instanceof Map || value instanceof Set;

/** A member is worked out when it is asked for: another one may use it, by the name of the whole. */
export const putMember = (found: object, key: string, read: () => unknown) =>
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
    if (has(ts.SyntaxKind.StaticKeyword) && (has(ts.SyntaxKind.ReadonlyKeyword) || isNeverSet(one, key)))
      putMember(found, key, () => evaluate(initializer));
  }
}

/** Nothing in its file puts something else into it. A name that is no word, like `"a(b"`, is not looked for. */
const isNeverSet = (member: ts.ClassElement, key: string): boolean => {
  const name = key.replaceAll("$", () => "\\$");
  const isPut = `(?:\\.${name}|\\[["']${name}["']\\])\\s*(?:[-+*/|&?]{0,2}=[^=>]|\\+\\+|--)`;
  return /^[\w$]+$/.test(key) && !new RegExp(isPut).test(member.getSourceFile().text);
};
