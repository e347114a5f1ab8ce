/** Classes of the project as values: what stands under their own name, and what `new` makes of them. */

import ts from "typescript";
import { bare, isFunction, nameOf, walk } from "../syntax/source.ts";
import { putMember, setStatics } from "./composites.ts";
import { notKnown } from "./literals.ts";
import { argumentsOf, type EvaluateIn, ofMember, scopeOfCall, WrittenFunction } from "./value-calls.ts";
import { Scope } from "./value-scopes.ts";

/** A class, in the file that defines it. */
export interface WrittenClass {
  readonly file: string;
  readonly node: ts.ClassLikeDeclaration;
}

/** What reading classes needs of a place. */
interface Look {
  readonly evaluate: EvaluateIn;
  /** The place of what stands in no function that is called. */
  readonly top: Scope;
  /** The class that a name stands for; null: it is not of the project. */
  classNamed(file: string, name: ts.Expression): WrittenClass | null;
}

type Members = Record<string, unknown>;

const maxParents = 5;

const isStatic = (member: ts.ClassElement) =>
  ts.canHaveModifiers(member) &&
  member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;

function methodsOf(
  { file, node }: WrittenClass,
  scope: Scope,
  areStatic: boolean,
  evaluate: EvaluateIn,
): Members {
  const found: Members = {};
  for (const member of node.members) {
    if (!ts.isMethodDeclaration(member) && !ts.isGetAccessor(member)) continue;
    if (!isFunction(member) || isStatic(member) !== areStatic) continue;
    const name = nameOf(member.name);
    if (name === null || name === "__proto__") continue;
    const written = new WrittenFunction(file, member, scope);
    if (ts.isGetAccessor(member)) putMember(found, name, () => ofMember(written, evaluate));
    else put(found, name, written);
  }
  return found;
}

/** The static members of a class as an object. */
export function classValue(
  { evaluate, top }: Pick<Look, "evaluate" | "top">,
  written: WrittenClass,
): Members {
  const found: Members = {};
  const scope = new Scope(top, null, found);
  Object.defineProperties(found, Object.getOwnPropertyDescriptors(methodsOf(written, scope, true, evaluate)));
  setStatics(found, written.node, (node) => evaluate(written.file, node, top));
  return found;
}

/** What the maker of an instance is given; null: the class has none of its own. */
type Give = (maker: WrittenFunction | null) => readonly unknown[];

/** `new Names("library")`: its fields and methods, as far as they are written in it and in the classes that it extends. */
export function instanceOf(look: Look, written: WrittenClass, give: Give): unknown {
  const made: Members = {};
  return build(look, written, give, made, maxParents) ? made : notKnown;
}

/** False: what it extends is not of the project, and may set anything. */
function build(look: Look, written: WrittenClass, give: Give, made: Members, parents: number): boolean {
  const { file, node } = written;
  const self = new Scope(look.top, null, made);
  const maker = node.members.find(
    (member): member is ts.ConstructorDeclaration & { readonly body: ts.Block } =>
      ts.isConstructorDeclaration(member) && member.body !== undefined,
  );
  const called = maker === undefined ? null : new WrittenFunction(file, maker, self);
  const inside = called === null ? self : scopeOfCall(called, give(called), look.evaluate);
  const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
  if (base !== undefined) {
    const parent = parents === 0 ? null : look.classNamed(file, base.expression);
    const passed = maker === undefined ? give : givenToParent(look, file, maker, inside);
    if (parent === null || !build(look, parent, passed, made, parents - 1)) return false;
  }
  Object.defineProperties(
    made,
    Object.getOwnPropertyDescriptors(methodsOf(written, self, false, look.evaluate)),
  );
  for (const member of node.members)
    if (ts.isPropertyDeclaration(member) && !isStatic(member))
      set(made, member.name, member.initializer && look.evaluate(file, member.initializer, self));
  // constructor(private readonly domain: string)
  for (const parameter of maker?.parameters ?? [])
    if (maker !== undefined && ts.isParameterPropertyDeclaration(parameter, maker))
      set(made, parameter.name as ts.Identifier, inside.parameter(parameter));
  setAssigned(look, written, made, maker === undefined ? null : { maker, inside });
  return true;
}

