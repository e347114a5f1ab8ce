import { sql } from "drizzle-orm";
import { afterAll, expect, test } from "vitest";
import {
  eventsTogether,
  type PathCost,
  type PathName,
  pathCosts,
  requestsTogether,
} from "../../src/cli/model/counts.ts";
import type { Consumer } from "../../src/engine/consume/consumer.ts";
import { on, onBatch, onSql } from "../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../src/engine/consume/define/define-consumer.ts";
import { cronTick } from "../../src/engine/dispatch/cron.ts";
import { drainAll } from "../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../src/engine/dispatch/relay-shards.ts";
import { ingest } from "../../src/engine/events/ingest.ts";
import { redriveLetter } from "../../src/engine/operations/bulk/redrive.ts";
import { transactAndPublish } from "../../src/engine/publish/publish.ts";
import { beginRecording } from "../../src/engine/relay/recording.ts";
import { relay } from "../../src/engine/relay/relay.ts";
import type { Backbone } from "../backbone.ts";
import { invoke, soon } from "../engine/dispatch/fixture.ts";
import { meterRead, partChecked } from "../engine/events.ts";
import { openBackbone, publishReports, recordReport } from "../engine/fixture.ts";
import { createMeter, type Meter } from "./measure.ts";

/*
 * What the engine's paths cost over the network. The numbers are exact and stand in `src/cli/model/counts.ts`: whoever adds
 * a call changes one there, and says why. `npm run bench roundtrips` shows what was counted as a table.
 */

const table: Record<string, PathCost> = {};
afterAll(() => {
  if (process.env.SHOW_ROUND_TRIPS === "1") console.table(table);
});

function shown(name: PathName, cost: PathCost): PathCost {
  table[name] = cost;
  return cost;
}

/** One statement of its own for each event; fails as long as it is told to. */
function oneStatement(failing = { now: false }, subscriber = "recorder"): Consumer {
  return defineConsumer({
    subscriber,
    retry: { baseMs: 1, capMs: 1, maxAttempts: 2 },
    handlers: [
      on(partChecked, async (event, { tx }) => {
        if (failing.now) throw new Error("planted");
        await recordReport(tx, "recorder", event);
      }),
    ],
  });
}

/** The same with an event that it publishes and nobody handles. */
const publishing = () =>
  defineConsumer({
    subscriber: "recorder",
    handlers: [
      on(partChecked, async (event, { tx, publish }) => {
        await recordReport(tx, "recorder", event);
        await publish(meterRead, { meter_id: "m", reading: 1, faults: 0 });
      }),
    ],
  });

const statementsAlone = () =>
  defineConsumer({
    subscriber: "recorder",
    handlers: [
      onSql(partChecked, ({ event }) => [
        sql`INSERT INTO effects (subscriber, event_id) VALUES ('recorder', ${event.id})`,
      ]),
    ],
  });

const setBased = () =>
  defineConsumer({
    subscriber: "recorder",
    handlers: [
      onBatch(partChecked, async (deliveries, { tx }) => {
        const ids = JSON.stringify(deliveries.map(({ event }) => event.id));
        await tx.execute(
          sql`INSERT INTO effects (subscriber, event_id) SELECT 'recorder', jsonb_array_elements_text(${ids}::jsonb)`,
        );
      }),
    ],
  });

/** Counted, with the group made and everything read. */
async function open(consumers: readonly Consumer[]): Promise<{ meter: Meter; backbone: Backbone }> {
  const meter = await createMeter();
  const backbone = await openBackbone({ env: meter.env });
  await publishReports(backbone, 1);
  await wake(backbone, consumers);
  return { meter, backbone };
}

/** What a request starts behind its commit: the relay, and the consumers that it wakes. */
async function wake(backbone: Backbone, consumers: readonly Consumer[]): Promise<void> {
  const woken: Promise<void>[] = [];
  await relayAll(invoke(backbone, consumers), soon(), (types) =>
    woken.push(drainAll(invoke(backbone, consumers), soon(), types)),
  );
  await Promise.all(woken);
}

const nothing = async () => undefined;

test("publishing in a transaction", async () => {
  const { meter, backbone } = await open([]);
  const report = { part: "db", status: "1" };
  const cost = await meter.costOf(nothing, () =>
    backbone.publish({ source: "round_trips" }, async (publish) => void (await publish(partChecked, report))),
  );
  expect(shown("publish", cost)).toEqual(pathCosts.publish);
});

test.each([
  ["ingest", 1],
  ["ingestOfMany", requestsTogether],
] as const)("events that come in by requests of their own: %s, requests: %d", async (name, requests) => {
  const { meter, backbone } = await open([]);
  const input = { type: partChecked.type, source: "round_trips", payload: { part: "db", status: "1" } };
  const context = { correlationId: null, actorId: null, waitUntil: () => undefined };
  const cost = await meter.costOf(nothing, () =>
    Promise.all(Array.from({ length: requests }, () => ingest(backbone.open(), [input], context))),
  );
  expect(shown(name, cost)).toEqual(pathCosts[name]);
});

test("from a request to the effect", async () => {
  const consumers = [oneStatement()];
  const { meter, backbone } = await open(consumers);
  const input = { type: partChecked.type, source: "round_trips", payload: { part: "db", status: "1" } };
  const context = { correlationId: null, actorId: null, waitUntil: () => undefined };
  const cost = await meter.costOf(nothing, async () => {
    await ingest(backbone.open(), [input], context);
    await wake(backbone, consumers);
  });
  expect(shown("ingestToEffect", cost)).toEqual(pathCosts.ingestToEffect);
});

