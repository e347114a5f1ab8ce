import * as z from "zod";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { isoOrNull } from "../iso-or-null.ts";
import type { TaskStatus, taskItems } from "./tables.ts";
import {
  isStorable,
  maxTaskText,
  type TaskEvent,
  taskEventTypes,
  taskPriorities,
  taskStatuses,
  toRecord,
} from "./task-events.ts";

/** A task item as it is now. */
export interface Task extends Readonly<typeof taskItems.$inferSelect> {
  /** Ids of the tasks it refers to, sorted; deleted ones are left out. */
  readonly references: readonly string[];
}

export const taskIdPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function text(min: number, max: number) {
  return z.string().trim().min(min).max(max).refine(isStorable, {
    error: "Control characters and halves of surrogate pairs cannot be stored; remove them",
  });
}

const taskId = z.string().regex(taskIdPattern, { error: "Expected the id of a task" });
const priority = z.enum(taskPriorities);
/** The others are reached by completing and by deleting. */
const openStatus = z.enum(["NOT_STARTED", "IN_PROGRESS"], {
  error: "Expected NOT_STARTED or IN_PROGRESS; complete a task with POST …/complete, delete it with DELETE",
});
const references = z
  .array(taskId)
  .max(20)
  .transform((ids) => [...new Set(ids)].sort());
const version = z.int().min(1).max(2_147_483_647);

export const createRequest = z.strictObject({
  title: text(1, maxTaskText.title),
  priority: priority.default("P2"),
  status: openStatus.default("NOT_STARTED"),
  /** Tasks that it refers to. */
  references: references.default([]),
  /** Left out or null: that of the credential, or none. */
  tenant_id: tenantIdText.nullish(),
});
export type CreateRequest = z.output<typeof createRequest>;

/** A field that is left out stays as it is. `version`: the one that the caller has seen. */
export const updateRequest = z.strictObject({
  title: text(1, maxTaskText.title).optional(),
  priority: priority.optional(),
  status: openStatus.optional(),
  references: references.optional(),
  version: version.optional(),
});
export type UpdateRequest = z.output<typeof updateRequest>;

export const completeRequest = z.strictObject({
  completion_notes: text(0, maxTaskText.notes).default(""),
  version: version.optional(),
});

export const deleteQuery = z.object({ reason: text(0, maxTaskText.reason).default("") });

/** `"3"`, as the ETag of an answer; `*` is any. Null: not told. */
export const ifMatchHeader = z.object({
  "if-match": z
    .string()
    .regex(/^(?:\*|(?:W\/)?"[1-9]\d{0,9}")$/, { error: 'Expected the ETag of an answer, e.g. "3", or *' })
    .transform((tag) => (tag === "*" ? null : Number(/\d+/.exec(tag)?.[0])))
    .optional(),
});

const limit = (max: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/, { error: `Expected an integer from 1 to ${max}` })
    .transform(Number)
    .pipe(z.int().min(1).max(max));
const flag = z.enum(["true", "false"]).transform((value) => value === "true");

export const listQuery = z.object({
  status: z.enum(taskStatuses).optional(),
  priority: priority.optional(),
  tenant_id: tenantIdText.optional(),
  limit: limit(100).default(50),
  cursor: taskId.optional(),
});
export type ListQuery = z.output<typeof listQuery>;

export const eventsQuery = z.object({
  type: z.enum(taskEventTypes).optional(),
  from: text(10, 40).optional(),
  to: text(10, 40).optional(),
  tenant_id: tenantIdText.optional(),
  limit: limit(500).default(50),
  order: z.enum(["newest", "oldest"]).default("newest"),
  cursor: text(1, maxTaskText.id).optional(),
});
export type EventsQuery = z.output<typeof eventsQuery>;

export const statsQuery = z.object({ days: limit(366).default(30), tenant_id: tenantIdText.optional() });
export type StatsQuery = z.output<typeof statsQuery>;

export const importQuery = z.object({
  dry_run: flag.default(false),
  publish: flag.default(false),
  /** Whose events they become; left out: of no tenant. */
  tenant_id: tenantIdText.optional(),
});

export function taskView(task: Task) {
  return {
    task_id: task.taskId,
    tenant_id: task.tenantId,
    title: task.title,
    priority: task.priority,
    status: task.status satisfies TaskStatus,
    references: task.references,
    version: task.version,
    completion_notes: task.completionNotes,
    created_by: task.createdBy,
    created_at: task.createdAt.toISOString(),
    updated_at: task.updatedAt.toISOString(),
    completed_at: isoOrNull(task.completedAt),
    deleted_at: isoOrNull(task.deletedAt),
  };
}

/** A page; the cursor is null when nothing more follows. */
export function taskPage(tasks: readonly Task[], pageSize: number) {
  const last = tasks.length < pageSize ? undefined : tasks.at(-1);
  return { tasks: tasks.map(taskView), next_cursor: last?.taskId ?? null };
}

/** Events as their records. */
export function eventPage(events: readonly TaskEvent[], pageSize: number) {
  const last = events.length < pageSize ? undefined : events.at(-1);
  return { events: events.map(toRecord), next_cursor: last?.eventId ?? null };
}
