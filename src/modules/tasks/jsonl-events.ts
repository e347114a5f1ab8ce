import type { Logger } from "@brain/engine";
import { archiveFiles, dayOf, fileOf, filesOfDay, type LineFiles } from "./day-files.ts";
import { lineFeed, parseEventLines } from "./event-lines.ts";
import { timeKey } from "./naive-time.ts";
import { defaultLimits, requireRange, type TaskEventRepository } from "./repository.ts";
import { type TaskEvent, toRecord } from "./task-events.ts";

/*
 * The domain events as files: one JSON object a line, append only, a file for each day of the events
 * (`events-2026-03-01.jsonl`). One program writes at a time.
 */

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

const defaultMaxBytes = 100 * 1_000_000;

/** @param searchesArchive true: what was archived is found too */
export function createJsonlTaskEvents(
  files: LineFiles,
  log: Logger,
  searchesArchive = false,
): JsonlTaskEvents {
  const readEvents = async (name: string): Promise<TaskEvent[]> => {
    const bytes = await files.read(name);
    return bytes === null ? [] : parseEventLines(name, bytes, log);
  };
  const writer = createWriter(files, readEvents);
  return {
    ...createFinder(files, readEvents, searchesArchive),
    ...writer,
    save: async (event) => (await writer.saveAll([event])) === 1,
    async sizeOf(day) {
      let bytes = 0;
      for (const name of await filesOfDay(files, day, true)) bytes += (await files.size(name)) ?? 0;
      return bytes;
    },
  };
}

/** The events of a file; none when there is no such file. */
type ReadEvents = (name: string) => Promise<readonly TaskEvent[]>;

type Finder = Pick<TaskEventRepository, "findById" | "findByType" | "findByDateRange" | "recent">;

function createFinder(files: LineFiles, readEvents: ReadEvents, searchesArchive: boolean): Finder {
  const daysWith = async (wanted: (day: string) => boolean): Promise<string[]> => {
    const days = new Set((await files.list()).flatMap((name) => dayOf(name, searchesArchive) ?? []));
    return [...days].filter(wanted).sort();
  };
  const newestDays = async () => (await daysWith(() => true)).reverse();

  /** The events of a day, each id once, in the order in which they were saved. */
  const eventsOf = async (day: string): Promise<TaskEvent[]> => {
    const byId = new Map<string, TaskEvent>();
    for (const name of await filesOfDay(files, day, searchesArchive)) {
      for (const event of await readEvents(name))
        if (!byId.has(event.eventId)) byId.set(event.eventId, event);
    }
    return [...byId.values()];
  };

  /** Events in the order of time, newest first, of the days from the newest on, until `limit` of them are wanted. */
  const newest = async (limit: number, wanted: (event: TaskEvent) => boolean): Promise<TaskEvent[]> => {
    const found: TaskEvent[] = [];
    for (const day of await newestDays()) {
      if (found.length >= limit) break;
      found.push(...inOrder((await eventsOf(day)).filter(wanted)).reverse());
    }
    return found.slice(0, limit);
  };

  return {
    async findById(eventId) {
      for (const day of await newestDays()) {
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
  };
}

type Writer = Pick<JsonlTaskEvents, "saveAll" | "idsOf" | "forget" | "archive">;

/** Writes one after the other, and never an id that a day's files have. */
function createWriter(files: LineFiles, readEvents: ReadEvents): Writer {
  /** Ids of each day that was written to; forgotten when a write fails, because nobody knows what it left behind. */
  const knownIds = new Map<string, Set<string>>();
  /** Files that this program has ended with a whole line. */
  const wholeFiles = new Set<string>();
  /** Writes wait for each other. */
  let lastWrite: Promise<unknown> = Promise.resolve();

  const idsOf = async (day: string): Promise<Set<string>> => {
    const known = knownIds.get(day);
    if (known !== undefined) return known;
    const ids = new Set<string>();
    for (const name of await filesOfDay(files, day, true))
      for (const { eventId } of await readEvents(name)) ids.add(eventId);
    knownIds.set(day, ids);
    return ids;
  };

  /** A line that a crash tore stays alone on its line, so that it spoils no other. */
  const lineBreakFor = async (name: string): Promise<string> => {
    if (wholeFiles.has(name)) return "";
    const last = (await files.read(name))?.at(-1);
    return last === undefined || last === lineFeed ? "" : "\n";
  };

  /** @returns how many were new */
  const append = async (day: string, events: readonly TaskEvent[]): Promise<number> => {
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
  };

  const appendAll = async (events: readonly TaskEvent[]): Promise<number> => {
    let saved = 0;
    for (const [day, ofDay] of Map.groupBy(events, ({ timestamp }) => timestamp.slice(0, 10))) {
      saved += await append(day, ofDay);
    }
    return saved;
  };

  return {
    idsOf,
    forget(day) {
      knownIds.delete(day);
    },
    saveAll(events) {
      const saved = lastWrite.then(() => appendAll(events));
      lastWrite = saved.catch(() => undefined);
      return saved;
    },
    archive({ maxBytes = defaultMaxBytes, before = "" }) {
      const archived = lastWrite.then(() => archiveFiles(files, maxBytes, before));
      lastWrite = archived.catch(() => undefined).then(() => wholeFiles.clear());
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
