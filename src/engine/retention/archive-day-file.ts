import { type Archive, type ArchiveFile, ArchiveLostError, type ArchiveState } from "../archive.ts";
import { fromBase64, toBase64 } from "../core/encoding/base64.ts";
import { TransientError } from "../core/errors.ts";
import { toForeignDetails } from "../events/foreign-details.ts";
import { type DetailsRow, toDetails } from "../events/history.ts";
import type { Invocation } from "../invocation.ts";
import {
  type DayRow,
  type EntryRow,
  entriesOfDaySql,
  eventsOfDaySql,
  type Progress,
  saveProgressSql,
} from "./archive-sql.ts";

/*
 * The file of one day, `events-YYYY-MM-DD.jsonl`: its events in order of their positions, then the entries of other
 * programs that were trimmed from the streams on that day, which have `raw_fields` instead of an envelope.
 *
 * Whatever becomes durable in the storage is noted in `archive_days`, with the rest of the line that it ends in. A writer
 * that is killed leaves bytes behind the note at most, and the next one replaces them.
 */

/** What was done with one day. */
export interface DayReport {
  readonly day: string;
  /** Lines and bytes in its file so far. */
  readonly rows: number;
  readonly bytes: number;
  readonly archived: boolean;
  /** Rows deleted in this run. */
  readonly deleted: number;
  /** Why the day stays: `unsent`, `deliveries`, `dead_letters`, `jobs`, `seal`; null when nothing holds it. */
  readonly held: string | null;
}

/** Read at once: two of these make up for the smallest part that a bucket takes, and little memory. */
const page = { maxRows: 2_000, maxBytes: 4 * 1_048_576 };

/** What `archive_days.state` holds while a file is written. */
export interface DayState {
  /** Null when the day has entries only. */
  readonly first: string | null;
  readonly last: string | null;
  /** The last entry in the file. */
  readonly entry?: string;
  readonly storage?: ArchiveState;
  /** The end of a line that begins in what is durable, base64. */
  readonly rest?: string;
  /** Nothing is left to be written; only the end is missing. */
  readonly written?: boolean;
}

/** A line, or the rest of one, that is not durable yet. */
interface Line {
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly cursor: string;
  readonly entry: string;
  /** 0 for the rest of a line that was counted before. */
  readonly rows: 0 | 1;
}

/** A file being written: what is noted in Postgres, and the lines beyond that. */
interface Writing {
  readonly invocation: Invocation;
  readonly day: string;
  readonly file: ArchiveFile;
  readonly positions: { readonly first: string | null; readonly last: string | null };
  saved: Progress & { readonly entry: string };
  /** Lines that are not durable, in order. */
  readonly lines: Line[];
  /** Offset of the next line. */
  end: number;
  cursor: string;
  entry: string;
}

/**
 * Goes on with the file of a day, and ends it when all is in it.
 *
 * @param mayGoOn false when time or calls are used up: no further page is begun
 * @throws {TransientError} Postgres is not reachable, or another janitor goes on with the same file; errors of the
 * storage as they come. What was noted stays: the next call goes on from there.
 */
export async function writeDay(
  invocation: Invocation,
  archive: Archive,
  row: DayRow,
  mayGoOn: () => boolean,
): Promise<DayReport> {
  const { day } = row;
  const state = row.state as DayState;
  const bytes = Number(row.bytes);
  const name = `events-${day}.jsonl`;
  const file = await archive.open(name, bytes, state.storage ?? null);
  const entry = state.entry ?? "0";
  const writing: Writing = {
    invocation,
    day,
    file,
    positions: { first: state.first, last: state.last },
    saved: { cursor: row.cursor, rows: row.rows, bytes, state, entry },
    lines: [],
    end: bytes,
    cursor: row.cursor,
    entry,
  };
  const report = (archived: boolean): DayReport => {
    const { rows, bytes } = writing.saved;
    return { day, rows, bytes, archived, deleted: 0, held: null };
  };
  // From now on the next invocation finds what this one has begun.
  if (state.storage === undefined && file.state !== null) {
    await saveWriting(writing, { ...writing.saved, state: { ...state, storage: file.state } });
  }
  try {
    if (state.rest !== undefined) await addLine(writing, fromBase64(state.rest), row.cursor, entry, 0);
    if (state.written !== true && !(await writeLines(writing, mayGoOn))) return report(false);
    await file.complete();
  } catch (error) {
    if (!(error instanceof ArchiveLostError)) throw error;
    invocation.log.warn({ day, file: name }, error.message);
    const { first, last } = writing.positions;
    await save(
      invocation,
      day,
      writing.saved,
      { cursor: "0", rows: 0, bytes: 0, state: { first, last } },
      false,
    );
    return { day, rows: 0, bytes: 0, archived: false, deleted: 0, held: null };
  }
  await save(invocation, day, writing.saved, { ...writing.saved, state: writing.positions }, true);
  invocation.log.info({ day, rows: writing.saved.rows, bytes: writing.saved.bytes }, "A day was archived.");
  return report(true);
}

