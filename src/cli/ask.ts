import { createInterface } from "node:readline/promises";
import { UsageError } from "./errors.ts";

/** What a command has to know. */
export interface Question {
  /** Name of the option that says it, e.g. `--event <type>`, or of the argument. */
  readonly option: string;
  readonly text: string;
  /** Taken for an empty answer, and with `--yes`; null: there is none. */
  readonly fallback: string | null;
}

/**
 * What was given; otherwise what is answered on the terminal.
 *
 * @param yes `--yes` was given: nobody is asked
 * @throws {UsageError} it was not given, and nobody can be asked
 */
export async function ask(
  given: string | undefined,
  { option, text, fallback }: Question,
  yes: boolean,
): Promise<string> {
  if (given !== undefined) return given;
  if (yes && fallback !== null) return fallback;
  if (yes || !process.stdin.isTTY) {
    throw new UsageError(
      `Nobody said ${text}. Give ${option}${fallback === null || yes ? "" : `, or --yes for ${JSON.stringify(fallback)}`}.`,
    );
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const question = `${text}${fallback === null ? "" : ` [${fallback}]`}: `;
      const answer = (await prompt.question(question)).trim() || fallback;
      if (answer !== null) return answer;
    }
  } finally {
    prompt.close();
  }
}
