import type { Clock } from "../clock.ts";
import { redactFields, redactLine } from "./redact-fields.ts";

/**
 * Structured logging: fields first, message second. Never log payloads, tokens or connection strings. What looks like a
 * secret or like personal data all the same is written as `[redacted]`.
 */

export type LogLevel = "debug" | "info" | "warn" | "error";

/** The fields that every line of one piece of work shares; others may be added. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

/** Where a finished line goes; `console[level]` in production, an array in tests. */
export type LogSink = (level: LogLevel, line: string) => void;

/** JSON escapes the control characters of ASCII alone; others end lines too, or steer a terminal. */
function oneLine(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** JSON lines to `sink`, from `level` upwards. `now` gives the time of each line. */
export function createLogger(sink: LogSink, level: LogLevel, now: Clock, base: LogFields = {}): Logger {
  /** Many loggers are made, as one for each event, that never write a line. */
  let redactedBase: LogFields | null = null;
  const write = (lineLevel: LogLevel, first: LogFields, second: string) => {
    if (rank[lineLevel] < rank[level]) return;
    const { fields, message } = inOrder(first, second);
    const head = { time: new Date(now()).toISOString(), level: lineLevel, message: redactLine(message) };
    redactedBase ??= redactFields(base);
    // First for the reader, last so that no field stands in for them.
    sink(lineLevel, oneLine(JSON.stringify({ ...head, ...redactedBase, ...redactFields(fields), ...head })));
  };
  return {
    debug: (fields, message) => write("debug", fields, message),
    info: (fields, message) => write("info", fields, message),
    warn: (fields, message) => write("warn", fields, message),
    error: (fields, message) => write("error", fields, message),
    child: (fields) => createLogger(sink, level, now, { ...base, ...fields }),
  };
}

/**
 * Other loggers take the message first, and a bundler does not check types: swapped arguments must not lose the line.
 */
function inOrder(first: unknown, second: unknown): { readonly fields: LogFields; readonly message: string } {
  const isSwapped = typeof first === "string" && typeof second !== "string";
  const [fields, message] = isSwapped ? [second, first] : [first, second];
  return {
    fields: typeof fields === "object" && fields !== null ? (fields as LogFields) : {},
    message: typeof message === "string" ? message : String(message ?? ""),
  };
}
