import { describe, expect, inject, onTestFinished, test } from "vitest";
import { listAlerts } from "../../../src/engine/alerts/alert-views.ts";
import { raiseAlert } from "../../../src/engine/alerts/alerts.ts";
import type { ScheduledJob } from "../../../src/engine/consume/define/define-job.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { runAllBulkOperations } from "../../../src/engine/dispatch/bulk-turns.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { drainOnce } from "../../../src/engine/dispatch/drain-once.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { runJobsNow } from "../../../src/engine/dispatch/scheduled-jobs.ts";
import type { StreamInvocation } from "../../../src/engine/invocation.ts";
import { checkHealth } from "../../../src/engine/operations/health.ts";
import { reconcileAll, runJanitor } from "../../../src/engine/retention/janitor.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase, sends, startFaultyRedis } from "../../faults.ts";
import { recorded } from "../../recorded.ts";
import { invoke, otherIsolate, soon } from "../dispatch/fixture.ts";
import { effects, openBackbone, openFaultyBackbone, publishReports, recorder, until } from "../fixture.ts";

/*
 * Work that fails at every try: Redis and Postgres answer, and all the same nothing moves. Each try runs as an isolate of
 * its own.
 */

const idle = () => undefined;

/** One run of the relay that tries once: its time is over when it looks again. */
const relayOnce = (backbone: Backbone) => {
  const invocation = invoke(backbone, [recorder()], otherIsolate());
  return relayAll(invocation, invocation.now() + 100, idle);
};

const health = (backbone: Backbone) => checkHealth(invoke(backbone, [recorder()]));

async function alertsOf(backbone: Backbone): Promise<string[]> {
  const { alerts } = await listAlerts(backbone.open().db, { status: "open", limit: 50 });
  return alerts.map(({ kind, subject, severity }) => `${severity} ${kind} ${subject}`);
}

async function failures(backbone: Backbone): Promise<{ work: string; failures: number }[]> {
  return backbone.sql("SELECT work, failures FROM failing_work ORDER BY work");
}

test("an open circuit breaker is degraded with its consumer, until it closes", async () => {
  const backbone = await openBackbone();
  const service = { away: true };
  const consumer = recorder({
    brake: { after: 1, baseMs: 50, capMs: 50 },
    beforeReport: () => {
      if (service.away) throw new TransientError("the shop is away");
    },
  });
  const invocation = () => invoke(backbone, [consumer], otherIsolate());
  const drain = () => drainOnce(invocation(), consumer, { shard: 0, deadlineMs: soon() });
  await publishReports(backbone, 1);
  await backbone.relay();
  await drain();
  // An operator closes its alert, and the breaker stays open.
  await backbone.sql("UPDATE alerts SET resolved_at = now() WHERE kind = 'brake_open'");
  expect(await checkHealth(invocation())).toMatchObject({
    status: "degraded",
    event_stream: true,
    reasons: [
      expect.stringMatching(
        /^The circuit breaker is open of recorder on shard 0 \(since 20.*Z\): its events wait/,
      ),
    ],
  });
  // Of a consumer that is none of this release.
  expect(await checkHealth(invoke(backbone, [], otherIsolate()))).toMatchObject({ status: "healthy" });
  service.away = false;
  await until(
    async () => (await drain()) && (await effects(backbone)).length,
    (applied) => applied === 1,
    "applied",
  );
  expect(await checkHealth(invocation())).toMatchObject({ status: "healthy", reasons: [] });
});

