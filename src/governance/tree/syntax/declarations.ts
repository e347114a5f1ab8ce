/** What a name inside of a file means: the parameter, variable or function that the nearest scope around declares. */

import ts from "typescript";

/** What may have a body; a signature of a type never has one. */
export const functionKinds: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.FunctionExpression,
  ts.SyntaxKind.ArrowFunction,
  ts.SyntaxKind.MethodDeclaration,
  ts.SyntaxKind.Constructor,
  ts.SyntaxKind.GetAccessor,
  ts.SyntaxKind.SetAccessor,
]);

/** What declares a name. A piece of a destructured parameter or variable is a `BindingElement`. */
export type Declaration =
  | ts.ParameterDeclaration
  | ts.BindingElement
  | ts.VariableDeclaration
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration;

const isolateScopes = new WeakMap<ts.Node, ReadonlyMap<string, Declaration>>();

/** Null: it is imported, global, or no value. */
export function declarationOf(name: ts.Identifier): Declaration | null {
  for (let at: ts.Node | undefined = name.parent; at !== undefined; at = at.parent) {
    const found = declaredIn(at)?.get(name.text);
    if (found !== undefined) return found;
  }
  return null;
}

/** Most nodes open none; they are told apart by their kind alone, for all around every name are asked. */
const scopeKinds: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.Block,
  ts.SyntaxKind.SourceFile,
  ts.SyntaxKind.ModuleBlock,
  ts.SyntaxKind.CaseClause,
  ts.SyntaxKind.DefaultClause,
  ts.SyntaxKind.CatchClause,
  ts.SyntaxKind.ForStatement,
  ts.SyntaxKind.ForOfStatement,
  ts.SyntaxKind.ForInStatement,
  ...functionKinds,
]);

/** What a node itself declares; null: it opens no scope. */
export function declaredIn(node: ts.Node): ReadonlyMap<string, Declaration> | null {
  if (!scopeKinds.has(node.kind)) return null;
  const known = isolateScopes.get(node);
  if (known !== undefined) return known;
  const declared = new Map<string, Declaration>();
  if (ts.isBlock(node) || ts.isSourceFile(node) || ts.isModuleBlock(node) || ts.isCaseOrDefaultClause(node))
    for (const statement of node.statements) declaredBy(statement, declared);
  else if (ts.isFunctionLike(node)) for (const parameter of node.parameters) declare(parameter, declared);
  else if (ts.isCatchClause(node) && node.variableDeclaration !== undefined)
    declare(node.variableDeclaration, declared);
  else if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)) {
    const { initializer } = node;
    if (initializer !== undefined && ts.isVariableDeclarationList(initializer))
      for (const declaration of initializer.declarations) declare(declaration, declared);
  }
  isolateScopes.set(node, declared);
  return declared;
}

function declaredBy(statement: ts.Statement, declared: Map<string, Declaration>): void {
  if (ts.isVariableStatement(statement))
    for (const declaration of statement.declarationList.declarations) declare(declaration, declared);
  else if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  )
    if (statement.name !== undefined) declared.set(statement.name.text, statement);
}

function declare(
  declaration: ts.ParameterDeclaration | ts.VariableDeclaration | ts.BindingElement,
  declared: Map<string, Declaration>,
): void {
  const { name } = declaration;
  if (ts.isIdentifier(name)) declared.set(name.text, declaration);
  else for (const element of name.elements) if (ts.isBindingElement(element)) declare(element, declared);
}
