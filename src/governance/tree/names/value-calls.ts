/** What a call gives back: functions of the project that only put something together, of zod, and of the charter's package. */

import ts from "typescript";
import { type FunctionNode, nameOf, resultOf } from "../syntax/source.ts";
import { foldedText } from "./folded-texts.ts";
import { notKnown } from "./literals.ts";
import { charterFunctions, isCheck, isOfZod, isSchema, member, refusedNames } from "./package-values.ts";

/** Names that stand for something in one place alone: parameters of the functions around it. */
export type Scope = ReadonlyMap<string, unknown>;

/** The same as {@link Evaluate}, for any place. */
export type EvaluateIn = (file: string, node: ts.Expression, scope: Scope) => unknown;

/** A function of the project, as a value. */
export class WrittenFunction {
  readonly file: string;
  readonly node: FunctionNode;
  readonly scope: Scope;
  constructor(file: string, node: FunctionNode, scope: Scope) {
    this.file = file;
    this.node = node;
    this.scope = scope;
  }
}

/** @param evaluate for the bodies and default values of the project's functions */
export function callValue(callee: unknown, given: readonly unknown[], evaluate: EvaluateIn): unknown {
  if (callee instanceof WrittenFunction) return callWritten(callee, given, evaluate);
  const isOurs = charterFunctions.includes(callee);
  if (typeof callee !== "function" || !(isOurs || isOfZod(callee))) return notKnown;
  const made: unknown = Reflect.apply(callee, undefined, given.map(argument));
  return isOurs || isSchema(made) || isCheck(made) ? made : notKnown;
}

/** A method of a schema or of a text; null: the owner is neither, and what it has under the name decides. */
export function callMethod(owner: unknown, name: string, given: readonly unknown[]): unknown {
  if (!isSchema(owner)) {
    const folded = foldedText(owner, name, given);
    return folded === notKnown ? null : folded;
  }
  const method: unknown = refusedNames.has(name) ? null : Reflect.get(owner, name);
  if (typeof method !== "function") return notKnown;
  const made: unknown = Reflect.apply(method, owner, given.map(argument));
  return isSchema(made) ? made : notKnown;
}

/** A function that gives back one expression, behind constants at most. */
function callWritten(
  { file, node, scope }: WrittenFunction,
  given: readonly unknown[],
  evaluate: EvaluateIn,
): unknown {
  const result = lastResult(node);
  return result === null
    ? notKnown
    : evaluate(file, result, scopeOfCall({ file, node, scope }, given, evaluate));
}

/** What the names of a function's parameters stand for in a call of it. */
export function scopeOfCall(
  { file, node, scope }: WrittenFunction,
  given: readonly unknown[],
  evaluate: EvaluateIn,
): Scope {
  const inside = new Map(scope);
  const set = (name: ts.BindingName, value: unknown): void => {
    if (ts.isIdentifier(name)) inside.set(name.text, value === undefined ? notKnown : value);
    else if (ts.isObjectBindingPattern(name))
      for (const part of name.elements) {
        const key = nameOf((part.propertyName ?? part.name) as ts.PropertyName);
        if (key !== null) set(part.name, member(value, key));
      }
  };
  for (const [index, { name, initializer, dotDotDotToken }] of node.parameters.entries()) {
    if (dotDotDotToken !== undefined) set(name, given.slice(index));
    else set(name, index < given.length ? given[index] : initializer && evaluate(file, initializer, scope));
  }
  return inside;
}

/** Null: it does more than to give something back. */
function lastResult(node: FunctionNode): ts.Expression | null {
  const { body } = node;
  if (!ts.isBlock(body)) return resultOf(node);
  const last = body.statements.at(-1);
  const isPlain = body.statements
    .slice(0, -1)
    .every((one) => ts.isVariableStatement(one) && (one.declarationList.flags & ts.NodeFlags.Const) !== 0);
  return isPlain && last !== undefined && ts.isReturnStatement(last) ? (last.expression ?? null) : null;
}

/** As zod gets it: a function of the project is never called, so any will do. */
const argument = (value: unknown): unknown =>
  value instanceof WrittenFunction || value === notKnown ? () => true : value;
