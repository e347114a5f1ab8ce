import { describeError, type Logger, translateDatabaseError } from "@brain/engine";
import { defaultLimits, type TaskEventRepository } from "./repository.ts";
import type { TaskEvent, TaskEventType } from "./task-events.ts";

export type TaskEventHandler = (event: TaskEvent) => Promise<void>;
export type TaskEventHandlers = Readonly<Partial<Record<TaskEventType, TaskEventHandler>>>;

export interface DispatcherOptions {
  readonly log: Logger;
  /** Monotonic milliseconds; default `performance.now()`. */
  readonly clock?: () => number;
  /** A dispatch that takes longer is warned of, ms; default 10. */
  readonly slowMs?: number;
}

/** Persists events and hands each to the handler of its type. */
export interface TaskEventDispatcher {
  /**
   * Persists first, then handles. An event without a handler is fine and noted.
   *
   * @returns false when the handler failed; the event stays persisted then
   * @throws the repository's error when the event could not be persisted; nothing was handled then
   */
  dispatch(event: TaskEvent): Promise<boolean>;
  /** Like `dispatch` but never fails, for work that nobody waits for: false also when persisting failed. */
  dispatchAsync(event: TaskEvent): Promise<boolean>;
  /** Like `dispatch` but passes the handler's error on, for callers that retry. */
  apply(event: TaskEvent): Promise<void>;
  /** Replaces the handler of a type. */
  registerHandler(type: TaskEventType, handler: TaskEventHandler): void;
  /** The newest first. @param limit default 100 */
  history(limit?: number): Promise<TaskEvent[]>;
  /** Dispatches that took longer than `slowMs` so far. */
  readonly slowDispatches: number;
}

export function createTaskEventDispatcher(
  repository: TaskEventRepository,
  handlers: TaskEventHandlers,
  { log, clock = () => performance.now(), slowMs = 10 }: DispatcherOptions,
): TaskEventDispatcher {
  const byType = new Map<TaskEventType, TaskEventHandler>(
    Object.entries(handlers) as [TaskEventType, TaskEventHandler][],
  );
  let slowDispatches = 0;

  /** @returns what the handler threw; null when all went well */
  async function run(event: TaskEvent): Promise<{ readonly error: unknown } | null> {
    const begunMs = clock();
    const fields = { task_event: event.eventType, event_id: event.eventId, task_id: event.taskId };
    try {
      await repository.save(event);
      const handler = byType.get(event.eventType);
      if (handler === undefined) {
        log.debug(fields, "no handler is registered for this task event; it was persisted");
        return null;
      }
      try {
        await handler(event);
        return null;
      } catch (error) {
        return { error };
      }
    } finally {
      const tookMs = clock() - begunMs;
      if (tookMs > slowMs) {
        slowDispatches += 1;
        log.warn({ ...fields, took_ms: Math.round(tookMs * 10) / 10, slow_ms: slowMs }, "a slow dispatch");
      }
    }
  }

  async function dispatch(event: TaskEvent): Promise<boolean> {
    const failed = await run(event);
    if (failed === null) return true;
    const fields = { task_event: event.eventType, event_id: event.eventId, error: textOf(failed.error) };
    log.error(fields, "the handler of a task event failed; the event stays persisted");
    return false;
  }

  return {
    dispatch,
    async dispatchAsync(event) {
      try {
        return await dispatch(event);
      } catch (error) {
        log.error({ event_id: event.eventId, error: textOf(error) }, "a task event could not be persisted");
        return false;
      }
    },
    async apply(event) {
      const failed = await run(event);
      if (failed !== null) throw failed.error;
    },
    registerHandler: (type, handler) => void byType.set(type, handler),
    history: (limit = defaultLimits.history) => repository.recent(limit),
    get slowDispatches() {
      return slowDispatches;
    },
  };
}

/** What a database driver throws quotes the statement with its values; ours does not. */
function textOf(error: unknown): string {
  return describeError(translateDatabaseError(error, "caller"));
}
