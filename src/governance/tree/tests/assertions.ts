/** Which calls of a test assert something: they can fail, and they run. */

import ts from "typescript";
import { isWaitedFor, timers } from "../flow/awaited.ts";
import { declarationOf, givenTo } from "../names/scope.ts";
import { nodesOf } from "../syntax/nodes.ts";
import { bare, calledName, type FunctionNode, isFunction, isInside, walk } from "../syntax/source.ts";
import { type Chain, chainOf } from "./runner-names.ts";

/** `expect(…).…(…)`, `assert.…(…)`, `assert…(…)`: the call that compares, not the one that begins it. */
export function isAssertion(node: ts.CallExpression): boolean {
  const callee = bare(node.expression);
  if (ts.isIdentifier(callee)) {
    const chain = chainOf(callee);
    return (/^assert/.test(callee.text) || isOfAssert(chain)) && mayRefuse(node);
  }
  let at: ts.Expression = callee;
  let isPart = false;
  while (ts.isPropertyAccessExpression(at)) {
    at = bare(at.expression);
    // context.assert.equal(…)
    isPart ||= ts.isPropertyAccessExpression(at) && at.name.text === "assert";
  }
  if (ts.isIdentifier(at))
    return at !== callee && (at.text === "assert" || isPart || isOfAssert(chainOf(at))) && mayRefuse(node);
  if (!ts.isCallExpression(at)) return false;
  const begun = chainOf(at.expression);
  if (begun?.root !== "expect" || !begun.names.every((name) => /^(?:soft|poll)$/.test(name))) return false;
  const [subject] = at.arguments;
  return subject === undefined || mayDiffer(node, bare(subject));
}

const isOfAssert = (chain: Chain | null) => /^(?:node:)?assert(?:\/strict)?$/.test(chain?.from ?? "");

/** `assert(true)`, `assert.equal(1, 1)`, `assert.ok(rows.length >= 0)` cannot. */
function mayRefuse({ arguments: [first, second] }: ts.CallExpression): boolean {
  if (first === undefined) return true;
  const given = bare(first);
  if (second !== undefined && isSame(given, bare(second))) return false;
  return !isAlwaysTrue(given);
}

/** `expect(true).toBe(true)`: what is written down on both sides cannot fail, nor can what holds of every value. */
function mayDiffer(node: ts.CallExpression, subject: ts.Expression): boolean {
  if (isWrittenDown(subject) || ts.isTypeOfExpression(subject)) return false;
  const matcher = calledName(node) ?? "";
  const isNot = /\.not\b/.test(node.expression.getText());
  const [given] = node.arguments;
  const expected = given === undefined ? null : bare(given);
  if (isNot && /^toThrow/.test(matcher)) return false;
  if (isNot ? matcher === "toBeUndefined" : matcher === "toBeDefined") return mayBeUndefined(subject);
  if (matcher === "toBeTruthy" && isAlwaysTrue(subject)) return false;
  if (expected === null || isNot) return true;
  if (/^to(?:Be|Equal|StrictEqual)$/.test(matcher)) {
    if (isSame(subject, expected) || isAnything(expected)) return false;
    return !(expected.kind === ts.SyntaxKind.TrueKeyword && isAlwaysTrue(subject));
  }
  if (matcher === "toMatchObject")
    return !(ts.isObjectLiteralExpression(expected) && expected.properties.length === 0);
  return !isAtLeastNothing(subject, matcher, expected);
}

const isWrittenDown = (value: ts.Expression): boolean =>
  isConstant(value) ||
  ts.isLiteralExpression(value) ||
  value.kind === ts.SyntaxKind.TrueKeyword ||
  value.kind === ts.SyntaxKind.FalseKeyword ||
  value.kind === ts.SyntaxKind.NullKeyword ||
  (ts.isIdentifier(value) && value.text === "undefined") ||
  ((ts.isArrayLiteralExpression(value) || ts.isObjectLiteralExpression(value)) && value.getText().length < 3);

/** `const one = 1;` */
function isConstant(value: ts.Expression): boolean {
  const declared = ts.isIdentifier(value) ? declarationOf(value) : null;
  return (
    declared !== null &&
    ts.isVariableDeclaration(declared) &&
    (declared.parent.flags & ts.NodeFlags.Const) !== 0 &&
    declared.initializer !== undefined &&
    ts.isLiteralExpression(bare(declared.initializer))
  );
}