/** @returns true when all lines are written and durable, false when time was used up before */
async function writeLines(writing: Writing, mayGoOn: () => boolean): Promise<boolean> {
  const { invocation, day, file, positions } = writing;
  const { db } = invocation;
  const { last } = positions;
  while (last !== null) {
    if (!mayGoOn()) return false;
    const rows = await db.rows<DetailsRow>(eventsOfDaySql(day, writing.cursor, last, page));
    if (rows.length === 0) break;
    for (const row of rows)
      await addLine(writing, encodeLine(toDetails(row)), row.position, writing.entry, 1);
  }
  for (;;) {
    if (!mayGoOn()) return false;
    const rows = await db.rows<EntryRow>(entriesOfDaySql(day, writing.entry, page));
    if (rows.length === 0) break;
    for (const row of rows) await addLine(writing, encodeLine(entryLine(row)), writing.cursor, row.entry, 1);
  }
  await file.flush();
  await noteDurable(writing, true);
  return true;
}

async function addLine(
  writing: Writing,
  bytes: Uint8Array,
  cursor: string,
  entry: string,
  rows: 0 | 1,
): Promise<void> {
  writing.lines.push({ start: writing.end, bytes, cursor, entry, rows });
  writing.end += bytes.length;
  writing.cursor = cursor;
  writing.entry = entry;
  await writing.file.write(bytes);
  await noteDurable(writing);
}

/** Notes what has become durable. A line that was begun counts as in the file, and its rest is kept with the note. */
async function noteDurable(writing: Writing, written = false): Promise<void> {
  const { file, lines, positions, saved } = writing;
  const { durable } = file;
  if (durable === saved.bytes && !written) return;
  let { cursor, entry, rows } = saved;
  let rest: Uint8Array | null = null;
  let done = 0;
  for (const line of lines) {
    const isWhole = line.start + line.bytes.length <= durable;
    if (!isWhole && line.start >= durable && line.rows === 1) break;
    ({ cursor, entry } = line);
    rows += line.rows;
    if (!isWhole) {
      rest = line.bytes.subarray(Math.max(0, durable - line.start));
      break;
    }
    done += 1;
  }
  lines.splice(0, done);
  const begun = lines[0];
  if (rest !== null && begun !== undefined) lines[0] = { ...begun, start: durable, bytes: rest, rows: 0 };
  const state: DayState = {
    ...positions,
    entry,
    storage: file.state,
    ...(rest === null ? {} : { rest: toBase64(rest) }),
    ...(written ? { written } : {}),
  };
  const now: Progress = { cursor, rows, bytes: durable, state };
  await saveWriting(writing, now, entry);
}

async function saveWriting(writing: Writing, now: Progress, entry = writing.saved.entry): Promise<void> {
  await save(writing.invocation, writing.day, writing.saved, now, false);
  writing.saved = { ...now, entry };
}

/** @throws {TransientError} another janitor was faster */
async function save(
  { db }: Invocation,
  day: string,
  before: Progress,
  now: Progress,
  done: boolean,
): Promise<void> {
  const saved = await db.rows(saveProgressSql(day, before, now, done));
  if (saved.length === 0) throw new TransientError(`Another janitor goes on with the archive of ${day}.`);
}

/** Its place is told as in the files of earlier releases, beside all that is known of it. */
function entryLine(row: EntryRow): object {
  const { foreign: _, ...details } = toForeignDetails(row);
  return { ...details, archived_at: row.stored_at };
}

const encoder = new TextEncoder();

function encodeLine(value: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
