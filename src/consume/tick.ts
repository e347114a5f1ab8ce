import type { Brake } from "../core/brake.ts";
import type { SubrequestMeter } from "../core/budget.ts";
import { FencedError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Database } from "../db/database.ts";
import type { PublishSettings } from "../publish/publish.ts";
import { ackCommand, type Group, putBackCommand } from "../stream/group.ts";
import type { StreamKeys } from "../stream/keys.ts";
import type { Command, RedisHttp } from "../stream/redis.ts";
import { type ApplyDeps, createLane, type Lane } from "./apply.ts";
import type { Consumer } from "./define-consumer.ts";
import { asHolder, type LeaseScope } from "./lease.ts";
import type { Failure } from "./recover.ts";
import type { Incoming } from "./route.ts";
import type { TickState } from "./tick-state.ts";

export interface DrainDeps {
  readonly db: Database;
  readonly redis: RedisHttp;
  readonly keys: StreamKeys;
  readonly log: Logger;
  readonly publish: PublishSettings;
  /** Counts what this invocation sends out; null where nothing limits it. */
  readonly meter: SubrequestMeter | null;
  /** Unix time, ms. */
  readonly now: () => number;
  /** A drainer that vanished is succeeded after this time, ms. */
  readonly leaseMs: number;
  /** Called after each commit of handlers that published events; starts the relay. */
  readonly onPublished: () => void;
  /** Called before such a commit, so that the events are found even if this worker ends right behind it. */
  readonly beforePublish?: () => void;
  /** True when another trigger came since it was last asked: the tick goes on with what it has open. */
  readonly takeNews?: () => boolean;
  /** True when others wait and the tick has had its time: it ends after what it has begun, and says that there is more. */
  readonly yields?: () => boolean;
  /**
   * How long a tick that applied something stays ready for news, ms; default 0. Nothing is held meanwhile but the lease
   * and the connection, which are what a new tick would spend most of its time on.
   */
  readonly lingerMs?: number;
  /**
   * Called once when the group of a consumer that begins with the record is created on a shard; true when events that
   * are no longer on the stream are being delivered from the record, and what is on the stream waits for them.
   */
  readonly onStart?: (consumer: Consumer, shard: number) => Promise<boolean>;
}

export interface DrainOptions {
  readonly shard: number;
  /** Unix time, ms, after which nothing new is begun. */
  readonly deadlineMs: number;
  /** Entries read, at most. */
  readonly maxEvents: number;
}

/** Counts of one tick. */
export interface DrainResult {
  read: number;
  applied: number;
  /** Entries delivered again after they had been applied. */
  redelivered: number;
  /** Events that stood on the stream under a second id. */
  publishedTwice: number;
  /** Entries of types that nobody here handles. */
  skipped: number;
  retried: number;
  deadLettered: number;
  /** Read and set aside, behind an older event with the same key or because time was up. */
  setAside: number;
  /** Another drainer holds the lease. `waitMs` until it ends, for the one that left the mark first; else null. */
  busy: { readonly waitMs: number | null } | null;
  /** Time, count or calls were used up before everything was read. */
  more: boolean;
  /** Unix time, ms, at which the next retry is due; null when none waits. */
  nextDueMs: number | null;
  /** Why the tick ended early; null when it did not. */
  stopped: string | null;
  /** Entries that went from the stream to the queue. */
  parked: number;
  /** The consumer is paused: nothing was read. */
  paused: boolean;
  /** The outage brake is open. */
  braked: boolean;
  /** What became of the brake in this tick; null: nothing. */
  brake: BrakeChange | null;
}

/** `opened_by_schema`: because a table, column or function is missing that a handler needs. */
export type BrakeChange = "opened" | "opened_by_schema" | "closed";

/** Calls that one round needs at most, besides its handlers' own. */
const callsPerRound = 12;

