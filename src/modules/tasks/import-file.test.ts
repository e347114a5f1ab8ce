import { TooLargeError } from "@brain/engine";
import { isUuidV4 } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import { maxRecords, readEventFile } from "./import-file.ts";
import { eventTypeOf } from "./legacy.ts";

const legacy = { type: "task_created", task_id: "t-1", title: "Old one", timestamp: "2025-01-02T03:04:05" };
const record = {
  event_id: "0b0e7a3c-6f1d-4e52-9a53-2f1f4b1f7d10",
  event_type: "TaskDeleted",
  timestamp: "2025-01-02T03:04:05.000001",
  aggregate_id: "t-1",
  task_id: "t-1",
  metadata: {},
  reason: "",
};
const read = (...values: unknown[]) => readEventFile(values.map((value) => JSON.stringify(value)).join("\n"));

describe("an event file", () => {
  test("is an array or lines, with the same result", async () => {
    const lines = await read(legacy, record);
    expect(await readEventFile(JSON.stringify([legacy, record], null, 2))).toEqual(lines);
    expect(
      await readEventFile(`\uFEFF${JSON.stringify(legacy)}\r\n\r\n${JSON.stringify(record)}\r\n`),
    ).toMatchObject({
      read: 2,
      events: [{ line: 1 }, { line: 3 }],
    });
    expect(lines).toMatchObject({ read: 2, corrupt: [], skipped: 0 });
  });

  test("names each line that it cannot read, and reads the others", async () => {
    const text = [
      JSON.stringify(record),
      '{"type": "task_cre',
      JSON.stringify({ ...legacy, title: "" }),
      "[1]",
      "7",
      JSON.stringify({ ...record, task_id: "anna@example.org", aggregate_id: "anna@example.org" }),
    ].join("\n");
    const { events, corrupt } = await readEventFile(text);
    expect(events).toHaveLength(1);
    expect(corrupt.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
    expect(corrupt.map(({ reason }) => reason)).toEqual([
      "the line is no JSON",
      expect.stringContaining("title"),
      "expected an object",
      "expected an object",
      expect.stringContaining("an e-mail address"),
    ]);
  });

  test("may hold records of other things, which are counted", async () => {
    const others = [{ type: "mission_created" }, { event_type: "MissionStarted" }];
    expect(await read(...others, legacy)).toMatchObject({ read: 3, skipped: 2, corrupt: [] });
  });

  test("that is an array torn by a crash is corrupt line by line", async () => {
    const torn = JSON.stringify([legacy, record]).slice(0, -10);
    expect(await readEventFile(torn)).toMatchObject({ read: 1, events: [], corrupt: [{ line: 1 }] });
  });

  test("with too many records is refused", async () => {
    await expect(readEventFile("1\n".repeat(maxRecords + 1))).rejects.toThrow(TooLargeError);
  });

  test("nested without end is corrupt and no more", async () => {
    expect(await readEventFile("[".repeat(100_000))).toMatchObject({ events: [], corrupt: [{ line: 1 }] });
    const deep = `{"event_type":"TaskDeleted","metadata":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`;
    expect(await readEventFile(deep)).toMatchObject({ events: [], corrupt: [{ line: 1 }] });
  });
});

describe("a plain record", () => {
  test.each([
    ["task_created", "TaskCreated", { title: "Old one", priority: "P2", status: "NOT_STARTED" }],
    ["TaskCompleted", "TaskCompleted", { completedDate: "2025-01-02T03:04:05", completionNotes: "" }],
    ["task.item.deleted", "TaskDeleted", { reason: "" }],
    ["updated", "TaskUpdated", { changes: {}, oldValues: {}, newValues: {} }],
  ])("%s becomes %s with neutral values for what it did not hold", async (type, eventType, own) => {
    const { events } = await read({ ...legacy, type });
    expect(events[0]?.event).toMatchObject({
      eventType,
      taskId: "t-1",
      timestamp: "2025-01-02T03:04:05",
      metadata: { imported_from: "legacy", title: "Old one" },
      ...own,
    });
  });

  test("keeps a priority and a status that it did hold", async () => {
    const { events } = await read({ ...legacy, priority: "P0", status: "IN_PROGRESS" });
    expect(events[0]?.event).toMatchObject({ priority: "P0", status: "IN_PROGRESS" });
  });

  test("may hold a Unix time", async () => {
    const { events } = await read({ ...legacy, timestamp: 1_735_787_045.5 });
    expect(events[0]?.event.timestamp).toBe("2025-01-02T03:04:05.500");
  });

  test("completed under a Unix time is completed then", async () => {
    const { events, corrupt } = await read({ ...legacy, type: "task_completed", timestamp: 1_735_787_045 });
    expect(corrupt).toEqual([]);
    expect(events[0]?.event).toMatchObject({ completedDate: "2025-01-02T03:04:05.000" });
  });

  test("gets the same id each time, another one for other content", async () => {
    const ids = async (value: object) => (await read(value)).events[0]?.event.eventId ?? "";
    const id = await ids(legacy);
    expect(isUuidV4(id)).toBe(true);
    expect(
      await ids({ title: "Old one", task_id: "t-1", timestamp: legacy.timestamp, type: "TaskCreated" }),
    ).toBe(id);
    expect(await ids({ ...legacy, title: "Another" })).not.toBe(id);
    expect(await ids({ ...legacy, timestamp: "2025-01-02T03:04:06" })).not.toBe(id);
  });

  test("is told by its type only if that is about a task", () => {
    for (const type of ["mission_created", "created_task", "subtask_created", "", null, 7]) {
      expect(eventTypeOf(type)).toBeNull();
    }
  });
});

describe("the id of a record", () => {
  const idOf = async (value: object) => (await read(value)).events[0]?.event;

  test("stays when the stream can carry it", async () => {
    expect((await idOf(record))?.eventId).toBe(record.event_id);
    expect((await idOf({ ...record, event_id: record.event_id.toUpperCase() }))?.eventId).toBe(
      record.event_id,
    );
  });

  test("of another form is replaced, always by the same one, and kept beside it", async () => {
    const first = await idOf({ ...record, event_id: "evt_42" });
    expect(isUuidV4(first?.eventId ?? "")).toBe(true);
    expect(first?.metadata).toEqual({ original_event_id: "evt_42" });
    expect((await idOf({ ...record, event_id: "evt_42", reason: "x" }))?.eventId).toBe(first?.eventId);
    expect((await idOf({ ...record, event_id: "evt_43" }))?.eventId).not.toBe(first?.eventId);
  });

  test("that is missing is made of the content", async () => {
    const { event_id: _, ...without } = record;
    const first = await idOf(without);
    expect(isUuidV4(first?.eventId ?? "")).toBe(true);
    expect((await idOf({ ...without }))?.eventId).toBe(first?.eventId);
    expect((await idOf({ ...without, reason: "y" }))?.eventId).not.toBe(first?.eventId);
  });
});
