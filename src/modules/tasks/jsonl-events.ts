import { decodeUtf8, type JsonValue, readJson } from "@brain/schemas";
import { describeError } from "../../consume/dead-letters.ts";
import { ValidationError } from "../../core/errors.ts";
import type { Logger } from "../../core/log.ts";
import { timeKey } from "./naive-time.ts";
import { defaultLimits, requireRange, type TaskEventRepository } from "./repository.ts";
import { fromRecord, type TaskEvent, toRecord } from "./task-events.ts";

/*
 * The domain events as files: one JSON object a line, append only, a file for each day of the events
 * (`events-2026-03-01.jsonl`). One program writes at a time.
 */

/** The files of one folder. Names may have one folder in front, `archive/…`. */
export interface LineFiles {
  /** Makes the file when it is missing. */
  append(name: string, text: string): Promise<void>;
  /** Null: there is no such file. */
  read(name: string): Promise<Uint8Array | null>;
  /** Names of all files. */
  list(): Promise<readonly string[]>;
  move(from: string, to: string): Promise<void>;
  /** Bytes; null: there is no such file. */
  size(name: string): Promise<number | null>;
}

export interface ArchiveRule {
  /** Files above this size are archived, bytes; default 100 MB. */
  readonly maxBytes?: number;
  /** Files of days before this one are archived, `2026-03-01`; left out: none for their age. */
  readonly before?: string;
}

export interface JsonlTaskEvents extends TaskEventRepository {
  /**
   * Moves large and old files to `archive/`. Archived events are not searched any more, but saving one of them again is
   * still recognised.
   *
   * @returns the new names
   */
  archive(rule: ArchiveRule): Promise<string[]>;
}

const fileShape = /^events-(\d{4}-\d{2}-\d{2})\.jsonl$/;
const archivedShape = /^archive\/events-(\d{4}-\d{2}-\d{2})(?:\.\d+)?\.jsonl$/;
const lineFeed = 0x0a;
const defaultMaxBytes = 100 * 1_000_000;

const fileOf = (day: string): string => `events-${day}.jsonl`;

export function createJsonlTaskEvents(files: LineFiles, log: Logger): JsonlTaskEvents {
  /** Ids of each day that was written to; forgotten when a write fails, because nobody knows what it left behind. */
  const knownIds = new Map<string, Set<string>>();
  /** Files that this program has ended with a whole line. */
  const wholeFiles = new Set<string>();
  /** Appends wait for each other. */
  let lastSave: Promise<unknown> = Promise.resolve();

  async function readEvents(name: string): Promise<TaskEvent[]> {
    const bytes = await files.read(name);
    return bytes === null ? [] : parseLines(name, bytes, log);
  }

  async function daysWith(wanted: (day: string) => boolean): Promise<string[]> {
    const days = (await files.list()).flatMap((name) => fileShape.exec(name)?.[1] ?? []);
    return days.filter(wanted).sort();
  }

  async function idsOf(day: string): Promise<Set<string>> {
    const known = knownIds.get(day);
    if (known !== undefined) return known;
    const names = (await files.list()).filter(
      (name) => name === fileOf(day) || archivedShape.exec(name)?.[1] === day,
    );
    const ids = new Set<string>();
    for (const name of names) for (const { eventId } of await readEvents(name)) ids.add(eventId);
    knownIds.set(day, ids);
    return ids;
  }

  /** A line that a crash tore stays alone on its line, so that it spoils no other. */
  async function lineBreakFor(name: string): Promise<string> {
    if (wholeFiles.has(name)) return "";
    const last = (await files.read(name))?.at(-1);
    return last === undefined || last === lineFeed ? "" : "\n";
  }

  async function append(event: TaskEvent): Promise<boolean> {
    const day = event.timestamp.slice(0, 10);
    const ids = await idsOf(day);
    if (ids.has(event.eventId)) return false;
    const name = fileOf(day);
    const text = `${await lineBreakFor(name)}${JSON.stringify(toRecord(event))}\n`;
    try {
      await files.append(name, text);
    } catch (error) {
      wholeFiles.delete(name);
      knownIds.delete(day);
      throw error;
    }
    wholeFiles.add(name);
    ids.add(event.eventId);
    return true;
  }

  /** Events in the order of time, newest first, of the days from the newest on, until `limit` of them are wanted. */
  async function newest(limit: number, wanted: (event: TaskEvent) => boolean): Promise<TaskEvent[]> {
    const found: TaskEvent[] = [];
    for (const day of (await daysWith(() => true)).reverse()) {
      if (found.length >= limit) break;
      found.push(...inOrder((await readEvents(fileOf(day))).filter(wanted)).reverse());
    }
    return found.slice(0, limit);
  }

  return {
    save(event) {
      const saved = lastSave.then(() => append(event));
      lastSave = saved.catch(() => undefined);
      return saved;
    },
    async findById(eventId) {
      for (const day of (await daysWith(() => true)).reverse()) {
        const found = (await readEvents(fileOf(day))).find((event) => event.eventId === eventId);
        if (found !== undefined) return found;
      }
      return null;
    },
    findByType: (type, limit = defaultLimits.type) => newest(limit, (event) => event.eventType === type),
    async findByDateRange(start, end, limit = defaultLimits.range) {
      const { from, to } = requireRange(start, end);
      const found: TaskEvent[] = [];
      for (const day of await daysWith((day) => day >= from.slice(0, 10) && day <= to.slice(0, 10))) {
        if (found.length >= limit) break;
        const events = inOrder(await readEvents(fileOf(day)));
        found.push(...events.filter(({ timestamp }) => inRange(timeKey(timestamp), from, to)));
      }
      return found.slice(0, limit);
    },
    recent: (limit = defaultLimits.recent) => newest(limit, () => true),
    archive: ({ maxBytes = defaultMaxBytes, before = "" }) => {
      const archived = lastSave.then(() => archiveFiles(files, maxBytes, before));
      lastSave = archived.catch(() => undefined).then(() => wholeFiles.clear());
      return archived;
    },
  };
}

