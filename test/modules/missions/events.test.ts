import { TransientError } from "@brain/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { createMissions, handler, type MissionSurface, type StoryEvent } from "./fixture.ts";

/*
 * The module consumes no event: what is handed to it are missions. So the rules for consumers are asked of the worker:
 * a mission that is claimed again has no second effect, what can never work is a dead letter at once, what may work
 * later is tried again.
 */

describe("what the module publishes", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await createTestEngine();
  });
  afterAll(() => engine?.cleanup());

  const enqueue = async (headers: Record<string, string> = {}) => {
    const body = { type: "echo", payload: { a: 1 }, priority: 40, tenant_id: "tenant-a" };
    const answer = await engine.request("POST", "/api/missions/enqueue", body, headers);
    expect(answer.status, answer.text).toBe(202);
    return answer.body.mission_id as string;
  };
  const story = (id: string) =>
    engine.sql<StoryEvent & { meta: Record<string, unknown>; actor_id: string | null }>(
      "SELECT * FROM events WHERE mission_id = $1 ORDER BY position",
      [id],
    );

  test("is recorded with a complete envelope and travels as stream entries in order", async () => {
    const id = await enqueue({ "x-correlation-id": "story-1", "x-actor-id": "op-1" });
    await engine.settle();
    await engine.cron();
    await engine.settle();
    const events = await story(id);
    expect(events.map(({ type, source }) => [type, source])).toEqual([
      ["mission.created", "mission_queue_manager"],
      ["task.created", "mission_queue_manager"],
      ["mission.started", "mission_worker"],
      ["task.started", "mission_worker"],
      ["task.completed", "mission_worker"],
      ["mission.completed", "mission_worker"],
    ]);
    let cause: string | null = null;
    for (const event of events) {
      expect(event).toMatchObject({
        mission_id: id,
        task_id: id,
        tenant_id: "tenant-a",
        correlation_id: "story-1",
        causation_id: cause,
        meta: { schema_version: 1, producer: event.source, source_module: "missions" },
      });
      cause = event.id;
    }
    expect(events.map(({ actor_id }) => actor_id)).toEqual(["op-1", "op-1", null, null, null, null]);
    const entries = (await engine.streamEntries()).filter(({ fields }) => fields.mission_id === id);
    expect(entries.map(({ fields }) => fields.id)).toEqual(events.map((event) => event.id));
    expect(entries[0]?.fields).toMatchObject({
      type: "mission.created",
      task_id: id,
      correlation_id: "story-1",
    });
    expect(JSON.parse(entries[0]?.fields.payload ?? "{}")).toEqual({
      mission_id: id,
      mission_name: "echo",
      type: "echo",
      priority: "CRITICAL",
      created_at: expect.any(String),
    });
    const payload = (type: string) => events.find((event) => event.type === type)?.payload;
    expect(payload("task.started")).toMatchObject({
      task_id: id,
      mission_type: "echo",
      priority: "CRITICAL",
      retry_count: 0,
      score: expect.closeTo(40, 3),
    });
    expect(payload("mission.started")).toMatchObject({ old_status: "queued", new_status: "running" });
    expect(payload("mission.completed")).toMatchObject({
      old_status: "running",
      new_status: "completed",
      result: null,
      error_message: null,
    });
  });

  test("is done by the product's own worker, which cron starts", async () => {
    const id = await enqueue();
    await engine.cron();
    expect((await engine.request("GET", `/api/missions/${id}`)).body).toMatchObject({
      status: "completed",
      result: { echo: { a: 1 } },
    });
  });

  test("starts the worker by its schedule, not by polling", async () => {
    const due = () => engine.redis("ZSCORE", engine.open().keys.jobsDue(), "mission_worker");
    await engine.settle();
    await engine.cron();
    expect(await due()).toBeNull();
    await enqueue();
    await engine.settle();
    expect(Number(await due())).toBeLessThanOrEqual(Date.now());
    await engine.cron();
    expect(await due()).toBeNull();
  });

  test("waits where the worker is switched off", async () => {
    const idle = await createTestEngine({ ENABLE_MISSION_WORKER: "false" });
    try {
      const { body } = await idle.request("POST", "/api/missions/enqueue", { type: "echo" });
      await idle.settle();
      await idle.cron();
      expect((await idle.request("GET", `/api/missions/${body.mission_id}`)).body.status).toBe("queued");
      expect((await idle.request("GET", "/api/missions/worker/status")).body).toMatchObject({
        running: false,
        enabled: false,
      });
      expect((await idle.request("GET", "/api/missions/health")).body.status).toBe("degraded");
      expect(await idle.redis("ZSCORE", idle.open().keys.jobsDue(), "mission_worker")).toBeNull();
    } finally {
      await idle.cleanup();
    }
  });

  test("commits with the mission or not at all", async () => {
    const [before] = await engine.sql("SELECT count(*) FROM events");
    await engine.sql("ALTER TABLE missions ADD CONSTRAINT no_more CHECK (name <> 'Forbidden')");
    const answer = await engine.request("POST", "/api/missions/enqueue", { type: "echo", name: "Forbidden" });
    expect(answer.status).toBe(500);
    expect((await engine.sql("SELECT count(*) FROM events"))[0]).toEqual(before);
    await engine.sql("ALTER TABLE missions DROP CONSTRAINT no_more");
  });
});

