import { wants } from "../consume/consumer.ts";
import { describeError, errorClass } from "../consume/dead-letters.ts";
import type { Consumer } from "../consume/define-consumer.ts";
import { drain } from "../consume/drain.ts";
import type { DrainResult } from "../consume/tick.ts";
import { relay } from "../publish/relay.ts";
import { coalesce, sleepOnce } from "./coalesce.ts";
import type { Invocation } from "./invocation.ts";

/*
 * What moves the events: after a commit, after a wake, by cron, or by hand. Every trigger does the same bounded work;
 * cron is the safety net for triggers that got lost.
 */

/** Starts the consumers of these event types; undefined means all. Must not throw. */
export type Wake = (types: ReadonlySet<string>) => void;

/** Entries that one tick reads at most before it returns and begins anew. */
const maxEventsPerTick = 20_000;
/** Added to a wait for a lease, so that it is over when we look again. */
const leaseMarginMs = 50;
/** A tick stays ready this long for the next trigger, ms; bridges the gaps of a steady flow. */
const lingerMs = 24;
/** Consumers drained at once; Workers allow six connections at a time, and each drain uses up to two. */
const consumersAtOnce = 3;

/**
 * Sends what is unsent on all shards. Errors are logged, not thrown: the events wait in the record, and the next
 * trigger goes on.
 *
 * @param deadlineMs Unix time, ms, after which nothing new is begun
 * @param verify also look whether the streams still hold what was sent
 */
export async function relayAll(
  invocation: Invocation,
  deadlineMs: number,
  wake: Wake,
  verify = false,
): Promise<void> {
  await Promise.all(
    Array.from({ length: invocation.publish.shards }, (_, shard) =>
      relayShard(invocation, shard, deadlineMs, wake, verify),
    ),
  );
}

async function relayShard(
  invocation: Invocation,
  shard: number,
  deadlineMs: number,
  wake: Wake,
  verify: boolean,
): Promise<void> {
  const { redis, now, log } = invocation;
  if (redis === null) return;
  const name = `relay:${invocation.scope}:${shard}`;
  for (;;) {
    let waitMs: number | null = null;
    const run = async () => {
      const deps = { ...invocation, redis, settings: invocation.relay };
      const result = await relay(deps, { shard, deadlineMs, now, verify, onSent: wake });
      waitMs = result.busy?.waitMs ?? null;
      if (result.sent > 0)
        log.debug({ shard, sent: result.sent, batches: result.batches }, "Events relayed.");
    };
    try {
      const limitMs = Math.max(1_000, deadlineMs - now()) + invocation.leaseMs;
      const outcome = await coalesce({ name, now, limitMs }, run, () => now() < deadlineMs);
      if (outcome === "joined" || waitMs === null) return;
    } catch (error) {
      log.error({ shard, error_class: errorClass(error) }, `The relay stopped: ${describeError(error)}`);
      return;
    }
    const untilMs = now() + waitMs + leaseMarginMs;
    if (untilMs >= deadlineMs || !(await sleepOnce(name, now, untilMs))) return;
  }
}

/**
 * Drains the consumers that want one of `types`, until nothing is left that is due before the deadline; relays what
 * their handlers publish, and drains who wants that. Errors are logged, not thrown.
 *
 * @param types null: everybody
 */
export async function drainAll(
  invocation: Invocation,
  deadlineMs: number,
  types: ReadonlySet<string> | null,
): Promise<void> {
  const chain: Promise<void>[] = [];
  const drainTypes = (wanted: ReadonlySet<string> | null) =>
    chain.push(drainChosen(invocation, deadlineMs, wanted, relayPublished));
  const relayPublished = () => {
    chain.push(relayAll(invocation, deadlineMs, drainTypes));
  };
  drainTypes(types);
  for (let next = chain.shift(); next !== undefined; next = chain.shift()) await next;
}