/** State of one tick; gone when it ends. */
export interface Tick {
  readonly deps: DrainDeps;
  readonly consumer: Consumer;
  readonly options: DrainOptions;
  readonly group: Group;
  readonly apply: ApplyDeps;
  readonly scope: LeaseScope;
  /** Token of the lease that the tick holds. */
  token: string;
  state: TickState;
  brake: Brake;
  brakeChanged: boolean;
  /** An operator changed what the tick must know: it ends, and the next one begins with the new. */
  changed: boolean;
  /** Entries being handled; the renewal of the lease keeps them from looking idle. */
  readonly handling: Set<Incoming["messageId"]>;
  /** Rows of the queue that are finished, removed with the next round trip. */
  readonly done: string[];
  readonly lanes: Lane[];
  readonly result: DrainResult;
  /** Acked with the next round trip. */
  readonly acks: Incoming["messageId"][];
  /** Times of failures that stand in Redis: message id → due and first failure, Unix ms. */
  readonly failures: Map<string, Failure>;
  takeover: boolean;
  leaseLost: boolean;
  /** New entries that the next round reads at most; grows and shrinks with the time that rounds take. */
  readSize: number;
  rounds: number;
  /** Deliveries applied when the tick last stayed for news. */
  appliedBefore: number;
  /** Entries pending in the group, the acks not yet sent still counted. */
  pending: number;
  /** Pending entries whose body is no longer on the stream: any XCLAIM would drop them from the pending list. */
  readonly trimmed: Set<string>;
}

/**
 * Puts entries of the stream back as if they had not been read for this try.
 *
 * @param deliveries tries that count
 */
export async function putBack(
  tick: Tick,
  deliveries: number,
  ids: readonly Incoming["messageId"][],
): Promise<void> {
  if (ids.length === 0) return;
  tick.result.setAside += ids.length;
  // A trimmed entry was never claimed for this try, so there is nothing to take back.
  const claimed = ids.filter((id) => !tick.trimmed.has(id));
  if (claimed.length > 0) await holding(tick, [putBackCommand(tick.group, deliveries, claimed)]);
}

/**
 * Runs commands that only the holder of the lease may give.
 *
 * @throws {FencedError} another worker took over
 */
export async function holding(tick: Tick, commands: readonly Command[]): Promise<void> {
  if (await asHolder(tick.scope, tick.token, commands)) return;
  tick.leaseLost = true;
  throw new FencedError();
}

/** Notes when the next retry is due. */
export function noteDue(tick: Tick, dueAtMs: number): void {
  tick.result.nextDueMs = Math.min(tick.result.nextDueMs ?? Number.POSITIVE_INFINITY, dueAtMs);
}

export function lane(tick: Tick, index: number): Lane {
  const existing = tick.lanes[index];
  if (existing !== undefined) return existing;
  const created = createLane(tick.apply);
  tick.lanes[index] = created;
  return created;
}

/** The acks that are due, and the removal of what was stored about their failures. */
export function takeAcks(tick: Tick): Command[] {
  const ids = tick.acks.splice(0);
  if (ids.length === 0) return [];
  const commands: Command[] = [ackCommand(tick.group, ids)];
  tick.pending -= ids.length;
  const failed = ids.filter((id) => tick.failures.delete(id));
  if (failed.length > 0) {
    commands.push(["HDEL", tick.deps.keys.retryAt(tick.consumer.group, tick.options.shard), ...failed]);
  }
  return commands;
}

/** True while another round may begin. */
export function mayGoOn(tick: Tick): boolean {
  const { changed, result, options, deps, rounds } = tick;
  // A tick that gave way before its first round would get nowhere when Redis is slow.
  const yields = rounds > 0 && deps.yields?.() === true;
  return !changed && !yields && result.read < options.maxEvents && hasTime(tick);
}

/** True while the lease is ours, the deadline has not come and enough calls are left to finish what is begun. */
export function hasTime({ deps, options, leaseLost }: Tick): boolean {
  if (leaseLost) return false;
  return deps.now() < options.deadlineMs && !(deps.meter?.isNear(callsPerRound) ?? false);
}

/** What an operator sees of the last tick. */
export function heartbeat(tick: Tick): string {
  const { read, applied, retried, deadLettered, stopped, parked, paused, braked } = tick.result;
  return JSON.stringify({
    at: new Date(tick.deps.now()).toISOString(),
    read,
    applied,
    retried,
    dead_lettered: deadLettered,
    parked,
    paused,
    braked,
    stopped,
  });
}
