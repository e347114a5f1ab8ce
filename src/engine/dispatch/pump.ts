import { raiseAlert, resolveAlert } from "../alerts/alerts.ts";
import { watchWork } from "../alerts/failing-work.ts";
import type { Consumer } from "../consume/consumer.ts";
import { describeError, errorClass } from "../consume/dead-letters.ts";
import { wants } from "../consume/define-consumer.ts";
import { drain } from "../consume/drain.ts";
import type { BrakeChange, DrainResult } from "../consume/tick-base.ts";
import { TransientError } from "../core/errors.ts";
import type { Invocation } from "../invocation.ts";
import { backfillTrimmed } from "../operations/jobs/backfill.ts";
import { changeShards, type ShardChange } from "../operations/reshard.ts";
import { markActivity } from "../publish/activity.ts";
import type { Layout } from "../relay/layout-sql.ts";
import { relay } from "../relay/relay.ts";
import { coalesce, sleepOnce } from "./coalesce.ts";
import type { Place } from "./gate.ts";
import { createTurnstile, type Turnstile } from "./turnstile.ts";

/*
 * What moves the events: after a commit, after a wake, by cron, or by hand. Every trigger does the same bounded work;
 * cron is the safety net for triggers that got lost.
 */

/**
 * Starts the consumers of these event types somewhere, with a budget of their own; null means that more is left than
 * this invocation can do: relay and drain everything. Must not throw.
 */
export type Wake = (types: ReadonlySet<string> | null) => void;

/** Entries that one tick reads at most before it returns and begins anew. */
const maxEventsPerTick = 20_000;
/** Added to a wait for a lease, so that it is over when we look again. */
const leaseMarginMs = 50;
/** A tick stays ready this long for the next trigger, ms; bridges the gaps of a steady flow. */
const lingerMs = 24;
/** After a failure the same work is tried again in this time, doubled up to the last, as long as the invocation lasts, ms. */
const firstPauseMs = 500;
const lastPauseMs = 4_000;
/** Calls that finishing a tick or a batch needs at most. */
const callsToFinish = 14;
/** A change of the number of shards is waited for this long; what comes next goes on with it, ms. */
const layoutMs = 5_000;
/** A turn that is cut off in the middle of a round may last this many times as long as one that ends behind a round. */
const longTurns = 4;

/** What an invocation is allowed, and what it has to hand on. */
export interface Effort {
  readonly invocation: Invocation;
  /** Unix time, ms, after which nothing new is begun. */
  readonly deadlineMs: number;
  /** Set when work is left that would need another invocation's budget. */
  leftOver: boolean;
  /** Set when anything moved; without progress nothing is handed on, so that no chain of invocations runs idle. */
  progress: boolean;
  /** Set when some work failed; it was tried again as long as there was time. */
  failed: boolean;
  /** Set when some work failed to the end. */
  stuck: boolean;
  /** Where the consumers take turns, so that all of them get on when there is much to do. */
  readonly drains: Turnstile;
}

export function createEffort(invocation: Invocation, deadlineMs: number): Effort {
  const { meter, drains } = invocation;
  // Each may begin a tick before the calls of the others are counted.
  const affordable = () => Math.floor((0.8 * meter.limit - meter.used) / callsToFinish);
  return {
    invocation,
    deadlineMs,
    leftOver: false,
    progress: false,
    failed: false,
    stuck: false,
    drains: createTurnstile(() => Math.min(drains.atOnce, affordable())),
  };
}

/** False when nothing new should be begun: the time or the calls are nearly used up. */
export function hasBudget({ invocation, deadlineMs }: Effort): boolean {
  return invocation.now() < deadlineMs && !invocation.meter.isNear(callsToFinish);
}

/** What a turn may do. */
interface TurnBounds {
  /** True when another trigger came since it was last asked. */
  readonly takeNews: () => boolean;
  /** True when it should end after what it has begun, because its time is up and others wait for theirs. */
  readonly yields: () => boolean;
}

