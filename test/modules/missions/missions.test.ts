import { PermanentError } from "@brain/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMissions, handler, type MissionSurface } from "./fixture.ts";

let missions: MissionSurface;
beforeAll(async () => {
  missions = await createMissions({
    handlers: [
      handler("broken", async () => {
        throw new PermanentError("It never works.");
      }),
      handler("picky", async () => ({}), {
        validate: ({ size }) =>
          typeof size === "number" ? null : [{ path: "size", message: "expected a number" }],
      }),
    ],
  });
});
afterAll(() => missions?.cleanup());

const post = (path: string, body: unknown) => missions.post(`/api/missions${path}`, body);
const view = async (id: string) => (await missions.get(`/${id}`)).body;

describe("a mission", () => {
  test("is enqueued, done and told of", async () => {
    const reply = await post("/enqueue", { type: "echo", payload: { a: 1 }, priority: 30 });
    expect(reply.status).toBe(202);
    expect(reply.body).toEqual({ mission_id: expect.any(String), status: "queued" });
    const id = reply.body.mission_id;
    expect(await view(id)).toMatchObject({
      id,
      type: "echo",
      name: "echo",
      status: "queued",
      priority: 30,
      priority_name: "HIGH",
      data: { a: 1 },
      retry_count: 0,
      max_retries: 3,
      created_by: "api",
      result: null,
    });
    await missions.work();
    expect(await view(id)).toMatchObject({ status: "completed", attempt: 1, result: { echo: { a: 1 } } });
  });

  test("that is created waits until it is executed", async () => {
    const id = crypto.randomUUID();
    const created = await post("", { name: "Later", data: { x: true }, id });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ id, name: "Later", status: "pending", type: "echo" });
    await missions.work();
    expect((await view(id)).status).toBe("pending");
    const executed = await post(`/${id}/execute`, undefined);
    expect(executed.status).toBe(202);
    expect(executed.body).toEqual({ mission_id: id, status: "queued" });
    await missions.work();
    expect((await view(id)).status).toBe("completed");
    expect((await post(`/${id}/execute`, undefined)).status).toBe(409);
  });

  test("has one id: a second one with it is refused", async () => {
    const id = crypto.randomUUID();
    expect((await post("", { name: "A", id })).status).toBe(201);
    const again = await post("", { name: "B", id: id.toUpperCase() });
    expect(again.status).toBe(409);
    expect(again.body.error.details).toEqual([{ path: "id", message: "already taken" }]);
  });

  test.each([
    [{}, "type"],
    [{ type: "nobody.does.this" }, "type"],
    [{ type: "echo", priority: 25 }, "priority"],
    [{ type: "echo", priority: "20" }, "priority"],
    [{ type: "echo", payload: [] }, "payload"],
    [{ type: "echo", payload: { text: "\u0000" } }, "payload.text"],
    [{ type: "echo", payload: { big: "x".repeat(70_000) } }, "payload"],
    [{ type: "echo", max_retries: 0 }, "max_retries"],
    [{ type: "echo", unknown: 1 }, ""],
    [{ type: "test.picky", payload: { size: "big" } }, "payload.size"],
    [{ type: "http_call", payload: { url: "http://127.0.0.1:1/" } }, "payload.url"],
    [{ type: "echo", created_by: "anna@example.org" }, "created_by"],
  ])("is refused when it cannot work: %j", async (body, path) => {
    const before = await missions.recorded();
    const reply = await post("/enqueue", body);
    expect(reply.status, reply.text).toBe(422);
    expect(reply.body.error.details.map((issue: { path: string }) => issue.path)).toContain(path);
    expect(await missions.recorded()).toBe(before);
  });

  test("whose name holds an e-mail address is refused, because events carry the name", async () => {
    const reply = await post("", { name: "Write to anna@example.org" });
    expect(reply.status).toBe(422);
    expect(await missions.sql("SELECT FROM missions WHERE name LIKE '%anna%'")).toEqual([]);
  });

  test.each(["unknown", "00000000-0000-4000-8000-000000000000"])(
    "that does not exist answers 404: %s",
    async (id) => {
      for (const [method, path, body] of [
        ["GET", `/${id}`, null],
        ["GET", `/${id}/log`, null],
        ["POST", `/${id}/log`, { message: "x" }],
        ["POST", `/${id}/status`, { status: "cancelled" }],
        ["POST", `/${id}/execute`, null],
        ["POST", `/${id}/cancel`, {}],
      ] as const) {
        const url = `/api/missions${path}`;
        const reply = body === null ? await missions.send(url, { method }) : await missions.post(url, body);
        expect(reply.status, `${method} ${path}`).toBe(404);
      }
    },
  );
});

