import { sql } from "drizzle-orm";
import { describe, expect, onTestFinished, test } from "vitest";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { createDatabase } from "../../../src/engine/db/database.ts";
import { drainOnce } from "../../../src/engine/dispatch/drain-once.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { type Backbone, testApiKey } from "../../backbone.ts";
import { startCuttableProxy } from "../../faults.ts";
import { latch } from "../../latch.ts";
import { recorded } from "../../recorded.ts";
import { meterRead, noticeGiven, partChecked } from "../events.ts";
import {
  deadLetters,
  effects,
  openBackbone,
  openFaultyBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recordBeat,
  recorder,
  recordReport,
} from "../fixture.ts";
import { health, idsOf, invoke, otherIsolate, soon } from "./fixture.ts";

const subscribersOf = async (backbone: Backbone) => (await effects(backbone)).map((row) => row.subscriber);

describe("what handlers publish", () => {
  const chain = [
    defineConsumer({
      subscriber: "first",
      handlers: [
        on(meterRead, async (event, { tx, publish }) => {
          await recordBeat(tx, "first", event);
          await publish(partChecked, { part: "db", status: "1" });
        }),
      ],
    }),
    defineConsumer({
      subscriber: "second",
      handlers: [
        on(partChecked, async (event, { tx, publish }) => {
          await recordReport(tx, "second", event);
          await publish(noticeGiven, { message: "soon" });
        }),
      ],
    }),
    defineConsumer({
      subscriber: "third",
      handlers: [
        on(noticeGiven, async (event, { tx }) => {
          await tx.execute(sql`INSERT INTO effects (subscriber, event_id) VALUES ('third', ${event.id})`);
        }),
      ],
    }),
  ];

  test("is relayed and drained until a chain of three consumers has settled, in one call", async () => {
    const backbone = await openBackbone();
    await publishBeats(backbone, [["a", 1]]);
    await backbone.relay();
    const handedOn: string[] = [];
    await drainAll(invoke(backbone, chain), soon(), [{ shard: 0, types: ["lab.meter.read"] }], () =>
      handedOn.push("on"),
    );
    expect(await subscribersOf(backbone)).toEqual(["first", "second", "third"]);
    expect(await backbone.sql(`SELECT id FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
    expect(handedOn).toEqual([]);
  });

  test("stays in the record when nobody relays it", async () => {
    const backbone = await openBackbone();
    await publishBeats(backbone, [["a", 1]]);
    await backbone.relay();
    const [first] = chain;
    if (first === undefined) throw new Error("the chain has no first consumer");
    expect(await drainOnce(invoke(backbone, chain), first, { shard: 0, deadlineMs: soon() })).toMatchObject({
      applied: 1,
    });
    expect(await subscribersOf(backbone)).toEqual(["first"]);
    expect(await backbone.sql(`SELECT type FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([
      { type: "lab.part.checked" },
    ]);
  });
});

test("only the consumers that want one of the types are asked; null asks everybody", async () => {
  const { backbone, redis } = await openFaultyBackbone();
  const deaf = defineConsumer({
    subscriber: "deaf",
    handlers: [on(noticeGiven, async () => undefined)],
  });
  const consumers = [recorder(), deaf];
  const ids = await publishReports(backbone, 2);
  await backbone.relay();
  const mentionsDeaf = () => redis.requests.flat(2).some((word) => word.includes("edge_deaf"));
  await drainAll(invoke(backbone, consumers), soon(), health);
  expect(await idsOf(backbone)).toEqual(ids);
  expect(mentionsDeaf()).toBe(false);
  await drainAll(invoke(backbone, consumers), soon(), null);
  expect(mentionsDeaf()).toBe(true);
});

describe("a service that fails and comes back", () => {
  test("Redis is tried again within the deadline, and everything is relayed and applied", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 3);
    const relayFault = redis.inject({ kind: "refuse" }, { times: 1 });
    const woken: unknown[] = [];
    await relayAll(backbone.open(), soon(), (types) => woken.push(types));
    expect([relayFault.hits, woken]).toEqual([1, [health]]);
    const drainFault = redis.inject({ kind: "error-500" }, { times: 2 });
    await drainAll(invoke(backbone, [recorder()]), soon(), health);
    expect(drainFault.hits).toBe(2);
    expect(await idsOf(backbone)).toEqual(ids);
  });

  test("a drain that Postgres ended early is tried again too", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    const consumer = recorder();
    await drainOnce(invoke(backbone, [consumer]), consumer, { shard: 0, deadlineMs: 0 });
    const url = new URL(backbone.sandbox.neonUrl);
    const proxy = await startCuttableProxy(Number(url.port));
    onTestFinished(() => proxy.close());
    url.port = String(proxy.port);
    const ended = latch();
    const log = { ...backbone.system.log, error: ended.open };
    const db = createDatabase(url.href);
    proxy.cut();
    const draining = drainAll(
      invoke(backbone, [consumer], { db, log: { ...log, child: () => log } }),
      soon(),
      health,
    );
    await ended.opened;
    expect(await effects(backbone)).toEqual([]);
    proxy.restore();
    await draining;
    expect(await idsOf(backbone)).toEqual(ids);
    expect(await deadLetters(backbone)).toEqual([]);
  });

  test("is logged without secrets and never thrown, though a drain by itself throws", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = recorder();
    const handedOn: string[] = [];
    await publishReports(backbone, 1);
    redis.inject({ kind: "refuse" });
    await expect(
      drainOnce(invoke(backbone, [consumer]), consumer, { shard: 0, deadlineMs: soon() }),
    ).rejects.toBeInstanceOf(TransientError);
    await drainAll(invoke(backbone, [consumer]), soon(800), null, () => handedOn.push("drain"));
    await relayAll(backbone.open(), soon(800), () => handedOn.push("relay"));
    const errors = backbone.logs.filter((line) => line.includes('"level":"error"')).join("\n");
    expect(errors).toContain("The drain of recorder on shard 0 failed: ");
    expect(errors).toContain("The relay of shard 0 failed: ");
    const { token } = backbone.sandbox.upstash;
    expect(token.length).toBeGreaterThan(8);
    for (const secret of [token, testApiKey, backbone.sandbox.neonUrl]) expect(errors).not.toContain(secret);
    expect(errors).not.toContain("postgres://");
    // A drain leaves its entries pending, where cron sees them; what was never sent is seen by nobody else.
    expect(handedOn).toEqual(["relay"]);
    redis.heal();
    await relayAll(backbone.open(), soon(), () => undefined);
    await drainAll(invoke(backbone, [consumer]), soon(), null);
    expect(await effects(backbone)).toHaveLength(2);
  });
});

