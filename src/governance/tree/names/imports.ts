/** What a file imports, in all forms that name the other file. */

import ts from "typescript";
import type { SourceFile } from "../syntax/source.ts";

/** One import of a file. */
export interface Import {
  /** As written, e.g. `../payment/service.ts`. */
  readonly specifier: string;
  readonly node: ts.ImportDeclaration | ts.ExportDeclaration | ts.CallExpression | ts.ImportTypeNode;
  /** The file of this project that it leads to; null: a package, or nowhere. */
  readonly file: string | null;
  readonly isTypeOnly: boolean;
}

/** @param resolve gives the file that a specifier leads to; null: it is none of the project */
export function readImports(
  { ast }: SourceFile,
  resolve: (specifier: string) => string | null,
): readonly Import[] {
  const found: Import[] = [];
  for (const node of ast.statements) {
    if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) continue;
    const specifier = specifierOf(node);
    if (specifier === null) continue;
    found.push({ specifier, node, file: resolve(specifier), isTypeOnly: isTypeOnly(node) });
  }
  if (!/\b(?:import|require)\s*\(/.test(ast.text)) return found;
  const visit = (node: ts.Node): void => {
    // `typeof import("…")`
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument;
      if (ts.isStringLiteral(literal))
        found.push({ specifier: literal.text, node, file: resolve(literal.text), isTypeOnly: true });
    } else if (ts.isCallExpression(node) && isImportCall(node)) {
      const [argument] = node.arguments;
      if (argument !== undefined && ts.isStringLiteralLike(argument)) {
        found.push({ specifier: argument.text, node, file: resolve(argument.text), isTypeOnly: false });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

const isImportCall = ({ expression }: ts.CallExpression) =>
  expression.kind === ts.SyntaxKind.ImportKeyword ||
  (ts.isIdentifier(expression) && expression.text === "require");

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

/** Null: it names no other file. */
export function specifierOf(node: ts.ImportDeclaration | ts.ExportDeclaration): string | null {
  const { moduleSpecifier } = node;
  return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : null;
}
