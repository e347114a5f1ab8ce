import type { Answer } from "@brain/engine/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createProgram } from "../../../workers/program.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";

const base = "/api/tasks";

/** Both paths of the switch. The routes answer the same on both. */
const paths = [
  ["domain_events", {}],
  ["legacy_events", { USE_NEW_EVENT_SYSTEM: "false" }],
] as const;

describe.each(paths)("on the path %s", (mode, env) => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await createTestEngine(env);
  });
  afterAll(() => engine?.cleanup());

  const create = async (body: object = {}, headers = {}) => {
    const answer = await engine.request("POST", base, { title: "Write the report", ...body }, headers);
    expect(answer.status, answer.text).toBe(201);
    return answer.body;
  };
  const get = async (id: string) => (await engine.request("GET", `${base}/${id}`)).body;

  test("a task is created with defaults, and read as it was answered", async () => {
    const task = await create({}, { "x-actor-id": "user-1" });
    expect(task).toEqual({
      task_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      title: "Write the report",
      priority: "P2",
      status: "NOT_STARTED",
      tenant_id: null,
      references: [],
      version: 1,
      completion_notes: null,
      created_by: "user-1",
      created_at: expect.stringMatching(/Z$/),
      updated_at: task.created_at,
      completed_at: null,
      deleted_at: null,
    });
    const read = await engine.request("GET", `${base}/${task.task_id}`);
    expect(read.body).toEqual(task);
    expect(read.headers.get("etag")).toBe('"1"');
  });

  test("who has the version that there is, is told so and no more", async () => {
    const { task_id: id } = await create();
    const ask = (tag: string) => engine.request("GET", `${base}/${id}`, undefined, { "if-none-match": tag });
    for (const tag of ['"1"', 'W/"1"', '"7", "1"', "*"]) {
      const unchanged = await ask(tag);
      expect(unchanged.status, tag).toBe(304);
      expect(unchanged.text).toBe("");
      expect(unchanged.headers.get("etag")).toBe('"1"');
      for (const name of ["x-request-id", "x-correlation-id"])
        expect(unchanged.headers.get(name), name).not.toBeNull();
    }
    await engine.request("PATCH", `${base}/${id}`, { title: "Send the report" });
    const changed = await ask('"1"');
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ title: "Send the report", version: 2 });
    const unknown = await engine.request("GET", `${base}/${crypto.randomUUID()}`, undefined, {
      "if-none-match": "*",
    });
    expect(unknown.status).toBe(404);
  });

  test.each<[string, object]>([
    ["title", { title: " " }],
    ["title", { title: "x".repeat(501) }],
    ["title", { title: "a\u0000b" }],
    ["title", { title: "\ud800" }],
    ["priority", { title: "A", priority: "P4" }],
    ["status", { title: "A", status: "COMPLETED" }],
    ["references.0", { title: "A", references: ["x"] }],
    ["references", { title: "A", references: ["00000000-0000-4000-8000-000000000000"] }],
    ["", { title: "A", owner: "me" }],
  ])("a task with a wrong %s is refused", async (path, body) => {
    const answer = await engine.request("POST", base, body);
    expect(answer.status).toBe(422);
    expect(answer.body.error.details[0].path).toBe(path);
  });

  test("a change names what it changes; what is the same changes nothing", async () => {
    const { task_id: id } = await create();
    const other = await create();
    const changed = await engine.request("PATCH", `${base}/${id}`, {
      title: "Send the report",
      status: "IN_PROGRESS",
      references: [other.task_id, other.task_id, id],
    });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      title: "Send the report",
      status: "IN_PROGRESS",
      references: [other.task_id],
      version: 2,
    });
    expect(changed.headers.get("etag")).toBe('"2"');
    expect(await get(id)).toEqual(changed.body);
    const same = await engine.request("PATCH", `${base}/${id}`, { title: "Send the report" });
    expect(same.body).toEqual(changed.body);
    await engine.request("DELETE", `${base}/${other.task_id}`);
    expect(await get(id)).toMatchObject({ references: [], version: 2 });
  });

  test("a completed task has notes and a time, and cannot be changed any more", async () => {
    const { task_id: id } = await create();
    const done = await engine.request("POST", `${base}/${id}/complete`, { completion_notes: "All\ndone" });
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({ status: "COMPLETED", completion_notes: "All\ndone", version: 2 });
    expect(done.body.completed_at >= done.body.created_at).toBe(true);
    for (const [method, path, body] of [
      ["PATCH", `${base}/${id}`, { title: "B" }],
      ["POST", `${base}/${id}/complete`, {}],
    ] as const) {
      const refused = await engine.request(method, path, body);
      expect(refused.status).toBe(409);
      expect(refused.body.error.code).toBe("conflict");
    }
    expect(await get(id)).toEqual(done.body);
  });

  test("a task may be completed without a body", async () => {
    const { task_id: id } = await create();
    expect((await engine.request("POST", `${base}/${id}/complete`)).body.completion_notes).toBe("");
  });

  test("a deleted task stays to be read, is not listed, and is deleted once", async () => {
    const { task_id: id } = await create();
    expect((await engine.request("DELETE", `${base}/${id}?reason=double`)).status).toBe(204);
    const deleted = await get(id);
    expect(deleted).toMatchObject({ status: "DELETED", version: 2, deleted_at: expect.any(String) });
    expect((await engine.request("DELETE", `${base}/${id}`)).status).toBe(204);
    expect(await get(id)).toEqual(deleted);
    const listed = async (query: string) =>
      (await engine.request("GET", `${base}?${query}`)).body.tasks.map(
        (task: { task_id: string }) => task.task_id,
      );
    expect(await listed("limit=100")).not.toContain(id);
    expect(await listed("limit=100&status=DELETED")).toContain(id);
  });

  test("who has seen an older version is refused, by header and by body", async () => {
    const { task_id: id } = await create();
    const patch = (body: object, headers: Record<string, string> = {}) =>
      engine.request("PATCH", `${base}/${id}`, body, headers);
    expect((await patch({ title: "B" }, { "if-match": '"1"' })).status).toBe(200);
    expect((await patch({ title: "C" }, { "if-match": '"1"' })).status).toBe(409);
    expect((await patch({ title: "C", version: 1 })).status).toBe(409);
    expect((await engine.request("POST", `${base}/${id}/complete`, { version: 1 })).status).toBe(409);
    expect((await engine.request("DELETE", `${base}/${id}`, undefined, { "if-match": '"1"' })).status).toBe(
      409,
    );
    expect((await patch({ title: "C", version: 2 }, { "if-match": '"1"' })).status).toBe(422);
    expect((await patch({ title: "C" }, { "if-match": "1" })).status).toBe(422);
    expect(await get(id)).toMatchObject({ title: "B", version: 2 });
    expect((await patch({ title: "C", version: 2 }, { "if-match": "*" })).body.version).toBe(3);
  });

  test("of changes at the same time with the same version one wins; without a version all do", async () => {
    const { task_id: id } = await create();
    const patch = (title: string, headers = {}) =>
      engine.request("PATCH", `${base}/${id}`, { title }, headers);
    const guarded = await Promise.all(
      ["a", "b", "c", "d"].map((title) => patch(title, { "if-match": '"1"' })),
    );
    expect(guarded.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const free = await Promise.all(["e", "f", "g"].map((title) => patch(title)));
    expect(free.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await get(id)).version).toBe(5);
  });

  test("a change that waited for another one sees the references that the other one has set", async () => {
    const [{ task_id: id }, { task_id: other }] = [await create(), await create()];
    const waiting: Promise<Answer>[] = [];
    await engine.publish({ source: "test" }, async (_publish, tx) => {
      await tx.execute(sql`UPDATE task_items SET version = 2 WHERE task_id = ${id}`);
      waiting.push(engine.request("PATCH", `${base}/${id}`, { references: [] }));
      await eventually(async () => {
        const blocked =
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        expect(await engine.sql(blocked)).toHaveLength(1);
      });
      await tx.execute(sql`INSERT INTO task_references VALUES (${id}, ${other})`);
    });
    expect((await waiting[0])?.body).toMatchObject({ references: [], version: 3 });
    expect(await get(id)).toMatchObject({ references: [], version: 3 });
  });

  test("an unknown task is 404 everywhere", async () => {
    for (const id of [crypto.randomUUID(), "nothing", "x".repeat(300)]) {
      for (const [method, path] of [
        ["GET", ""],
        ["GET", "/history"],
        ["PATCH", ""],
        ["POST", "/complete"],
        ["DELETE", ""],
      ] as const) {
        const answer = await engine.request(
          method,
          `${base}/${id}${path}`,
          method === "GET" ? undefined : {},
        );
        expect(answer.status, `${method} ${path}`).toBe(404);
        expect(answer.body.error.code).toBe("not_found");
      }
    }
  });

  test("the list is paged, the newest first, and filtered", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift((await create({ priority: "P0" })).task_id);
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page = await engine.request("GET", `${base}?priority=P0&limit=2${next}`);
      found.push(...page.body.tasks.map((task: { task_id: string }) => task.task_id));
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    expect(found).toEqual(ids);
    for (const query of ["limit=0", "limit=101", "limit=x", "status=DONE", "priority=high", "cursor=1"]) {
      expect((await engine.request("GET", `${base}?${query}`)).status, query).toBe(422);
    }
  });

  test("the events of a task can be asked for", async () => {
    const from = (await create({ title: "The first of its time" })).created_at;
    const { task_id: id } = await create({ title: "With events" });
    await engine.request("PATCH", `${base}/${id}`, { title: "With more events" });
    await engine.request("POST", `${base}/${id}/complete`, { completion_notes: "ok" });
    await engine.request("DELETE", `${base}/${id}?reason=done`);
    const events = async (query: string) => {
      const answer = await engine.request("GET", `${base}/events?${query}`);
      expect(answer.status, answer.text).toBe(200);
      return answer.body as { events: Record<string, unknown>[]; next_cursor: string | null };
    };
    const types = ({ events }: { events: Record<string, unknown>[] }) =>
      events.filter((event) => event.task_id === id).map((event) => event.event_type);
    const all = ["TaskCreated", "TaskUpdated", "TaskCompleted", "TaskDeleted"];
    expect(types(await events("limit=4"))).toEqual(all.toReversed());
    expect(types(await events(`from=${from}&order=oldest`))).toEqual(all);
    expect(types(await events("type=TaskCompleted"))).toEqual(["TaskCompleted"]);
    expect(types(await events("to=2020-01-01"))).toEqual([]);
    const found: unknown[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page = await events(`from=${from}&order=oldest&limit=2${next}`);
      found.push(...page.events);
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(found).toEqual((await events(`from=${from}&order=oldest`)).events);
    expect(found[0]).toMatchObject({
      event_type: "TaskCreated",
      aggregate_id: expect.any(String),
      timestamp: expect.stringMatching(/^[^Z+]*$/),
      title: "The first of its time",
      priority: "P2",
      status: "NOT_STARTED",
    });
  });

  test.each(["type=Created", "from=yesterday00", "from=2026-02-30", "to=%00", "limit=501", "order=up"])(
    "events cannot be asked for with %s",
    async (query) => {
      expect((await engine.request("GET", `${base}/events?${query}`)).status).toBe(422);
    },
  );

  test("one event is asked for by its id; an id of none, or no possible one, is answered with 404", async () => {
    await create();
    const [listed] = (await engine.request("GET", `${base}/events?limit=1`)).body.events;
    const answer = await engine.request("GET", `${base}/events/${listed.event_id}`);
    expect(answer).toMatchObject({ status: 200, body: listed });
    for (const id of [crypto.randomUUID(), "legacy-1-x", "x", "x%20y", "y".repeat(200)]) {
      const missing = await engine.request("GET", `${base}/events/${id}`);
      expect(missing.status).toBe(404);
      expect(missing.body.error).toMatchObject({
        code: "not_found",
        message: expect.stringContaining("no task event"),
      });
    }
  });

  test("a cursor that nobody knows is refused, and does not read like the end of the list", async () => {
    for (const cursor of [crypto.randomUUID(), "legacy-0-x", "x"]) {
      const { status, body } = await engine.request("GET", `${base}/events?cursor=${cursor}`);
      expect([status, body.error?.details?.[0]?.path]).toEqual([422, "cursor"]);
    }
  });

  test("info and health tell the mode", async () => {
    const info = await engine.request("GET", `${base}/info`);
    expect(info.body).toMatchObject({ name: "tasks", mode, priorities: ["P0", "P1", "P2", "P3"] });
    const health = await engine.request("GET", `${base}/health`);
    expect(health.body).toMatchObject({
      status: "healthy",
      mode,
      tasks: { NOT_STARTED: expect.any(Number) },
    });
  });
});

