import type { Command } from "commander";
import { createDemoApi, DemoError } from "../../../demo/api.ts";
import { type DemoReport, makeDemo } from "../../../demo/build.ts";
import { cliOf, wholeNumber, withYes } from "../../command.ts";
import { CliError } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { connectionOf, type GlobalOptions } from "../../settings.ts";

interface DemoCommandOptions {
  readonly seed: number;
  readonly yes?: boolean;
}

/** `charter demo`: a little world to look at. */
export function addDemo(program: Command): void {
  withYes(
    program
      .command("demo")
      .description(
        "fills an empty system on this machine with a little world: courses, sales, missions, failures; again adds nothing",
      )
      .option("--seed <n>", "what looks random is the same for the same number", wholeNumber(1, 999_999), 1),
  ).action(run);
}

async function run({ seed, yes = false }: DemoCommandOptions, command: Command): Promise<void> {
  const { out } = cliOf(command);
  const { url, key } = connectionOf(command.optsWithGlobals<GlobalOptions>(), process.env);
  if (key === null) {
    throw new CliError("No key was given. Set CHARTER_KEY (or BRAIN_API_KEY), or give --key.");
  }
  try {
    const report = await makeDemo(createDemoApi(url, key), {
      seed,
      force: yes,
      onProgress: (done, total, step) => {
        if (!out.json) out.note(`${String(done).padStart(String(total).length)}/${total}  ${step}`);
      },
    });
    tell(out, url, report);
  } catch (error) {
    if (error instanceof DemoError) throw new CliError(error.message);
    throw error;
  }
}

function tell(out: Output, url: string, report: DemoReport): void {
  if (out.json) {
    out.data(report);
    return;
  }
  const { added, seed, events, courses, deadLetters, places } = report;
  const holds = `${courses} courses, ${events} events, ${deadLetters} dead letters that are open`;
  out.line(
    added
      ? `The world of seed ${seed} is there: ${holds}.`
      : `The world of seed ${seed} was there already; nothing was added. It holds ${holds}.`,
  );
  out.line("Look at it in the console, which asks for the key once:");
  for (const { what, page } of places) out.line(`  ${what.padEnd(26)}  ${url}${page}`);
}
