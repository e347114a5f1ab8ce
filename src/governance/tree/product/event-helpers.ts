/** Events that a function of the project defines for others: `const bookEvent = (type: string) => defineEvent(type, …)`. */

import ts from "typescript";
import { declarationOf, givenTo, type Sources } from "../names/scope.ts";
import { shapesOf } from "../names/shapes.ts";
import type { FunctionCall } from "../names/values.ts";
import { bare, type FunctionNode, functionsAround, isInside, nameOf, walk } from "../syntax/source.ts";

export interface EventHelper {
  readonly node: FunctionNode;
  /** The one around it, which gives it back: `(resource) => (action) => defineEvent(…)`. Null: it stands alone. */
  readonly maker: FunctionNode | null;
  /** What it, or the one around it, is called where it stands; null: it is called there and then. */
  readonly name: string | null;
  /** What is the type of the event. */
  readonly type: ts.Expression;
  /** What are its options; null: it has none. */
  readonly options: ts.Expression | null;
  /** Which of its parameters are the type of the event and its options; -1: none is. */
  readonly typeAt: number;
  readonly optionsAt: number;
}

/** The function around `defineEvent(type, …)` that is given the type, or a part of it; null: there is none. */
export function helperAround({ arguments: [type, options] }: ts.CallExpression): EventHelper | null {
  const [node, maker = null, ...further] = type === undefined ? [] : functionsAround(type);
  if (type === undefined || node === undefined || further.length > 0) return null;
  const name = nameOfFunction(maker ?? node);
  if ((name === null && !isCalledThere(maker ?? node)) || !isGiven(type, maker ?? node)) return null;
  return {
    node,
    maker,
    name,
    type,
    options: options ?? null,
    typeAt: parameterOf(node, type),
    optionsAt: parameterOf(node, options),
  };
}

/** `((resource) => …)("book")` */
function isCalledThere(node: FunctionNode): boolean {
  let at: ts.Node = node;
  while (ts.isParenthesizedExpression(at.parent)) at = at.parent;
  return ts.isCallExpression(at.parent) && at.parent.expression === at;
}

/** Of a declaration, a method, or what it is given to. */
function nameOfFunction(node: FunctionNode): string | null {
  const { parent } = node;
  const named =
    node.name ??
    (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)
      ? parent.name
      : undefined);
  return named === undefined ? null : nameOf(named as ts.PropertyName);
}

/** A name in it is a parameter of the function, or is made of one; or a field of what its method is called on. */
function isGiven(type: ts.Expression, node: FunctionNode, steps = 3): boolean {
  let found = false;
  walk(type, (at) => {
    if (at.kind === ts.SyntaxKind.ThisKeyword) found ||= ts.isMethodDeclaration(node);
    const declared = ts.isIdentifier(at) ? declarationOf(at) : null;
    if (declared === null || !isInside(declared, node)) return !found;
    if (ts.isVariableDeclaration(declared))
      found ||=
        steps > 0 && declared.initializer !== undefined && isGiven(declared.initializer, node, steps - 1);
    else found = true;
    return !found;
  });
  return found;
}

function parameterOf({ parameters }: FunctionNode, node: ts.Expression | undefined): number {
  const given = node === undefined ? null : bare(node);
  const declared = given !== null && ts.isIdentifier(given) ? declarationOf(given) : null;
  return declared === null ? -1 : parameters.indexOf(declared as ts.ParameterDeclaration);
}

/** Those of the calls at the top of their file that call it. */
export const callsOfHelper = (
  { node }: EventHelper,
  calls: readonly ts.CallExpression[],
  sources: Sources,
): readonly ts.CallExpression[] =>
  calls.filter(
    (call) =>
      functionsAround(call).length === 0 && shapesOf(sources).of(bare(call.expression))?.node === node,
  );

/** A call of the helper, behind that of the function around it. Empty: that one is called elsewhere. */
export function callsThrough({ node, maker }: EventHelper, call: ts.CallExpression): readonly FunctionCall[] {
  if (maker === null) return [{ node, call }];
  const callee = bare(call.expression);
  const made = ts.isIdentifier(callee) ? givenTo(callee) : callee;
  const inner = made === null ? null : bare(made);
  return inner !== null && ts.isCallExpression(inner)
    ? [
        { node: maker, call: inner },
        { node, call },
      ]
    : [];
}

/** Files that may call it: they say its name. */
export const filesNaming = (
  { name, node }: EventHelper,
  files: readonly string[],
  text: (path: string) => string,
): readonly string[] => {
  if (name === null) return [node.getSourceFile().fileName];
  const named = new RegExp(`\\b${name.replaceAll("$", "\\$")}\\b`);
  return files.filter((path) => named.test(text(path)));
};
