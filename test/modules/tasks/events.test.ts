import {
  type EventDefinition,
  isUuidV4,
  type PayloadInputOf,
  taskItemCompleted,
  taskItemCreated,
  taskItemDeleted,
} from "@brain/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";

const subscriber = "tasks";
const group = `edge_${subscriber}`;
const base = "/api/tasks";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(async () => {
  await engine?.cleanup();
});

/** Publishes as another program does. */
const publish = <D extends EventDefinition>(definition: D, payload: PayloadInputOf<D>) =>
  engine.publish({ source: "mission_control", correlation_id: "story-1" }, (record) =>
    record(definition, payload),
  );

async function createTask(body: object = {}): Promise<string> {
  const answer = await engine.request("POST", base, { title: "Write the report", ...body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.task_id;
}

const recorded = (type: string) =>
  engine.sql<Record<string, unknown>>("SELECT * FROM events WHERE type = $1 ORDER BY position", [type]);
const stats = () =>
  engine.sql<{ event_type: string; count: number }>(
    "SELECT event_type, count FROM task_stats ORDER BY event_type",
  );
const kept = () => engine.sql<Record<string, unknown>>("SELECT * FROM task_events ORDER BY position");

describe("publishing", () => {
  test("a created task is a domain event, a row in the record and an entry on the stream, all under one id", async () => {
    const id = await createTask({ priority: "P1" });
    const rows = await recorded("task.item.created");
    expect(rows).toHaveLength(1);
    const [row] = rows;
    const payload = { task_id: id, title: "Write the report", priority: "P1", status: "NOT_STARTED" };
    const meta = { schema_version: 1, producer: "tasks", source_module: "tasks" };
    expect(row).toMatchObject({ source: "tasks", task_id: id, key: id, meta, payload });
    expect(isUuidV4(String(row?.id))).toBe(true);
    expect(await kept()).toMatchObject([
      { event_id: row?.id, event_type: "TaskCreated", task_id: id, record: { title: "Write the report" } },
    ]);
    await engine.relay();
    const [entry] = (await engine.streamEntries()).filter(
      ({ fields }) => fields.type === "task.item.created",
    );
    expect(entry?.fields).toMatchObject({ id: row?.id, source: "tasks" });
    expect(JSON.parse(entry?.fields.payload ?? "")).toEqual(payload);
    expect(JSON.parse(entry?.fields.meta ?? "")).toMatchObject(meta);
  });

  test("each further change has its event with what changed", async () => {
    const id = await createTask();
    await engine.request("PATCH", `${base}/${id}`, { title: "Send the report" });
    await engine.request("POST", `${base}/${id}/complete`, { completion_notes: "sent" });
    await engine.request("DELETE", `${base}/${id}?reason=old`);
    expect(await recorded("task.item.updated")).toMatchObject([
      {
        payload: {
          task_id: id,
          changes: { title: "Send the report" },
          old_values: { title: "Write the report" },
          new_values: { title: "Send the report" },
        },
      },
    ]);
    expect(await recorded("task.item.completed")).toMatchObject([
      { payload: { task_id: id, completion_notes: "sent" } },
    ]);
    expect(await recorded("task.item.deleted")).toMatchObject([{ payload: { task_id: id, reason: "old" } }]);
  });

  test("what is nobody's business stays in the task, and the stream tells less", async () => {
    const id = await createTask({ title: "Write to anna@example.org" });
    await engine.request("POST", `${base}/${id}/complete`, { completion_notes: "call +49 30 1234567" });
    expect(await recorded("task.item.created")).toMatchObject([
      { payload: { title: "Write to [redacted]" } },
    ]);
    expect(await recorded("task.item.completed")).toMatchObject([
      { payload: { completion_notes: "call [redacted]" } },
    ]);
    const { body } = await engine.request("GET", `${base}/${id}`);
    expect(body).toMatchObject({ title: "Write to anna@example.org" });
  });

  test("a change that is refused leaves neither a task nor an event", async () => {
    const references = [crypto.randomUUID()];
    expect((await engine.request("POST", base, { title: "A", references })).status).toBe(422);
    expect(await engine.sql("SELECT * FROM task_items")).toEqual([]);
    expect(await recorded("task.item.created")).toEqual([]);
    expect(await kept()).toEqual([]);
  });
});

describe("consuming from the stream", () => {
  test("every event is counted on its day", async () => {
    const id = await createTask();
    await engine.request("PATCH", `${base}/${id}`, { priority: "P0" });
    await engine.request("POST", `${base}/${id}/complete`);
    await engine.request("DELETE", `${base}/${id}`);
    await engine.settle();
    expect(await stats()).toEqual(
      ["TaskCompleted", "TaskCreated", "TaskDeleted", "TaskUpdated"].map((event_type) => ({
        event_type,
        count: 1,
      })),
    );
    const { body } = await engine.request("GET", `${base}/stats?days=2`);
    expect(body.stats).toHaveLength(4);
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });

  test("an update leaves a history of its fields", async () => {
    const id = await createTask({ priority: "P3" });
    await engine.request("PATCH", `${base}/${id}`, { priority: "P0", title: "Now" });
    await engine.request("PATCH", `${base}/${id}`, { priority: "P1" });
    await engine.settle();
    const { body } = await engine.request("GET", `${base}/${id}/history`);
    expect(body.history).toMatchObject([
      { field: "priority", old_value: "P0", new_value: "P1" },
      { field: "priority", old_value: "P3", new_value: "P0" },
      { field: "title", old_value: "Write the report", new_value: "Now" },
    ]);
  });

  test("a deleted task leaves no reference in either direction", async () => {
    const [first, second] = [await createTask(), await createTask()];
    const third = await createTask({ references: [first, second] });
    await engine.request("PATCH", `${base}/${first}`, { references: [second] });
    await engine.request("DELETE", `${base}/${first}`);
    const before = await engine.sql("SELECT * FROM task_references");
    expect(before).toHaveLength(3);
    await engine.settle();
    expect(await engine.sql("SELECT * FROM task_references")).toEqual([
      { task_id: third, referenced_id: second },
    ]);
  });

  test("an event of another program is kept, then handled", async () => {
    const payload = { task_id: "foreign-1", title: "Theirs", priority: "P0", status: "NOT_STARTED" } as const;
    const { id } = await publish(taskItemCreated, payload);
    await engine.settle();
    expect(await kept()).toMatchObject([
      {
        event_id: id,
        record: { title: "Theirs", metadata: { source: "mission_control", correlation_id: "story-1" } },
      },
    ]);
    expect(await stats()).toEqual([{ event_type: "TaskCreated", count: 1 }]);
  });
});

describe("redelivery", () => {
  test("of the same stream entry has no second effect", async () => {
    await createTask();
    await engine.settle();
    await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
    expect((await engine.drain(subscriber)).redelivered).toBe(1);
    expect(await stats()).toEqual([{ event_type: "TaskCreated", count: 1 }]);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("of the same event under a new stream id has no second effect", async () => {
    await createTask();
    await engine.settle();
    const [sent] = await engine.streamEntries();
    await engine.append(Object.entries(sent?.fields ?? {}).flat());
    expect((await engine.drain(subscriber)).publishedTwice).toBe(1);
    expect(await stats()).toEqual([{ event_type: "TaskCreated", count: 1 }]);
  });

  test("has no second effect even without the claims, because the handlers may run twice", async () => {
    const id = await createTask();
    await engine.request("PATCH", `${base}/${id}`, { title: "Now" });
    await engine.settle();
    await engine.sql("DELETE FROM processed_events WHERE subscriber_name = $1", [subscriber]);
    await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
    expect((await engine.drain(subscriber)).applied).toBe(2);
    expect(await stats()).toMatchObject([{ count: 1 }, { count: 1 }]);
    expect(await engine.sql("SELECT * FROM task_history")).toHaveLength(1);
  });

  test("of a new event does have an effect, so the tests above can fail", async () => {
    await createTask();
    await createTask();
    await engine.settle();
    expect(await stats()).toEqual([{ event_type: "TaskCreated", count: 2 }]);
  });
});

describe("failures", () => {
  test("a permanent one is acked, with a dead letter that says why", async () => {
    await publish(taskItemCompleted, {
      task_id: "foreign-1",
      completed_date: "2999-01-01T00:00:00Z",
      completion_notes: "",
    });
    await engine.settle();
    expect(await engine.deadLetters(subscriber)).toMatchObject([
      {
        reason: "permanent_error",
        event_type: "task.item.completed",
        attempts: 1,
        error_message: expect.stringContaining("completed_date"),
      },
    ]);
    expect(await engine.pendingCount(group)).toBe(0);
    expect(await stats()).toEqual([]);
    expect(await kept()).toEqual([]);
  });

  test("a transient one is not acked and handled later; nothing of the first try stays", async () => {
    await engine.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '55P03'; END $$`);
    await engine.sql("CREATE TRIGGER refuse BEFORE DELETE ON task_references EXECUTE FUNCTION refuse()");
    await publish(taskItemDeleted, { task_id: "foreign-1", reason: "" });
    await engine.relay();
    expect(await engine.drain(subscriber)).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
    expect(await engine.pendingCount(group)).toBe(1);
    expect(await stats()).toEqual([]);
    await engine.sql("DROP TRIGGER refuse ON task_references");
    await eventually(async () => {
      await engine.drain(subscriber);
      expect(await engine.pendingCount(group)).toBe(0);
    });
    expect(await stats()).toEqual([{ event_type: "TaskDeleted", count: 1 }]);
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });
});
