import { expect, test } from "vitest";
import { on, onSql, type Subscription } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { signalDeferred } from "../../../src/engine/consume/lease/deferred-signal.ts";
import { ConflictError } from "../../../src/engine/core/errors.ts";
import type { Database } from "../../../src/engine/db/database.ts";
import type { Publish, PublishContext } from "../../../src/engine/publish/publish.ts";
import { transactAndPublish } from "../../../src/engine/publish/publish.ts";
import { insertEventsSql } from "../../../src/engine/publish/record.ts";
import { beginRecording } from "../../../src/engine/relay/recording.ts";
import type { Backbone } from "../../backbone.ts";
import { recorded } from "../../recorded.ts";
import { meterRead, noticeGiven, partChecked } from "../events.ts";
import { deadLetters, effects, openBackbone, publishReports, recordReport } from "../fixture.ts";

/*
 * An id that is given to `publish` makes the same event again one event. Another event under it (of another tenant or type,
 * or with another payload) would be recorded by nobody: its publisher is told, and its transaction fails.
 */

const first = { part: "db", status: "1" };
const reading = { meter_id: "m", reading: 1, faults: 0 };

interface Told {
  readonly context?: Partial<PublishContext>;
  readonly db?: Database;
}

/** The two ways in which transactions record events. */
const ways = ["alone", "with the relay's next batch"] as const;

async function transact(
  backbone: Backbone,
  way: (typeof ways)[number],
  run: (publish: Publish) => Promise<unknown>,
  { context = {}, db = backbone.open().db }: Told = {},
): Promise<unknown> {
  const invocation = backbone.open();
  return transactAndPublish(
    db,
    invocation.publish,
    { source: "lab", ...context },
    async (tx, publish) => {
      await tx.execute("INSERT INTO effects (subscriber) VALUES ('lab')");
      return run(publish);
    },
    way === "alone" ? undefined : (events) => beginRecording({ ...invocation, db }, events),
  ).catch((error: unknown) => error);
}

const record = (backbone: Backbone) =>
  backbone.sql("SELECT type, tenant_id, payload FROM events ORDER BY position");

test.each(ways)("another event under an id that is recorded fails its transaction: %s", async (way) => {
  const backbone = await openBackbone();
  const id = crypto.randomUUID();
  const context = { tenant_id: "acme" };
  await transact(backbone, way, (publish) => publish(partChecked, first, { id }), { context });
  const others: readonly [string, (publish: Publish) => Promise<unknown>][] = [
    ["payload", (publish) => publish(partChecked, { ...first, status: "2" }, { id })],
    ["type", (publish) => publish(noticeGiven, { message: "" }, { id })],
    ["tenant", (publish) => publish(partChecked, first, { id, tenant_id: "bolt" })],
    ["no tenant", (publish) => publish(partChecked, first, { id, tenant_id: null })],
    [
      "beside one that is new",
      async (publish) => {
        await publish(meterRead, reading);
        await publish(partChecked, { ...first, status: "2" }, { id });
      },
    ],
  ];
  for (const [what, run] of others) {
    const outcome = await transact(backbone, way, run, { context });
    expect(outcome, what).toBeInstanceOf(ConflictError);
    expect(outcome, what).toMatchObject({
      message: expect.stringContaining(id),
      issues: [{ path: "id", message: "is taken by another event" }],
    });
  }
  expect(await record(backbone)).toEqual([{ type: "lab.part.checked", tenant_id: "acme", payload: first }]);
  // Of each that failed, nothing is left.
  expect(await effects(backbone)).toHaveLength(1);
});

test.each(ways)("the same event again is one event: %s", async (way) => {
  const backbone = await openBackbone();
  const id = crypto.randomUUID();
  const again = (publish: Publish) => publish(partChecked, first, { id });
  await transact(backbone, way, again);
  const twice = async (publish: Publish) => {
    await again(publish);
    await publish(partChecked, { status: "1", part: "db" }, { id: id.toUpperCase() });
    await publish(meterRead, reading);
  };
  expect(await transact(backbone, way, twice)).toBeUndefined();
  expect(await record(backbone)).toHaveLength(2);
  expect(await effects(backbone)).toHaveLength(2);
});

test("control: recorded as what other programs hand in is, the other event vanishes and nobody is told", async () => {
  const backbone = await openBackbone();
  const { db, publish: settings } = backbone.open();
  const id = crypto.randomUUID();
  for (const status of ["1", "2"]) {
    await transactAndPublish(
      db,
      settings,
      { source: "lab" },
      (_tx, publish) => publish(partChecked, { part: "db", status }, { id }),
      (events) => ({ statements: [insertEventsSql(events)] }),
    );
  }
  expect(await record(backbone)).toHaveLength(1);
});

