import { type Command, Option } from "commander";
import type { FailLevel } from "../../../governance/guard/guard.ts";
import type { Format } from "../../../governance/report/index.ts";
import { today } from "../../command.ts";
import { FindingsError, UsageError } from "../../errors.ts";
import { toCliError } from "./governance-errors.ts";

interface Options {
  readonly since?: string;
  readonly staged?: boolean;
  readonly format: Format;
  readonly failOn: FailLevel;
  readonly tests: boolean;
  readonly testCommand: string;
}

/** `charter guard`: what a change adds, judged by rules, broken events and the tests of a second delivery. */
export function addGuard(program: Command): void {
  program
    .command("guard [path]")
    .description(
      "judge what a change adds: rules on its lines, broken events, idempotency tests of what it touches",
    )
    .option(
      "--since <revision>",
      "the change is everything since this branch left that revision, e.g. origin/main",
    )
    .option("--staged", "the change is the next commit")
    .option("--no-tests", "name the tests, and do not run them")
    .option("--test-command <command>", "runs the files of tests that stand behind it", "npm test --")
    .addOption(
      new Option("--format <form>", "how findings are written")
        .choices(["human", "json", "sarif", "github"])
        .default("human"),
    )
    .addOption(
      new Option(
        "--fail-on <level>",
        "what ends with exit code 100; weakened: errors, and whatever the change makes weaker",
      )
        .choices(["error", "weakened", "warning", "info"] satisfies FailLevel[])
        .default("error"),
    )
    .action(guard);
}

async function guard(
  path: string | undefined,
  { since, staged, format, failOn, tests, testCommand }: Options,
): Promise<void> {
  if ((since === undefined) === (staged !== true))
    throw new UsageError("Say what the change is: --staged, or --since with a revision of git.");
  const { runGuard } = await import("../../../governance/guard/guard.ts");
  const options = {
    path: path ?? ".",
    format,
    failOn,
    since: since ?? "staged",
    today: today(),
    tests,
    testCommand: testCommand.split(/\s+/).filter((word) => word !== ""),
  };
  try {
    const failed = await runGuard(options, {
      text: (text) => void process.stdout.write(text),
      note: (line) => void process.stderr.write(`charter guard: ${line}\n`),
    });
    if (failed.length > 0) throw new FindingsError(failed.join(", "));
  } catch (error) {
    throw toCliError(error);
  }
}
