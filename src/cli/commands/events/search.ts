import { type Command, Option } from "commander";
import type { FoundEvent, FoundPage } from "../../../http/kit/answers/events.ts";
import { type Cli, cliOf, noteNextPage, pastInstant, withPaging } from "../../command.ts";
import { type Column, table } from "../../output.ts";

interface SearchOptions {
  readonly limit: number;
  readonly cursor?: string;
  readonly format?: "csv" | "jsonl";
  readonly archive?: boolean;
  readonly count?: boolean;
  readonly [option: string]: unknown;
}

/** Option of the command → parameter of the route. */
const filters = [
  ["type", "--type <types>", "one or more, separated by commas; * stands for anything"],
  ["tenant_id", "--tenant <id>", "of this tenant"],
  ["actor_id", "--by <id>", "whose actor is this one"],
  ["source", "--source <name>", "of this source"],
  ["target", "--target <name>", "for this target"],
  ["module", "--module <name>", "of this module"],
  ["mission_id", "--mission <id>", "of this mission"],
  ["task_id", "--task <id>", "of this task"],
  ["correlation_id", "--correlation <id>", "of this story"],
  ["causation_id", "--caused-by <id>", "which this event caused"],
  ["key", "--ordering-key <key>", "with this ordering key"],
  ["severity", "--severity <severity>", "INFO, WARNING, ERROR or CRITICAL"],
  ["payload", "--payload <path=value>", "with this member of the payload, e.g. course_id=c-1"],
  ["text", "--text <text>", "with this in the payload"],
] as const;

const columns: readonly Column<FoundEvent>[] = [
  ["POSITION", (row) => row.position],
  ["STORED", (row) => row.stored_at],
  ["TYPE", (row) => row.type],
  ["ID", (row) => row.id],
  ["SOURCE", (row) => row.source],
  ["TENANT", (row) => row.tenant_id],
  ["BY", (row) => (row.foreign === true ? "another program" : "this system")],
];

/** `charter search`: what happened, whoever told of it. */
export function addSearch(program: Command): void {
  const command = withPaging(program.command("search"))
    .description("events of this system and entries of other programs, the newest first")
    .option("--from <time>", "stored at this time or later, or so long ago: 2h", pastInstant)
    .option("--to <time>", "stored before this time", pastInstant)
    .option("--occurred-from <time>", "told to be of this time or later", pastInstant)
    .option("--occurred-to <time>", "told to be before this time", pastInstant)
    .addOption(new Option("--entries <whose>", "whose").choices(["own", "foreign", "all"]).default("all"))
    .option("--archive", "also in the files of the archive")
    .option("--count", "also how many there are")
    .addOption(new Option("--format <format>", "all that fits, the oldest first").choices(["csv", "jsonl"]));
  for (const [, flags, description] of filters) command.option(flags, description);
  command.action((options: SearchOptions, own: Command) => {
    const cli = cliOf(own);
    return options.format === undefined ? show(cli, options) : write(cli, options, options.format);
  });
}

const optionOf = (flags: string) =>
  (/^--([a-z-]+)/.exec(flags)?.[1] ?? "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

function queryOf({ archive = false, cursor, ...options }: SearchOptions) {
  const given = filters.map(([name, flags]) => [name, options[optionOf(flags)] as string | undefined]);
  const { from, to, occurredFrom, occurredTo, entries } = options as Readonly<
    Record<string, string | undefined>
  >;
  const times = { from, to, occurred_from: occurredFrom, occurred_to: occurredTo };
  return { ...Object.fromEntries(given), ...times, entries, archive, cursor } as Readonly<
    Record<string, string | boolean | undefined>
  >;
}

async function show(cli: Cli, options: SearchOptions): Promise<void> {
  const { limit, count = false } = options;
  const answer = await cli.client.get<FoundPage>("/api/audit/events", { ...queryOf(options), limit, count });
  if (cli.out.json) return cli.out.data(answer);
  cli.out.line(table(answer.events, columns));
  if (answer.count) cli.out.line(`${answer.count.count}${answer.count.more ? " or more" : ""} in all.`);
  noteNextPage(cli, answer.next_cursor);
}

/** A host with a limit of calls ends early: lines tell where to go on, until nothing comes. */
async function write(cli: Cli, options: SearchOptions, format: "csv" | "jsonl"): Promise<void> {
  const { cursor: first, ...query } = queryOf(options);
  for (let cursor = first; ; ) {
    const body = await cli.client.open("/api/audit/export", { ...query, format, cursor });
    const decoder = new TextDecoder();
    let [line, last] = ["", ""];
    for await (const chunk of body) {
      const text = decoder.decode(chunk, { stream: true });
      process.stdout.write(text);
      if (format === "csv") continue;
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      last = lines.at(-1) ?? last;
    }
    if (last === "") return;
    cursor = String((JSON.parse(last) as FoundEvent).position);
  }
}
