import { expect, test } from "vitest";
import { on } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { drainAll } from "../../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../../src/engine/dispatch/relay-shards.ts";
import { ingest } from "../../../../src/engine/events/ingest.ts";
import type { StreamInvocation } from "../../../../src/engine/invocation.ts";
import type { Backbone } from "../../../backbone.ts";
import { invoke, soon } from "../../dispatch/fixture.ts";
import { meterRead, partChecked } from "../../events.ts";
import { deadLetters, openBackbone, publishReports, streamEntries } from "../../fixture.ts";

/*
 * Of several events with one id the record keeps the first. The isolate that recorded them has all of them in its hand, and
 * what it sends must be the one of the record: the others were refused.
 */

/** With a relay that has run before: the first one of a system makes its row. */
async function openSystem(): Promise<{ readonly backbone: Backbone; readonly isolate: StreamInvocation }> {
  const backbone = await openBackbone();
  await publishReports(backbone, 1);
  await backbone.relay();
  return { backbone, isolate: { ...backbone.open(), scope: crypto.randomUUID() } };
}

const event = (id: string, status: string) => ({
  id,
  type: "lab.part.checked",
  source: "lab",
  payload: { part: "db", status },
});
const nobody = { correlationId: null, actorId: null };

/** What the record and the stream say of that id, once all is relayed. */
async function toldOf(backbone: Backbone, isolate: StreamInvocation, id: string): Promise<unknown> {
  await relayAll(isolate, soon(), () => undefined);
  const record = await backbone.sql<{ payload: unknown }>("SELECT payload FROM events WHERE id = $1", [id]);
  const sent = (await streamEntries(backbone)).filter(({ fields }) => fields.id === id.toLowerCase());
  return {
    record: record.map(({ payload }) => payload),
    stream: sent.map(({ fields }) => JSON.parse(fields.payload ?? "null")),
  };
}

const first = { record: [{ part: "db", status: "1" }], stream: [{ part: "db", status: "1" }] };

test("in one batch", async () => {
  const { backbone, isolate } = await openSystem();
  const id = crypto.randomUUID();
  const results = await ingest(isolate, [event(id, "1"), event(id, "2")], nobody);
  expect(results.map(({ status }) => status)).toEqual(["accepted", "rejected"]);
  expect(await toldOf(backbone, isolate, id)).toEqual(first);
});

test("in one batch, written with other letters", async () => {
  const { backbone, isolate } = await openSystem();
  const id = crypto.randomUUID();
  const results = await ingest(isolate, [event(id.toUpperCase(), "1"), event(id, "2")], nobody);
  expect(results.map(({ status }) => status)).toEqual(["accepted", "rejected"]);
  expect(await toldOf(backbone, isolate, id)).toEqual(first);
});

test("of two callers at the same time", async () => {
  const { backbone, isolate } = await openSystem();
  const id = crypto.randomUUID();
  const call = (one: unknown) => ingest(isolate, [one], { ...nobody, waitUntil: () => undefined });
  // The first one leads; the two behind it share the next statement.
  const results = await Promise.all([
    call(event(crypto.randomUUID(), "0")),
    call(event(id, "1")),
    call(event(id, "2")),
  ]);
  expect(results.map(([one]) => one?.status)).toEqual(["accepted", "accepted", "rejected"]);
  expect(await toldOf(backbone, isolate, id)).toEqual(first);
});

test("by the handlers of two events, under an id that both derive from what they are about", async () => {
  const backbone = await openBackbone();
  const id = crypto.randomUUID();
  const consumers = [
    defineConsumer({
      subscriber: "recorder",
      handlers: [
        on(partChecked, async ({ payload }, { publish }) => {
          await publish(meterRead, { meter_id: "m", reading: Number(payload.status), faults: 0 }, { id });
        }),
      ],
    }),
  ];
  await publishReports(backbone, 2);
  await backbone.relay();
  const isolate = invoke(backbone, consumers, { scope: crypto.randomUUID() });
  await drainAll(isolate, soon(), null);
  const read = { meter_id: "m", reading: 0, faults: 0 };
  expect(await toldOf(backbone, isolate, id)).toEqual({ record: [read], stream: [read] });
  // The second one was refused, and its handler knows.
  expect(await deadLetters(backbone)).toMatchObject([{ error_class: "ConflictError" }]);
});
