/** B-7 and C-3: what was handled is claimed by the engine, by the stream's message. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import { tablesOf } from "../../tree/sql/tables.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, calledName, functionsAround } from "../../tree/syntax/source.ts";
import { writtenEngineTables } from "../modules/foreign-tables.ts";
import { engineTableOf } from "../modules/table-owners.ts";
import type { Report } from "../rule.ts";
import { type Looked, moduleSourcesWith } from "../scope-of-rules.ts";
import { isEventId } from "./event-ids.ts";
import { eventMemories } from "./event-memories.ts";

const mentions = /processed_?events|\.has\(|\.get\(|\.includes\(|\.indexOf\(|\.add\(|\.set\(|setnx|\bNX\b/i;

export function claimsByEventId(project: Project, report: Report): void {
  eventMemories(project, report);
  for (const looked of moduleSourcesWith(project, mentions)) {
    for (const node of looked.nodes.texts) {
      const text = node.getText();
      if (/processed_events/i.test(text) && /\bevent_id\b/i.test(text) && !/stream_message_id/i.test(text))
        report({ at: node, message: "It looks for what was handled by event_id." });
    }
    for (const call of looked.nodes.calls) {
      const message =
        lookUpOf(project, looked, call) ??
        (isOwnMemory(call) ? memoryMessage : isLockByEventId(call) ? lockMessage : null);
      if (message !== null) report({ at: call, message });
    }
  }
}

const memoryMessage = "It remembers ids of events in the module's own memory, which ends with its isolate.";
const lockMessage = "It marks ids of events as seen in Redis, outside of the transaction of the effect.";

/** `eq(processedEvents.eventId, …)`, with the engine's table. */
function lookUpOf(project: Project, { file }: Looked, call: ts.CallExpression): string | null {
  for (const given of call.arguments) {
    const value = bare(given);
    if (!ts.isPropertyAccessExpression(value) || !/^event_?id$/i.test(value.name.text)) continue;
    if (isClaimTable(project, file, value.expression)) return "It looks for what was handled by event id.";
  }
  return null;
}

function isClaimTable(project: Project, file: string, node: ts.Expression): boolean {
  return engineTableOf(project.typescript.bindings, file, node) === "processed_events";
}

/** A list, a `Set` or a `Map` at the top of the file, or of an object that stands there, that is asked for an event's id. */
function isOwnMemory(call: ts.CallExpression): boolean {
  const callee = bare(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !/^(?:has|get|includes|indexOf)$/.test(callee.name.text))
    return false;
  const [first] = call.arguments;
  const owner = bare(callee.expression);
  if (!isEventId(first)) return false;
  const given = ts.isIdentifier(owner) ? topValue(owner) : memberValue(owner);
  if (given === null) return false;
  if (ts.isArrayLiteralExpression(given)) return given.elements.length === 0;
  if (!ts.isNewExpression(given) || !/^(?:Weak)?(?:Set|Map)$|Cache$/.test(given.expression.getText()))
    return false;
  // What is looked up by an event's id may be anything, unless ids of events are put there.
  return callee.name.text !== "get" || isFilled(owner);
}

function topValue(name: ts.Identifier): ts.Expression | null {
  const declared = declarationOf(name);
  if (declared === null || !ts.isVariableDeclaration(declared) || declared.initializer === undefined)
    return null;
  return ts.isSourceFile(declared.parent.parent.parent) ? bare(declared.initializer) : null;
}

/** `this.#seen` of a class: one that is made for each event remembers nothing, and need not. */
function memberValue(node: ts.Expression): ts.Expression | null {
  if (!ts.isPropertyAccessExpression(node) || node.expression.kind !== ts.SyntaxKind.ThisKeyword) return null;
  let at: ts.Node = node;
  while (at.parent !== undefined && !ts.isClassLike(at)) at = at.parent;
  if (!ts.isClassLike(at) || !isMadeAtTop(at)) return null;
  const member = at.members.find((one) => one.name?.getText() === node.name.text);
  return member !== undefined && ts.isPropertyDeclaration(member) && member.initializer !== undefined
    ? bare(member.initializer)
    : null;
}

/** `const seen = new Seen()` at the top of the same file. */
const isMadeAtTop = (made: ts.ClassLikeDeclaration): boolean =>
  nodesOf(made.getSourceFile()).news.some(
    (node) =>
      made.name !== undefined &&
      bare(node.expression).getText() === made.name.text &&
      functionsAround(node).length === 0,
  );

const isFilled = (memory: ts.Expression): boolean =>
  nodesOf(memory.getSourceFile()).calls.some((call) => {
    const callee = bare(call.expression);
    return (
      ts.isPropertyAccessExpression(callee) &&
      callee.name.text === "set" &&
      callee.expression.getText() === memory.getText() &&
      isEventId(call.arguments[0])
    );
  });

/** `redis.set(`seen:${event.id}`, 1, { nx: true })`, `redis.setnx(…)`, `redis.sadd(seen, event.id)` */
function isLockByEventId(call: ts.CallExpression): boolean {
  const name = calledName(call)?.toLowerCase();
  const [first, ...rest] = call.arguments;
  if (name === "setnx" || name === "sadd" || name === "sismember") return [first, ...rest].some(isEventId);
  if (name !== "set" || !isEventId(first)) return false;
  return rest.some((given) => /\bnx\b/i.test(given.getText()));
}

/** C-3: claims, and what else the engine keeps, are written by the engine alone. */
export function ownClaims(project: Project, report: Report): void {
  writtenEngineTables(project, report);
  for (const { module, nodes } of moduleSourcesWith(project, /processed_?events/i)) {
    // Also in a text that goes to a function of which nobody knows that it runs SQL.
    for (const node of nodes.texts)
      if (tablesOf(node.getText().slice(1, -1)).written.has("processed_events"))
        report({ at: node, message: `${module.name} writes claims itself.` });
  }
}
