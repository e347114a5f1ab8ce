import { isUuidV4 } from "@brain/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";

const path = "/api/tasks/import";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(async () => {
  await engine?.cleanup();
});

const plain = (type: string, second: number) => ({
  type,
  task_id: "old-1",
  title: "Write to anna@example.org",
  timestamp: `2025-03-01T10:00:${String(second).padStart(2, "0")}`,
});
const record = {
  event_id: "evt_42",
  event_type: "TaskUpdated",
  timestamp: "2025-03-01T11:00:00.123456",
  aggregate_id: "old-1",
  task_id: "old-1",
  metadata: {},
  changes: { title: "B", user_email: "anna@example.org" },
  old_values: { title: "A" },
  new_values: { title: "B" },
};
const file = [plain("task_created", 1), plain("task_completed", 2), record]
  .map((value) => JSON.stringify(value))
  .join("\n");

async function send(text: string, query = "") {
  const answer = await engine.request("POST", `${path}${query}`, text, { "content-type": "text/plain" });
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}
const history = async () => (await engine.request("GET", "/api/tasks/events?order=oldest")).body.events;
const rows = (table: string) => engine.sql(`SELECT * FROM ${table}`);

const nothing = { corrupt: [], corrupt_count: 0, skipped: 0, published: 0, not_published: [] };

test("imports plain records and domain events as history, and publishes nothing", async () => {
  expect(await send(file)).toEqual({ ...nothing, dry_run: false, read: 3, imported: 3, duplicates: 0 });
  expect(await history()).toMatchObject([
    { event_type: "TaskCreated", task_id: "old-1", timestamp: "2025-03-01T10:00:01", priority: "P2" },
    { event_type: "TaskCompleted", completed_date: "2025-03-01T10:00:02" },
    {
      event_type: "TaskUpdated",
      timestamp: "2025-03-01T11:00:00.123456",
      changes: { title: "B" },
      metadata: { original_event_id: "evt_42" },
    },
  ]);
  await engine.settle();
  expect(await rows("events")).toEqual([]);
  expect(await rows("task_items")).toEqual([]);
  expect(await rows("task_stats")).toEqual([]);
});

test("imports nothing twice, as lines or as an array, in one file or in two", async () => {
  await send(file);
  const before = await history();
  const array = JSON.stringify([
    ...file.split("\n").map((line) => JSON.parse(line)),
    plain("task_deleted", 3),
  ]);
  expect(await send(array)).toMatchObject({ read: 4, imported: 1, duplicates: 3 });
  expect(await send(`${array}`)).toMatchObject({ read: 4, imported: 0, duplicates: 4 });
  const again = JSON.stringify(plain("task_updated", 4));
  expect(await send(`${again}\n${again}`)).toMatchObject({ read: 2, imported: 1, duplicates: 1 });
  expect((await history()).filter((event: { task_id: string }) => event.task_id === "old-1")).toHaveLength(
    before.length + 2,
  );
});

test("imports what the events route gives, so that an export can be imported anywhere", async () => {
  await engine.request("POST", "/api/tasks", { title: "Mine" });
  await send(file);
  const exported = await history();
  await engine.sql("TRUNCATE task_events");
  expect(await send(exported.map((event: unknown) => JSON.stringify(event)).join("\n"))).toMatchObject({
    imported: 4,
  });
  expect(await history()).toEqual(exported);
});

test("a dry run tells the same and does nothing", async () => {
  expect(await send(file, "?dry_run=true")).toMatchObject({ dry_run: true, read: 3, imported: 3 });
  expect(await rows("task_events")).toEqual([]);
  await send(file.split("\n")[0] ?? "");
  expect(await send(file, "?dry_run=true&publish=true")).toMatchObject({
    imported: 2,
    duplicates: 1,
    published: 0,
  });
  expect(await rows("task_events")).toHaveLength(1);
});

