import { NotFoundError, newEventId, type Publish, type Tx, ValidationError } from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { unknownCursor } from "../../http/kit/unknown-cursor.ts";
import { publishTaskEvent, source } from "./announce.ts";
import { findLegacy, listLegacy, saveLegacy } from "./legacy.ts";
import {
  type CreateRequest,
  type EventsQuery,
  type ListQuery,
  type StatsQuery,
  type Task,
  taskIdPattern,
  type UpdateRequest,
} from "./model.ts";
import {
  findTaskEvent,
  listTaskEvents,
  type RunRows,
  rowsIn,
  rowsOf,
  saveTaskEvents,
} from "./postgres-events.ts";
import { requireRange } from "./repository.ts";
import { modeOf, type TaskSettings } from "./settings.ts";
import { completeTask, createTask, type Decision, deleteTask, type Occasion, updateTask } from "./state.ts";
import {
  countTasks,
  type DayCount,
  findTask,
  type HistoryEntry,
  insertTask,
  listHistory,
  listStats,
  listTasks,
  lockTask,
  setReferences,
  updateTaskRow,
} from "./store.ts";
import type { TaskEvent } from "./task-events.ts";

/** What callers do with task items. Each change, its domain event and its stream event commit together. */

/** What a request works with. */
export interface TaskServices {
  readonly services: RequestServices;
  readonly settings: TaskSettings;
}

function occasionOf(services: RequestServices): Occasion {
  const now = services.now();
  return {
    now,
    eventId: newEventId(now.getTime()),
    actorId: services.actorId,
    correlationId: services.correlationId,
  };
}

function unknownTask(id: string): NotFoundError {
  return new NotFoundError(`No task has the id "${id.slice(0, 100)}". List them with GET /api/tasks.`);
}

function requireId(id: string): string {
  if (!taskIdPattern.test(id)) throw unknownTask(id);
  return id;
}

/** Tells of a change in the same transaction: as domain event and on the stream, or, on the old path, as a plain record. */
async function announce(
  settings: TaskSettings,
  tx: Tx,
  publish: Publish,
  { event, task }: { readonly event: TaskEvent; readonly task: Task },
  now: Date,
): Promise<void> {
  const { tenantId } = task;
  // charter-ignore 11.8 until 2027-09-30: the one switch that the charter allows, until phase 4 of the move of tasks
  if (!settings.useNewEventSystem) return saveLegacy(rowsIn(tx), event, task);
  await saveTaskEvents(rowsIn(tx), [event], tenantId, now);
  await publishTaskEvent(publish, event, tenantId);
}

async function keepReferences(tx: Tx, task: Task): Promise<void> {
  const missing = await setReferences(tx, task);
  if (missing.length === 0) return;
  throw new ValidationError("A task can refer only to tasks that exist.", {
    issues: missing.map((id) => ({ path: "references", message: `no task has the id ${id}` })),
  });
}

/** @throws {ValidationError} it refers to a task that is not there */
export async function createItem(
  { services, settings }: TaskServices,
  request: CreateRequest,
): Promise<Task> {
  const occasion = occasionOf(services);
  const tenantId = tenantOf(services, request.tenant_id);
  const { task, event } = createTask(crypto.randomUUID(), tenantId, request, occasion);
  await services.transact(publishContext(services, source, tenantId), async (tx, publish) => {
    await insertTask(tx, task);
    if (task.references.length > 0) await keepReferences(tx, task);
    if (event !== null) await announce(settings, tx, publish, { event, task }, occasion.now);
  });
  return task;
}

/** Locks the task, decides, and writes what was decided; a decision without an event changes nothing. */
async function change(
  { services, settings }: TaskServices,
  id: string,
  decide: (task: Task, occasion: Occasion) => Decision,
): Promise<Task> {
  const taskId = requireId(id);
  const visible = visibleTenant(services);
  return services.transact(publishContext(services, source, visible), async (tx, publish) => {
    const before = await lockTask(tx, taskId, visible);
    if (before === null) throw unknownTask(id);
    const occasion = occasionOf(services);
    const { task, event } = decide(before, occasion);
    if (event === null) return task;
    await updateTaskRow(tx, task);
    if (task.references !== before.references) await keepReferences(tx, task);
    await announce(settings, tx, publish, { event, task }, occasion.now);
    return task;
  });
}

