/**
 * What a value is, by what is written of it: the type that it was declared with, or what it was given. Types of packages are
 * not read, and what the compiler would have to infer further is not known.
 */

import ts from "typescript";
import { bare, isFunction, nameOf, stringOf } from "../syntax/source.ts";
import type { Bindings, Origin } from "./bindings.ts";
import { declarationOf, type Sources } from "./scope.ts";
import { oneOf, promised, returnedBy, type Shape, type Shapes, settled } from "./shape.ts";
import { declaredType, elementOf, memberOf, shapeOfType } from "./type-shapes.ts";

const isolateShapes = new WeakMap<Bindings, Shapes>();

/** Remembers what it has read of a project. */
export function shapesOf({ bindings, source }: Sources): Shapes {
  const remembered = isolateShapes.get(bindings);
  if (remembered !== undefined) return remembered;
  const known = new Map<ts.Node, Shape | null>();
  const results = new Map<ts.Node, Shape | null>();
  const shapes: Shapes = {
    bindings,
    source,
    of: (node) => remember(known, node, () => read(shapes, node)),
    resultOf: ({ node }, call) => {
      if (node === null) return null;
      const generic = call === null ? null : givenParameter(shapes, node, call);
      return generic ?? remember(results, node, () => readResult(shapes, node));
    },
  };
  isolateShapes.set(bindings, shapes);
  return shapes;
}

/** What refers to itself is not known while it is read. */
function remember<Key>(known: Map<Key, Shape | null>, key: Key, make: () => Shape | null): Shape | null {
  const found = known.get(key);
  if (found !== undefined) return found;
  known.set(key, null);
  const made = make();
  known.set(key, made);
  return made;
}

const literals: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
  ts.SyntaxKind.TemplateExpression,
  ts.SyntaxKind.NumericLiteral,
  ts.SyntaxKind.BigIntLiteral,
  ts.SyntaxKind.RegularExpressionLiteral,
  ts.SyntaxKind.TrueKeyword,
  ts.SyntaxKind.FalseKeyword,
  ts.SyntaxKind.ArrayLiteralExpression,
  ts.SyntaxKind.ObjectLiteralExpression,
  ts.SyntaxKind.ClassExpression,
  ts.SyntaxKind.TypeOfExpression,
  ts.SyntaxKind.VoidExpression,
  ts.SyntaxKind.PrefixUnaryExpression,
  ts.SyntaxKind.PostfixUnaryExpression,
]);

function read(shapes: Shapes, node: ts.Expression): Shape | null {
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isSatisfiesExpression(node))
    return shapes.of(node.expression);
  if (ts.isAwaitExpression(node)) {
    const value = shapes.of(node.expression);
    return value === null || (value.isPromise && value.node === null) ? null : settled(value.node);
  }
  if (ts.isAsExpression(node)) return shapeOfType(shapes, node.type) ?? shapes.of(node.expression);
  if (isFunction(node) || literals.has(node.kind)) return settled(node);
  if (ts.isConditionalExpression(node)) return oneOf(shapes, [node.whenTrue, node.whenFalse]);
  if (ts.isBinaryExpression(node)) return readBinary(shapes, node);
  if (node.kind === ts.SyntaxKind.ThisKeyword) return ownerOfThis(node);
  if (ts.isNewExpression(node)) return readNew(shapes, node);
  if (ts.isCallExpression(node)) return readCall(shapes, node);
  if (ts.isIdentifier(node)) return readName(shapes, node);
  const name = memberName(node);
  if (name === null) return null;
  const { expression } = node as ts.PropertyAccessExpression;
  if (ts.isIdentifier(expression) && declarationOf(expression) === null) {
    const file = node.getSourceFile().fileName;
    const exported = shapes.bindings.memberOf(file, expression.text, name);
    if (exported !== null) return readOrigin(shapes, exported);
  }
  const owner = shapes.of(expression);
  return owner === null || owner.node === null || owner.isPromise ? null : memberOf(shapes, owner.node, name);
}

/** `owner.name`, `owner["name"]`; also of a name that was given such a text. Null: it is none, or is worked out. */
function memberName(node: ts.Expression): string | null {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (!ts.isElementAccessExpression(node)) return null;
  const key = bare(node.argumentExpression);
  const declared = ts.isIdentifier(key) ? declarationOf(key) : null;
  return stringOf(
    declared !== null && ts.isVariableDeclaration(declared) && isConstant(declared)
      ? declared.initializer
      : key,
  );
}

const isConstant = ({ parent }: ts.VariableDeclaration) => (parent.flags & ts.NodeFlags.Const) !== 0;

function readBinary(shapes: Shapes, node: ts.BinaryExpression): Shape | null {
  const { kind } = node.operatorToken;
  if (kind === ts.SyntaxKind.CommaToken || kind === ts.SyntaxKind.EqualsToken) return shapes.of(node.right);
  if (kind === ts.SyntaxKind.AmpersandAmpersandToken) return shapes.of(node.right);
  if (kind === ts.SyntaxKind.BarBarToken || kind === ts.SyntaxKind.QuestionQuestionToken)
    return oneOf(shapes, [node.left, node.right]);
  return settled(node);
}

/** The class or object whose method it stands in. */
function ownerOfThis(node: ts.Node): Shape | null {
  for (let at: ts.Node = node; at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (ts.isArrowFunction(at) || !(isFunction(at) || ts.isPropertyDeclaration(at))) continue;
    const owner = ts.isPropertyAssignment(parent) ? parent.parent : parent;
    return ts.isClassLike(owner) || ts.isObjectLiteralExpression(owner) ? settled(owner) : null;
  }
  return null;
}

