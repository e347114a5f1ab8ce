import { ValidationError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import { createTaskEvent, fromRecord, type TaskEventInput, toRecord } from "./task-events.ts";

const head = { eventId: "e-1", taskId: "t-1", timestamp: "2025-12-20T10:15:30.123456" };
const created = {
  ...head,
  eventType: "TaskCreated",
  title: "Write the report",
  priority: "P1",
  status: "NOT_STARTED",
} as const;

/** One record of each type, as older programs wrote them. */
const records = [
  {
    event_id: "e-1",
    event_type: "TaskCreated",
    timestamp: "2025-12-20T10:15:30.123456",
    aggregate_id: "t-1",
    task_id: "t-1",
    metadata: {},
    title: "Write the report",
    priority: "P1",
    status: "NOT_STARTED",
  },
  {
    event_id: "e-2",
    event_type: "TaskCompleted",
    timestamp: "2025-12-20T11:00:00",
    aggregate_id: "t-1",
    task_id: "t-1",
    metadata: { by: "agent-7" },
    completed_date: "2025-12-20T10:59:59.5",
    completion_notes: "",
  },
  {
    event_id: "e-3",
    event_type: "TaskDeleted",
    timestamp: "2025-12-20T12:00:00",
    aggregate_id: "t-1",
    task_id: "t-1",
    metadata: {},
    reason: "double",
  },
  {
    event_id: "e-4",
    event_type: "TaskUpdated",
    timestamp: "2025-12-20T10:30:00.000001",
    aggregate_id: "t-1",
    task_id: "t-1",
    metadata: {},
    changes: { title: "B", deep: [{ a: null }] },
    old_values: { title: "A" },
    new_values: { title: "B" },
  },
];

function refusalOf(run: () => unknown): Record<string, string> {
  try {
    run();
  } catch (error) {
    if (error instanceof ValidationError) {
      return Object.fromEntries(error.issues.map(({ path, message }) => [path, message]));
    }
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("a task event", () => {
  test.each(records)("$event_type reads its record and writes the same one, key by key", (record) => {
    expect(JSON.stringify(toRecord(fromRecord(record)))).toBe(JSON.stringify(record));
  });

  test("cannot be changed, in no depth, also not through what it was made of", () => {
    const changes = { title: "B", list: [{ a: 1 }] };
    const event = createTaskEvent({
      ...head,
      eventType: "TaskUpdated",
      changes,
      oldValues: {},
      newValues: {},
    });
    expect(() => Object.assign(event, { taskId: "other" })).toThrow(TypeError);
    if (event.eventType !== "TaskUpdated") throw new Error(event.eventType);
    expect(() => Object.assign(event.changes, { title: "C" })).toThrow(TypeError);
    expect(() => (event.changes.list as unknown[]).push(2)).toThrow(TypeError);
    changes.title = "D";
    expect(event.changes.title).toBe("B");
  });

  test("has empty metadata when none is given", () => {
    expect(createTaskEvent(created).metadata).toEqual({});
  });

  test.each<[string, Partial<Record<string, unknown>>]>([
    ["event_id", { eventId: "" }],
    ["event_id", { eventId: "x".repeat(101) }],
    ["task_id", { taskId: "  " }],
    ["task_id", { taskId: "a\nb" }],
    ["task_id", { taskId: undefined }],
    ["title", { title: "" }],
    ["title", { title: " \t" }],
    ["title", { title: "x".repeat(501) }],
    ["title", { title: "a\u0000b" }],
    ["title", { title: "\ud800" }],
    ["priority", { priority: "P4" }],
    ["priority", { priority: "p1" }],
    ["status", { status: "DONE" }],
    ["timestamp", { timestamp: "yesterday" }],
    ["metadata", { metadata: [] }],
    ["metadata", { metadata: { a: "\u0000" } }],
    ["metadata", { metadata: JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`) }],
    ["event_type", { eventType: "TaskMoved" }],
  ])("is refused when its %s is not right: %j", (field, wrong) => {
    expect(refusalOf(() => createTaskEvent({ ...created, ...wrong } as TaskEventInput))).toHaveProperty([
      field,
    ]);
  });

  test("names all that is wrong at once", () => {
    const wrong = { ...created, taskId: "", title: "", priority: "high" } as unknown as TaskEventInput;
    expect(Object.keys(refusalOf(() => createTaskEvent(wrong)))).toEqual(["task_id", "title", "priority"]);
  });

  test("of a completion cannot lie before the completion", () => {
    const completed = (completedDate: string) =>
      createTaskEvent({ ...head, eventType: "TaskCompleted", completedDate, completionNotes: "" });
    expect(refusalOf(() => completed("2025-12-20T10:15:30.123457"))).toHaveProperty("completed_date");
    expect(completed("2025-12-20T10:15:30.123456")).toMatchObject({ completedDate: head.timestamp });
    expect(completed("2025-12-20")).toMatchObject({ completedDate: "2025-12-20T00:00:00" });
  });

  test("larger than 64 KiB is refused", () => {
    const changes = { text: "x".repeat(70_000) };
    const large = { ...head, eventType: "TaskUpdated", changes, oldValues: {}, newValues: {} } as const;
    expect(Object.values(refusalOf(() => createTaskEvent(large)))[0]).toMatch(/at most 65536/);
  });
});

describe("a record", () => {
  test("keeps fields that nobody knows", () => {
    const event = fromRecord({ ...records[2], colour: "red" });
    expect(event.metadata).toEqual({ unknown_fields: { colour: "red" } });
  });

  test("with a time that has an offset is read as UTC", () => {
    expect(fromRecord({ ...records[2], timestamp: "2025-12-20T13:00:00+01:00" }).timestamp).toBe(
      "2025-12-20T12:00:00",
    );
  });

  test("of two tasks is refused", () => {
    expect(refusalOf(() => fromRecord({ ...records[0], aggregate_id: "t-2" }))).toHaveProperty(
      "aggregate_id",
    );
  });

  test.each([null, 1, "x", [], {}, { event_type: "MissionCreated" }])("is not made of %j", (value) => {
    expect(refusalOf(() => fromRecord(value))).toHaveProperty("event_type");
  });
});
