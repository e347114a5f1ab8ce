import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { History, RecordedEvent } from "../answers.ts";
import { type Cli, cliOf, wholeNumber } from "../command.ts";
import { AnswerError, ConnectionError } from "../errors.ts";
import { type Output, printable } from "../output.ts";

interface TailOptions {
  readonly type?: string;
  readonly tenant?: string;
  readonly correlation?: string;
  readonly lines: number;
  readonly payload?: boolean;
  readonly follow?: boolean;
}

/** `charter tail`: the newest events of the record, and with `--follow` those that come. */
export function addTail(program: Command): void {
  program
    .command("tail")
    .description("the newest events of the record, a line each; with --json a JSON object each")
    .option("--type <type>", "only this type; * stands for anything, e.g. course.*")
    .option("--tenant <id>", "only of this tenant")
    .option("--correlation <id>", "only with this correlation id")
    .option("-n, --lines <n>", "how many to begin with", wholeNumber(0, 1_000), 20)
    .option("--payload", "show payloads too")
    .option("-f, --follow", "go on with what comes, also over restarts of the server")
    .action((options: TailOptions, command: Command) => tail(cliOf(command), options));
}

/** Time between two looks, ms. */
const everyMs = 1_000;
const pageSize = 500;
/** Events looked at in the beginning, at least. */
const firstPage = 100;
/**
 * Places in the record are given before the commit, so an event may appear behind one that was seen already. The last
 * ones are therefore read again until they are older than this, ms; no transaction of ours is open longer.
 */
const settledMs = 15_000;

async function tail(cli: Cli, options: TailOptions): Promise<void> {
  const filter = { type: options.type, tenant_id: options.tenant, correlation_id: options.correlation };
  const print = (event: RecordedEvent) => printEvent(cli.out, event, options.payload === true);
  const newest = await cli.client.get<History>("/api/events/history", {
    ...filter,
    order: "desc",
    limit: Math.max(firstPage, Math.min(1_000, options.lines + 1)),
  });
  // More are known than shown, so that what appears between them is told from what is new.
  const shown = newest.events.slice(0, options.lines).reverse();
  for (const event of shown) print(event);
  if (options.follow !== true) return;

  // It stands behind the oldest event of this page; null: the page was the whole record.
  let cursor = newest.next_cursor;
  const seen = new Map(newest.events.map((event) => [event.id, event.stored_at]));
  let isLost = false;
  for (;;) {
    await delay(everyMs);
    try {
      cursor = await readOn(cli, filter, cursor, seen, print);
      if (isLost) cli.out.note(`${cli.url} is back.`);
      isLost = false;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!isLost) cli.out.note(`${error.message.split("\n", 1)[0]} Trying again until it comes back.`);
      isLost = true;
    }
  }
}

/** The server is away or starting; whoever follows waits for it. */
export function isPassing(error: unknown): error is Error {
  if (error instanceof AnswerError) return [502, 503, 504].includes(error.status);
  return error instanceof ConnectionError;
}

/**
 * Prints what came behind `cursor` and was not seen yet.
 *
 * @param seen ids that were printed, with the time they were stored; what the cursor passes is forgotten
 * @returns the cursor for the next look: behind it nothing can appear any more
 */
async function readOn(
  { client }: Cli,
  filter: Readonly<Record<string, string | undefined>>,
  cursor: string | null,
  seen: Map<string, string>,
  print: (event: RecordedEvent) => void,
): Promise<string | null> {
  let settled = cursor;
  let allSettled = true;
  for (let from = cursor; ; ) {
    const page = await client.get<History>("/api/events/history", {
      ...filter,
      order: "asc",
      limit: pageSize,
      cursor: from ?? undefined,
    });
    for (const event of page.events) {
      if (!seen.has(event.id)) print(event);
      seen.set(event.id, event.stored_at);
    }
    if (page.next_cursor === null) return settled;
    allSettled &&= page.events.every((event) => Date.now() - Date.parse(event.stored_at) > settledMs);
    if (allSettled) {
      for (const event of page.events) seen.delete(event.id);
      settled = page.next_cursor;
    }
    from = page.next_cursor;
  }
}

function printEvent(out: Output, event: RecordedEvent, withPayload: boolean): void {
  if (out.json) {
    out.data(event, true);
    return;
  }
  const parts = [
    event.stored_at,
    event.type,
    event.id,
    event.source,
    ...(event.key === null ? [] : [`key=${event.key}`]),
    ...(event.tenant_id === null ? [] : [`tenant=${event.tenant_id}`]),
    ...(event.sent_at === null ? ["unsent"] : []),
    ...(withPayload ? [JSON.stringify(event.payload)] : []),
  ];
  out.line(parts.map(printable).join("  "));
}