describe("the alert of a circuit breaker that could not be noted", () => {
  async function open() {
    const { backbone, redis } = await openFaultyBackbone();
    const service = { away: true };
    const consumer = recorder({
      brake: { after: 1, baseMs: 500, capMs: 500 },
      retry: { baseMs: 1, capMs: 1 },
      beforeReport: () => {
        if (service.away) throw new TransientError("the shop is away");
      },
    });
    /** @param notes false: the alert cannot be stored */
    const drain = (notes: boolean) => {
      const invocation = invoke(backbone, [consumer], otherIsolate());
      const db = hookDatabase(invocation.db, {
        statements: (text, go) => {
          if (!notes && text.includes("alerts")) throw new TransientError("It is away.");
          return go();
        },
      });
      return drainOnce({ ...invocation, db }, consumer, { shard: 0, deadlineMs: soon() });
    };
    const sweep = (change: Partial<StreamInvocation> = {}) =>
      cronTick(invoke(backbone, [consumer], { ...otherIsolate(), relaySweepMs: 0, ...change }), soon());
    await publishReports(backbone, 1);
    await backbone.relay();
    return { backbone, redis, service, drain, sweep };
  }

  test("is raised by the sweep, once, and not of another release's", async () => {
    const { backbone, drain, sweep } = await open();
    await drain(false);
    expect(await alertsOf(backbone)).toEqual([]);
    await backbone.redis("HSET", backbone.open().keys.breakers(), "edge_other:0", JSON.stringify(openText));
    await sweep();
    expect(await alertsOf(backbone)).toEqual(["critical brake_open edge_recorder:0"]);
    await sweep();
    expect(await backbone.sql("SELECT count FROM alerts")).toEqual([{ count: 1 }]);
  });

  test("is ended by the sweep, and that of another release stays", async () => {
    const { backbone, redis, service, drain, sweep } = await open();
    await drain(true);
    expect(await alertsOf(backbone)).toEqual(["critical brake_open edge_recorder:0"]);
    const other = {
      kind: "brake_open",
      subject: "edge_other:0",
      severity: "critical",
      message: "m",
    } as const;
    await raiseAlert(backbone.open(), other);
    service.away = false;
    await until(
      async () => (await drain(false)) && (await effects(backbone)).length,
      (applied) => applied === 1,
      "applied",
    );
    expect(await alertsOf(backbone)).toHaveLength(2);
    // While nobody can tell, what is open stays open.
    redis.inject({ kind: "error-500" }, { when: (request) => request.some(([name]) => name === "HGETALL") });
    await sweep();
    expect(await alertsOf(backbone)).toHaveLength(2);
    redis.heal();
    await sweep();
    expect(await alertsOf(backbone)).toEqual(["critical brake_open edge_other:0"]);
  });

  test("stays when a drain opens the breaker again while the sweep looks", async () => {
    const { backbone, drain, sweep } = await open();
    await drain(true);
    const { keys, db } = backbone.open();
    const text = await backbone.redis("HGET", keys.breakers(), "edge_recorder:0");
    await backbone.redis("DEL", keys.breakers());
    // The look has found it closed; a drain notes that it is open before the alert is ended.
    await sweep({
      db: hookDatabase(db, {
        statements: async (statement, go) => {
          if (statement.includes("UPDATE alerts SET resolved_at") && statement.includes("o.seen")) {
            await backbone.redis("HSET", keys.breakers(), "edge_recorder:0", String(text));
            await raiseAlert(backbone.open(), {
              kind: "brake_open",
              subject: "edge_recorder:0",
              severity: "critical",
              message: "again",
            });
          }
          return go();
        },
      }),
    });
    expect(await backbone.sql("SELECT count, resolved_at FROM alerts")).toEqual([
      { count: 2, resolved_at: null },
    ]);
  });
});

/** A circuit breaker that is open, as Redis has it. */
const openText = { failures: 1, open_since: 1, probe_at: 1, probes: 0, error: "e", tenants: [], spared: [] };

test("the work on redrives and replays of which a step fails in every run is an alert, until it succeeds", async () => {
  const backbone = await openBackbone();
  await backbone.sql("ALTER TABLE jobs ADD CONSTRAINT never_over CHECK (status <> 'completed')");
  await backbone.sql(`
    INSERT INTO jobs (kind, subscriber_name, name, status, filter, total)
    VALUES ('redrive', 'recorder', 'again', 'running', '{}', 0)`);
  const run = () => runAllBulkOperations(invoke(backbone, [recorder()], otherIsolate()), soon());
  for (let tries = 0; tries < 3; tries += 1) await run();
  expect(await alertsOf(backbone)).toEqual(["critical work_failing operators_jobs"]);
  await backbone.sql("ALTER TABLE jobs DROP CONSTRAINT never_over");
  await run();
  expect(await backbone.sql("SELECT status FROM jobs")).toEqual([{ status: "completed" }]);
  // Its last step came to its end where nobody knew of the failures: the next tick tells.
  const change = { ...otherIsolate(), relaySweepMs: 3_600_000 };
  await cronTick(invoke(backbone, [recorder()], change), soon());
  expect(await alertsOf(backbone)).toEqual([]);
});

