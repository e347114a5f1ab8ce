import { openBySeveritySql } from "../alerts/alert-views.ts";
import { type AlertSeverity, severities } from "../alerts/alerts.ts";
import { readSchemaState } from "../db/read-schema-state.ts";
import { hasStream, type Invocation, type StreamInvocation } from "../invocation.ts";
import type { FollowedOutcome } from "../stream/count-series.ts";
import { counterFields } from "../stream/counters.ts";
import { askThere, isAway, type NumberedCommand, toFirst } from "../stream/databases.ts";
import {
  type ConsumerState,
  shardsOf,
  storedStatements,
  toStates,
  toStored,
} from "./consumers/consumer-states.ts";
import { breakerReplies, liveCommands, toLive, toVisits, visitCommands } from "./consumers/live-state.ts";
import {
  answered,
  answerOf,
  checkHealth,
  type Health,
  judgeHealth,
  openBreakersIn,
  toVital,
  vitalStatements,
} from "./health.ts";
import {
  type CriticalTimeView,
  type OverTime,
  overTimeCommands,
  sumOf,
  type TimeWindow,
  type TriesOverTime,
  timeWindows,
  toOverTime,
  totalsOf,
} from "./metrics/over-time.ts";
import { type Backlog, backlogSql, newLettersSql, openLettersSql } from "./standing.ts";

/*
 * Is it well? All that an operator looks at first, in one answer: at most one round trip to Redis and three to Postgres,
 * none of which reads more when the record is long. What happened over time is told by the counters in Redis.
 */

/** Answer of `GET /api/overview`. What is null is not known, or not for a credential of one tenant. */
export interface Overview {
  readonly at: string;
  readonly window: TimeWindow;
  readonly health: Health;
  /** Null: a credential of one tenant, or no stream. */
  readonly traffic: Traffic | null;
  /** Null: as `traffic`. */
  readonly critical_time: CriticalTimeView | null;
  /** One line each; null: a credential of one tenant, or Postgres or Redis is away. */
  readonly consumers: readonly ConsumerLine[] | null;
  /** Null: as `consumers`. */
  readonly cron: CronState | null;
  /** The following null: Postgres is away. */
  readonly alerts: Readonly<Record<AlertSeverity, number>> | null;
  /** `new_in_window`: those of the open ones that came within the window, at most 10,000. */
  readonly dead_letters: { readonly open: number; readonly new_in_window: number } | null;
  /** Events that are recorded and not on the stream yet. */
  readonly relay: { readonly backlog: number; readonly oldest_age_ms: number | null } | null;
}

export interface Traffic extends TriesOverTime {
  readonly from: string;
  readonly bucket_ms: number;
  /** Events that the relay put on the stream. Events of other programs are not in it. */
  readonly published: readonly number[];
  readonly totals: Readonly<Record<FollowedOutcome | "published", number>>;
  /** Of the last 30 to 60 seconds. */
  readonly per_second: { readonly published: number; readonly applied: number };
}

/** A consumer, all shards together. */
export interface ConsumerLine {
  readonly subscriber: string;
  /** Null: nobody can tell of one of the shards. */
  readonly lag: number | null;
  readonly pending: number | null;
  readonly queued: number;
  /** Of whatever waits longest: unread, read and not finished, or in Postgres. Null: nothing does, or unknown. */
  readonly oldest_age_ms: number | null;
  readonly dead_letters: number;
  /** As a whole. */
  readonly paused: boolean;
  readonly paused_types: readonly string[];
  /** Shards on which its circuit breaker is open. */
  readonly open_brakes: number;
  readonly last_tick_at: string | null;
  /** Tries in the window, by outcome. Null without a stream. */
  readonly in_window: Readonly<Record<FollowedOutcome, number>> | null;
  readonly critical_time: CriticalTimeView | null;
}

export interface CronState {
  readonly last_tick_at: string | null;
  readonly last_janitor_at: string | null;
  /** Minutes in which cron did not come, since Redis began to count. */
  readonly missed_ticks: number;
}

