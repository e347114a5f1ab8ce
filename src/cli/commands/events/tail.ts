import type { Command } from "commander";
import type { History, LiveEvent, RecordedEvent } from "../../../http/kit/answers/events.ts";
import { type Cli, cliOf, wholeNumber } from "../../command.ts";
import { type Output, printable } from "../../output.ts";
import { type Filter, follow } from "./listening.ts";

interface TailOptions {
  readonly type?: string;
  readonly tenant?: string;
  readonly correlation?: string;
  readonly key?: string;
  readonly severity?: string;
  readonly lines: number;
  readonly payload?: boolean;
  readonly follow?: boolean;
  readonly behind?: string;
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
    .option(
      "--behind <id>",
      "instead: what the streams hold behind this message id, of other programs too, whether or not the record has it",
    )
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

async function tail(cli: Cli, options: TailOptions): Promise<void> {
  const filter: Filter = {
    type: options.type,
    tenant_id: options.tenant,
    correlation_id: options.correlation,
    key: options.key,
    severity: options.severity,
  };
  const print = (event: Shown) => printEvent(cli.out, event, options.payload === true);
  if (options.behind !== undefined) {
    const { eventsBehind } = await import("./behind.ts");
    for await (const event of eventsBehind(cli, filter, options.behind, options.follow === true))
      print(event);
    return;
  }
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

type Shown = Omit<RecordedEvent, "position"> | Omit<LiveEvent, "position">;

function printEvent(out: Output, event: Shown, withPayload: boolean): void {
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
