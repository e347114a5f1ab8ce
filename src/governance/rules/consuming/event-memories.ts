/** B-7: a table of a module's own that remembers nothing but which events were handled, and that its handlers ask. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { callsInside, handlersOf, reachedFrom } from "../../tree/flow/reach.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, calledName, type FunctionNode, nameOf } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import { isEventId } from "./event-ids.ts";

/** A handler, what it calls, and what that calls. */
const stepsFromHandler = 2;

const idColumn = /^(?:(?:source|handled|seen|processed|consumed)_?)?(?:event|envelope)_?id$/i;
/** They say when, by whom and of which kind: nothing of what the event was about. */
const asideColumn =
  /^(?:id|\w*(?:At|_at|On|_on)|(?:subscriber|consumer|handler|module|tenant)(?:_?(?:name|id))?|(?:event_?)?type)$/i;

interface Memory {
  readonly table: ts.CallExpression;
  /** Its name in the database. */
  readonly name: string;
}

export function eventMemories(project: Project, report: Report): void {
  const memories = memoriesOf(project);
  if (memories.length === 0) return;
  const { typescript } = project;
  const reached = new Set<FunctionNode>();
  for (const handled of typescript.handled)
    for (const handler of handlersOf(typescript, handled))
      for (const each of reachedFrom(typescript, handler, stepsFromHandler)) reached.add(each);
  const calls = new Set([...reached].flatMap(callsInside));
  for (const memory of memories) {
    const inserts = [...calls].filter((call) => isInsertOfEvent(typescript, call, memory));
    // Who only reads it may ask what somebody else has said of the event.
    if (inserts.length === 0) continue;
    const asked = [...calls].filter((call) => asksForEvent(typescript, call, memory));
    const at = asked.length > 0 ? asked : inserts.filter((call) => looksAtOutcome(call));
    for (const call of at)
      report({
        at: call,
        message: `${memory.name} remembers nothing but which events were handled, by their ids.`,
      });
  }
}

function memoriesOf(project: Project): readonly Memory[] {
  const found: Memory[] = [];
  for (const { nodes } of moduleSourcesWith(project, /[tT]able\(/))
    for (const call of nodes.calls) {
      const [named, columns] = call.arguments;
      if (!/^\w*[tT]able$/.test(calledName(call) ?? "") || named === undefined || columns === undefined)
        continue;
      const name = bare(named);
      const shape = bare(columns);
      if (!ts.isStringLiteralLike(name) || !ts.isObjectLiteralExpression(shape)) continue;
      const names = shape.properties.map((property) =>
        property.name === undefined ? null : nameOf(property.name),
      );
      const isMemory =
        names.some((one) => one !== null && idColumn.test(one)) &&
        names.every((one) => one !== null && (idColumn.test(one) || asideColumn.test(one)));
      if (isMemory) found.push({ table: call, name: name.text });
    }
  return found;
}

function isTable({ bindings }: TypeScriptTree, node: ts.Expression, { table }: Memory): boolean {
  const value = bindings.originOfExpression(node.getSourceFile().fileName, node)?.value ?? null;
  return value !== null && bare(value) === table;
}

/** `eq(table.eventId, event.id)` */
function asksForEvent(tree: TypeScriptTree, call: ts.CallExpression, memory: Memory): boolean {
  if (calledName(call) !== "eq") return false;
  const sides = call.arguments.map(bare);
  return (
    sides.some(
      (side) =>
        ts.isPropertyAccessExpression(side) &&
        idColumn.test(side.name.text) &&
        isTable(tree, side.expression, memory),
    ) && sides.some((side) => isEventId(side))
  );
}

/** `insert(table).values({ eventId: event.id })` */
function isInsertOfEvent(tree: TypeScriptTree, call: ts.CallExpression, memory: Memory): boolean {
  const callee = bare(call.expression);
  const [row] = call.arguments;
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "values" || row === undefined)
    return false;
  const insert = bare(callee.expression);
  if (!ts.isCallExpression(insert) || calledName(insert) !== "insert") return false;
  const [table] = insert.arguments;
  const given = bare(row);
  return (
    table !== undefined &&
    isTable(tree, table, memory) &&
    ts.isObjectLiteralExpression(given) &&
    given.properties.some(
      (property) =>
        (ts.isPropertyAssignment(property) && isEventId(property.initializer)) ||
        (ts.isShorthandPropertyAssignment(property) && isEventId(property.name)),
    )
  );
}

/** `const fresh = await tx.insert(…).values(…).onConflictDoNothing().returning()` */
function looksAtOutcome(call: ts.CallExpression): boolean {
  let at: ts.Node = call;
  while (ts.isPropertyAccessExpression(at.parent) || ts.isCallExpression(at.parent)) at = at.parent;
  return /\.onConflictDoNothing\b/.test(at.getText()) && !ts.isExpressionStatement(outerOf(at));
}

const outerOf = (node: ts.Node): ts.Node =>
  ts.isAwaitExpression(node.parent) ? node.parent.parent : node.parent;
