/** What an expression may be at the end: behind names, defaults, choices, members, and functions of the project. */

import ts from "typescript";
import { declarationOf, isSetOnce } from "../names/scope.ts";
import { returnedBy } from "../names/shape.ts";
import { shapesOf } from "../names/shapes.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { bare, isFunction } from "../syntax/source.ts";
import { calledFunction } from "./reach.ts";

const maxSteps = 5;
/** A function with more ends is one that decides something. */
const maxEnds = 3;

/** The expression itself where nothing stands behind it that is written down. */
export function madeOf(
  tree: TypeScriptTree,
  node: ts.Expression,
  steps = maxSteps,
): readonly ts.Expression[] {
  const value = bare(node);
  const behind = steps === 0 ? [] : standingBehind(tree, value);
  return behind.length === 0 ? [value] : behind.flatMap((one) => madeOf(tree, one, steps - 1));
}

function standingBehind(tree: TypeScriptTree, value: ts.Expression): readonly ts.Expression[] {
  if (ts.isConditionalExpression(value)) return [value.whenTrue, value.whenFalse];
  if (ts.isBinaryExpression(value)) return isChoice(value) ? [value.left, value.right] : [];
  if (ts.isIdentifier(value)) return behindName(tree, value);
  if (ts.isCallExpression(value)) return behindCall(tree, value);
  return ts.isPropertyAccessExpression(value) || ts.isElementAccessExpression(value)
    ? behindMember(tree, value)
    : [];
}

const isChoice = ({ operatorToken: { kind } }: ts.BinaryExpression) =>
  kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;

function behindName(tree: TypeScriptTree, name: ts.Identifier): readonly ts.Expression[] {
  const declared = declarationOf(name);
  if (declared === null) {
    const given = tree.bindings.originOf(name.getSourceFile().fileName, name.text)?.value ?? null;
    return given === null ? [] : [given];
  }
  // What a `let` holds by then may be something else.
  if (ts.isVariableDeclaration(declared) && declared.initializer !== undefined && !isSetOnce(declared))
    return [];
  if (ts.isVariableDeclaration(declared) || ts.isParameter(declared))
    return declared.initializer === undefined ? elementsFor(tree, declared) : [declared.initializer];
  if (!ts.isBindingElement(declared)) return [];
  const { initializer } = declared;
  return [...behindMember(tree, name), ...(initializer === undefined ? [] : [initializer])];
}

/** `for (const one of [a, b])`, `[a, b].map((one) => …)` */
function elementsFor(
  tree: TypeScriptTree,
  declared: ts.VariableDeclaration | ts.ParameterDeclaration,
): readonly ts.Expression[] {
  const around = declared.parent.parent;
  if (ts.isForOfStatement(around)) return elementsOf(tree, around.expression);
  if (!ts.isParameter(declared) || declared.parent.parameters[0] !== declared) return [];
  const callee =
    ts.isCallExpression(around) && around.arguments[0] === declared.parent ? bare(around.expression) : null;
  return callee !== null && ts.isPropertyAccessExpression(callee) && goesThrough.test(callee.name.text)
    ? elementsOf(tree, callee.expression)
    : [];
}

const goesThrough = /^(?:map|flatMap|forEach|filter|find|some|every)$/;

const elementsOf = (tree: TypeScriptTree, list: ts.Expression): readonly ts.Expression[] =>
  madeOf(tree, list, 1).flatMap((one) =>
    ts.isArrayLiteralExpression(one) ? one.elements.filter((element) => !ts.isSpreadElement(element)) : [],
  );

/** They give back what they were given, or a copy of it. */
const passing = /^(?:Object\.(?:freeze|seal)|structuredClone)$/;

function behindCall(tree: TypeScriptTree, call: ts.CallExpression): readonly ts.Expression[] {
  const [first] = call.arguments;
  if (first !== undefined && passing.test(call.expression.getText())) return [first];
  // What a package makes, also one that is a workspace here, is what it is called: `defineEvent(…)`.
  const origin = tree.bindings.originOfExpression(call.getSourceFile().fileName, call.expression);
  const called = origin?.package != null ? null : calledFunction(tree, call.expression);
  const ends = called === null ? [] : returnedBy(called);
  return ends.length > maxEnds ? [] : ends;
}

/** What a class, an object or an enum has under that name. */
function behindMember(tree: TypeScriptTree, node: ts.Expression): readonly ts.Expression[] {
  const found = shapesOf(tree).of(node)?.node ?? null;
  if (found !== null) return found !== node && ts.isExpression(found) && !isFunction(found) ? [found] : [];
  if (!ts.isElementAccessExpression(node)) return [];
  // `kinds[kind]` is one of them.
  return madeOf(tree, node.expression, 1).flatMap((whole) =>
    ts.isObjectLiteralExpression(whole)
      ? whole.properties.flatMap((one) => (ts.isPropertyAssignment(one) ? [one.initializer] : []))
      : [],
  );
}
