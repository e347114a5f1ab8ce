import { createCatalog, defineEvent } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import { listAlerts } from "../../../src/engine/alerts/alert-views.ts";
import { type Consumer, on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer, registerConsumers } from "../../../src/engine/consume/define/define-consumer.ts";
import { drainOnce } from "../../../src/engine/dispatch/drain-once.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { createEngine } from "../../../src/engine/engine.ts";
import { requireStream } from "../../../src/engine/invocation.ts";
import { previewReplay } from "../../../src/engine/operations/bulk/replay.ts";
import { consumerStates } from "../../../src/engine/operations/consumers/consumer-states.ts";
import { pauseConsumer, resumeConsumer } from "../../../src/engine/operations/consumers/pauses.ts";
import { transactAndPublish } from "../../../src/engine/publish/publish.ts";
import { type ReconcileReport, reconcileShard } from "../../../src/engine/retention/reconcile.ts";
import { removeLeftGroups } from "../../../src/engine/stream/move-group.ts";
import type { Backbone } from "../../backbone.ts";
import { partChecked } from "../events.ts";
import {
  deadLetters,
  effects,
  openBackbone,
  pendingOf,
  publishBeats,
  recorder,
  recordReport,
  sendReports,
} from "../fixture.ts";
import { always, times } from "./janitor-fixture.ts";

/*
 * Somebody else reads and acks in a group of ours, as a Python program of the same name once did. What it took left no
 * trace with us, and is delivered again.
 */

const consumer = recorder();

function invoke(backbone: Backbone, consumers: readonly Consumer[] = [consumer]) {
  const invocation = backbone.open();
  return { ...invocation, consumers: registerConsumers(invocation.catalog, consumers) };
}

function reconcile(
  backbone: Backbone,
  consumers?: readonly Consumer[],
  mayGoOn = always,
): Promise<ReconcileReport> {
  return reconcileShard(invoke(backbone, consumers), 0, mayGoOn);
}

/** Reads as the Python programs do, and acks what it read unless told otherwise. @returns the ids */
async function steal(
  backbone: Backbone,
  count: number,
  { ack = true, group = consumer.group } = {},
): Promise<string[]> {
  const reply = (await backbone.redis(
    ...[
      "XREADGROUP",
      "GROUP",
      group,
      "course_access_handler",
      "COUNT",
      String(count),
      "STREAMS",
      backbone.stream,
      ">",
    ],
  )) as [string, [string, unknown][]][] | null;
  const ids = (reply?.[0]?.[1] ?? []).map(([id]) => id);
  if (ack && ids.length > 0) await backbone.redis("XACK", backbone.stream, group, ...ids);
  return ids;
}

const applied = async (backbone: Backbone) => (await effects(backbone)).map((row) => row.event_id).sort();
const openAlerts = async (backbone: Backbone) =>
  (await listAlerts(backbone.open().db, { status: "open", limit: 50 })).alerts.map(
    ({ kind, subject }) => `${kind} ${subject}`,
  );

/** What another event has left under the message id that Redis gave again. */
const ofAnother = {
  claim: `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type)
    VALUES ('recorder', $1, $2, 'another', 'lab.part.checked')`,
  letter: `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, event_type, shard, reason,
      error_class, error_message, attempts, first_failed_at, last_failed_at, status)
    VALUES ('recorder', $1, $2, 'another', 'lab.part.checked', 0, 'permanent_error', 'Error', 'x', 1, now(), now(), 'discarded')`,
  delivery: `INSERT INTO deliveries (subscriber_name, stream_name, stream_message_id, event_id, event_type, shard, cause)
    VALUES ('recorder', $1, $2, 'another', 'lab.part.checked', 0, 'waiting')`,
};

test.each(Object.entries(ofAnother))(
  "an event is missing also when another one has left a %s under its message id",
  async (what, statement) => {
    const backbone = await openBackbone();
    await backbone.drain(consumer);
    const [id] = await sendReports(backbone, 1);
    const [messageId] = await steal(backbone, 1);
    await backbone.sql(statement, [backbone.stream, messageId ?? ""]);
    expect((await reconcile(backbone)).claims).toMatchObject([{ missing: 1 }]);
    if (what === "delivery") await backbone.sql("DELETE FROM deliveries WHERE event_id = 'another'");
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual([id]);
  },
);

