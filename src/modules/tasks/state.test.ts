import { ConflictError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import type { Task } from "./model.ts";
import { completeTask, createTask, deleteTask, type Occasion, updateTask } from "./state.ts";

const created = new Date("2026-11-21T10:00:00.000Z");
const later = new Date("2026-11-21T11:00:00.000Z");
const occasion: Occasion = { now: later, eventId: "e-1", actorId: "user-1", correlationId: "story-1" };

const open: Task = {
  taskId: "t-1",
  tenantId: "tenant-1",
  title: "Write the report",
  priority: "P2",
  status: "NOT_STARTED",
  references: [],
  version: 3,
  completionNotes: null,
  createdBy: null,
  createdAt: created,
  updatedAt: created,
  completedAt: null,
  deletedAt: null,
};
const completed: Task = { ...open, status: "COMPLETED", completedAt: created, completionNotes: "" };
const deleted: Task = { ...open, status: "DELETED", deletedAt: created };

const head = {
  eventId: "e-1",
  taskId: "t-1",
  timestamp: "2026-11-21T11:00:00.000",
  metadata: { actor_id: "user-1", correlation_id: "story-1" },
};

describe("given nothing", () => {
  test("when a task is created, then it has version 1 and TaskCreated tells of it", () => {
    const request = { title: "A", priority: "P1", status: "IN_PROGRESS", references: ["t-2"] } as const;
    const { task, event } = createTask("t-1", "tenant-1", { ...request, references: ["t-2"] }, occasion);
    expect(task).toMatchObject({
      ...request,
      taskId: "t-1",
      version: 1,
      createdBy: "user-1",
      createdAt: later,
    });
    expect(event).toEqual({
      ...head,
      eventType: "TaskCreated",
      title: "A",
      priority: "P1",
      status: "IN_PROGRESS",
    });
  });

  test("when nobody is known to act, then the metadata is empty", () => {
    const request = {
      title: "A",
      priority: "P1",
      status: "NOT_STARTED",
      references: [] as string[],
    } as const;
    const nobody = { ...occasion, actorId: null, correlationId: null };
    expect(createTask("t-1", "tenant-1", { ...request, references: [] }, nobody).event?.metadata).toEqual({});
  });
});

describe("given an open task", () => {
  test("when fields change, then TaskUpdated has those fields, before and after", () => {
    const { task, event } = updateTask(
      open,
      { title: "B", priority: "P2", status: "IN_PROGRESS" },
      3,
      occasion,
    );
    expect(task).toEqual({ ...open, title: "B", status: "IN_PROGRESS", version: 4, updatedAt: later });
    expect(event).toEqual({
      ...head,
      eventType: "TaskUpdated",
      changes: { title: "B", status: "IN_PROGRESS" },
      oldValues: { title: "Write the report", status: "NOT_STARTED" },
      newValues: { title: "B", status: "IN_PROGRESS" },
    });
  });

  test("when nothing differs, then nothing happens", () => {
    const same = updateTask(open, { title: open.title, references: ["t-1"] }, null, occasion);
    expect(same).toEqual({ task: open, event: null });
  });

  test("when it is completed, then it has notes and a time, and TaskCompleted tells of it", () => {
    const { task, event } = completeTask(open, "All done", null, occasion);
    expect(task).toMatchObject({
      status: "COMPLETED",
      completionNotes: "All done",
      completedAt: later,
      version: 4,
    });
    expect(event).toEqual({
      ...head,
      eventType: "TaskCompleted",
      completedDate: head.timestamp,
      completionNotes: "All done",
    });
  });

  test("when the clock went back, then it is completed no earlier than it was changed", () => {
    const early = { ...occasion, now: new Date("2026-11-21T09:00:00.000Z") };
    expect(completeTask(open, "", null, early).task.completedAt).toEqual(created);
  });

  test("when it is deleted, then it stays, marked, and TaskDeleted tells why", () => {
    const { task, event } = deleteTask(open, "double", 3, occasion);
    expect(task).toMatchObject({ status: "DELETED", deletedAt: later, title: open.title, version: 4 });
    expect(event).toEqual({ ...head, eventType: "TaskDeleted", reason: "double" });
  });

  test("when the caller has seen another version, then all is refused", () => {
    expect(() => updateTask(open, { title: "B" }, 2, occasion)).toThrow(/version 3.*version 2/);
    expect(() => completeTask(open, "", 4, occasion)).toThrow(ConflictError);
    expect(() => deleteTask(open, "", 2, occasion)).toThrow(ConflictError);
  });
});

describe.each([
  ["completed", completed],
  ["deleted", deleted],
])("given a %s task", (_name, task) => {
  test("when it is changed or completed, then that is refused", () => {
    expect(() => updateTask(task, { title: "B" }, null, occasion)).toThrow(ConflictError);
    expect(() => completeTask(task, "", null, occasion)).toThrow(ConflictError);
  });
});

test("given a completed task, when it is deleted, then TaskDeleted tells of it", () => {
  expect(deleteTask(completed, "", null, occasion)).toMatchObject({
    task: { status: "DELETED", completedAt: created },
    event: { eventType: "TaskDeleted" },
  });
});

test("given a deleted task, when it is deleted again, then nothing happens, whatever was seen", () => {
  expect(deleteTask(deleted, "again", 1, occasion)).toEqual({ task: deleted, event: null });
});