function inRange(key: string, from: string, to: string): boolean {
  return key >= from && key <= to;
}

/** Stable: events of the same time stay in the order in which they were saved. */
function inOrder(events: readonly TaskEvent[]): TaskEvent[] {
  return events.toSorted((left, right) => {
    const [a, b] = [timeKey(left.timestamp), timeKey(right.timestamp)];
    return a < b ? -1 : a > b ? 1 : 0;
  });
}

/** The events of a file, each id once; what is no event is noted and left out. */
function parseLines(name: string, bytes: Uint8Array, log: Logger): TaskEvent[] {
  const byId = new Map<string, TaskEvent>();
  for (const [index, line] of linesOf(bytes).entries()) {
    try {
      const record = recordOf(line);
      const event = record === undefined ? null : fromRecord(record);
      if (event !== null && !byId.has(event.eventId)) byId.set(event.eventId, event);
    } catch (error) {
      log.warn({ file: name, line: index + 1, error: describeError(error) }, "a corrupt line was skipped");
    }
  }
  return [...byId.values()];
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found === -1 ? bytes.length : found;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/**
 * Undefined: the line is blank.
 *
 * @throws {ValidationError} it is no text, no JSON, or JSON that would not be kept as it is
 */
function recordOf(line: Uint8Array): JsonValue | undefined {
  const decoded = decodeUtf8(line);
  if (!decoded.ok) throw new ValidationError(`not UTF-8 at byte offset ${decoded.offset} of the line`);
  if (decoded.text.trim() === "") return undefined;
  const read = readJson(decoded.text);
  if (read.ok) return read.value;
  const [{ reason, path, message }] = read.faults;
  throw new ValidationError(reason === "invalid_json" ? "no JSON" : `${path || "the line"}: ${message}`);
}

async function archiveFiles(files: LineFiles, maxBytes: number, before: string): Promise<string[]> {
  const names = await files.list();
  const taken = new Set(names);
  const moved: string[] = [];
  for (const name of names) {
    const day = fileShape.exec(name)?.[1];
    if (day === undefined) continue;
    if (day >= before && ((await files.size(name)) ?? 0) <= maxBytes) continue;
    let target = `archive/${name}`;
    // A day may be archived more than once, when it grew after the first time.
    for (let count = 1; taken.has(target); count += 1) target = `archive/events-${day}.${count}.jsonl`;
    await files.move(name, target);
    taken.add(target);
    moved.push(target);
  }
  return moved;
}
