import { errorClass } from "../../consume/dead-letters.ts";
import { hasStream, type Invocation, type StreamInvocation } from "../../invocation.ts";
import { askThere, isAway, toFirst } from "../../stream/databases.ts";
import { agesOf, type LiveState, lastVisits, readLive } from "../consumers/live-state.ts";
import { counter, gauge, histogram, type MetricFamily } from "./metric-family.ts";
import { type Counted, countedCommands, toCounted } from "./read-counters.ts";
import { lookAtRecord, parseRecordLook, type RecordLook } from "./record-look.ts";

/*
 * What a scrape is told. Ages come before counts: a number of waiting events says little without the time that the first
 * of them has waited.
 *
 * A scrape comes every few seconds, for years. So it asks Postgres only while events flow, when the database is awake
 * anyway, and else as seldom as cron does: meanwhile it tells what the record said last, which changes only by commits,
 * and each commit is told to Redis before.
 */

/** A consumer on a shard, with what is known of it. */
interface Watched {
  readonly subscriber: string;
  readonly shard: number;
  /** Null: there is no stream. */
  readonly live: LiveState | null;
}

/** All metrics of the system, in the order in which they are told. */
export async function readMetrics(invocation: Invocation): Promise<MetricFamily[]> {
  const { now, consumers, publish, keys } = invocation;
  const places = [...consumers.values()].flatMap(({ subscriber, group }) =>
    Array.from({ length: publish.shards }, (_, shard) => ({
      subscriber,
      group,
      shard,
      stream: keys.stream(shard),
    })),
  );
  const [redis, live, visits] = await Promise.all([
    hasStream(invocation) ? askRedis(invocation) : nothingAsked,
    readLive(invocation, places),
    lastVisits(invocation),
  ]);
  const isAwake = redis.isAwake || isOld(redis.look, invocation);
  const [look, ageOf] = await Promise.all([
    isAwake ? lookAgain(invocation) : (redis.look ?? lookAgain(invocation)),
    agesOf(invocation, live, isAwake),
  ]);
  const watched = places.map(
    ({ subscriber, shard }, place): Watched => ({ subscriber, shard, live: live[place] ?? null }),
  );
  const ageMs = (time: string | null) => (time === null ? null : Math.max(0, now() - Date.parse(time)));
  return [
    ...agesOfConsumers(watched, ageOf, look, now()),
    ...agesOfSystem(look, ageMs(visits.cronAt), ageMs(visits.janitorAt), now()),
    ...timesOfConsumers(redis.counted),
    ...countsOfConsumers(watched, look),
    ...countsOfEvents(redis.counted, look),
  ];
}

interface Asked {
  readonly counted: Counted;
  readonly look: RecordLook | null;
  /** Events flowed lately, or an operator does something: the database is awake. */
  readonly isAwake: boolean;
}

const nothingAsked: Asked = { counted: toCounted([]), look: null, isAwake: true };

async function askRedis(invocation: StreamInvocation): Promise<Asked> {
  const { databases, keys } = invocation;
  const [active, look, ...counters] = await askThere(databases, [
    ...toFirst([
      ["EXISTS", keys.relayActive()],
      ["GET", keys.recordLook()],
    ]),
    ...countedCommands(invocation),
  ]);
  // Counts without those of a database that is away would fall, which a monitor takes for a restart: none are told then.
  const counted = toCounted(counters.some(isAway) ? [] : counters);
  return { counted, look: parseRecordLook(look), isAwake: Number(active) === 1 };
}

/** The database is asked as often as cron looks at one that is idle. */
function isOld(look: RecordLook | null, { now, relaySweepMs }: Invocation): boolean {
  return look === null || now() - look.atMs >= relaySweepMs || look.atMs > now();
}

/** Asks Postgres, and keeps what it said for the next scrapes. */
async function lookAgain(invocation: Invocation): Promise<RecordLook> {
  const look = await lookAtRecord(invocation);
  const { redis, keys, log } = invocation;
  // What is kept is for ten looks at most: whoever does not scrape any more leaves nothing behind.
  const keepMs = Math.max(60_000, 10 * invocation.relaySweepMs);
  try {
    await redis?.command(["SET", keys.recordLook(), JSON.stringify(look), "PX", String(keepMs)]);
  } catch (error) {
    // One that is full, or a replica, is what a scrape should tell of.
    log.warn(
      { error_class: errorClass(error) },
      "What the record said could not be kept for the next scrape.",
    );
  }
  return look;
}

const labelsOf = ({ subscriber, shard }: Watched) => ({ subscriber, shard: String(shard) });
const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);

