import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { raiseAlert } from "../../../src/engine/alerts/alerts.ts";
import { lookAtWatches } from "../../../src/engine/alerts/watch.ts";
import { type Consumer, on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, RetryAfter } from "../../../src/engine/core/errors.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import type { StreamInvocation } from "../../../src/engine/invocation.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import { invoke, otherIsolate, soon } from "../dispatch/fixture.ts";
import { alarmRaised, partChecked } from "../events.ts";
import { createClock, drainUntilQuiet, openBackbone, publishReports } from "../fixture.ts";

/* What is looked for: conditions that raise alerts, and end them. */

const broken = { now: true };
const refusing = (subscriber = "recorder"): Consumer =>
  defineConsumer({
    subscriber,
    handlers: [
      on(partChecked, async () => {
        if (broken.now) throw new PermanentError("It is refused.");
      }),
      on(alarmRaised, async () => {
        if (broken.now) throw new PermanentError("It is refused.");
      }),
    ],
  });

/** A tick of an idle system: it looks at nothing of which it was not told. */
async function idleTick(
  backbone: Backbone,
  consumers: readonly Consumer[],
  change: Partial<StreamInvocation> = {},
): Promise<void> {
  await backbone.redis("DEL", backbone.open().keys.relayActive());
  const invocation = invoke(backbone, consumers, { relaySweepMs: 3_600_000, ...otherIsolate(), ...change });
  await cronTick(invocation, invocation.now() + 20_000);
}

const open = (backbone: Backbone) =>
  backbone.sql<{ kind: string; subject: string; severity: string; message: string; event_ids: string[] }>(
    "SELECT kind, subject, severity, message, event_ids FROM alerts WHERE resolved_at IS NULL ORDER BY kind",
  );

const marks = async (backbone: Backbone) => backbone.redis("HKEYS", backbone.open().keys.failing());

test("ten dead letters of a consumer within the hour are an alert, nine are none; it ends when they are gone", async () => {
  broken.now = true;
  const consumers = [refusing()];
  const backbone = await openBackbone();
  await idleTick(backbone, consumers);
  await publishReports(backbone, 9);
  await backbone.relay();
  await idleTick(backbone, consumers);
  await idleTick(backbone, consumers);
  expect(await open(backbone)).toEqual([]);
  await publishReports(backbone, 1);
  await backbone.relay();
  await idleTick(backbone, consumers);
  await idleTick(backbone, consumers);
  const [alert, ...others] = await open(backbone);
  expect(others).toEqual([]);
  expect(alert).toMatchObject({ kind: "dead_letters", subject: "recorder", severity: "high" });
  expect(alert?.message).toContain("10 events of recorder became dead letters within 60 minutes");
  expect(alert?.event_ids).toHaveLength(10);
  // While it is open each tick looks, and once it is over none does.
  expect(await marks(backbone)).toContain("alerts");
  await backbone.sql("UPDATE dead_letters SET status = 'discarded'");
  await idleTick(backbone, consumers);
  expect(await open(backbone)).toEqual([]);
  expect(await marks(backbone)).not.toContain("alerts");
});

test("dead letters that a drain tells of while cron looks are looked at with the next tick", async () => {
  broken.now = true;
  const consumers = [refusing()];
  const backbone = await openBackbone();
  await idleTick(backbone, consumers);
  await publishReports(backbone, 1);
  await backbone.relay();
  await idleTick(backbone, consumers);
  expect(await marks(backbone)).toContain("alerts");
  const { db } = backbone.open();
  let looks = 0;
  const watched = hookDatabase(db, {
    statements: async (text, go) => {
      const rows = await go();
      if (!text.includes("any_brief")) return rows;
      looks += 1;
      if (looks > 1) return rows;
      await publishReports(backbone, 9);
      await backbone.relay();
      await drainUntilQuiet(backbone, refusing());
      return rows;
    },
  });
  await idleTick(backbone, consumers, { db: watched });
  expect(looks).toBe(1);
  expect(await marks(backbone)).toContain("alerts");
  await idleTick(backbone, consumers);
  expect(await open(backbone)).toMatchObject([{ kind: "dead_letters" }]);
});

test("control: without the mark of its dead letters an idle system would not look", async () => {
  broken.now = true;
  const consumers = [refusing()];
  const backbone = await openBackbone();
  await idleTick(backbone, consumers);
  await publishReports(backbone, 10);
  await backbone.relay();
  await idleTick(backbone, consumers);
  await backbone.redis("HDEL", backbone.open().keys.failing(), "alerts");
  await idleTick(backbone, consumers);
  expect(await open(backbone)).toEqual([]);
});

test("one dead letter with severity CRITICAL is an alert at once", async () => {
  broken.now = true;
  const consumers = [refusing()];
  const backbone = await openBackbone();
  await idleTick(backbone, consumers);
  await backbone.publish({ source: "test" }, async (publish) => {
    await publish(alarmRaised, { message: "fire" } as never);
  });
  await backbone.relay();
  await idleTick(backbone, consumers);
  await idleTick(backbone, consumers);
  expect(await open(backbone)).toMatchObject([
    { kind: "dead_letter_critical", subject: "recorder", severity: "critical" },
  ]);
});

