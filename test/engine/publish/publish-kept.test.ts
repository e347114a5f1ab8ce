import { agentMessage, charter } from "@brain/schemas";
import { expect, test } from "vitest";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { transactAndPublish } from "../../../src/engine/publish/publish.ts";
import { beginRecording } from "../../../src/engine/relay/recording.ts";
import { invoke, soon } from "../dispatch/fixture.ts";
import { meterRead, partChecked } from "../events.ts";
import { openBackbone, publishReports, streamEntries } from "../fixture.ts";

/* What was checked is what is recorded, and what is recorded is what is sent, whatever becomes of the objects. */

const between = { from: "a", to: "b" };

test("an object that goes into two events, and is changed between them, tells of both times", async () => {
  const backbone = await openBackbone({ catalog: charter });
  const { db, publish: settings } = backbone.open();
  await transactAndPublish(db, settings, { source: "agent-1" }, async (_tx, publish) => {
    const message: Record<string, number> = { step: 1 };
    await publish(agentMessage, { message, ...between });
    message.step = 2;
    await publish(agentMessage, { message, ...between });
  });
  const rows = await backbone.sql("SELECT payload -> 'message' AS message FROM events ORDER BY position");
  expect(rows).toEqual([{ message: { step: 1 } }, { message: { step: 2 } }]);
});

test("what is changed in the event that publish gave is not recorded: nobody has checked it", async () => {
  const backbone = await openBackbone();
  const { db, publish: settings } = backbone.open();
  await transactAndPublish(db, settings, { source: "lab" }, async (_tx, publish) => {
    const event = await publish(partChecked, { part: "db", status: "1" });
    Object.assign(event.payload, { password: "hunter2" });
    Object.assign(event.meta, { producer: "somebody else" });
  });
  const rows = await backbone.sql("SELECT payload, producer FROM events");
  expect(rows).toEqual([{ payload: { part: "db", status: "1" }, producer: "lab" }]);
});

test("nor, behind the commit, sent", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 1);
  const invocation = { ...backbone.open(), scope: crypto.randomUUID() };
  await relayAll(invocation, soon(), () => undefined);
  const transact = () =>
    transactAndPublish(
      invocation.db,
      invocation.publish,
      { source: "lab" },
      (_tx, publish) => publish(partChecked, { part: "db", status: "1" }),
      (events) => beginRecording(invocation, events),
    );
  // The first one rides; the second one is in the hand of the isolate alone.
  await transact();
  const event = await transact();
  Object.assign(event.payload, { status: "2" });
  await relayAll(invocation, soon(), () => undefined);
  const sent = (await streamEntries(backbone)).find(({ fields }) => fields.id === event.id);
  expect(JSON.parse(sent?.fields.payload ?? "null")).toEqual({ part: "db", status: "1" });
});

test("the same holds for what handlers publish", async () => {
  const backbone = await openBackbone();
  const consumers = [
    defineConsumer({
      subscriber: "recorder",
      handlers: [
        on(partChecked, async (_event, { publish }) => {
          const told = await publish(meterRead, { meter_id: "m", reading: 1, faults: 0 });
          Object.assign(told.payload, { reading: 2 });
        }),
      ],
    }),
  ];
  await publishReports(backbone, 1);
  await backbone.relay();
  await drainAll(invoke(backbone, consumers), soon(), null);
  const rows = await backbone.sql("SELECT payload FROM events WHERE type = 'lab.meter.read'");
  expect(rows).toEqual([{ payload: { meter_id: "m", reading: 1, faults: 0 } }]);
});