describe("a relay that fails at every try", () => {
  test("is an alert and unhealthy after three tries, and healthy again with the first success", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 1);
    const isAppend = sends("XADD");
    redis.inject({ kind: "error-500" }, { when: isAppend });
    await relayOnce(backbone);
    expect(await health(backbone)).toMatchObject({ status: "healthy", reasons: [] });
    expect(await alertsOf(backbone)).toEqual([]);
    await relayOnce(backbone);
    await relayOnce(backbone);
    expect((await failures(backbone))[0]?.failures).toBeGreaterThanOrEqual(3);
    expect(await health(backbone)).toMatchObject({
      status: "unhealthy",
      event_stream: true,
      database: true,
      reasons: [expect.stringMatching(/^The relay of shard 0 has failed \d+ times in a row since 20.*: /)],
    });
    expect(await alertsOf(backbone)).toEqual(["critical work_failing relay:0"]);

    redis.heal();
    await relayOnce(backbone);
    expect(await health(backbone)).toMatchObject({ status: "healthy", reasons: [] });
    expect(await alertsOf(backbone)).toEqual([]);
    expect(await failures(backbone)).toEqual([]);
  });

  test("is told of with the words of Redis when its stream is something else", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.redis("SET", backbone.open().keys.stream(0), "a string");
    for (let tries = 0; tries < 3; tries += 1) await relayOnce(backbone);
    const { reasons } = await health(backbone);
    expect(reasons).toContainEqual(
      expect.stringMatching(
        /: Redis refused: WRONGTYPE Operation against a key holding the wrong kind of value\. Another program keeps something of its own under a key of this system\. Rename it; what was on a stream there is sent again from the record\.$/,
      ),
    );
  });

  test("is told of when its failures last for a minute, however few they are", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 1);
    redis.inject({ kind: "error-500" }, { when: sends("XADD") });
    await relayOnce(backbone);
    await backbone.sql(
      "UPDATE failing_work SET failures = 1, first_failed_at = now() - interval '61 seconds'",
    );
    await relayOnce(backbone);
    expect(await health(backbone)).toMatchObject({ status: "unhealthy" });
  });

  test("is told of when a column is missing, by its name and without the statement or a value", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.sql("ALTER TABLE events RENAME COLUMN payload TO payload_secret");
    for (let tries = 0; tries < 3; tries += 1) await relayOnce(backbone);
    const { status, reasons } = await health(backbone);
    expect(status).toBe("unhealthy");
    expect(reasons.join()).toMatch(/relay of shard 0/);
    expect(reasons.join()).toMatch(/column e\.payload does not exist/);
    expect(reasons.join()).not.toMatch(/SELECT|secret/);
    await backbone.sql("ALTER TABLE events RENAME COLUMN payload_secret TO payload");
    await cronTick(invoke(backbone, [recorder()], otherIsolate()), soon());
    expect(await health(backbone)).toMatchObject({ status: "healthy" });
  });

  test("costs nothing while it works: the calls of a run are the same", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const count = async () => {
      await publishReports(backbone, 1);
      const statements: string[] = [];
      const invocation = invoke(backbone, [recorder()], otherIsolate());
      const db = hookDatabase(invocation.db, {
        statements: (text, run) => {
          statements.push(text);
          return run();
        },
      });
      const before = redis.requests.length;
      await relayAll({ ...invocation, db }, soon(), idle);
      return { postgres: statements.length, redis: redis.requests.length - before };
    };
    await count();
    // Lease and batch; marked as sent. One append.
    expect(await count()).toEqual({ postgres: 2, redis: 1 });
  });
});

