import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { History, LiveEvent, RecordedEvent } from "../../../http/kit/answers/events.ts";
import { type Cli, cliOf, wholeNumber } from "../../command.ts";
import { AnswerError, ConnectionError } from "../../errors.ts";
import { type Output, printable } from "../../output.ts";

interface TailOptions {
  readonly type?: string;
  readonly tenant?: string;
  readonly correlation?: string;
  readonly key?: string;
  readonly severity?: string;
  readonly lines: number;
  readonly payload?: boolean;
  readonly follow?: boolean;
}

/** `charter tail`: the newest events of the record, and with `--follow` those that come over the stream. */
export function addTail(program: Command): void {
  program
    .command("tail")
    .description("the newest events of the record, a line each; with --json a JSON object each")
    .option("--type <types>", "only these types, separated by commas; * stands for anything, e.g. course.*")
    .option("--tenant <id>", "only of this tenant")
    .option("--correlation <id>", "only with this correlation id")
    .option("--event-key <key>", "only with this ordering key, e.g. of one course")
    .option("--severity <severity>", "only with this severity, e.g. CRITICAL")
    .option("-n, --lines <n>", "how many to begin with", wholeNumber(0, 1_000), 20)
    .option("--payload", "show payloads too")
    .option("-f, --follow", "go on with what comes, also over restarts of the server")
    .action((options: TailOptions & { readonly eventKey?: string }, command: Command) =>
      tail(cliOf(command), {
        ...options,
        ...(options.eventKey === undefined ? {} : { key: options.eventKey }),
      }),
    );
}

/** Events looked at in the beginning, at least. */
const firstPage = 100;
/** Time between two tries of a server that is away, ms. */
const againMs = 1_000;

type Filter = Readonly<Record<string, string | undefined>>;

async function tail(cli: Cli, options: TailOptions): Promise<void> {
  const filter: Filter = {
    type: options.type,
    tenant_id: options.tenant,
    correlation_id: options.correlation,
    key: options.key,
    severity: options.severity,
  };
  const print = (event: RecordedEvent | LiveEvent) => printEvent(cli.out, event, options.payload === true);
  // What comes is listened for before the record is read, so that nothing falls between the two.
  const live = options.follow === true ? await follow(cli, filter) : null;
  const newest = await cli.client.get<History>("/api/events/history", {
    ...filter,
    order: "desc",
    limit: Math.max(firstPage, Math.min(1_000, options.lines + 1)),
  });
  for (const event of newest.events.slice(0, options.lines).reverse()) print(event);
  if (live === null) return;
  const shown = new Set(newest.events.slice(0, options.lines).map(({ id }) => id));
  for await (const event of live) if (!shown.delete(event.id)) print(event);
}

/** The server is away or starting; whoever follows waits for it. */
export function isPassing(error: unknown): error is Error {
  if (error instanceof AnswerError) return [429, 502, 503, 504].includes(error.status);
  return error instanceof ConnectionError;
}

/** Listens; what it gives goes on behind the last event when the connection ends, for whatever reason. */
async function follow(cli: Cli, filter: Filter): Promise<AsyncIterable<LiveEvent>> {
  const first = cli.client.listen("/api/events/stream", filter, null);
  const begun = await first.next();
  if (begun.done === true) throw new ConnectionError(`${cli.url} ended the stream of events at once.`);
  return goOn(cli, filter, first, begun.value.id);
}

async function* goOn(
  cli: Cli,
  filter: Filter,
  first: ReturnType<Cli["client"]["listen"]>,
  begun: string,
): AsyncGenerator<LiveEvent> {
  let cursor = begun;
  let isLost = false;
  for (let live = first; ; live = cli.client.listen("/api/events/stream", filter, cursor)) {
    try {
      for await (const { id, event, data } of live) {
        if (isLost) cli.out.note(`${cli.url} is back.`);
        isLost = false;
        if (id !== "") cursor = id;
        if (event !== "heartbeat" && event !== "too_slow") yield JSON.parse(data) as LiveEvent;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!isLost) cli.out.note(`${error.message.split("\n", 1)[0]} Trying again until it comes back.`);
      isLost = true;
      await delay(againMs);
    }
  }
}

function printEvent(out: Output, event: RecordedEvent | LiveEvent, withPayload: boolean): void {
  if (out.json) {
    out.data(event, true);
    return;
  }
  const { key = null, sent_at: sentAt } = event;
  const parts = [
    event.stored_at ?? event.timestamp,
    event.type,
    event.id,
    event.source,
    ...(key === null ? [] : [`key=${key}`]),
    ...(event.tenant_id === null ? [] : [`tenant=${event.tenant_id}`]),
    ...(sentAt === null ? ["unsent"] : []),
    ...(withPayload ? [JSON.stringify(event.payload)] : []),
  ];
  out.line(parts.map(printable).join("  "));
}