describe("the list", () => {
  test("has pages, newest first, and filters by status", async () => {
    const fresh = await createMissions();
    try {
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) ids.unshift(await fresh.enqueue({ type: "echo", payload: { n } }));
      await fresh.send(`/api/missions/${ids[2]}/cancel`, { method: "POST" });
      const first = (await fresh.get("?limit=2")).body;
      const second = (await fresh.get(`?limit=2&cursor=${first.next_cursor}`)).body;
      const third = (await fresh.get(`?limit=2&cursor=${second.next_cursor}`)).body;
      const seen = [first, second, third].flatMap((page) =>
        page.missions.map(({ id }: { id: string }) => id),
      );
      expect(new Set(seen)).toEqual(new Set(ids));
      expect(seen).toHaveLength(5);
      expect(third.next_cursor).toBeNull();
      const cancelled = (await fresh.get("?status=cancelled")).body.missions;
      expect(cancelled.map(({ id }: { id: string }) => id)).toEqual([ids[2]]);
      expect((await fresh.get("?status=lost")).status).toBe(422);
      expect((await fresh.get("?cursor=abc")).status).toBe(422);
      expect((await fresh.get("?limit=501")).status).toBe(422);
    } finally {
      await fresh.cleanup();
    }
  });
});

describe("the status by hand", () => {
  test("pauses and resumes at the old place", async () => {
    const id = await missions.enqueue({ type: "echo" });
    const place = await missions.sql("SELECT place FROM missions WHERE id = $1", [id]);
    const paused = await post(`/${id}/status`, { status: "paused", reason: "not now" });
    expect(paused.status).toBe(200);
    expect(paused.body.status).toBe("paused");
    await missions.work();
    expect((await view(id)).status).toBe("paused");
    expect((await post(`/${id}/status`, { status: "queued" })).body.status).toBe("queued");
    await post(`/${id}/status`, { status: "paused" });
    expect((await post(`/${id}/execute`, undefined)).status).toBe(202);
    const places = await missions.sql("SELECT place FROM missions WHERE id = $1", [id]);
    expect(places).toEqual(place);
    await missions.work();
    expect((await view(id)).status).toBe("completed");
  });

  test.each(["running", "completed", "failed", "pending"])(
    "cannot pretend what the worker does: %s",
    async (status) => {
      const id = await missions.enqueue({ type: "echo" });
      const reply = await post(`/${id}/status`, { status });
      expect(reply.status).toBe(409);
      expect(reply.body.error.message).toContain("By hand it can become: paused, cancelled");
      expect((await view(id)).status).toBe("queued");
    },
  );

  test("does not leave a final one", async () => {
    const id = await missions.enqueue({ type: "echo" });
    await missions.work();
    for (const status of ["queued", "cancelled", "paused"])
      expect((await post(`/${id}/status`, { status })).status).toBe(409);
  });

  test("queues a failed one again, with new attempts", async () => {
    const id = await missions.enqueue({ type: "test.broken" });
    await missions.work();
    expect(await view(id)).toMatchObject({ status: "failed", attempt: 1, error: "It never works." });
    expect((await post(`/${id}/status`, { status: "queued" })).body).toMatchObject({
      status: "queued",
      max_retries: 4,
      finished_at: null,
    });
    await missions.work();
    expect(await view(id)).toMatchObject({ status: "failed", attempt: 2 });
  });
});

describe("the log", () => {
  test("tells what happened, newest first, and takes entries", async () => {
    const id = await missions.enqueue({ type: "test.broken" });
    await missions.work();
    const written = await post(`/${id}/log`, {
      level: "warning",
      message: "Looked at it.",
      data: { by: "op-1" },
    });
    expect(written.status).toBe(201);
    expect(written.body).toMatchObject({ level: "warning", message: "Looked at it.", data: { by: "op-1" } });
    const { log } = (await missions.get(`/${id}/log`)).body;
    expect(log.map(({ message }: { message: string }) => message)).toEqual([
      "Looked at it.",
      "Attempt 1 failed: It never works.",
      "Attempt 1 of 3 begins.",
    ]);
    expect((await missions.get(`/${id}/log?limit=1`)).body.log).toHaveLength(1);
  });

  test("is bounded: the oldest entries go", async () => {
    const id = await missions.enqueue({ type: "echo" });
    await missions.sql(
      "INSERT INTO mission_log (mission_id, at, level, message, data) SELECT $1, now(), 'info', 'n' || n, '{}' FROM generate_series(1, 250) n",
      [id],
    );
    await post(`/${id}/log`, { message: "the last" });
    const rows = await missions.sql<{ message: string }>(
      "SELECT message FROM mission_log WHERE mission_id = $1 ORDER BY id",
      [id],
    );
    expect(rows).toHaveLength(200);
    expect(rows[0]?.message).toBe("n52");
    expect(rows.at(-1)?.message).toBe("the last");
  });

  test("refuses what cannot be stored", async () => {
    const id = await missions.enqueue({ type: "echo" });
    for (const body of [{}, { message: "" }, { message: "\u0000" }, { message: "x", level: "fatal" }])
      expect((await post(`/${id}/log`, body)).status).toBe(422);
  });
});

