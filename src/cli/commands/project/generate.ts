import { resolve } from "node:path";
import type { Command } from "commander";
import type { Page } from "../../../governance/pages/app-pages.ts";
import { CliError, UsageError } from "../../errors.ts";
import { fileError, isFileError } from "../../file-errors.ts";
import type { Output } from "../../output.ts";
import { outputOf } from "../../writing.ts";

interface Options {
  readonly check?: boolean;
}

/** `charter generate`: the pages of an app that say what its code says. Needs no server. */
export function addGenerate(program: Command): void {
  program
    .command("generate [path]")
    .description(
      "write the generated parts of an app anew: events in README.md and EVENTS.md of each module, golden payloads; needs no server",
    )
    .option("--check", "write nothing; exit code 1 when a page is not what the code says")
    .action(async (path: string | undefined, { check: onlyLook = false }: Options, command: Command) => {
      const out = outputOf(command);
      const { generatePages } = await import("../../../governance/pages/app-pages.ts");
      const { ScaffoldError } = await import("../../../governance/scaffold/errors.ts");
      try {
        tell(await generatePages(resolve(path ?? "."), onlyLook), out);
      } catch (error) {
        if (error instanceof ScaffoldError) throw new UsageError(error.message, { cause: error });
        if (isFileError(error)) throw fileError(`${error.path} cannot be read or written`, error);
        throw error;
      }
    });
}

const marks: Readonly<Record<Page["state"], string>> = {
  up_to_date: "same",
  written: "written",
  differs: "differs",
};

/** @throws {CliError} something is left to be done */
function tell(pages: readonly Page[], out: Output): void {
  if (out.json) out.data({ pages });
  for (const { path, state, difference, problem } of out.json ? [] : pages) {
    out.line(`${marks[state].padEnd(7)}  ${path}`);
    if (state === "differs") out.line(`  ${difference}`);
    if (problem !== null) out.line(`  ${problem}`);
  }
  const stale = pages.filter(({ state }) => state === "differs").length;
  const open = pages.filter(({ problem }) => problem !== null).length;
  const left = [
    ...(stale === 0 ? [] : [`${stale} not as the code says: run charter generate`]),
    ...(open === 0 ? [] : [`${open} to be completed by hand, as told above`]),
  ];
  if (left.length > 0) throw new CliError(`Pages: ${left.join("; ")}.`);
}
