import { raiseAlert, resolveAlert } from "../alerts/alerts.ts";
import { breakerAlert } from "../alerts/breakers.ts";
import type { Consumer } from "../consume/consumer.ts";
import { errorClass } from "../consume/dead-letters.ts";
import type { BreakerChange, DrainOptions, DrainResult } from "../consume/drain/base.ts";
import { drainConsumer } from "../consume/drain/drain.ts";
import { consumerShardField } from "../consume/lease/lease.ts";
import { type Invocation, ofShard, type StreamInvocation } from "../invocation.ts";
import { backfillTrimmed } from "../operations/bulk/backfill.ts";
import { markActivity } from "../publish/activity.ts";
import { recordAlone } from "../publish/publish.ts";
import type { RecordedEvent } from "../publish/record.ts";
import { beginRecording } from "../relay/recording.ts";
import type { TurnBounds } from "./turns.ts";

/* One drain with all that an invocation adds to it: the backfill of a new consumer, the alert of its circuit breaker. */

/** Entries that one drain reads at most before it returns and begins anew. */
const maxEventsPerDrain = 20_000;
/** A drain stays ready this long for the next trigger, ms; bridges the gaps of a steady flow. */
const lingerMs = 24;

/** Who relays what the handlers of a drain publish. */
export interface Follower {
  /** Called after each commit of handlers that published something. */
  readonly onPublished: () => void;
  /** True when it starts the relay at once: then such a commit takes the relay's next batch along. */
  readonly relaysAtOnce: () => boolean;
}

/** What is published waits for the relay of somebody else. */
const nobodyFollows: Follower = { onPublished: () => undefined, relaysAtOnce: () => false };

const noBounds = { takeNews: () => false, awaitNews: async () => undefined, yields: () => false };

/**
 * One drain of one consumer on one shard.
 *
 * @param follower left out: what is published waits for the relay of somebody else
 * @param bounds left out: no other trigger is listened to, and nobody waits
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function drainOnce(
  invocation: StreamInvocation,
  consumer: Consumer,
  { shard, deadlineMs, expectsNews }: Omit<DrainOptions, "maxEvents">,
  { onPublished, relaysAtOnce }: Follower = nobodyFollows,
  bounds: Omit<TurnBounds, "gapMs" | "usualGapMs"> = noBounds,
): Promise<DrainResult> {
  const onStart = (started: Consumer, at: number) => backfillTrimmed(invocation, started, at);
  const tellCron = () => void markActivity(invocation);
  const { takeNews, awaitNews, yields } = bounds;
  const deps = {
    ...invocation,
    ...ofShard(invocation, shard),
    onPublished,
    recordAtEnd: (events: readonly RecordedEvent[]) =>
      relaysAtOnce() ? beginRecording(invocation, events) : recordAlone(events),
    beforePublish: tellCron,
    // A job may have been left something to do: the next tick of cron looks, and runs them all.
    onEffects: tellCron,
    takeNews,
    awaitNews,
    yields,
    lingerMs,
    onStart,
  };
  const result = await drainConsumer(deps, consumer, {
    shard,
    deadlineMs,
    maxEvents: maxEventsPerDrain,
    ...(expectsNews === undefined ? {} : { expectsNews }),
  });
  // Whoever applied it before may have ended, or never heard of its commit, before it started the relay or told cron.
  if (result.redelivered > 0) {
    onPublished();
    tellCron();
  }
  if (result.breaker !== null) await tellOfBreaker(invocation, consumer, shard, result.breaker);
  if (result.read > 0 || result.retried > 0) {
    const { read, applied, redelivered, retried, deadLettered, skipped } = result;
    invocation.log.debug(
      {
        subscriber: consumer.subscriber,
        shard,
        read,
        applied,
        redelivered,
        retried,
        dead_lettered: deadLettered,
        skipped,
      },
      "Drain finished.",
    );
  }
  return result;
}

/** An alert is for people; that it could not be stored is no reason to stop. */
async function tellOfBreaker(
  invocation: Invocation,
  { subscriber, group }: Consumer,
  shard: number,
  change: BreakerChange,
): Promise<void> {
  try {
    if (change === "closed")
      await resolveAlert(invocation, "brake_open", consumerShardField({ group, shard }));
    else await raiseAlert(invocation, breakerAlert({ subscriber, group }, shard, change));
  } catch (error) {
    invocation.log.warn(
      { subscriber, error_class: errorClass(error) },
      "An alert could not be stored; the sweep of cron looks for it.",
    );
  }
}