describe("what the worker is handed", () => {
  let missions: MissionSurface;
  let mayWork = false;
  beforeAll(async () => {
    missions = await createMissions({
      handlers: [
        handler("effect", async ({ id }) => async (tx) => {
          await tx.execute(`INSERT INTO effects VALUES ('${id}')`);
          return {};
        }),
        handler("later", async () => {
          if (!mayWork) throw new TransientError("Not yet.", { retryAfterMs: 60_000 });
          return { ok: true };
        }),
        handler("told", async () => ({ course_id: "c-1", secret: "anna@example.org" }), {
          eventResult: ({ course_id }) => ({ course_id: course_id ?? null }),
        }),
        handler("careless", async () => ({ mail: "anna@example.org" }), { eventResult: (result) => result }),
      ],
    });
    await missions.sql("CREATE TABLE effects (id uuid)");
  });
  afterAll(() => missions?.cleanup());

  test("has its effect, its completion and its events in one transaction", async () => {
    const id = await missions.enqueue({ type: "test.effect" });
    await missions.sql("ALTER TABLE effects ADD CONSTRAINT none_yet CHECK (id IS NULL)");
    await missions.work();
    expect(await missions.sql("SELECT FROM effects")).toEqual([]);
    expect((await missions.story(id)).map(({ type }) => type)).not.toContain("task.completed");
    await missions.sql("ALTER TABLE effects DROP CONSTRAINT none_yet");
    await missions.send(`/api/missions/${id}/execute`, { method: "POST" });
    await missions.work();
    expect(await missions.sql("SELECT id FROM effects")).toEqual([{ id }]);
    expect((await missions.story(id)).map(({ type }) => type)).toContain("task.completed");
  });

  test("has no second effect when it is done already: nobody can claim it again", async () => {
    const id = await missions.enqueue({ type: "test.effect" });
    await missions.work();
    const before = await missions.recorded();
    await Promise.all([missions.work(), missions.work(), missions.work()]);
    expect(await missions.sql("SELECT FROM effects WHERE id = $1", [id])).toHaveLength(1);
    expect(await missions.recorded()).toBe(before);
  });

  test("is tried later when it fails in passing, and is not a dead letter then", async () => {
    const id = await missions.enqueue({ type: "test.later" });
    const next = await missions.work();
    expect(next).not.toBeNull();
    expect((await missions.get(`/${id}`)).body).toMatchObject({
      status: "queued",
      retry_count: 1,
      error: "Not yet.",
    });
    mayWork = true;
    await missions.hurry();
    await missions.work();
    expect((await missions.get(`/${id}`)).body).toMatchObject({
      status: "completed",
      retry_count: 1,
      attempt: 2,
    });
  });

  test("tells of its result what its handler allows, and never what an event must not hold", async () => {
    const told = await missions.enqueue({ type: "test.told" });
    const careless = await missions.enqueue({ type: "test.careless" });
    await missions.work();
    const resultOf = async (id: string) => (await missions.story(id)).at(-1)?.payload.result;
    expect(await resultOf(told)).toEqual({ course_id: "c-1" });
    expect(await resultOf(careless)).toBeNull();
    expect((await missions.get(`/${careless}`)).body).toMatchObject({
      status: "completed",
      result: { mail: "anna@example.org" },
    });
  });
});
