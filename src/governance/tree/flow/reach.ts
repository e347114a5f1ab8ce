/** What runs when a function runs: itself, and functions of the project that it calls. */

import ts from "typescript";
import { declarationOf, functionOf, givenTo } from "../names/scope.ts";
import type { Handled, TypeScriptTree } from "../product/typescript.ts";
import { nodesOf } from "../syntax/nodes.ts";
import {
  bare,
  type FunctionNode,
  isFunction,
  isInside,
  nameOf,
  stringOf,
  topStatement,
} from "../syntax/source.ts";

/**
 * The functions that handle: what is given, or what a function of the project makes of it, and then also those that it was
 * given, e.g. `on(event, traced(async () => …))`. The one that the engine calls is the first. Empty: it is made elsewhere.
 */
export function handlersOf(tree: TypeScriptTree, { handler }: Handled): readonly FunctionNode[] {
  if (handler === null) return [];
  const direct = functionOf(tree, handler);
  if (direct !== null) return [direct];
  const call = bare(handler);
  if (!ts.isCallExpression(call)) return [];
  const maker = calledFunction(tree, call.expression);
  const made = maker === null ? null : madeFunction(maker);
  const given = call.arguments.flatMap((argument) => functionOf(tree, argument) ?? []);
  return made === null ? given : [made, ...given];
}

/** The function that another one gives back; null: something else. */
function madeFunction(maker: FunctionNode): FunctionNode | null {
  const made = lastOf(maker);
  return made !== null && isFunction(made) ? made : null;
}

/** Calls inside of a function, those of functions inside of it too. */
export const callsInside = (node: ts.Node): readonly ts.CallExpression[] =>
  nodesOf(node.getSourceFile()).calls.filter((call) => isInside(call, node));

/**
 * As {@link functionOf}, and methods: of an object or a class of the project, and of `this`; and what a function of the
 * project has made: `const post = makePost(url)`.
 */
export function calledFunction(tree: TypeScriptTree, callee: ts.Expression): FunctionNode | null {
  const direct = functionOf(tree, callee);
  if (direct !== null) return direct;
  const value = bare(callee);
  if (ts.isIdentifier(value)) return functionMadeFor(tree, value);
  const name = ts.isPropertyAccessExpression(value)
    ? value.name.text
    : ts.isElementAccessExpression(value)
      ? stringOf(value.argumentExpression)
      : null;
  if (name === null) return null;
  const owner = ownerOf(tree, (value as ts.PropertyAccessExpression).expression, 4);
  return owner === null ? null : memberOf(tree, owner, name);
}

function functionMadeFor(tree: TypeScriptTree, name: ts.Identifier): FunctionNode | null {
  const local = declarationOf(name);
  const given =
    local === null
      ? (tree.bindings.originOf(name.getSourceFile().fileName, name.text)?.value ?? null)
      : givenTo(name);
  const made = given === null ? null : bare(given);
  if (made === null || !ts.isCallExpression(made)) return null;
  const maker = functionOf(tree, made.expression);
  return maker === null ? null : madeFunction(maker);
}

type Owner = ts.ObjectLiteralExpression | ts.ClassLikeDeclaration;

const isOwner = (node: ts.Node): node is Owner => ts.isObjectLiteralExpression(node) || ts.isClassLike(node);

/** The object or class that an expression is, names, or is an instance of; null: it is not seen. */
function ownerOf(tree: TypeScriptTree, node: ts.Expression, steps: number): Owner | null {
  const value = bare(node);
  if (isOwner(value)) return value;
  if (steps === 0) return null;
  if (value.kind === ts.SyntaxKind.ThisKeyword) {
    for (let at: ts.Node = value; at.parent !== undefined; at = at.parent) if (isOwner(at)) return at;
    return null;
  }
  if (ts.isNewExpression(value)) return ownerOf(tree, value.expression, steps - 1);
  if (ts.isCallExpression(value)) return ownerGivenBy(tree, value, steps - 1);
  if (!ts.isIdentifier(value)) return null;
  const declared = declarationOf(value);
  if (declared !== null && ts.isClassDeclaration(declared)) return declared;
  if (declared !== null)
    return ts.isVariableDeclaration(declared) && declared.initializer !== undefined
      ? ownerOf(tree, declared.initializer, steps - 1)
      : null;
  const origin = tree.bindings.originOf(value.getSourceFile().fileName, value.text);
  if (origin === null || origin.file === null) return null;
  if (origin.value !== null) return ownerOf(tree, origin.value, steps - 1);
  const top = topStatement(tree.source(origin.file).ast, origin.name);
  return top !== null && ts.isClassDeclaration(top) ? top : null;
}

