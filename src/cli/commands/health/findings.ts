import type { Alerts } from "../../../http/kit/answers/alerts.ts";
import type { ConsumerState, Consumers } from "../../../http/kit/answers/consumers.ts";
import type { Stats } from "../../../http/kit/answers/operations.ts";
import { duration } from "../../output.ts";

/** Something that the server could not tell. */
export interface Unread {
  readonly about: string;
  /** The path that was asked. */
  readonly path: string;
  /** What came instead, with status, code and request where there are any; may have several lines. */
  readonly why: string;
}

/** What the doctor saw. */
export interface Observed {
  readonly health: {
    readonly status?: string;
    readonly event_stream?: boolean;
    readonly database?: boolean;
    readonly mode?: string;
    readonly reasons?: readonly string[];
    /** By the clock of the worker that answered. */
    readonly timestamp?: string;
  } | null;
  /** Null, as the next two: it could not be read, and `unread` says why. */
  readonly consumers: Consumers | null;
  readonly stats: Stats | null;
  readonly alerts: Alerts | null;
  /** What could not be read. */
  readonly unread: readonly Unread[];
  /** What waits longer is a problem, ms. */
  readonly maxAgeMs: number;
  /** Unix time, ms. */
  readonly nowMs: number;
}

/** `note`: unusual, but somebody may want it so. `problem`: somebody should act. */
export interface Finding {
  readonly level: "ok" | "note" | "problem";
  readonly about: string;
  readonly message: string;
}

/** What was seen, and who has to answer for it. */
interface Judged extends Observed {
  /** Whether something waits too long: time in which the host was off does not count. */
  readonly isLate: (ageMs: number, limitMs: number) => boolean;
}

/** Cron comes every minute. */
const cronSilenceMs = 180_000;
/** The janitor comes every hour. */
const janitorSilenceMs = 3 * 3_600_000;

/** More than an answer takes, ms. */
const skewMs = 60_000;

/** Judges what was seen; what was not is a problem of its own. Pure. */
export function findingsOf(seen: Observed): Finding[] {
  const { consumers, stats } = seen;
  const startedMs = Date.parse(consumers?.host_started_at ?? "");
  const upForMs = Number.isNaN(startedMs) ? Number.POSITIVE_INFINITY : Math.max(0, seen.nowMs - startedMs);
  const observed: Judged = { ...seen, isLate: (ageMs, limitMs) => Math.min(ageMs, upForMs) > limitMs };
  return [
    ...health(observed),
    ...observed.unread.map(unread),
    ...(stats === null ? [] : backlog(stats, observed)),
    ...(consumers?.consumers ?? []).flatMap((state) => consumer(state, observed)),
    ...(stats === null ? [] : deadLetters(stats)),
    ...(consumers === null ? [] : visits(consumers, observed)),
    ...clocks(observed),
    ...(stats === null || consumers === null ? [] : streamLength(stats, consumers)),
    ...(observed.alerts === null ? [] : alerts(observed.alerts)),
  ];
}

const ok = (about: string, message: string): Finding => ({ level: "ok", about, message });
const note = (about: string, message: string): Finding => ({ level: "note", about, message });
const problem = (about: string, message: string): Finding => ({ level: "problem", about, message });

function unread({ about, path, why }: Unread): Finding {
  return problem(about, `could not be read: GET ${path} ${why.replaceAll(/\s+/g, " ")}`);
}

function health({ health }: Observed): Finding[] {
  // An open circuit breaker is told of its consumer.
  const isUp = health?.status === "healthy" || (health?.status === "degraded" && health.event_stream);
  if (isUp) return [ok("health", "Redis and Postgres answer")];
  if (health?.status === "degraded") {
    return [note("health", "degraded mode: there is no event stream, events wait in the record")];
  }
  const reasons = health?.reasons ?? [];
  if (reasons.length === 0) return [problem("health", "the server says that it is not healthy")];
  return reasons.map((reason) => problem("health", reason));
}