/** One turn of some work: when to look again, Unix ms; null when there is nothing to wait for. */
type Turn = (bounds: TurnBounds) => Promise<number | null>;

/**
 * Runs turns of one kind of work, coalesced with the other triggers in this isolate, until nothing is left or the
 * budget is used up. Errors are logged; the work is tried again after a pause, for a dead Redis may come back.
 *
 * @param turnstile where it waits for each turn, and lets others in while it waits for anything else; left out: nowhere
 */
export async function runTurns(
  effort: Effort,
  name: string,
  extraMs: number,
  turn: Turn,
  turnstile?: Turnstile,
): Promise<void> {
  const { now, log, scope, drains } = effort.invocation;
  const own = `${name}@${scope}`;
  let pauseMs = firstPauseMs;
  for (;;) {
    let untilMs: number | null = null;
    let failing = false;
    await turnstile?.enter();
    try {
      if (turnstile !== undefined && !hasBudget(effort)) {
        effort.leftOver = true;
        return;
      }
      const endMs = now() + drains.turnMs;
      const yields = () => turnstile !== undefined && turnstile.waiting > 0 && now() >= endMs;
      const work = async (takeNews: () => boolean) => {
        untilMs = await turn({ takeNews, yields });
      };
      const limitMs = Math.max(1_000, effort.deadlineMs - now()) + extraMs;
      const mayRepeat = () => hasBudget(effort) && !yields();
      const outcome = await coalesce({ name: own, now, limitMs }, work, mayRepeat);
      if (outcome === "left" && hasBudget(effort)) {
        untilMs = now();
      } else if (outcome === "left") {
        // Whoever left the note relies on this run. News is progress: an idle chain of invocations brings none.
        effort.leftOver = true;
        effort.progress = true;
        return;
      }
      if (outcome === "joined" || untilMs === null) return;
      pauseMs = firstPauseMs;
    } catch (error) {
      log.error({ work: name, error_class: errorClass(error) }, `${name} failed: ${describeError(error)}`);
      effort.failed = true;
      failing = true;
      untilMs = now() + pauseMs;
      pauseMs = Math.min(2 * pauseMs, lastPauseMs);
    } finally {
      turnstile?.leave();
    }
    const isOver = untilMs >= effort.deadlineMs;
    effort.stuck ||= failing && isOver;
    if (!hasBudget(effort)) {
      effort.leftOver = true;
      return;
    }
    if (isOver || !(await sleepOnce(own, now, untilMs))) return;
  }
}

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
  const effort = createEffort(invocation, deadlineMs);
  await relayShards(effort, wake, verify);
  // What was not sent because Redis or Postgres was away may be known to nobody else, so others go on trying.
  if (effort.stuck || (effort.leftOver && effort.progress)) wake(null);
}

export async function relayShards(effort: Effort, wake: Wake, verify: boolean): Promise<void> {
  const { invocation } = effort;
  const { shards } = invocation.publish;
  const work = async () => {
    const all = Array.from({ length: shards }, (_, shard) => relayShard(effort, shard, wake, verify));
    const layouts = await Promise.all(all);
    return layouts.some((layout) => layout !== null && (layout.shards !== shards || layout.target !== null));
  };
  // The relay cannot send to the new shards before the number of shards in use has changed.
  if ((await work()) && (await changeLayout(effort))) await work();
}

/** @returns true when the number of shards has changed just now */
async function changeLayout(effort: Effort): Promise<boolean> {
  const { invocation, deadlineMs } = effort;
  const untilMs = Math.min(deadlineMs, invocation.now() + layoutMs);
  const change: { state?: ShardChange["state"] } = {};
  await runTurns(effort, "The change of shards", 0, async () => {
    change.state = (await changeShards(invocation, untilMs)).state;
    return null;
  });
  return change.state === "changed";
}

