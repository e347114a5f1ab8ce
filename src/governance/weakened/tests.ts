/** Tests that a change takes away, does not run any more, or lets assert less. */

import ts from "typescript";
import { isTestPath } from "../tree/product/typescript.ts";
import { bare, calledName, isFunction, walk } from "../tree/syntax/source.ts";
import { isAssertion } from "../tree/tests/assertions.ts";
import type { TextFile } from "../tree/text.ts";
import { isParsed, type Side, startOf, treeOf, type Weakening } from "./fact.ts";

interface TestCase {
  readonly file: TextFile;
  readonly title: string;
  readonly node: ts.CallExpression;
  readonly isOff: boolean;
  readonly body: string;
  /** What it says of values, also what cannot fail. */
  readonly said: readonly ts.CallExpression[];
  /** How much of it can fail. */
  readonly asserted: number;
}

const begins =
  /^(?:test|it|describe)(?:\.(?:skip|only|todo|fails|concurrent|sequential|each|for|skipIf|runIf))*$/;

/** How much functions assert, by name: a test may have them do so. */
function assertingFunctions(side: Side): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const file of side.filter((one) => isParsed(one) && /\b(?:expect|assert)/.test(one.text)))
    walk(treeOf(file), (node) => {
      const given =
        ts.isVariableDeclaration(node) && node.initializer !== undefined ? bare(node.initializer) : node;
      if (!isFunction(given)) return;
      const name = ts.isVariableDeclaration(node) ? node.name : (given as { name?: ts.Node }).name;
      let count = 0;
      walk(given.body, (inner) => {
        if (ts.isCallExpression(inner) && isAssertion(inner)) count += 1;
      });
      if (name !== undefined && ts.isIdentifier(name) && count > 0) found.set(name.text, count);
    });
  return found;
}

function casesIn(side: Side): readonly TestCase[] {
  const asserting = assertingFunctions(side);
  const assertedBy = (call: ts.CallExpression) =>
    isAssertion(call) ? 1 : (asserting.get(calledName(call) ?? "") ?? 0);
  return side
    .filter((file) => isParsed(file) && isTestPath(file.path))
    .flatMap((file) => {
      const found: TestCase[] = [];
      walk(treeOf(file), (node) => {
        if (!ts.isCallExpression(node)) return;
        const callee = bare(node.expression);
        // test.each(rows)("title", …)
        const word = (ts.isCallExpression(callee) ? callee.expression : callee).getText();
        const [title, ...rest] = node.arguments;
        const body = rest.find((given) => isFunction(given));
        if (
          !begins.test(word) ||
          title === undefined ||
          !(ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))
        )
          return;
        const said: ts.CallExpression[] = [];
        let asserted = 0;
        if (body !== undefined && !word.startsWith("describe"))
          walk(body, (inner) => {
            if (!ts.isCallExpression(inner)) return;
            asserted += assertedBy(inner);
            if (isAssertion(inner) || isExpectation(inner)) said.push(inner);
          });
        found.push({
          file,
          node,
          said,
          asserted,
          title: title.getText().slice(1, -1),
          isOff: /\.(?:skip|only)\b/.test(word),
          body: (body?.getText() ?? "").replace(/\s+/g, " "),
        });
      });
      return found;
    });
}

export function weakerTests(before: Side, after: Side): readonly Weakening[] {
  const [was, is] = [casesIn(before), casesIn(after)];
  return [...takenAway(was, is, after), ...switchedOff(was, is), ...assertingLess(was, is)];
}

const single = ({ node }: TestCase) => !/^describe/.test(node.expression.getText());

/** One that is called otherwise, or is written anew, takes none away. */
function takenAway(was: readonly TestCase[], is: readonly TestCase[], after: Side): readonly Weakening[] {
  const titles = new Set(is.map(({ title }) => title));
  const bodies = new Set(is.map(({ body }) => body));
  const old = new Set(was.map(({ title }) => title));
  const gone = was.filter((test) => single(test) && !titles.has(test.title) && !bodies.has(test.body));
  const fresh = is.filter((test) => single(test) && !old.has(test.title));
  if (gone.length <= fresh.length) return [];
  return gone.map(({ file, title }) => ({
    file: after.find(({ path }) => path === file.path)?.path ?? file.path,
    start: 0,
    message: `The test "${title}" is gone, and there are fewer tests than before.`,
  }));
}

function switchedOff(was: readonly TestCase[], is: readonly TestCase[]): readonly Weakening[] {
  const off = new Set(was.filter(({ isOff }) => isOff).map(({ title }) => title));
  return is
    .filter(({ isOff, title }) => isOff && !off.has(title))
    .map(({ file, node, title }) => ({
      file: file.path,
      start: startOf(node),
      message: `"${title}" says ${bare(node.expression).getText()}: ${/only/.test(node.expression.getText()) ? "the others of its file do not run" : "it does not run"}.`,
    }));
}

const exact = /^to(?:Be|Equal|StrictEqual|MatchInlineSnapshot|HaveLength)$/;
const vague =
  /^to(?:BeDefined|BeTruthy|BeFalsy|BeGreaterThan\w*|BeLessThan\w*|MatchObject|Contain\w*|HaveProperty|BeInstanceOf|BeTypeOf)$/;

function assertingLess(was: readonly TestCase[], is: readonly TestCase[]): readonly Weakening[] {
  const count = (all: readonly TestCase[]) => all.reduce((sum, { asserted }) => sum + asserted, 0);
  const isLess = count(is) < count(was);
  return was.flatMap((old): readonly Weakening[] => {
    const [now, ...others] = is.filter(({ title }) => title === old.title);
    if (now === undefined || others.length > 0 || !single(old)) return [];
    const vaguer = now.said.find((call) => {
      const subject = subjectOf(call);
      const matchers = old.said
        .filter((one) => subjectOf(one) === subject)
        .map((one) => calledName(one) ?? "");
      return (
        vague.test(calledName(call) ?? "") &&
        matchers.length > 0 &&
        matchers.every((name) => exact.test(name))
      );
    });
    if (vaguer !== undefined)
      return [
        {
          file: now.file.path,
          start: startOf(vaguer),
          message: `${vaguer.getText().slice(0, 60)} lets more through than before.`,
        },
      ];
    return isLess && now.asserted < old.asserted && !now.body.includes("assert")
      ? [
          {
            file: now.file.path,
            start: startOf(now.node),
            message: `"${now.title}" had ${old.asserted} assertions and has ${now.asserted}.`,
          },
        ]
      : [];
  });
}

const isExpectation = (call: ts.CallExpression) =>
  ts.isPropertyAccessExpression(bare(call.expression)) && subjectOf(call) !== "";

/** What stands in `expect(…)`. */
function subjectOf(call: ts.CallExpression): string {
  let at: ts.Expression = call;
  while (ts.isCallExpression(at) || ts.isPropertyAccessExpression(at)) {
    if (ts.isCallExpression(at) && at.expression.getText() === "expect")
      return at.arguments[0]?.getText() ?? "";
    at = bare(at.expression);
  }
  return "";
}