describe("what a stranger acked in our group", () => {
  test("has its effects after all, once, and is reported", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 10);
    await backbone.drain(consumer, { maxEvents: 2 });
    expect(await steal(backbone, 5)).toHaveLength(5);
    await backbone.drain(consumer);
    // The control: the group has passed everything, nothing is pending, and five events reached nobody.
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    await backbone.drain(consumer);
    expect(await applied(backbone)).toHaveLength(5);

    const report = await reconcile(backbone);
    expect(report).toMatchObject({ missing: 0, restored: 0, more: false });
    expect(report.claims).toEqual([{ subscriber: "recorder", checked: 10, missing: 5, more: false }]);
    expect(await openAlerts(backbone)).toEqual(
      expect.arrayContaining(["claims_missing recorder:0", "foreign_reader edge_recorder:0"]),
    );
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual([...events].sort());
    expect((await reconcile(backbone)).claims).toMatchObject([{ missing: 0 }]);
    await backbone.drain(consumer);
    expect(await effects(backbone)).toHaveLength(10);
    // The stranger's name stands there until somebody removes it.
    expect(await openAlerts(backbone)).toEqual(["foreign_reader edge_recorder:0"]);
    const invocation = invoke(backbone);
    expect(await consumerStates(invocation)).toMatchObject([{ foreign_readers: ["course_access_handler"] }]);
    await backbone.redis("XGROUP", "DELCONSUMER", backbone.stream, consumer.group, "course_access_handler");
    await reconcile(backbone);
    expect(await openAlerts(backbone)).toEqual([]);
  });

  test("is found although the stranger was there before us", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 6);
    await backbone.redis("XGROUP", "CREATE", backbone.stream, consumer.group, "0");
    await steal(backbone, 3);
    await backbone.drain(consumer);
    expect(await applied(backbone)).toHaveLength(3);
    expect((await reconcile(backbone)).claims).toMatchObject([{ missing: 3 }]);
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual([...events].sort());
  });

  test("comes by cron too: the ticks are told that something is queued", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 3);
    await backbone.drain(consumer, { maxEvents: 1 });
    await steal(backbone, 2);
    await reconcile(backbone);
    const invocation = invoke(backbone);
    await drainAll(invocation, Date.now() + 20_000, null);
    expect(await effects(backbone)).toHaveLength(3);
  });

  test("that it has not acked yet is not missing; our drain takes it over", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 4);
    await backbone.drain(consumer, { maxEvents: 1 });
    const ids = await steal(backbone, 3, { ack: false });
    expect((await reconcile(backbone)).claims).toMatchObject([{ checked: 4, missing: 0 }]);
    // Acked only now: the comparison has not gone past what was pending.
    await backbone.redis("XACK", backbone.stream, consumer.group, ...ids);
    expect((await reconcile(backbone)).claims).toMatchObject([{ checked: 3, missing: 3 }]);
    await backbone.drain(consumer);
    expect(await effects(backbone)).toHaveLength(4);
  });
});

