/** Who writes a table of the engine by drizzle: in place, or by a function or a class that is given it. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { calledFunction, callsInside } from "../../tree/flow/reach.ts";
import { isPlain } from "../../tree/names/package-values.ts";
import { WrittenFunction } from "../../tree/names/value-calls.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import { bare, calledName, isFunction, propertyOf } from "../../tree/syntax/source.ts";
import { sourcesWith } from "../scope-of-rules.ts";
import { engineTableIn, engineTableOf } from "./table-owners.ts";

export interface EngineTableWrite {
  readonly module: TypeScriptModule | null;
  readonly node: ts.Node;
  readonly table: string;
}

export function* engineTableWrites(project: Project): Iterable<EngineTableWrite> {
  for (const { module, nodes } of sourcesWith(project, /\b(?:insert|update|delete)\b/))
    for (const call of nodes.calls)
      for (const given of writtenBy(call))
        for (const table of engineTablesOf(project, given)) yield { module, node: call, table };
  for (const { module, nodes } of sourcesWith(project, /@brain\/engine/)) {
    for (const node of nodes.calls)
      for (const table of writtenByCalled(project, node)) yield { module, node, table };
    for (const node of nodes.news)
      for (const table of writtenByMade(project, node)) yield { module, node, table };
  }
}

const writes = /^(?:insert|update|delete)$/;

/** The table of `tx.insert(table)`, as a list; empty: it writes none. */
const writtenBy = (call: ts.CallExpression): readonly ts.Expression[] =>
  writes.test(calledName(call) ?? "") ? call.arguments.slice(0, 1) : [];

/** All that an expression may be, behind names, choices, lists, maps, and fields of its own class. */
function engineTablesOf(project: Pick<Project, "typescript">, given: ts.Expression): readonly string[] {
  const { typescript } = project;
  const tableOf = (node: ts.Expression) => engineTableOf(typescript, node.getSourceFile().fileName, node);
  const own = tableOf(given);
  if (own !== null) return [own];
  const found = madeOf(typescript, given).flatMap((end) => tableOf(end) ?? []);
  if (found.length > 0) return found;
  const field = ownField(given);
  if (field !== null) return engineTablesOf(project, field);
  return typescript.values
    .valuesOf(given.getSourceFile().fileName, given)
    .flatMap((value) => engineTableIn(value) ?? []);
}

/** What `this.table` was given where its class or object is written; null: it is something else, or is given when it is made. */
function ownField(node: ts.Expression): ts.Expression | null {
  const value = bare(node);
  if (!ts.isPropertyAccessExpression(value) || value.expression.kind !== ts.SyntaxKind.ThisKeyword)
    return null;
  for (let at: ts.Node = value; at.parent !== undefined; at = at.parent) {
    if (ts.isArrowFunction(at) || !isFunction(at)) continue;
    const owner = ts.isPropertyAssignment(at.parent) ? at.parent.parent : at.parent;
    const named = ts.isClassLike(owner)
      ? owner.members.find((member) => member.name?.getText() === value.name.text)
      : ts.isObjectLiteralExpression(owner)
        ? propertyOf(owner, value.name.text)
        : null;
    if (named == null) return null;
    if (ts.isShorthandPropertyAssignment(named)) return named.name;
    return ts.isPropertyDeclaration(named) || ts.isPropertyAssignment(named)
      ? (named.initializer ?? null)
      : null;
  }
  return null;
}

/** By a function of the project that writes what it is given, also within options. */
function writtenByCalled({ typescript }: Project, call: ts.CallExpression): readonly string[] {
  const file = call.getSourceFile().fileName;
  if (call.arguments.length === 0 || !call.arguments.some(mayHold)) return [];
  const called = calledFunction(typescript, call.expression);
  const inner = called === null ? [] : callsInside(called).flatMap(writtenBy);
  if (called === null || inner.length === 0) return [];
  if (!call.arguments.some((given) => holdsTable(typescript.values.valueOf(file, given)))) return [];
  return inner.flatMap((given) => {
    const value = typescript.values.valueIn(called.getSourceFile().fileName, given, [{ node: called, call }]);
    // What it writes whatever it is given, is told where it stands.
    const isGiven = engineTablesOf({ typescript }, given).length === 0;
    return isGiven ? (engineTableIn(value) ?? []) : [];
  });
}

/** A name, a part of something, or an object: neither a text nor a function is a table. */
const mayHold = (node: ts.Expression): boolean =>
  !ts.isStringLiteralLike(node) && !ts.isNumericLiteral(node) && !isFunction(node);

const holdsTable = (value: unknown, steps = 2): boolean =>
  engineTableIn(value) !== null ||
  (steps > 0 &&
    (isPlain(value) || Array.isArray(value)) &&
    Object.values(value).some((part) => holdsTable(part, steps - 1)));

/** By methods of an instance that has the table in a field: of what it is given, or of a class that extends theirs. */
function writtenByMade({ typescript }: Project, node: ts.NewExpression): readonly string[] {
  const made = typescript.values.valueOf(node.getSourceFile().fileName, node);
  if (!isPlain(made) || !Object.values(made).some((field) => engineTableIn(field) !== null)) return [];
  const found = Object.values(made).flatMap((member) =>
    member instanceof WrittenFunction ? callsInside(member.node).flatMap(writtenBy) : [],
  );
  return found.flatMap((given) => {
    const value = bare(given);
    const isField =
      ts.isPropertyAccessExpression(value) && value.expression.kind === ts.SyntaxKind.ThisKeyword;
    const field = isField ? made[value.name.text] : null;
    const isTold = engineTablesOf({ typescript }, given).length > 0;
    return isTold ? [] : (engineTableIn(field) ?? []);
  });
}
