import type { LogFields, Logger, LogLevel } from "../../core/telemetry/log.ts";

/** Characters of all that a try shows; the answer stays below 300 KB. */
const maxCharacters = 200_000;

/** What is left of the room of one answer. */
export interface Room {
  /** True, and taken, when it still fits. */
  take(characters: number): boolean;
}

export function createRoom(): Room {
  let left = maxCharacters;
  return {
    take(characters) {
      if (characters > left) return false;
      left -= characters;
      return true;
    },
  };
}

/** A list that shows its first ones, and counts the others. */
export interface ShownList<Item> {
  readonly shown: readonly Item[];
  readonly omitted: number;
}

/**
 * The first ones that there is room for.
 *
 * @param view what is shown of one; asked only for those that may be shown
 */
export function showFirst<Given, Item>(
  room: Room,
  given: readonly Given[],
  max: number,
  view: (item: Given) => Item,
): ShownList<Item> {
  const shown: Item[] = [];
  for (const item of given.slice(0, max)) {
    const viewed = view(item);
    if (!room.take(JSON.stringify(viewed).length)) break;
    shown.push(viewed);
  }
  return { shown, omitted: given.length - shown.length };
}

/** Keeps the first of what comes, and counts all. */
export interface Collector<Item> {
  readonly kept: Item[];
  readonly count: number;
  add(item: Item): void;
}

export function createCollector<Item>(max: number): Collector<Item> {
  const kept: Item[] = [];
  let count = 0;
  return {
    kept,
    get count() {
      return count;
    },
    add(item) {
      count += 1;
      if (kept.length < max) kept.push(item);
    },
  };
}

/** A line as a handler wrote it. */
export interface WrittenLine {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

/** A logger whose lines go nowhere else. */
export function createKeptLog(lines: Collector<WrittenLine>, base: LogFields = {}): Logger {
  const write = (level: LogLevel) => (fields: LogFields, message: string) =>
    lines.add({ level, fields: { ...base, ...fields }, message });
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => createKeptLog(lines, { ...base, ...fields }),
  };
}