describe("the queue as a whole", () => {
  test("shows what waits in the order in which it will be done", async () => {
    const fresh = await createMissions();
    try {
      const low = await fresh.enqueue({ type: "echo", priority: 10 });
      const first = await fresh.enqueue({ type: "echo" });
      const second = await fresh.enqueue({ type: "echo" });
      const critical = await fresh.enqueue({ type: "echo", priority: 40 });
      const { items, length, paused } = (await fresh.get("/queue")).body;
      expect(items.map(({ id }: { id: string }) => id)).toEqual([critical, first, second, low]);
      expect(length).toBe(4);
      expect(paused).toBe(false);
      const scores = items.map(({ score }: { score: number }) => score);
      expect([...scores].sort((a, b) => b - a)).toEqual(scores);
      expect(new Set(scores).size).toBe(4);
      expect((await fresh.get("/queue?limit=1")).body.items).toHaveLength(1);
      expect((await fresh.get("/queue?limit=101")).status).toBe(422);
    } finally {
      await fresh.cleanup();
    }
  });

  test("does nothing while it is paused, and goes on when it is resumed", async () => {
    const fresh = await createMissions();
    try {
      const id = await fresh.enqueue({ type: "echo" });
      const paused = await fresh.post("/api/missions/queue/pause", { reason: "maintenance" });
      expect(paused.body).toMatchObject({ paused: true, reason: "maintenance" });
      expect(await fresh.work()).toBeNull();
      expect((await fresh.get(`/${id}`)).body.status).toBe("queued");
      expect((await fresh.get("/health")).body.status).toBe("degraded");
      expect((await fresh.get("/worker/status")).body).toMatchObject({
        running: false,
        enabled: true,
        paused: true,
      });
      await fresh.post("/api/missions/queue/resume", { reason: "done" });
      await fresh.work();
      expect((await fresh.get(`/${id}`)).body.status).toBe("completed");
      expect((await fresh.get("/health")).body).toMatchObject({
        status: "ok",
        details: { queue_healthy: true, queue_length: 0, worker_running: true },
      });
      expect((await fresh.post("/api/missions/queue/pause", {})).status).toBe(422);
      for (const reason of [
        "two\nlines",
        "\u001b[31mred",
        "write to anna@example.org",
        "sk_live_0123456789abcdef",
      ]) {
        const refused = await fresh.post("/api/missions/queue/pause", { reason });
        expect(refused.body.error.details).toEqual([{ path: "reason", message: expect.any(String) }]);
      }
    } finally {
      await fresh.cleanup();
    }
  });

  test("counts what there is", async () => {
    const fresh = await createMissions({
      handlers: [
        handler("broken", async () => {
          throw new PermanentError("no");
        }),
      ],
    });
    try {
      await fresh.enqueue({ type: "echo" });
      await fresh.enqueue({ type: "test.broken" });
      await fresh.work();
      const waiting = await fresh.enqueue({ type: "echo" });
      await fresh.enqueue({ type: "echo" });
      await fresh.post("/api/missions", { name: "Later" });
      await fresh.send(`/api/missions/${waiting}/cancel`, { method: "POST" });
      expect((await fresh.get("/stats/overview")).body).toEqual({
        total: 5,
        pending: 1,
        queued: 1,
        running: 0,
        paused: 0,
        completed: 1,
        failed: 1,
        cancelled: 1,
      });
      const { event_type_counts: counts, total } = (await fresh.get("/events/stats")).body;
      expect(counts).toMatchObject({
        "mission.created": 5,
        "task.created": 4,
        "task.failed": 1,
        "mission.cancelled": 1,
      });
      const { events } = (await fresh.get("/events/history?limit=1000")).body;
      expect(events).toHaveLength(total);
      expect(events[0]).toMatchObject({ type: "mission.cancelled", source: "mission_queue_manager" });
      const ofWorker = (await fresh.get("/events/history?agent_id=mission_worker&limit=3")).body.events;
      expect(ofWorker.map(({ source }: { source: string }) => source)).toEqual(
        Array(3).fill("mission_worker"),
      );
      expect((await fresh.get("/events/history?limit=1001")).status).toBe(422);
    } finally {
      await fresh.cleanup();
    }
  });

  test("says what it can do", async () => {
    const { types } = (await missions.get("/agents/info")).body;
    expect(types.map(({ type }: { type: string }) => type)).toEqual([
      "echo",
      "http_call",
      "test.broken",
      "test.picky",
    ]);
    expect((await missions.get("/info")).body).toMatchObject({ name: "missions" });
    expect((await missions.get("/worker/status")).body).toMatchObject({ running: true, poll_interval: null });
  });
});
