/** Classes of the project as values: what stands under their own name, and what `new` makes of them. */

import ts from "typescript";
import { bare, isFunction, nameOf, walk } from "../syntax/source.ts";
import { staticsOf } from "./composites.ts";
import { notKnown } from "./literals.ts";
import { type EvaluateIn, type Scope, scopeOfCall, WrittenFunction } from "./value-calls.ts";

/** A class, in the file that defines it. */
export interface WrittenClass {
  readonly file: string;
  readonly node: ts.ClassDeclaration;
}

/** What reading classes needs of a place. */
interface Look {
  readonly evaluate: EvaluateIn;
  /** The class that a name stands for; null: it is not of the project. */
  classNamed(file: string, name: ts.Expression): WrittenClass | null;
}

type Members = Record<string, unknown>;

const topScope: Scope = new Map();
const maxParents = 5;

const isStatic = (member: ts.ClassElement) =>
  ts.canHaveModifiers(member) &&
  member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;

function methodsOf({ file, node }: WrittenClass, scope: Scope, areStatic: boolean): Members {
  const found: Members = {};
  for (const member of node.members) {
    if (!ts.isMethodDeclaration(member) || !isFunction(member) || isStatic(member) !== areStatic) continue;
    const name = nameOf(member.name);
    if (name !== null && name !== "__proto__") found[name] = new WrittenFunction(file, member, scope);
  }
  return found;
}

/** The static members of a class as an object. */
export function classValue({ evaluate }: Pick<Look, "evaluate">, written: WrittenClass): Members {
  const found: Members = {};
  const scope: Scope = new Map([["this", found]]);
  Object.assign(found, methodsOf(written, scope, true));
  return Object.assign(
    found,
    staticsOf(written.node, (node) => evaluate(written.file, node, topScope)),
  );
}

/** `new Names("library")`: its fields and methods, as far as they are written in it and in the classes that it extends. */
export function instanceOf(look: Look, written: WrittenClass, given: readonly unknown[]): unknown {
  const made: Members = {};
  return build(look, written, given, made, maxParents) ? made : notKnown;
}

/** False: what it extends is not of the project, and may set anything. */
function build(
  look: Look,
  written: WrittenClass,
  given: readonly unknown[],
  made: Members,
  parents: number,
): boolean {
  const { file, node } = written;
  const self: Scope = new Map([["this", made]]);
  const maker = node.members.find(
    (member): member is ts.ConstructorDeclaration & { readonly body: ts.Block } =>
      ts.isConstructorDeclaration(member) && member.body !== undefined,
  );
  const inside =
    maker === undefined ? self : scopeOfCall(new WrittenFunction(file, maker, self), given, look.evaluate);
  const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
  if (base !== undefined) {
    const parent = parents === 0 ? null : look.classNamed(file, base.expression);
    const passed = maker === undefined ? given : givenToParent(look, file, maker, inside);
    if (parent === null || !build(look, parent, passed, made, parents - 1)) return false;
  }
  Object.assign(made, methodsOf(written, self, false));
  for (const member of node.members)
    if (ts.isPropertyDeclaration(member) && !isStatic(member))
      set(made, member.name, member.initializer && look.evaluate(file, member.initializer, self));
  // constructor(private readonly domain: string)
  for (const parameter of maker?.parameters ?? [])
    if (maker !== undefined && ts.isParameterPropertyDeclaration(parameter, maker))
      set(made, parameter.name as ts.Identifier, inside.get((parameter.name as ts.Identifier).text));
  for (const one of assignedIn(node)) {
    const isOnce = one.parent.parent === maker?.body;
    set(made, one.left.name, isOnce ? look.evaluate(file, one.right, inside) : notKnown);
  }
  return true;
}

function set(made: Members, name: ts.PropertyName, value: unknown): void {
  const field = nameOf(name);
  if (field !== null && field !== "__proto__") made[field] = value === undefined ? notKnown : value;
}

type FieldAssignment = ts.BinaryExpression & { readonly left: ts.PropertyAccessExpression };

/** `this.domain = …`: at the top of a constructor, or at another time; those come last. */
function assignedIn(node: ts.ClassDeclaration): readonly FieldAssignment[] {
  const found: FieldAssignment[] = [];
  walk(node, (at) => {
    if (
      ts.isBinaryExpression(at) &&
      at.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      at.operatorToken.kind <= ts.SyntaxKind.LastAssignment &&
      ts.isPropertyAccessExpression(at.left) &&
      at.left.expression.kind === ts.SyntaxKind.ThisKeyword
    )
      found.push(at as FieldAssignment);
  });
  const isAtTop = ({ parent, operatorToken }: FieldAssignment) =>
    operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    ts.isExpressionStatement(parent) &&
    ts.isConstructorDeclaration(parent.parent.parent);
  return [...found.filter(isAtTop), ...found.filter((one) => !isAtTop(one))];
}

/** What `super(…)` is given. */
function givenToParent(
  { evaluate }: Look,
  file: string,
  { body }: ts.ConstructorDeclaration & { readonly body: ts.Block },
  scope: Scope,
): readonly unknown[] {
  for (const statement of body.statements) {
    const call = ts.isExpressionStatement(statement) ? bare(statement.expression) : null;
    if (call !== null && ts.isCallExpression(call) && call.expression.kind === ts.SyntaxKind.SuperKeyword)
      return call.arguments.map((argument) => evaluate(file, argument, scope));
  }
  return [];
}