test("from a transaction of a request to the effect", async () => {
  const consumers = [oneStatement()];
  const { meter, backbone } = await open(consumers);
  const report = { part: "db", status: "1" };
  const cost = await meter.costOf(nothing, async () => {
    const invocation = backbone.open();
    await transactAndPublish(
      invocation.db,
      invocation.publish,
      { source: "round_trips" },
      async (_tx, publish) => void (await publish(partChecked, report)),
      (events) => beginRecording(invocation, events),
    );
    await wake(backbone, consumers);
  });
  expect(shown("transactToEffect", cost)).toEqual(pathCosts.transactToEffect);
});

test("from one tenant's request to the effect: no call more, two statements that enter and leave its role", async () => {
  const consumers = [oneStatement()];
  const { meter, backbone } = await open(consumers);
  const input = { type: partChecked.type, source: "round_trips", payload: { part: "db", status: "1" } };
  const context = { correlationId: null, actorId: null, tenantId: "t1", waitUntil: () => undefined };
  const cost = await meter.costOf(nothing, async () => {
    const invocation = backbone.open();
    await ingest({ ...invocation, db: invocation.db.ofTenant("t1") }, [input], context);
    await wake(backbone, consumers);
  });
  const { statements } = pathCosts.ingestToEffect;
  expect(cost).toEqual({ ...pathCosts.ingestToEffect, statements: statements + 2 });
});

test.each([
  ["relay", 1],
  ["relayOfMany", eventsTogether],
] as const)("relaying a batch: %s, events: %d", async (name, events) => {
  const { meter, backbone } = await open([]);
  const cost = await meter.costOf(
    () => publishReports(backbone, events),
    () => wake(backbone, []),
  );
  expect(shown(name, cost)).toEqual(pathCosts[name]);
});

test("in a steady flow each further event is sent by one request to Postgres and one to Redis", async () => {
  const { meter, backbone } = await open([]);
  await publishReports(backbone, 1);
  const invocation = backbone.open();
  let further = 2;
  const rest = async () => {
    further -= 1;
    if (further >= 0) await publishReports(backbone, 1);
  };
  const deps = { ...invocation, settings: invocation.relay };
  const calls = await meter.callsOf(() => relay(deps, { shard: 0, mayGoOn: () => true, rest }));
  const ofRelay = calls.flatMap(({ to, what }) =>
    to === "redis" ? ["append"] : (/relay_\w+/.exec(what) ?? []),
  );
  const eachFurther = ["append", "relay_go_on_in_hand"];
  expect(ofRelay).toEqual([
    "relay_begin_in_hand",
    "append",
    "relay_go_on_in_hand",
    ...eachFurther,
    ...eachFurther,
  ]);
});

test.each([
  ["effectOfOneStatement", 1, oneStatement],
  ["effectThatPublishes", 1, publishing],
  ["effectOfStatements", 1, statementsAlone],
  ["effectOfSet", 1, setBased],
  ["effectOfManyEvents", eventsTogether, setBased],
] as const)("from commit to effect: %s, events: %d", async (name, events, make) => {
  const consumers = [make()];
  const { meter, backbone } = await open(consumers);
  const cost = await meter.costOf(
    () => publishReports(backbone, events),
    () => wake(backbone, consumers),
  );
  expect(shown(name, cost)).toEqual(pathCosts[name]);
});

test("a retry", async () => {
  const failing = { now: false };
  const consumers = [oneStatement(failing)];
  const { meter, backbone } = await open(consumers);
  const fail = async () => {
    failing.now = true;
    await publishReports(backbone, 1);
    await backbone.relay();
    for (const consumer of consumers) await backbone.drain(consumer);
    failing.now = false;
  };
  const cost = await meter.costOf(fail, () => drainAll(invoke(backbone, consumers), soon(), null));
  expect(shown("retry", cost)).toEqual(pathCosts.retry);
});

test("a redrive", async () => {
  const failing = { now: false };
  const consumers = [oneStatement(failing)];
  const { meter, backbone } = await open(consumers);
  const bury = async () => {
    failing.now = true;
    await publishReports(backbone, 1);
    await wake(backbone, consumers);
    failing.now = false;
  };
  let id = "";
  const buryAndFind = async () => {
    await bury();
    id = (await backbone.sql<{ id: string }>("SELECT max(id)::text AS id FROM dead_letters"))[0]?.id ?? "";
  };
  const cost = await meter.costOf(buryAndFind, async () => {
    await redriveLetter(invoke(backbone, consumers), id, null, null, {
      actorId: "operator-1",
      requestId: null,
    });
    await drainAll(invoke(backbone, consumers), soon(), null);
  });
  expect(shown("redrive", cost)).toEqual(pathCosts.redrive);
});

test.each([
  ["idle", ["recorder"]],
  ["idleOfTwo", ["recorder", "second"]],
] as const)("a cron tick with nothing to do: %s", async (name, subscribers) => {
  const consumers = subscribers.map((subscriber) => oneStatement({ now: false }, subscriber));
  const { meter, backbone } = await open(consumers);
  const tick = () => cronTick(invoke(backbone, consumers, { relaySweepMs: 3_600_000 }), soon());
  // As long as events were recorded lately, cron looks at Postgres, too.
  const forget = async () => {
    await tick();
    await backbone.redis("DEL", backbone.open().keys.relayActive());
  };
  const cost = await meter.costOf(forget, tick);
  expect(shown(name, cost)).toEqual(pathCosts[name]);
});
