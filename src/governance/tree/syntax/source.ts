/** A file of TypeScript or JavaScript, read by the compiler's parser. */

import ts from "typescript";
import type { Place } from "../../finding.ts";
import type { TextFile } from "../text.ts";
import { declarationOf, functionKinds } from "./declarations.ts";

export interface SourceFile extends TextFile {
  readonly ast: ts.SourceFile;
}

const isolateSources = new WeakMap<TextFile, SourceFile>();

/** JavaScript too: the same parser reads it. */
export const isTypeScript = (path: string) =>
  (/\.(?:tsx?|[cm]ts)$/.test(path) && !isDeclaration(path)) || isJavaScript(path);

/** Types alone, for which nothing is written here. */
export const isDeclaration = (path: string) => /\.d\.[cm]?ts$/.test(path);

export const isJavaScript = (path: string) => /\.(?:jsx?|mjs|cjs)$/.test(path);

function kindOf(path: string): ts.ScriptKind {
  if (isJavaScript(path)) return path.endsWith(".jsx") ? ts.ScriptKind.JSX : ts.ScriptKind.JS;
  return path.endsWith(".tsx") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
}

export function parseSource(file: TextFile): SourceFile {
  const known = isolateSources.get(file);
  if (known !== undefined) return known;
  const ast = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true, kindOf(file.path));
  const source = { ...file, ast };
  isolateSources.set(file, source);
  return source;
}

export function placeOf(node: ts.Node): Place {
  const file = node.getSourceFile();
  return { file: file.fileName, start: node.getStart(file), end: node.getEnd() };
}

/** What stands between the quotes of a string, so that a mend can replace it; any other node as a whole. */
export function stringPlace(node: ts.Node): Place {
  const { file, start, end } = placeOf(node);
  return ts.isStringLiteralLike(node) ? { file, start: start + 1, end: end - 1 } : { file, start, end };
}

/** Every node below, the outer ones first. Going into one can be refused. */
export function walk(node: ts.Node, visit: (node: ts.Node) => unknown): void {
  if (visit(node) === false) return;
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** Without parentheses, `as`, `satisfies`, `!` and `await`. */
export function bare(node: ts.Expression): ts.Expression {
  let at = node;
  while (
    ts.isParenthesizedExpression(at) ||
    ts.isAsExpression(at) ||
    ts.isSatisfiesExpression(at) ||
    ts.isNonNullExpression(at) ||
    ts.isAwaitExpression(at)
  )
    at = at.expression;
  return at;
}

/** The name of a called function or method: `publish` in `context.publish(…)` and `context["publish"](…)`; null when it has none. */
export function calledName(call: ts.CallExpression): string | null {
  const callee = bare(call.expression);
  if (ts.isIdentifier(callee)) return callee.text;
  if (ts.isElementAccessExpression(callee)) {
    const key = bare(callee.argumentExpression);
    return ts.isIdentifier(key) ? constantText(key) : stringOf(key);
  }
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : null;
}

/** The text of a constant; null: it is no constant, is a part of something, or is worked out. */
function constantText(name: ts.Identifier): string | null {
  const declared = declarationOf(name);
  const isConstant =
    declared !== null &&
    ts.isVariableDeclaration(declared) &&
    (declared.parent.flags & ts.NodeFlags.Const) !== 0;
  return isConstant ? stringOf(declared.initializer) : null;
}

/** The property of an object literal, also of a shorthand or a method; null when it has none of that name. */
export function propertyOf(
  object: ts.ObjectLiteralExpression,
  name: string,
): ts.ObjectLiteralElementLike | null {
  return (
    object.properties.find((property) => property.name !== undefined && nameOf(property.name) === name) ??
    null
  );
}

/** The value of a property; null when it is not there or is a method. */
export function propertyValue(object: ts.ObjectLiteralExpression, name: string): ts.Expression | null {
  const property = propertyOf(object, name);
  if (property === null) return null;
  if (ts.isPropertyAssignment(property)) return property.initializer;
  return ts.isShorthandPropertyAssignment(property) ? property.name : null;
}

/** Null: it is worked out at run time. */
export function nameOf(name: ts.PropertyName | ts.BindingName): string | null {
  if (ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)) return name.text;
  if (ts.isComputedPropertyName(name)) return stringOf(name.expression);
  return ts.isPrivateIdentifier(name) ? name.text : null;
}

/** The text of a string without parts that are worked out; null for anything else. */
export function stringOf(node: ts.Expression | null | undefined): string | null {
  if (node === null || node === undefined) return null;
  const value = bare(node);
  return ts.isStringLiteralLike(value) ? value.text : null;
}

export type FunctionNode = ts.FunctionLikeDeclaration & { readonly body: ts.Node };

export function isFunction(node: ts.Node): node is FunctionNode {
  return functionKinds.has(node.kind) && (node as ts.FunctionLikeDeclaration).body !== undefined;
}

/** True for the outer node itself, too; never for a node of another file. */
export const isInside = (node: ts.Node, outer: ts.Node): boolean =>
  node.getSourceFile() === outer.getSourceFile() && node.pos >= outer.pos && node.end <= outer.end;

/** The functions around a node, the innermost first. */
export function functionsAround(node: ts.Node): readonly FunctionNode[] {
  const found: FunctionNode[] = [];
  for (let at: ts.Node | undefined = node.parent; at !== undefined; at = at.parent)
    if (isFunction(at)) found.push(at);
  return found;
}

/** True for a place between the words of the language: in a comment, or where nothing stands. */
export function isBetweenTokens(file: TextFile, offset: number): boolean {
  let node: ts.Node = parseSource(file).ast;
  while (true) {
    const inner: ts.Node | undefined = node
      .getChildren()
      .find((child) => child.getFullStart() <= offset && offset < child.getEnd());
    if (inner === undefined) return true;
    if (offset < inner.getStart()) return true;
    if (inner.getChildCount() === 0) return false;
    node = inner;
  }
}

/** What a file defines at its top under a name: a function, a class, a namespace, an enum, or a variable; null: nothing. */
export function topStatement(ast: ts.SourceFile, name: string): ts.Node | null {
  for (const statement of ast.statements) {
    if (
      (ts.isFunctionDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isModuleDeclaration(statement) ||
        ts.isEnumDeclaration(statement)) &&
      statement.name?.text === name
    )
      return statement;
    if (!ts.isVariableStatement(statement)) continue;
    const found = statement.declarationList.declarations.find(
      (declaration) => nameOf(declaration.name) === name,
    );
    if (found !== undefined) return found;
  }
  return null;
}

/** What a function gives back when that is all it does; null: it does more. */
export function resultOf({ body }: FunctionNode): ts.Expression | null {
  if (!ts.isBlock(body)) return body as ts.Expression;
  const [only, ...rest] = body.statements;
  return rest.length === 0 && only !== undefined && ts.isReturnStatement(only)
    ? (only.expression ?? null)
    : null;
}
