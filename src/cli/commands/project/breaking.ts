import { type Command, Option } from "commander";
import type { BreakingOptions } from "../../../governance/breaking/run-breaking.ts";
import type { Observed } from "../../../governance/breaking/whom.ts";
import type { CatalogAnswer } from "../../../http/kit/product-answers.ts";
import { cliOf, today } from "../../command.ts";
import { FindingsError, UsageError } from "../../errors.ts";
import { fileError, isFileError } from "../../file-errors.ts";
import type { GlobalOptions } from "../../settings.ts";
import { toCliError } from "./governance-errors.ts";

interface Options extends Omit<BreakingOptions, "path" | "against" | "today" | "observed"> {
  readonly against?: string;
  readonly write?: string;
  readonly force?: boolean;
  readonly list?: boolean;
}

/** `charter breaking`: which change of an event breaks whom. Needs no server; with `--url` it asks one who handles what. */
export function addBreaking(program: Command): void {
  program
    .command("breaking [path]")
    .description("say which changes of events break whom, against a release or a revision; needs no server")
    .option(
      "--against <release>",
      "a file that --write made, a revision of git, e.g. main or v1.2.0, or last: the last release, or main, if there is one",
    )
    .option("--write <file>", "write the catalogue as JSON, and compare nothing; - is standard output")
    .option("--force", "with --write: write over a file that is no such catalogue")
    .option("--catalogue <file>", "the module with the catalogue, e.g. src/product.ts#catalog")
    .option("--accepted <file>", "breaks that were accepted (default: charter-breaking.json, if it is there)")
    .addOption(
      new Option("--format <form>", "how findings are written")
        .choices(["human", "json", "sarif", "github"])
        .default("human"),
    )
    .addOption(
      new Option("--fail-on <severity>", "what ends with exit code 100")
        .choices(["error", "warning", "info"])
        .default("error"),
    )
    .option("--list", "the rules, and nothing is compared")
    .action(breaking);
}

async function breaking(path: string | undefined, options: Options, command: Command): Promise<void> {
  const governance = await import("../../../governance/breaking/run-breaking.ts");
  if (options.list === true) return void process.stdout.write(governance.breakingRuleList());
  const { against, write, force: isForced = false, ...others } = options;
  if ((against === undefined) === (write === undefined)) {
    throw new UsageError(
      "Give --against with what is compared, a file or a revision of git; or --write with a file for the catalogue.",
    );
  }
  try {
    if (write !== undefined) {
      const { text, note } = await governance.writeCatalogue(path ?? ".", {
        ...{ file: write, isForced },
        catalogue: options.catalogue ?? null,
      });
      process.stdout.write(text);
      process.stderr.write(`charter breaking: ${note}.\n`);
      return;
    }
    const compared = await comparedWith(path ?? ".", against ?? "");
    if (compared === null) return;
    const observed = await observedBy(command);
    const found = await governance.runBreaking({
      ...others,
      path: path ?? ".",
      against: compared,
      today: today(),
      ...(observed === null ? {} : { observed }),
    });
    process.stdout.write(found.text);
    process.stderr.write(`charter breaking: ${found.note}\n`);
    if (found.failed) throw new FindingsError(found.note);
  } catch (error) {
    if (write !== undefined && isFileError(error)) throw fileError(`${write} cannot be written`, error);
    throw toCliError(error);
  }
}

/** Null: nothing was released yet, which is said. */
async function comparedWith(path: string, against: string): Promise<string | null> {
  if (against !== "last") return against;
  const { lastRelease } = await import("../../../governance/breaking/load/last-release.ts");
  const last = await lastRelease(path);
  if (last === null)
    process.stderr.write(
      "charter breaking: nothing to compare with yet: there is no released catalogue, no tag v1.2.3 and no branch main.\n",
    );
  return last;
}

/** Who handles which type on the server of `--url`, and who has dead letters of it; null: no server was given. */
async function observedBy(command: Command): Promise<Observed | null> {
  const { url } = command.optsWithGlobals<GlobalOptions>();
  if (url === undefined) return null;
  const { events } = await cliOf(command).client.get<CatalogAnswer>("/api/catalog");
  return new Map(
    events.map(({ type, consumers, observed }) => [
      type,
      [
        ...consumers.filter(({ handles }) => handles).map(({ subscriber }) => subscriber),
        ...(observed?.dead_letters ?? []).map(({ subscriber }) => subscriber),
      ],
    ]),
  );
}