test("names corrupt lines and imports the others", async () => {
  const report = await send(
    `${file}\n{"type":"task_created"\n\n{"type":"mission_created"}\n{"type":"task_created"}`,
  );
  expect(report).toMatchObject({ read: 6, imported: 3, skipped: 1, corrupt_count: 2 });
  expect(report.corrupt).toMatchObject([{ line: 4, reason: "the line is no JSON" }, { line: 7 }]);
});

test("publishes when asked, once, without what the stream must not carry; the handlers see the past", async () => {
  expect(await send(file, "?publish=true")).toMatchObject({ imported: 3, published: 3, not_published: [] });
  expect(await send(file, "?publish=true")).toMatchObject({ imported: 0, published: 0 });
  await engine.settle();
  const events = await engine.sql<{ id: string; type: string; payload: unknown }>(
    "SELECT id, type, payload FROM events ORDER BY position",
  );
  expect(events).toMatchObject([
    { type: "task.item.created", payload: { task_id: "old-1", title: "Write to [redacted]" } },
    { type: "task.item.completed", payload: { completed_date: "2025-03-01T10:00:02Z" } },
    { type: "task.item.updated", payload: { changes: { title: "B" } } },
  ]);
  expect(JSON.stringify(events)).not.toContain("anna");
  expect(events.every(({ id }) => isUuidV4(id))).toBe(true);
  expect(await rows("task_events")).toHaveLength(3);
  expect(await engine.deadLetters("tasks")).toEqual([]);
  expect(
    await engine.sql("SELECT day::text, event_type, count FROM task_stats ORDER BY event_type"),
  ).toMatchObject([
    { day: "2025-03-01", event_type: "TaskCompleted", count: 1 },
    { day: "2025-03-01", event_type: "TaskCreated", count: 1 },
    { day: "2025-03-01", event_type: "TaskUpdated", count: 1 },
  ]);
});

test("keeps an event that the stream refuses, and says why it was not published", async () => {
  const refused = { ...record, event_id: "evt_43", changes: { owner_id: 7 } };
  const report = await send(JSON.stringify(refused), "?publish=true");
  expect(report).toMatchObject({ imported: 1, published: 0 });
  expect(report.not_published).toMatchObject([{ line: 1, reason: expect.stringContaining("owner_id") }]);
});

test("refuses what is empty, too large, or too much", async () => {
  const status = async (text: string, query = "") =>
    (await engine.request("POST", `${path}${query}`, text)).status;
  expect(await status(" \n ")).toBe(400);
  expect(await status("x".repeat(1_100_000))).toBe(413);
  expect(await status("1\n".repeat(5_001))).toBe(413);
  expect(await status(file, "?publish=yes")).toBe(422);
});

test("takes a full body in one go", async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) =>
    JSON.stringify({ ...plain("task_updated", 0), task_id: `old-${index}`, title: "x".repeat(110) }),
  ).join("\n");
  expect(lines.length).toBeGreaterThan(900_000);
  expect(await send(lines, "?publish=true")).toMatchObject({ imported: 5_000, published: 5_000 });
  expect(await send(lines)).toMatchObject({ imported: 0, duplicates: 5_000 });
});

test("works on the old path too, where nothing can be published", async () => {
  const old = await createTestEngine({ USE_NEW_EVENT_SYSTEM: "false" });
  try {
    expect((await old.request("POST", path, file)).body).toMatchObject({ imported: 3 });
    expect((await old.request("POST", `${path}?publish=true`, file)).status).toBe(409);
    // The way back to the new path: what was written meanwhile is taken along.
    await old.request("POST", "/api/tasks", { title: "Meanwhile" });
    const exported = (await old.request("GET", "/api/tasks/events")).body.events;
    expect((await old.request("POST", path, exported)).body).toMatchObject({ imported: 1, corrupt: [] });
    expect((await old.request("POST", path, exported)).body).toMatchObject({ duplicates: 1 });
    const kept = await old.sql("SELECT record FROM task_events WHERE record ->> 'title' = 'Meanwhile'");
    expect(kept).toMatchObject([
      { record: { event_type: "TaskCreated", metadata: { imported_from: "legacy" } } },
    ]);
  } finally {
    await old.cleanup();
  }
});
