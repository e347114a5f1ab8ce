import type { Command } from "commander";
import { pastInstant, wholeNumber } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { createLineFolder } from "../../line-folder.ts";
import { createOutput, facts, type Output } from "../../output.ts";

/*
 * The daily files of task events in a folder of this machine. No server is asked: these commands work on what an export
 * or a host has written.
 */

export function addTaskFolder(tasks: Command): void {
  tasks
    .command("query <folder>")
    .description(
      "events of the daily files in a folder, archived ones too, as lines of JSON; needs no server",
    )
    .option("--type <type>", "events of this type, e.g. TaskCreated")
    .option("--from <time>", "events of this time and later, or so long ago: 2d", pastInstant)
    .option("--to <time>", "events of this time and earlier", pastInstant)
    .option("--id <event id>", "this event alone")
    .option("--limit <n>", "events at most", wholeNumber(1, 1_000_000), 100)
    .option("--no-archive", "leave out what was archived")
    .action((folder: string, options: QueryOptions, command: Command) =>
      query(outputOf(command), folder, options),
    );

  tasks
    .command("archive <folder>")
    .description("move large files, and files of days long ago, to archive/; needs no server")
    .option("--days <n>", "files of days longer ago", wholeNumber(1, 36_500), 30)
    .option("--mb <n>", "larger files, megabytes", wholeNumber(1, 100_000), 100)
    .action((folder: string, options: ArchiveOptions, command: Command) =>
      archive(outputOf(command), folder, options),
    );
}

function outputOf(command: Command): Output {
  return createOutput(command.optsWithGlobals<{ json?: boolean }>().json === true);
}

/** @throws {UsageError} there is no such folder */
async function openFolder(out: Output, folder: string, searchesArchive: boolean) {
  // Only here, because they bring the whole engine along.
  const [{ createLogger }, { createJsonlTaskEvents }] = await Promise.all([
    import("@brain/engine"),
    import("../../../modules/tasks/files.ts"),
  ]);
  const files = createLineFolder(folder);
  if ((await files.list()).length === 0) {
    throw new UsageError(`${folder} holds no files. Expected a folder with events-YYYY-MM-DD.jsonl.`);
  }
  const log = createLogger((_level, line) => out.note(line), "warn", Date.now);
  return createJsonlTaskEvents(files, log, searchesArchive);
}

interface QueryOptions {
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  readonly id?: string;
  readonly limit: number;
  readonly archive: boolean;
}

/** The oldest first when a range is given, the newest first otherwise, as the API has it. */
async function query(out: Output, folder: string, options: QueryOptions): Promise<void> {
  const { taskEventTypes, toRecord } = await import("../../../modules/tasks/files.ts");
  const type = taskEventTypes.find((name) => name === options.type);
  if (options.type !== undefined && type === undefined) {
    throw new UsageError(`--type is "${options.type}", expected one of ${taskEventTypes.join(", ")}.`);
  }
  const repository = await openFolder(out, folder, options.archive);
  const { from, to, id, limit } = options;
  const find = async () => {
    if (id !== undefined) {
      const event = await repository.findById(id);
      return event === null ? [] : [event];
    }
    if (from === undefined && to === undefined) {
      return type === undefined ? repository.recent(limit) : repository.findByType(type, limit);
    }
    const ofRange = await repository.findByDateRange(
      from ?? "0001-01-01",
      to ?? "9999-12-31",
      type === undefined ? limit : Number.MAX_SAFE_INTEGER,
    );
    return ofRange.filter(({ eventType }) => type === undefined || eventType === type).slice(0, limit);
  };
  const events = (await find()).map(toRecord);
  if (out.json) return out.data({ events });
  for (const event of events) out.line(JSON.stringify(event));
  if (events.length === 0) out.note(`No event in ${folder} matches.`);
}

interface ArchiveOptions {
  readonly days: number;
  readonly mb: number;
}

async function archive(out: Output, folder: string, { days, mb }: ArchiveOptions): Promise<void> {
  const repository = await openFolder(out, folder, true);
  const before = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const archived = await repository.archive({ maxBytes: mb * 1_000_000, before });
  if (out.json) out.data({ folder, archived });
  else
    out.line(
      facts([
        ["folder", folder],
        ["archived", archived.join(", ") || "nothing"],
      ]),
    );
}
