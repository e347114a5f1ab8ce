import { createLogger } from "@brain/engine";
import { DrizzleQueryError } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { HttpSqlError } from "../../engine/db/errors.ts";
import type { LineFiles } from "./day-files.ts";
import { createTaskEventDispatcher, type TaskEventHandlers } from "./dispatcher.ts";
import { createJsonlTaskEvents } from "./jsonl-events.ts";
import { createTaskEvent } from "./task-events.ts";

/** Files in memory that can be full. */
function memoryFiles(): LineFiles & { full: boolean; readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    full: false,
    texts,
    async append(name, text) {
      if (this.full) throw new Error("no space left");
      texts.set(name, (texts.get(name) ?? "") + text);
    },
    read: async (name) => {
      const text = texts.get(name);
      return text === undefined ? null : new TextEncoder().encode(text);
    },
    list: async () => [...texts.keys()].sort(),
    async move(from, to) {
      texts.set(to, texts.get(from) ?? "");
      texts.delete(from);
    },
    size: async (name) => texts.get(name)?.length ?? null,
  };
}

let serial = 0;
function deleted() {
  serial += 1;
  return createTaskEvent({
    eventType: "TaskDeleted",
    eventId: `e-${serial}`,
    taskId: "t-1",
    timestamp: `2026-01-01T00:00:00.${String(serial).padStart(6, "0")}`,
    reason: "",
  });
}

/** @param clock stands still unless told otherwise, so that nothing is slow on a machine that is */
function setUp(handlers: TaskEventHandlers, clock: () => number = () => 0) {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    (_level, line) => lines.push(JSON.parse(line)),
    "debug",
    () => 0,
  );
  const files = memoryFiles();
  const repository = createJsonlTaskEvents(files, log);
  const dispatcher = createTaskEventDispatcher(repository, handlers, { log, clock });
  return { lines, files, repository, dispatcher };
}

describe("dispatch", () => {
  test("persists the event before its handler sees it", async () => {
    const seen: unknown[] = [];
    const { dispatcher, repository } = setUp({
      TaskDeleted: async (event) => void seen.push(await repository.findById(event.eventId)),
    });
    const event = deleted();
    expect(await dispatcher.dispatch(event)).toBe(true);
    expect(seen).toEqual([event]);
  });

  test("of an event without a handler is fine, and noted", async () => {
    const { dispatcher, repository, lines } = setUp({});
    const event = deleted();
    expect(await dispatcher.dispatch(event)).toBe(true);
    expect(await repository.findById(event.eventId)).toEqual(event);
    expect(lines).toMatchObject([{ level: "debug", task_event: "TaskDeleted", event_id: event.eventId }]);
  });

  test("is false when the handler fails, and the event stays persisted", async () => {
    const { dispatcher, repository, lines } = setUp({
      TaskDeleted: () => Promise.reject(new Error("the handler broke")),
    });
    const event = deleted();
    expect(await dispatcher.dispatch(event)).toBe(false);
    expect(await repository.findById(event.eventId)).toEqual(event);
    expect(lines).toMatchObject([{ level: "error", error: "the handler broke" }]);
  });

  test("does not quote what a database driver says, which holds values", async () => {
    const postgres = new HttpSqlError("planted", { code: "40001" });
    const driver = new DrizzleQueryError("insert", ["planted"], postgres);
    const { dispatcher, lines } = setUp({ TaskDeleted: () => Promise.reject(driver) });
    await dispatcher.dispatch(deleted());
    expect(JSON.stringify(lines)).toContain("40001");
    expect(JSON.stringify(lines)).not.toContain("planted");
  });

  test("fails when the event cannot be persisted, and no handler runs", async () => {
    let runs = 0;
    const handler = async () => {
      runs += 1;
    };
    const { dispatcher, files } = setUp({ TaskDeleted: handler });
    files.full = true;
    await expect(dispatcher.dispatch(deleted())).rejects.toThrow("no space left");
    expect(await dispatcher.dispatchAsync(deleted())).toBe(false);
    expect(runs).toBe(0);
    files.full = false;
    expect(await dispatcher.dispatchAsync(deleted())).toBe(true);
    expect(runs).toBe(1);
  });

  test("passes the handler's error on when it is asked to", async () => {
    const { dispatcher } = setUp({ TaskDeleted: () => Promise.reject(new Error("again later")) });
    await expect(dispatcher.apply(deleted())).rejects.toThrow("again later");
  });

  test("uses the handler that was registered last", async () => {
    const calls: string[] = [];
    const { dispatcher } = setUp({ TaskDeleted: async () => void calls.push("first") });
    dispatcher.registerHandler("TaskDeleted", async () => void calls.push("second"));
    await dispatcher.dispatch(deleted());
    expect(calls).toEqual(["second"]);
  });

  test.each([
    [10, 0],
    [10.1, 1],
  ])("that takes %d ms is warned of %d times", async (tookMs, warnings) => {
    let nowMs = 0;
    const handler = async () => {
      nowMs += tookMs;
    };
    const { dispatcher, lines } = setUp({ TaskDeleted: handler }, () => nowMs);
    await dispatcher.dispatch(deleted());
    expect(dispatcher.slowDispatches).toBe(warnings);
    expect(lines.filter(({ level }) => level === "warn")).toHaveLength(warnings);
  });

  test("has a history, the newest first", async () => {
    const { dispatcher } = setUp({});
    const [first, second, third] = [deleted(), deleted(), deleted()];
    for (const event of [first, second, third]) await dispatcher.dispatch(event);
    expect(await dispatcher.history()).toEqual([third, second, first]);
    expect(await dispatcher.history(1)).toEqual([third]);
  });
});
