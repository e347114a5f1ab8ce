import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, ValidationError } from "@brain/engine";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createLineFolder } from "../../../src/cli/line-folder.ts";
import { createTaskEventDispatcher } from "../../../src/modules/tasks/dispatcher.ts";
import { createJsonlTaskEvents } from "../../../src/modules/tasks/jsonl-events.ts";
import { createPostgresTaskEvents, rowsOf } from "../../../src/modules/tasks/postgres-events.ts";
import type { TaskEventRepository } from "../../../src/modules/tasks/repository.ts";
import {
  createTaskEvent,
  type TaskEvent,
  type TaskEventType,
} from "../../../src/modules/tasks/task-events.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";

let backbone: Backbone;
beforeAll(async () => {
  backbone = await createBackbone();
});
afterAll(() => backbone?.cleanup());

function ofType(type: TaskEventType, eventId: string, timestamp: string): TaskEvent {
  const head = { eventId, taskId: "t-1", timestamp, metadata: { origin: "test" } };
  switch (type) {
    case "TaskCreated":
      return createTaskEvent({
        ...head,
        eventType: type,
        title: `Umlaut ä 😀 ${eventId}`,
        priority: "P1",
        status: "NOT_STARTED",
      });
    case "TaskCompleted":
      return createTaskEvent({ ...head, eventType: type, completedDate: timestamp, completionNotes: "a\nb" });
    case "TaskDeleted":
      return createTaskEvent({ ...head, eventType: type, reason: "" });
    case "TaskUpdated":
      return createTaskEvent({
        ...head,
        eventType: type,
        changes: { title: "B", n: [1, { x: null }] },
        oldValues: {},
        newValues: { title: "B" },
      });
  }
}
const event = (eventId: string, timestamp: string) => ofType("TaskDeleted", eventId, timestamp);

