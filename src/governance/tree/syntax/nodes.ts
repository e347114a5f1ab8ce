/** What stands in a file by its kind: one walk over it, shared by all rules. */

import ts from "typescript";
import { plainCalls } from "./plain-calls.ts";
import { walk } from "./source.ts";

export interface Nodes {
  /** Also as they are meant, where they are said by `call`, `apply`, `bind` or a list that is spread: beside those. */
  readonly calls: readonly ts.CallExpression[];
  readonly objects: readonly ts.ObjectLiteralExpression[];
  /** Strings without parts that are worked out, and templates. Those of imports and types are left out. */
  readonly texts: readonly (ts.StringLiteralLike | ts.TemplateExpression)[];
  readonly news: readonly ts.NewExpression[];
  readonly classes: readonly ts.ClassLikeDeclaration[];
  readonly binaries: readonly ts.BinaryExpression[];
  readonly catches: readonly ts.CatchClause[];
  /** `if`, `while`, `for`, `… ? … : …` */
  readonly branches: readonly Branch[];
  /** `for await (… of …)` */
  readonly waitingLoops: readonly ts.ForOfStatement[];
  /** Those of types are left out. */
  readonly names: readonly ts.Identifier[];
}

export type Branch =
  | ts.IfStatement
  | ts.WhileStatement
  | ts.DoStatement
  | ts.ForStatement
  | ts.ConditionalExpression
  | ts.SwitchStatement;

const isolateNodes = new WeakMap<ts.SourceFile, Nodes>();

/** In the order of the text. */
export function nodesOf(ast: ts.SourceFile): Nodes {
  const known = isolateNodes.get(ast);
  if (known !== undefined) return known;
  const nodes = {
    calls: [] as ts.CallExpression[],
    objects: [] as ts.ObjectLiteralExpression[],
    texts: [] as (ts.StringLiteralLike | ts.TemplateExpression)[],
    news: [] as ts.NewExpression[],
    classes: [] as ts.ClassLikeDeclaration[],
    binaries: [] as ts.BinaryExpression[],
    catches: [] as ts.CatchClause[],
    branches: [] as Branch[],
    waitingLoops: [] as ts.ForOfStatement[],
    names: [] as ts.Identifier[],
  };
  walk(ast, (node) => {
    if (ts.isIdentifier(node)) nodes.names.push(node);
    else if (ts.isCallExpression(node)) nodes.calls.push(node);
    else if (ts.isObjectLiteralExpression(node)) nodes.objects.push(node);
    else if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) nodes.texts.push(node);
    else if (ts.isNewExpression(node)) nodes.news.push(node);
    else if (ts.isClassLike(node)) nodes.classes.push(node);
    else if (ts.isBinaryExpression(node)) nodes.binaries.push(node);
    else if (ts.isCatchClause(node)) nodes.catches.push(node);
    else if (isBranch(node)) nodes.branches.push(node);
    else if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) nodes.waitingLoops.push(node);
    return !(ts.isImportDeclaration(node) || ts.isTypeNode(node));
  });
  nodes.calls.push(...plainCalls(ast, nodes.calls));
  // Decorators are walked before what stands in front of them.
  for (const list of [nodes.calls, nodes.names]) list.sort((a, b) => a.pos - b.pos);
  isolateNodes.set(ast, nodes);
  return nodes;
}

/** Those of a list in the order of the text that stand in a node of the same file, without a look at all others. */
export function within<One extends ts.Node>(list: readonly One[], outer: ts.Node): readonly One[] {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle]?.pos ?? 0) < outer.pos) from = middle + 1;
    else to = middle;
  }
  const found: One[] = [];
  for (let at = from; at < list.length; at++) {
    const one = list[at];
    if (one === undefined || one.pos >= outer.end) break;
    if (one.end <= outer.end) found.push(one);
  }
  return found;
}

const isBranch = (node: ts.Node): node is Branch =>
  ts.isIfStatement(node) ||
  ts.isWhileStatement(node) ||
  ts.isDoStatement(node) ||
  ts.isForStatement(node) ||
  ts.isSwitchStatement(node) ||
  ts.isConditionalExpression(node);
