/**
 * Changes of TypeScript files by their meaning: a list is found as the argument of a call whose name was imported from
 * where it is defined, never by how its line looks. What is not changed keeps its form to the letter.
 */

import ts from "typescript";
import { ScaffoldError } from "../errors.ts";

export interface SourceEdit {
  readonly path: string;
  readonly source: ts.SourceFile;
  readonly insertions: { readonly at: number; readonly text: string }[];
}

/** @param path for messages, and to tell TSX */
export function openSource(path: string, text: string): SourceEdit {
  return {
    path,
    source: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
    insertions: [],
  };
}

/** The text with all insertions; those at one place in the order in which they were made. */
export function editedText({ source, insertions }: SourceEdit): string {
  const inOrder = insertions
    .map((insertion, order) => ({ ...insertion, order }))
    .sort((one, other) => other.at - one.at || other.order - one.order);
  return inOrder.reduce(
    (text, { at, text: added }) => text.slice(0, at) + added + text.slice(at),
    source.text,
  );
}

/** What is imported under which name, from where. */
export interface Binding {
  readonly local: string;
  /** `*` for all of a module. */
  readonly imported: string;
  readonly from: string;
}

export function importsOf(source: ts.SourceFile): readonly Binding[] {
  return source.statements.flatMap((statement): Binding[] => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    const from = statement.moduleSpecifier.text;
    const named = statement.importClause?.namedBindings;
    if (named === undefined) return [];
    if (ts.isNamespaceImport(named)) return [{ local: named.name.text, imported: "*", from }];
    return named.elements.map(({ name, propertyName }) => ({
      local: name.text,
      imported: (propertyName ?? name).text,
      from,
    }));
  });
}

/** Names that the file declares at its top, imported ones too; one that is declared twice comes twice. */
function declaredNames(source: ts.SourceFile): readonly string[] {
  const own = source.statements.flatMap((statement): string[] => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) =>
        ts.isIdentifier(name) ? [name.text] : [],
      );
    }
    const isNamed = ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement);
    // An overload of a function is no second function.
    const hasBody = isNamed && (ts.isClassDeclaration(statement) || statement.body !== undefined);
    return hasBody && statement.name !== undefined ? [statement.name.text] : [];
  });
  return [...importsOf(source).map(({ local }) => local), ...own];
}

/** The calls of a function that was imported from one of these places, under whatever name. */
export function callsOf(source: ts.SourceFile, imported: string, from: RegExp): readonly ts.CallExpression[] {
  const locals = importsOf(source)
    .filter((binding) => binding.imported === imported && from.test(binding.from))
    .map(({ local }) => local);
  const calls: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isIdentifier(node.expression) &&
      locals.includes(node.expression.text)
    )
      calls.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

/** A property of an object literal, by its name; undefined: there is none that is written out. */
export function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const property of object.properties) {
    if (ts.isPropertyAssignment(property) && property.name.getText() === name) return property.initializer;
  }
  return undefined;
}

/** The list that an expression is, or that a function written in its place gives; undefined: it is made otherwise. */
export function listIn(node: ts.Expression | undefined): ts.ArrayLiteralExpression | undefined {
  if (node === undefined) return undefined;
  if (ts.isArrayLiteralExpression(node)) return node;
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return listIn(node.expression);
  if (!ts.isArrowFunction(node)) return undefined;
  if (!ts.isBlock(node.body)) return listIn(node.body);
  const [only, ...others] = node.body.statements;
  const isReturn = only !== undefined && ts.isReturnStatement(only) && others.length === 0;
  return isReturn ? listIn(only.expression) : undefined;
}

/** Adds an element at the end of a list, on a line of its own where the others have lines of their own. */
export function appendTo(edit: SourceEdit, list: ts.ArrayLiteralExpression, element: string): void {
  const { text } = edit.source;
  const last = list.elements.at(-1);
  const end = list.getEnd() - 1;
  if (last === undefined) {
    edit.insertions.push({ at: end, text: element });
    return;
  }
  const lineStart = text.lastIndexOf("\n", last.getStart()) + 1;
  const indent = /^\s*/.exec(text.slice(lineStart))?.[0] ?? "";
  const isAlone = lineStart + indent.length === last.getStart();
  edit.insertions.push({ at: last.getEnd(), text: isAlone ? `,\n${indent}${element}` : `, ${element}` });
}

/** Adds a property behind one that is there, or at the end. */
export function appendProperty(
  edit: SourceEdit,
  object: ts.ObjectLiteralExpression,
  text: string,
  behind?: string,
): void {
  const found = object.properties.find((property) => property.name?.getText() === behind);
  const place = found ?? object.properties.at(-1);
  const at = place?.getEnd() ?? object.getStart() + 1;
  edit.insertions.push({ at, text: place === undefined ? `\n  ${text},\n` : `,\n  ${text}` });
}

/**
 * Adds an import, unless it is there already.
 *
 * @throws {ScaffoldError} the file has another thing of that name
 */
export function addImport(edit: SourceEdit, binding: Binding): void {
  const { source, path } = edit;
  const { local, imported, from } = binding;
  const same = (one: Binding) => one.local === local && one.imported === imported && one.from === from;
  if (importsOf(source).some(same)) return;
  if (declaredNames(source).includes(local)) {
    throw new ScaffoldError(
      `a part that is called "${local}"`,
      `a name that ${path} does not use for something else`,
      "Take another name for what is written.",
    );
  }
  const statements = source.statements.filter(ts.isImportDeclaration);
  const beside = statements.find(
    ({ moduleSpecifier, importClause }) =>
      ts.isStringLiteral(moduleSpecifier) &&
      moduleSpecifier.text === from &&
      importClause?.phaseModifier === undefined &&
      importClause?.namedBindings !== undefined &&
      ts.isNamedImports(importClause.namedBindings),
  );
  const named = beside?.importClause?.namedBindings;
  const name = local === imported ? local : `${imported} as ${local}`;
  if (imported !== "*" && named !== undefined && ts.isNamedImports(named)) {
    const last = named.elements.at(-1);
    edit.insertions.push({ at: last?.getEnd() ?? named.getStart() + 1, text: `, ${name}` });
    return;
  }
  const text = `import ${imported === "*" ? `* as ${local}` : `{ ${name} }`} from ${JSON.stringify(from)};`;
  const last = statements.at(-1);
  // Behind the comment with which a file may begin; its first statement has it as its own.
  edit.insertions.push(
    last === undefined ? { at: 0, text: `${text}\n\n` } : { at: last.getEnd(), text: `\n${text}` },
  );
}

/** @throws {ScaffoldError} the text is no TypeScript, or declares a name twice: a name that was given is one of the file's own */
export function checkWritten(path: string, text: string): void {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const { parseDiagnostics } = source as unknown as { readonly parseDiagnostics: readonly ts.Diagnostic[] };
  const [fault] = parseDiagnostics;
  const names = declaredNames(source);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (fault === undefined && twice === undefined) return;
  const reason =
    fault === undefined
      ? `"${twice}" would be declared twice`
      : ts.flattenDiagnosticMessageText(fault.messageText, " ");
  throw new ScaffoldError(
    `names with which ${path} cannot be written (${reason})`,
    "names that are none of the language or of the file itself",
    "Take another name.",
  );
}
