/** C-5: what a handler does that a second run would do again. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { isFetch, outsideCall } from "../../tree/effects/outside.ts";
import { callsInside, handlersOf, isRandom, reachedFrom } from "../../tree/flow/reach.ts";
import { givenTo } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { isSqlRunner, readSqlTexts } from "../../tree/sql/sql-texts.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  functionsAround,
  isFunction,
  nameOf,
  resultOf,
  walk,
} from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";

const keyName = /^idempotency[-_]?key$/i;
/** A handler, and what it calls: the outside is often reached by way of a client of the module's own. */
const stepsToOutside = 6;

export function unsafeTwice({ typescript }: Project, report: Report): void {
  const looked = new Set<FunctionNode>();
  const sql = readSqlTexts(typescript);
  for (const handler of typescript.handled.flatMap((handled) => handlersOf(typescript, handled))) {
    const given = new Set<ts.Node>();
    const reached = reachedFrom(typescript, handler, stepsToOutside, (call, called) => {
      for (const [index, argument] of call.arguments.entries()) {
        const parameter = called.parameters[index];
        if (parameter !== undefined && isFetch(typescript, argument)) given.add(parameter);
      }
    });
    for (const node of reached) {
      if (looked.has(node) && given.size === 0) continue;
      looked.add(node);
      for (const call of callsInside(node)) checkCall(call, given);
      walk(node.body, (inner) => checkKey(inner));
    }
  }

  function checkCall(call: ts.CallExpression, given: ReadonlySet<ts.Node>): void {
    const outside = outsideCall(typescript, call, given);
    if (outside?.kind === "changes" && !outside.hasKey)
      report({
        at: call,
        message: "It changes something outside without a key by which a repetition is known.",
        mend: 'Send `headers: { "idempotency-key": await idempotencyKey("a label") }`, of the context of the handler: it is the same with each try.',
      });
    const isRandomInsert =
      calledName(call) === "values"
        ? isRandomRow(typescript, call) && !/\.onConflict\w*$/.test(call.parent.getText())
        : isSqlRunner(call) && sql.givenTo(call).some(insertsRandom);
    if (isRandomInsert) report({ at: call, message: "It inserts a row whose key is another with each run." });
  }

  function checkKey(node: ts.Node): void {
    if (!ts.isPropertyAssignment(node)) return;
    const name = nameOf(node.name);
    if (name !== null && keyName.test(name) && isRandom(typescript, node.initializer))
      report({
        at: node,
        message: `${name} is another with each run, so nobody outside knows a repetition.`,
      });
  }
}

/** `INSERT INTO notes (id) VALUES (gen_random_uuid())`: what is there already is not found by such a key. */
function insertsRandom(text: string): boolean {
  return statementsIn(text).some(
    (statement) =>
      /^(?:with\b.*)?\binsert\s+into\b/is.test(statement) &&
      /\b(?:gen_random_uuid|uuid_generate_v[14]|uuidv[47])\s*\(/i.test(statement) &&
      !/\bon\s+conflict\b|\bnot\s+exists\b/i.test(statement),
  );
}

const statementsIn = (text: string) => text.split(";").map((statement) => statement.trim());

/** `.values({ id: crypto.randomUUID(), … })`: of a key, not of a time. */
function isRandomRow(tree: TypeScriptTree, call: ts.CallExpression): boolean {
  const [given] = call.arguments;
  return given !== undefined && rowsOf(given).some((row) => hasRandomId(tree, row));
}

/** Rows that are written there, or in the function around: one, several of a list, or one for each of a list. */
function rowsOf(node: ts.Expression): readonly ts.ObjectLiteralExpression[] {
  const value = bare(node);
  if (ts.isObjectLiteralExpression(value)) return [value];
  if (ts.isArrayLiteralExpression(value)) return value.elements.flatMap(rowsOf);
  if (ts.isIdentifier(value)) {
    const given = givenTo(value);
    return given === null || functionsAround(given).length === 0 || ts.isIdentifier(bare(given))
      ? []
      : rowsOf(given);
  }
  if (!ts.isCallExpression(value) || calledName(value) !== "map") return [];
  const [each] = value.arguments;
  const made = each === undefined ? null : bare(each);
  const row = made !== null && isFunction(made) ? resultOf(made) : null;
  return row === null ? [] : rowsOf(row);
}

const hasRandomId = (tree: TypeScriptTree, row: ts.ObjectLiteralExpression): boolean =>
  row.properties.some((property) => {
    const name = property.name === undefined ? null : nameOf(property.name);
    const given = ts.isPropertyAssignment(property)
      ? property.initializer
      : ts.isShorthandPropertyAssignment(property)
        ? property.name
        : null;
    return name !== null && given !== null && /(?:^|_)id$|Id$/.test(name) && isRandom(tree, given);
  });
