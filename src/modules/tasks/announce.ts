import type { Publish } from "@brain/engine";
import {
  type Envelope,
  forbiddenKeyReason,
  type JsonObject,
  type PayloadOf,
  redactJson,
  redactText,
  taskItemCompleted,
  taskItemCreated,
  taskItemDeleted,
  taskItemUpdated,
} from "@brain/schemas";
import { createTaskEvent, maxTaskText, type TaskEvent, type TaskEventInput } from "./task-events.ts";

/** The two forms of an event: the domain event of this module, and what the stream carries of it. */

/** Producer of all events of this module. */
export const source = "tasks";

/** Nobody may read an e-mail address or a key on the stream, whatever a title holds. The result may be longer, so it is cut. */
function publicText(text: string, maxLength: number): string {
  return redactText(text).slice(0, maxLength).toWellFormed();
}

const publicJson = (values: JsonObject): JsonObject =>
  redactJson(values, (key) => forbiddenKeyReason(key) === null);

/**
 * Publishes the stream event under the id of the domain event.
 *
 * @throws {ValidationError} the catalog refuses the payload
 */
export async function publishTaskEvent(
  publish: Publish,
  event: TaskEvent,
  tenantId: string | null,
): Promise<void> {
  const options = { id: event.eventId, task_id: event.taskId, tenant_id: tenantId };
  const task_id = event.taskId;
  switch (event.eventType) {
    case "TaskCreated": {
      const { priority, status } = event;
      const title = publicText(event.title, maxTaskText.title);
      await publish(taskItemCreated, { task_id, title, priority, status }, options);
      return;
    }
    case "TaskCompleted": {
      const completion_notes = publicText(event.completionNotes, maxTaskText.notes);
      const payload = { task_id, completed_date: `${event.completedDate}Z`, completion_notes };
      await publish(taskItemCompleted, payload, options);
      return;
    }
    case "TaskDeleted":
      await publish(
        taskItemDeleted,
        { task_id, reason: publicText(event.reason, maxTaskText.reason) },
        options,
      );
      return;
    case "TaskUpdated": {
      const payload = {
        task_id,
        changes: publicJson(event.changes),
        old_values: publicJson(event.oldValues),
        new_values: publicJson(event.newValues),
      };
      await publish(taskItemUpdated, payload, options);
    }
  }
}

type ItemDefinition =
  | typeof taskItemCreated
  | typeof taskItemCompleted
  | typeof taskItemDeleted
  | typeof taskItemUpdated;

/**
 * The domain event of a stream event that another program published.
 *
 * @throws {ValidationError} it breaks a rule that the catalog does not know, e.g. the order of dates
 */
export function fromEnvelope<D extends ItemDefinition>(
  definition: D,
  envelope: Envelope<PayloadOf<D>>,
): TaskEvent {
  const { id, timestamp, source: origin, actor_id, correlation_id } = envelope;
  const metadata: JsonObject = { source: origin };
  if (actor_id !== null) metadata.actor_id = actor_id;
  if (correlation_id !== null) metadata.correlation_id = correlation_id;
  const head = { eventId: id, timestamp, taskId: envelope.payload.task_id, metadata };
  return createTaskEvent({ ...head, ...ownFields(definition, envelope.payload) } as TaskEventInput);
}

function ownFields(definition: ItemDefinition, payload: PayloadOf<ItemDefinition>): object {
  switch (definition) {
    case taskItemCreated: {
      const { title, priority, status } = payload as PayloadOf<typeof taskItemCreated>;
      return { eventType: "TaskCreated", title, priority, status };
    }
    case taskItemCompleted: {
      const { completed_date, completion_notes } = payload as PayloadOf<typeof taskItemCompleted>;
      return { eventType: "TaskCompleted", completedDate: completed_date, completionNotes: completion_notes };
    }
    case taskItemDeleted:
      return { eventType: "TaskDeleted", reason: (payload as PayloadOf<typeof taskItemDeleted>).reason };
    default: {
      const { changes, old_values, new_values } = payload as PayloadOf<typeof taskItemUpdated>;
      return { eventType: "TaskUpdated", changes, oldValues: old_values, newValues: new_values };
    }
  }
}
