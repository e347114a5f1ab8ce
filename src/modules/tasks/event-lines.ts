/** A file of domain events: one JSON object a line. */

import { describeError, type Logger, ValidationError } from "@brain/engine";
import { decodeUtf8, type JsonValue, readJson } from "@brain/schemas";
import { fromRecord, type TaskEvent } from "./task-events.ts";

export const lineFeed = 0x0a;

/** The events of a file, each id once; what is no event is noted and left out. */
export function parseEventLines(name: string, bytes: Uint8Array, log: Logger): TaskEvent[] {
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
