/** Comments of a file that stand in lines of their own, and whether they are code. */

import ts from "typescript";
import type { Nodes } from "./nodes.ts";

export interface Comment {
  readonly start: number;
  readonly end: number;
  /** Without the marks. */
  readonly content: string;
}

const isolateComments = new WeakMap<Nodes, readonly Comment[]>();
const written = /^[ \t]*(?:\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*|\/\*[\s\S]*?\*\/)|(?<=[;{},)] )\/\/[^\n]*/gm;

/** Lines of `//` that follow each other are one. What stands in a text is none. */
export function ownComments(text: string, nodes: Nodes): readonly Comment[] {
  const known = isolateComments.get(nodes);
  if (known !== undefined) return known;
  const texts = nodes.texts.map((node) => [node.pos, node.end] as const);
  const found = [...text.matchAll(written)].flatMap((match): readonly Comment[] => {
    const start = match.index + (match[0].length - match[0].trimStart().length);
    const end = match.index + match[0].length;
    if (texts.some(([from, to]) => from < start && end <= to && !isTrivia(text, from, start))) return [];
    return [{ start, end, content: contentOf(text.slice(start, end)) }];
  });
  isolateComments.set(nodes, found);
  return found;
}

/** Before the text itself begins, there are comments too. */
const isTrivia = (text: string, from: number, at: number) => !/["'`]/.test(text.slice(from, at));

const contentOf = (comment: string) =>
  comment.startsWith("/*")
    ? comment
        .replace(/^\/\*+/, "")
        .replace(/\*+\/$/, "")
        .replace(/^[ \t]*\* ?/gm, "")
    : comment.replace(/^[ \t]*\/\/ ?/gm, "");

/** It can be read as statements, and each of them does something. Sentences cannot, or name a thing at most. */
export function looksLikeCode(content: string): boolean {
  const text = content.trim();
  if (
    !/[;{}]|^(?:await|const|let|import)\b/.test(text) ||
    /^[@#]|^charter-ignore\b|\b(?:e\.g|i\.e)\./.test(text)
  )
    return false;
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