/** The same name, or the same part of one: what is worked out anew may be another value. */
const isSame = (one: ts.Expression, other: ts.Expression): boolean =>
  isName(one) && isName(other) && one.getText() === other.getText();

const isName = (node: ts.Expression): boolean =>
  ts.isIdentifier(node) || (ts.isPropertyAccessExpression(node) && isName(bare(node.expression)));

/** `expect.anything()`, `expect.any(Number)` */
const isAnything = (node: ts.Expression) => ts.isCallExpression(node) && /^expect\.any/.test(node.getText());

/** What is looked for in a list, or asked of what may not be there. Any other value is there, whatever it is. */
function mayBeUndefined(node: ts.Expression): boolean {
  if (ts.isElementAccessExpression(node) || node.getText().includes("?.")) return true;
  if (ts.isCallExpression(node))
    return /^(?:find\w*|at|get|shift|pop|exec|match)$/.test(calledName(node) ?? "");
  if (!ts.isIdentifier(node)) return false;
  const declared = declarationOf(node);
  if (declared === null) return false;
  if (ts.isBindingElement(declared)) return ts.isArrayBindingPattern(declared.parent);
  const given = givenTo(node);
  return given !== null && mayBeUndefined(bare(given));
}

function isAlwaysTrue(node: ts.Expression): boolean {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (!ts.isBinaryExpression(node))
    return ts.isLiteralExpression(node) && node.text !== "" && node.text !== "0";
  const [left, right] = [bare(node.left), bare(node.right)];
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.BarBarToken:
      return isAlwaysTrue(left) || isAlwaysTrue(right);
    case ts.SyntaxKind.EqualsEqualsEqualsToken:
    case ts.SyntaxKind.EqualsEqualsToken:
      return isSame(left, right);
    case ts.SyntaxKind.GreaterThanEqualsToken:
      return isAtLeastNothing(left, "toBeGreaterThanOrEqual", right);
    case ts.SyntaxKind.GreaterThanToken:
      return isAtLeastNothing(left, "toBeGreaterThan", right);
    default:
      return false;
  }
}

/** A length of at least 0. */
function isAtLeastNothing(subject: ts.Expression, matcher: string, bound: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(subject) || !/^(?:length|size)$/.test(subject.name.text)) return false;
  return (
    (matcher === "toBeGreaterThanOrEqual" && bound.getText() === "0") ||
    (matcher === "toBeGreaterThan" && bound.getText() === "-1")
  );
}

/**
 * Whether an assertion runs, and fails the test when it fails, as far as one function of the test shows. It does not behind
 * a `return`, in a branch or loop that is never entered, in a function that nobody calls or awaits, or where its error is
 * caught.
 */
export function isRun(node: ts.CallExpression, root: ts.Node): boolean {
  if (/\.(?:resolves|rejects)\b/.test(node.expression.getText()) && !isWaitedFor(node)) return false;
  for (let at: ts.Node = node; at !== root && at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (isFunction(parent) && parent !== root && !isCalled(parent, root)) return false;
    if (ts.isIfStatement(parent) && isNeverEntered(parent, at)) return false;
    if (ts.isForOfStatement(parent) && parent.statement === at && isEmptyList(parent.expression))
      return false;
    if (ts.isBlock(parent) && isBehindEnd(parent, at)) return false;
    if (ts.isTryStatement(parent) && !isTold(parent, at, root)) return false;
    if (ts.isCallExpression(parent) && isDropped(parent, at)) return false;
  }
  return true;
}

/** `assertion.catch(() => {})`, `Promise.allSettled([assertion])` */
function isDropped(call: ts.CallExpression, at: ts.Node): boolean {
  if (call.expression !== at) return call.expression.getText() === "Promise.allSettled";
  const [handler] = call.arguments;
  return (
    ts.isPropertyAccessExpression(at) &&
    at.name.text === "catch" &&
    handler !== undefined &&
    isFunction(bare(handler)) &&
    !/\b(?:throw|expect|assert|reject|fail)\b/.test(handler.getText())
  );
}

export const isNeverEntered = ({ expression, thenStatement }: ts.IfStatement, at: ts.Node) =>
  bare(expression).kind === (thenStatement === at ? ts.SyntaxKind.FalseKeyword : ts.SyntaxKind.TrueKeyword) &&
  expression !== at;

