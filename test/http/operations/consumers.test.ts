import { defineConsumer, PermanentError, RetryAfter } from "@brain/engine";
import { agentOnline, systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { on, onAny } from "../../../src/engine/consume/consumer.ts";
import { waitFor } from "../../wait-for.ts";
import { healthReport } from "../sample-events.ts";
import { createSurface, type Surface } from "../surface.ts";

const picky = defineConsumer({
  subscriber: "picky",
  handlers: [
    on(systemHealth, async ({ payload }) => {
      if (payload.status === "broken") throw new PermanentError("Broken reports are refused.");
      if (payload.status === "later") throw new RetryAfter(600_000, "Not now.");
    }),
  ],
});
const curious = defineConsumer({ subscriber: "curious", handlers: [onAny(async () => undefined)] });
const online = defineConsumer({ subscriber: "greeter", handlers: [on(agentOnline, async () => undefined)] });

const report = (status: string) => ({ type: "system.health", payload: { component: "probe", status } });
const drain = (surface: Surface, subscriber: string) =>
  surface.send(`/api/consumers/${subscriber}/drain`, { method: "POST" });

async function stateOf(surface: Surface, subscriber: string, shard = 0) {
  const reply = await surface.send("/api/consumers");
  expect(reply.status).toBe(200);
  const states = reply.body.consumers as { subscriber: string; shard: number; [field: string]: unknown }[];
  return states.find((state) => state.subscriber === subscriber && state.shard === shard);
}

describe("the list of consumers", () => {
  let surface: Surface;
  beforeAll(async () => {
    surface = await createSurface({ consumers: [picky, curious] });
  });
  afterAll(() => surface?.cleanup());

  test("tells nothing known as null before the first tick, and what waits unread", async () => {
    expect(await stateOf(surface, "picky")).toEqual({
      subscriber: "picky",
      group: "edge_picky",
      shard: 0,
      handles: ["system.health"],
      catches_all: false,
      lag: null,
      oldest_unread_age_ms: null,
      pending: 0,
      oldest_pending_age_ms: null,
      foreign_readers: [],
      queued: 0,
      oldest_queued_age_ms: null,
      without_handler: [],
      dead_letters: 0,
      paused: [],
      brake: null,
      jobs: [],
      last_tick: null,
      missing_rename: null,
    });
    expect(await stateOf(surface, "curious")).toMatchObject({ handles: [], catches_all: true });
    await surface.post("/api/events", report("ok"));
    await surface.relay();
    const waiting = await waitFor(
      "the unread event ages",
      () => stateOf(surface, "picky"),
      (state) => Number(state?.oldest_unread_age_ms) >= 30,
    );
    expect(waiting?.lag).toBeNull();
    expect(Number(waiting?.oldest_unread_age_ms)).toBeLessThan(60_000);
  });

  test("follows events from unread to applied, pending and dead", async () => {
    expect((await drain(surface, "picky")).body.shards).toMatchObject([{ applied: 1 }]);
    expect(await stateOf(surface, "picky")).toMatchObject({
      lag: 0,
      oldest_unread_age_ms: null,
      pending: 0,
      dead_letters: 0,
      last_tick: { at: expect.any(String), read: 1, applied: 1, retried: 0, dead_lettered: 0, stopped: null },
    });
    await surface.post("/api/events/batch", [report("broken"), report("later"), report("ok")]);
    await surface.relay();
    expect(await stateOf(surface, "picky")).toMatchObject({ lag: 3, pending: 0 });

    const drained = await drain(surface, "picky");
    expect(drained.status).toBe(200);
    expect(drained.body).toEqual({
      subscriber: "picky",
      shards: [
        {
          shard: 0,
          read: 3,
          applied: 1,
          redelivered: 0,
          published_twice: 0,
          skipped: 0,
          retried: 1,
          dead_lettered: 1,
          set_aside: 0,
          parked: 0,
          paused: false,
          braked: false,
          busy: false,
          more: false,
          next_due_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          stopped: null,
        },
      ],
    });
    const after = await waitFor(
      "the pending event ages",
      () => stateOf(surface, "picky"),
      (state) => Number(state?.oldest_pending_age_ms) >= 30,
    );
    expect(after).toMatchObject({
      lag: 0,
      oldest_unread_age_ms: null,
      pending: 1,
      dead_letters: 1,
      last_tick: { retried: 1, dead_lettered: 1 },
    });
    // The other one is a group of its own and has seen nothing yet.
    expect(await stateOf(surface, "curious")).toMatchObject({ lag: null, dead_letters: 0, last_tick: null });
    expect((await surface.send("/api/events/stats")).body).toMatchObject({ dead_letters: 1 });
  });

  test("a drain with nothing to do says so", async () => {
    const drained = await drain(surface, "picky");
    expect(drained.body.shards).toMatchObject([{ read: 0, applied: 0, retried: 0, dead_lettered: 0 }]);
  });

  test("a lag that Redis cannot tell is counted", async () => {
    await drain(surface, "curious");
    await surface.post("/api/events/batch", [report("ok"), report("ok"), report("ok")]);
    await surface.relay();
    expect((await stateOf(surface, "curious"))?.lag).toBe(3);
    const entries = (await surface.redis("XREVRANGE", surface.stream, "+", "-", "COUNT", "2")) as [
      string,
      unknown,
    ][];
    await surface.redis("XDEL", surface.stream, entries[1]?.[0] ?? "");
    expect(await stateOf(surface, "curious")).toMatchObject({
      lag: 2,
      oldest_unread_age_ms: expect.any(Number),
    });
  });

  test("shows what is deferred, the open circuit breaker and the jobs of the right consumer and shard", async () => {
    await surface.sql(`
      INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause, queued_at)
      SELECT 'picky', 0, 's', n || '-0', 'waiting', now() - interval '1 minute' FROM generate_series(1, 3) n`);
    await surface.sql(`
      INSERT INTO jobs (kind, subscriber_name, name, status, filter, total, succeeded) VALUES
        ('redrive', 'picky', 'after the outage', 'running', '{}', 10, 4),
        ('replay', 'picky', 'long ago', 'completed', '{}', 10, 10),
        ('replay', 'curious', 'another', 'paused', '{}', 5, 0)`);
    const brakes = surface.open().keys.breakers();
    const openSince = Date.now() - 5_000;
    const open = {
      failures: 10,
      probes: 2,
      open_since: openSince,
      probe_at: openSince + 9_000,
      error: "down",
    };
    const counting = { failures: 3, probes: 0, open_since: null, probe_at: null, error: "once" };
    await surface.redis("HSET", brakes, "edge_picky:0", JSON.stringify(open));
    await surface.redis("HSET", brakes, "edge_curious:0", JSON.stringify(counting));
    try {
      const brake = {
        failures: 10,
        probes: 2,
        open_since: new Date(openSince).toISOString(),
        probe_at: new Date(openSince + 9_000).toISOString(),
        error: "down",
      };
      const job = { kind: "redrive", name: "after the outage", status: "running", total: 10, succeeded: 4 };
      const seen = await stateOf(surface, "picky");
      expect(seen).toMatchObject({ queued: 3, brake, jobs: [job] });
      expect(Number(seen?.oldest_queued_age_ms)).toBeGreaterThanOrEqual(60_000);
      expect(await stateOf(surface, "curious")).toMatchObject({
        queued: 0,
        oldest_queued_age_ms: null,
        brake: null,
        jobs: [{ name: "another", status: "paused" }],
      });
      const details = await surface.send("/api/consumers/picky");
      expect(details.status).toBe(200);
      expect(details.body).toMatchObject({
        subscriber: "picky",
        group: "edge_picky",
        handles: ["system.health"],
        catches_all: false,
        settings: { max_attempts: 5, backoff_base_ms: 1_000, handler_timeout_ms: 10_000, concurrency: 1 },
        queued: 3,
        jobs: [job],
        shards: [{ shard: 0, queued: 3, brake }],
      });
    } finally {
      await surface.sql("DELETE FROM deliveries");
      await surface.sql("DELETE FROM jobs");
      await surface.redis("DEL", brakes);
    }
  });

  test("tells what is deferred and no handler of it takes, as long as it waits for another release", async () => {
    await surface.sql(`
      INSERT INTO deliveries
        (subscriber_name, shard, stream_name, stream_message_id, event_type, raw_fields, cause, queued_at)
      SELECT subscriber, 0, 's', row_number() OVER () || '-0', type, sent, 'waiting', now() - age FROM generate_series(1, 2) n,
        (VALUES ('picky', 'system.health', NULL::jsonb, interval '0'), ('picky', 'agent.online', NULL, interval '1 minute'),
          ('picky', 'agent.online', '{"type":"agent.up"}', interval '0'),
          -- Renamed by a release that runs beside this one.
          ('picky', 'system.state', '{"type":"system.health"}', interval '0'),
          ('picky', 'agent.offline', NULL, interval '2 hours'), ('curious', 'agent.online', NULL, interval '0'))
            of (subscriber, type, sent, age)`);
    try {
      const without_handler = [{ event_type: "agent.online", count: 4 }];
      expect(await stateOf(surface, "picky")).toMatchObject({ queued: 10, without_handler });
      expect(await stateOf(surface, "curious")).toMatchObject({ queued: 2, without_handler: [] });
      const { body } = await surface.send("/api/consumers/picky");
      expect(body.shards).toMatchObject([{ queued: 10, without_handler }]);
    } finally {
      await surface.sql("DELETE FROM deliveries");
    }
  });

  test("tells how long what is kept and when cron and janitor last came", async () => {
    const { keys } = surface.open();
    expect((await surface.send("/api/consumers")).body).toMatchObject({
      shards: 1,
      last_cron_tick_at: null,
      database_ahead_ms: 0,
      host_started_at: null,
      last_janitor_at: null,
    });
    await surface.redis("SET", keys.cronTick(), "1700000000000");
    await surface.redis("HSET", keys.heartbeats(), "janitor", '{"at":"2023-11-14T22:00:00.000Z"}');
    expect((await surface.send("/api/consumers")).body).toMatchObject({
      last_cron_tick_at: "2023-11-14T22:13:20.000Z",
      last_janitor_at: "2023-11-14T22:00:00.000Z",
      retention: { stream_keep: 10_000, dedup_days: 90, events_days: 90 },
    });
    await surface.redis("DEL", keys.cronTick());
    await surface.redis("HDEL", keys.heartbeats(), "janitor");
  });

  test.each([
    ["behind", 60],
    ["ahead of", -60],
  ])("tells when the clock of Postgres is %s its own", async (_where, minutes) => {
    const real = Date.now;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => real() + minutes * 60_000);
    try {
      const { body } = await surface.send("/api/consumers");
      expect(Math.round(body.database_ahead_ms / 60_000)).toBe(-minutes);
    } finally {
      clock.mockRestore();
    }
  });

  test("a drain by hand is kept in the audit, with who asked for it", async () => {
    await surface.sql("DELETE FROM operator_actions");
    await surface.send("/api/consumers/picky/drain", { method: "POST", headers: { "x-actor-id": "ops-3" } });
    expect(await surface.sql("SELECT action, actor_id, subscriber_name FROM operator_actions")).toEqual([
      { action: "consumer.drained", actor_id: "ops-3", subscriber_name: "picky" },
    ]);
  });

  test.each(["nobody", "PICKY", "edge_picky", "__proto__", "%2e%2e%2fevents"])(
    "a drain of %s, which is no consumer, is 404",
    async (subscriber) => {
      const reply = await drain(surface, subscriber);
      expect(reply.status).toBe(404);
      expect(reply.body.error.code).toBe("not_found");
    },
  );

  test("the answer to an unknown consumer names the known ones", async () => {
    expect((await surface.send("/api/consumers/nobody")).status).toBe(404);
    expect((await drain(surface, "nobody")).body.error.message).toContain("picky, curious");
  });
});