/** Also over a getter of the class that it extends. */
function put(made: Members, name: string, value: unknown): void {
  Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
}

function set(made: Members, name: ts.PropertyName, value: unknown): void {
  const field = nameOf(name);
  if (field !== null && field !== "__proto__") put(made, field, value === undefined ? notKnown : value);
}

/** What is assigned once at the top of the constructor is known, what is put into a field at another time is not. */
function setAssigned(
  { evaluate }: Look,
  { file, node }: WrittenClass,
  made: Members,
  own: { readonly maker: ts.ConstructorDeclaration; readonly inside: Scope } | null,
): void {
  const changed: ts.Expression[] = [];
  walk(node, (at) => {
    if (!isTarget(at)) return;
    const { parent } = at;
    const isOnce =
      ts.isBinaryExpression(parent) &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isExpressionStatement(parent.parent) &&
      own !== null &&
      parent.parent.parent === own.maker.body;
    if (!isOnce) changed.push(at);
    else if (ts.isPropertyAccessExpression(at)) set(made, at.name, evaluate(file, parent.right, own.inside));
    else setKey(made, at, evaluate(file, parent.right, own.inside));
  });
  for (const at of changed)
    if (ts.isPropertyAccessExpression(at)) set(made, at.name, notKnown);
    else setKey(made, at as ts.ElementAccessExpression, notKnown);
}

/** `this["domain"]`; under a key that is worked out it may be any field. */
function setKey(made: Members, { argumentExpression }: ts.ElementAccessExpression, value: unknown): void {
  const key = bare(argumentExpression);
  if (ts.isStringLiteralLike(key)) put(made, key.text, value);
  else
    for (const name of Object.keys(made))
      if (!(made[name] instanceof WrittenFunction)) put(made, name, notKnown);
}

type Field = ts.PropertyAccessExpression | ts.ElementAccessExpression;

/** `this.domain` where something is put into it: by `=`, `+=`, `++`, `delete`, a pattern or a loop. */
function isTarget(node: ts.Node): node is Field {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return false;
  if (bare(node.expression).kind !== ts.SyntaxKind.ThisKeyword) return false;
  let [at, around]: [ts.Node, ts.Node] = [node, node.parent];
  while (isPartOfTarget(around, at)) [at, around] = [around, around.parent];
  if (ts.isBinaryExpression(around))
    return (
      around.left === at &&
      around.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      around.operatorToken.kind <= ts.SyntaxKind.LastAssignment
    );
  if (ts.isPrefixUnaryExpression(around) || ts.isPostfixUnaryExpression(around))
    return (
      around.operator === ts.SyntaxKind.PlusPlusToken || around.operator === ts.SyntaxKind.MinusMinusToken
    );
  if (ts.isForOfStatement(around) || ts.isForInStatement(around)) return around.initializer === at;
  return ts.isDeleteExpression(around);
}

/** `(this.domain)`, `[this.domain]`, `{ domain: this.domain = "" }` on the left of an assignment. */
const isPartOfTarget = (around: ts.Node, part: ts.Node): boolean =>
  ts.isParenthesizedExpression(around) ||
  ts.isNonNullExpression(around) ||
  ts.isAsExpression(around) ||
  ts.isArrayLiteralExpression(around) ||
  ts.isObjectLiteralExpression(around) ||
  ts.isSpreadElement(around) ||
  ts.isSpreadAssignment(around) ||
  (ts.isPropertyAssignment(around) && around.initializer === part) ||
  (ts.isBinaryExpression(around) &&
    around.left === part &&
    around.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    !ts.isExpressionStatement(around.parent) &&
    (ts.isArrayLiteralExpression(around.parent) || ts.isPropertyAssignment(around.parent)));

/** What `super(…)` is given. */
function givenToParent(
  { evaluate }: Look,
  file: string,
  { body }: ts.ConstructorDeclaration & { readonly body: ts.Block },
  scope: Scope,
): Give {
  for (const statement of body.statements) {
    const call = ts.isExpressionStatement(statement) ? bare(statement.expression) : null;
    if (call !== null && ts.isCallExpression(call) && call.expression.kind === ts.SyntaxKind.SuperKeyword)
      return (maker) => argumentsOf(call.arguments, maker, (argument) => evaluate(file, argument, scope));
  }
  return () => [];
}
