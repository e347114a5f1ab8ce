/** What a name in a file means: where it was defined, followed through imports and exports. */

import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { bare, isTypeScript, nameOf, parseSource, type SourceFile } from "../syntax/source.ts";
import type { Workspace } from "../workspaces.ts";
import { createResolver } from "./resolve.ts";

/** Where a name comes from. */
export interface Origin {
  /** The package that it belongs to: of npm, or a workspace of this project. Null: the project's own code. */
  readonly package: string | null;
  /** The name that it has where it is defined; `*` for a whole module, `default` for a default export. */
  readonly name: string;
  /** The file that defines it, from the root; null: it is not of this project. */
  readonly file: string | null;
  /** The expression that the name stands for; null when it is a function, a class, or not of this project. */
  readonly value: ts.Expression | null;
}

/** One import of a file. */
export interface Import {
  /** As written, e.g. `../payment/service.ts`. */
  readonly specifier: string;
  readonly node: ts.ImportDeclaration | ts.ExportDeclaration | ts.CallExpression | ts.ImportTypeNode;
  /** The file of this project that it leads to; null: a package, or nowhere. */
  readonly file: string | null;
  readonly isTypeOnly: boolean;
}

interface Imported {
  readonly specifier: string;
  readonly name: string;
}

interface Names {
  readonly imported: ReadonlyMap<string, Imported>;
  /** Names at the top of the file; null for what is no expression. */
  readonly defined: ReadonlyMap<string, ts.Expression | null>;
  /** Exported name → local name, or a name of another module. */
  readonly exported: ReadonlyMap<string, { readonly local: string } | Imported>;
  /** `export * from …` */
  readonly passedOn: readonly string[];
}

const maxSteps = 20;

export interface Bindings {
  importsOf(file: string): readonly Import[];
  /** Null: a name of the language, a parameter, or a local one. */
  originOf(file: string, name: string): Origin | null;
  /** Of an identifier, `namespace.name`, or a call's callee. */
  originOfExpression(file: string, node: ts.Expression): Origin | null;
  /** Of `whole["name"]`, where the file imports a module as a whole; null: it does not, or exports no such name. */
  memberOf(file: string, whole: string, name: string): Origin | null;
  /** What a file gets under a name from a specifier, as by `import("…")`; null: there is no such export. */
  exportOf(file: string, specifier: string, name: string): Origin | null;
  /** The file that a specifier leads to; null when it is none of this project. */
  resolve(file: string, specifier: string): string | null;
}

