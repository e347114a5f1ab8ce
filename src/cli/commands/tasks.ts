import { readFile } from "node:fs/promises";
import { createLogger } from "@brain/engine";
import cliProgress from "cli-progress";
import type { Command } from "commander";
import { type Cli, cliOf, instant, wholeNumber } from "../command.ts";
import { CliError } from "../errors.ts";
import { fileError } from "../file-errors.ts";
import { createLineFolder } from "../line-folder.ts";
import { facts } from "../output.ts";
import { textOfFile } from "../text-file.ts";
import { partsOf } from "./task-file.ts";
import { addTaskFolder } from "./task-folder.ts";

interface Refused {
  readonly line: number;
  readonly reason: string;
}

/** The API's report of one part, and of this program about a whole file. */
interface Report {
  readonly dry_run: boolean;
  readonly read: number;
  readonly imported: number;
  readonly duplicates: number;
  readonly corrupt: readonly Refused[];
  readonly corrupt_count: number;
  readonly skipped: number;
  readonly published: number;
  readonly not_published: readonly Refused[];
}

export function addTasks(program: Command): void {
  const tasks = program
    .command("tasks")
    .description("events of task items: import older files, export files, look into exported ones");

  tasks
    .command("import <file...>")
    .description("import event files of older programs: data/events.json or events-YYYY-MM-DD.jsonl")
    .option("--dry-run", "only tell what would happen")
    .option("--publish", "also publish each imported event, as of now")
    .action((files: string[], options, command: Command) => importFiles(cliOf(command), files, options));

  tasks
    .command("export <folder>")
    .description("write the events as events-YYYY-MM-DD.jsonl; what is there already is not written again")
    .option("--from <time>", "events of this time and later", instant)
    .option("--to <time>", "events of this time and earlier", instant)
    .option("--archive-days <n>", "move files of days longer ago to archive/", wholeNumber(1, 36_500))
    .option("--archive-mb <n>", "move larger files to archive/, megabytes", wholeNumber(1, 100_000), 100)
    .action((folder: string, options, command: Command) => exportFiles(cliOf(command), folder, options));

  addTaskFolder(tasks);
}

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly publish?: boolean;
}

async function importFiles(cli: Cli, files: readonly string[], options: ImportOptions): Promise<void> {
  const reports: (Report & { readonly file: string })[] = [];
  for (const file of files) reports.push({ file, ...(await importFile(cli, file, options)) });
  if (cli.out.json) cli.out.data({ files: reports });
  for (const { file, ...report } of cli.out.json ? [] : reports) printReport(cli, file, report);
  const corrupt = reports.reduce((sum, report) => sum + report.corrupt_count, 0);
  if (corrupt > 0)
    throw new CliError(`${corrupt} of the records could not be read; the others were handled.`);
}

async function importFile(cli: Cli, file: string, { dryRun, publish }: ImportOptions): Promise<Report> {
  const parts = partsOf(await readText(file));
  const progress = showProgress(
    cli,
    file,
    parts.reduce((sum, part) => sum + part.lines, 0),
  );
  let total: Report = {
    dry_run: dryRun === true,
    read: 0,
    imported: 0,
    duplicates: 0,
    corrupt: [],
    corrupt_count: 0,
    skipped: 0,
    published: 0,
    not_published: [],
  };
  try {
    for (const part of parts) {
      const query = { dry_run: dryRun, publish };
      total = sum(
        total,
        await cli.client.postText<Report>("/api/tasks/import", query, part.text),
        part.before,
      );
      progress.advance(part.lines);
    }
  } finally {
    progress.stop();
  }
  return total;
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileError(`${file} cannot be read`, error);
  });
  return textOfFile(file, bytes);
}

function sum(total: Report, part: Report, before: number): Report {
  const moved = (refused: readonly Refused[]) =>
    refused.map(({ line, reason }) => ({ line: line + before, reason }));
  return {
    dry_run: total.dry_run,
    read: total.read + part.read,
    imported: total.imported + part.imported,
    duplicates: total.duplicates + part.duplicates,
    corrupt: [...total.corrupt, ...moved(part.corrupt)],
    corrupt_count: total.corrupt_count + part.corrupt_count,
    skipped: total.skipped + part.skipped,
    published: total.published + part.published,
    not_published: [...total.not_published, ...moved(part.not_published)],
  };
}

function printReport({ out }: Cli, file: string, report: Report): void {
  out.line(
    facts([
      ["file", file],
      ["records", report.read],
      [report.dry_run ? "would be imported" : "imported", report.imported],
      ["there already", report.duplicates],
      ["of other things", report.skipped],
      ["corrupt", report.corrupt_count],
      ["published", report.published],
    ]),
  );
  for (const { line, reason } of report.corrupt) out.note(`${file}:${line}: ${reason}`);
  for (const { line, reason } of report.not_published) out.note(`${file}:${line}: not published: ${reason}`);
}

/** A bar on a terminal, nothing otherwise; on standard error. */
function showProgress({ out }: Cli, name: string, total: number) {
  if (out.json || !process.stderr.isTTY) return { advance: () => undefined, stop: () => undefined };
  const bar = new cliProgress.SingleBar(
    { format: "{name} [{bar}] {percentage}% | {value}/{total}", stream: process.stderr, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(Math.max(1, total), 0, { name });
  return { advance: (lines: number) => void bar.increment(lines), stop: () => bar.stop() };
}

interface EventPage {
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly next_cursor: string | null;
}

interface ExportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly archiveDays?: number;
  readonly archiveMb: number;
}

async function exportFiles(cli: Cli, folder: string, options: ExportOptions): Promise<void> {
  // Only here, because it brings the module's other dependencies along.
  const { createJsonlTaskEvents, fromRecord } = await import("../../modules/tasks/files.ts");
  const log = createLogger((_level, line) => cli.out.note(line), "warn", Date.now);
  const files = createLineFolder(folder);
  // A path that is no folder is told before anything is asked for.
  await files.list();
  const repository = createJsonlTaskEvents(files, log);
  const { from, to } = options;
  let [read, written] = [0, 0];
  let cursor: string | undefined;
  do {
    const query = { from, to, limit: 500, order: "oldest", cursor };
    const page: EventPage = await cli.client.get<EventPage>("/api/tasks/events", query);
    for (const record of page.events) if (await repository.save(fromRecord(record))) written += 1;
    read += page.events.length;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  const archived = await repository.archive({
    maxBytes: options.archiveMb * 1_000_000,
    ...(options.archiveDays === undefined ? {} : { before: daysAgo(options.archiveDays) }),
  });
  if (cli.out.json) cli.out.data({ folder, read, written, archived });
  else
    cli.out.line(
      facts([
        ["folder", folder],
        ["events", read],
        ["written", written],
        ["archived", archived.join(", ")],
      ]),
    );
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}
