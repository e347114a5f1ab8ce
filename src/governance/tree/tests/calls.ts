/** Calls of a test runner, as their text tells: vitest's, those of `node:test` and Deno's. */

import ts from "typescript";
import { bare, isFunction, walk } from "../syntax/source.ts";

/** `test(…)`, in whatever form: `test.each(rows)(…)`, `it.only(…)`, `Deno.test(…)`. */
export const isTest = (call: ts.CallExpression) =>
  testRoot(call) !== null && bodyArgument(call) !== undefined;

/** `test` of `test.each(rows)(…)`, with what stands between; null: it is none. */
function testRoot(call: ts.CallExpression): readonly string[] | null {
  const names: string[] = [];
  let at = bare(call.expression);
  while (true) {
    if (ts.isPropertyAccessExpression(at)) {
      names.unshift(at.name.text);
      at = bare(at.expression);
    } else if (ts.isCallExpression(at)) at = bare(at.expression);
    else if (ts.isTaggedTemplateExpression(at)) at = bare(at.tag);
    else break;
  }
  if (!ts.isIdentifier(at)) return null;
  if (at.text === "Deno" && names[0] === "test") return names;
  return at.text === "test" || at.text === "it" ? [at.text, ...names] : null;
}

const bodyArgument = (call: ts.CallExpression) => call.arguments.find((given) => isFunction(bare(given)));

/** What the test runs; null: it is given nothing to run. */
export function bodyOf(call: ts.CallExpression): ts.Node | null {
  const given = bodyArgument(call);
  return given === undefined ? null : bare(given);
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
  for (let at: ts.Node | undefined = call; at !== undefined; at = at.parent) {
    if (!ts.isCallExpression(at)) continue;
    const names = at === call ? (testRoot(call) ?? []) : suiteNames(at);
    if (names.some((name) => /^(?:skip|skipIf|runIf|todo|fails|ignore)$/.test(name))) return "skipped";
    if (names.includes("only")) return "only";
    if (names.length > 0 && at.arguments.some(isSkipOption)) return "skipped";
  }
  return null;
}

function suiteNames(call: ts.CallExpression): readonly string[] {
  const text = bare(call.expression).getText();
  return /^(?:describe|suite)\b/.test(text) ? (text.match(/\w+/g) ?? []) : [];
}

function isSkipOption(given: ts.Expression): boolean {
  const value = bare(given);
  if (!ts.isObjectLiteralExpression(value)) return false;
  return value.properties.some((property) => {
    const isOff = property.name !== undefined && /^(?:skip|todo|ignore)$/.test(property.name.getText());
    const isFalse =
      ts.isPropertyAssignment(property) && property.initializer.kind === ts.SyntaxKind.FalseKeyword;
    return isOff && !isFalse;
  });
}