/**
 * @param seen the version that the caller has seen; null: any
 * @throws {NotFoundError} no such task
 * @throws {ConflictError} it is completed or deleted, or has another version
 * @throws {ValidationError} it refers to a task that is not there
 */
export function updateItem(
  context: TaskServices,
  id: string,
  request: UpdateRequest,
  seen: number | null,
): Promise<Task> {
  return change(context, id, (task, occasion) => updateTask(task, request, seen, occasion));
}

/**
 * @param seen the version that the caller has seen; null: any
 * @throws {NotFoundError} no such task
 * @throws {ConflictError} it is completed or deleted, or has another version
 */
export function completeItem(
  context: TaskServices,
  id: string,
  notes: string,
  seen: number | null,
): Promise<Task> {
  return change(context, id, (task, occasion) => completeTask(task, notes, seen, occasion));
}

/**
 * Marks a task as deleted; again, it changes nothing.
 *
 * @param seen the version that the caller has seen; null: any
 * @throws {NotFoundError} no such task
 * @throws {ConflictError} it has another version
 */
export async function deleteItem(
  context: TaskServices,
  id: string,
  reason: string,
  seen: number | null,
): Promise<void> {
  await change(context, id, (task, occasion) => deleteTask(task, reason, seen, occasion));
}

/** @throws {NotFoundError} no such task */
export async function readItem(services: RequestServices, id: string): Promise<Task> {
  const task = await findTask(services.db, requireId(id), visibleTenant(services));
  if (task === null) throw unknownTask(id);
  return task;
}

/** @throws {ValidationError} the cursor is no task that may be seen */
export async function listItems(services: RequestServices, query: ListQuery): Promise<Task[]> {
  const tenantId = tenantOf(services, query.tenant_id);
  const tasks = await listTasks(services.db, tenantId, query);
  const { cursor } = query;
  if (tasks.length > 0 || cursor === undefined) return tasks;
  if ((await findTask(services.db, cursor, tenantId)) === null) throw unknownCursor("a task");
  return tasks;
}

/** @throws {NotFoundError} no such task */
export async function readHistory(services: RequestServices, id: string): Promise<HistoryEntry[]> {
  const task = await readItem(services, id);
  return listHistory(services.db, task, 200);
}

/** @throws {ValidationError} `from` or `to` is no point in time */
export async function listEvents(
  { services, settings }: TaskServices,
  query: EventsQuery,
): Promise<TaskEvent[]> {
  const { type, limit, cursor, order } = query;
  const tenantId = tenantOf(services, query.tenant_id);
  const range = requireRange(query.from ?? null, query.to ?? null);
  const filter = { tenantId, type, range, limit, cursor, oldestFirst: order === "oldest" };
  const run = rowsOf(services.db);
  const events = await (settings.useNewEventSystem ? listTaskEvents(run, filter) : listLegacy(run, filter));
  // Nothing is behind one that nobody knows, which reads like the end of the list.
  if (events.length === 0 && cursor !== undefined) await requireKnown(run, settings, cursor, tenantId);
  return events;
}

/** @throws {ValidationError} no event that may be seen has this id */
async function requireKnown(
  run: RunRows,
  { useNewEventSystem }: TaskSettings,
  cursor: string,
  tenantId: string | null,
): Promise<void> {
  const find = useNewEventSystem ? findTaskEvent : findLegacy;
  if ((await find(run, cursor, tenantId)) !== null) return;
  throw unknownCursor("an event");
}

/** @throws {NotFoundError} no event has this id */
export async function readEvent({ services, settings }: TaskServices, id: string): Promise<TaskEvent> {
  const run = rowsOf(services.db);
  const find = settings.useNewEventSystem ? findTaskEvent : findLegacy;
  const event = await find(run, id, visibleTenant(services));
  if (event !== null) return event;
  throw new NotFoundError(`There is no task event "${id.slice(0, 100)}".`);
}

export async function readStats(
  services: RequestServices,
  { days, tenant_id }: StatsQuery,
): Promise<DayCount[]> {
  const tenantId = tenantOf(services, tenant_id);
  const since = new Date(services.now().getTime() - (days - 1) * 86_400_000);
  return listStats(services.db, tenantId, since.toISOString().slice(0, 10));
}

export async function readHealth({ services, settings }: TaskServices) {
  return {
    status: "healthy",
    module: "tasks",
    mode: modeOf(settings),
    tasks: await countTasks(services.db, visibleTenant(services)),
  };
}