describe("the switch", () => {
  /** What a change leaves behind in the tables of both paths. */
  async function traces(env: Record<string, string>) {
    const engine = await createTestEngine(env);
    try {
      const { body } = await engine.request("POST", base, { title: "Write the report" });
      await engine.request("POST", `${base}/${body.task_id}/complete`);
      await engine.settle();
      const count = async (table: string) =>
        (await engine.sql<{ n: number }>(`SELECT count(*)::integer AS n FROM ${table}`))[0]?.n;
      return {
        domain: await count("task_events"),
        stream: await count("events"),
        counted: await count("task_stats"),
        legacy: await engine.sql("SELECT type, title FROM task_legacy_events ORDER BY position"),
        lines: startLines(engine),
      };
    } finally {
      await engine.cleanup();
    }
  }

  /** What a program with these settings logs at its start. */
  function startLines({ config }: TestEngine): Record<string, unknown>[] {
    const lines: string[] = [];
    const spies = (["info", "warn"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line))),
    );
    createProgram(config);
    for (const spy of spies) spy.mockRestore();
    return lines.map((line) => JSON.parse(line));
  }

  test("is on unless told otherwise: domain events and no plain records", async () => {
    expect(await traces({})).toMatchObject({
      domain: 2,
      stream: 2,
      counted: 2,
      legacy: [],
      lines: [
        {
          level: "info",
          setting: "USE_NEW_EVENT_SYSTEM",
          value: true,
          mode: "domain_events",
          source: "default",
        },
      ],
    });
  });

  test("off: plain records and nothing else; the start says so loudly, and by which variable", async () => {
    const name = "MISSION_CONTROL_USE_NEW_EVENT_SYSTEM";
    expect(await traces({ [name]: "false" })).toMatchObject({
      domain: 0,
      stream: 0,
      counted: 0,
      legacy: [
        { type: "task_created", title: "Write the report" },
        { type: "task_completed", title: "Write the report" },
      ],
      lines: [{ level: "warn", value: false, mode: "legacy_events", source: name, ends_on: "2026-12-31" }],
    });
  });
});
