import { type Command, InvalidArgumentError } from "commander";
import { expect, test, vi } from "vitest";
import { UnknownCommandError } from "./errors.ts";
import { createProgram } from "./program.ts";
import { runProgram } from "./run.ts";

/** What a command line that names no command tells, and its exit code. */
async function told(...words: readonly string[]): Promise<{ code: number; text: string }> {
  const written: string[] = [];
  const writing = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const argv = process.argv;
  process.argv = ["node", "charter", ...words];
  try {
    return { code: await runProgram(createProgram()), text: written.join("") };
  } finally {
    process.argv = argv;
    writing.mockRestore();
  }
}

test.each([
  [["consumers", "list"], "charter consumers", "ls"],
  [["keys", "list"], "charter keys", "ls"],
  [["dlq", "redirve", "3"], "charter dlq", "redrive"],
  [["subject", "exprot", "x"], "charter subject", "export"],
  [["stroy", "x"], "charter", "story"],
] as const)("%j names what was probably meant", async (words, area, meant) => {
  const { code, text } = await told(...words);
  expect(code).toBe(2);
  expect(text).toContain(`of ${area}.\n  Did you mean ${meant}?\n  There are: `);
  expect(text).toContain(`(${area} --help tells more)`);
});

test("a word that is near to nothing names the commands that there are", async () => {
  const { code, text } = await told("nonsense");
  expect(code).toBe(2);
  expect(text).toMatch(
    /^charter: There is no command "nonsense" of charter\.\n {2}There are: catalog, .*demo\./,
  );
  expect(text).not.toContain("Did you mean");
  expect((await told("dlq", "nonsense")).text).toContain(
    "There are: ls, show, try, to-test, redrive, discard",
  );
});

test("what is a command, an option or an argument is taken as that", async () => {
  const without = { CHARTER_KEY: "", CHARTER_URL: "http://127.0.0.1:9" };
  for (const [name, value] of Object.entries(without)) vi.stubEnv(name, value);
  try {
    for (const words of [
      ["dlq"],
      ["dlq", "ls"],
      ["consumers"],
      ["dlq", "--status", "all"],
      ["dlq", "show", "ls"],
    ]) {
      const argv = ["node", "charter", ...words];
      const error: unknown = await createProgram()
        .parseAsync(argv)
        .catch((thrown: unknown) => thrown);
      expect(error, words.join(" ")).toBeInstanceOf(Error);
      expect(error, words.join(" ")).not.toBeInstanceOf(UnknownCommandError);
      expect(String(error)).toContain("Nothing answers");
    }
  } finally {
    vi.unstubAllEnvs();
  }
});

test.each([
  [["replay", "start", "payment", "--since", "1h"], "charter replay start"],
  [["search", "type:course.*"], "charter search"],
  [["keys", "create"], "charter keys create"],
  [["--nope"], "charter"],
] as const)("what is wrong in %j is explained by the help of that command", async (words, command) => {
  const { code, text } = await told(...words);
  expect(code).toBe(2);
  expect(text).toContain(`\n(${command} --help tells more)`);
});

test.each([
  [["tail", "--type", ""], "option '--type <types>' argument ''"],
  [["dlq", "redrive", "--subscriber", " "], "option '--subscriber <name>' argument ' '"],
  [["replay", "start", "payment", "--from", ""], "option '--from <time>' argument ''"],
  [["catalog", "--format", ""], "option '--format <form>' argument ''"],
  [["catalog", "--out="], "option '--out <path>' argument ''"],
  [["--url", "", "consumers"], "option '--url <url>' argument ''"],
  [["dlq", "show", ""], "value '' is invalid for argument 'id'"],
  [["dlq", "discard", "3", ""], "value '' is invalid for argument 'ids'"],
] as const)("%j has a value that is empty, which is told", async (words, what) => {
  const { code, text } = await told(...words);
  expect(code).toBe(2);
  expect(text).toContain(what);
  expect(text).toContain("It is empty.");
});

test("every option and argument of every command refuses an empty value", () => {
  const open: string[] = [];
  const look = (command: Command) => {
    for (const { flags, required, optional, parseArg } of command.options)
      if ((required || optional) && takes(parseArg)) open.push(`${command.name()} ${flags}`);
    for (const argument of command.registeredArguments)
      if (takes(argument.parseArg)) open.push(`${command.name()} <${argument.name()}>`);
    for (const inner of command.commands) look(inner);
  };
  look(createProgram());
  expect(open).toEqual([]);
});

function takes(parse: ((value: string, previous: never) => unknown) | undefined): boolean {
  try {
    parse?.("", undefined as never);
    return true;
  } catch (error) {
    return !(error instanceof InvalidArgumentError);
  }
}