function backlog(
  { outbox_backlog: count, outbox_oldest_ms: oldest }: Stats,
  { maxAgeMs, isLate }: Judged,
): Finding[] {
  if (count === 0) return [ok("relay", "nothing waits to be sent")];
  const message = `${count} ${count === 1 ? "event waits" : "events wait"} to be sent, the oldest for ${duration(oldest)}`;
  if (!isLate(oldest ?? 0, maxAgeMs)) return [note("relay", message)];
  return [problem("relay", `${message}; the relay does not run, or Redis refuses its batches: see the log`)];
}

function consumer(state: ConsumerState, observed: Judged): Finding[] {
  const about = `${state.subscriber}, shard ${state.shard}`;
  const { maxAgeMs, isLate } = observed;
  const findings: Finding[] = [];
  const isPaused = state.paused.some((pause) => pause.event_type === null);
  for (const { event_type, reason, expires_at } of state.paused) {
    const until = expires_at === null ? "until somebody resumes it" : `until ${expires_at}`;
    findings.push(note(about, `${event_type ?? "everything"} is paused ${until}: ${reason}`));
  }
  if (state.brake !== null) {
    const why = state.brake.error ?? "the last failure is not known";
    findings.push(problem(about, `the circuit breaker is open since ${state.brake.open_since}: ${why}`));
  }
  const strangers = state.foreign_readers ?? [];
  if (strangers.length > 0) {
    const names = strangers.map((name) => `"${name}"`).join(", ");
    findings.push(
      problem(
        about,
        `${names} read in the group ${state.group} and take its events; give that program a group of its own, then XGROUP DELCONSUMER`,
      ),
    );
  }
  for (const { event_type, count } of state.without_handler ?? []) {
    findings.push(
      problem(
        about,
        `${count} ${count === 1 ? "event" : "events"} of ${event_type} ${count === 1 ? "waits" : "wait"} in the queue, and no handler of this release takes them: they wait for a worker of a release that has one, and are passed over an hour after they were queued; deploy the handler again if they are to be handled`,
      ),
    );
  }
  if (state.missing_rename != null) findings.push(problem(about, state.missing_rename));
  const waits = [
    ["unread", state.lag, state.oldest_unread_age_ms],
    ["pending", state.pending, state.oldest_pending_age_ms],
    ["queued", state.queued, state.oldest_queued_age_ms],
  ] as const;
  for (const [what, count, age] of waits) {
    if (age === null || !isLate(age, maxAgeMs)) continue;
    const message = `${count ?? "some"} ${count === 1 ? "event is" : "events are"} ${what}, the oldest for ${duration(age)}`;
    findings.push(isPaused ? note(about, message) : problem(about, message));
  }
  findings.push(...silence(state, about, observed, isPaused));
  const stopped = state.last_tick?.stopped ?? null;
  if (stopped !== null) findings.push(problem(about, `the last drain ended early: ${stopped}`));
  for (const job of state.jobs) findings.push(note(about, `${job.kind} "${job.name}" is ${job.status}`));
  return findings.length === 0
    ? [ok(about, `lag ${state.lag ?? "unknown"}, pending ${state.pending ?? 0}`)]
    : findings;
}

/** An idle consumer needs no drain; one with work that waits, and without drains, is silent. */
function silence(
  state: ConsumerState,
  about: string,
  { nowMs, isLate }: Judged,
  isPaused: boolean,
): Finding[] {
  const waits = [
    [(state.lag ?? 0) > 0, state.oldest_unread_age_ms],
    [(state.pending ?? 0) > 0, state.oldest_pending_age_ms],
    [state.queued > 0, state.oldest_queued_age_ms],
  ] as const;
  const work = waits.filter(([is, age]) => is || age !== null);
  // What waits for its migration is told as that.
  if (work.length === 0 || isPaused || state.missing_rename != null) return [];
  const at = state.last_tick?.at;
  if (at === undefined) return [note(about, "there is work, and no drain was ever seen")];
  const age = nowMs - Date.parse(at);
  // Before work came there was nothing to drain for. What has no age may wait since the last drain.
  const waitsMs = Math.max(...work.map(([, workAge]) => workAge ?? age));
  if (!isLate(Math.min(age, waitsMs), cronSilenceMs)) return [];
  return [problem(about, `there is work, and the last drain was ${duration(age)} ago`)];
}