function isBehindEnd(block: ts.Block, at: ts.Node): boolean {
  const index = block.statements.indexOf(at as ts.Statement);
  return block.statements
    .slice(0, index === -1 ? 0 : index)
    .some((statement) => ts.isReturnStatement(statement) || ts.isThrowStatement(statement));
}

/** A list that is written down empty, and to which nothing is added. */
function isEmptyList(node: ts.Expression): boolean {
  const value = bare(node);
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0;
  const given = ts.isIdentifier(value) ? givenTo(value) : null;
  const list = given === null ? null : bare(given);
  if (list === null || !ts.isArrayLiteralExpression(list) || list.elements.length > 0) return false;
  const declared = declarationOf(value as ts.Identifier);
  // Given to somebody, or called by a method, it may be filled.
  return nodesOf(value.getSourceFile()).names.every(
    (name) =>
      name.text !== (value as ts.Identifier).text ||
      declarationOf(name) !== declared ||
      name === value ||
      (ts.isVariableDeclaration(name.parent) && name.parent.name === name),
  );
}

/** Whether an error inside of `try` is told, and what stands in `catch` is reached. */
function isTold(statement: ts.TryStatement, at: ts.Node, root: ts.Node): boolean {
  const { catchClause, tryBlock } = statement;
  if (catchClause === undefined) return true;
  if (at === tryBlock) return mayEnd(catchClause.block);
  if (at !== catchClause) return true;
  return mayEnd(tryBlock) || countsAssertions(root);
}

/** It throws, or asserts something itself. */
function mayEnd(block: ts.Block): boolean {
  let found = false;
  walk(block, (node) => {
    if (ts.isThrowStatement(node)) found = true;
    else if (ts.isCallExpression(node) && /^(?:expect|assert|reject|fail)\b/.test(node.expression.getText()))
      found = true;
    return !found;
  });
  return found;
}

/** `expect.assertions(1)`, `expect.hasAssertions()`: what never runs is told. */
const countsAssertions = (root: ts.Node): boolean =>
  /\bexpect\.(?:hasAssertions\(|assertions\(\s*[1-9])/.test(root.getText());

const ofEach = /^(?:forEach|map|flatMap|filter|every|some|find|reduce)$/;

function isCalled(inner: FunctionNode, root: ts.Node): boolean {
  const { parent } = inner;
  if (ts.isVariableDeclaration(parent) || ts.isFunctionDeclaration(inner)) return isNamedElsewhere(inner);
  const own = callAround(inner);
  if (own !== null) return !isAsync(inner) || isWaitedFor(own);
  if (!ts.isCallExpression(parent)) return true;
  const name = calledName(parent) ?? "";
  const callee = bare(parent.expression);
  if (name === "catch" || (name === "then" && parent.arguments[1] === inner)) return countsAssertions(root);
  if (name === "then" || name === "finally") return isWaitedFor(parent);
  if (timers.has(name) && name !== "waitUntil" && name !== "afterCommit") return isInPromise(parent, root);
  if (!ofEach.test(name) || !ts.isPropertyAccessExpression(callee)) return true;
  if (isEmptyList(callee.expression)) return false;
  return !isAsync(inner) || (name !== "forEach" && isWaitedFor(parent));
}

/** `(async () => …)()`; null: it is not called where it stands. */
function callAround(inner: FunctionNode): ts.CallExpression | null {
  let at: ts.Node = inner;
  while (ts.isParenthesizedExpression(at.parent)) at = at.parent;
  return ts.isCallExpression(at.parent) && at.parent.expression === at ? at.parent : null;
}

export const isAsync = (node: FunctionNode) =>
  ts.canHaveModifiers(node) &&
  ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true;

function isInPromise(node: ts.Node, root: ts.Node): boolean {
  for (let at = node.parent; at !== undefined && at !== root; at = at.parent)
    if (ts.isNewExpression(at) && at.expression.getText() === "Promise") return true;
  return false;
}

/** Somebody names the function, be it to call it or to hand it on. */
function isNamedElsewhere(inner: FunctionNode): boolean {
  const named = ts.isFunctionDeclaration(inner) ? inner.name : (inner.parent as ts.VariableDeclaration).name;
  if (named === undefined || !ts.isIdentifier(named)) return true;
  const declared = named.parent;
  return nodesOf(inner.getSourceFile()).names.some(
    (name) =>
      name !== named &&
      name.text === named.text &&
      !isInside(name, inner) &&
      declarationOf(name) === declared,
  );
}