/**
 * For a credential of all tenants. Never throws because a service is away; what it would have told is null then.
 */
export async function readOverview(invocation: Invocation, window: TimeWindow): Promise<Overview> {
  const { db, migrations, now } = invocation;
  const nowMs = now();
  const { lastMs } = timeWindows[window];
  const [stream, record, schema] = await Promise.all([
    hasStream(invocation) ? answerOf("Redis", () => askStream(invocation, window, nowMs)) : null,
    answerOf("Postgres", () => askRecord(invocation, lastMs)),
    answerOf("Postgres", () => readSchemaState(db, migrations)),
  ]);
  const [shared, stored] = [answered(stream), answered(record)];
  const lines =
    stored === null || (shared === null && hasStream(invocation))
      ? null
      : await answerOf("Postgres", () => linesOf(invocation, stored.consumers, shared));
  const overTime = shared?.overTime ?? null;
  return {
    at: new Date(nowMs).toISOString(),
    window,
    health: judgeHealth(
      invocation,
      stream !== null && "answer" in stream ? { answer: stream.answer } : stream,
      schema,
      "answer" in record ? { answer: record.answer } : record,
    ),
    traffic: overTime === null ? null : trafficOf(overTime),
    critical_time: overTime?.criticalTime(null) ?? null,
    consumers: answered(lines),
    cron: shared?.cron ?? null,
    ...(stored === null ? nothingStands : stored.standing),
  };
}

/**
 * For a credential of one tenant: what waits for it, and the health that everybody may read. Traffic and consumers are
 * everybody's, and counted together.
 *
 * @param db of the tenant
 */
export async function tenantOverview(
  invocation: Invocation,
  window: TimeWindow,
  db: Invocation["db"],
  tenantId: string,
): Promise<Overview> {
  const [health, rows] = await Promise.all([
    checkHealth(invocation),
    answerOf("Postgres", () => db.batch(standingStatements(tenantId, timeWindows[window].lastMs))),
  ]);
  return {
    at: new Date(invocation.now()).toISOString(),
    window,
    health,
    ...{ traffic: null, critical_time: null, consumers: null, cron: null },
    ...("answer" in rows ? toStanding(rows.answer) : nothingStands),
  };
}

type Standing = Pick<Overview, "alerts" | "dead_letters" | "relay">;
const nothingStands: Standing = { alerts: null, dead_letters: null, relay: null };

const standingStatements = (tenantId: string | null, lastMs: number) => [
  openBySeveritySql(tenantId),
  openLettersSql(tenantId),
  newLettersSql(tenantId, lastMs),
  backlogSql(tenantId),
];

/** @param rows of `standingStatements` */
function toStanding([alerts, open, fresh, backlog]: readonly (readonly unknown[])[]): Standing {
  const bySeverity = new Map(
    ((alerts ?? []) as { severity: AlertSeverity; count: number }[]).map(({ severity, count }) => [
      severity,
      count,
    ]),
  );
  const [unsent] = (backlog ?? []) as Backlog[];
  const countIn = (rows: readonly unknown[] | undefined) =>
    (rows?.[0] as { count: number } | undefined)?.count ?? 0;
  return {
    alerts: Object.fromEntries(severities.map((name) => [name, bySeverity.get(name) ?? 0])) as Record<
      AlertSeverity,
      number
    >,
    dead_letters: { open: countIn(open), new_in_window: countIn(fresh) },
    relay: { backlog: unsent?.count ?? 0, oldest_age_ms: unsent?.oldest_ms ?? null },
  };
}

