import { recorded } from "../recorded.ts";
import { type Stack, startStack } from "./connect.ts";
import { makers } from "./events.ts";
import { fillLetters, fillRecord } from "./fill.ts";
import { drainFully, inParallel, record } from "./load.ts";
import { markdownTable, numberOptions, percentiles, short } from "./report.ts";

/*
 * `npm run bench growth`: what things cost with millions of rows in `events` and `processed_events`, beside an empty
 * system. Both are there at once and measured in turns, so that whatever else the machine does meets both. Each part
 * begins right behind a checkpoint, which is when Postgres logs whole pages and a full record is at its worst.
 */

/** Events of each part in a round. */
const sizes = { publish: 10_000, set: 10_000, old: 10_000 };
const perTransaction = 1_000;
/** Reads of one kind in a round; their median counts. */
const reads = 20;
const letters = 1_000;
const mostRatio = 1.2;

interface JanitorBody {
  readonly purge: { readonly processed_events?: number };
}

/** Time of each part in one round, ms. */
type Times = ReadonlyMap<string, number>;

/** @returns the exit code: 1 when something costs more than 1.2 x what it costs in an empty system */
export async function benchGrowth(args: readonly string[]): Promise<number> {
  const options = numberOptions(args, { rows: 5_000_000, rounds: 5 });
  const [empty, grown] = [await startStack("bench"), await startStack("bench")];
  try {
    const startedMs = performance.now();
    for (const { db } of [empty, grown]) await fillLetters(db, letters);
    // Groups and streams as in life: they are there before the record is full.
    for (const stack of [empty, grown]) await measure(stack);
    await fillRecord(grown.db, options.rows, (done) => console.error(`  ${short(done)} rows`));
    console.error(`  the record is full after ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
    const rounds: { readonly empty: Times; readonly grown: Times }[] = [];
    // The first one warms up.
    for (let round = 0; round <= options.rounds; round += 1) {
      const times =
        round % 2 === 0
          ? { empty: await measure(empty), grown: await measure(grown) }
          : { grown: await measure(grown), empty: await measure(empty) };
      if (round > 0) rounds.push(times);
      console.error(`  round ${round} of ${options.rounds}`);
    }
    return report(
      rounds,
      options.rows,
      await grown.count("SELECT pg_database_size(current_database()) AS n"),
    );
  } finally {
    await Promise.all([empty.stop(), grown.stop()]);
  }
}

function report(
  rounds: readonly { readonly empty: Times; readonly grown: Times }[],
  rows: number,
  bytes: number,
): number {
  const medianOf = (which: "empty" | "grown", part: string) =>
    percentiles(rounds.map((round) => round[which].get(part) ?? Number.NaN)).p50;
  const parts = [...(rounds[0]?.empty.keys() ?? [])];
  const ratios = parts.map((part) => medianOf("grown", part) / medianOf("empty", part));
  const lines = parts.map((part, at) => [
    part,
    `${short(medianOf("empty", part))} ms`,
    `${short(medianOf("grown", part))} ms`,
    `${(ratios[at] ?? Number.NaN).toFixed(2)} x`,
    (ratios[at] ?? Number.NaN) <= mostRatio ? "pass" : "FAIL",
  ]);
  console.log(
    `${short(rows)} events and as many claims (${(bytes / 1_048_576).toFixed(0)} MiB) beside an empty system, medians of ${rounds.length} rounds in turns:\n`,
  );
  console.log(markdownTable(["what", "empty", "full", "ratio", `<= ${mostRatio} x`], lines));
  return ratios.every((ratio) => ratio <= mostRatio) ? 0 : 1;
}

/** One round of everything on one system. */
async function measure(stack: Stack): Promise<Times> {
  const { call, db } = stack;
  const times = new Map<string, number>();
  const part = async (name: string, work: () => Promise<unknown>) => {
    const startedMs = performance.now();
    await work();
    times.set(name, performance.now() - startedMs);
  };
  const checkpoint = () => db.query("CHECKPOINT");
  const read = async (name: string, path: string) => {
    const jobs = Array.from({ length: reads }, () => async () => (await call(path)).text());
    times.set(name, percentiles(await inParallel(jobs, 1)).p50);
  };

  for (const subscriber of ["bench_set", "bench_each", "bench_latency"]) await drainFully(stack, subscriber);
  await checkpoint();
  await part(`publish ${short(sizes.publish)}, ${short(perTransaction)} a transaction`, async () => {
    for (let n = 0; n < sizes.publish; n += perTransaction)
      await (await call(`/bench/transaction?publish=${perTransaction}`)).text();
  });
  await checkpoint();
  await part(`relay ${short(sizes.publish)}`, async () => (await call("/bench/relay")).text());
  await record(stack, makers.viewed, sizes.set);
  await (await call("/bench/relay")).text();
  await db.query("TRUNCATE bench_effects");
  await checkpoint();
  await part(`drain ${short(sizes.set)}, set-based`, () => drainFully(stack, "bench_set"));
  await checkpoint();
  await part(`drain ${short(sizes.publish)}, one insert each`, () => drainFully(stack, "bench_latency"));
  const effects = await stack.count("SELECT count(*) AS n FROM bench_effects");
  if (effects !== sizes.set + sizes.publish)
    throw new Error(`${effects} effects of ${sizes.set + sizes.publish} events`);
  await db.query(
    `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, processed_at)
     SELECT 'bench_old', 'brain:events:stream', gen_random_uuid()::text, gen_random_uuid()::text, now() - interval '100 days'
     FROM generate_series(1, $1::integer)`,
    [sizes.old],
  );
  await part(`the janitor, with ${short(sizes.old)} old claims`, async () => {
    const report = (await (await call("/api/maintenance/janitor", "")).json()) as JanitorBody;
    if (report.purge.processed_events !== sizes.old)
      throw new Error(`the janitor did: ${JSON.stringify(report)}`);
  });
  const [some] = (
    await db.query(
      `SELECT id, correlation_id FROM ${recorded} WHERE sent_at IS NOT NULL ORDER BY position DESC LIMIT 1`,
    )
  ).rows as { id: string; correlation_id: string | null }[];
  const [letter] = (await db.query("SELECT max(id) AS id FROM dead_letters")).rows as { id: string }[];
  await read("history, newest 100", "/api/events/history?limit=100");
  await read("history of a type", "/api/events/history?limit=100&type=distribution.viewed");
  await read("an event by its id", `/api/events/${some?.id}`);
  await read("a story", `/api/events/correlation/${some?.correlation_id ?? some?.id}`);
  await read("statistics", "/api/events/stats");
  await read("consumers", "/api/consumers");
  await read("dead letters", "/api/dead-letters?limit=100");
  await read("kinds of dead letters", "/api/dead-letters/groups");
  await read("one dead letter", `/api/dead-letters/${letter?.id}`);
  return times;
}
