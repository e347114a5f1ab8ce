/** What a call gives back: functions of the project that only put something together, of zod, and of the charter's package. */

import ts from "typescript";
import { type FunctionNode, nameOf, resultOf } from "../syntax/source.ts";
import { isCollection } from "./composites.ts";
import { notKnown } from "./literals.ts";
import {
  charterFunctions,
  isCheck,
  isOfZod,
  isPlain,
  isSchema,
  member,
  refusedNames,
} from "./package-values.ts";
import { methodOf } from "./value-methods.ts";
import { Scope } from "./value-scopes.ts";

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

/** Whether a call of it may give something that is known. */
export const isCallable = (callee: unknown): boolean =>
  callee instanceof WrittenFunction || typeof callee === "function";

/** @param evaluate for the bodies and default values of the project's functions */
export function callValue(callee: unknown, given: readonly unknown[], evaluate: EvaluateIn): unknown {
  if (callee instanceof WrittenFunction) return callWritten(callee, given, evaluate);
  const isOurs = charterFunctions.includes(callee);
  if (typeof callee !== "function" || !(isOurs || isOfZod(callee))) return notKnown;
  const made: unknown = Reflect.apply(callee, undefined, given.map(argument));
  return isOurs || isSchema(made) || isCheck(made) ? made : notKnown;
}

/** Whether it is a schema, a text, a list or a map, which have methods of their own. */
export const hasMethods = (owner: unknown): boolean =>
  isSchema(owner) || typeof owner === "string" || Array.isArray(owner) || isCollection(owner);

/** A method of a schema, a text, a list or a map; null: what the owner has under the name decides. */
export function callMethod(
  owner: unknown,
  name: string,
  given: readonly unknown[],
  evaluate: EvaluateIn,
): unknown {
  if (!isSchema(owner)) {
    const made = methodOf(owner, name, given, (callee, each) => callValue(callee, each, evaluate));
    return made === notKnown ? null : made;
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

/** A call of a function, with what its parameters stand for. */
export function scopeOfCall(
  { file, node, scope }: WrittenFunction,
  given: readonly unknown[],
  evaluate: EvaluateIn,
): Scope {
  const inside = new Scope(scope, node, ownThis(node, scope));
  const set = (declared: ts.ParameterDeclaration, value: unknown): void =>
    bindName(declared, value, inside, (part) => evaluate(file, part, inside));
  // `this: void` is a type: nothing is given to it.
  const parameters = node.parameters.filter(({ name }) => !(ts.isIdentifier(name) && name.text === "this"));
  for (const [index, parameter] of parameters.entries()) {
    const { initializer } = parameter;
    if (parameter.dotDotDotToken !== undefined) set(parameter, given.slice(index));
    else if (given[index] !== undefined) set(parameter, given[index]);
    else set(parameter, initializer && evaluate(file, initializer, inside));
  }
  return inside;
}

/** What a name, or each name in a pattern, stands for in a scope. */
export function bindName(
  declared: ts.VariableDeclaration | ts.ParameterDeclaration | ts.BindingElement,
  value: unknown,
  scope: Scope,
  evaluate: (node: ts.Expression) => unknown,
): void {
  const { name } = declared;
  if (ts.isIdentifier(name)) scope.given.set(declared, value === undefined ? notKnown : value);
  else
    for (const part of name.elements)
      if (ts.isBindingElement(part)) bindName(part, partOf(value, part, evaluate), scope, evaluate);
}

/** Classes say what it is in their methods; an arrow function has the one that is around it. */
const ownThis = (node: ts.Node, scope: Scope): unknown =>
  ts.isArrowFunction(node) || ts.isClassLike(node.parent) ? scope.self : notKnown;

/** What a name in a pattern takes of a whole. @param evaluate for what stands for a part that the whole does not have */
export function partOf(
  whole: unknown,
  part: ts.BindingElement,
  evaluate: (node: ts.Expression) => unknown,
): unknown {
  if (part.dotDotDotToken !== undefined) return restOf(whole, part);
  if (ts.isObjectBindingPattern(part.parent)) {
    const name = nameOf((part.propertyName ?? part.name) as ts.PropertyName);
    if (name === null) return notKnown;
    const isLeftOut = isPlain(whole) && (!Object.hasOwn(whole, name) || whole[name] === undefined);
    return isLeftOut && part.initializer !== undefined ? evaluate(part.initializer) : member(whole, name);
  }
  const at = part.parent.elements.indexOf(part);
  // What is not known may be any number of elements.
  const isKnown = Array.isArray(whole) && !whole.slice(0, at).includes(notKnown);
  return isKnown && whole[at] !== undefined ? whole[at] : notKnown;
}

/** `...rest` of an object: what no name before it takes. */
function restOf(whole: unknown, { parent }: ts.BindingElement): unknown {
  if (!isPlain(whole) || !ts.isObjectBindingPattern(parent)) return notKnown;
  const taken = parent.elements.map((one) => nameOf((one.propertyName ?? one.name) as ts.PropertyName));
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !taken.includes(name)));
}

/** What stands under a name: a method, or what a `get` gives back. */
export const ofMember = (written: WrittenFunction, evaluate: EvaluateIn): unknown =>
  ts.isGetAccessor(written.node) ? callValue(written, [], evaluate) : written;

/** What a call is given. Behind a spread of what is not known, anything may be. */
export function argumentsOf(
  nodes: readonly ts.Expression[],
  callee: unknown,
  evaluate: (node: ts.Expression) => unknown,
): readonly unknown[] {
  const given: unknown[] = [];
  for (const node of nodes) {
    const value = evaluate(ts.isSpreadElement(node) ? node.expression : node);
    if (!ts.isSpreadElement(node)) given.push(value);
    else if (Array.isArray(value) && !value.includes(notKnown)) given.push(...value);
    else {
      const parameters = callee instanceof WrittenFunction ? callee.node.parameters.length : 0;
      while (given.length <= parameters) given.push(notKnown);
      return given;
    }
  }
  return given;
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
