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
  /** It says how long something may take, wherever that is seen by what it is given to. */
  readonly isTimeLimit: boolean;
}

/** What ends work that takes longer, by its first argument. */
const limiters = /^(?:withTimeLimit|settlesWithin|AbortSignal\.timeout)$/;

const limitGiven = (node: ts.Node): ts.Expression | null =>
  ts.isCallExpression(node) && limiters.test(node.expression.getText()) ? (node.arguments[0] ?? null) : null;

export function givenIn(side: Side): readonly Given[] {
  return side.filter(isParsed).flatMap((file) => {
    const found: Given[] = [];
    const tree = treeOf(file);
    const limits = new Set<string>();
    if (/withTimeLimit|settlesWithin|AbortSignal\.timeout/.test(file.text))
      walk(tree, (node) => {
        const limit = limitGiven(node);
        if (limit !== null && ts.isIdentifier(limit)) limits.add(limit.text);
      });
    walk(tree, (node) => {
      const limit = limitGiven(node);
      if (limit !== null && numberOf(limit) !== null) {
        const name = "the time limit";
        found.push({
          file,
          path: `${pathOf(node)}.${name}`,
          name,
          node,
          value: bare(limit),
          isTimeLimit: true,
        });
        return;
      }
      if (
        !ts.isPropertyAssignment(node) &&
        !ts.isVariableDeclaration(node) &&
        !ts.isPropertyDeclaration(node)
      )
        return;
      const name = nameOf(node.name as ts.PropertyName);
      if (name === null || node.initializer === undefined) return;
      const isTimeLimit = limits.has(name);
      found.push({ file, path: pathOf(node), name, node, value: bare(node.initializer), isTimeLimit });
    });
    return found;
  });
}

/** Objects by the names around them. */
export function objectsIn(
  side: Side,
): readonly { readonly file: TextFile; readonly path: string; readonly node: ts.ObjectLiteralExpression }[] {
  return side.filter(isParsed).flatMap((file) => {
    const found: ts.ObjectLiteralExpression[] = [];
    walk(treeOf(file), (node) => {
      if (ts.isObjectLiteralExpression(node)) found.push(node);
    });
    return found.map((node) => ({ file, path: pathOf(node), node }));
  });
}

/** A number that is written down, also as a product. */
export function numberOf(node: ts.Expression): number | null {
  const value = bare(node);
  if (ts.isNumericLiteral(value)) return Number(value.text.replaceAll("_", ""));
  if (!ts.isBinaryExpression(value) || value.operatorToken.kind !== ts.SyntaxKind.AsteriskToken) return null;
  const [left, right] = [numberOf(value.left), numberOf(value.right)];
  return left === null || right === null ? null : left * right;
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