/** @returns the layout that the relay found; null when it could not look */
async function relayShard(
  effort: Effort,
  shard: number,
  wake: Wake,
  verify: boolean,
): Promise<Layout | null> {
  const { redis, now, log } = effort.invocation;
  if (redis === null) return null;
  let layout: Layout | null = null;
  const deps = { ...effort.invocation, redis, settings: effort.invocation.relay };
  const mayGoOn = () => hasBudget(effort);
  await runTurns(effort, `The relay of shard ${shard}`, deps.leaseMs, async () => {
    const result = await watchWork(
      effort.invocation,
      `relay:${shard}`,
      () => relay(deps, { shard, mayGoOn, verify, onSent: wake }),
      ({ recovered }) => recovered,
    );
    effort.progress ||= result.sent > 0;
    layout = result.layout;
    if (result.sent > 0) {
      log.debug({ shard, sent: result.sent, batches: result.batches }, "Events relayed.");
    }
    if (result.more) return now();
    const waitMs = result.busy?.waitMs ?? null;
    return waitMs === null ? null : now() + waitMs + leaseMarginMs;
  });
  return layout;
}

/**
 * Drains the consumers that want one of `types`, until nothing is left that is due before the deadline; relays what
 * their handlers publish, and drains who wants that. Errors are logged, not thrown.
 *
 * @param types null: everybody
 * @param handOn called when more is left than this invocation may do, if it got anywhere
 */
export async function drainAll(
  invocation: Invocation,
  deadlineMs: number,
  types: ReadonlySet<string> | null,
  handOn: () => void = () => undefined,
): Promise<void> {
  const effort = createEffort(invocation, deadlineMs);
  await drainAndFollow(effort, (onPublished) => drainChosen(effort, types, onPublished));
  if (effort.leftOver && effort.progress) handOn();
}

/** The same for consumers by name, e.g. because deliveries were queued for them. Unknown names are passed over. */
export async function drainSubscribers(effort: Effort, subscribers: readonly string[]): Promise<void> {
  const { consumers, publish } = effort.invocation;
  const chosen = subscribers.flatMap((subscriber) => consumers.get(subscriber) ?? []);
  await drainSome(effort, everywhere(chosen, publish.shards));
}

/** The same for some consumers on some shards. */
export async function drainSome(effort: Effort, places: readonly Place[]): Promise<void> {
  await drainAndFollow(effort, (onPublished) => drainPlaces(effort, places, onPublished));
}

/** Relays what was published, and drains who wants it. */
export async function relayAndDrain(effort: Effort): Promise<void> {
  await drainAndFollow(effort, async (onPublished) => onPublished());
}

/** Drains, relays what the handlers published, drains who wants that, and so on. */
async function drainAndFollow(
  effort: Effort,
  first: (onPublished: () => void) => Promise<void>,
): Promise<void> {
  const chain: Promise<void>[] = [];
  const drainTypes = (wanted: ReadonlySet<string> | null) => {
    chain.push(drainChosen(effort, wanted, relayPublished));
  };
  const relayPublished = () => {
    effort.leftOver ||= !hasBudget(effort);
    if (!effort.leftOver) chain.push(relayShards(effort, drainTypes, false));
  };
  chain.push(first(relayPublished));
  for (let next = chain.shift(); next !== undefined; next = chain.shift()) await next;
}

async function drainChosen(
  effort: Effort,
  types: ReadonlySet<string> | null,
  onPublished: () => void,
): Promise<void> {
  const { consumers, publish } = effort.invocation;
  const places =
    types === null ? everywhere([...consumers.values()], publish.shards) : whoWants(effort.invocation, types);
  await drainPlaces(effort, places, onPublished);
}

/** Consumers that want one of these types. */
export function whoWants(invocation: Invocation, types: ReadonlySet<string>): Place[] {
  const all = [...invocation.consumers.values()];
  const chosen = all.filter((consumer) => [...types].some((type) => wants(consumer, type)));
  return everywhere(chosen, invocation.publish.shards);
}

/** Consumers on all shards. */
function everywhere(consumers: readonly Consumer[], shards: number): Place[] {
  return consumers.flatMap((consumer) => Array.from({ length: shards }, (_, shard) => ({ consumer, shard })));
}

