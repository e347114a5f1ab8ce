import type { Archive } from "../archive.ts";

/*
 * Files of the archive, line by line: only what stands between two ends of lines is held in memory.
 */

/** A line of a day's file: an event, or an entry of another program, which has `raw_fields`. */
export interface ArchivedLine {
  /** Null in files of earlier releases, for entries of other programs. */
  readonly position: number | null;
  readonly stored_at: string;
  readonly raw_fields?: unknown;
  readonly [field: string]: unknown;
}

const archiveName = (day: string) => `events-${day}.jsonl`;

/** The lines of a day; none when the archive has no file of it. @throws errors of the storage */
export async function* archivedLines(archive: Archive, day: string): AsyncGenerator<ArchivedLine> {
  const file = await archive.read(archiveName(day));
  if (file === null) return;
  const reader = file.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split("\n");
      rest = done ? "" : (lines.pop() ?? "");
      for (const line of lines) if (line !== "") yield toLine(JSON.parse(line));
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function toLine(line: ArchivedLine & { readonly archived_at?: string }): ArchivedLine {
  const { archived_at: archivedAt, ...fields } = line;
  const { position = null, stored_at: storedAt = archivedAt ?? "" } = fields;
  return {
    ...fields,
    position,
    stored_at: storedAt,
    ...(fields.raw_fields === undefined ? {} : { foreign: true }),
  };
}