describe("nothing is missing", () => {
  test("of what waits, failed, was discarded, or is paused", async () => {
    const backbone = await openBackbone();
    const flaky = recorder({
      afterDeadLetter: "go_on",
      retry: { maxAttempts: 3, baseMs: 60_000, capMs: 60_000, maxProgrammingAttempts: 1 },
      beforeReport: (event) => {
        if (event.payload.status === "0") throw new TypeError("broken");
        if (event.payload.status === "1") throw new Error("away");
      },
    });
    await sendReports(backbone, 3);
    await publishBeats(backbone, [["robot", 1]]);
    await backbone.relay();
    const invocation = invoke(backbone, [flaky]);
    const operator = { actorId: null, requestId: "r" };
    await pauseConsumer(
      invocation,
      flaky,
      { eventType: "lab.meter.read", reason: "test", expiresAt: null },
      operator,
    );
    await backbone.drain(flaky);
    expect(await pendingOf(backbone, flaky)).toHaveLength(1);
    expect(await deadLetters(backbone)).toHaveLength(1);
    await backbone.sql("UPDATE dead_letters SET status = 'discarded', resolved_at = now()");
    expect(await backbone.sql("SELECT FROM deliveries WHERE cause = 'paused'")).toHaveLength(1);
    expect((await reconcile(backbone, [flaky])).claims).toMatchObject([{ checked: 4, missing: 0 }]);
  });

  test("of what came before a consumer that begins with what comes", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 3);
    const late = recorder({ startAt: "$" });
    await backbone.drain(late);
    await sendReports(backbone, 2);
    await backbone.drain(late);
    expect((await reconcile(backbone, [late])).claims).toMatchObject([{ checked: 2, missing: 0 }]);
  });

  test("of a type that was not handled when the group passed it, and something is of one that is handled since", async () => {
    const backbone = await openBackbone();
    const narrow = defineConsumer({
      subscriber: "recorder",
      handlers: [on(partChecked, (event, { tx }) => recordReport(tx, "recorder", event))],
    });
    await publishBeats(backbone, [["robot", 1]]);
    await sendReports(backbone, 1);
    await backbone.drain(narrow);
    // The new release handles heartbeats too.
    expect((await reconcile(backbone)).claims).toMatchObject([{ checked: 1, missing: 0 }]);
    await publishBeats(backbone, [["robot", 2]]);
    await backbone.relay();
    await steal(backbone, 1);
    expect((await reconcile(backbone)).claims).toMatchObject([{ checked: 1, missing: 1 }]);
    await backbone.drain(consumer);
    expect(await effects(backbone)).toMatchObject([{ agent: null }, { agent: "robot", number: 2 }]);
  });

  test("of events older than the claims, or applied by a forced replay's copy under another id", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 4);
    await backbone.drain(consumer);
    await backbone.sql("UPDATE consumer_shards SET claims_id = '0-0'");
    await backbone.sql("DELETE FROM processed_events WHERE id <= 2");
    await backbone.sql("UPDATE events SET stored_at = now() - interval '91 days' WHERE position <= 2");
    await backbone.sql("UPDATE processed_events SET stream_message_id = '1-' || id");
    expect((await reconcile(backbone)).claims).toMatchObject([{ checked: 4, missing: 0 }]);
  });

  test("while ticks apply and ack all the time", async () => {
    const backbone = await openBackbone();
    const events: string[] = [];
    let publishing = true;
    const publisher = (async () => {
      for (let at = 0; at < 10; at += 1) events.push(...(await sendReports(backbone, 20)));
      publishing = false;
    })();
    const ticks = (async () => {
      while (publishing) await backbone.drain(consumer);
      await backbone.drain(consumer);
    })();
    let missing = 0;
    let runs = 0;
    while (publishing) {
      missing += (await reconcile(backbone)).claims.reduce((sum, report) => sum + report.missing, 0);
      runs += 1;
    }
    await Promise.all([publisher, ticks]);
    expect(runs).toBeGreaterThan(0);
    expect(missing).toBe(0);
    expect(await applied(backbone)).toEqual(events.sort());
  });
});

