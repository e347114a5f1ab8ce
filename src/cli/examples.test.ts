import type { Command } from "commander";
import { expect, test } from "vitest";
import { examples } from "./examples.ts";
import { createProgram } from "./program.ts";
import { fullName } from "./unknown-command.ts";

/** A command line as a shell cuts it into words. */
const wordsOf = (line: string) =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? "",
  );

/** The program, with commands that only tell that they were called. */
function quietProgram(called: string[]): Command {
  const program = createProgram();
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => void called.push(fullName(command)));
    for (const inner of command.commands) silence(inner);
  };
  silence(program);
  return program;
}

test.each(Object.entries(examples).flatMap(([of, lines]) => lines.map((line) => [line, of] as const)))(
  "%s is understood, and stands in the help of %s",
  async (line, of) => {
    const called: string[] = [];
    await quietProgram(called).parseAsync(wordsOf(line).slice(1), { from: "user" });
    expect(called).toHaveLength(1);
    expect(called[0]).toMatch(new RegExp(`^${of}\\b`));
    const shown: string[] = [];
    const program = quietProgram([]);
    let command: Command | undefined = program;
    for (const word of of.split(" ").slice(1)) command = command?.commands.find((one) => one.name() === word);
    command?.configureOutput({ writeOut: (text) => void shown.push(text) });
    command?.outputHelp();
    expect(shown.join("")).toContain(`  ${line}\n`);
    // Of all commands it is the program that says what its ends mean.
    expect(shown.join("").includes("Exit codes: 0 done")).toBe(of === "charter");
  },
);

test("control: an option that a command does not have is not understood", async () => {
  const parsing = quietProgram([]).parseAsync(["dlq", "redrive", "7", "--yes"], { from: "user" });
  await expect(parsing).rejects.toThrow(/unknown option '--yes'/);
});
