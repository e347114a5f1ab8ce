/** What a name inside of a file means: the parameter, variable or function that the nearest scope around declares. */

import ts from "typescript";
import { type Declaration, declarationOf, declaredIn } from "../syntax/declarations.ts";
import { nodesOf } from "../syntax/nodes.ts";
import { bare, type FunctionNode, isFunction, nameOf, type SourceFile } from "../syntax/source.ts";
import type { Bindings } from "./bindings.ts";

export { type Declaration, declarationOf };

/** The function whose parameter (or a piece of one) it is; null: it is none. */
export function parameterOwner(declaration: Declaration): ts.SignatureDeclaration | null {
  let at: ts.Node = declaration;
  while (ts.isBindingElement(at)) at = at.parent.parent;
  return ts.isParameter(at) ? (at.parent as ts.SignatureDeclaration) : null;
}

/** A `const`, or what its file puts nothing else into. */
export function isSetOnce(declared: ts.VariableDeclaration): boolean {
  if ((declared.parent.flags & ts.NodeFlags.Const) !== 0) return true;
  const { name } = declared;
  if (!ts.isIdentifier(name) || !ts.isVariableStatement(declared.parent.parent)) return false;
  return !namesPutInto(declared.getSourceFile()).has(name.text);
}

const putIntoOf = new WeakMap<ts.SourceFile, ReadonlySet<string>>();

/** Once for each file: a file may ask for each of its many `let`. */
function namesPutInto(file: ts.SourceFile): ReadonlySet<string> {
  const known = putIntoOf.get(file);
  if (known !== undefined) return known;
  const found = new Set(
    nodesOf(file)
      .names.filter(isPutInto)
      .map(({ text }) => text),
  );
  putIntoOf.set(file, found);
  return found;
}

/** `name = …`, `name += …`, `name++`, `[name] = …`, `for (name of …)` */
function isPutInto(name: ts.Identifier): boolean {
  let [at, around]: [ts.Node, ts.Node] = [name, name.parent];
  while (
    ts.isParenthesizedExpression(around) ||
    ts.isArrayLiteralExpression(around) ||
    ts.isObjectLiteralExpression(around) ||
    ts.isPropertyAssignment(around) ||
    ts.isShorthandPropertyAssignment(around) ||
    ts.isSpreadElement(around) ||
    ts.isSpreadAssignment(around)
  )
    [at, around] = [around, around.parent];
  if (ts.isBinaryExpression(around))
    return (
      around.left === at &&
      around.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      around.operatorToken.kind <= ts.SyntaxKind.LastAssignment
    );
  if (ts.isForOfStatement(around) || ts.isForInStatement(around)) return around.initializer === at;
  return ts.isPostfixUnaryExpression(around) || ts.isPrefixUnaryExpression(around);
}

const filledOf = new WeakMap<ts.SourceFile, ReadonlySet<string>>();

/** A list or a map into which its file puts something after it was made, or takes something out. */
export function isFilledLater({ initializer, name }: ts.VariableDeclaration): boolean {
  const made = initializer === undefined ? null : bare(initializer);
  if (made === null || !ts.isIdentifier(name)) return false;
  if (!ts.isArrayLiteralExpression(made) && !ts.isNewExpression(made)) return false;
  const file = name.getSourceFile();
  const known = filledOf.get(file);
  const found =
    known ??
    new Set(
      nodesOf(file)
        .names.filter(isFilled)
        .map(({ text }) => text),
    );
  if (known === undefined) filledOf.set(file, found);
  return found.has(name.text);
}

const filling = /^(?:add|clear|copyWithin|delete|fill|pop|push|reverse|set|shift|sort|splice|unshift)$/;

/** `name.push(…)`, `name[0] = …` */
function isFilled(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent))
    return (
      parent.expression === name &&
      filling.test(parent.name.text) &&
      ts.isCallExpression(parent.parent) &&
      parent.parent.expression === parent
    );
  return (
    ts.isElementAccessExpression(parent) &&
    parent.expression === name &&
    ts.isBinaryExpression(parent.parent) &&
    parent.parent.left === parent &&
    parent.parent.operatorToken.kind === ts.SyntaxKind.EqualsToken
  );
}

/** Whether it is what `for (const one of list)` has in each turn, or a piece of it. */
export function isOfLoop(declaration: Declaration): boolean {
  let at: ts.Node = declaration;
  while (ts.isBindingElement(at)) at = at.parent.parent;
  return ts.isVariableDeclaration(at) && ts.isForOfStatement(at.parent.parent);
}