async function newFolder() {
  const folder = await mkdtemp(join(tmpdir(), "task-events-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    (_level, line) => lines.push(JSON.parse(line)),
    "debug",
    () => 0,
  );
  const open = () => createJsonlTaskEvents(createLineFolder(folder), log);
  return { folder, lines, open, repository: open() };
}

const implementations: readonly (readonly [string, () => Promise<TaskEventRepository>])[] = [
  [
    "Postgres",
    async () => {
      await backbone.sql("TRUNCATE task_events");
      return createPostgresTaskEvents(rowsOf(backbone.open().db), () => new Date());
    },
  ],
  ["JSONL files", async () => (await newFolder()).repository],
];

const ids = (events: readonly TaskEvent[]) => events.map(({ eventId }) => eventId);

describe.each(implementations)("the repository in %s", (_name, create) => {
  test.each(["TaskCreated", "TaskCompleted", "TaskDeleted", "TaskUpdated"] as const)(
    "gives %s back as it was saved",
    async (type) => {
      const repository = await create();
      const saved = ofType(type, "e-1", "2026-01-05T10:00:00.123456");
      expect(await repository.save(saved)).toBe(true);
      expect(await repository.findById("e-1")).toEqual(saved);
      expect(await repository.findById("e-2")).toBeNull();
    },
  );

  test("is empty at first", async () => {
    const repository = await create();
    expect(await repository.recent()).toEqual([]);
    expect(await repository.findByType("TaskCreated")).toEqual([]);
    expect(await repository.findByDateRange("2026-01-01", "2026-12-31")).toEqual([]);
  });

  test("keeps an id once, also when it is saved at the same time", async () => {
    const repository = await create();
    const first = event("e-1", "2026-01-05T10:00:00");
    expect(await repository.save(first)).toBe(true);
    expect(await repository.save(ofType("TaskCreated", "e-1", "2026-01-05T11:00:00"))).toBe(false);
    const saved = await Promise.all(
      Array.from({ length: 5 }, () => repository.save(event("e-2", "2026-01-05T10:00:01"))),
    );
    expect(saved.filter(Boolean)).toHaveLength(1);
    expect(ids(await repository.recent())).toEqual(["e-2", "e-1"]);
    expect(await repository.findById("e-1")).toEqual(first);
  });

  test("finds by type, the newest first, 100 unless told otherwise", async () => {
    const repository = await create();
    await repository.save(ofType("TaskCreated", "other", "2026-01-05T12:00:00"));
    for (let index = 0; index < 101; index += 1) {
      await repository.save(event(`e-${index}`, `2026-01-05T10:00:00.${String(index).padStart(6, "0")}`));
    }
    const found = await repository.findByType("TaskDeleted");
    expect(found).toHaveLength(100);
    expect(ids(found).slice(0, 2)).toEqual(["e-100", "e-99"]);
    expect(ids(await repository.findByType("TaskDeleted", 1))).toEqual(["e-100"]);
    expect(ids(await repository.findByType("TaskCreated"))).toEqual(["other"]);
    expect(await repository.recent()).toHaveLength(50);
  });

  test("finds by a range of times with both ends, the oldest first", async () => {
    const repository = await create();
    const times = [
      "2026-01-04T23:59:59.999999",
      "2026-01-05T00:00:00",
      "2026-01-05T12:00:00.5",
      "2026-01-06T23:59:59.999999",
      "2026-01-07T00:00:00",
    ];
    for (const [index, time] of times.toReversed().entries())
      await repository.save(event(`e-${4 - index}`, time));
    const find = async (start: string, end: string, limit?: number) =>
      ids(await repository.findByDateRange(start, end, limit));
    expect(await find("2026-01-05", "2026-01-06")).toEqual(["e-1", "e-2", "e-3"]);
    expect(await find("2026-01-05T00:00:00", "2026-01-05T12:00:00.500000")).toEqual(["e-1", "e-2"]);
    expect(await find("2026-01-05T00:00:00.000001", "2026-01-05T12:00:00.499999")).toEqual([]);
    expect(await find("2026-01-05T12:00:00.500000+00:00", "2026-01-07")).toEqual(["e-2", "e-3", "e-4"]);
    expect(await find("2026-01-01", "2026-01-31", 2)).toEqual(["e-0", "e-1"]);
    expect(await find("2026-01-06", "2026-01-05")).toEqual([]);
    await expect(repository.findByDateRange("yesterday", "2026-01-05")).rejects.toThrow(ValidationError);
  });

  test("orders by the time of the event, and of the same time by the order of saving", async () => {
    const repository = await create();
    await repository.save(event("new", "2026-02-01T00:00:00"));
    await repository.save(event("first", "2026-01-31T10:00:00"));
    await repository.save(event("second", "2026-01-31T10:00:00"));
    await repository.save(event("old", "2026-01-30T10:00:00"));
    expect(ids(await repository.recent())).toEqual(["new", "second", "first", "old"]);
    expect(ids(await repository.recent(2))).toEqual(["new", "second"]);
  });
});

describe("the files", () => {
  const line = (eventId: string, timestamp: string) =>
    expect.stringMatching(new RegExp(`^{"event_id":"${eventId}".*"timestamp":"${timestamp}".*}$`));

  test("are one for each day of the events, with a line for each", async () => {
    const { folder, repository } = await newFolder();
    await repository.save(event("e-1", "2026-01-05T23:59:59.999"));
    await repository.save(event("e-2", "2026-01-06T00:00:00"));
    await repository.save(event("e-3", "2026-01-05T08:00:00"));
    expect((await readdir(folder)).sort()).toEqual(["events-2026-01-05.jsonl", "events-2026-01-06.jsonl"]);
    const text = await readFile(join(folder, "events-2026-01-05.jsonl"), "utf8");
    expect(text.split("\n")).toEqual([
      line("e-1", "2026-01-05T23:59:59.999"),
      line("e-3", "2026-01-05T08:00:00"),
      "",
    ]);
  });

  test("with a corrupt line give the other events, and the line is logged", async () => {
    const { folder, lines, repository } = await newFolder();
    await repository.save(event("e-1", "2026-01-05T10:00:00"));
    const name = join(folder, "events-2026-01-05.jsonl");
    await appendFile(name, 'not JSON\n{"event_id":"x"}\n\n');
    const [text = ""] = (await readFile(name, "utf8")).split("\n");
    await appendFile(name, Buffer.from(`${text.replace("e-1", "e-caf\u00e9")}\n`, "latin1"));
    await appendFile(name, `${text.replace("{", '{"event_id":"e-0",')}\n`);
    await repository.save(event("e-2", "2026-01-05T11:00:00"));
    expect(ids(await repository.recent())).toEqual(["e-2", "e-1"]);
    expect(lines).toMatchObject([
      { level: "warn", file: "events-2026-01-05.jsonl", line: 2, error: "no JSON" },
      { level: "warn", line: 3, error: expect.stringContaining("event_type") },
      { level: "warn", line: 5, error: expect.stringContaining("not UTF-8 at byte offset") },
      {
        level: "warn",
        line: 6,
        error: "event_id: the key stands more than once in its object; send it once",
      },
    ]);
  });

  test("that end in a torn line take the next event whole", async () => {
    const { folder, repository, open } = await newFolder();
    await repository.save(event("e-1", "2026-01-05T10:00:00"));
    await repository.save(event("e-2", "2026-01-05T11:00:00"));
    const name = join(folder, "events-2026-01-05.jsonl");
    const text = await readFile(name);
    // A crash in the middle of the second line.
    await writeFile(name, text.subarray(0, text.length - 40));
    const restarted = open();
    expect(ids(await restarted.recent())).toEqual(["e-1"]);
    expect(await restarted.save(event("e-3", "2026-01-05T12:00:00"))).toBe(true);
    expect(await restarted.save(event("e-2", "2026-01-05T11:00:00"))).toBe(true);
    expect(ids(await open().recent())).toEqual(["e-3", "e-2", "e-1"]);
    // Control: without the line break of its own the event would be part of the torn line.
    const torn = (await readFile(name, "utf8")).split("\n");
    expect(torn).toHaveLength(5);
    expect(() => JSON.parse(torn[1] ?? "")).toThrow(SyntaxError);
  });

  test("remember what they hold over a restart", async () => {
    const { repository, open } = await newFolder();
    await repository.save(event("e-1", "2026-01-05T10:00:00"));
    expect(await open().save(event("e-1", "2026-01-05T10:00:00"))).toBe(false);
  });

  test("that could not be written whole are looked at again before the next write", async () => {
    const { folder, lines } = await newFolder();
    const real = createLineFolder(folder);
    let isFull = true;
    const full = {
      ...real,
      append: async (name: string, text: string) => {
        if (!isFull) return real.append(name, text);
        await real.append(name, text.slice(0, 20));
        throw new Error("no space left");
      },
    };
    const log = createLogger(
      (_level, text) => lines.push(JSON.parse(text)),
      "debug",
      () => 0,
    );
    const repository = createJsonlTaskEvents(full, log);
    await expect(repository.save(event("e-1", "2026-01-05T10:00:00"))).rejects.toThrow("no space left");
    isFull = false;
    expect(await repository.save(event("e-1", "2026-01-05T10:00:00"))).toBe(true);
    expect(ids(await repository.recent())).toEqual(["e-1"]);
  });

  test("take one dispatch after the other, and the newest hundred stay at hand", async () => {
    const { repository } = await newFolder();
    const log = createLogger(
      () => undefined,
      "error",
      () => 0,
    );
    const dispatcher = createTaskEventDispatcher(repository, {}, { log });
    for (let index = 0; index < 500; index += 1) {
      await dispatcher.dispatch(event(`e-${index}`, "2026-01-05T10:00:00"));
    }
    expect(await dispatcher.history()).toHaveLength(100);
  });

  test("that are old or large go to the archive, where an id is still known", async () => {
    const { folder, repository, open } = await newFolder();
    await repository.save(event("old", "2025-12-31T10:00:00"));
    await repository.save(event("e-1", "2026-01-05T10:00:00"));
    await repository.save(event("e-2", "2026-01-06T10:00:00"));
    await repository.save(event("e-3", "2026-01-06T11:00:00"));
    const [small] = [(await readFile(join(folder, "events-2026-01-05.jsonl"))).length];
    expect(await repository.archive({})).toEqual([]);
    expect(await repository.archive({ before: "2026-01-01", maxBytes: small })).toEqual([
      "archive/events-2025-12-31.jsonl",
      "archive/events-2026-01-06.jsonl",
    ]);
    expect(ids(await repository.recent())).toEqual(["e-1"]);
    expect(await repository.save(event("e-2", "2026-01-06T10:00:00"))).toBe(false);
    expect(await open().save(event("e-3", "2026-01-06T11:00:00"))).toBe(false);
    expect(await repository.save(event("e-4", "2026-01-06T12:00:00"))).toBe(true);
    expect(await repository.archive({ maxBytes: 1 })).toEqual([
      "archive/events-2026-01-05.jsonl",
      "archive/events-2026-01-06.1.jsonl",
    ]);
    expect(await repository.recent()).toEqual([]);
    expect(await open().save(event("e-4", "2026-01-06T12:00:00"))).toBe(false);
  });
});
