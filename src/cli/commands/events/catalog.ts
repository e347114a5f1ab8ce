import { type Command, Option } from "commander";
import { ForeignFileError } from "../../../governance/files/own-file.ts";
import type { DocumentFormat, FolderFormat } from "../../../governance/formats/write-catalog.ts";
import { type Cli, cliOf } from "../../command.ts";
import { CliError, UsageError } from "../../errors.ts";
import { fileError, isFileError } from "../../file-errors.ts";

interface Options {
  readonly format: DocumentFormat | FolderFormat;
  readonly out?: string;
  readonly force?: boolean;
}

const isFolder = (format: Options["format"]): format is FolderFormat =>
  format === "json-schema" || format === "eventcatalog";

/** `charter catalog`: the events of a server in the formats of the field. */
export function addCatalog(program: Command): void {
  program
    .command("catalog")
    .description(
      "the events of a server for other tools: as JSON, AsyncAPI 3.0, JSON Schemas, CloudEvents types, or a folder of EventCatalog",
    )
    .addOption(
      new Option("--format <form>", "json-schema and eventcatalog are folders, the others one document")
        .choices(["json", "asyncapi", "cloudevents", "json-schema", "eventcatalog"])
        .default("json"),
    )
    .option("--out <path>", "file or folder; default for a document: standard output")
    .option("--force", "write over a file that is no earlier catalog of this form")
    .action((options: Options, command: Command) => catalog(cliOf(command), options));
}

async function catalog(cli: Cli, { format, out, force: isForced = false }: Options): Promise<void> {
  if (isFolder(format) && out === undefined)
    throw new UsageError(`--format ${format} is a folder of files. Say which: --out <folder>.`);
  if (isFolder(format) && isForced)
    throw new UsageError(
      `--force is for one document. In a folder what others wrote is left as it is: remove the file, and it is written anew.`,
    );
  const written = await import("../../../governance/formats/write-catalog.ts");
  const ask = (path: string, query?: Readonly<Record<string, string>>) => cli.client.get(path, query);
  if (!isFolder(format)) {
    const document = await written.catalogDocument(format, ask);
    if (out === undefined) return cli.out.data(document);
    const isNew = await onDisk(out, () => written.writeDocument(document, out, { format, isForced }));
    return cli.out.json ? cli.out.data({ written: isNew ? [out] : [] }) : note(cli, out, isNew ? 1 : 0, 0);
  }
  const folder = out ?? ".";
  const report = await onDisk(folder, () => written.writeCatalogFolder(format, ask, folder));
  if (cli.out.json) cli.out.data(report);
  else {
    for (const path of report.left)
      cli.out.note(`left as it is: ${path} was there before, or was changed since it was written`);
    note(cli, folder, report.written.length, report.removed.length);
  }
}

function note({ out }: Cli, where: string, written: number, removed: number): void {
  const told = [`${written} written`, ...(removed === 0 ? [] : [`${removed} removed`])];
  out.note(written + removed === 0 ? `${where} is up to date.` : `${where}: ${told.join(", ")}.`);
}

/** @throws {UsageError | CliError} instead of what the disk says, or what is wrong with the folder */
async function onDisk<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (error instanceof ForeignFileError) throw new UsageError(error.message, { cause: error });
    if (isFileError(error)) throw fileError(`${path} cannot be written`, error);
    throw new CliError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