describe("the work of a run is bounded", () => {
  test("and each event is looked at once", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 1);
    await backbone.drain(consumer);
    // As if they had been sent in 70 batches, with a claim each.
    await backbone.sql(`
      INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, sent_at,
        shard, stream_message_id)
      SELECT gen_random_uuid(), 'lab.part.checked', 's', 1, 'p', 'm', '{}', '{}', now(), now(), 0,
        1700000000000 + n / 200 || '-' || n % 200 FROM generate_series(1, 14000) n`);
    await backbone.sql(`
      INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id)
      SELECT 'recorder', 's', stream_message_id, id::text FROM events WHERE source = 's'`);
    await backbone.sql(
      `UPDATE consumer_shards SET claims_id = '0-0', claims_since = '{"lab.part.checked": "0-0", "lab.meter.read": "0-0"}'`,
    );
    expect((await reconcile(backbone, [consumer], times(4))).claims).toEqual([
      { subscriber: "recorder", checked: 14_001, missing: 0, more: false },
    ]);
  });

  test("page by page, and the next run goes on", async () => {
    const backbone = await openBackbone();
    await backbone.drain(consumer);
    await sendReports(backbone, 2_500);
    for (let stolen = 0; stolen < 2_500; stolen += (await steal(backbone, 1_000)).length);
    expect((await reconcile(backbone, [consumer], times(1))).claims).toEqual([
      { subscriber: "recorder", checked: 2_500, missing: 1_000, more: true },
    ]);
    expect((await reconcile(backbone)).claims).toMatchObject([{ missing: 1_500, more: false }]);
    expect(await backbone.sql("SELECT FROM deliveries WHERE cause = 'missed'")).toHaveLength(2_500);
  });
});

test("no name of ours is one that the Python programs use", () => {
  expect(consumer.group).toBe("edge_recorder");
  expect(recorder({ subscriber: "course_access_handler" }).group).not.toMatch(/^group_/);
});

describe("an upgrade", () => {
  /** The state as the release before left it: the group under its old name, and a drain of ours on it. */
  async function asBefore(backbone: Backbone, pendingCount: number): Promise<string[]> {
    const invocation = invoke(backbone);
    await backbone.drain(consumer);
    const old = "group_recorder";
    await backbone.redis("XGROUP", "DESTROY", backbone.stream, consumer.group);
    await backbone.redis("XGROUP", "CREATE", backbone.stream, old, "0");
    await backbone.redis("DEL", invocation.keys.state(consumer.group, 0));
    const heartbeats = invocation.keys.heartbeats();
    await backbone.redis("HDEL", heartbeats, `${consumer.group}:0`);
    await backbone.redis("HSET", heartbeats, `${old}:0`, "{}");
    await backbone.sql("UPDATE consumer_shards SET claims_id = NULL, claims_since = NULL");
    const events = await sendReports(backbone, 8);
    await backbone.redis(
      "XREADGROUP",
      "GROUP",
      old,
      "recorder",
      "COUNT",
      "5",
      "STREAMS",
      backbone.stream,
      ">",
    );
    const pending = (await backbone.redis("XPENDING", backbone.stream, old, "-", "+", "10")) as [string][];
    const acked = pending.slice(0, 5 - pendingCount).map(([id]) => id);
    // As if they had been skipped: the new group must not handle them.
    if (acked.length > 0) await backbone.redis("XACK", backbone.stream, old, ...acked);
    return events;
  }

  test("goes on where the old group was, with what was pending, and misses and repeats nothing", async () => {
    const backbone = await openBackbone();
    const events = await asBefore(backbone, 2);
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual(events.slice(3).sort());
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    expect((await reconcile(backbone)).claims).toMatchObject([{ missing: 0 }]);
    // The old group would keep the stream long; while it might still be read by an older release, it stays.
    const invocation = invoke(backbone);
    expect(await removeLeftGroups(invocation.redis, invocation.keys)).toEqual([]);
    expect(await removeLeftGroups(invocation.redis, invocation.keys, 0)).toEqual(["group_recorder"]);
    expect(await backbone.redis("XINFO", "GROUPS", backbone.stream)).toHaveLength(1);
  });

  test("of a consumer that has another name now goes on where its group was", async () => {
    const backbone = await openBackbone();
    const events = await asBefore(backbone, 2);
    // As the migration of the release does.
    await backbone.sql("UPDATE consumer_shards SET subscriber_name = 'renamed'");
    const renamed = recorder({ subscriber: "renamed", formerly: "recorder" });
    expect(await backbone.drain(renamed)).toMatchObject({ applied: 5 });
    const effects = await backbone.sql<{ event_id: string }>(
      "SELECT event_id FROM effects WHERE subscriber = 'renamed'",
    );
    expect(effects.map((row) => row.event_id).sort()).toEqual(events.slice(3).sort());
  });

  test("finds what was pending and is gone from the stream in the record", async () => {
    const backbone = await openBackbone();
    const events = await asBefore(backbone, 2);
    const [[lost]] = (await backbone.redis("XPENDING", backbone.stream, "group_recorder", "-", "+", "1")) as [
      [string],
    ];
    await backbone.redis("XDEL", backbone.stream, lost);
    await backbone.drain(consumer);
    expect(await applied(backbone)).toHaveLength(4);
    expect((await reconcile(backbone)).claims).toMatchObject([{ missing: 1 }]);
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual(events.slice(3).sort());
  });

  test("leaves a group alone in which only somebody else ever read", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 4);
    await backbone.redis("XGROUP", "CREATE", backbone.stream, "group_recorder", "0");
    await steal(backbone, 2, { group: "group_recorder" });
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual([...events].sort());
    expect(await steal(backbone, 10, { group: "group_recorder" })).toHaveLength(2);
  });
});

