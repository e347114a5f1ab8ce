import { type Command, InvalidArgumentError, Option } from "commander";
import type { ReportFormat } from "../../../governance/phases/report.ts";
import type { Result } from "../../../governance/phases/run.ts";
import { cliOf, today } from "../../command.ts";
import { FindingsError } from "../../errors.ts";
import { fileError, isFileError } from "../../file-errors.ts";
import type { GlobalOptions } from "../../settings.ts";
import { toCliError } from "./governance-errors.ts";
import { asking } from "./running-system.ts";

interface Options {
  readonly format: ReportFormat;
  readonly path: string;
  readonly tests?: string;
  readonly plan?: string;
  readonly shown: ReadonlyMap<string, string>;
}

/** `charter gate` and `charter phase`: the way of a module to the charter, by the guide. */
export function addPhase(program: Command): void {
  withTree(program.command("gate <module>"))
    .description("whether the migration of a module may begin: the running system and the tree")
    .option(
      "--shown <id=evidence>",
      'what was shown by hand, e.g. G-2="alembic current says 002"; may be given again',
      shownByHand,
      new Map<string, string>(),
    )
    .action(async (module: string, options: Options, command: Command) => {
      const { runGate } = await import("../../../governance/phases/run.ts");
      const { url, client } = cliOf(command);
      const given = { ...options, today: today(), format: formatOf(options, command) };
      await told("gate", () => runGate(module, given, { url, ask: asking(client) }));
    });
  withTree(program.command("phase <module>"))
    .description(
      "in which phase of its migration a module is, what is missing, and what shows that it is done",
    )
    .option("--tests <file>", "report of a test run: vitest's JSON, or JUnit's XML")
    .option("--plan <file>", "write the list of planned events there, worked out from the code")
    .action(async (module: string, options: Options, command: Command) => {
      const { runPhase } = await import("../../../governance/phases/run.ts");
      // Only a system that is named is asked: the tree alone says in which phase a module is.
      const { url } = command.optsWithGlobals<GlobalOptions>();
      const cli = url === undefined ? null : cliOf(command);
      const server = cli === null ? null : { url: cli.url, ask: asking(cli.client) };
      const given = { ...options, today: today(), format: formatOf(options, command) };
      await told("phase", () => runPhase(module, given, server), options.plan);
    });
}

function withTree(command: Command): Command {
  return command
    .addOption(
      new Option("--format <form>", "how it is written")
        .choices(["human", "markdown", "json"])
        .default("human"),
    )
    .option("--path <folder>", "the project", ".");
}

const formatOf = ({ format }: Options, command: Command): ReportFormat =>
  command.optsWithGlobals<GlobalOptions>().json === true ? "json" : format;

function shownByHand(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, id] = /^(GO?-\d)=/.exec(text) ?? [];
  const evidence = text.slice((id?.length ?? 0) + 1).trim();
  if (id === undefined || evidence === "")
    throw new InvalidArgumentError('Expected an id and what was seen, e.g. G-2="alembic current says 002".');
  return new Map([...before, [id, evidence]]);
}

/** @param written the file that it writes, beside what it tells */
async function told(name: string, run: () => Promise<Result>, written?: string): Promise<void> {
  try {
    const { text, note, failed } = await run();
    process.stdout.write(text);
    process.stderr.write(`charter ${name}: ${note}\n`);
    if (failed) throw new FindingsError(note);
  } catch (error) {
    if (written !== undefined && isFileError(error)) throw fileError(`${written} cannot be written`, error);
    throw toCliError(error);
  }
}
