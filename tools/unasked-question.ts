/** What drizzle-kit would have asked where it cannot: it ends with a stack then, and with exit code 0. */

const cannotAsk = "Interactive prompts require a TTY terminal";

/** By the function of drizzle-kit that asks, as the stack names it. */
const questions: readonly (readonly [string, string])[] = [
  ["tablesResolver", "tables were removed and others added at once"],
  ["columnsResolver", "columns of a table were removed and others added at once"],
  ["enumsResolver", "enums were removed and others added at once"],
];

/** A sentence for the person who ran it, and what to do; null: there was nothing to ask. */
export function unaskedQuestion(output: string): string | null {
  if (!output.includes(cannotAsk)) return null;
  const [, what] = questions.find(([asks]) => output.includes(`at ${asks} `)) ?? [
    null,
    "something was removed and something of its kind added at once",
  ];
  return `drizzle-kit wanted to ask which are new and which only have another name, because ${what}, and there is no terminal to ask in: run it in one, or generate in two steps, first with what is new beside what was there, then without that.`;
}
