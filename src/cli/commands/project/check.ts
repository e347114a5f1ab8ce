import { type Command, InvalidArgumentError, Option } from "commander";
import type { CheckOptions } from "../../../governance/check/run-check.ts";
import { today } from "../../command.ts";
import { FindingsError } from "../../errors.ts";
import { toCliError } from "./governance-errors.ts";

interface Options extends Omit<CheckOptions, "path" | "today"> {
  readonly watch?: boolean;
  readonly list?: boolean;
  readonly explain?: string;
}

/** `charter check`: the charter's rules over a tree of sources. Needs no server. */
export function addCheck(program: Command): void {
  program
    .command("check [path]")
    .description("judge sources, documents and tests by the rules of the charter; needs no server")
    .addOption(
      new Option("--format <form>", "how findings are written")
        .choices(["human", "json", "sarif", "github"])
        .default("human"),
    )
    .option("--rule <ids>", "these rules only, e.g. N-1,B-5", listed)
    .addOption(
      new Option("--fail-on <severity>", "what ends with exit code 100")
        .choices(["error", "warning", "info"])
        .default("error"),
    )
    .option("--since <revision>", "only what lines have that were added since this revision of git")
    .option("--staged", "only what lines have that the next commit adds")
    .option("--fix", "mend what is mechanical")
    .option(
      "--baseline <file>",
      "findings that were there before (default: charter-baseline.json, if it is there)",
    )
    .option("--write-baseline", "note all findings as those that were there before")
    .option("--force", "with --write-baseline: write over a file that is no baseline")
    .option("--no-cache", "look at everything, also when nothing changed since the last look")
    .option("--watch", "check again whenever a file changes")
    .option("--list", "the rules, and nothing is checked")
    .option("--explain <id>", "the page of a rule: why, what is wrong, what is right")
    .action(async (path: string | undefined, options: Options) => {
      const governance = await import("../../../governance/check/run-check.ts");
      if (options.list === true) return void process.stdout.write(governance.ruleList());
      const given = { ...options, path: path ?? ".", today: today() };
      try {
        if (options.explain !== undefined)
          return void process.stdout.write(await governance.explainRule(options.explain));
        if (options.watch === true) {
          const { watchCheck } = await import("../../../governance/check/watch-check.ts");
          return await watchCheck(given, process.stdout);
        }
        const { text, note, failed } = await governance.runCheck(given);
        process.stdout.write(text);
        process.stderr.write(`charter check: ${note}\n`);
        if (failed) throw new FindingsError(note);
      } catch (error) {
        throw toCliError(error);
      }
    });
}

function listed(text: string): readonly string[] {
  const ids = text
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");
  if (ids.length === 0) throw new InvalidArgumentError("Expected ids joined by commas, e.g. N-1,B-5.");
  return ids;
}
