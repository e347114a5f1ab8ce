import type { Clock, Logger } from "@brain/engine";
import { sql } from "drizzle-orm";
import type { LineFiles } from "./day-files.ts";
import { createJsonlTaskEvents } from "./jsonl-events.ts";
import type { RunRows } from "./postgres-events.ts";
import { fromRecord } from "./task-events.ts";

/*
 * On hosts with files, the daily files are made from the record. There is no cursor that could skip an event: the files of
 * a day are compared with the record of that day, and the difference is written. So it does not matter when a transaction
 * commits, which position its event has, where a crash tore a line, or whether somebody deleted a file.
 */

/** `recent`: yesterday and today; `all`: every day, and old or large files go to `archive/`. */
export type FilesScope = "recent" | "all";

export interface FilesReport {
  readonly written: number;
  /** New names. */
  readonly archived: readonly string[];
}

export interface DailyFiles {
  /** Brings the files up to the record. Rounds wait for each other. @throws whatever database and files throw */
  round(scope: FilesScope): Promise<FilesReport>;
}

/** Files of days longer ago go to `archive/`. */
const archiveAfterDays = 30;
const idsAtOnce = 5_000;
const recordsAtOnce = 500;
const dayMs = 86_400_000;

/** What was seen when record and files were the same. */
interface Seen {
  readonly rows: number;
  readonly bytes: number;
}

/** One program writes to a folder. @param now Unix time, ms */
export function createDailyFiles(run: RunRows, files: LineFiles, log: Logger, now: Clock): DailyFiles {
  const events = createJsonlTaskEvents(files, log);
  const seen = new Map<string, Seen>();
  let last: Promise<unknown> = Promise.resolve();
  const daysAgo = (days: number) => new Date(now() - days * dayMs).toISOString().slice(0, 10);

  /** What the record has of a day and its files have not, in the order of time. */
  async function writeDay(day: string): Promise<number> {
    const known = await events.idsOf(day);
    const missing: string[] = [];
    for (let cursor: IdRow | null = null; ; ) {
      const rows: IdRow[] = await run<IdRow>(idsSql(day, cursor));
      missing.push(...rows.map(({ event_id }) => event_id).filter((id) => !known.has(id)));
      cursor = rows.at(-1) ?? null;
      if (rows.length < idsAtOnce) break;
    }
    let written = 0;
    for (let at = 0; at < missing.length; at += recordsAtOnce) {
      const rows = await run<{ record: unknown }>(recordsSql(missing.slice(at, at + recordsAtOnce)));
      written += await events.saveAll(rows.map(({ record }) => fromRecord(record)));
    }
    return written;
  }

  async function round(scope: FilesScope): Promise<FilesReport> {
    const yesterday = daysAgo(1);
    const days = await run<{ day: string; rows: number }>(countsSql(scope === "all" ? null : yesterday));
    let written = 0;
    for (const { day, rows } of days) {
      const before = seen.get(day);
      if (before?.rows === rows && before.bytes === (await events.sizeOf(day))) continue;
      // Somebody else may have changed the files.
      events.forget(day);
      written += await writeDay(day);
      seen.set(day, { rows, bytes: await events.sizeOf(day) });
      if (day < yesterday) events.forget(day);
    }
    const archived = scope === "all" ? await events.archive({ before: daysAgo(archiveAfterDays) }) : [];
    if (written + archived.length > 0)
      log.info({ written, archived: archived.length }, "The daily files of the tasks are up to date.");
    return { written, archived };
  }

  return {
    round(scope) {
      const report = last.then(() => round(scope));
      last = report.catch(() => undefined);
      return report;
    },
  };
}

/** @param since the first day; null: all */
const countsSql = (since: string | null) => sql`
  SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*)::integer AS rows FROM task_events
  WHERE ${since === null ? sql`true` : sql`occurred_at >= (${since}::date::timestamp AT TIME ZONE 'UTC')`}
  GROUP BY day ORDER BY day`;

interface IdRow {
  readonly event_id: string;
  /** Of the same row, as Postgres writes them. */
  readonly occurred_at: string;
  readonly position: string;
}

const idsSql = (day: string, after: IdRow | null) => sql`
  SELECT event_id, occurred_at::text AS occurred_at, position::text AS position FROM task_events
  WHERE occurred_at >= (${day}::date::timestamp AT TIME ZONE 'UTC')
    AND occurred_at < ((${day}::date + 1)::timestamp AT TIME ZONE 'UTC')
    AND ${after === null ? sql`true` : sql`(occurred_at, position) > (${after.occurred_at}::timestamptz, ${after.position}::bigint)`}
  ORDER BY task_events.occurred_at, task_events.position LIMIT ${idsAtOnce}`;

const recordsSql = (ids: readonly string[]) => sql`
  SELECT record FROM task_events
  WHERE event_id IN (SELECT jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))
  ORDER BY occurred_at, position`;
