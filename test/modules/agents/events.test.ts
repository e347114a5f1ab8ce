import { runAllBulkOperations } from "@brain/engine";
import { agentError, agentHeartbeat, type Envelope, encodeEntry, isUuidV4 } from "@brain/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";

const subscriber = "agents";
const group = `edge_${subscriber}`;
const base = "/api/agents";

// A system of its own for each test, so that each sees only its own events.
let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(async () => {
  await engine?.cleanup();
});

interface RecordRow {
  readonly id: string;
  readonly source: string;
  readonly target: string | null;
  readonly correlation_id: string | null;
  readonly meta: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

const recorded = (type: string) =>
  engine.sql<RecordRow>(
    "SELECT id, source, target, correlation_id, meta, payload FROM events WHERE type = $1 ORDER BY position",
    [type],
  );

/** An error report as another program writes it to the stream. */
function foreignError(changes: Partial<Envelope> = {}): string[] {
  return encodeEntry(
    {
      id: crypto.randomUUID(),
      type: agentError.type,
      source: "robot-7",
      target: null,
      payload: { agent_id: "robot-7", error: "The arm is stuck." },
      timestamp: "2026-11-21T10:00:00.000Z",
      meta: { schema_version: 1, producer: "agent_manager", source_module: "agent_management" },
      mission_id: null,
      task_id: null,
      correlation_id: null,
      tenant_id: "tenant-1",
      actor_id: null,
      severity: "ERROR",
      ...changes,
    },
    { compat: true },
  );
}

const agent = async (id: string) => (await engine.request("GET", `${base}/${id}`)).body;

describe("publishing", () => {
  test("a message is a row in the record and an entry on the stream, with complete meta", async () => {
    const answer = await engine.request(
      "POST",
      `${base}/planner/messages`,
      {
        from: "scout",
        message: { text: "I found it.", at: [1, null, { deep: true }] },
        tenant_id: "tenant-1",
      },
      { "x-actor-id": "user-1", "x-correlation-id": "story-1" },
    );
    expect(answer.status, answer.text).toBe(202);
    const [row, ...others] = await recorded("agent.message");
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      id: answer.body.event_id,
      source: "scout",
      target: "planner",
      correlation_id: "story-1",
      meta: { schema_version: 1, producer: "agents", source_module: "agents" },
      payload: {
        from: "scout",
        to: "planner",
        message: { text: "I found it.", at: [1, null, { deep: true }] },
      },
    });
    expect(isUuidV4(row?.id ?? "")).toBe(true);
    await engine.relay();
    const [entry] = (await engine.streamEntries()).filter(({ fields }) => fields.type === "agent.message");
    expect(entry?.fields).toMatchObject({
      id: row?.id,
      source: "scout",
      target: "planner",
      tenant_id: "tenant-1",
      actor_id: "user-1",
    });
    expect(JSON.parse(entry?.fields.payload ?? "")).toEqual(row?.payload);
    expect(JSON.parse(entry?.fields.meta ?? "")).toEqual({
      ...row?.meta,
      position: expect.any(Number),
    });
  });

  test("an agent whose event is refused does not change either", async () => {
    const details = { contact: "anna@example.org" };
    const answer = await engine.request("POST", `${base}/scout/online`, { details });
    expect(answer.status).toBe(422);
    expect((await engine.request("GET", `${base}/scout`)).status).toBe(404);
    expect(await recorded("agent.online")).toEqual([]);
  });
});

describe("consuming from the stream", () => {
  test("an agent that another program tells of is known, and nobody waits for its heartbeats", async () => {
    await engine.append(
      foreignError({
        type: agentHeartbeat.type,
        // As the first Python program nests it.
        payload: { agent_id: "robot-7", data: { tasks_completed: 20, tasks_failed: 2 } },
      }),
    );
    await engine.append(foreignError());
    await engine.settle();
    const [entry] = await engine.streamEntries();
    const told = new Date(Number(entry?.id.split("-")[0])).toISOString();
    expect(await agent("robot-7")).toEqual({
      agent_id: "robot-7",
      tenant_id: "tenant-1",
      status: "online",
      // When it was told, by the clock of the stream, and not when the program says it was.
      status_since: told,
      last_heartbeat: told,
      heartbeat_seconds: null,
      offline_at: null,
      tasks_completed: 20,
      tasks_failed: 2,
      errors: 1,
    });
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });

  test("the order on the stream decides, whatever times the events name", async () => {
    const tell = (type: string, timestamp: string) =>
      engine.append(
        foreignError({
          type,
          timestamp,
          payload: {
            agent_id: "robot-7",
            ...(type === "agent.offline" ? { missed_heartbeats: 3, last_heartbeat: null } : {}),
          },
        }),
      );
    await tell("agent.online", "2031-01-01T00:00:00.000Z");
    await tell("agent.offline", "2026-11-21T09:00:00.000Z");
    await engine.settle();
    expect(await agent("robot-7")).toMatchObject({ status: "offline" });
    await tell("agent.online", "2020-01-01T00:00:00.000Z");
    await engine.settle();
    expect(await agent("robot-7")).toMatchObject({ status: "online" });
  });

  test.each([["an event that is years ahead"], ["an entry whose id is thirty days ahead"]])(
    "%s keeps no agent online that is silent",
    async (what) => {
      const payload = { agent_id: "robot-7", tasks_completed: 1, tasks_failed: 0 };
      const fields = foreignError({
        type: agentHeartbeat.type,
        timestamp: "2031-01-01T00:00:00.000Z",
        payload,
      });
      const id = what.includes("id") ? `${Date.now() + 30 * 86_400_000}-0` : "*";
      await engine.redis("XADD", engine.stream, id, ...fields);
      await engine.settle();
      const beat = await engine.request("POST", `${base}/robot-7/heartbeat`, { heartbeat_seconds: 1 });
      expect(Date.parse(beat.body.offline_at)).toBeLessThanOrEqual(Date.now() + 3_000);
      const again = await engine.request("POST", `${base}/robot-7/heartbeat`, { heartbeat_seconds: 1 });
      expect(Date.parse(again.body.offline_at)).toBeLessThanOrEqual(Date.now() + 3_000);
    },
  );

  test("a time that a wrong clock left behind is set right by the next heartbeat", async () => {
    await engine.request("POST", `${base}/scout/heartbeat`, { heartbeat_seconds: 1 });
    await engine.sql("UPDATE agents SET last_heartbeat = '2031-01-01', offline_at = '2031-01-01'");
    const beat = await engine.request("POST", `${base}/scout/heartbeat`, { heartbeat_seconds: 1 });
    expect(Date.parse(beat.body.offline_at)).toBeLessThanOrEqual(Date.now() + 3_000);
  });

  test("what this module published itself is not counted again", async () => {
    await engine.request("POST", `${base}/scout/error`, { error: "Out of memory" });
    await engine.settle();
    expect((await agent("scout")).errors).toBe(1);
  });
});

