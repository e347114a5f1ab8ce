import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Plan } from "../governance/scaffold/write/plan.ts";
import { CliError } from "./errors.ts";
import type { Output } from "./output.ts";
import { writing } from "./writing.ts";

function failing(): Plan {
  const root = mkdtempSync(join(tmpdir(), "brain-writing-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return {
    root,
    files: [{ path: "a.md", content: "1", before: null }],
    steps: [
      { what: "a list", command: ["node", "-e", 'require("node:fs").writeFileSync("list.md", "")'] },
      { what: "a migration", command: ["node", "-e", "process.exit(3)"] },
      { what: "the rest", command: ["node", "-e", ""] },
    ],
    notes: ["Write what it is for."],
  };
}

function collect(json: boolean): {
  readonly out: Output;
  readonly lines: string[];
  readonly data: unknown[];
} {
  const lines: string[] = [];
  const data: unknown[] = [];
  const out: Output = {
    json,
    line: (text = "") => void lines.push(text),
    text: (text) => void lines.push(text),
    data: (value) => void data.push(value),
    note: () => undefined,
  };
  return { out, lines, data };
}

test("of a program that fails the files are told that are written, and what is left to be run", async () => {
  const plan = failing();
  const { out, lines } = collect(false);
  const written = writing({}, out, async () => plan);
  await expect(written).rejects.toThrow(CliError);
  await expect(written).rejects.toThrow(/a migration could not be made: .* ended with 3/);
  expect(lines).toEqual([
    "new      a.md",
    "new      list.md",
    "run      node -e process.exit(3)",
    "run      node -e ",
    "Write what it is for.",
  ]);
  expect(readFileSync(join(plan.root, "a.md"), "utf8")).toBe("1");
});

test("the same as JSON has all commands, and those that are left", async () => {
  const plan = failing();
  const { out, data } = collect(true);
  await expect(writing({}, out, async () => plan)).rejects.toThrow(CliError);
  expect(data).toEqual([
    {
      dry_run: false,
      files: [
        { path: "a.md", change: "new" },
        { path: "list.md", change: "new" },
      ],
      commands: plan.steps.map(({ command }) => command.join(" ")),
      left: ["node -e process.exit(3)", "node -e "],
      notes: ["Write what it is for."],
    },
  ]);
});

test.each([
  [{}, false],
  [{ filesOnly: true }, true],
  [{ dryRun: true }, true],
])("as JSON with %j all programs are left: %s", async (options, areLeft) => {
  const failingPlan = failing();
  const plan = { ...failingPlan, steps: failingPlan.steps.slice(0, 1) };
  const { out, data } = collect(true);
  await writing(options, out, async () => plan);
  const commands = plan.steps.map(({ command }) => command.join(" "));
  expect(data).toMatchObject([{ commands, left: areLeft ? commands : [] }]);
});