test("of two in one transaction neither is recorded", async () => {
  const backbone = await openBackbone();
  const id = crypto.randomUUID();
  const both = async (publish: Publish) => {
    await publish(partChecked, first, { id });
    await publish(partChecked, { ...first, status: "2" }, { id });
  };
  expect(await transact(backbone, "alone", both)).toBeInstanceOf(ConflictError);
  expect(await record(backbone)).toEqual([]);
});

test.each(ways)("in the database of a tenant, which does not see whose the id is: %s", async (way) => {
  const backbone = await openBackbone();
  const { db } = backbone.open();
  const id = crypto.randomUUID();
  const of = (tenant_id: string) => ({ context: { tenant_id }, db: db.ofTenant(tenant_id) });
  const say = (publish: Publish) => publish(partChecked, first, { id });
  // The tables of tests are not a tenant's.
  await backbone.sql("GRANT INSERT ON effects TO brain_tenant");
  expect(await transact(backbone, way, say, of("acme"))).toMatchObject({ id });
  expect(await transact(backbone, way, say, of("acme"))).toMatchObject({ id });
  expect(await transact(backbone, way, say, of("bolt"))).toBeInstanceOf(ConflictError);
  expect(await record(backbone)).toHaveLength(1);
});

/** Both derive the id from what they are about, and say different things. */
const handlers: readonly (readonly [kind: string, handler: (id: string) => Subscription])[] = [
  [
    "with a transaction",
    (id) =>
      on(partChecked, async (event, { tx, publish }) => {
        await publish(meterRead, { ...reading, reading: Number(event.payload.status) }, { id });
        await recordReport(tx, "recorder", event);
      }),
  ],
  [
    "by statements",
    (id) =>
      onSql(partChecked, async ({ event, publish }) => {
        await publish(meterRead, { ...reading, reading: Number(event.payload.status) }, { id });
        return [];
      }),
  ],
];

test.each(handlers)(
  "a handler that publishes one is a dead letter, and the others go on: %s",
  async (_kind, handler) => {
    const backbone = await openBackbone();
    const id = crypto.randomUUID();
    const [kept, refused] = await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.drain(defineConsumer({ subscriber: "recorder", startAt: "0", handlers: [handler(id)] }));
    const letters = await deadLetters(backbone);
    expect(letters).toMatchObject([
      { event_id: refused, reason: "permanent_error", error_class: "ConflictError" },
    ]);
    expect(letters[0]?.error_message).toContain(id);
    const said = await backbone.sql("SELECT payload, causation_id FROM events WHERE type = 'lab.meter.read'");
    expect(said).toEqual([{ payload: { ...reading, reading: 0 }, causation_id: kept }]);
  },
);

test("a forced replay says once more what it said: what stands first stays, also when it would say it differently now", async () => {
  const backbone = await openBackbone();
  const id = crypto.randomUUID();
  let type: "the same" | "another" = "the same";
  let said = 0;
  const consumer = defineConsumer({
    subscriber: "recorder",
    startAt: "0",
    handlers: [
      on(partChecked, async (event, { tx, publish }) => {
        said += 1;
        if (type === "the same") await publish(meterRead, { ...reading, reading: said }, { id });
        else await publish(noticeGiven, { message: "" }, { id });
        await recordReport(tx, "recorder", event);
      }),
    ],
  });
  await publishReports(backbone, 1);
  await backbone.relay();
  await backbone.drain(consumer);
  const replay = async (generation: number) => {
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, cause,
         replay_epoch)
       SELECT 'recorder', 0, $1, stream_message_id, id::text, type, 'replay', $2 FROM ${recorded}
       WHERE type = 'lab.part.checked'`,
      [backbone.stream, generation],
    );
    const { databases, keys } = backbone.open();
    await signalDeferred({ databases, keys }, [consumer.group], 1);
    await backbone.drain(consumer);
  };
  await replay(1);
  expect(await deadLetters(backbone)).toEqual([]);
  expect(await effects(backbone)).toHaveLength(2);
  const stands = { type: "lab.meter.read", tenant_id: null, payload: { ...reading, reading: 1 } };
  expect((await record(backbone)).slice(1)).toEqual([stands]);
  // What is no other wording, but another event, is refused in a replay, too.
  type = "another";
  await replay(2);
  expect(await deadLetters(backbone)).toMatchObject([{ error_class: "ConflictError" }]);
  expect((await record(backbone)).slice(1)).toEqual([stands]);
});
