import type { JsonObject } from "@brain/schemas";
import * as z from "zod";
import { isoOrNull } from "../iso-or-null.ts";
import { priorityName, queueScore } from "./state.ts";
import type { missionLog, missions, missionTemplates } from "./tables.ts";

export type Mission = typeof missions.$inferSelect;
export type LogEntry = typeof missionLog.$inferSelect;
export type Template = typeof missionTemplates.$inferSelect;

/** A mission's result, in UTF-8 bytes of JSON. */
export const maxResultBytes = 262_144;

export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}

export const missionType = z.string().regex(/^[a-z][a-z0-9_.-]{0,99}$/, {
  error: "Expected 1 to 100 lower-case letters, digits and . _ -, beginning with a letter",
});

/** Failed attempts so far. */
function retryCount({ status, attempt }: Pick<Mission, "status" | "attempt">): number {
  return status === "running" || status === "completed" ? Math.max(0, attempt - 1) : attempt;
}

/** A mission as callers see it. @param data its payload without secrets */
export function missionView(row: Mission, data: JsonObject) {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    description: row.description,
    status: row.status,
    priority: row.priority,
    priority_name: priorityName(row.priority),
    data,
    result: row.result,
    error: row.error,
    error_type: row.errorType,
    retry_count: retryCount(row),
    attempt: row.attempt,
    max_retries: row.attemptLimit,
    available_at: row.status === "queued" || row.status === "paused" ? isoOrNull(row.dueAt) : null,
    lease_until: row.status === "running" ? isoOrNull(row.dueAt) : null,
    tenant_id: row.tenantId,
    correlation_id: row.correlationId,
    created_by: row.createdBy,
    template_id: row.templateId,
    run_id: row.runId,
    step: row.step,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    queued_at: isoOrNull(row.queuedAt),
    started_at: isoOrNull(row.startedAt),
    finished_at: isoOrNull(row.finishedAt),
  };
}

/** A mission that waits in the queue. */
export function queueItem(row: Mission) {
  return {
    id: row.id,
    type: row.type,
    status: row.status,
    priority: row.priority,
    score: queueScore(row.priority, row.place),
    created_at: row.createdAt.toISOString(),
    available_at: isoOrNull(row.dueAt),
    retry_count: retryCount(row),
  };
}

export function logView(entry: LogEntry) {
  return {
    id: String(entry.id),
    timestamp: entry.at.toISOString(),
    level: entry.level,
    message: entry.message,
    data: entry.data,
  };
}

/**
 * @param row without secrets
 * @param known types of missions that this release can do
 */
export function templateView(row: Template, known: ReadonlySet<string>) {
  return {
    id: row.id,
    tenant_id: row.tenantId,
    name: row.name,
    description: row.description,
    category: row.category,
    steps: row.steps,
    variables: row.variables,
    /** Actions that nothing here can do; the template cannot be instantiated before there is a handler. */
    unknown_actions: [...new Set(row.steps.map(({ action }) => action))].filter(
      (action) => !known.has(action),
    ),
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
