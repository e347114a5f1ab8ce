import { describeError, type Logger, ValidationError } from "@brain/engine";
import { decodeUtf8, type JsonValue, readJson } from "@brain/schemas";
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
  /** Keeps many events; those that are there already are left out. @returns how many were new */
  saveAll(events: readonly TaskEvent[]): Promise<number>;
  /** Ids of the events in a day's files, archived ones too. `2026-03-01` */
  idsOf(day: string): Promise<ReadonlySet<string>>;
  /** Bytes of a day's files, archived ones too. */
  sizeOf(day: string): Promise<number>;
  /** Lets go what is remembered of a day; it is read again when it is needed. */
  forget(day: string): void;
  /**
   * Moves large and old files to `archive/`. Archived events are searched only when that was asked for, but saving one of
   * them again is always recognised.
   *
   * @returns the new names
   */
  archive(rule: ArchiveRule): Promise<string[]>;
}

const fileShape = /^events-(\d{4}-\d{2}-\d{2})\.jsonl$/;
const archivedShape = /^archive\/events-(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.jsonl$/;
const lineFeed = 0x0a;
const defaultMaxBytes = 100 * 1_000_000;

const fileOf = (day: string): string => `events-${day}.jsonl`;

/** @param searchesArchive true: what was archived is found too */
export function createJsonlTaskEvents(
  files: LineFiles,
  log: Logger,
  searchesArchive = false,
): JsonlTaskEvents {
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

  /** The day of a file that is searched; null for others. */
  function dayOf(name: string, withArchive = searchesArchive): string | null {
    return fileShape.exec(name)?.[1] ?? (withArchive ? archivedShape.exec(name)?.[1] : null) ?? null;
  }

  async function daysWith(wanted: (day: string) => boolean): Promise<string[]> {
    const days = new Set((await files.list()).flatMap((name) => dayOf(name) ?? []));
    return [...days].filter(wanted).sort();
  }

  /** Names of a day's files; what was archived first comes first, and the one that grows last. */
  async function filesOf(day: string, withArchive = searchesArchive): Promise<string[]> {
    const names = (await files.list()).filter((name) => dayOf(name, withArchive) === day);
    return names.toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  /** The events of a day, each id once, in the order in which they were saved. */
  async function eventsOf(day: string): Promise<TaskEvent[]> {
    const byId = new Map<string, TaskEvent>();
    for (const name of await filesOf(day)) {
      for (const event of await readEvents(name))
        if (!byId.has(event.eventId)) byId.set(event.eventId, event);
    }
    return [...byId.values()];
  }

  async function idsOf(day: string): Promise<Set<string>> {
    const known = knownIds.get(day);
    if (known !== undefined) return known;
    const ids = new Set<string>();
    for (const name of await filesOf(day, true))
      for (const { eventId } of await readEvents(name)) ids.add(eventId);
    knownIds.set(day, ids);
    return ids;
  }

  /** A line that a crash tore stays alone on its line, so that it spoils no other. */
  async function lineBreakFor(name: string): Promise<string> {
    if (wholeFiles.has(name)) return "";
    const last = (await files.read(name))?.at(-1);
    return last === undefined || last === lineFeed ? "" : "\n";
  }

  /** @returns how many were new */
  async function append(day: string, events: readonly TaskEvent[]): Promise<number> {
    const ids = await idsOf(day);
    const fresh = new Map(events.filter(({ eventId }) => !ids.has(eventId)).map((e) => [e.eventId, e]));
    if (fresh.size === 0) return 0;
    const name = fileOf(day);
    const lines = [...fresh.values()].map((event) => `${JSON.stringify(toRecord(event))}\n`);
    const text = `${await lineBreakFor(name)}${lines.join("")}`;
    try {
      await files.append(name, text);
    } catch (error) {
      wholeFiles.delete(name);
      knownIds.delete(day);
      throw error;
    }
    wholeFiles.add(name);
    for (const id of fresh.keys()) ids.add(id);
    return fresh.size;
  }

  async function appendAll(events: readonly TaskEvent[]): Promise<number> {
    let saved = 0;
    for (const [day, ofDay] of Map.groupBy(events, ({ timestamp }) => timestamp.slice(0, 10))) {
      saved += await append(day, ofDay);
    }
    return saved;
  }

  function saveAll(events: readonly TaskEvent[]): Promise<number> {
    const saved = lastSave.then(() => appendAll(events));
    lastSave = saved.catch(() => undefined);
    return saved;
  }

  /** Events in the order of time, newest first, of the days from the newest on, until `limit` of them are wanted. */
  async function newest(limit: number, wanted: (event: TaskEvent) => boolean): Promise<TaskEvent[]> {
    const found: TaskEvent[] = [];
    for (const day of (await daysWith(() => true)).reverse()) {
      if (found.length >= limit) break;
      found.push(...inOrder((await eventsOf(day)).filter(wanted)).reverse());
    }
    return found.slice(0, limit);
  }

  return {
    save: async (event) => (await saveAll([event])) === 1,
    saveAll,
    idsOf,
    async sizeOf(day) {
      let bytes = 0;
      for (const name of await filesOf(day, true)) bytes += (await files.size(name)) ?? 0;
      return bytes;
    },
    forget(day) {
      knownIds.delete(day);
    },
    async findById(eventId) {
      for (const day of (await daysWith(() => true)).reverse()) {
        const found = (await eventsOf(day)).find((event) => event.eventId === eventId);
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
        const events = inOrder(await eventsOf(day));
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

/** Order of a day's files. */
function placeOf(name: string): number {
  if (fileShape.test(name)) return Number.MAX_SAFE_INTEGER;
  return Number(archivedShape.exec(name)?.[2] ?? 0);
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