async function drainChosen(
  invocation: Invocation,
  deadlineMs: number,
  types: ReadonlySet<string> | null,
  onPublished: () => void,
): Promise<void> {
  const chosen = [...invocation.consumers.values()].filter(
    (consumer) => types === null || [...types].some((type) => wants(consumer, type)),
  );
  const jobs = chosen.flatMap((consumer) =>
    Array.from({ length: invocation.publish.shards }, (_, shard) => ({ consumer, shard })),
  );
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      await drainShard(invocation, job.consumer, job.shard, deadlineMs, onPublished);
    }
  };
  await Promise.all(Array.from({ length: Math.min(consumersAtOnce, jobs.length) }, worker));
}

async function drainShard(
  invocation: Invocation,
  consumer: Consumer,
  shard: number,
  deadlineMs: number,
  onPublished: () => void,
): Promise<void> {
  const { now, log } = invocation;
  const name = `drain:${invocation.scope}:${consumer.subscriber}:${shard}`;
  for (;;) {
    let untilMs: number | null = null;
    const run = async (takeNews: () => boolean) => {
      const result = await drainOnce(invocation, consumer, shard, deadlineMs, onPublished, takeNews);
      untilMs = result === null ? null : lookAgainAt(result, now());
    };
    try {
      const limitMs = Math.max(1_000, deadlineMs - now()) + consumer.handlerTimeoutMs;
      const outcome = await coalesce({ name, now, limitMs }, run, () => now() < deadlineMs);
      if (outcome === "joined" || untilMs === null) return;
    } catch (error) {
      log.error(
        { subscriber: consumer.subscriber, shard, error_class: errorClass(error) },
        `The tick failed: ${describeError(error)}`,
      );
      return;
    }
    if (untilMs >= deadlineMs || !(await sleepOnce(name, now, untilMs))) return;
  }
}

/** When this consumer has something to do that no trigger will tell of; null when there is nothing. */
function lookAgainAt(result: DrainResult, nowMs: number): number | null {
  if (result.busy !== null)
    return result.busy.waitMs === null ? null : nowMs + result.busy.waitMs + leaseMarginMs;
  if (result.more && result.stopped === null) return nowMs;
  return result.nextDueMs;
}

/**
 * One tick of one consumer on one shard; null when there is no stream.
 *
 * @param onPublished called after each commit of handlers that published something
 * @param takeNews true when another trigger came since it was last asked: the tick goes on instead of ending
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function drainOnce(
  invocation: Invocation,
  consumer: Consumer,
  shard: number,
  deadlineMs: number,
  onPublished: () => void = () => undefined,
  takeNews: () => boolean = () => false,
): Promise<DrainResult | null> {
  const { redis } = invocation;
  if (redis === null) return null;
  const result = await drain({ ...invocation, redis, onPublished, takeNews, lingerMs }, consumer, {
    shard,
    deadlineMs,
    maxEvents: maxEventsPerTick,
  });
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
      "Tick finished.",
    );
  }
  return result;
}

/**
 * What cron does: relay what a lost trigger left behind, then drain everybody.
 *
 * The database is looked at only while it is awake anyway, because events flowed lately, or when the last look is
 * `relaySweepMs` ago: a database that sleeps when idle is not woken every minute.
 */
export async function cronTick(invocation: Invocation, deadlineMs: number): Promise<void> {
  if (invocation.redis === null) return;
  if (await shouldSweep(invocation)) await relayAll(invocation, deadlineMs, () => undefined, true);
  await drainAll(invocation, deadlineMs, null);
}

async function shouldSweep({ redis, keys, relaySweepMs, log }: Invocation): Promise<boolean> {
  if (redis === null) return false;
  if (relaySweepMs === 0) return true;
  try {
    const [active, due] = await redis.pipeline([
      ["EXISTS", keys.relayActive()],
      ["SET", keys.relaySwept(), "1", "NX", "PX", String(relaySweepMs)],
    ]);
    return active === 1 || due === "OK";
  } catch (error) {
    log.error(
      { error_class: errorClass(error) },
      `Redis did not answer the cron tick: ${describeError(error)}`,
    );
    return false;
  }
}