/** What a local name or one of the file was given when it was declared; null: a parameter, a function, nothing. */
export function givenTo(name: ts.Identifier): ts.Expression | null {
  const declaration = declarationOf(name);
  return declaration !== null && ts.isVariableDeclaration(declaration)
    ? (declaration.initializer ?? null)
    : null;
}

/**
 * The part of something that a name stands for: `xadd` of `redis` behind `const { xadd: add } = redis` and
 * `const add = redis.xadd`, also bound. Null: it is no part.
 */
export function takenFrom(
  name: ts.Identifier,
): { readonly owner: ts.Expression; readonly part: string } | null {
  const declared = declarationOf(name);
  if (declared === null) return null;
  if (ts.isBindingElement(declared)) {
    const around = declared.parent.parent;
    const part = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
    return part !== null && ts.isVariableDeclaration(around) && around.initializer !== undefined
      ? { owner: around.initializer, part }
      : null;
  }
  const given = givenTo(name);
  let value = given === null ? null : bare(given);
  if (value !== null && ts.isCallExpression(value)) {
    const callee = bare(value.expression);
    const isBound = ts.isPropertyAccessExpression(callee) && callee.name.text === "bind";
    value = isBound ? bare(callee.expression) : null;
  }
  return value !== null && ts.isPropertyAccessExpression(value)
    ? { owner: value.expression, part: value.name.text }
    : null;
}

/** The leftmost name of a chain: `db` of `db.insert(rows).values(x)`, `this` as null. */
export function rootOf(node: ts.Expression): ts.Identifier | null {
  let at = bare(node);
  while (
    ts.isPropertyAccessExpression(at) ||
    ts.isCallExpression(at) ||
    ts.isElementAccessExpression(at) ||
    ts.isTaggedTemplateExpression(at)
  )
    at = bare(ts.isTaggedTemplateExpression(at) ? at.tag : at.expression);
  return ts.isIdentifier(at) ? at : null;
}

/** Whether a name is one of the language or the platform: nothing declares or imports it. */
export const isGlobal = (bindings: Bindings, name: ts.Identifier) =>
  declarationOf(name) === null && bindings.originOf(name.getSourceFile().fileName, name.text) === null;

/** Whether a name, or the first one of a chain, is what its file defines or imports: nothing nearer declares it. */
export function isOfFile(node: ts.Expression): boolean {
  const name = rootOf(node);
  if (name === null) return false;
  let at: ts.Node = name;
  while (at.parent !== undefined && declaredIn(at)?.has(name.text) !== true) at = at.parent;
  return ts.isSourceFile(at);
}

/** Where functions are looked for; a `TypeScriptTree` is one. */
export interface Sources {
  readonly bindings: Bindings;
  /** Null: functions of that file are not looked at. */
  source(path: string): SourceFile | null;
}

/**
 * The function that an expression is, or names: here, at the top of this file, or in another one of the project.
 * Null: it is none, comes as a parameter, or from a package.
 */
export function functionOf({ bindings, source }: Sources, node: ts.Expression): FunctionNode | null {
  const value = bare(node);
  if (isFunction(value)) return value;
  if (ts.isIdentifier(value)) {
    const local = declarationOf(value);
    if (local !== null) {
      if (isFunction(local)) return local;
      const given = ts.isVariableDeclaration(local) ? local.initializer : undefined;
      const inner = given === undefined ? null : bare(given);
      return inner !== null && isFunction(inner) ? inner : null;
    }
  }
  const origin = bindings.originOfExpression(value.getSourceFile().fileName, value);
  if (origin === null || origin.file === null) return null;
  if (origin.value !== null) {
    const given = bare(origin.value);
    return isFunction(given) ? given : null;
  }
  const top = source(origin.file);
  if (top !== null && origin.name === "default") return defaultFunction(top);
  const found = top === null ? undefined : declaredIn(top.ast)?.get(origin.name);
  return found !== undefined && isFunction(found) ? found : null;
}

/** `export default function () { … }`, which has no name. */
function defaultFunction({ ast }: SourceFile): FunctionNode | null {
  const found = ast.statements.find(
    (statement) =>
      ts.isFunctionDeclaration(statement) &&
      statement.name === undefined &&
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) === true,
  );
  return found !== undefined && isFunction(found) ? found : null;
}
