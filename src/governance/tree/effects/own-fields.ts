/** Fields of `this` that something begins with: what was there before the transaction, or may be the transaction itself. */

import ts from "typescript";
import { shapesOf } from "../names/shapes.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { bare, nameOf } from "../syntax/source.ts";
import { opens, transactionName } from "./connections.ts";

/** A transaction by its type. */
const transactionType = /\b(?:\w*Transaction(?:Host|al\w*)?|\w*Tx|UnitOfWork)\b/;
const maxParents = 5;

/**
 * `db` of `this.db.insert`.
 *
 * @returns null: it does not begin with a field, or with one that may be a transaction. What is called for it may give one
 *   back, and so may what the class does not say: a base class of a package
 */
export function fieldOf(tree: TypeScriptTree, node: ts.Expression): string | null {
  let names: string[] = [];
  let at = bare(node);
  for (;;) {
    if (ts.isPropertyAccessExpression(at)) {
      if (transactionName.test(at.name.text)) return null;
      names.unshift(at.name.text);
      at = bare(at.expression);
    } else if (ts.isCallExpression(at)) {
      // `this.engine.open().db`: what it opens is new, whatever is called for it.
      const callee = bare(at.expression);
      if (!isOpening(tree, callee)) return null;
      names = [];
      at = bare(callee.expression);
    } else break;
  }
  const [field] = names;
  if (at.kind !== ts.SyntaxKind.ThisKeyword || field === undefined) return null;
  return mayBeTransaction(tree, at, names) ? null : field;
}

/** Not a method of the project that bears such a name, and may give back anything. */
function isOpening(tree: TypeScriptTree, callee: ts.Expression): callee is ts.PropertyAccessExpression {
  return (
    ts.isPropertyAccessExpression(callee) &&
    opens.test(callee.name.text) &&
    bare(callee.expression).kind !== ts.SyntaxKind.ThisKeyword &&
    (shapesOf(tree).of(callee)?.node ?? null) === null
  );
}

function mayBeTransaction(tree: TypeScriptTree, self: ts.Expression, names: readonly string[]): boolean {
  const shapes = shapesOf(tree);
  let owner: ts.Expression = self;
  for (const [index, name] of names.entries()) {
    const holder = shapes.of(owner)?.node ?? null;
    const member = holder === null ? null : memberIn(tree, holder, name);
    // What a field of a package has is not known, but the field itself is no transaction.
    if (member === null) return index === 0;
    if (ts.isGetAccessor(member) || ts.isMethodDeclaration(member) || isTyped(member)) return true;
    if (!ts.isPropertyAccessExpression(owner.parent)) return false;
    owner = owner.parent;
  }
  return false;
}

const isTyped = (member: ts.Node) =>
  "type" in member &&
  member.type !== undefined &&
  transactionType.test((member.type as ts.TypeNode).getText());

/** What a class, its own base classes, a type or an object says of a member; null: nothing. */
function memberIn(tree: TypeScriptTree, holder: ts.Node, name: string, parents = maxParents): ts.Node | null {
  if (ts.isObjectLiteralExpression(holder))
    return holder.properties.find((one) => one.name !== undefined && nameOf(one.name) === name) ?? null;
  if (ts.isTypeLiteralNode(holder) || ts.isInterfaceDeclaration(holder))
    return holder.members.find((one) => one.name !== undefined && nameOf(one.name) === name) ?? null;
  if (!ts.isClassLike(holder)) return null;
  for (const member of holder.members) {
    if (member.name !== undefined && nameOf(member.name) === name) return member;
    const given = ts.isConstructorDeclaration(member) ? member.parameters : [];
    const found = given.find(
      (one) => ts.isParameterPropertyDeclaration(one, member) && nameOf(one.name) === name,
    );
    if (found !== undefined) return found;
  }
  const base = holder.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
  const parent = base === undefined || parents === 0 ? null : shapesOf(tree).of(bare(base.expression));
  return parent?.node == null ? null : memberIn(tree, parent.node, name, parents - 1);
}
