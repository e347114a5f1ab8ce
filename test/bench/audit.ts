import { PgDialect } from "drizzle-orm/pg-core";
import {
  conditionsOf,
  positionsSql,
  recordTable,
  type SearchFilter,
} from "../../src/engine/events/search-sql.ts";
import { type Stack, startStack } from "./connect.ts";
import { orderedId, withoutIndexes } from "./fill.ts";
import { markdownTable, numberOptions, percentiles, short } from "./report.ts";

/*
 * `npm run bench audit`: the search over millions of rows, each filter for itself; the export; and what one published
 * event costs beside an empty system, in turns. `-- --explain 1` shows the plans that Postgres makes.
 */

const chunk = 250_000;
const spreadDays = 80;
/** Events published at once, and times that this is measured. */
const perTransaction = 1_000;
const rounds = 10;
const exported = 100_000;
const most = { p95Ms: 100, ratio: 1.2, rowsPerSecond: 20_000 };

/** @returns the exit code: 1 when one of the three aims is missed */
export async function benchAudit(args: readonly string[]): Promise<number> {
  const options = numberOptions(args, { rows: 5_000_000, reads: 40, explain: 0 });
  const [empty, full] = [await startStack("bench"), await startStack("bench")];
  try {
    for (const stack of [empty, full]) await publish(stack);
    await fill(full, options.rows);
    await full.db.query("ANALYZE events");
    const cost = await compareCost(empty, full);
    const lines: string[][] = [];
    let isMissed = cost > most.ratio;
    for (const [name, queries] of Object.entries(await filters(full, options.reads))) {
      const times: number[] = [];
      let rows = 0;
      for (const query of queries) {
        const startedMs = performance.now();
        const answer = (await (await full.call(`/api/events/history?${query}`)).json()) as {
          events: unknown[];
        };
        times.push(performance.now() - startedMs);
        rows += answer.events.length;
      }
      const { p50, p95 } = percentiles(times);
      isMissed ||= p95 > most.p95Ms;
      const told = [name, short(rows / queries.length), `${short(p50)} ms`, `${short(p95)} ms`];
      lines.push([...told, p95 <= most.p95Ms ? "pass" : "FAIL"]);
    }
    console.log(`${short(options.rows)} events, ${options.reads} searches each, 100 rows a page:\n`);
    console.log(markdownTable(["filter", "rows", "p50", "p95", `<= ${most.p95Ms} ms`], lines));
    const rate = await measureExport(full);
    console.log(`\nexport: ${short(rate)} rows/s (aim ${short(most.rowsPerSecond)})`);
    console.log(`published event, full beside empty: ${cost.toFixed(2)} x (aim ${most.ratio} x)`);
    if (options.explain > 0) await explain(full);
    return isMissed || rate < most.rowsPerSecond ? 1 : 0;
  } finally {
    await Promise.all([empty.stop(), full.stop()]);
  }
}

async function publish({ call }: Stack): Promise<number> {
  const startedMs = performance.now();
  await (await call(`/bench/transaction?publish=${perTransaction}`)).text();
  await (await call("/bench/relay")).text();
  return performance.now() - startedMs;
}

async function compareCost(empty: Stack, full: Stack): Promise<number> {
  const times: { readonly empty: number[]; readonly full: number[] } = { empty: [], full: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const { db } of [empty, full]) await db.query("CHECKPOINT");
    times.empty.push(await publish(empty));
    times.full.push(await publish(full));
  }
  return percentiles(times.full).p50 / percentiles(times.empty).p50;
}

async function fill({ db }: Stack, rows: number): Promise<void> {
  const atMs = `(extract(epoch FROM now() - interval '1 hour') * 1000 - ${spreadDays * 86_400_000}::numeric * (1 - i::numeric / $3))::bigint`;
  await withoutIndexes(db, ["events"], async () => {
    for (let first = 1; first <= rows; first += chunk) {
      const last = Math.min(rows, first + chunk - 1);
      await db.query(
        `INSERT INTO events (id, type, source, target, tenant_id, actor_id, correlation_id, causation_id, mission_id, task_id,
           severity, schema_version, producer, source_module, meta, payload, occurred_at, stored_at, key, shard,
           stream_message_id, sent_at)
         SELECT r.id, 'course.part' || i % 8 || '.done' || i % 5, 'source-' || i % 40,
           CASE WHEN i % 10 = 0 THEN 'target-' || i % 1000 END, 'tenant-' || i % 50, 'actor-' || i % 5000, 'story-' || i / 12,
           CASE WHEN i % 3 > 0 THEN 'cause-' || i / 3 END, CASE WHEN i % 5 = 0 THEN 'mission-' || i / 50 END,
           CASE WHEN i % 7 = 0 THEN 'task-' || i / 70 END,
           CASE WHEN i % 1000 = 0 THEN 'CRITICAL' WHEN i % 50 = 0 THEN 'WARNING' END, 1, 'bench', 'module-' || i % 12,
           '{"schema_version":1,"producer":"bench","source_module":"course_factory"}',
           jsonb_build_object('course_id', 'course-' || i / 12, 'title', 'Course ' || i, 'lesson', i % 30,
             'text', repeat('word ', (hashint8(i) & 127) % 60)),
           r.at, r.at, 'course-' || i / 12, 0, r.ms || '-' || i, r.at + interval '1 second'
         FROM (SELECT i, t.ms, to_timestamp(t.ms / 1000.0) AS at, ${orderedId("t.ms")} AS id
           FROM generate_series($1::bigint, $2::bigint) AS i CROSS JOIN LATERAL (SELECT ${atMs} AS ms) t) r ORDER BY i`,
        [first, last, rows],
      );
      console.error(`  ${short(last)} rows`);
    }
  });
  await db.query(
    `UPDATE relay_shards SET (trimmed_ms, trimmed_seq) = (
       SELECT split_part(stream_message_id, '-', 1)::numeric, split_part(stream_message_id, '-', 2)::numeric
       FROM events WHERE stream_message_id IS NOT NULL ORDER BY position DESC LIMIT 1) WHERE shard = 0`,
  );
}