/** One round trip to Redis. */
async function askStream(invocation: StreamInvocation, window: TimeWindow, nowMs: number) {
  const { databases, keys, consumers } = invocation;
  const live = liveCommands(invocation);
  const visits = visitCommands(keys);
  const [missed, ...replies] = await askThere(databases, [
    ...toFirst([["HGET", keys.counters(0), counterFields.missedTicks()]]),
    ...live,
    ...toFirst(visits),
    ...overTimeCommands(invocation, window, nowMs),
  ]);
  const behindLive = replies.slice(live.length);
  const { cronAt, janitorAt } = toVisits(behindLive);
  return {
    away: awayNumbers(live, replies).map((number) => ({ number, refusal: null })),
    open: breakerReplies(databases, replies).flatMap(openBreakersIn),
    live: toLive(databases, replies.slice(0, live.length), shardsOf(invocation, [...consumers.values()])),
    cron: {
      last_tick_at: cronAt,
      last_janitor_at: janitorAt,
      missed_ticks: typeof missed === "string" ? Number(missed) : 0,
    } satisfies CronState,
    overTime: toOverTime(behindLive.slice(visits.length), window, nowMs),
  };
}

/** One round trip to Postgres. */
async function askRecord(invocation: Invocation, lastMs: number) {
  const standing = standingStatements(null, lastMs);
  const answers = await invocation.db.batch([
    ...vitalStatements,
    ...standing,
    ...storedStatements(invocation),
  ]);
  const rows = answers.slice(vitalStatements.length);
  return {
    ...toVital(answers),
    standing: toStanding(rows),
    consumers: toStored(rows.slice(standing.length)),
  };
}

/** Numbers of the databases that did not answer. */
function awayNumbers(commands: readonly NumberedCommand[], replies: readonly unknown[]): number[] {
  const away = commands.flatMap(({ number }, index) => (isAway(replies[index]) ? [number] : []));
  return [...new Set(away)];
}

function trafficOf({ from, bucketMs, published, tries, perSecond }: OverTime): Traffic {
  const all = tries(null);
  return {
    from,
    bucket_ms: bucketMs,
    published,
    ...all,
    totals: { published: sumOf(published), ...totalsOf(all) },
    per_second: perSecond,
  };
}

/** One round trip to Postgres when something waits on a stream. @param stream null: there is none */
async function linesOf(
  invocation: Invocation,
  stored: ReturnType<typeof toStored>,
  stream: Awaited<ReturnType<typeof askStream>> | null,
): Promise<ConsumerLine[]> {
  const states = await toStates(invocation, [...invocation.consumers.values()], stored, stream?.live ?? []);
  const bySubscriber = Map.groupBy(states, ({ subscriber }) => subscriber);
  return [...bySubscriber].map(([subscriber, shards]) =>
    lineOf(subscriber, shards, stream?.overTime ?? null),
  );
}

function lineOf(
  subscriber: string,
  shards: readonly ConsumerState[],
  overTime: OverTime | null,
): ConsumerLine {
  const [first] = shards;
  const paused = first?.paused ?? [];
  const ages = shards
    .flatMap((one) => [one.oldest_unread_age_ms, one.oldest_pending_age_ms, one.oldest_queued_age_ms])
    .filter((age) => age !== null);
  const ticks = shards.flatMap(({ last_tick: tick }) => tickAt(tick) ?? []);
  return {
    subscriber,
    lag: sumOfKnown(shards.map(({ lag }) => lag)),
    pending: sumOfKnown(shards.map(({ pending }) => pending)),
    queued: sumOf(shards.map(({ queued }) => queued)),
    oldest_age_ms: ages.length === 0 ? null : Math.max(...ages),
    dead_letters: first?.dead_letters ?? 0,
    paused: paused.some(({ event_type: type }) => type === null),
    paused_types: paused.flatMap(({ event_type: type }) => type ?? []),
    open_brakes: shards.filter(({ brake }) => brake !== null).length,
    last_tick_at: ticks.toSorted().at(-1) ?? null,
    in_window: overTime === null ? null : totalsOf(overTime.tries(subscriber)),
    critical_time: overTime?.criticalTime(subscriber) ?? null,
  };
}

/** Null as soon as one is not known. */
function sumOfKnown(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length < counts.length ? null : sumOf(known);
}

function tickAt(tick: unknown): string | null {
  if (typeof tick !== "object" || tick === null || !("at" in tick)) return null;
  return typeof tick.at === "string" ? tick.at : null;
}
