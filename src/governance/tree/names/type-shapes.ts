/** What a type says, where it is written in the project: its members, its elements, and whether it is a promise. */

import ts from "typescript";
import { isFunction, nameOf } from "../syntax/source.ts";
import { oneOf, promised, returnedBy, type Shape, type Shapes, settled } from "./shape.ts";

/** What they are made of has the members that matter here. */
const passing = /^(?:Readonly|Required|Partial|NonNullable|Pick|Omit|DeepReadonly)$/;
const thenable = /^Promise(?:Like)?$/;

/** Null: it is of a package, stands for any type, or is none. */
export function shapeOfType(shapes: Shapes, type: ts.TypeNode | undefined): Shape | null {
  if (type === undefined) return null;
  if (ts.isParenthesizedTypeNode(type)) return shapeOfType(shapes, type.type);
  if (ts.isTypeOperatorNode(type)) return shapeOfType(shapes, type.type);
  if (ts.isUnionTypeNode(type)) {
    const found = type.types.filter((one) => !isNothing(one)).map((one) => shapeOfType(shapes, one));
    return (
      found.find((shape) => shape?.isPromise) ?? (found.length === 0 ? settled(type) : (found[0] ?? null))
    );
  }
  if (ts.isTypeQueryNode(type)) return shapeOfEntity(shapes, type.exprName);
  if (ts.isIndexedAccessTypeNode(type)) {
    const { objectType, indexType } = type;
    const owner = shapeOfType(shapes, objectType);
    const isNamed = ts.isLiteralTypeNode(indexType) && ts.isStringLiteral(indexType.literal);
    return owner?.node == null || !isNamed ? null : memberOf(shapes, owner.node, indexType.literal.text);
  }
  if (ts.isTypeReferenceNode(type)) return shapeOfReference(shapes, type);
  if (type.kind === ts.SyntaxKind.AnyKeyword || type.kind === ts.SyntaxKind.UnknownKeyword) return null;
  return ts.isImportTypeNode(type) ? null : settled(type);
}

const isNothing = (type: ts.TypeNode) =>
  type.kind === ts.SyntaxKind.UndefinedKeyword ||
  type.kind === ts.SyntaxKind.VoidKeyword ||
  (ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword);

function shapeOfReference(shapes: Shapes, { typeName, typeArguments }: ts.TypeReferenceNode): Shape | null {
  const file = typeName.getSourceFile().fileName;
  const [first] = typeArguments ?? [];
  if (ts.isQualifiedName(typeName)) {
    const { left, right } = typeName;
    const origin = ts.isIdentifier(left) ? shapes.bindings.memberOf(file, left.text, right.text) : null;
    return origin === null || origin.file === null ? null : shapeNamed(shapes, origin.file, origin.name);
  }
  const name = typeName.text;
  if (isTypeParameter(typeName)) return null;
  const origin = shapes.bindings.originOf(file, name);
  if (origin !== null) return origin.file === null ? null : shapeNamed(shapes, origin.file, origin.name);
  const local = localType(typeName);
  if (local !== null) return shapeDeclared(shapes, local);
  if (thenable.test(name)) return promised(shapeOfType(shapes, first));
  if (passing.test(name)) return shapeOfType(shapes, first);
  if (name === "Awaited") {
    const value = shapeOfType(shapes, first);
    return value === null ? null : settled(value.node);
  }
  if (name !== "ReturnType") return settled(typeName.parent);
  const called = shapeOfType(shapes, first);
  return called === null ? null : shapes.resultOf(called, null);
}

/** `typeof store`, `typeof stores.books` */
function shapeOfEntity(shapes: Shapes, name: ts.EntityName): Shape | null {
  if (ts.isIdentifier(name)) return shapes.of(name);
  const owner = shapeOfEntity(shapes, name.left);
  return owner === null || owner.node === null ? null : memberOf(shapes, owner.node, name.right.text);
}

function isTypeParameter(name: ts.Identifier): boolean {
  for (let at: ts.Node = name; at.parent !== undefined; at = at.parent)
    if ("typeParameters" in at && Array.isArray(at.typeParameters))
      if (
        (at.typeParameters as readonly ts.TypeParameterDeclaration[]).some(
          (one) => one.name.text === name.text,
        )
      )
        return true;
  return false;
}

/** A type that is declared inside of a function. */
function localType(name: ts.Identifier): ts.Node | null {
  for (let at: ts.Node = name; at.parent !== undefined; at = at.parent)
    if (ts.isBlock(at)) {
      const found = at.statements.find((statement) => isTypeNamed(statement, name.text));
      if (found !== undefined) return found;
    }
  return null;
}

const isTypeNamed = (node: ts.Node, name: string): boolean =>
  (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node)) &&
  node.name?.text === name;

/** What stands at the top of a file under a name, types too; null: nothing. */
export function declaredType({ source }: Shapes, file: string, name: string): ts.Node | null {
  // A module as a whole is none of them, and may be a file that is not read.
  if (name === "*") return null;
  const { statements } = source(file)?.ast ?? { statements: [] };
  for (const statement of statements) {
    if (isTypeNamed(statement, name)) return statement;
    if (ts.isFunctionDeclaration(statement) && (statement.name?.text ?? "default") === name) return statement;
    if (ts.isClassDeclaration(statement) && statement.name === undefined && name === "default")
      return statement;
    if (!ts.isVariableStatement(statement)) continue;
    const found = statement.declarationList.declarations.find((one) => nameOf(one.name) === name);
    if (found !== undefined) return found;
  }
  return null;
}