describe("a drain that fails at every try", () => {
  const consumer = recorder();
  /** An event that waits, and a Redis that refuses what a drain begins with. */
  async function open() {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const fault = redis.inject({ kind: "error-500" }, { when: sends("XREADGROUP") });
    // The time of the tick is over when a drain has failed.
    const tick = (consumers = [consumer]) => {
      const invocation = invoke(backbone, consumers, otherIsolate());
      const before = fault.hits;
      const now = () => invocation.now() + (fault.hits > before ? 30_000 : 0);
      return cronTick({ ...invocation, now }, soon());
    };
    for (let tries = 0; tries < 3; tries += 1) await tick();
    return { backbone, redis, tick };
  }
  const isTold = {
    status: "unhealthy",
    reasons: [
      expect.stringMatching(
        /^The drain of recorder on shard 0 has failed at every try since 20.*: Redis is not available: /,
      ),
    ],
  };

  test("is an alert and unhealthy after three ticks, and healthy again with the first that succeeds", async () => {
    const { backbone, redis, tick } = await open();
    expect(await failures(backbone)).toEqual([{ work: "drain:recorder:0", failures: 3 }]);
    expect(await health(backbone)).toMatchObject(isTold);
    expect(await alertsOf(backbone)).toEqual(["critical work_failing drains"]);
    redis.heal();
    await tick();
    expect(await health(backbone)).toMatchObject({ status: "healthy", reasons: [] });
    expect(await alertsOf(backbone)).toEqual([]);
    expect(await failures(backbone)).toEqual([]);
  });

  test("is nobody's concern when it fails with one tick", async () => {
    const { backbone } = await open();
    await backbone.sql("UPDATE failing_work SET failures = 1, last_failed_at = first_failed_at");
    expect(await health(backbone)).toMatchObject({ status: "healthy", reasons: [] });
  });

  test("is fine again when nothing waits for it any more, whoever drained it", async () => {
    const { backbone, redis, tick } = await open();
    redis.heal();
    await backbone.drain(consumer);
    expect(await health(backbone)).toMatchObject(isTold);
    await tick();
    expect(await health(backbone)).toMatchObject({ status: "healthy" });
    expect(await alertsOf(backbone)).toEqual([]);
  });

  test("is fine again, too, when somebody else drains it whenever cron comes; not when they get nowhere", async () => {
    const { backbone, redis, tick } = await open();
    const { keys } = backbone.open();
    redis.heal();
    await backbone.drain(consumer);
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.redis("SET", keys.lease(consumer.group, 0), "somebody", "PX", "60000");
    const beats = [keys.heartbeats(), `${consumer.group}:0`] as const;
    const beat = String(await backbone.redis("HGET", ...beats));
    await backbone.redis("HSET", ...beats, beat.replace('"stopped":null', '"stopped":"Postgres is away"'));
    await tick();
    expect(await health(backbone)).toMatchObject(isTold);
    await backbone.redis("HSET", ...beats, beat);
    await tick();
    expect(await health(backbone)).toMatchObject({ status: "healthy" });
  });

  test("of a consumer that a release no longer has is not told by it, and is forgotten", async () => {
    const { backbone, tick } = await open();
    const others = [recorder({ subscriber: "another" })];
    expect(await checkHealth(invoke(backbone, others))).toMatchObject({ status: "healthy" });
    await tick(others);
    expect(await failures(backbone)).toEqual([{ work: "drain:another:0", failures: 1 }]);
    expect(await alertsOf(backbone)).toEqual([]);
  });
});

test("a tick that learns nothing of what has work is unhealthy after three, until one does", async () => {
  const backbone = await openBackbone();
  const { keys } = backbone.open();
  await backbone.redis("SET", keys.failing(), "a string");
  const tick = () => cronTick(invoke(backbone, [recorder()], otherIsolate()), soon());
  for (let tries = 0; tries < 3; tries += 1) await tick();
  expect(await health(backbone)).toMatchObject({
    status: "unhealthy",
    reasons: [
      expect.stringMatching(
        /^The look of cron at what has work has failed 3 times in a row since 20.*: Redis refused: WRONGTYPE/,
      ),
    ],
  });
  expect(await alertsOf(backbone)).toEqual(["critical work_failing tick"]);
  await backbone.redis("DEL", keys.failing());
  await tick();
  await tick();
  expect(await health(backbone)).toMatchObject({ status: "healthy" });
  expect(await alertsOf(backbone)).toEqual([]);
});

test("a comparison that fails at every try is unhealthy, until it succeeds", async () => {
  const { backbone, redis } = await openFaultyBackbone();
  await publishReports(backbone, 1);
  await backbone.relay();
  redis.inject({ kind: "error-500" }, { when: sends("XRANGE") });
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(reconcileAll(invoke(backbone, [recorder()]), soon())).rejects.toThrow();
  }
  expect(await health(backbone)).toMatchObject({
    status: "unhealthy",
    reasons: [expect.stringMatching(/^The comparison of record and stream has failed 3 times/)],
  });
  expect(await alertsOf(backbone)).toEqual(["critical work_failing comparison"]);
  redis.heal();
  await reconcileAll(invoke(backbone, [recorder()]), soon());
  expect(await health(backbone)).toMatchObject({ status: "healthy" });
  expect(await alertsOf(backbone)).toEqual([]);
});