test("a consumer whose oldest event is old is an alert, until it has handled it", async () => {
  const clock = createClock();
  const waiting = { now: true };
  const slow = defineConsumer({
    subscriber: "slow",
    handlers: [
      on(partChecked, async () => {
        if (waiting.now) throw new RetryAfter(600_000, "Come back later.");
      }),
    ],
  });
  const backbone = await openBackbone({ now: clock.now });
  await idleTick(backbone, [slow]);
  await publishReports(backbone, 1);
  await backbone.relay();
  await idleTick(backbone, [slow], { hostStartedMs: clock.now() });
  expect(await open(backbone)).toEqual([]);
  const later = async () => {
    clock.advance(700_000);
    await idleTick(backbone, [slow], { hostStartedMs: clock.now() });
  };
  await later();
  expect(await open(backbone)).toMatchObject([{ kind: "lag_age", subject: "edge_slow:0", severity: "high" }]);
  waiting.now = false;
  await later();
  await later();
  expect(await open(backbone)).toEqual([]);
});

test.each([
  ["ahead", 3_600, 0, []],
  ["behind", -3_600, 900, [{ kind: "lag_age", subject: "edge_slow:0", severity: "high" }]],
])("a Redis whose clock is %s makes no event older or younger", async (_, idAge, sentAge, alerts) => {
  const slow = defineConsumer({
    subscriber: "slow",
    handlers: [
      on(partChecked, async () => {
        throw new RetryAfter(600_000, "Come back later.");
      }),
    ],
  });
  const backbone = await openBackbone();
  // Ids are of the time of Postgres: to a Redis that is ahead of it they seem to be old.
  const id = `${Date.now() - idAge * 1_000}-0`;
  await backbone.sql("INSERT INTO relay_shards (shard) VALUES (0) ON CONFLICT DO NOTHING");
  await backbone.sql(
    `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, shard, stream_message_id, sent_at)
     VALUES ($1, 'lab.part.checked', 'test', 1, 'test', 'lab', '{}', '{"part":"db","status":"1"}', now(), 0, $2, now() - $3 * interval '1 s')`,
    [crypto.randomUUID(), id, sentAge],
  );
  const fields = ["type", "lab.part.checked", "source", "test", "payload", '{"part":"db","status":"1"}'];
  const meta = JSON.stringify({ schema_version: 1, producer: "test", source_module: "lab" });
  const when = ["timestamp", new Date().toISOString(), "meta", meta];
  await backbone.redis("XADD", backbone.stream, id, "id", crypto.randomUUID(), ...fields, ...when);
  for (let ticks = 0; ticks < 2; ticks += 1) await idleTick(backbone, [slow], { relaySweepMs: 0 });
  expect(await open(backbone)).toMatchObject(alerts);
});

test("what is recorded and not sent for long is an alert, and a stopped replay", async () => {
  const backbone = await openBackbone();
  const look = () => lookAtWatches(invoke(backbone, []), { kinds: [], alerts: [] }, null);
  await publishReports(backbone, 2);
  expect(await look()).toBe(false);
  await backbone.sql("UPDATE events SET stored_at = now() - interval '400 s'");
  await backbone.sql(`
    INSERT INTO jobs (kind, subscriber_name, name, status, status_reason, filter, total)
    VALUES ('redrive', 'recorder', 'again', 'stopped', '6 of 10 failed.', '{}', 10)`);
  expect(await look()).toBe(true);
  expect(await open(backbone)).toMatchObject([
    { kind: "job_stopped", severity: "high", message: expect.stringContaining("6 of 10 failed.") },
    { kind: "relay_backlog", subject: "relay", severity: "high", event_ids: [expect.any(String)] },
  ]);
  expect(await look()).toBe(false);
  await backbone.relay();
  await look();
  expect(await open(backbone)).toMatchObject([{ kind: "job_stopped" }]);
});

test("a condition of a product is looked at with the engine's, and one that cannot be asked stops nothing else", async () => {
  const backbone = await openBackbone();
  const watch = {
    kinds: ["key_ends"] as const,
    seen: sql`SELECT 'key_ends', 'k1', 'warning', 'It ends.', 'acme', '{}'::text[]`,
  };
  await lookAtWatches(invoke(backbone, [], { watches: [watch] }), { kinds: [], alerts: [] }, null);
  expect(await backbone.sql("SELECT kind, subject, tenant_id FROM alerts")).toEqual([
    { kind: "key_ends", subject: "k1", tenant_id: "acme" },
  ]);
  // What is not of its kinds stays.
  await raiseAlert(backbone.open(), {
    kind: "missing_tick",
    subject: "cron",
    severity: "warning",
    message: "m",
  });
  const none = { ...watch, seen: sql`SELECT '', '', '', '', NULL::text, '{}'::text[] WHERE false` };
  await lookAtWatches(invoke(backbone, [], { watches: [none] }), { kinds: [], alerts: [] }, null);
  expect(await open(backbone)).toMatchObject([{ kind: "missing_tick" }]);

  broken.now = false;
  const impossible = { ...watch, seen: sql`SELECT * FROM nowhere` };
  await publishReports(backbone, 1);
  await cronTick(invoke(backbone, [refusing()], { watches: [impossible], ...otherIsolate() }), soon());
  expect(backbone.logs.join("\n")).toContain("The look at what is watched failed");
  expect(await backbone.sql("SELECT FROM processed_events")).toHaveLength(1);
});

test("a tick that uses up its calls is an alert, until one does not", async () => {
  broken.now = false;
  const consumers = [refusing()];
  const backbone = await openBackbone({ env: { BRAIN_SUBREQUEST_LIMIT: "24" } });
  await publishReports(backbone, 1);
  await cronTick(invoke(backbone, consumers), soon());
  expect(await open(backbone)).toMatchObject([{ kind: "call_budget", subject: "cron", severity: "warning" }]);
  await backbone.relay();
  await idleTick(backbone, consumers);
  await idleTick(backbone, consumers);
  expect(await open(backbone)).toEqual([]);
});