describe("an event that a release renames", () => {
  const partInspected = defineEvent("lab.part.inspected", {
    version: 1,
    module: "lab",
    criticality: "INFO",
    when: "A part was inspected",
    payload: partChecked.payload,
  });
  const before = defineConsumer({
    subscriber: "recorder",
    handlers: [on(partChecked, (event, { tx }) => recordReport(tx, "recorder", event))],
  });
  const after = defineConsumer({
    subscriber: "recorder",
    handlers: [on(partInspected, (event, { tx }) => recordReport(tx, "recorder", event))],
  });

  /** The next release, beside the one before. */
  function nextRelease(backbone: Backbone) {
    const catalog = createCatalog([partInspected], {
      readAliases: new Map([[partChecked.type, partInspected.type]]),
    });
    const settings = backbone.system.settings;
    const engine = createEngine({ catalog, consumers: [after], settings, sink: () => undefined });
    const open = () => requireStream(engine.open(), ".");
    return {
      open,
      publish: () =>
        transactAndPublish(open().db, open().publish, { source: "lab" }, (_tx, publish) =>
          publish(partInspected, { part: "db", status: "7" }),
        ),
      drain: () => drainOnce(open(), after, { shard: 0, deadlineMs: engine.now() + 20_000 }),
    };
  }

  test("is delivered although the release before passed over it while both ran", async () => {
    const backbone = await openBackbone();
    const next = nextRelease(backbone);
    await sendReports(backbone, 1);
    await backbone.drain(before);
    await reconcile(backbone, [before]);
    await next.publish();
    await backbone.relay();
    expect(await backbone.drain(before)).toMatchObject({ skipped: 1, applied: 0 });
    expect((await reconcileShard(next.open(), 0, always)).claims).toMatchObject([{ checked: 1, missing: 1 }]);
    await next.drain();
    expect(await effects(backbone)).toMatchObject([{ number: 0 }, { number: 7 }]);
    expect((await reconcileShard(next.open(), 0, always)).claims).toMatchObject([{ missing: 0 }]);
  });

  test("is replayed, restored and held by a pause under its older name too", async () => {
    const backbone = await openBackbone();
    const next = nextRelease(backbone);
    await next.drain();
    await sendReports(backbone, 1);
    await steal(backbone, 1);
    const all = { types: null, from: null, to: null, tenant_id: null, correlation_id: null };
    const named = { ...all, types: [partInspected.type] };
    for (const filter of [all, named])
      expect(await previewReplay(next.open(), after, filter)).toMatchObject({ count: 1 });
    expect(next.open().relay.readers).toMatchObject([{ types: [partInspected.type, partChecked.type] }]);
    expect((await reconcileShard(next.open(), 0, always)).claims).toMatchObject([{ checked: 1, missing: 1 }]);

    const operator = { actorId: "test", requestId: null };
    const type = { eventType: partInspected.type, reason: "test" };
    await pauseConsumer(next.open(), after, { ...type, expiresAt: null }, operator);
    await next.drain();
    expect(await effects(backbone)).toEqual([]);
    await resumeConsumer(next.open(), after, type, operator);
    await next.drain();
    expect(await effects(backbone)).toMatchObject([{ number: 0 }]);
  });
});