function deadLetters(stats: Stats): Finding[] {
  if (stats.dead_letters === 0) return [ok("dead letters", "none")];
  return [
    problem(
      "dead letters",
      `${stats.dead_letters} ${stats.dead_letters === 1 ? "is" : "are"} open; "charter dlq ls --groups" shows them by cause`,
    ),
  ];
}

function visits(consumers: Consumers, { nowMs, isLate }: Judged): Finding[] {
  const visit = (about: string, at: string | null, silenceMs: number): Finding => {
    if (at === null) return note(about, "not seen yet");
    // The clock that said so may be ahead of ours.
    const age = Math.max(0, nowMs - Date.parse(at));
    const message = `last seen ${duration(age)} ago`;
    return isLate(age, silenceMs) ? problem(about, message) : ok(about, message);
  };
  return [
    visit("cron", consumers.last_cron_tick_at, cronSilenceMs),
    visit("janitor", consumers.last_janitor_at, janitorSilenceMs),
  ];
}

/** @param aheadMs of the server's clock, as the server found it */
function databaseClock(aheadMs: number): Finding[] {
  if (aheadMs === 0) return [];
  const level = Math.abs(aheadMs) > skewMs ? problem : note;
  const direction = aheadMs > 0 ? "ahead of" : "behind";
  return [
    level(
      "clocks",
      `the clock of Postgres is ${duration(Math.abs(aheadMs))} ${direction} the server's: pauses, leases of the relay and ages of what waits go by that of Postgres, the times of events by the server's; set the one that is wrong`,
    ),
  ];
}

/**
 * Clocks that cannot all be right. When the last tick was Redis says where its clock and that of the worker differ, so one of
 * the future tells of it; one that is behind looks like a cron that does not come.
 */
function clocks({ health, consumers, nowMs }: Judged): Finding[] {
  const serverMs = Date.parse(health?.timestamp ?? "");
  const database = databaseClock(consumers?.database_ahead_ms ?? 0);
  if (Number.isNaN(serverMs)) return database;
  const tickAheadMs = Date.parse(consumers?.last_cron_tick_at ?? "") - serverMs;
  const serverAheadMs = serverMs - nowMs;
  const direction = serverAheadMs > 0 ? "ahead of" : "behind";
  return [
    ...database,
    ...(tickAheadMs > skewMs
      ? [
          problem(
            "clocks",
            `the last tick is ${duration(tickAheadMs)} ahead of the server's clock: that of Redis or of the server is wrong, and ages and alerts of lag that are told are off by as much`,
          ),
        ]
      : []),
    ...(Math.abs(serverAheadMs) > skewMs
      ? [
          note(
            "clocks",
            `the server's clock is ${duration(Math.abs(serverAheadMs))} ${direction} that of this machine; where it is the wrong one, events with times of their own and signed requests are refused`,
          ),
        ]
      : []),
  ];
}

function streamLength({ stream_length: length }: Stats, { retention, shards }: Consumers): Finding[] {
  const message = `${length} entries, ${retention.stream_keep} are kept on each of ${shards}`;
  // What the janitor itself finds too long.
  if (length <= (2 * retention.stream_keep + 10_000) * shards) return [ok("stream", message)];
  return [problem("stream", `${message}; it is not trimmed: a group is behind, or the janitor does not run`)];
}

function alerts({ alerts }: Alerts): Finding[] {
  if (alerts.length === 0) return [ok("alerts", "none is open")];
  return alerts.map(({ kind, subject, severity, message, first_seen_at }) => {
    const text = `${message} (${subject}, since ${first_seen_at})`;
    return severity === "warning" ? note(`alert ${kind}`, text) : problem(`alert ${kind}`, text);
  });
}
