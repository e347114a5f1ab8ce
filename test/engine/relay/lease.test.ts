import { compareMessageIds, parseMessageId } from "@brain/schemas";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import type { RelayResult } from "../../../src/engine/relay/relay.ts";
import { createRedis } from "../../../src/engine/stream/redis.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase, type RedisRequest, sends, startFaultyRedis } from "../../faults.ts";
import { recorded } from "../../recorded.ts";
import {
  endRelayLease,
  eventIds,
  openBackbone,
  openFaultyBackbone,
  publishReports,
  relayWith,
  streamEntries,
  unsent,
} from "../fixture.ts";

const appends = sends("XADD");

/** A relay with a way to Redis of its own, so that the test can hold its nth append up while others go on. */
async function startHeldRelay(
  backbone: Backbone,
  nth = 1,
): Promise<{ held: Promise<void>; release(): void; result: Promise<RelayResult | Error> }> {
  const { url, token } = inject("services").upstash;
  const redis = await startFaultyRedis(url);
  onTestFinished(() => redis.close());
  let seen = 0;
  const isNth = (request: RedisRequest) => {
    if (appends(request)) seen += 1;
    return seen === nth;
  };
  const injection = redis.inject({ kind: "hold" }, { when: isNth, times: 1 });
  const client = createRedis({ url: redis.url, token, timeoutMs: 20_000 });
  const result = relayWith(backbone, () => ({ redis: client })).catch((error: Error) => error);
  return { held: injection.hit, release: injection.release, result };
}

describe("a relay that lost its lease", () => {
  test("and appends late neither doubles nor inverts anything", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    const stale = await startHeldRelay(backbone);
    await stale.held;
    await endRelayLease(backbone);
    expect(await backbone.relay()).toMatchObject({ sent: 3, repeated: 0 });
    ids.push(...(await publishReports(backbone, 3)));
    expect(await backbone.relay()).toMatchObject({ sent: 3 });
    stale.release();
    // Redis has a greater number by now, and the record says that the batch is done.
    expect(await stale.result).toMatchObject({ sent: 0, repeated: 0, more: false });
    expect(backbone.logs.filter((line) => line.includes("set back"))).toEqual([]);
    expect(await eventIds(backbone)).toEqual(ids);
    const stored = await backbone.sql<{ id: string }>(
      `SELECT stream_message_id AS id FROM ${recorded} ORDER BY position`,
    );
    expect(stored.map((row) => row.id)).toEqual((await streamEntries(backbone)).map((entry) => entry.id));
  });

  test("and appends first leaves nothing to send, only to mark", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    const stale = await startHeldRelay(backbone);
    await stale.held;
    await endRelayLease(backbone);
    const successor = await startHeldRelay(backbone);
    await successor.held;
    stale.release();
    expect(await stale.result).toMatchObject({ sent: 3 });
    successor.release();
    expect(await successor.result).toMatchObject({ sent: 3, repeated: 1 });
    expect(await eventIds(backbone)).toEqual(ids);
    expect(await unsent(backbone)).toBe(0);
  });

  test("appends nothing when another writer was faster than both", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    const stale = await startHeldRelay(backbone);
    await stale.held;
    await endRelayLease(backbone);
    await backbone.redis("XADD", backbone.stream, `${Date.now() + 60_000}-0`, "type", "foreign");
    expect(await backbone.relay()).toMatchObject({ sent: 3, repeated: 0 });
    stale.release();
    // The last batch is the one that it sends, so it hears where that stands.
    expect(await stale.result).toMatchObject({ sent: 3, repeated: 1 });
    expect((await eventIds(backbone)).slice(1)).toEqual(ids);
    const order = (await streamEntries(backbone)).map((entry) => parseMessageId(entry.id));
    expect(order).toEqual([...order].sort(compareMessageIds));
  });

  test("does not send again what its successor is about to, when the reply to it was lost", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 3);
    const lost = redis.inject({ kind: "drop-reply" }, { when: appends, times: 1 });
    const renewals: string[] = [];
    const stale = await relayWith(backbone, ({ db }) => ({
      db: hookDatabase(db, {
        statements: async (text, run) => {
          // The statement between two tries: the lease is another one's by now.
          if (!/^UPDATE relay_shards r? ?SET lease_until/.test(text.trim())) return run();
          renewals.push(text);
          await backbone.sql("UPDATE relay_shards SET lease_token = gen_random_uuid()");
          return run();
        },
      }),
    }));
    expect(lost.hits).toBe(1);
    expect(renewals).toHaveLength(1);
    expect(stale).toMatchObject({ sent: 0, busy: null });
    expect(redis.requests.filter(appends)).toHaveLength(1);
  });

  test("does not give up the batch that its successor restores after a loss of Redis", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    ids.push(...(await publishReports(backbone, 2)));
    const stale = await startHeldRelay(backbone);
    await stale.held;
    await backbone.redis("DEL", backbone.stream);
    await endRelayLease(backbone);
    // Its first append finds the loss; the second, with everything restored, is held.
    const successor = await startHeldRelay(backbone, 2);
    await successor.held;
    stale.release();
    await stale.result;
    successor.release();
    await successor.result;
    await endRelayLease(backbone);
    await backbone.relay();
    expect([...new Set(await eventIds(backbone))].sort()).toEqual([...ids].sort());
    expect(await eventIds(backbone)).toHaveLength(4);
    expect(await unsent(backbone)).toBe(0);
  });
});
