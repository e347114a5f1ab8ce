import { describe, expect, test } from "vitest";
import { on, onBatch } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, TransientError } from "../../../../src/engine/core/errors.ts";
import { meterRead, partChecked, sampleTaken } from "../../events.ts";
import {
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  openBackbone,
  publishReports,
  recorder,
  streamEntries,
} from "../../fixture.ts";

describe("a new group begins", () => {
  test.each(["0", "$", "id"] as const)("where its consumer says: %s", async (start) => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    const entries = await streamEntries(backbone);
    const startAt = start === "id" ? (entries[1]?.id as `${number}-${number}`) : start;
    const consumer = recorder({ startAt });
    await backbone.drain(consumer);
    ids.push(...(await publishReports(backbone, 1)));
    await backbone.relay();
    await backbone.drain(consumer);
    const expected = { "0": ids, $: ids.slice(3), id: ids.slice(2) }[start];
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(expected);
  });

  test("before there is a stream, and misses nothing that comes", async () => {
    const backbone = await openBackbone();
    const consumer = recorder({ startAt: "$" });
    expect(await backbone.drain(consumer)).toMatchObject({ read: 0 });
    await publishReports(backbone, 2);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 2 });
  });
});

describe("a group that another program created, and that nothing was noted of", () => {
  test.each(["$", "0"] as const)("notes where it begins, started at %s", async (startAt) => {
    const backbone = await openBackbone();
    const consumer = recorder({ startAt });
    await publishReports(backbone, 2);
    await backbone.relay();
    const [, created] = await streamEntries(backbone);
    await backbone.redis("XGROUP", "CREATE", backbone.stream, consumer.group, "$");
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids);
    const noted = await backbone.sql("SELECT start_id, claims_id FROM consumer_shards");
    // Behind `claims_id` the janitor expects a claim of each event.
    const expected =
      startAt === "$" ? { start_id: created?.id, claims_id: created?.id } : { start_id: "0-0" };
    expect(noted).toEqual([expect.objectContaining(expected)]);
  });
});

describe("a group that vanished", () => {
  test.each(["0", "$"] as const)("is created again and repeats no effect, started at %s", async (startAt) => {
    const backbone = await openBackbone();
    const consumer = recorder({ startAt });
    await backbone.drain(consumer);
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.drain(consumer);
    await backbone.redis("XGROUP", "DESTROY", backbone.stream, consumer.group);
    // Published while there was no group: nobody may miss it.
    ids.push(...(await publishReports(backbone, 2)));
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 2 });
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids);
  });

  test("with the whole stream is created again, and new events flow", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.drain(consumer);
    await backbone.redis("DEL", backbone.stream);
    expect(await backbone.drain(consumer)).toMatchObject({ read: 0 });
    ids.push(...(await publishReports(backbone, 1)));
    await backbone.relay({ verify: true });
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids);
  });

  test("while its handlers run fails that drain only", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    let destroyed = false;
    const consumer = recorder({
      beforeReport: async ({ payload }) => {
        if (payload.status !== "1" || destroyed) return;
        destroyed = true;
        await backbone.redis("XGROUP", "DESTROY", backbone.stream, "edge_recorder");
        throw new TransientError("not now");
      },
    });
    await backbone.drain(consumer).catch(() => undefined);
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map((row) => row.event_id).sort()).toEqual([...ids].sort());
  });
});

