/** What stands in a file by its kind: one walk over it, shared by all rules. */

import ts from "typescript";
import { walk } from "./source.ts";

export interface Nodes {
  readonly calls: readonly ts.CallExpression[];
  readonly objects: readonly ts.ObjectLiteralExpression[];
  /** Strings without parts that are worked out, and templates. Those of imports and types are left out. */
  readonly texts: readonly (ts.StringLiteralLike | ts.TemplateExpression)[];
}

const isolateNodes = new WeakMap<ts.SourceFile, Nodes>();

/** In the order of the text. */
export function nodesOf(ast: ts.SourceFile): Nodes {
  const known = isolateNodes.get(ast);
  if (known !== undefined) return known;
  const calls: ts.CallExpression[] = [];
  const objects: ts.ObjectLiteralExpression[] = [];
  const texts: (ts.StringLiteralLike | ts.TemplateExpression)[] = [];
  walk(ast, (node) => {
    if (ts.isCallExpression(node)) calls.push(node);
    else if (ts.isObjectLiteralExpression(node)) objects.push(node);
    else if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) texts.push(node);
    return !(ts.isImportDeclaration(node) || ts.isTypeNode(node));
  });
  const nodes = { calls, objects, texts };
  isolateNodes.set(ast, nodes);
  return nodes;
}