/** Nothing that waits is an age of 0; something of which nobody knows the age is unknown, which is not 0. */
function agesOfConsumers(
  watched: readonly Watched[],
  ageOf: Awaited<ReturnType<typeof agesOf>>,
  look: RecordLook,
  nowMs: number,
): MetricFamily[] {
  const ofLive = (idOf: (live: LiveState) => LiveState["oldestUnread"]) =>
    watched.map((one) => {
      const id = one.live === null ? null : idOf(one.live);
      const ms = one.live === null ? null : id === null ? 0 : ageOf(id);
      return [labelsOf(one), seconds(ms)] as const;
    });
  return [
    gauge(
      "brain_oldest_unread_age_seconds",
      "Time since the oldest event on the stream that the subscriber has not read was sent; 0 when it has read all.",
      ofLive(({ oldestUnread }) => oldestUnread),
    ),
    gauge(
      "brain_oldest_pending_age_seconds",
      "Time since the oldest event was sent that the subscriber has read and not finished; 0 when there is none.",
      ofLive(({ oldestPending }) => oldestPending),
    ),
    gauge(
      "brain_oldest_deferred_age_seconds",
      "Time that the oldest delivery has waited in Postgres for the subscriber; 0 when there is none.",
      watched.map((one) => {
        const deferred = look.deferred[`${one.subscriber}:${one.shard}`];
        return [labelsOf(one), deferred === undefined ? 0 : Math.max(0, nowMs - deferred.oldestMs) / 1_000];
      }),
    ),
  ];
}

function agesOfSystem(
  { backlog, atMs }: RecordLook,
  cronMs: number | null,
  janitorMs: number | null,
  nowMs: number,
): MetricFamily[] {
  const oldestMs = backlog.oldestMs === null ? 0 : Math.max(0, nowMs - backlog.oldestMs);
  return [
    gauge(
      "brain_relay_backlog_age_seconds",
      "Time since the oldest event was recorded that is not on the stream yet; 0 when all are.",
      [[{}, oldestMs / 1_000]],
    ),
    gauge("brain_cron_last_tick_age_seconds", "Time since cron came last; it comes every minute.", [
      [{}, seconds(cronMs)],
    ]),
    gauge("brain_janitor_last_run_age_seconds", "Time since the janitor ran last; it runs every hour.", [
      [{}, seconds(janitorMs)],
    ]),
    gauge(
      "brain_record_look_age_seconds",
      "Time since Postgres was asked for what is told here; it is not woken for a scrape.",
      [[{}, Math.max(0, nowMs - atMs) / 1_000]],
    ),
  ];
}

function timesOfConsumers({ critical, processing }: Counted): MetricFamily[] {
  const bySubscriber = (times: Counted["critical"]) =>
    [...times].map(([subscriber, own]) => [{ subscriber }, own] as const);
  return [
    histogram(
      "brain_critical_time_seconds",
      "Time from the timestamp of an event to its effect; without replays, redrives and repeats.",
      bySubscriber(critical),
    ),
    histogram(
      "brain_processing_time_seconds",
      "Time that the handler of the subscriber worked on an event which was applied; events of a set share it.",
      bySubscriber(processing),
    ),
  ];
}

function countsOfConsumers(watched: readonly Watched[], look: RecordLook): MetricFamily[] {
  const subscribers = [...new Set(watched.map(({ subscriber }) => subscriber))];
  return [
    gauge(
      "brain_unread_events",
      "Events on the stream that the subscriber has not read.",
      watched.map((one) => [labelsOf(one), one.live?.lag ?? null]),
    ),
    gauge(
      "brain_pending_events",
      "Events that the subscriber has read and not finished.",
      watched.map((one) => [labelsOf(one), one.live?.pending ?? null]),
    ),
    gauge(
      "brain_deferred_deliveries",
      "Deliveries that wait in Postgres for the subscriber.",
      watched.map((one) => [labelsOf(one), look.deferred[`${one.subscriber}:${one.shard}`]?.count ?? 0]),
    ),
    gauge(
      "brain_open_dead_letters",
      "Dead letters that nobody has redriven or discarded; subscriber * for entries that nobody can read.",
      [...new Set([...subscribers, ...Object.keys(look.deadLetters)])].map((subscriber) => [
        { subscriber },
        look.deadLetters[subscriber] ?? 0,
      ]),
    ),
    gauge(
      "brain_circuit_breaker_open",
      "1 while the subscriber tries one event at a time, because what it needs seems to be away.",
      watched.map((one) => [labelsOf(one), one.live === null ? null : one.live.brake === null ? 0 : 1]),
    ),
    gauge(
      "brain_consumer_paused",
      "1 while an operator has paused the subscriber as a whole.",
      subscribers.map((subscriber) => [{ subscriber }, look.paused.includes(subscriber) ? 1 : 0]),
    ),
  ];
}

function countsOfEvents(
  { published, deliveries, missedTicks }: Counted,
  { backlog }: RecordLook,
): MetricFamily[] {
  return [
    gauge("brain_relay_backlog_events", "Events that are recorded and not on the stream yet.", [
      [{}, backlog.count],
    ]),
    counter(
      "brain_events_published",
      "Events that the relay put on the stream, those included that were sent again after a loss.",
      [...published].map(([type, count]) => [{ type }, count]),
    ),
    counter(
      "brain_deliveries",
      "Tries of deliveries by what became of them; type other for what the catalogue does not have.",
      deliveries.map(([subscriber, type, outcome, count]) => [{ subscriber, type, outcome }, count]),
    ),
    counter("brain_cron_missed_ticks", "Minutes in which cron should have come and did not.", [
      [{}, missedTicks],
    ]),
  ];
}