export function readBindings(project: ProjectFiles): Bindings {
  const names = new Map<string, Names | null>();
  const imports = new Map<string, readonly Import[]>();
  const namesOf = (file: string): Names | null => {
    const known = names.get(file);
    if (known !== undefined) return known;
    const text = project.files.get(file);
    const read = text === undefined ? null : readNames(parseSource(text));
    names.set(file, read);
    return read;
  };
  const resolver = createResolver(project);
  const resolve = (file: string, specifier: string) => resolver(file, specifier);

  const eventful = new Map<string, boolean>();
  const holdsEvents = (owner: string): boolean => {
    const known = eventful.get(owner);
    if (known !== undefined) return known;
    const folder = project.workspaces.find(({ name }) => name === owner)?.folder ?? "";
    const found = [...project.files.values()].some(
      ({ path, text }) =>
        path.startsWith(`${folder}/`) && isTypeScript(path) && text.includes("defineEvent("),
    );
    eventful.set(owner, found);
    return found;
  };

  function follow(file: string, imported: Imported, steps: number): Origin | null {
    const target = resolve(file, imported.specifier);
    if (target === null) {
      return { package: packageOf(imported.specifier), name: imported.name, file: null, value: null };
    }
    const owner = ownerOf(project.workspaces, target);
    // A package without events is what it says at its door: where inside of it a name comes from matters to nobody.
    if (owner !== null && imported.specifier === owner && !holdsEvents(owner))
      return { package: owner, name: imported.name, file: null, value: null };
    if (imported.name === "*") return { package: owner, name: "*", file: target, value: null };
    return exportedFrom(target, imported.name, steps);
  }

  function exportedFrom(file: string, name: string, steps: number): Origin | null {
    const known = namesOf(file);
    if (known === null || steps > maxSteps) return null;
    const found = known.exported.get(name);
    if (found !== undefined)
      return "local" in found ? local(file, found.local, steps + 1) : follow(file, found, steps + 1);
    for (const specifier of known.passedOn) {
      const origin = follow(file, { specifier, name }, steps + 1);
      if (origin !== null) return origin;
    }
    return null;
  }

  function local(file: string, name: string, steps: number): Origin | null {
    const known = namesOf(file);
    if (known === null || steps > maxSteps) return null;
    const imported = known.imported.get(name);
    if (imported !== undefined) return follow(file, imported, steps + 1);
    if (!known.defined.has(name)) return null;
    const value = known.defined.get(name) ?? null;
    const renamed = value === null ? null : bare(value);
    if (renamed !== null && ts.isIdentifier(renamed)) {
      const origin = local(file, renamed.text, steps + 1);
      if (origin !== null) return origin;
    }
    return { package: ownerOf(project.workspaces, file), name, file, value };
  }

  function memberOf(file: string, owner: string, name: string): Origin | null {
    const whole = local(file, owner, 0);
    if (whole === null || whole.name !== "*") return null;
    if (whole.file === null) return { ...whole, name };
    return exportedFrom(whole.file, name, 0);
  }

  // Each name of a file is asked for many times: by everything that reads what its functions do.
  const origins = new Map<string, Map<string, Origin | null>>();
  function originOf(file: string, name: string): Origin | null {
    const inFile = origins.get(file) ?? new Map<string, Origin | null>();
    origins.set(file, inFile);
    const known = inFile.get(name);
    if (known !== undefined) return known;
    const origin = local(file, name, 0);
    inFile.set(name, origin);
    return origin;
  }

  return {
    resolve,
    originOf,
    memberOf,
    exportOf: (file, specifier, name) => follow(file, { specifier, name }, 0),
    originOfExpression(file, node) {
      const value = bare(node);
      if (ts.isIdentifier(value)) return originOf(file, value.text);
      if (!ts.isPropertyAccessExpression(value) || !ts.isIdentifier(value.expression)) return null;
      return memberOf(file, value.expression.text, value.name.text);
    },
    importsOf(file) {
      const known = imports.get(file);
      if (known !== undefined) return known;
      const text = project.files.get(file);
      const read =
        text === undefined ? [] : readImports(parseSource(text), (specifier) => resolve(file, specifier));
      imports.set(file, read);
      return read;
    },
  };
}

/** The workspace that a file belongs to, when it is one below the root. */
function ownerOf(workspaces: readonly Workspace[], file: string): string | null {
  const owner = workspaces.find(({ folder }) => folder !== "" && file.startsWith(`${folder}/`));
  return owner?.name ?? null;
}

/** `@brain/schemas` of `@brain/schemas/events/task`. */
function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

function specifierOf(node: ts.ImportDeclaration | ts.ExportDeclaration): string | null {
  const { moduleSpecifier } = node;
  return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : null;
}

function readImports({ ast }: SourceFile, resolve: (specifier: string) => string | null): readonly Import[] {
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

function readNames({ ast }: SourceFile): Names {
  const imported = new Map<string, Imported>();
  const defined = new Map<string, ts.Expression | null>();
  const exported = new Map<string, { readonly local: string } | Imported>();
  const passedOn: string[] = [];
  for (const node of ast.statements) {
    if (ts.isImportDeclaration(node)) readImport(node, imported);
    else if (ts.isExportDeclaration(node)) readExport(node, exported, passedOn);
    else if (ts.isExportAssignment(node)) {
      // No name can be called so, so nothing else is defined by it.
      if (!ts.isIdentifier(node.expression)) defined.set("default", node.expression);
      exported.set("default", { local: ts.isIdentifier(node.expression) ? node.expression.text : "default" });
    } else {
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
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node);
  if (!isNamed || node.name === undefined) return [];
  defined.set(node.name.text, null);
  return [node.name.text];
}
