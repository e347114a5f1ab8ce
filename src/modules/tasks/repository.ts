import { ValidationError } from "@brain/engine";
import { type TimeRange, timeRange } from "./naive-time.ts";
import type { TaskEvent, TaskEventType } from "./task-events.ts";

/** Where domain events are kept. Append only; one suite of tests holds for every implementation. */
export interface TaskEventRepository {
  /**
   * Keeps an event. Saving the same event id again changes nothing.
   *
   * @returns true when it was new
   */
  save(event: TaskEvent): Promise<boolean>;
  /** Null when no event has this id. */
  findById(eventId: string): Promise<TaskEvent | null>;
  /** The newest first. @param limit default 100 */
  findByType(type: TaskEventType, limit?: number): Promise<TaskEvent[]>;
  /**
   * Both ends are inclusive; a day alone means all of it. The oldest first.
   *
   * @param limit default 1,000
   * @throws {ValidationError} an end is no point in time
   */
  findByDateRange(start: string, end: string, limit?: number): Promise<TaskEvent[]>;
  /** The newest first; of the same time the one saved last comes first. @param limit default 50 */
  recent(limit?: number): Promise<TaskEvent[]>;
}

/** Defaults of the limits. */
export const defaultLimits = { type: 100, range: 1_000, recent: 50, history: 100 } as const;

/** @throws {ValidationError} an end is no point in time */
export function requireRange(start: string | null, end: string | null): TimeRange {
  const range = timeRange(start, end);
  if (range !== null) return range;
  throw new ValidationError("The range is not readable.", {
    issues: [{ path: "from, to", message: "expected ISO 8601 times or days, e.g. 2026-03-01" }],
  });
}
