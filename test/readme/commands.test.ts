import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { blocksOf, readProject } from "../../tools/checks/documents.ts";
import { root } from "../../tools/root.ts";
import { commandFault, commandsOf, mentionFault } from "./commands.ts";

const { documents } = await readProject();

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
test("a program of npm run that is given what it does not know does nothing, and says what it knows", async () => {
  const names = ["bench", "build", "check", "generate", "pack", "screenshots"] as const;
  const told = names.map(async (name) => {
    const [, program = ""] = /^exec node tools\/run\.mjs (\S+\.ts)$/.exec(scripts[name] ?? "") ?? [];
    const run = promisify(execFile)(process.execPath, [program, "--nothing-like-this"], { cwd: root });
    return run.then(
      () => `npm run ${name} ended with 0`,
      ({ code, stderr }: { readonly code: number; readonly stderr: string }) => `${code} ${stderr}`,
    );
  });
  for (const text of await Promise.all(told)) {
    expect(text).toMatch(/^2 .*--nothing-like-this/);
    expect(text).toMatch(/\nusage: npm run /);
    expect(text).not.toMatch(/\n\s+at /);
  }
});

test("every command that a document shows can be given", async () => {
  const shown = blocksOf(documents, "sh").flatMap(({ path, line, text }) =>
    commandsOf(text).map((command) => ({ place: `${path}:${line}`, command })),
  );
  expect(shown.length).toBeGreaterThan(10);
  const faults = await Promise.all(
    shown.map(async ({ place, command }) => ({ place, command, fault: await commandFault(command) })),
  );
  expect(faults.filter(({ fault }) => fault !== null)).toEqual([]);
});

test("every command that a sentence names is there, with its options", () => {
  const faults = documents.flatMap(({ path, names }) =>
    names.flatMap(({ text, line }) => {
      const fault = mentionFault(text);
      return fault === null ? [] : [`${path}:${line}: ${text}: ${fault}`];
    }),
  );
  expect(faults).toEqual([]);
});

describe("the look-up itself", () => {
  test.each([
    "npm run nothing",
    "npm test -- test/engine/nothing.test.ts",
    'npm test -- test/readme/tour.test.ts -t "no such words"',
    "node tools/nothing.ts",
    "node tools/run.mjs nothing",
    "charter nothing",
    "charter dlq redrive --nothing",
    "KEY=1 npx charter consumers pause",
    "nothing at all",
  ])("finds that there is no `%s`", async (command) => {
    expect(await commandFault(command)).not.toBeNull();
  });

  test.each([
    "npm run nothing",
    "charter nothing",
    "npm run charter -- dlq nothing",
    "charter dlq redrive <id> [--nothing]",
  ])("finds that no sentence can name `%s`", (text) => {
    expect(mentionFault(text)).not.toBeNull();
  });

  test("splits a block into its commands", () => {
    const block = "# first\nnpm start      # all of it\nA=1 curl \\\n  -s x | base64\n";
    expect(commandsOf(block)).toEqual(["npm start", "A=1 curl -s x", "base64"]);
  });
});