describe("with several shards", () => {
  test("each has its own state, and a drain goes over all", async () => {
    const surface = await createSurface({ consumers: [online], env: { BRAIN_SHARDS: "3" } });
    try {
      const agents = Array.from({ length: 12 }, (_, n) => ({
        type: "agent.online",
        payload: { agent_id: `agent-${n}` },
      }));
      await surface.post("/api/events/batch", agents);
      for (const shard of [0, 1, 2]) await surface.relay({ shard });
      const drained = await drain(surface, "greeter");
      const shards = drained.body.shards as { shard: number; applied: number }[];
      expect(shards.map(({ shard }) => shard)).toEqual([0, 1, 2]);
      expect(shards.reduce((sum, { applied }) => sum + applied, 0)).toBe(12);
      for (const { shard, applied } of shards) {
        expect(await stateOf(surface, "greeter", shard)).toMatchObject({ lag: 0, last_tick: { applied } });
      }
    } finally {
      await surface.cleanup();
    }
  });
});

describe("without a stream, in degraded mode", () => {
  test("events are recorded and wait, nothing is claimed to be known, and a drain says why it cannot", async () => {
    const env = {
      BRAIN_EVENTSTREAM_MODE: "degraded",
      UPSTASH_REDIS_REST_URL: "",
      UPSTASH_REDIS_REST_TOKEN: "",
    };
    const surface = await createSurface({ consumers: [picky], env, relayAfterCommit: true });
    try {
      expect(surface.logs.join()).toContain("DEGRADED");
      expect((await surface.post("/api/events", healthReport())).status).toBe(202);
      await surface.background();
      const health = await surface.send("/api/health");
      expect(health.status).toBe(200);
      expect(health.body).toMatchObject({ status: "degraded", event_stream: false, database: true });
      expect(await stateOf(surface, "picky")).toMatchObject({ lag: null, pending: null, last_tick: null });
      expect((await surface.send("/api/events/stats")).body).toMatchObject({
        stream_running: false,
        outbox_backlog: 1,
      });
      const drained = await drain(surface, "picky");
      expect(drained.status).toBe(503);
      expect(drained.body.error).toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("mode"),
      });
    } finally {
      await surface.cleanup();
    }
  });
});
