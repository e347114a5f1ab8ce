/** Statements that change rows, and the connection by which they do: of drizzle, of SQL, and by a function of the project. */

import ts from "typescript";
import { calledFunction, callsInside } from "../flow/reach.ts";
import { declarationOf, parameterOwner } from "../names/scope.ts";
import { tableWrite } from "../product/publishers.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { readSqlTexts, type SqlReader } from "../sql/sql-texts.ts";
import { tablesOf } from "../sql/tables.ts";
import { bare, calledName, type FunctionNode, nameOf } from "../syntax/source.ts";
import { connectionIn } from "./connections.ts";
import { fieldOf } from "./own-fields.ts";

export interface RowWrite {
  /** The name at the beginning of the connection; null: it begins with `this`, or is worked out. */
  readonly connection: ts.Identifier | null;
  /** The field that it begins with, `db` of `this.db`; null: none does, or it may be a transaction. */
  readonly field: string | null;
  /** What it changes, as the code calls it. */
  readonly table: string;
}

export interface RowWrites {
  /** Null: the call changes no row that is seen. */
  of(call: ts.CallExpression): RowWrite | null;
}

const runners = /^(?:execute|query|unsafe|rows)$/;
const maxSteps = 3;

/** Remembers what it has read: to be made for each look at a project. */
export function readRowWrites(tree: TypeScriptTree): RowWrites {
  const sql: SqlReader = readSqlTexts(tree);
  // What is found depends on how many calls may still be followed.
  const byParameter = rememberAt<ReadonlyMap<number, string>>(parametersOf);
  const byMethod = rememberAt<string | null>(fieldTableOf);

  const bySql = (call: ts.CallExpression): RowWrite | null => {
    const callee = bare(call.expression);
    if (!ts.isPropertyAccessExpression(callee) || !runners.test(calledName(call) ?? "")) return null;
    for (const text of sql.givenTo(call)) {
      const [table] = tablesOf(text).written;
      if (table !== undefined)
        return {
          connection: connectionIn(tree, callee.expression),
          field: fieldOf(tree, callee.expression),
          table,
        };
    }
    return null;
  };

  /** By the place of the parameter, what a function changes by it. */
  function parametersOf(called: FunctionNode, steps: number): ReadonlyMap<number, string> {
    const found = new Map<number, string>();
    for (const call of callsInside(called)) {
      const write = writeOf(call, steps);
      const declared = write?.connection == null ? null : declarationOf(write.connection);
      if (write === null || declared === null || parameterOwner(declared) !== called) continue;
      let at: ts.Node = declared;
      while (ts.isBindingElement(at)) at = at.parent.parent;
      found.set(called.parameters.indexOf(at as ts.ParameterDeclaration), write.table);
    }
    return found;
  }

  const byHelper = (call: ts.CallExpression, steps: number): RowWrite | null => {
    const called = steps === 0 ? null : calledFunction(tree, call.expression);
    if (called === null) return null;
    for (const [index, table] of byParameter(called, steps - 1)) {
      const given = call.arguments[index];
      const connection = given === undefined ? null : connectionIn(tree, given);
      if (connection !== null) return { connection, field: null, table };
    }
    return byField(call, called, steps - 1);
  };

  /** `this.store(id)` and `books.add(id)`: a method that changes rows by a field of what it is called on. */
  const byField = (call: ts.CallExpression, called: FunctionNode, steps: number): RowWrite | null => {
    const callee = bare(call.expression);
    const table = ts.isPropertyAccessExpression(callee) ? byMethod(called, steps) : null;
    if (table === null || !ts.isPropertyAccessExpression(callee)) return null;
    const isOwn = callee.expression.kind === ts.SyntaxKind.ThisKeyword;
    const field = isOwn ? nameOf(callee.name) : fieldOf(tree, callee.expression);
    return field === null ? null : { connection: null, field, table };
  };

  function fieldTableOf(called: FunctionNode, steps: number): string | null {
    for (const call of callsInside(called)) {
      const write = writeOf(call, steps);
      if (write !== null && write.field !== null) return write.table;
    }
    return null;
  }

  const writeOf = (call: ts.CallExpression, steps: number): RowWrite | null => {
    const write = tableWrite(tree, call.getSourceFile().fileName, call);
    return write === null
      ? (bySql(call) ?? byHelper(call, steps))
      : {
          ...write,
          connection: connectionOf(tree, call),
          field: fieldOf(tree, call.expression),
        };
  };

  return { of: (call) => writeOf(call, maxSteps) };
}

/** Of `db.insert(books)`, without the name of what it does. */
function connectionOf(tree: TypeScriptTree, { expression }: ts.CallExpression): ts.Identifier | null {
  const callee = bare(expression);
  const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
  return isMember ? connectionIn(tree, callee.expression) : null;
}

/** Works out once what holds for a function at a number of steps. */
function rememberAt<Value>(
  read: (node: FunctionNode, steps: number) => Value,
): (node: FunctionNode, steps: number) => Value {
  const levels = Array.from(
    { length: maxSteps + 1 },
    () => new Map<FunctionNode, { readonly value: Value }>(),
  );
  return (node, steps) => {
    const known = levels[steps]?.get(node) ?? { value: read(node, steps) };
    levels[steps]?.set(node, known);
    return known.value;
  };
}
