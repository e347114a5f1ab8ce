import { expect, test } from "vitest";
import { RetryAfter, TransientError } from "../../../../src/engine/core/errors.ts";
import type { StreamInvocation } from "../../../../src/engine/invocation.ts";
import {
  changeBlockedKey,
  type KeyChange,
} from "../../../../src/engine/operations/consumers/blocked-keys.ts";
import { pauseConsumer, resumeConsumer } from "../../../../src/engine/operations/consumers/pauses.ts";
import type { Backbone } from "../../../backbone.ts";
import {
  deadLetters,
  drainUntilQuiet,
  drainWith,
  endLease,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  recorder,
} from "../../fixture.ts";
import { operator } from "../../operations/bulk-fixture.ts";

/*
 * An operator decides about an event that failed while a drain moves it from the stream to the deferred deliveries. What
 * was decided holds, wherever the event stands then, also when the worker dies in between.
 */

const type = { eventType: "lab.meter.read", reason: "maintenance" };
const isLettingGo = (args: readonly string[]) => args.includes("XACK");

/** The first of two events of a key fails, and is to be tried in ten minutes; then their type is paused. */
async function prepared() {
  let isDown = true;
  const consumer = recorder({
    beforeBeat: ({ payload }) => {
      if (isDown && payload.reading === 1) throw new RetryAfter(600_000, "the meter does not answer");
    },
  });
  const backbone = await openBackbone({ consumers: [consumer] });
  await publishBeats(backbone, [
    ["a", 1],
    ["a", 2],
  ]);
  await backbone.relay();
  await backbone.drain(consumer);
  await pauseConsumer(backbone.open(), consumer, { ...type, expiresAt: null }, operator);
  isDown = false;
  const decide = (change: KeyChange) =>
    changeBlockedKey(backbone.open(), consumer, change, { key: "a", reason: "given up" }, operator);
  const end = async () => {
    await resumeConsumer(backbone.open(), consumer, type, operator);
    await drainUntilQuiet(backbone, consumer);
    await backbone.drain(consumer);
  };
  return { backbone, consumer, decide, end };
}

/** Something happens just before the entries are let go of, for the first time. */
function beforeLettingGo(
  { redis }: Pick<StreamInvocation, "redis">,
  act: () => Promise<unknown>,
): Pick<StreamInvocation, "redis"> {
  let isDone = false;
  return {
    redis: {
      ...redis,
      async eval(script, keys, args) {
        if (!isDone && isLettingGo(args)) {
          isDone = true;
          await act();
        }
        return redis.eval(script, keys, args);
      },
    },
  };
}

async function expectDecided(backbone: Backbone, change: KeyChange): Promise<void> {
  expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
  const reasons = (await deadLetters(backbone)).map(({ reason, status }) => [reason, status]);
  if (change === "skip") {
    expect(await numbersOf(backbone, "a")).toEqual([2]);
    expect(reasons).toEqual([["skipped", "open"]]);
  } else {
    expect((await numbersOf(backbone, "a")).toSorted()).toEqual([1, 2]);
    expect(reasons).toEqual([]);
  }
}

test.each(["skip", "unblock"] as const)(
  "%s of an event that is being deferred holds where it is deferred",
  async (change) => {
    const { backbone, consumer, decide, end } = await prepared();
    const result = await drainWith(backbone, consumer, (invocation) =>
      beforeLettingGo(invocation, () => decide(change)),
    );
    expect(result).toMatchObject({ deferred: 2, stopped: null });
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    await end();
    await expectDecided(backbone, change);
  },
);

test.each(["skip", "unblock"] as const)(
  "%s of an event whose worker died while it was being deferred holds",
  async (change) => {
    const { backbone, consumer, decide, end } = await prepared();
    const die = () => Promise.reject(new TransientError("killed"));
    await drainWith(backbone, consumer, (invocation) => beforeLettingGo(invocation, die)).catch(() => null);
    expect(await backbone.sql("SELECT FROM deliveries")).toHaveLength(2);
    expect(await pendingOf(backbone, consumer)).toHaveLength(2);
    await endLease(backbone, consumer);
    await decide(change);
    await backbone.drain(consumer);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    await end();
    await expectDecided(backbone, change);
  },
);
