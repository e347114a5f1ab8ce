/** What a change may make weaker: facts of a file, which are compared over the whole change, so that what only moves is none. */

import ts from "typescript";
import { bare, nameOf, parseSource, walk } from "../tree/syntax/source.ts";
import type { TextFile } from "../tree/text.ts";

/** The files of a change, as they were or as they are. */
export type Side = readonly TextFile[];

/** What became weaker, and where that is seen. */
export interface Weakening {
  readonly file: string;
  /** An offset in the text of now. */
  readonly start: number;
  readonly message: string;
}

/** TypeScript, JavaScript, and JSON, which the same parser reads. */
export const isParsed = ({ path }: TextFile) =>
  /\.(?:[cm]?[jt]sx?|jsonc?)$/.test(path) && !path.endsWith("package-lock.json");

const jsonTrees = new WeakMap<TextFile, ts.SourceFile>();

/** Of a file that {@link isParsed}; parsed once. */
export function treeOf(file: TextFile): ts.SourceFile {
  if (!/\.jsonc?$/.test(file.path)) return parseSource(file).ast;
  const known =
    jsonTrees.get(file) ??
    ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JSON);
  jsonTrees.set(file, known);
  return known;
}

/** Names of what a node stands in, the outermost first: variables, properties, functions, and what a call is told to be. */
function pathOf(node: ts.Node): string {
  const names: string[] = [];
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    const name =
      "name" in at && at.name !== undefined && !ts.isPropertyAccessExpression(at)
        ? nameOf(at.name as ts.PropertyName)
        : null;
    if (name !== null) names.unshift(name);
  }
  return names.join(".");
}

/** A property or variable with what it is given. */
export interface Given {
  readonly file: TextFile;
  readonly path: string;
  readonly name: string;
  readonly node: ts.Node;
  readonly value: ts.Expression;
}

export function givenIn(side: Side): readonly Given[] {
  return side.filter(isParsed).flatMap((file) => {
    const found: Given[] = [];
    walk(treeOf(file), (node) => {
      if (
        !ts.isPropertyAssignment(node) &&
        !ts.isVariableDeclaration(node) &&
        !ts.isPropertyDeclaration(node)
      )
        return;
      const name = nameOf(node.name as ts.PropertyName);
      if (name === null || node.initializer === undefined) return;
      found.push({ file, path: pathOf(node), name, node, value: bare(node.initializer) });
    });
    return found;
  });
}

/** What stands under the same path in both, where it is one in each: a file that moves takes it along. */
export function paired<T extends { readonly path: string }>(
  before: readonly T[],
  after: readonly T[],
): readonly (readonly [T, T])[] {
  const groups = (all: readonly T[]) => Map.groupBy(all, ({ path }) => path);
  const now = groups(after);
  return [...groups(before)].flatMap(([path, [was, ...more]]) => {
    const [is, ...others] = now.get(path) ?? [];
    return was === undefined || is === undefined || more.length + others.length > 0
      ? []
      : [[was, is] as const];
  });
}

export const startOf = (node: ts.Node): number => node.getStart(node.getSourceFile());
