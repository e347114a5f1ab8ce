import { createInterface } from "node:readline/promises";
import { CliError, UsageError } from "./errors.ts";

/**
 * Asks before something that cannot be undone.
 *
 * @param yes `--yes` was given: nobody is asked
 * @throws {UsageError} there is no terminal to ask on and no `--yes`
 * @throws {CliError} the answer was not yes
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new UsageError(`${question} There is no terminal to ask on: add --yes to say so.`);
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("Nothing was done.");
  } finally {
    prompt.close();
  }
}
