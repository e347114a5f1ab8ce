/** P-8: what is written into a log or an error of what a row has about a person. */

import { forbiddenKey, namesSecret } from "@brain/schemas";
import ts from "typescript";
import { declarationOf } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, calledName, nameOf, propertyOf, stringOf } from "../../tree/syntax/source.ts";

/** The column that an expression has read from a table, when it is personal or a secret; null: it is another value. */
export function personalColumn(tree: TypeScriptTree, node: ts.Expression): string | null {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value)) return columnOf(tree, bare(value.expression), value.name.text);
  if (!ts.isIdentifier(value)) return null;
  // const [{ email }] = rows; for (const { email } of rows)
  const declared = declarationOf(value);
  if (declared === null || !ts.isBindingElement(declared)) return null;
  const name = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
  const around = declared.parent.parent;
  return name === null || !ts.isObjectBindingPattern(declared.parent)
    ? null
    : columnIn(tree, rowOf(around), name);
}

function columnOf(tree: TypeScriptTree, row: ts.Expression, name: string): string | null {
  if (ts.isElementAccessExpression(row)) return columnIn(tree, row.expression, name);
  const declared = ts.isIdentifier(row) ? declarationOf(row) : null;
  return declared === null ? null : columnIn(tree, rowOf(declared), name);
}

/** The rows of which a name is one; null: it is not known. */
function rowOf(declared: ts.Node): ts.Expression | null {
  // const [row] = await …
  if (ts.isBindingElement(declared) && ts.isArrayBindingPattern(declared.parent)) {
    const { parent } = declared.parent;
    return ts.isVariableDeclaration(parent) ? (parent.initializer ?? null) : null;
  }
  if (!ts.isVariableDeclaration(declared)) return null;
  const list = declared.parent.parent;
  // for (const row of rows)
  if (ts.isForOfStatement(list)) return list.expression;
  // A row that was taken by its place.
  const given = declared.initializer === undefined ? null : bare(declared.initializer);
  return given !== null && (ts.isElementAccessExpression(given) || isAt(given))
    ? (ts.isCallExpression(given) ? (given.expression as ts.PropertyAccessExpression) : given).expression
    : null;
}

const isAt = (node: ts.Expression): node is ts.CallExpression =>
  ts.isCallExpression(node) && calledName(node) === "at" && ts.isPropertyAccessExpression(node.expression);

/** `rows` is a query, or a name that was given one, which takes whole rows of a table or names its columns. */
function columnIn(tree: TypeScriptTree, rows: ts.Expression | null, name: string, steps = 2): string | null {
  if (rows === null) return null;
  const query = bare(rows);
  if (ts.isIdentifier(query)) {
    const declared = steps === 0 ? null : declarationOf(query);
    return declared !== null && ts.isVariableDeclaration(declared) && declared.initializer !== undefined
      ? columnIn(tree, declared.initializer, name, steps - 1)
      : null;
  }
  if (!ts.isCallExpression(query)) return null;
  const column = chosenColumn(query, name);
  const table = column === null ? null : tableOf(tree, query, column.table);
  return table !== null && column !== null && isPersonal(table, column.name) ? name : null;
}

interface Column {
  readonly name: string;
  /** Null: that of `from`. */
  readonly table: ts.Expression | null;
}

/** `select()`: the column is called so; `select({ to: people.email })`: another one may be. */
function chosenColumn(query: ts.CallExpression, name: string): Column | null {
  const select = partOf(query, /^select(?:Distinct)?$/);
  if (select === null) return null;
  const [chosen] = select.arguments;
  if (chosen === undefined) return { name, table: null };
  const list = bare(chosen);
  const property = ts.isObjectLiteralExpression(list) ? propertyOf(list, name) : null;
  const given = property !== null && ts.isPropertyAssignment(property) ? bare(property.initializer) : null;
  return given !== null && ts.isPropertyAccessExpression(given)
    ? { name: given.name.text, table: given.expression }
    : null;
}

function partOf(query: ts.CallExpression, named: RegExp): ts.CallExpression | null {
  for (let at: ts.Expression = query; ts.isCallExpression(at); ) {
    if (named.test(calledName(at) ?? "")) return at;
    const callee = bare(at.expression);
    if (!ts.isPropertyAccessExpression(callee)) return null;
    at = bare(callee.expression);
  }
  return null;
}

/** The call that defines the table: `pgTable("people", { … })`. */
function tableOf(
  tree: TypeScriptTree,
  query: ts.CallExpression,
  named: ts.Expression | null,
): ts.CallExpression | null {
  const table = named ?? partOf(query, /^from$/)?.arguments[0];
  if (table === undefined) return null;
  const origin = tree.bindings.originOfExpression(query.getSourceFile().fileName, table);
  const made = origin?.value == null ? null : bare(origin.value);
  if (made === null || !ts.isCallExpression(made)) return null;
  return /[tT]able$/.test(calledName(made) ?? "") ? made : null;
}

/** By the name of the column and of its table; a flag, a number or an id is not what its name says. */
function isPersonal({ arguments: [called, columns] }: ts.CallExpression, name: string): boolean {
  const list = columns === undefined ? null : bare(columns);
  const property = list !== null && ts.isObjectLiteralExpression(list) ? propertyOf(list, name) : null;
  if (property === null || !ts.isPropertyAssignment(property)) return false;
  if (!/^(?:\w+\.)?(?:text|varchar|char|inet|date)\(/.test(property.initializer.getText())) return false;
  return forbiddenKey(name, stringOf(called))?.kind === "person" || namesSecret(name);
}
