import { type Consumer, defineConsumer, type HandlerContext, on } from "@brain/engine";
import {
  type Envelope,
  type PayloadOf,
  taskItemCompleted,
  taskItemCreated,
  taskItemDeleted,
  taskItemUpdated,
} from "@brain/schemas";
import { fromEnvelope, source } from "./announce.ts";
import { createTaskEventDispatcher } from "./dispatcher.ts";
import { taskEventHandlers } from "./handlers.ts";
import {
  createPostgresTaskEvents,
  findTaskEvent,
  keepTaskEvent,
  type RunRows,
  rowsIn,
} from "./postgres-events.ts";
import type { TaskEvent } from "./task-events.ts";

/** A dispatch here waits for Postgres a few times, so the dispatcher's own limit would warn of each, ms. */
const slowMs = 500;

/**
 * The subscriber `tasks`: runs the handlers of the domain events. Events of this module are in `task_events` already;
 * those that other programs publish are kept there first.
 */
export function tasksConsumer(): Consumer {
  return defineConsumer({
    subscriber: "tasks",
    source,
    handlers: [
      on(taskItemCreated, (event, context) => dispatch(taskItemCreated, event, context)),
      on(taskItemCompleted, (event, context) => dispatch(taskItemCompleted, event, context)),
      on(taskItemDeleted, (event, context) => dispatch(taskItemDeleted, event, context)),
      on(taskItemUpdated, (event, context) => dispatch(taskItemUpdated, event, context)),
    ],
  });
}

async function dispatch<
  D extends
    | typeof taskItemCreated
    | typeof taskItemCompleted
    | typeof taskItemDeleted
    | typeof taskItemUpdated,
>(definition: D, envelope: Envelope<PayloadOf<D>>, { tx, log, now }: HandlerContext): Promise<void> {
  const run = rowsIn(tx);
  // What is kept knows more than the stream tells: the time of an imported event, texts as they were written.
  const tenantId = envelope.tenant_id;
  const event = await keep(run, envelope, () => fromEnvelope(definition, envelope), now());
  const repository = { ...createPostgresTaskEvents(run, now, tenantId), save: async () => false };
  const handlers = taskEventHandlers({ run, log, now, tenantId });
  await createTaskEventDispatcher(repository, handlers, { log, slowMs }).apply(event);
}

/** @throws the error of `made` when the event is not kept already */
async function keep(
  run: RunRows,
  { id, tenant_id: tenantId }: Pick<Envelope, "id" | "tenant_id">,
  made: () => TaskEvent,
  now: Date,
): Promise<TaskEvent> {
  let event: TaskEvent;
  try {
    event = made();
  } catch (error) {
    // What the stream tells of an event of ours may be less than it needs.
    const kept = await findTaskEvent(run, id, tenantId);
    if (kept === null) throw error;
    return kept;
  }
  return keepTaskEvent(run, event, tenantId, now);
}
