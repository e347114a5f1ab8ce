/** `charter`: the command line for operators. It talks HTTP with a key and knows nothing but the public API. */

import { enableCompileCache } from "node:module";
import { CommanderError } from "commander";
import { CliError, FindingsError, UsageError } from "./errors.ts";
import { createProgram } from "./program.ts";

// A command that loads a compiler need not compile it again each time.
enableCompileCache();

// `charter tail | head` closes our output early, which is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// The launcher passes signals on; when it is killed it cannot, and nobody else would end `tail --follow`.
process.on("disconnect", () => process.exit(1));
process.channel?.unref();

/** 0: done. 1: it could not be done, or something is wrong. 2: the command was given wrong. 100: findings. */
async function run(): Promise<number> {
  try {
    await createProgram().parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof FindingsError) return 100;
    if (!(error instanceof UsageError || error instanceof CliError)) throw error;
    process.stderr.write(`charter: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exitCode = await run();