/** Drains some consumers on some shards, a few at a time, each for a turn and then behind the others. */
async function drainPlaces(effort: Effort, places: readonly Place[], onPublished: () => void): Promise<void> {
  const jobs = [...places];
  // Each invocation begins elsewhere, so that with few calls allowed the last ones have their turn too.
  jobs.push(...jobs.splice(0, effort.invocation.now() % Math.max(1, jobs.length)));
  await Promise.all(jobs.map(({ consumer, shard }) => drainShard(effort, consumer, shard, onPublished)));
}

async function drainShard(
  effort: Effort,
  consumer: Consumer,
  shard: number,
  onPublished: () => void,
): Promise<void> {
  const { invocation, deadlineMs, drains } = effort;
  const name = `The tick of ${consumer.subscriber} on shard ${shard}`;
  const turn = async (bounds: TurnBounds) => {
    const longMs = longTurns * invocation.drains.turnMs;
    // Handlers that take long would make a round that lasts as long as the invocation.
    const endMs = drains.waiting > 0 ? Math.min(deadlineMs, invocation.now() + longMs) : deadlineMs;
    const result = await drainOnce(invocation, consumer, shard, endMs, onPublished, bounds);
    if (result === null) return null;
    effort.progress ||= result.applied + result.skipped + result.deadLettered > 0;
    if (result.stopped !== null) throw new TransientError(result.stopped);
    return lookAgainAt(result, invocation.now());
  };
  await runTurns(effort, name, consumer.handlerTimeoutMs, turn, drains);
}

/** When this consumer has something to do that no trigger will tell of; null when there is nothing. */
function lookAgainAt(result: DrainResult, nowMs: number): number | null {
  if (result.busy !== null)
    return result.busy.waitMs === null ? null : nowMs + result.busy.waitMs + leaseMarginMs;
  if (result.more) return nowMs;
  return result.nextDueMs;
}

/**
 * One tick of one consumer on one shard; null when there is no stream.
 *
 * @param onPublished called after each commit of handlers that published something
 * @param bounds left out: no other trigger is listened to, and nobody waits
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function drainOnce(
  invocation: Invocation,
  consumer: Consumer,
  shard: number,
  deadlineMs: number,
  onPublished: () => void = () => undefined,
  { takeNews, yields }: TurnBounds = { takeNews: () => false, yields: () => false },
): Promise<DrainResult | null> {
  const { redis } = invocation;
  if (redis === null) return null;
  const onStart = (started: Consumer, at: number) => backfillTrimmed(invocation, started, at);
  const beforePublish = () => void markActivity(invocation);
  const deps = { ...invocation, redis, onPublished, beforePublish, takeNews, yields, lingerMs, onStart };
  const result = await drain(deps, consumer, { shard, deadlineMs, maxEvents: maxEventsPerTick });
  if (result.brake !== null) await tellOfBrake(invocation, consumer, shard, result.brake);
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

/** An alert is for people; that it could not be stored is no reason to stop. */
async function tellOfBrake(
  invocation: Invocation,
  { subscriber, group }: Consumer,
  shard: number,
  change: BrakeChange,
): Promise<void> {
  const subject = `${group}:${shard}`;
  try {
    if (change === "closed") await resolveAlert(invocation, "brake_open", subject);
    else
      await raiseAlert(invocation, {
        kind: "brake_open",
        subject,
        severity: "critical",
        message: `${whyOpened(subscriber, change)} One at a time is tried until one succeeds, and no attempt is counted. GET /api/consumers/${subscriber} has the last error.`,
      });
  } catch (error) {
    invocation.log.warn({ subscriber, error_class: errorClass(error) }, "An alert could not be stored.");
  }
}

function whyOpened(subscriber: string, change: "opened" | "opened_by_schema"): string {
  if (change === "opened") return `Events of ${subscriber} fail one after another.`;
  return `A table, column or function that ${subscriber} needs is missing in Postgres: the database is behind the code or was changed by hand. Run "npm run migrate -- --status", and bring back what is missing.`;
}
