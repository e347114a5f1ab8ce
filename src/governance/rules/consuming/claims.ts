/** B-7 and C-3: what was handled is claimed by the engine, by the stream's message. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { tablesOf } from "../../tree/sql/tables.ts";
import { bare, calledName } from "../../tree/syntax/source.ts";
import { writtenEngineTables } from "../modules/foreign-tables.ts";
import { engineTableOf } from "../modules/table-owners.ts";
import type { Report } from "../rule.ts";
import { type Looked, moduleSourcesWith } from "../scope-of-rules.ts";
import { isEventId } from "./event-ids.ts";
import { eventMemories } from "./event-memories.ts";
import { idMemories } from "./id-memories.ts";

const mentions = /processed_?events|\.id\b|\bid\b|event_?id|setnx|\bNX\b/i;

export function claimsByEventId(project: Project, report: Report): void {
  eventMemories(project, report);
  const askedIn = idMemories(project);
  for (const looked of moduleSourcesWith(project, mentions)) {
    for (const node of looked.nodes.texts) {
      const text = node.getText();
      if (/processed_events/i.test(text) && /\bevent_id\b/i.test(text) && !/stream_message_id/i.test(text))
        report({ at: node, message: "It looks for what was handled by event_id." });
    }
    for (const call of looked.nodes.calls) {
      const message = lookUpOf(project, looked, call) ?? (isLockByEventId(call) ? lockMessage : null);
      if (message !== null) report({ at: call, message });
    }
    for (const at of askedIn(looked.file)) report({ at, message: memoryMessage });
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
  return engineTableOf(project.typescript, file, node) === "processed_events";
}

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
