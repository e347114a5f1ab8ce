/** What a call gives back: functions of the project that are one expression, of zod, and of the charter's package. */

import ts from "typescript";
import { type FunctionNode, resultOf } from "../syntax/source.ts";
import { foldedText } from "./folded-texts.ts";
import { notKnown } from "./literals.ts";
import { charterFunctions, isCheck, isOfZod, isSchema, refusedNames } from "./package-values.ts";

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

/** A function that is one expression. */
function callWritten(
  { file, node, scope }: WrittenFunction,
  given: readonly unknown[],
  evaluate: EvaluateIn,
): unknown {
  const result = resultOf(node);
  if (result === null) return notKnown;
  const inside = new Map(scope);
  for (const [index, { name, initializer }] of node.parameters.entries()) {
    const value = index < given.length ? given[index] : initializer && evaluate(file, initializer, scope);
    if (ts.isIdentifier(name)) inside.set(name.text, value === undefined ? notKnown : value);
  }
  return evaluate(file, result, inside);
}

/** As zod gets it: a function of the project is never called, so any will do. */
const argument = (value: unknown): unknown =>
  value instanceof WrittenFunction || value === notKnown ? () => true : value;
