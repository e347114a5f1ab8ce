/** Calls of a test runner, as their text tells: vitest's, those of `node:test` and Deno's. */

import ts from "typescript";
import { declarationOf, givenTo } from "../names/scope.ts";
import { bare, type FunctionNode, isFunction, propertyOf, walk } from "../syntax/source.ts";
import { isNeverEntered } from "./assertions.ts";
import { chainOf } from "./runner-names.ts";

/** `test(…)`, in whatever form: `test.each(rows)(…)`, `it.only(…)`, `Deno.test(…)`. */
export const isTest = (call: ts.CallExpression) =>
  testRoot(call) !== null && bodyArgument(call) !== undefined;

/** `test` of `test.each(rows)(…)`, with what stands between; null: it is none. */
function testRoot(call: ts.CallExpression): readonly string[] | null {
  const chain = chainOf(call.expression);
  if (chain === null) return null;
  const { root, names } = chain;
  if (root === "Deno" && names[0] === "test") return names;
  return root === "test" || root === "it" ? [root, ...names] : null;
}

/** Also under a name, and as `fn` of options. */
function bodyArgument({ arguments: given }: ts.CallExpression): FunctionNode | undefined {
  for (const one of given) {
    const value = bare(one);
    if (isFunction(value)) return value;
    const declared = ts.isIdentifier(value) ? declarationOf(value) : null;
    if (declared !== null && isFunction(declared)) return declared;
    const behind = meant(value);
    if (isFunction(behind)) return behind;
    const own = ts.isObjectLiteralExpression(behind) ? propertyOf(behind, "fn") : null;
    if (own !== null && isFunction(own)) return own;
    const named = own !== null && ts.isPropertyAssignment(own) ? bare(own.initializer) : null;
    if (named !== null && isFunction(named)) return named;
  }
  return undefined;
}

/** What a name was given where it is declared. */
function meant(value: ts.Expression): ts.Expression {
  const made = ts.isIdentifier(value) ? givenTo(value) : null;
  return made === null ? value : bare(made);
}

/** What the test runs; null: it is given nothing to run. */
export const bodyOf = (call: ts.CallExpression): FunctionNode | null => bodyArgument(call) ?? null;

const hooks = /^(?:before|beforeEach|beforeAll)$/;

/** What runs before the tests around which it stands: `beforeEach(async () => …)`; null: it is another call. */
export function hookBody(call: ts.CallExpression): FunctionNode | null {
  const callee = bare(call.expression);
  return ts.isIdentifier(callee) && hooks.test(callee.text) ? bodyOf(call) : null;
}

/** Texts in the rows of `test.each`. */
export function rowTextsOf(call: ts.CallExpression): readonly string[] {
  const callee = bare(call.expression);
  if (!ts.isCallExpression(callee)) return [];
  const texts: string[] = [];
  for (const given of callee.arguments)
    walk(given, (node) => {
      if (ts.isStringLiteralLike(node)) texts.push(node.text);
    });
  return texts;
}

/** Why the runner leaves a test out, or leaves others out for it; null: it runs with the others. */
export function faultOf(call: ts.CallExpression): "skipped" | "only" | null {
  const body = bodyOf(call);
  if (body !== null && skipsItself(body)) return "skipped";
  for (let at: ts.Node | undefined = call; at !== undefined; at = at.parent) {
    if (at.parent !== undefined && ts.isIfStatement(at.parent) && isNeverEntered(at.parent, at))
      return "skipped";
    if (!ts.isCallExpression(at)) continue;
    const names = at === call ? (testRoot(call) ?? []) : suiteNames(at);
    if (names.some((name) => /^(?:skip|skipIf|runIf|todo|fails|ignore)$/.test(name))) return "skipped";
    if (names.includes("only")) return "only";
    if (names.length > 0 && at.arguments.some(isSkipOption)) return "skipped";
  }
  return null;
}

function suiteNames(call: ts.CallExpression): readonly string[] {
  const chain = chainOf(call.expression);
  return chain !== null && /^(?:describe|suite)$/.test(chain.root) ? [chain.root, ...chain.names] : [];
}

/** `({ skip }) => { skip(); … }`, `(context) => { context.skip("later"); … }`: for no reason that a run could change. */
function skipsItself({ body, parameters: [context] }: FunctionNode): boolean {
  if (context === undefined || !ts.isBlock(body)) return false;
  return body.statements.some((statement) => {
    const call = ts.isExpressionStatement(statement) ? bare(statement.expression) : null;
    if (call === null || !ts.isCallExpression(call)) return false;
    const [condition] = call.arguments;
    if (condition !== undefined && !ts.isStringLiteralLike(condition)) return false;
    const chain = chainOf(call.expression);
    if (chain === null) return false;
    const { name } = context;
    return ts.isIdentifier(name)
      ? chain.root === name.text && chain.names.length === 1 && chain.names[0] === "skip"
      : chain.root === "skip" && chain.names.length === 0;
  });
}

function isSkipOption(given: ts.Expression): boolean {
  const value = meant(bare(given));
  if (!ts.isObjectLiteralExpression(value)) return false;
  return value.properties.some((property) => {
    const isOff = property.name !== undefined && /^(?:skip|todo|ignore)$/.test(property.name.getText());
    const isFalse =
      ts.isPropertyAssignment(property) && property.initializer.kind === ts.SyntaxKind.FalseKeyword;
    return isOff && !isFalse;
  });
}
