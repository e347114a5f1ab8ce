/** P-8: what is written into a log or an error of what a row has about a person. */

import { forbiddenKey, namesSecret } from "@brain/schemas";
import ts from "typescript";
import { tableMade } from "../../tree/effects/drizzle-tables.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { isSqlRunner, readSqlTexts, type SqlReader } from "../../tree/sql/sql-texts.ts";
import { tablesOf } from "../../tree/sql/tables.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, calledName, nameOf, propertyOf, propertyValue, stringOf } from "../../tree/syntax/source.ts";

/** What is read of a project, once for each look at it. */
interface Look {
  readonly tree: TypeScriptTree;
  readonly sql: SqlReader;
  /** By the name under which a file has it; null: several have it. */
  readonly tables: () => ReadonlyMap<string, ts.CallExpression | null>;
}

/** The column that an expression has read from a table, when it is personal or a secret; null: it is another value. */
export function readPersonalColumns(tree: TypeScriptTree): (node: ts.Expression) => string | null {
  let tables: ReadonlyMap<string, ts.CallExpression | null> | null = null;
  const look: Look = {
    tree,
    sql: readSqlTexts(tree),
    tables() {
      tables ??= tablesByName(tree);
      return tables;
    },
  };
  return (node) => personalColumn(look, node);
}

function tablesByName(tree: TypeScriptTree): ReadonlyMap<string, ts.CallExpression | null> {
  const found = new Map<string, ts.CallExpression | null>();
  for (const file of tree.files)
    for (const call of nodesOf(tree.source(file).ast).calls) {
      const { parent } = call;
      if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) continue;
      if (call.arguments.length < 2 || tableMade(tree, file, parent.name) !== call) continue;
      found.set(parent.name.text, found.has(parent.name.text) ? null : call);
    }
  return found;
}

function personalColumn(look: Look, node: ts.Expression): string | null {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value)) return columnOf(look, bare(value.expression), value.name.text);
  if (!ts.isIdentifier(value)) return null;
  // const [{ email }] = rows; for (const { email } of rows)
  const declared = declarationOf(value);
  if (declared === null || !ts.isBindingElement(declared)) return null;
  const name = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
  const around = declared.parent.parent;
  return name === null || !ts.isObjectBindingPattern(declared.parent)
    ? null
    : columnIn(look, rowOf(around), name);
}

function columnOf(look: Look, row: ts.Expression, name: string): string | null {
  if (ts.isElementAccessExpression(row)) return columnIn(look, row.expression, name);
  const declared = ts.isIdentifier(row) ? declarationOf(row) : null;
  return declared === null ? null : columnIn(look, rowOf(declared), name);
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
  if (given !== null && ts.isCallExpression(given) && calledName(given) === "findFirst") return given;
  return given !== null && (ts.isElementAccessExpression(given) || isAt(given))
    ? (ts.isCallExpression(given) ? (given.expression as ts.PropertyAccessExpression) : given).expression
    : null;
}

const isAt = (node: ts.Expression): node is ts.CallExpression =>
  ts.isCallExpression(node) && calledName(node) === "at" && ts.isPropertyAccessExpression(node.expression);

/** `rows` is a query, or a name that was given one, which takes whole rows of a table or names its columns. */
function columnIn(look: Look, rows: ts.Expression | null, name: string, steps = 2): string | null {
  if (rows === null) return null;
  const query = bare(rows);
  if (ts.isIdentifier(query)) {
    const declared = steps === 0 ? null : declarationOf(query);
    // const { rows } = await pool.query(…)
    if (declared !== null && ts.isBindingElement(declared)) {
      const around = declared.parent.parent;
      const part = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
      return part === "rows" && ts.isVariableDeclaration(around)
        ? columnIn(look, around.initializer ?? null, name, steps - 1)
        : null;
    }
    return declared !== null && ts.isVariableDeclaration(declared) && declared.initializer !== undefined
      ? columnIn(look, declared.initializer, name, steps - 1)
      : null;
  }
  if (ts.isPropertyAccessExpression(query) && query.name.text === "rows")
    return columnIn(look, query.expression, name, steps);
  if (isSqlOf(query)) return columnInSql(look, query, name);
  if (!ts.isCallExpression(query)) return null;
  if (/^find(?:Many|First)$/.test(calledName(query) ?? "")) return foundColumn(look, query, name);
  const column = chosenColumn(query, name);
  const table = column === null ? null : tableOf(look, query, column.table);
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
  look: Look,
  query: ts.CallExpression,
  named: ts.Expression | null,
): ts.CallExpression | null {
  const table = named ?? partOf(query, /^from$/)?.arguments[0];
  if (table === undefined) return null;
  return tableMade(look.tree, query.getSourceFile().fileName, table);
}

