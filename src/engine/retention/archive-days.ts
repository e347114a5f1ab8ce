import { raiseAlert, resolveAlert, resolveOthers } from "../alerts/alerts.ts";
import type { Invocation } from "../invocation.ts";
import { type DayReport, type DayState, writeDay } from "./archive-day-file.ts";
import {
  beginDaySql,
  boundsSql,
  type DayBounds,
  type DayRow,
  type Deleted,
  deleteEntriesSql,
  deleteEventsSql,
  endDaySql,
  nextDaySql,
  throughIndexSql,
  undeletedDaysSql,
  unfinishedDaySql,
} from "./archive-sql.ts";

/*
 * A day (UTC, by `stored_at`) of the record goes through these states:
 *
 *   due ──begin──▶ being written ──complete──▶ archived ──delete──▶ deleted
 *                   │        ▲                     └─ held while something still needs its rows
 *                   └─next invocation goes on
 */

export interface ArchiveReport {
  /** False: old events stay in the record. */
  readonly configured: boolean;
  readonly days: readonly DayReport[];
  /** Time was used up before all was done. */
  readonly more: boolean;
}

/** Rows deleted in one statement. */
const deleteAtOnce = 5_000;

/**
 * Writes the days that are due to the archive, and deletes those that are there.
 *
 * @param mayGoOn false when time or calls are used up: no further page or batch is begun
 * @throws {TransientError} Postgres is not reachable; errors of the storage as they come. The next run goes on.
 */
export async function archiveDays(invocation: Invocation, mayGoOn: () => boolean): Promise<ArchiveReport> {
  const { archive, retention, db } = invocation;
  const days: DayReport[] = [];
  if (retention.eventsDays === 0) {
    await resolveAlert(invocation, "archive_missing", "archive");
    return { configured: archive !== null, days, more: false };
  }
  let more = false;
  for (;;) {
    if (!mayGoOn()) {
      more = true;
      break;
    }
    const [unfinished] = await db.rows<DayRow>(unfinishedDaySql);
    const day = unfinished ?? (await beginNext(invocation, days));
    if (day === null) break;
    if (archive === null) {
      await tellMissing(invocation, day.day);
      break;
    }
    const written = await writeDay(invocation, archive, day, mayGoOn);
    days.push(written);
    if (!written.archived) {
      more = true;
      break;
    }
  }
  if (archive !== null) await resolveAlert(invocation, "archive_missing", "archive");
  more = (await deleteArchived(invocation, mayGoOn, days)) || more;
  const held = days.flatMap(({ day, held }) => (held === null ? [] : [day]));
  if (!more) await resolveOthers(invocation, "archive_held", "", held);
  return { configured: archive !== null, days, more };
}

/** The next day that is due, begun; null when there is none, or when it has events that were not sent. */
async function beginNext(invocation: Invocation, days: DayReport[]): Promise<DayRow | null> {
  const { db, archive, retention } = invocation;
  const [, next] = await db.batch([throughIndexSql, nextDaySql(retention.eventsDays)]);
  const day = (next?.[0] as { day: string | null } | undefined)?.day ?? null;
  if (day === null) return null;
  const empty = { day, cursor: "0", state: null, rows: 0, bytes: "0" };
  if (archive === null) return empty;
  const [, bounds] = await db.batch([throughIndexSql, boundsSql(day)]);
  const found = bounds?.[0] as DayBounds | undefined;
  if (found === undefined) return null;
  const { first, last, unsent } = found;
  if (unsent > 0) {
    days.push({ day, rows: 0, bytes: 0, archived: false, deleted: 0, held: "unsent" });
    await tellHeld(invocation, day, "unsent");
    return null;
  }
  const state: DayState = { first, last };
  const begun = await db.rows(beginDaySql(day, state));
  return begun.length === 0 ? null : { ...empty, state };
}

/** @returns true when time was used up before all was deleted */
async function deleteArchived(
  invocation: Invocation,
  mayGoOn: () => boolean,
  days: DayReport[],
): Promise<boolean> {
  for (const row of await invocation.db.rows<DayRow>(undeletedDaysSql)) {
    if (!mayGoOn()) return true;
    const { deleted, held, more } = await deleteDay(invocation, row, mayGoOn);
    const known = days.findIndex(({ day }) => day === row.day);
    const report = { day: row.day, rows: row.rows, bytes: Number(row.bytes), archived: true, deleted, held };
    days.splice(known < 0 ? days.length : known, known < 0 ? 0 : 1, report);
    if (held !== null) await tellHeld(invocation, row.day, held);
    if (more) return true;
  }
  return false;
}

/** Deletes what the file holds, as long as nothing needs it; looked at before each batch. */
async function deleteDay(
  { db }: Invocation,
  row: DayRow,
  mayGoOn: () => boolean,
): Promise<{ readonly deleted: number; readonly held: string | null; readonly more: boolean }> {
  const { first, last } = row.state as DayState;
  const statements = [deleteEntriesSql(row.day, deleteAtOnce)];
  if (first !== null && last !== null) {
    statements.unshift(deleteEventsSql(row.day, { first, last }, deleteAtOnce));
  }
  let deleted = 0;
  for (const statement of statements) {
    for (let isLast = false; !isLast; ) {
      if (!mayGoOn()) return { deleted, held: null, more: true };
      const [result] = await db.rows<Deleted>(statement);
      if (result === undefined) break;
      deleted += result.count;
      if (result.held !== null) return { deleted, held: result.held, more: false };
      isLast = result.count < deleteAtOnce;
    }
  }
  await db.rows(endDaySql(row.day));
  return { deleted, held: null, more: false };
}

function tellMissing(invocation: Invocation, day: string): Promise<boolean> {
  const { eventsDays } = invocation.retention;
  return raiseAlert(invocation, {
    kind: "archive_missing",
    subject: "archive",
    severity: "warning",
    message: `Events of ${day} are older than ${eventsDays} days and there is no archive, so they stay in the record. Configure the archive (R2 binding ARCHIVE, or BRAIN_ARCHIVE_DIR on Deno), or set BRAIN_EVENTS_DAYS=0 to keep events for ever.`,
  });
}

const whyHeld: Readonly<Record<string, string>> = {
  unsent: "some of its events were not sent yet; look at the relay",
  deliveries: "deferred deliveries still need its events",
  dead_letters: "open dead letters need its events; redrive or discard them",
  seal: "its hash chain is not complete; the next runs of the janitor go on with it",
  jobs: "a replay has not passed it yet; finish or cancel it",
};

function tellHeld(invocation: Invocation, day: string, reason: string): Promise<boolean> {
  return raiseAlert(invocation, {
    kind: "archive_held",
    subject: day,
    severity: "warning",
    message: `The events of ${day} stay in the record, although they are old enough to go: ${whyHeld[reason] ?? reason}.`,
  });
}