function readNew(shapes: Shapes, node: ts.NewExpression): Shape | null {
  if (ts.isIdentifier(node.expression) && node.expression.text === "Promise") return promised(null);
  const made = shapes.of(node.expression);
  return made !== null && made.node !== null && ts.isClassLike(made.node) ? made : null;
}

const promiseMakers = /^(?:all|allSettled|any|race|reject|resolve|try)$/;

function readCall(shapes: Shapes, node: ts.CallExpression): Shape | null {
  const callee = bare(node.expression);
  const name = memberName(callee);
  if (name !== null) {
    const { expression } = callee as ts.PropertyAccessExpression;
    if (ts.isIdentifier(expression) && expression.text === "Promise" && promiseMakers.test(name))
      return promised(null);
    const owner = shapes.of(expression);
    if (owner?.isPromise === true && /^(?:then|catch|finally)$/.test(name)) return promised(null);
    if (name === "bind") return shapes.of(expression);
  }
  const called = shapes.of(callee);
  if (called === null || called.isPromise) return null;
  // A builder gives itself, also where a class that extends it was made.
  const given = called.node !== null && isFunction(called.node) ? returnedBy(called.node) : [];
  if (name !== null && given.length === 1 && given[0]?.kind === ts.SyntaxKind.ThisKeyword)
    return shapes.of((callee as ts.PropertyAccessExpression).expression);
  return shapes.resultOf(called, node);
}

function readName(shapes: Shapes, name: ts.Identifier): Shape | null {
  const declared = declarationOf(name);
  if (declared !== null) return readDeclared(shapes, declared);
  return readOrigin(shapes, shapes.bindings.originOf(name.getSourceFile().fileName, name.text));
}

function readOrigin(shapes: Shapes, origin: Origin | null): Shape | null {
  if (origin === null || origin.file === null) return null;
  if (origin.value !== null && !ts.isVariableDeclaration(origin.value.parent)) return shapes.of(origin.value);
  const found = declaredType(shapes, origin.file, origin.name);
  return found === null ? null : readDeclared(shapes, found);
}

function readDeclared(shapes: Shapes, declared: ts.Node): Shape | null {
  if (ts.isBindingElement(declared)) return readPart(shapes, declared);
  if (ts.isParameter(declared))
    return (
      shapeOfType(shapes, declared.type) ??
      (declared.initializer === undefined ? elementGiven(shapes, declared) : shapes.of(declared.initializer))
    );
  if (!ts.isVariableDeclaration(declared))
    return ts.isClassLike(declared) || ts.isFunctionDeclaration(declared) ? settled(declared) : null;
  const { initializer, parent, type } = declared;
  const given = initializer === undefined ? null : shapes.of(initializer);
  if (isConstant(declared) && given?.node != null) return given;
  if (type !== undefined) return shapeOfType(shapes, type) ?? given;
  if (!ts.isForOfStatement(parent.parent)) return given;
  const list = shapes.of(parent.parent.expression);
  return list === null || list.node === null ? null : elementOf(shapes, list.node);
}

/** `const { save } = store`, `({ save }: Store) => …` */
function readPart(shapes: Shapes, part: ts.BindingElement): Shape | null {
  const around = part.parent.parent;
  const whole = readDeclared(shapes, around);
  const name = nameOf((part.propertyName ?? part.name) as ts.PropertyName);
  if (whole === null || whole.node === null || whole.isPromise || !ts.isObjectBindingPattern(part.parent))
    return null;
  return name === null ? null : memberOf(shapes, whole.node, name);
}

/** `stores.map((store) => …)`: one of a list whose type is written. */
function elementGiven(shapes: Shapes, { parent }: ts.ParameterDeclaration): Shape | null {
  const call = parent.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== parent) return null;
  const callee = bare(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || parent.parameters.length !== 1) return null;
  const list = shapes.of(callee.expression);
  return list === null || list.node === null || list.isPromise ? null : elementOf(shapes, list.node);
}

const isAsync = (node: ts.Node) =>
  ts.canHaveModifiers(node) &&
  ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true;

/** Of a function, or of a type that can be called. */
function readResult(shapes: Shapes, node: ts.Node): Shape | null {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node)) {
    const call = node.members.find(ts.isCallSignatureDeclaration);
    return call === undefined ? null : shapeOfType(shapes, call.type);
  }
  if (!ts.isFunctionLike(node) || ts.isConstructorDeclaration(node)) return null;
  if ("asteriskToken" in node && node.asteriskToken !== undefined) return settled(null);
  const declared = shapeOfType(shapes, node.type);
  if (isAsync(node)) return promised(declared ?? (isFunction(node) ? oneOf(shapes, returnedBy(node)) : null));
  if (declared !== null || node.type !== undefined || !isFunction(node)) return declared;
  const given = returnedBy(node);
  return given.length === 0 ? settled(null) : oneOf(shapes, given);
}

/** `timed(async () => …)` of `<T>(run: () => T): T`: what it gives back is what its argument does. Null: it is another one. */
function givenParameter(shapes: Shapes, node: ts.Node, call: ts.CallExpression): Shape | null {
  if (!ts.isFunctionLike(node) || node.type === undefined || node.typeParameters === undefined) return null;
  const name = node.type.getText();
  if (!node.typeParameters.some((parameter) => parameter.name.text === name)) return null;
  for (const [index, { type }] of node.parameters.entries()) {
    const argument = call.arguments[index];
    if (type === undefined || argument === undefined) continue;
    if (type.getText() === name) return shapes.of(argument);
    if (!ts.isFunctionTypeNode(type) || type.type.getText() !== name) continue;
    const given = shapes.of(argument);
    return given === null ? null : shapes.resultOf(given, null);
  }
  return null;
}