function shapeNamed(shapes: Shapes, file: string, name: string): Shape | null {
  const found = declaredType(shapes, file, name);
  return found === null ? null : shapeDeclared(shapes, found);
}

function shapeDeclared(shapes: Shapes, node: ts.Node): Shape | null {
  if (ts.isTypeAliasDeclaration(node)) return shapeOfType(shapes, node.type);
  if (!ts.isInterfaceDeclaration(node) && !ts.isClassLike(node)) return null;
  return isThenable(node) ? promised(null) : settled(node);
}

function isThenable(node: ts.InterfaceDeclaration | ts.ClassLikeDeclaration): boolean {
  const extended = node.heritageClauses?.flatMap(({ types }) => types) ?? [];
  return (
    extended.some(({ expression }) => thenable.test(expression.getText())) ||
    node.members.some(({ name }) => name !== undefined && nameOf(name) === "then")
  );
}

const maxParents = 6;

/** A member of a class, an object or a type, also of those that it extends; null: it is not seen. */
export function memberOf(shapes: Shapes, owner: ts.Node, name: string, steps = maxParents): Shape | null {
  if (steps === 0) return null;
  if (ts.isIntersectionTypeNode(owner)) {
    for (const type of owner.types) {
      const part = shapeOfType(shapes, type)?.node ?? null;
      const found = part === null ? null : memberOf(shapes, part, name, steps - 1);
      if (found !== null) return found;
    }
    return null;
  }
  if (ts.isObjectLiteralExpression(owner)) return memberOfObject(shapes, owner, name, steps);
  if (!ts.isInterfaceDeclaration(owner) && !ts.isTypeLiteralNode(owner) && !ts.isClassLike(owner))
    return null;
  for (const member of owner.members) {
    if (ts.isConstructorDeclaration(member)) {
      // constructor(private readonly store: Store)
      const own = member.parameters.find(
        (parameter) =>
          ts.isParameterPropertyDeclaration(parameter, member) && nameOf(parameter.name) === name,
      );
      if (own !== undefined) return shapeOfType(shapes, own.type);
    } else if (member.name !== undefined && nameOf(member.name) === name)
      return shapeOfMember(shapes, member);
  }
  for (const { expression } of owner.kind === ts.SyntaxKind.TypeLiteral ? [] : parentsOf(owner)) {
    const parent = ts.isIdentifier(expression) ? parentNamed(shapes, expression) : null;
    const found = parent === null ? null : memberOf(shapes, parent, name, steps - 1);
    if (found !== null) return found;
  }
  return null;
}

const parentsOf = (owner: ts.Node): readonly ts.ExpressionWithTypeArguments[] =>
  (ts.isInterfaceDeclaration(owner) || ts.isClassLike(owner) ? owner.heritageClauses : undefined)?.flatMap(
    ({ types }) => types,
  ) ?? [];

function parentNamed(shapes: Shapes, name: ts.Identifier): ts.Node | null {
  const origin = shapes.bindings.originOf(name.getSourceFile().fileName, name.text);
  const found =
    origin === null || origin.file === null
      ? localType(name)
      : declaredType(shapes, origin.file, origin.name);
  return found === null ? null : (shapeDeclared(shapes, found)?.node ?? null);
}

function memberOfObject(
  shapes: Shapes,
  owner: ts.ObjectLiteralExpression,
  name: string,
  steps: number,
): Shape | null {
  for (const property of [...owner.properties].reverse()) {
    if (ts.isSpreadAssignment(property)) {
      const spread = shapes.of(property.expression)?.node ?? null;
      const found = spread === null ? null : memberOf(shapes, spread, name, steps - 1);
      if (found !== null) return found;
    } else if (nameOf(property.name) === name) {
      if (ts.isPropertyAssignment(property)) return shapes.of(property.initializer);
      return ts.isShorthandPropertyAssignment(property)
        ? shapes.of(property.name)
        : shapeOfMember(shapes, property);
    }
  }
  return null;
}

function shapeOfMember(
  shapes: Shapes,
  member: ts.ClassElement | ts.TypeElement | ts.ObjectLiteralElementLike,
): Shape | null {
  if (ts.isPropertySignature(member)) return shapeOfType(shapes, member.type);
  if (ts.isPropertyDeclaration(member)) {
    const given = member.initializer === undefined ? null : shapes.of(member.initializer);
    return given !== null && given.node !== null ? given : shapeOfType(shapes, member.type);
  }
  if (ts.isGetAccessor(member))
    return (
      shapeOfType(shapes, member.type) ?? (isFunction(member) ? oneOf(shapes, returnedBy(member)) : null)
    );
  return ts.isMethodSignature(member) || ts.isMethodDeclaration(member) ? settled(member) : null;
}

/** One of a list; null: it is none, or nothing says of what. */
export function elementOf(shapes: Shapes, list: ts.Node): Shape | null {
  if (ts.isArrayTypeNode(list)) return shapeOfType(shapes, list.elementType);
  if (ts.isArrayLiteralExpression(list))
    return list.elements[0] === undefined ? null : shapes.of(list.elements[0]);
  const isList =
    ts.isTypeReferenceNode(list) &&
    /^(?:Readonly)?(?:Array|Set)$|^(?:Async)?Iterable$/.test(list.typeName.getText());
  return isList ? shapeOfType(shapes, list.typeArguments?.[0]) : null;
}
