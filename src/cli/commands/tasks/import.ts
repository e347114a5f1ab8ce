import { readFile } from "node:fs/promises";
import cliProgress from "cli-progress";
import type { Cli } from "../../command.ts";
import { CliError } from "../../errors.ts";
import { fileError } from "../../file-errors.ts";
import { partsOf } from "../../file-parts.ts";
import { facts } from "../../output.ts";
import { textOfFile } from "../../text-file.ts";

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

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly publish?: boolean;
}

/** `charter tasks import`; what it needs is loaded for no other command. */
export async function importFiles(cli: Cli, files: readonly string[], options: ImportOptions): Promise<void> {
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
