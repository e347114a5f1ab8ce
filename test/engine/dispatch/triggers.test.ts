import { describe, expect, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import type { Wake } from "../../../src/engine/dispatch/relay-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import type { StreamInvocation } from "../../../src/engine/invocation.ts";
import { sends } from "../../faults.ts";
import { latch } from "../../latch.ts";
import {
  effects,
  openBackbone,
  openFaultyBackbone,
  pendingOf,
  publishReports,
  recorder,
  until,
} from "../fixture.ts";
import { health, idsOf, invoke, leasesAsked, otherIsolate, soon } from "./fixture.ts";

describe("many triggers at once", () => {
  /** Ten triggers while a handler works, then an event that only they can have told of; drains begun from then on. */
  async function triggerTenTimes(change: () => Partial<StreamInvocation>): Promise<number> {
    const { backbone, redis } = await openFaultyBackbone({ env: { BRAIN_LEASE_MS: "10000" } });
    const [begun, end] = [latch(), latch()];
    const consumer = recorder({
      beforeReport: () => {
        begun.open();
        return end.opened;
      },
    });
    const ids = await publishReports(backbone, 1);
    await backbone.relay();
    const running = drainAll(invoke(backbone, [consumer], change()), soon(), health);
    await begun.opened;
    ids.push(...(await publishReports(backbone, 1)));
    await backbone.relay();
    const before = leasesAsked(redis);
    const triggers = Array.from({ length: 10 }, () =>
      drainAll(invoke(backbone, [consumer], change()), soon(5_000), health),
    );
    let returned = 0;
    for (const trigger of triggers) void trigger.then(() => (returned += 1));
    // One may be waiting for the lease; it asked before the others found its mark.
    await until(
      () => returned,
      (seen) => seen >= 9,
      "the return of the triggers",
    );
    const taken = leasesAsked(redis) - before;
    end.open();
    await Promise.all([running, ...triggers]);
    expect(await idsOf(backbone)).toEqual(ids);
    return taken;
  }

  test("ask for no lease of their own in the isolate that drains, and nothing is left behind", async () => {
    expect(await triggerTenTimes(() => ({}))).toBe(0);
  });

  test("in isolates of their own each ask for the lease, and nothing is left behind", async () => {
    expect(await triggerTenTimes(otherIsolate)).toBe(10);
  });

  describe("the relay", () => {
    /** Two commits, so many ms apart; of each wake its types, and whether a batch was not noted as sent yet. */
    async function wakesOf(gapMs: number): Promise<readonly (readonly [types: string, inFlight: boolean])[]> {
      const backbone = await openBackbone();
      const scope = crypto.randomUUID();
      const woken: Promise<readonly [string, boolean]>[] = [];
      const wake: Wake = (news) => {
        const look = backbone.sql<{ busy: boolean }>(
          "SELECT batch_positions IS NOT NULL AS busy FROM relay_shards WHERE shard = 0",
        );
        const types = (news ?? []).flatMap((one) => one.types).join(" ");
        woken.push(look.then(([row]) => [types, row?.busy === true] as const));
      };
      for (let commit = 0; commit < 2; commit += 1) {
        await publishReports(backbone, 1);
        const now = () => 1_790_000_000_000 + commit * gapMs;
        await relayAll({ ...backbone.open(), scope, now }, 1_790_000_060_000, wake);
      }
      return Promise.all(woken);
    }
    const report = "lab.part.checked";

    test("notes at once what it sent, where no trigger follows soon", async () => {
      expect((await wakesOf(21)).map(([types]) => types)).toEqual([report, report]);
    });

    test("rests in a steady flow, and wakes once more behind what it noted then, for who looks for it", async () => {
      const wakes = await wakesOf(20);
      expect(wakes.map(([types]) => types)).toEqual([report, report, ""]);
      expect(wakes.at(-1)).toEqual(["", false]);
    });
  });

  test("in a steady flow of commits leave no event unsent or unapplied", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const consumer = recorder();
    const work: Promise<void>[] = [];
    const ids: string[] = [];
    const wake: Wake = (types) => {
      work.push(drainAll(invoke(backbone, [consumer]), soon(), types));
    };
    for (let commit = 0; commit < 40; commit += 1) {
      ids.push(...(await publishReports(backbone, 1)));
      work.push(relayAll(backbone.open(), soon(), wake));
    }
    for (let next = work.shift(); next !== undefined; next = work.shift()) await next;
    expect(await idsOf(backbone)).toEqual(ids);
    expect(leasesAsked(redis)).toBeLessThan(40);
  });
});

describe("a trigger that joins a run which may not go on", () => {
  test("is handed on by the run, and its event is applied", async () => {
    const backbone = await openBackbone({ env: { BRAIN_SUBREQUEST_LIMIT: "100" } });
    const [begun, end] = [latch(), latch()];
    const consumer = recorder({
      beforeReport: () => {
        begun.open();
        return end.opened;
      },
    });
    const ids = await publishReports(backbone, 1);
    await backbone.relay();
    const invocation = invoke(backbone, [consumer]);
    const handedOn: string[] = [];
    const running = drainAll(invocation, soon(), health, () => handedOn.push("on"));
    await begun.opened;
    ids.push(...(await publishReports(backbone, 1)));
    await backbone.relay();
    await drainAll(invoke(backbone, [consumer]), soon(), health, () => handedOn.push("by the joiner"));
    invocation.meter.count(80);
    end.open();
    await running;
    expect(handedOn).toEqual(["on"]);
    expect(await idsOf(backbone)).toEqual(ids.slice(0, 1));
    await drainAll(invoke(backbone, [consumer]), soon(), null);
    expect(await idsOf(backbone)).toEqual(ids);
  });
});

describe("a retry", () => {
  const failingOnce = (retryAfterMs: number) =>
    recorder({
      beforeReport: (_event, { attempt }) => {
        if (attempt === 1) throw new TransientError("not yet", { retryAfterMs });
      },
    });

  test("due within the deadline is waited for and done", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await drainAll(invoke(backbone, [failingOnce(400)]), soon(), health);
    expect(await idsOf(backbone)).toEqual(ids);
  });

  test("due later is left for another invocation, and is not waited for", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 2);
    await backbone.relay();
    const consumer = failingOnce(60_000);
    await drainAll(invoke(backbone, [consumer]), soon(20_000), health);
    expect(await effects(backbone)).toEqual([]);
    expect((await pendingOf(backbone, consumer)).map((entry) => entry.deliveries)).toEqual([1, 1]);
  });

  test("is waited for by one of the triggers that find it", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = failingOnce(1_500);
    const first = drainAll(invoke(backbone, [consumer]), soon(), health);
    await until(
      () => pendingOf(backbone, consumer).catch(() => []),
      (pending) => pending.length === 1,
      "the first try",
    );
    await until(
      () => backbone.redis("EXISTS", backbone.open().keys.lease(consumer.group, 0)),
      (exists) => exists === 0,
      "the end of the first drain",
    );
    await Promise.all([1, 2, 3].map(() => drainAll(invoke(backbone, [consumer]), soon(), health)));
    expect(await effects(backbone)).toEqual([]);
    const reads = redis.requests.filter(sends("XREADGROUP")).length;
    await first;
    expect(await idsOf(backbone)).toEqual(ids);
    expect(redis.requests.filter(sends("XREADGROUP")).length).toBeGreaterThan(reads);
  });
});
