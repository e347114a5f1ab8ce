import { describe, expect, test } from "vitest";
import { latch } from "../../../latch.ts";
import { waitFor } from "../../../wait-for.ts";
import {
  createClock,
  drainUntilQuiet,
  drainWith,
  effects,
  endLease,
  openBackbone,
  openFaultyBackbone,
  publishBeats,
  publishReports,
  recorder,
  until,
} from "../../fixture.ts";

const consumer = recorder();

test("a look that fails behind the lease gives it back", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 2);
  await backbone.relay();
  const { keys } = backbone.open();
  const theirs = keys.breakers();
  await backbone.redis("SET", theirs, "of another program");
  await expect(backbone.drain(consumer)).rejects.toThrow(/WRONGTYPE/);
  expect(await backbone.redis("EXISTS", keys.lease(consumer.group, 0))).toBe(0);
  await backbone.redis("DEL", theirs);
  expect(await backbone.drain(consumer)).toMatchObject({ busy: null, applied: 2 });
});

describe("a drain that finds the lease taken", () => {
  test("leaves a mark and goes; the holder goes round again and handles what came meanwhile", async () => {
    const backbone = await openBackbone();
    const [first, second] = [latch(), latch()];
    const holding = recorder({
      beforeReport: async ({ payload }) => {
        if (payload.status !== "0") return;
        first.open();
        await second.opened;
      },
    });
    await publishReports(backbone, 1);
    await backbone.relay();
    const holder = backbone.drain(holding);
    await first.opened;
    await publishBeats(backbone, [["a", 1]]);
    await backbone.relay();
    expect((await backbone.drain(holding)).busy?.waitMs).toBeGreaterThan(0);
    // Only the first to leave the mark waits for the end of the lease.
    expect((await backbone.drain(holding)).busy).toEqual({ waitMs: null });
    second.open();
    expect(await holder).toMatchObject({ applied: 2, busy: null });
    expect(await backbone.redis("EXISTS", backbone.open().keys.lease(holding.group, 0))).toBe(0);
  });

  test("of another shard or another consumer does not wait", async () => {
    const backbone = await openBackbone();
    const [begun, end] = [latch(), latch()];
    await publishReports(backbone, 1);
    await backbone.relay();
    const holder = backbone.drain(
      recorder({
        beforeReport: () => {
          begun.open();
          return end.opened;
        },
      }),
    );
    await begun.opened;
    expect((await backbone.drain(recorder({ subscriber: "second" }))).applied).toBe(1);
    expect((await backbone.drain(consumer, { shard: 1 })).busy).toBeNull();
    end.open();
    await holder;
  });

  test("keeps it as long as its handler works, though that is longer than the lease", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const [begun, end] = [latch(), latch()];
    const holding = recorder({
      beforeReport: () => {
        begun.open();
        return end.opened;
      },
    });
    const lease = backbone.open().keys.lease(holding.group, 0);
    const running = backbone.drain(holding);
    await begun.opened;
    const token = await backbone.redis("GET", lease);
    const renewals = new Set<number>();
    // Seen renewed at least twice: its remaining time rose.
    let last = 500;
    await until(
      async () => {
        const left = Number(await backbone.redis("PTTL", lease));
        if (left > last) renewals.add(Date.now());
        last = left;
        return renewals.size;
      },
      (seen) => seen >= 3,
      "three renewals",
    );
    expect(await backbone.redis("GET", lease)).toBe(token);
    end.open();
    expect(await running).toMatchObject({ applied: 1 });
  });

  test("that hangs far beyond its deadline gives up its lease, and what it ends late is there once", async () => {
    const clock = createClock();
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 1);
    await backbone.relay();
    const [begun, end] = [latch(), latch()];
    const hanging = recorder({
      handlerTimeoutMs: 600_000,
      beforeReport: () => {
        begun.open();
        return end.opened;
      },
    });
    const deadlineMs = clock.now() + 20_000;
    const running = drainWith(backbone, hanging, () => ({ now: clock.now, leaseMs: 5_000 }), { deadlineMs });
    await begun.opened;
    const lease = backbone.open().keys.lease(hanging.group, 0);
    expect(await backbone.redis("EXISTS", lease)).toBe(1);
    clock.set(deadlineMs + 600_000 + 60_001);
    await until(
      () => backbone.redis("EXISTS", lease),
      (there) => there === 0,
      "the lease is over",
    );
    end.open();
    // Nobody has taken over yet, so what it had begun may end.
    expect(await running).toMatchObject({ applied: 1 });
    await drainUntilQuiet(backbone, recorder());
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids);
  });

  test("that lost its lease to another lets the other's alone and reads nothing more", async () => {
    const { backbone, redis } = await openFaultyBackbone({ env: { BRAIN_LEASE_MS: "2000" } });
    const ids = await publishReports(backbone, 4);
    await backbone.relay();
    const [begun, end] = [latch(), latch()];
    const losing = recorder({
      batchSize: 2,
      beforeReport: async () => {
        begun.open();
        await end.opened;
      },
    });
    const lease = backbone.open().keys.lease(losing.group, 0);
    const running = backbone.drain(losing);
    await begun.opened;
    await backbone.redis("SET", lease, "somebody else", "PX", "60000");
    const before = redis.requests.length;
    await waitFor(
      "the renewal of the lease, and its answer",
      async () => redis.requests.length,
      (count) => count > before + 1,
    );
    end.open();
    expect(await running).toMatchObject({ read: 2, applied: 2, more: true });
    expect(await backbone.redis("GET", lease)).toBe("somebody else");
    await endLease(backbone, losing);
    await drainUntilQuiet(backbone, losing);
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids);
  });
});