describe("events that a handler publishes", () => {
  const cause = {
    source: "engine_test",
    tenant_id: "t1",
    correlation_id: "c1",
    mission_id: "m1",
    task_id: "k1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
  const sample_id = "0d4a7c52-3a43-4f0c-9b53-0a8d3f0b7c11";
  const recorded =
    "SELECT type, source, tenant_id, correlation_id, causation_id, mission_id, task_id, meta FROM events ORDER BY position";

  test("commit with its effects, caused by the event it handled", async () => {
    const backbone = await openBackbone();
    let started = 0;
    const consumer = defineConsumer({
      subscriber: "chain",
      source: "chain_service",
      publishesFor: "any_tenant",
      handlers: [
        on(sampleTaken, async (_event, { publish }) => {
          await publish(partChecked, { part: "one", status: "ok" });
          await publish(partChecked, { part: "two", status: "ok" }, { tenant_id: "t2" });
        }),
      ],
    });
    const event = await backbone.publish(cause, (publish) => publish(sampleTaken, { sample_id }));
    await backbone.relay();
    const result = await drainWith(backbone, consumer, () => ({
      onPublished: () => {
        started += 1;
      },
    }));
    expect(result.applied).toBe(1);
    expect(started).toBe(1);
    const inherited = {
      type: "lab.part.checked",
      source: "chain_service",
      tenant_id: "t1",
      correlation_id: "c1",
      causation_id: event.id,
      mission_id: "m1",
      task_id: "k1",
      meta: { causation_id: event.id, traceparent: cause.traceparent, producer: "chain_service" },
    };
    const [, ...caused] = await backbone.sql(recorded);
    expect(caused).toMatchObject([inherited, { ...inherited, tenant_id: "t2" }]);
    expect(await backbone.relay()).toMatchObject({ sent: 2 });
  });

  test("are published by a batch handler for the event that caused each", async () => {
    const backbone = await openBackbone();
    const consumer = defineConsumer({
      subscriber: "chain",
      handlers: [
        onBatch(meterRead, async (deliveries, { publishFrom }) => {
          for (const delivered of deliveries) {
            await publishFrom(delivered)(partChecked, {
              part: delivered.event.payload.meter_id,
              status: "ok",
            });
          }
        }),
      ],
    });
    const causes = await backbone.publish({ source: "engine_test" }, async (publish) => [
      await publish(meterRead, { meter_id: "a", reading: 1, faults: 0 }),
      await publish(meterRead, { meter_id: "b", reading: 1, faults: 0 }),
    ]);
    await backbone.relay();
    await backbone.drain(consumer);
    const rows = await backbone.sql(
      "SELECT causation_id, correlation_id FROM events WHERE type = 'lab.part.checked' ORDER BY position",
    );
    expect(rows).toEqual(causes.map(({ id }) => ({ causation_id: id, correlation_id: id })));
  });

  test("roll back with it, and are there once when a later try succeeds", async () => {
    const backbone = await openBackbone();
    const consumer = defineConsumer({
      subscriber: "chain",
      retry: { baseMs: 1, capMs: 1 },
      handlers: [
        on(sampleTaken, async (_event, { publish, attempt }) => {
          await publish(partChecked, { part: `try ${attempt}`, status: "ok" });
          if (attempt < 3) throw new TransientError("after the publish");
        }),
      ],
    });
    await backbone.publish(cause, (publish) => publish(sampleTaken, { sample_id }));
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    expect(await backbone.sql("SELECT payload FROM events WHERE type = 'lab.part.checked'")).toEqual([
      { payload: { part: "try 3", status: "ok" } },
    ]);
  });

  test("that are not acceptable make the event a dead letter, with nothing applied", async () => {
    const backbone = await openBackbone();
    const consumer = defineConsumer({
      subscriber: "chain",
      handlers: [
        on(sampleTaken, async (_event, { publish }) => {
          await publish(meterRead, { meter_id: "a", reading: -1, faults: 0 });
        }),
      ],
    });
    await backbone.publish(cause, (publish) => publish(sampleTaken, { sample_id }));
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 1 });
    expect(await deadLetters(backbone)).toMatchObject([
      { reason: "permanent_error", error_message: expect.stringContaining("payload.reading") },
    ]);
    expect(await backbone.sql("SELECT FROM processed_events")).toEqual([]);
  });
});

test("the key for external calls is the same over all tries, another for each label, event and subscriber", async () => {
  const backbone = await openBackbone();
  const keys: string[] = [];
  const keyed = (subscriber: string) =>
    defineConsumer({
      subscriber,
      retry: { baseMs: 1, capMs: 1 },
      handlers: [
        on(partChecked, async (_event, { idempotencyKey, attempt }) => {
          keys.push(await idempotencyKey("charge"), await idempotencyKey("mail"));
          if (attempt < 2) throw new TransientError("not yet");
        }),
        onBatch(meterRead, async (deliveries, { idempotencyKey }) => {
          for (const delivered of deliveries) keys.push(await idempotencyKey(delivered, "charge"));
          throw new PermanentError("enough");
        }),
      ],
    });
  await publishReports(backbone, 1);
  await backbone.relay();
  await drainUntilQuiet(backbone, keyed("first"));
  expect(keys).toHaveLength(4);
  expect(keys.slice(2)).toEqual(keys.slice(0, 2));
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  await drainUntilQuiet(backbone, keyed("second"));
  await publishReports(backbone, 1);
  await backbone.publish({ source: "engine_test" }, (publish) =>
    publish(meterRead, { meter_id: "a", reading: 1, faults: 0 }),
  );
  await backbone.relay();
  await drainUntilQuiet(backbone, keyed("first"));
  expect(new Set(keys).size).toBe(2 * 3 + 1);
});