/** Of `builder.with(…)`, whose method gives back `this`, and of `newBuilder()`, which makes one. */
function ownerGivenBy(tree: TypeScriptTree, call: ts.CallExpression, steps: number): Owner | null {
  const called = calledFunction(tree, call.expression);
  const given = called === null ? null : lastOf(called);
  if (given === null) return null;
  const callee = bare(call.expression);
  if (given.kind === ts.SyntaxKind.ThisKeyword)
    return ts.isPropertyAccessExpression(callee) ? ownerOf(tree, callee.expression, steps) : null;
  return ts.isNewExpression(given) || ts.isObjectLiteralExpression(given)
    ? ownerOf(tree, given, steps)
    : null;
}

/** What a function gives back at its end; null: nothing. */
function lastOf({ body }: FunctionNode): ts.Expression | null {
  const last = ts.isBlock(body) ? body.statements.at(-1) : undefined;
  const given = last !== undefined && ts.isReturnStatement(last) ? last.expression : body;
  return given === undefined || ts.isBlock(given) ? null : bare(given as ts.Expression);
}

function memberOf(tree: TypeScriptTree, owner: Owner, name: string): FunctionNode | null {
  for (const member of ts.isObjectLiteralExpression(owner) ? owner.properties : owner.members) {
    if (member.name === undefined || nameOf(member.name as ts.PropertyName) !== name) continue;
    if (isFunction(member)) return member;
    if (ts.isShorthandPropertyAssignment(member)) return functionOf(tree, member.name);
    const given =
      ts.isPropertyAssignment(member) || ts.isPropertyDeclaration(member) ? member.initializer : undefined;
    return given === undefined ? null : functionOf(tree, given);
  }
  return null;
}

/** More is never looked at. */
const maxReached = 300;

/**
 * @param steps how far calls are followed
 * @param onCall hears of each call that is followed
 */
export function reachedFrom(
  tree: TypeScriptTree,
  start: FunctionNode,
  steps: number,
  onCall: (call: ts.CallExpression, called: FunctionNode) => void = () => undefined,
): ReadonlySet<FunctionNode> {
  const found = new Set<FunctionNode>([start]);
  let edge: readonly FunctionNode[] = [start];
  for (let step = 0; step < steps && found.size < maxReached; step++) {
    const next: FunctionNode[] = [];
    for (const node of edge)
      for (const call of callsInside(node)) {
        const called = calledFunction(tree, call.expression);
        if (called === null) continue;
        onCall(call, called);
        if (found.has(called)) continue;
        found.add(called);
        next.push(called);
      }
    edge = next;
  }
  return found;
}

/** Whether a value is new with each run: `crypto.randomUUID()`, `Math.random()`, `Date.now()`, or a name that was given one. */
export function isRandom(tree: TypeScriptTree, node: ts.Node, steps = 3): boolean {
  let found = false;
  const look = (at: ts.Node): void => {
    if (ts.isCallExpression(at)) found = isRandomCall(tree, at, steps);
    else if (ts.isIdentifier(at) && steps > 0) {
      const declared = declarationOf(at);
      const given =
        declared !== null && ts.isVariableDeclaration(declared) && isInFunction(declared)
          ? declared.initializer
          : undefined;
      if (given !== undefined && !isFunction(bare(given))) found = isRandom(tree, given, steps - 1);
    }
    if (!found) ts.forEachChild(at, look);
  };
  look(node);
  return found;
}

function isRandomCall(tree: TypeScriptTree, call: ts.CallExpression, steps: number): boolean {
  if (/^(?:globalThis\.)?(?:crypto\.randomUUID|Math\.random|Date\.now)$/.test(call.expression.getText()))
    return true;
  const file = call.getSourceFile().fileName;
  const origin = tree.bindings.originOfExpression(file, call.expression);
  const from = origin?.package ?? "";
  if (/^(?:(?:node:)?crypto|uuid|nanoid|ulid)$/.test(from))
    return origin !== null && /^(?:randomUUID|v[147]|nanoid|ulid)$/.test(origin.name);
  // `newId()` of the project, when it is one expression or gives one back.
  const called = steps === 0 ? null : functionOf(tree, call.expression);
  if (called === null || call.arguments.length > 0) return false;
  const { body } = called;
  const last = ts.isBlock(body) ? body.statements.at(-1) : undefined;
  const given = last !== undefined && ts.isReturnStatement(last) ? last.expression : body;
  return given !== undefined && !ts.isBlock(given) && isRandom(tree, given, steps - 1);
}

/** What stands at the top of a file is made once. */
const isInFunction = (node: ts.Node): boolean => {
  for (let at: ts.Node | undefined = node.parent; at !== undefined; at = at.parent)
    if (isFunction(at)) return true;
  return false;
};
