import { setTimeout as delay } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExportPage, RecordedEvent } from "../../../http/kit/answers/events.ts";
import { type Cli, cliOf, wholeNumber } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { openSink } from "./export-sink.ts";
import { isPassing } from "./listening.ts";

interface ExportOptions {
  readonly topic: string;
  readonly out?: string;
  readonly state?: string;
  readonly cursor?: string;
  readonly limit: number;
  readonly follow?: boolean;
}

/** `charter export`: what was sent, as records for another log. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description("what was sent, in order, as records for another log: a line of JSON each")
    .addOption(
      new Option("--to <format>", "kafka-jsonl: topic, key, timestamp, CloudEvents headers, value")
        .choices(["kafka-jsonl"])
        .makeOptionMandatory(),
    )
    .option("--topic <name>", "topic; may have {type}, {module} and {tenant} in it", "brain.events")
    .option("--out <file>", "append to this file instead of standard output")
    .option("--state <file>", "with --out: note there how far the file is, and go on from there")
    .option("--cursor <cursor>", "begin behind this one, which an earlier export told", cursorText)
    .option("--limit <n>", "events that are read at once", wholeNumber(1, 1_000), 250)
    .option("-f, --follow", "go on with what comes, also over restarts of the server")
    .action((options: ExportOptions, command: Command) => exportRecords(cliOf(command), options));
}

function cursorText(text: string): string {
  if (/^[\d:,-]+$/.test(text)) return text;
  throw new InvalidArgumentError("Expected the cursor that an earlier export told.");
}

/** The cursor behind each event, one after the other: the last id of each shard. */
function followCursor(from: string | null): (event: RecordedEvent) => string {
  const last = new Map((from?.split(",") ?? []).map((part) => [part.split(":", 1)[0] ?? "", part]));
  return ({ shard, stream_message_id: id }) => {
    last.set(String(shard), `${shard}:${id}`);
    return [...last.values()].join(",");
  };
}

/** Time between two looks when nothing is left, ms. */
const everyMs = 1_000;

async function exportRecords(cli: Cli, options: ExportOptions): Promise<void> {
  if (options.state !== undefined && options.cursor !== undefined) {
    throw new UsageError("--state and --cursor both say where to begin. Give one of them.");
  }
  if (options.state !== undefined && options.out === undefined) {
    throw new UsageError(
      "--state needs --out. Who reads standard output keeps the cursor of the last line that is safe, for --cursor.",
    );
  }
  const { kafkaRecordOf, topicOf } = await import("./kafka-record.ts");
  const topic = topicOf(options.topic);
  const sink = await openSink({
    file: options.out ?? null,
    stateFile: options.state ?? null,
    cursor: options.cursor ?? null,
  });
  const before = sink.state.events;
  try {
    for (let more = true; more || options.follow === true; ) {
      if (!more) await delay(everyMs);
      const page = await readPage(cli, sink.state.cursor, options);
      const cursorOf = followCursor(sink.state.cursor);
      const lines = page.events.map((event) => {
        const record = { ...kafkaRecordOf(event, topic(event)), cursor: cursorOf(event) };
        return `${JSON.stringify(record)}
`;
      });
      if (lines.length > 0) {
        await sink.write(lines.join(""), { cursor: page.cursor, events: sink.state.events + lines.length });
      }
      more = page.more;
    }
  } finally {
    await sink.close();
  }
  const { cursor, events } = sink.state;
  if (cli.out.json) return;
  cli.out.note(
    `${events - before} ${events - before === 1 ? "event" : "events"}; what comes next: --cursor ${cursor ?? "(none: nothing was sent yet)"}`,
  );
}

async function readPage(
  { client, out, url }: Cli,
  cursor: string | null,
  options: ExportOptions,
): Promise<ExportPage> {
  for (let isLost = false; ; isLost = true) {
    try {
      const query = { cursor: cursor ?? undefined, limit: options.limit };
      const page = await client.get<ExportPage>("/api/events/export", query);
      if (isLost) out.note(`${url} is back.`);
      return page;
    } catch (error) {
      if (options.follow !== true || !isPassing(error)) throw error;
      if (!isLost) out.note(`${error.message.split("\n", 1)[0]} Trying again until it comes back.`);
      await delay(everyMs);
    }
  }
}
