/** The files of domain events: one for each day of the events, and those of `archive/`. */

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

const fileShape = /^events-(\d{4}-\d{2}-\d{2})\.jsonl$/;
const archivedShape = /^archive\/events-(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.jsonl$/;

export const fileOf = (day: string): string => `events-${day}.jsonl`;

/** The day of a file of events; null for others, and for archived ones unless `withArchive`. */
export function dayOf(name: string, withArchive: boolean): string | null {
  return fileShape.exec(name)?.[1] ?? (withArchive ? archivedShape.exec(name)?.[1] : null) ?? null;
}

/** Names of a day's files; what was archived first comes first, and the one that grows last. */
export async function filesOfDay(files: LineFiles, day: string, withArchive: boolean): Promise<string[]> {
  const names = (await files.list()).filter((name) => dayOf(name, withArchive) === day);
  return names.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** Order of a day's files. */
function placeOf(name: string): number {
  if (fileShape.test(name)) return Number.MAX_SAFE_INTEGER;
  return Number(archivedShape.exec(name)?.[2] ?? 0);
}

/**
 * Moves files above `maxBytes`, and those of days before `before`, to `archive/`.
 *
 * @returns the new names
 */
export async function archiveFiles(files: LineFiles, maxBytes: number, before: string): Promise<string[]> {
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