/** Queries of each kind: values that are there, spread over the record, and one in four that is not. */
async function filters({ db }: Stack, count: number): Promise<Readonly<Record<string, readonly string[]>>> {
  const { rows } = await db.query<Record<string, string | null>>(
    `SELECT e.* FROM generate_series(1, $1::integer) n CROSS JOIN LATERAL (
       SELECT type, source, target, tenant_id, actor_id, correlation_id, causation_id, mission_id, task_id, key, source_module,
         payload ->> 'title' AS title, occurred_at::text AS at
       FROM events WHERE position > n * (SELECT max(position) FROM events) / ($1::integer + 1) AND target IS NOT NULL
         AND mission_id IS NOT NULL AND task_id IS NOT NULL AND causation_id IS NOT NULL ORDER BY position LIMIT 1) e`,
    [count],
  );
  const each = (name: string, column: string) =>
    rows.map(
      (row, at) => `${name}=${encodeURIComponent(at % 4 === 3 ? "nothing-like-it" : (row[column] ?? ""))}`,
    );
  const range = (name: string, hours: number, more = "") =>
    rows.map((row) => {
      const fromMs = Date.parse(row.at ?? "");
      const [from, to] = [fromMs, fromMs + hours * 3_600_000].map((ms) => new Date(ms).toISOString());
      return `${name}from=${from}&${name}to=${to}${more}`;
    });
  return {
    "none, newest": rows.map(() => "order=desc"),
    "none, oldest": rows.map(() => "order=asc"),
    type: each("type", "type"),
    "type with *": rows.map((_, at) => (at % 4 === 3 ? "type=nothing.*" : `type=course.part${at % 8}.*`)),
    tenant: each("tenant_id", "tenant_id"),
    "tenant and type with *": rows.map((row, at) => `tenant_id=${row.tenant_id}&type=course.part${at % 8}.*`),
    actor: each("actor_id", "actor_id"),
    source: each("source", "source"),
    "source or target": each("agent_id", "target"),
    module: each("module", "source_module"),
    target: each("target", "target"),
    mission: each("mission_id", "mission_id"),
    task: each("task_id", "task_id"),
    correlation: each("correlation_id", "correlation_id"),
    causation: each("causation_id", "causation_id"),
    key: each("key", "key"),
    severity: rows.map((_, at) => `severity=${["CRITICAL", "WARNING", "ERROR"][at % 3]}`),
    "stored in an hour": range("", 1),
    "stored in a day, a type": range("", 24, "&type=course.part0.done0"),
    "told of an hour": range("occurred_", 1),
    "told of ten days": range("occurred_", 240),
    "payload and key": rows.map(
      (row) => `key=${row.key}&payload=${encodeURIComponent(`title=${row.title}`)}`,
    ),
    "payload alone (a stretch)": each("payload", "title").map((query) =>
      query.replace("payload=", "payload=title%3D"),
    ),
    "text alone (a stretch)": each("text", "title"),
    "all entries": rows.map(() => "entries=all"),
  };
}

async function measureExport({ call }: Stack): Promise<number> {
  const startedMs = performance.now();
  const answer = await call(`/api/audit/export?limit=${exported}`);
  let lines = 0;
  for await (const part of answer.body ?? []) {
    for (const byte of part) if (byte === 10) lines += 1;
  }
  if (lines !== exported) throw new Error(`${lines} rows of ${exported} came`);
  return lines / ((performance.now() - startedMs) / 1_000);
}

async function explain({ db }: Stack): Promise<void> {
  const dialect = new PgDialect();
  const shown: readonly (readonly [SearchFilter, readonly string[] | null])[] = [
    [{}, ["course.part0.done0"]],
    [{}, ["course.part0.done0", "course.part1.done1"]],
    [{ tenant_id: "tenant-1" }, null],
    [{ mission_id: "mission-7" }, null],
    [{ from: new Date(Date.now() - 30 * 86_400_000).toISOString() }, null],
  ];
  for (const [filter, types] of shown) {
    const stretch = { order: "desc", cursor: null, until: null, limit: 101 } as const;
    const query = dialect.sqlToQuery(
      positionsSql(recordTable, conditionsOf(filter, recordTable), types, stretch),
    );
    const { rows } = await db.query(`EXPLAIN (ANALYZE, BUFFERS) ${query.sql}`, query.params);
    console.log(
      `\n${JSON.stringify({ ...filter, types })}\n${rows.map((row) => row["QUERY PLAN"]).join("\n")}`,
    );
  }
}
