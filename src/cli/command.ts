import { type Command, InvalidArgumentError } from "commander";
import { type Client, createClient } from "./client.ts";
import { createOutput, type Output } from "./output.ts";
import { connectionOf, type GlobalOptions } from "./settings.ts";

/** What every command works with. */
export interface Cli {
  readonly client: Client;
  readonly out: Output;
  readonly url: string;
}

/** @throws {UsageError} the address of the server is none */
export function cliOf(command: Command): Cli {
  const options = command.optsWithGlobals<GlobalOptions>();
  const connection = connectionOf(options, process.env);
  return { client: createClient(connection), out: createOutput(options.json === true), url: connection.url };
}

/** Options of whatever changes something and is kept in the audit. */
export function withReason(command: Command): Command {
  return command.option("--reason <text>", "why; kept in the audit, so no personal data");
}

export function withYes(command: Command): Command {
  return command.option("-y, --yes", "do not ask");
}

export function withPaging(command: Command): Command {
  return command
    .option("--limit <n>", "rows at most", wholeNumber(1, 500), 50)
    .option("--cursor <cursor>", "go on behind an earlier page");
}

/** Parser of an option: a whole number in these bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Parser of an option: a number above 0, at most `max`. */
export function numberUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value > 0 && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number above 0, at most ${max}.`);
  };
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Parser of an option: `90`, `90s`, `10m`, `2h`, `1d`; in seconds. */
export function seconds(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim());
  const value = Number(match?.[1]) * (unitSeconds[match?.[2] || "s"] ?? Number.NaN);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a time like 90s, 10m, 2h or 1d.");
}

/** Parser of an option: an instant, `2026-05-01T12:00:00Z`; without a zone it is UTC. A day alone is its beginning. */
export function instant(text: string): string {
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || /^\d{4}-\d\d-\d\d$/.test(text) ? text : `${text}Z`;
  const time = new Date(zoned);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new InvalidArgumentError("Expected a time like 2026-05-01T12:00:00Z.");
}

/** Parser of an option that looks back: an instant, or how long ago, `90m`, `2h`, `1d`. */
export function pastInstant(text: string): string {
  try {
    // A number alone would be taken for a year.
    if (!/^\d+[smhd]$/.test(text)) return instant(text);
    const timeMs = Date.now() - seconds(text) * 1_000;
    if (timeMs > 0) return new Date(timeMs).toISOString();
    throw new RangeError("It is further back than anything that can be stored.");
  } catch {
    throw new InvalidArgumentError(
      "Expected a time like 2026-05-01T12:00:00Z, or how long ago it was, like 90m, 2h or 1d.",
    );
  }
}

/** Tells where the next page is; only people need it said. */
export function noteNextPage({ out }: Cli, cursor: string | null): void {
  if (cursor !== null && !out.json) out.note(`There is more: --cursor ${JSON.stringify(cursor)}`);
}

/** The day, UTC. */
export const today = () => new Date().toISOString().slice(0, 10);
