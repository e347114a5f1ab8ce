import { ConflictError } from "@brain/engine";
import type { JsonObject, JsonValue } from "@brain/schemas";
import type { CreateRequest, Task, UpdateRequest } from "./model.ts";
import { naiveOf } from "./naive-time.ts";
import { createTaskEvent, type TaskEvent } from "./task-events.ts";

/** Decisions about a task item: what it becomes, and the event that tells of it. Pure: time and ids are arguments. */

/** Who decides when. */
export interface Occasion {
  readonly now: Date;
  readonly eventId: string;
  /** Null: unknown. */
  readonly actorId: string | null;
  readonly correlationId: string | null;
}

export interface Decision {
  readonly task: Task;
  /** Null: nothing changed. */
  readonly event: TaskEvent | null;
}

function metadataOf({ actorId, correlationId }: Occasion): JsonObject {
  return {
    ...(actorId === null ? {} : { actor_id: actorId }),
    ...(correlationId === null ? {} : { correlation_id: correlationId }),
  };
}

/** The clocks of two machines differ; a later change is never told as an earlier one. */
function notBefore(now: Date, earlier: Date): Date {
  return now < earlier ? earlier : now;
}

/** Common part of the events about `task` at the time `at`. */
function headOf(task: Pick<Task, "taskId">, occasion: Occasion, at: Date) {
  return {
    eventId: occasion.eventId,
    taskId: task.taskId,
    timestamp: naiveOf(at),
    metadata: metadataOf(occasion),
  };
}

/** @param tenantId null: of no tenant */
export function createTask(
  taskId: string,
  tenantId: string | null,
  request: Omit<CreateRequest, "tenant_id">,
  occasion: Occasion,
): Decision {
  const { now, actorId } = occasion;
  const { title, priority, status, references } = request;
  const task: Task = {
    taskId,
    tenantId,
    title,
    priority,
    status,
    references: references.filter((id) => id !== taskId),
    version: 1,
    completionNotes: null,
    createdBy: actorId,
    createdAt: now,
    updatedAt: now,
    completedAt: null,
    deletedAt: null,
  };
  const head = headOf(task, occasion, now);
  return { task, event: createTaskEvent({ eventType: "TaskCreated", ...head, title, priority, status }) };
}

/** @throws {ConflictError} somebody else has changed the task since the caller saw it */
function requireVersion(task: Task, seen: number | null): void {
  if (seen === null || seen === task.version) return;
  throw new ConflictError(
    `The task has version ${task.version}, you have seen version ${seen}. Read it again and decide anew.`,
  );
}

/** @throws {ConflictError} the task is completed or deleted */
function requireOpen(task: Task): void {
  if (task.status !== "COMPLETED" && task.status !== "DELETED") return;
  throw new ConflictError(
    `The task is ${task.status}; expected NOT_STARTED or IN_PROGRESS. Create a new task instead.`,
  );
}

const fields = ["title", "priority", "status", "references"] as const;

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** @param seen the version that the caller has seen; null: any */
export function updateTask(
  task: Task,
  request: UpdateRequest,
  seen: number | null,
  occasion: Occasion,
): Decision {
  requireVersion(task, seen);
  requireOpen(task);
  const wanted = {
    ...request,
    ...(request.references && { references: request.references.filter((id) => id !== task.taskId) }),
  };
  const changed = fields.filter((field) => wanted[field] !== undefined && !same(wanted[field], task[field]));
  if (changed.length === 0) return { task, event: null };
  const pick = (from: Pick<UpdateRequest | Task, (typeof fields)[number]>): JsonObject =>
    Object.fromEntries(changed.map((field) => [field, from[field] as JsonValue]));
  const newValues = pick(wanted);
  const at = notBefore(occasion.now, task.updatedAt);
  return {
    task: { ...task, ...(newValues as Partial<Task>), version: task.version + 1, updatedAt: at },
    event: createTaskEvent({
      eventType: "TaskUpdated",
      ...headOf(task, occasion, at),
      changes: newValues,
      oldValues: pick(task),
      newValues,
    }),
  };
}

/** @param seen the version that the caller has seen; null: any */
export function completeTask(
  task: Task,
  completionNotes: string,
  seen: number | null,
  occasion: Occasion,
): Decision {
  requireVersion(task, seen);
  requireOpen(task);
  const at = notBefore(occasion.now, task.updatedAt);
  return {
    task: {
      ...task,
      status: "COMPLETED",
      completionNotes,
      version: task.version + 1,
      updatedAt: at,
      completedAt: at,
    },
    event: createTaskEvent({
      eventType: "TaskCompleted",
      ...headOf(task, occasion, at),
      completedDate: naiveOf(at),
      completionNotes,
    }),
  };
}

/** Deleting again changes nothing. @param seen the version that the caller has seen; null: any */
export function deleteTask(task: Task, reason: string, seen: number | null, occasion: Occasion): Decision {
  if (task.status === "DELETED") return { task, event: null };
  requireVersion(task, seen);
  const at = notBefore(occasion.now, task.updatedAt);
  return {
    task: { ...task, status: "DELETED", version: task.version + 1, updatedAt: at, deletedAt: at },
    event: createTaskEvent({ eventType: "TaskDeleted", ...headOf(task, occasion, at), reason }),
  };
}
