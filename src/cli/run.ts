import { type Command, CommanderError } from "commander";
import {
  AnswerError,
  CliError,
  FindingsError,
  ProgramEndedError,
  UnknownCommandError,
  UsageError,
} from "./errors.ts";

/**
 * Runs a command line of ours and gives its exit code. 0: done. 1: it could not be done, or something is wrong. 2: the
 * command was given wrong. 100: it found something. Of a command that runs another program: what that one ended with.
 */
export async function runProgram(program: Command): Promise<number> {
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof FindingsError) return 100;
    if (error instanceof ProgramEndedError) return error.exitCode;
    if (!(error instanceof UsageError || error instanceof CliError)) throw error;
    process.stderr.write(`${program.name()}: ${error.message}\n`);
    if (error instanceof UnknownCommandError) process.stderr.write(await candidatesOf(error));
    // The one who operates the system wants to know what it is that is not there.
    if (error instanceof AnswerError && error.status === 503)
      process.stderr.write("  charter doctor tells more.\n");
    return error instanceof UsageError ? 2 : 1;
  }
}

/** What other programs call it. */
const otherNames: Readonly<Record<string, string>> = {
  list: "ls",
  get: "show",
  delete: "revoke",
  retry: "redrive",
};

async function candidatesOf({ word, names, program }: UnknownCommandError): Promise<string> {
  // Only here: all other commands start without it, in a fraction of the time.
  const { nearestName } = await import("@brain/schemas");
  const maxChanges = Math.min(2, Math.floor(word.length / 2));
  const other = names.find((name) => name === otherNames[word]);
  const meant = other ?? nearestName(word.toLowerCase(), names, maxChanges);
  const guess = meant === null ? [] : [`  Did you mean ${meant}?`];
  const all = `  There are: ${names.join(", ")}. (${program} --help tells more)`;
  return `${[...guess, all].join("\n")}\n`;
}
