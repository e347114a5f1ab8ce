import { atMostMembers, guardValues, isJsonObject, type JsonObject, type JsonValue } from "@brain/schemas";
import * as z from "zod";
import { reasonText } from "../../http/kit/free-text.ts";
import { priorities, priorityName, queueScore } from "./state.ts";
import {
  type missionLog,
  missionStatuses,
  type missions,
  type missionTemplates,
  type TemplateStep,
  type TemplateVariable,
} from "./tables.ts";
import { checkTemplate, variableName } from "./templates.ts";

export type Mission = typeof missions.$inferSelect;
export type LogEntry = typeof missionLog.$inferSelect;
export type Template = typeof missionTemplates.$inferSelect;

export const missionIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A payload, and a mission's result, in UTF-8 bytes of JSON. */
const maxPayloadBytes = 65_536;
export const maxResultBytes = 262_144;

/** Text that Postgres can store: no control characters but line ends and tabs, no half of a surrogate pair. */
function text(min: number, max: number) {
  return z
    .string()
    .trim()
    .min(min)
    .max(max)
    .refine((value) => value.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(value), {
      error: "Control characters and halves of surrogate pairs cannot be stored; remove them",
    });
}

/** An id that goes to events: no control characters, no line ends. */
const plainId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}$/, {
  error: "Expected 1 to 100 letters, digits, and : _ . -",
});

export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}

/** JSON data of bounded size and depth that Postgres can store. */
const data = z
  .custom<JsonObject>((value) => isJsonObject(value as JsonValue), { error: "Expected a JSON object" })
  .superRefine((value, context) => {
    for (const { path, message } of guardValues(value, "").invalid.slice(0, 10))
      context.addIssue({ code: "custom", path: path.split(".").filter(Boolean), message });
    const bytes = jsonBytes(value);
    if (bytes > maxPayloadBytes)
      context.addIssue({ code: "custom", message: `${bytes} bytes of JSON, at most ${maxPayloadBytes}` });
  });

const priority = z.literal(priorities, {
  error: "Expected 10 (low), 20 (normal), 30 (high) or 40 (critical)",
});
export const missionType = z.string().regex(/^[a-z][a-z0-9_.-]{0,99}$/, {
  error: "Expected 1 to 100 lower-case letters, digits and . _ -, beginning with a letter",
});
const maxRetries = z.int().min(1).max(20);

/** Fields that enqueueing and creating share. */
const work = {
  priority: priority.default(20),
  max_retries: maxRetries.default(3),
  tenant_id: plainId.nullish(),
  /** Left out: who acts. */
  created_by: plainId.optional(),
};

export const enqueueRequest = z.strictObject({
  type: missionType,
  payload: data.default({}),
  name: text(1, 200).optional(),
  ...work,
});
export type EnqueueRequest = z.output<typeof enqueueRequest>;

export const createRequest = z.strictObject({
  /** Chosen by the caller, so that a repeated request makes no second mission. */
  id: z.uuid({ error: "Expected a UUID" }).optional(),
  name: text(1, 200),
  description: text(0, 2000).nullish(),
  type: missionType.default("echo"),
  data: data.default({}),
  ...work,
});
export type CreateRequest = z.output<typeof createRequest>;

const reason = reasonText(500, 1);
export const cancelRequest = z.strictObject({ reason: reason.nullish() });
export const queueRequest = z.strictObject({ reason });
export const statusRequest = z.strictObject({ status: z.enum(missionStatuses), reason: reason.nullish() });
export type StatusRequest = z.output<typeof statusRequest>;
export const logRequest = z.strictObject({
  level: z.enum(["debug", "info", "warning", "error"]).default("info"),
  message: text(1, 2000),
  data: data.default({}),
});
export type LogRequest = z.output<typeof logRequest>;

const whole = (max: number, usual: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, { error: `Expected an integer from 1 to ${max}` })
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(usual);

const ofTenant = { tenant_id: plainId.optional() };
export const tenantQuery = z.object(ofTenant);
export type TenantQuery = z.output<typeof tenantQuery>;
export const queueQuery = z.object({ limit: whole(100, 20), ...ofTenant });
export const historyQuery = z.object({
  limit: whole(1000, 100),
  agent_id: text(1, 255).optional(),
  ...ofTenant,
});
export type HistoryQuery = z.output<typeof historyQuery>;
export const logQuery = z.object({ limit: whole(500, 100) });

/** Place in a list ordered by creation: Unix ms and id. */
export interface ListCursor {
  readonly createdMs: number;
  readonly id: string;
}

const cursor = z
  .string()
  .regex(/^\d{1,14}_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, {
    error: 'Expected the "next_cursor" of an earlier answer',
  })
  .transform((value): ListCursor => {
    const [createdMs = "", id = ""] = value.split("_");
    return { createdMs: Number(createdMs), id };
  })
  .optional();

export const missionsQuery = z.object({
  status: z.enum(missionStatuses).optional(),
  limit: whole(500, 50),
  cursor,
  ...ofTenant,
});

export const templatesQuery = z.object({
  category: text(1, 100).optional(),
  limit: whole(500, 50),
  cursor,
  ...ofTenant,
});
export type TemplatesQuery = z.output<typeof templatesQuery>;

const step = z.strictObject({
  order: z.int().min(1).max(1000),
  action: missionType,
  config: data.default({}),
}) satisfies z.ZodType<TemplateStep>;

const variable = z.strictObject({
  type: z.enum(["string", "number", "boolean", "object", "array"]).default("string"),
  required: z.boolean().default(false),
  default: z
    .custom<JsonValue>((value) => guardValues(value, "").invalid.length === 0, {
      error: "Expected JSON data",
    })
    .default(null),
  description: text(0, 500).default(""),
}) satisfies z.ZodType<TemplateVariable>;

const maxSteps = 50;
const maxVariables = 100;
const maxTemplateBytes = 131_072;

export const templateRequest = z
  .strictObject({
    name: text(1, 200),
    description: text(0, 2000).default(""),
    category: text(1, 100).default("general"),
    steps: z.array(step).min(1).max(maxSteps),
    variables: z
      .record(z.string().regex(variableName, { error: "Expected letters, digits and _" }), variable)
      .refine(...atMostMembers(maxVariables))
      .default({}),
    tenant_id: plainId.nullish(),
    created_by: plainId.optional(),
  })
  .superRefine((request, context) => {
    for (const { path, message } of checkTemplate(request.steps, request.variables))
      context.addIssue({ code: "custom", path: path.split("."), message });
    if (jsonBytes(request) > maxTemplateBytes)
      context.addIssue({ code: "custom", message: `At most ${maxTemplateBytes} bytes of JSON` });
  });
export type TemplateRequest = z.output<typeof templateRequest>;

export const instantiateRequest = z.strictObject({
  variables: data.default({}),
  name: text(1, 150).optional(),
  ...work,
});
export type InstantiateRequest = z.output<typeof instantiateRequest>;

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;

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
    available_at: row.status === "queued" || row.status === "paused" ? iso(row.dueAt) : null,
    lease_until: row.status === "running" ? iso(row.dueAt) : null,
    tenant_id: row.tenantId,
    correlation_id: row.correlationId,
    created_by: row.createdBy,
    template_id: row.templateId,
    run_id: row.runId,
    step: row.step,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    queued_at: iso(row.queuedAt),
    started_at: iso(row.startedAt),
    finished_at: iso(row.finishedAt),
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
    available_at: iso(row.dueAt),
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