test("a step of the janitor that fails at every try is an alert, while the others go on", async () => {
  const backbone = await openBackbone();
  await backbone.sql("ALTER TABLE idempotency_keys RENAME TO idempotency_keys_elsewhere");
  for (let tries = 0; tries < 3; tries += 1) {
    const report = await runJanitor(invoke(backbone, [recorder()], otherIsolate()), soon());
    expect(report).toMatchObject({ purge: { result: null }, archive: { error: null } });
  }
  expect(await alertsOf(backbone)).toContain("critical work_failing janitor:purge");
  expect(await health(backbone)).toMatchObject({ status: "healthy" });
  await backbone.sql("ALTER TABLE idempotency_keys_elsewhere RENAME TO idempotency_keys");
  await runJanitor(invoke(backbone, [recorder()], otherIsolate()), soon());
  expect(await alertsOf(backbone)).toEqual([]);
});

describe("a scheduled job that fails at every try", () => {
  const scheduled = (run: ScheduledJob["run"]) => ({
    scheduled: new Map([["expiry", { name: "expiry", run }]]),
  });
  const run = (backbone: Backbone, work: ScheduledJob["run"]) =>
    runJobsNow(
      invoke(backbone, [recorder()], { ...otherIsolate(), ...scheduled(work) }),
      soon(),
      ["expiry"],
      idle,
    );
  const usesTable: ScheduledJob["run"] = async ({ db }) => {
    const { sql } = await import("drizzle-orm");
    await db.rows(sql`SELECT 1 FROM what_the_job_needs`);
    return null;
  };

  test("is an alert, in whatever isolate it succeeds again", async () => {
    const backbone = await openBackbone();
    for (let tries = 0; tries < 3; tries += 1) await run(backbone, usesTable);
    expect(await alertsOf(backbone)).toEqual(["critical work_failing job:expiry"]);
    await backbone.sql("CREATE TABLE what_the_job_needs ()");
    await run(backbone, usesTable);
    expect(await alertsOf(backbone)).toEqual([]);
  });

  test.each([
    ["the alert cannot be ended", "UPDATE alerts SET resolved_at", null],
    ["Redis refuses", null, "HDEL"],
  ])("is over with the next success when %s with the first", async (_, statement, command) => {
    const { backbone, redis } = await openFaultyBackbone();
    const succeeds: ScheduledJob["run"] = async () => null;
    for (let tries = 0; tries < 3; tries += 1) await run(backbone, usesTable);
    if (command !== null) redis.inject({ kind: "error-500" }, { when: sends(command) });
    const invocation = invoke(backbone, [recorder()], { ...otherIsolate(), ...scheduled(succeeds) });
    const db = hookDatabase(invocation.db, {
      statements: (text, go) => {
        if (statement !== null && text.includes(statement)) throw new TransientError("It is away.");
        return go();
      },
    });
    await runJobsNow({ ...invocation, db }, soon(), ["expiry"], idle);
    redis.heal();
    const isKnown = () => backbone.redis("HEXISTS", backbone.open().keys.failing(), "job:expiry");
    expect(await isKnown()).toBe(1);
    await run(backbone, succeeds);
    expect(await alertsOf(backbone)).toEqual([]);
    expect(await failures(backbone)).toEqual([]);
    expect(await isKnown()).toBe(0);
  });

  test("is known as failing although Redis lost its data", async () => {
    const backbone = await openBackbone();
    for (let tries = 0; tries < 3; tries += 1) await run(backbone, usesTable);
    await backbone.redis("DEL", backbone.open().keys.failing());
    await backbone.sql("CREATE TABLE what_the_job_needs ()");
    const tick = () =>
      cronTick(invoke(backbone, [recorder()], { ...otherIsolate(), ...scheduled(usesTable) }), soon());
    await tick();
    await tick();
    expect(await alertsOf(backbone)).toEqual([]);
  });
});

test("failures that cannot be noted change nothing", async () => {
  const proxy = await startFaultyRedis(inject("services").upstash.url);
  onTestFinished(() => proxy.close());
  const backbone = await openBackbone({ env: { UPSTASH_REDIS_REST_URL: proxy.url } });
  await publishReports(backbone, 1);
  proxy.inject({ kind: "error-500" }, { when: sends("XADD"), times: 3 });
  await backbone.sql("ALTER TABLE alerts RENAME TO alerts_elsewhere");
  await relayOnce(backbone);
  await relayAll(invoke(backbone, [recorder()], otherIsolate()), soon(), idle);
  expect(await backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
});