describe("a lease that somebody holds", () => {
  const aDayMs = 86_400_000;
  const slow = recorder({ retry: { baseMs: aDayMs, capMs: aDayMs } });

  /** What a killed drainer leaves: entries read and not acked, its lease, and the note that it did not let go. */
  async function leaveBehind(backbone: Backbone, leaseMs: number, letGo: boolean) {
    const { keys } = backbone.open();
    await backbone.redis("XGROUP", "CREATE", backbone.stream, slow.group, "0");
    const read = ["GROUP", slow.group, slow.subscriber, "COUNT", "10", "STREAMS", backbone.stream, ">"];
    await backbone.redis("XREADGROUP", ...read);
    await backbone.redis("SET", keys.lease(slow.group, 0), "vanished", "PX", String(leaseMs));
    if (!letGo) await backbone.redis("SET", keys.holder(slow.group, 0), "vanished");
  }

  test("is waited for by the first trigger, which takes over from the vanished holder; others return at once", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    await leaveBehind(backbone, 1_500, false);
    const { keys } = backbone.open();
    const first = drainAll(invoke(backbone, [slow], otherIsolate()), soon(), health);
    await expect.poll(() => backbone.redis("EXISTS", keys.mark(slow.group, 0))).toBe(1);
    await Promise.all(
      [1, 2, 3].map(() => drainAll(invoke(backbone, [slow], otherIsolate()), soon(), health)),
    );
    expect(await backbone.redis("GET", keys.lease(slow.group, 0))).toBe("vanished");
    expect(await effects(backbone)).toEqual([]);
    await first;
    expect(await idsOf(backbone)).toEqual(ids);
    expect(await pendingOf(backbone, slow)).toEqual([]);
  });

  test("that its holder gave back leaves its entries to the backoff", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 3);
    await backbone.relay();
    await leaveBehind(backbone, 500, true);
    await drainAll(invoke(backbone, [slow]), soon(3_000), health);
    expect(await effects(backbone)).toEqual([]);
    expect(await pendingOf(backbone, slow)).toHaveLength(3);
  });

  test("beyond the deadline is not waited for", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 3);
    await backbone.relay();
    await leaveBehind(backbone, 60_000, false);
    await drainAll(invoke(backbone, [slow]), soon(), health);
    expect(await effects(backbone)).toEqual([]);
  });
});
