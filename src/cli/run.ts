import { type Command, CommanderError } from "commander";
import { AnswerError, CliError, FindingsError, UsageError } from "./errors.ts";

/**
 * Runs a command line of ours and gives its exit code. 0: done. 1: it could not be done, or something is wrong. 2: the
 * command was given wrong. 100: it found something.
 */
export async function runProgram(program: Command): Promise<number> {
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof FindingsError) return 100;
    if (!(error instanceof UsageError || error instanceof CliError)) throw error;
    process.stderr.write(`${program.name()}: ${error.message}\n`);
    // The one who operates the system wants to know what it is that is not there.
    if (error instanceof AnswerError && error.status === 503)
      process.stderr.write("  charter doctor tells more.\n");
    return error instanceof UsageError ? 2 : 1;
  }
}
