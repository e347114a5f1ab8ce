/** Comments of a file that stand in lines of their own, and whether they are code. */

import ts from "typescript";
import type { TextFile } from "../text.ts";
import type { Nodes } from "./nodes.ts";
import { bare, isBetweenTokens, isFunction } from "./source.ts";

export interface Comment {
  readonly start: number;
  readonly end: number;
  /** Without the marks. */
  readonly content: string;
}

const written = /^[ \t]*(?:\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*|\/\*[\s\S]*?\*\/)/gm;

/**
 * Lines of `//` that follow each other are one. What stands in a text is none.
 *
 * @param isMeant asked first, because most comments are not
 */
export function* commentsThat(
  text: string,
  nodes: () => Nodes,
  isMeant: (content: string) => boolean,
): Generator<Comment> {
  for (const match of text.matchAll(written)) {
    const start = match.index + (match[0].length - match[0].trimStart().length);
    const end = match.index + match[0].length;
    for (const part of partsOf(text, start, end, isMeant)) {
      const isInText = nodes().texts.some(
        (node) => node.pos < part.start && part.end <= node.end && !isTrivia(text, node.pos, part.start),
      );
      if (!isInText) yield part;
    }
  }
}

/** Behind code, in its line: a comment that is a statement. What a line assigns may be told there, and is left out. */
export function* codeBehindCode(file: TextFile): Generator<Comment> {
  let start = 0;
  for (const line of file.text.split("\n")) {
    const found = codeBehind(file, line, start);
    if (found !== null) yield found;
    start += line.length + 1;
  }
}

function codeBehind(file: TextFile, line: string, start: number): Comment | null {
  const whole = line.trimEnd();
  const code = line.trimStart();
  if (!/(?:[;}]|\*\/)$/.test(whole) || !/\/[/*]/.test(code) || /^[/*]/.test(code)) return null;
  for (const { 0: mark, index } of whole.matchAll(/\/[/*]/g)) {
    if (mark === "/*" && !whole.endsWith("*/")) continue;
    const comment = whole.slice(index);
    const content = contentOf(comment);
    if (!looksLikeCode(content) || isTold(content) || !isBetweenTokens(file, start + index)) continue;
    return { start: start + index, end: start + whole.length, content };
  }
  return null;
}

const isTold = (content: string) =>
  /^(?:break|continue|return);$|^[\w$.[\]"']+\s*(?:[-+*/?|&]*=)(?!=)/.test(content.trim());

/** The whole, or of several lines those that are meant by themselves. */
function partsOf(
  text: string,
  start: number,
  end: number,
  isMeant: (content: string) => boolean,
): readonly Comment[] {
  const whole = text.slice(start, end);
  const content = contentOf(whole);
  if (isMeant(content)) return [{ start, end, content }];
  if (whole.startsWith("/*") || !whole.includes("\n")) return [];
  const parts: Comment[] = [];
  let from = start;
  for (const line of whole.split("\n")) {
    const at = from + (line.length - line.trimStart().length);
    const own = contentOf(line.trimStart());
    if (isMeant(own)) parts.push({ start: at, end: from + line.length, content: own });
    from += line.length + 1;
  }
  return parts;
}

/** Before the text itself begins, there are comments too. */
const isTrivia = (text: string, from: number, at: number) => !/["'`]/.test(text.slice(from, at));

const contentOf = (comment: string) =>
  comment.startsWith("/*")
    ? comment
        .replace(/^\/\*+/, "")
        .replace(/(?<!\*)\*+\/$/, "")
        .replace(/^[ \t]*\* ?/gm, "")
    : comment.replace(/^[ \t]*\/\/ ?/gm, "");

/** It can be read as statements, and each of them does something. Sentences cannot, or name a thing at most. */
export function looksLikeCode(content: string): boolean {
  const text = content.trim();
  const last = text.at(-1) ?? "";
  if (last === ",") return isMember(text);
  if (!";{}".includes(last) && !/^(?:await|const|let|import)\b/.test(text)) return false;
  if (/^[@#]|^charter-ignore\b|\b(?:e\.g|i\.e)\./.test(text)) return false;
  const isImport = /^(?:import|export)\b/.test(text);
  const source = isImport ? text : `async function* f() {\n${text}\n}`;
  const ast = ts.createSourceFile("comment.ts", source, ts.ScriptTarget.ESNext, true);
  const { parseDiagnostics } = ast as ts.SourceFile & { readonly parseDiagnostics: readonly unknown[] };
  if (parseDiagnostics.length > 0) return false;
  const [outer] = ast.statements;
  const statements =
    !isImport && outer !== undefined && ts.isFunctionDeclaration(outer)
      ? (outer.body?.statements ?? [])
      : ast.statements;
  return statements.length > 0 && statements.every(doesSomething);
}

/** `legacy: send(order),` of an object that is written down. */
function isMember(text: string): boolean {
  const ast = ts.createSourceFile("comment.ts", `({${text}\n})`, ts.ScriptTarget.ESNext, true);
  const { parseDiagnostics } = ast as ts.SourceFile & { readonly parseDiagnostics: readonly unknown[] };
  const [only] = ast.statements;
  const whole = only !== undefined && ts.isExpressionStatement(only) ? bare(only.expression) : null;
  if (parseDiagnostics.length > 0 || whole === null || !ts.isObjectLiteralExpression(whole)) return false;
  return (
    whole.properties.length > 0 &&
    whole.properties.every((property) => {
      const value = ts.isPropertyAssignment(property) ? bare(property.initializer) : null;
      return value !== null && (ts.isCallExpression(value) || ts.isNewExpression(value) || isFunction(value));
    })
  );
}

function doesSomething(statement: ts.Statement): boolean {
  const text = statement.getText();
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    const isDone =
      ts.isAwaitExpression(expression) ||
      (text.endsWith(";") && (ts.isCallExpression(expression) || isAssignment(expression)));
    return isDone;
  }
  if (ts.isBlock(statement) || ts.isLabeledStatement(statement) || ts.isEmptyStatement(statement))
    return false;
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.every(({ initializer }) => initializer);
  return /[;}]$/.test(text);
}

const isAssignment = (node: ts.Expression) =>
  ts.isBinaryExpression(node) &&
  node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
  node.operatorToken.kind <= ts.SyntaxKind.LastAssignment;