/** `db.query.people.findMany({ columns: { email: true } })`; without columns, and with those that are left out, all others. */
function foundColumn({ tables }: Look, query: ts.CallExpression, name: string): string | null {
  const owner = ts.isPropertyAccessExpression(query.expression) ? bare(query.expression.expression) : null;
  if (owner === null || !ts.isPropertyAccessExpression(owner)) return null;
  const table = tables().get(owner.name.text) ?? null;
  if (table === null || !isPersonal(table, name)) return null;
  const [given] = query.arguments;
  const options = given === undefined ? null : bare(given);
  if (options === null) return name;
  const list = ts.isObjectLiteralExpression(options) ? propertyValue(options, "columns") : null;
  const columns = list === null ? null : bare(list);
  if (columns === null) return ts.isObjectLiteralExpression(options) ? name : null;
  if (!ts.isObjectLiteralExpression(columns)) return null;
  const isChosen = (value: ts.Expression | null) => value?.kind === ts.SyntaxKind.TrueKeyword;
  const own = propertyValue(columns, name);
  const isNamed = columns.properties.some(
    (property) => ts.isPropertyAssignment(property) && isChosen(property.initializer),
  );
  return isChosen(own) || (own === null && !isNamed) ? name : null;
}

const isSqlOf = (query: ts.Expression): query is ts.CallExpression | ts.TaggedTemplateExpression =>
  ts.isTaggedTemplateExpression(query) || (ts.isCallExpression(query) && isSqlRunner(query));

/** `SELECT email FROM shelf_readers`: its name, and that of the table, are all that is known. */
function columnInSql(
  { sql }: Look,
  query: ts.CallExpression | ts.TaggedTemplateExpression,
  name: string,
): string | null {
  const texts = ts.isCallExpression(query)
    ? sql.givenTo(query)
    : sql.textsOf({ calls: [], texts: [query.template as ts.TemplateExpression] }).map(({ text }) => text);
  for (const text of texts) {
    const [table, ...others] = tablesOf(text).read;
    if (table === undefined || others.length > 0 || !isSelected(text, name)) continue;
    if (forbiddenKey(name, table)?.kind === "person" || namesSecret(name)) return name;
  }
  return null;
}

/** As it stands, and not as a name that is given to something else: `count(email) AS email` is none. */
function isSelected(text: string, name: string): boolean {
  const begun = text.trimStart();
  const end = begun.search(/\sfrom\s/i);
  if (end === -1 || !/^select\s/i.test(begun)) return false;
  return begun
    .slice("select".length, end)
    .split(",")
    .map((part) =>
      part
        .trim()
        .replace(/^distinct\s/i, "")
        .trim(),
    )
    .some((part) => part === "*" || part.replace(/^\w+\./, "").replaceAll('"', "") === name);
}

/** By the name of the column and of its table; a flag, a number or an id is not what its name says. */
function isPersonal({ arguments: [called, columns] }: ts.CallExpression, name: string): boolean {
  const list = columns === undefined ? null : bare(columns);
  const property = list !== null && ts.isObjectLiteralExpression(list) ? propertyOf(list, name) : null;
  if (property === null || !ts.isPropertyAssignment(property)) return false;
  if (!/^(?:\w+\.)?(?:text|varchar|char|inet|date)\(/.test(property.initializer.getText())) return false;
  return forbiddenKey(name, stringOf(called))?.kind === "person" || namesSecret(name);
}
