import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Stack } from "./connect.ts";
import { type BenchEvent, makers } from "./events.ts";
import { orderedId } from "./fill.ts";

/** Load on a stack, and waiting for what comes of it. */

/** Runs `jobs` with at most `width` under way; the time of each, ms. */
export async function inParallel(
  jobs: readonly (() => Promise<unknown>)[],
  width: number,
): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const lane = async () => {
    while (next < jobs.length) {
      const job = jobs[next];
      next += 1;
      const startedMs = performance.now();
      await job?.();
      times.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return times;
}

/** @throws {Error} with the state of the stack after `limitMs` */
export async function until(
  stack: Stack,
  what: string,
  check: () => Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > endMs) {
      const state = await (await stack.call("/api/events/stats")).text();
      const effects = await stack.count("SELECT count(*) AS n FROM bench_effects");
      throw new Error(`timed out waiting until ${what}; ${effects} effects; ${state}`);
    }
    await delay(5);
  }
}

export function untilRelayed(stack: Stack): Promise<void> {
  const unsent = () => stack.count("SELECT count(*) AS n FROM unsent_events");
  return until(stack, "all is relayed", async () => (await unsent()) === 0);
}

/** Fills the record without the relay, the way a transaction of somebody else would. */
export async function record({ db }: Stack, make: (n: number) => BenchEvent, n: number): Promise<void> {
  const sample = make(0);
  await db.query(
    `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, key,
       correlation_id)
     SELECT r.id, $1, 'bench', 1, 'bench', 'course_distribution',
       '{"schema_version":1,"producer":"bench","source_module":"course_distribution"}',
       $2::jsonb || jsonb_build_object('distribution_id', r.key), now(), r.key, r.id::text
     FROM (SELECT ${orderedId("(extract(epoch FROM clock_timestamp()) * 1000)::bigint")} AS id,
       'dist_' || lpad(to_hex(i % 100), 16, '0') AS key FROM generate_series(1, $3::integer) AS i) r`,
    [sample.type, JSON.stringify(sample.payload), n],
  );
}

export async function drainFully({ call }: Stack, subscriber: string): Promise<void> {
  for (let more = true; more; ) {
    const result = (await (await call(`/bench/drain?subscriber=${subscriber}`)).json()) as {
      more: boolean;
      stopped: string | null;
    };
    if (result.stopped !== null) throw new Error(result.stopped);
    more = result.more;
  }
}

/** What became of requests that were sent at their times, whatever became of those before. */
export interface Flood {
  /** Unix ms at which each accepted event was sent, by id. */
  readonly accepted: ReadonlyMap<string, number>;
  /** Times of the answers, ms. */
  readonly answered: readonly number[];
  /** Of those among them that were sent after `settledMs`. */
  readonly answeredLater: readonly number[];
  /** Answers 503, by the id of the event. */
  readonly refused: ReadonlyMap<string, { readonly tookMs: number; readonly saysWhen: boolean }>;
  /** Without an answer: reset, or nobody took the connection. */
  readonly failed: number;
  /** Why the first of them has none. */
  readonly failure: string | null;
}

/** A load that has just begun finds the queues empty, ms. */
export const settledMs = 2_000;

/**
 * Sends `n` events at `perSecond`, on time also when the answers are not.
 *
 * @param make default: of `bench_latency`
 * @param path where they go; default: the route for events
 */
export async function flood(
  stack: Stack,
  n: number,
  perSecond: number,
  make: (n: number) => BenchEvent = makers.bumped,
  path = "/api/events",
): Promise<Flood> {
  const accepted = new Map<string, number>();
  const answered: number[] = [];
  const answeredLater: number[] = [];
  const refused = new Map<string, { readonly tookMs: number; readonly saysWhen: boolean }>();
  let failed = 0;
  let failure: string | null = null;
  const beginMs = performance.now();
  const send = async (i: number) => {
    const id = randomUUID();
    const [sentAt, startedMs] = [Date.now(), performance.now()];
    const body = JSON.stringify({ ...make(i), id });
    try {
      const { status, retryAfter } = await stack.post(path, body);
      const tookMs = performance.now() - startedMs;
      if (status === 503) refused.set(id, { tookMs, saysWhen: retryAfter !== null });
      else if (status === 202) {
        answered.push(tookMs);
        if (startedMs - beginMs >= settledMs) answeredLater.push(tookMs);
        accepted.set(id, sentAt);
      } else throw new Error(`${path} answered ${status}`);
    } catch (error) {
      failed += 1;
      failure ??= String(error);
    }
  };
  const sent: Promise<void>[] = [];
  for (let i = 0; i < n; i += 1) {
    const wait = beginMs + (i * 1_000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    sent.push(send(i));
  }
  await Promise.all(sent);
  return { accepted, answered, answeredLater, refused, failed, failure };
}

/** Times from the request to the effect, ms. Every accepted event must have its effect, and only once. */
export async function effectTimes(stack: Stack, { accepted }: Flood): Promise<number[]> {
  const seen = async () =>
    (await stack.db.query("SELECT event_id, extract(epoch FROM at) * 1000 AS at FROM bench_effects")).rows;
  await until(stack, "all effects are there", async () => {
    const ids = new Set((await seen()).map((row) => row.event_id));
    return [...accepted.keys()].every((id) => ids.has(id));
  });
  const rows = await seen();
  if (new Set(rows.map((row) => row.event_id)).size !== rows.length) throw new Error("an effect came twice");
  return rows.flatMap((row) => {
    const sentAt = accepted.get(row.event_id);
    return sentAt === undefined ? [] : [Number(row.at) - sentAt];
  });
}

/** What happened to those that were not accepted; nothing when all were. */
export function shortfall({ refused, failed, failure }: Flood): string {
  if (refused.size + failed === 0) return "";
  return `; OVERLOADED: ${refused.size} refused, ${failed} without an answer${failure === null ? "" : ` (${failure})`}`;
}
