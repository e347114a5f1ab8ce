/** What a file imports, in all forms that name the other file. */

import ts from "typescript";
import { bare, type SourceFile } from "../syntax/source.ts";

/** One import of a file. */
export interface Import {
  /** As written, e.g. `../payment/service.ts`. */
  readonly specifier: string;
  readonly node:
    | ts.ImportDeclaration
    | ts.ExportDeclaration
    | ts.ImportEqualsDeclaration
    | ts.CallExpression
    | ts.ImportTypeNode;
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
    if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node) && !ts.isImportEqualsDeclaration(node))
      continue;
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
      const specifier = loadedBy(node);
      if (specifier !== null) found.push({ specifier, node, file: resolve(specifier), isTypeOnly: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

/** What `require("…")` or `await import("…")` loads; null: it is none of these, or is worked out. */
export function loadedBy(node: ts.Expression): string | null {
  const call = bare(node);
  if (!ts.isCallExpression(call) || !isImportCall(call)) return null;
  const [argument] = call.arguments;
  return argument !== undefined && ts.isStringLiteralLike(argument) ? argument.text : null;
}

const isImportCall = ({ expression }: ts.CallExpression) =>
  expression.kind === ts.SyntaxKind.ImportKeyword ||
  (ts.isIdentifier(expression) && expression.text === "require");

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration | ts.ImportEqualsDeclaration): boolean {
  if (!ts.isImportDeclaration(node)) return node.isTypeOnly;
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
export function specifierOf(
  node: ts.ImportDeclaration | ts.ExportDeclaration | ts.ImportEqualsDeclaration,
): string | null {
  // import lib = require("…")
  if (ts.isImportEqualsDeclaration(node)) {
    const { moduleReference } = node;
    const named = ts.isExternalModuleReference(moduleReference) ? moduleReference.expression : null;
    return named !== null && ts.isStringLiteralLike(named) ? named.text : null;
  }
  const { moduleSpecifier } = node;
  return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : null;
}
