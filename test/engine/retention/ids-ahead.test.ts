import { type MessageId, maxMessageId } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import { followEvents } from "../../../src/engine/events/live.ts";
import { consumerStates } from "../../../src/engine/operations/consumers/consumer-states.ts";
import { reconcileShard } from "../../../src/engine/retention/reconcile.ts";
import { trimShard } from "../../../src/engine/retention/trim.ts";
import type { Backbone } from "../../backbone.ts";
import {
  deadLetters,
  effects,
  foreignBeat,
  openBackbone,
  pendingOf,
  publishReports,
  recorder,
} from "../fixture.ts";
import { always, streamIds } from "./janitor-fixture.ts";

/*
 * Another program's entry moves all ids of a stream behind its own, and whatever time that is, nothing may get lost
 * from sight.
 */

const consumer = recorder();

/** What a foreign writer's id may be: its clock, its unit, or anything that Redis takes. */
const heads: readonly (readonly [what: string, id: () => string])[] = [
  ["two days ahead", () => `${Date.now() + 2 * 86_400_000}-0`],
  ["thirty days ahead", () => `${Date.now() + 30 * 86_400_000}-7`],
  ["in microseconds", () => `${Date.now() * 1_000}-0`],
  ["in nanoseconds", () => `${BigInt(Date.now()) * 1_000_000n}-0`],
  ["above 2^53", () => `${2n ** 53n + 1n}-7`],
  ["above 2^63", () => `${2n ** 63n + 1n}-5`],
  ["near the end of all ids", () => "18446744073709551615-0"],
];

async function openWith(id: string): Promise<Backbone> {
  const backbone = await openBackbone({ env: { BRAIN_STREAM_KEEP: "3" } });
  await publishReports(backbone, 2);
  await backbone.relay();
  await backbone.drain(consumer);
  await backbone.redis("XADD", backbone.stream, id, ...foreignBeat("robot", 1));
  return backbone;
}

function reconcile(backbone: Backbone) {
  const invocation = backbone.open();
  return reconcileShard(invocation, 0, always);
}

describe.each(heads)("behind a foreign entry %s", (_what, id) => {
  test("the comparison finds what the stream lost, and it is applied once", async () => {
    const backbone = await openWith(id());
    await publishReports(backbone, 6);
    expect(await backbone.relay()).toMatchObject({ sent: 6 });
    const ids = await streamIds(backbone);
    expect(ids).toHaveLength(9);
    await backbone.redis("XDEL", backbone.stream, ...ids.slice(4, 7));
    expect(await reconcile(backbone)).toMatchObject({ missing: 3, restored: 3, more: false });
    expect(await backbone.relay()).toMatchObject({ sent: 3 });
    await backbone.drain(consumer);
    expect(await effects(backbone)).toHaveLength(9);
    expect(await reconcile(backbone)).toMatchObject({ missing: 0, restored: 0 });
  });

  test("a pending entry whose body was deleted is handled from the record", async () => {
    const backbone = await openWith(id());
    let failing = true;
    const flaky = recorder({
      beforeReport: () => {
        if (failing) throw new Error("away");
      },
    });
    await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.drain(flaky);
    const pending = await pendingOf(backbone, flaky);
    expect(pending).toHaveLength(2);
    await backbone.redis("XDEL", backbone.stream, ...pending.map((entry) => entry.id));
    failing = false;
    await backbone.drain(flaky);
    await backbone.drain(flaky);
    expect(await deadLetters(backbone)).toEqual([]);
    expect(await effects(backbone)).toHaveLength(5);
  });

  test("trimming, live events and the states of consumers go on", async () => {
    const backbone = await openWith(id());
    await publishReports(backbone, 6);
    await backbone.relay();
    const invocation = backbone.open();
    const consumers = new Map([[consumer.subscriber, consumer]]);
    const [before] = await consumerStates({ ...invocation, consumers });
    // The oldest unread one is theirs, and nobody knows how old it is; 0 would be a lie.
    expect(before).toMatchObject({ oldest_unread_age_ms: null });
    await backbone.redis(
      "XREADGROUP",
      ...["GROUP", consumer.group, "x", "COUNT", "1", "STREAMS"],
      backbone.stream,
      ">",
    );
    await backbone.sql("UPDATE stream_entries SET sent_at = sent_at - interval '1 hour'");
    const [state] = await consumerStates({ ...invocation, consumers });
    expect(state?.oldest_unread_age_ms).toBeGreaterThan(3_500_000);
    await backbone.drain(consumer);
    expect(await trimShard({ ...invocation, consumers }, 0, always)).toMatchObject({
      trimmed: 6,
      kept: 3,
    });
    const [first = ""] = await streamIds(backbone);
    const live = followEvents(invocation, { wants: () => true }, "0-0", {
      signal: new AbortController().signal,
      deadlineMs: Date.now() + 5_000,
      caller: "a",
    });
    const { value } = await live.next();
    expect(value?.truncatedBefore).toMatch(/^\d{4}-/);
    expect(Date.parse(value?.truncatedBefore ?? "")).toBeLessThanOrEqual(Date.now());
    const { value: next } = await live.next();
    expect(next?.cursor).toBe(first);
    await live.return(undefined);
  });
});

test("a stream at the end of all ids is compared, trimmed and shown", async () => {
  const backbone = await openWith(maxMessageId);
  await backbone.drain(consumer);
  const invocation = backbone.open();
  const consumers = new Map([[consumer.subscriber, consumer]]);
  expect(await reconcile(backbone)).toMatchObject({ missing: 0 });
  expect(await trimShard({ ...invocation, consumers }, 0, always)).toMatchObject({ kept: 3 });
  expect(await consumerStates({ ...invocation, consumers })).toMatchObject([{ pending: 0 }]);
  const [last] = (await streamIds(backbone)).slice(-1) as MessageId[];
  expect(last).toBe(maxMessageId);
});