describe("redelivery", () => {
  test("of the same stream entry has no second effect", async () => {
    await engine.append(foreignError());
    await engine.settle();
    await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
    expect((await engine.drain(subscriber)).redelivered).toBe(1);
    expect((await agent("robot-7")).errors).toBe(1);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("of the same event under a new stream id has no second effect", async () => {
    const fields = foreignError();
    await engine.append(fields);
    await engine.settle();
    await engine.append(fields);
    expect((await engine.drain(subscriber)).publishedTwice).toBe(1);
    expect((await agent("robot-7")).errors).toBe(1);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("a second report of the same error does have an effect, so the tests above can fail", async () => {
    await engine.append(foreignError());
    await engine.append(foreignError());
    await engine.settle();
    expect((await agent("robot-7")).errors).toBe(2);
  });
});

describe("a forced replay", () => {
  /** An error that another program reports by HTTP, so that the record holds it. */
  const report = async () => {
    const posted = await engine.request("POST", "/api/events", {
      id: crypto.randomUUID(),
      type: agentError.type,
      source: "robot-7",
      payload: { agent_id: "robot-7", error: "The arm is stuck." },
      timestamp: new Date().toISOString(),
      meta: { schema_version: 1, producer: "agent_manager", source_module: "agent_management" },
    });
    expect(posted.status, posted.text).toBeLessThan(300);
  };

  const replayAll = async (name: string) => {
    const started = await engine.request("POST", "/api/replays", {
      subscriber,
      name,
      mode: "force",
      reason: "a test of the counter",
    });
    expect(started.status, started.text).toBeLessThan(300);
    return eventually(async () => {
      await runAllBulkOperations(engine.open(), Date.now() + 20_000);
      const replay = (await engine.request("GET", `/api/replays/${started.body.id}`)).body;
      expect(replay).toMatchObject({ status: "completed", failed: 0 });
      return replay.succeeded;
    });
  };

  test("counts no error a second time, however often, and one that was never applied", async () => {
    await report();
    await report();
    await engine.settle();
    expect((await agent("robot-7")).errors).toBe(2);
    expect(await replayAll("once more")).toBe(2);
    expect(await replayAll("and again")).toBe(2);
    expect((await agent("robot-7")).errors).toBe(2);
    await report();
    await engine.relay();
    await engine.redis("XGROUP", "SETID", engine.stream, group, "$");
    expect(await replayAll("with a new one")).toBe(3);
    expect((await agent("robot-7")).errors).toBe(3);
  });

  test("counts an error once that was given up before it was ever counted", async () => {
    await engine.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$`);
    await engine.sql("CREATE TRIGGER refuse BEFORE INSERT ON agents FOR EACH ROW EXECUTE FUNCTION refuse()");
    await report();
    await engine.settle();
    const [letter] = await engine.deadLetters(subscriber);
    await engine.sql("DROP TRIGGER refuse ON agents");
    const discard = `/api/dead-letters/${letter?.id}/discard`;
    const discarded = await engine.request("POST", discard, { reason: "a test of the counter" });
    expect(discarded.status, discarded.text).toBeLessThan(300);
    expect(await replayAll("after all")).toBe(1);
    expect((await agent("robot-7")).errors).toBe(1);
    expect(await replayAll("and again")).toBe(1);
    expect((await agent("robot-7")).errors).toBe(1);
  });
});

describe("failures", () => {
  test("a permanent one is acked, with a dead letter that says why", async () => {
    await engine.append(foreignError({ payload: { agent_id: "robot-7" } }));
    await engine.settle();
    expect(await engine.deadLetters(subscriber)).toMatchObject([
      {
        reason: "invalid_payload",
        event_type: "agent.error",
        attempts: 1,
        error_message: expect.stringContaining("error"),
      },
    ]);
    expect(await engine.pendingCount(group)).toBe(0);
    expect((await engine.request("GET", `${base}/robot-7`)).status).toBe(404);
  });

  test("a transient one is not acked and handled later", async () => {
    await engine.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '40001'; END $$`);
    await engine.sql("CREATE TRIGGER refuse BEFORE INSERT ON agents FOR EACH ROW EXECUTE FUNCTION refuse()");
    await engine.append(foreignError());
    expect(await engine.drain(subscriber)).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
    expect(await engine.pendingCount(group)).toBe(1);
    await engine.sql("DROP TRIGGER refuse ON agents");
    await eventually(async () => {
      await engine.drain(subscriber);
      expect((await agent("robot-7")).errors).toBe(1);
      expect(await engine.pendingCount(group)).toBe(0);
    });
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });
});
