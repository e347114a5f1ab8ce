/** The names of one file: what it imports, defines and exports. */

import ts from "typescript";
import { nameOf, type SourceFile } from "../syntax/source.ts";
import { loadedBy, specifierOf } from "./imports.ts";

/** A name of another file. */
export interface Imported {
  readonly specifier: string;
  readonly name: string;
}

export interface FileNames {
  readonly imported: ReadonlyMap<string, Imported>;
  /** Names at the top of the file; null for what is no expression. */
  readonly defined: ReadonlyMap<string, ts.Expression | null>;
  /** Exported name → local name, or a name of another module. */
  readonly exported: ReadonlyMap<string, { readonly local: string } | Imported>;
  /** `export * from …` */
  readonly passedOn: readonly string[];
}

export function readFileNames({ ast }: SourceFile): FileNames {
  const imported = new Map<string, Imported>();
  const defined = new Map<string, ts.Expression | null>();
  const exported = new Map<string, { readonly local: string } | Imported>();
  const passedOn: string[] = [];
  for (const node of ast.statements) {
    if (ts.isImportDeclaration(node)) readImport(node, imported);
    else if (ts.isImportEqualsDeclaration(node)) {
      const specifier = specifierOf(node);
      if (specifier !== null) imported.set(node.name.text, { specifier, name: "*" });
    } else if (ts.isExportDeclaration(node)) readExport(node, exported, passedOn);
    else if (ts.isExportAssignment(node)) {
      // No name can be called so, so nothing else is defined by it.
      if (!ts.isIdentifier(node.expression)) defined.set("default", node.expression);
      exported.set("default", { local: ts.isIdentifier(node.expression) ? node.expression.text : "default" });
    } else {
      readLoaded(node, imported);
      const names = definedBy(node, defined);
      const isExported =
        ts.canHaveModifiers(node) &&
        ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
      const isDefault =
        ts.canHaveModifiers(node) &&
        node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
      // export default function () { … }
      if (isDefault === true && names.length === 0) {
        defined.set("default", null);
        exported.set("default", { local: "default" });
      }
      if (isExported === true)
        for (const name of names) exported.set(isDefault === true ? "default" : name, { local: name });
    }
  }
  return { imported, defined, exported, passedOn };
}

function readImport(node: ts.ImportDeclaration, imported: Map<string, Imported>): void {
  const specifier = specifierOf(node);
  const clause = node.importClause;
  if (specifier === null || clause === undefined) return;
  if (clause.name !== undefined) imported.set(clause.name.text, { specifier, name: "default" });
  const named = clause.namedBindings;
  if (named === undefined) return;
  if (ts.isNamespaceImport(named)) imported.set(named.name.text, { specifier, name: "*" });
  else
    for (const element of named.elements)
      imported.set(element.name.text, { specifier, name: (element.propertyName ?? element.name).text });
}

/** `const lib = require("…")`, `const { part } = await import("…")` */
function readLoaded(node: ts.Statement, imported: Map<string, Imported>): void {
  if (!ts.isVariableStatement(node)) return;
  for (const { name, initializer } of node.declarationList.declarations) {
    const specifier = initializer === undefined ? null : loadedBy(initializer);
    if (specifier === null) continue;
    if (ts.isIdentifier(name)) imported.set(name.text, { specifier, name: "*" });
    else if (ts.isObjectBindingPattern(name))
      for (const part of name.elements) {
        const exported = nameOf((part.propertyName ?? part.name) as ts.PropertyName);
        if (exported !== null && ts.isIdentifier(part.name))
          imported.set(part.name.text, { specifier, name: exported });
      }
  }
}

function readExport(
  node: ts.ExportDeclaration,
  exported: Map<string, { readonly local: string } | Imported>,
  passedOn: string[],
): void {
  const specifier = specifierOf(node);
  if (node.exportClause === undefined) {
    if (specifier !== null) passedOn.push(specifier);
  } else if (ts.isNamedExports(node.exportClause)) {
    for (const element of node.exportClause.elements) {
      const name = (element.propertyName ?? element.name).text;
      exported.set(element.name.text, specifier === null ? { local: name } : { specifier, name });
    }
  } else if (specifier !== null) exported.set(node.exportClause.name.text, { specifier, name: "*" });
}

function definedBy(node: ts.Statement, defined: Map<string, ts.Expression | null>): readonly string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.flatMap(({ name, initializer }) => {
      const plain = nameOf(name as ts.BindingName);
      if (plain === null) return [];
      defined.set(plain, initializer ?? null);
      return [plain];
    });
  }
  const isNamed =
    isSpace(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node);
  if (!isNamed || node.name === undefined) return [];
  defined.set(node.name.text, null);
  return [node.name.text];
}

/** `namespace Names { … }` */
const isSpace = (node: ts.Node): node is ts.ModuleDeclaration & { readonly name: ts.Identifier } =>
  ts.isModuleDeclaration(node) && ts.isIdentifier(node.name) && node.body !== undefined;
