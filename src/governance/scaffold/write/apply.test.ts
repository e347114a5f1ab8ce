import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { applyPlan, StepError } from "./apply.ts";
import { newFile } from "./plan.ts";

test("all files are told: those of the plan, and what the programs behind it wrote, changed and took away", async () => {
  const root = mkdtempSync(join(tmpdir(), "brain-apply-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "docs"));
  mkdirSync(join(root, "node_modules"));
  for (const name of ["docs/list.md", "old.sql", "same.md"]) writeFileSync(join(root, name), "before");
  const program = `const { rmSync, writeFileSync } = require("node:fs");
    for (const name of ["docs/list.md", "made.sql", "code.txt", "node_modules/cache"]) writeFileSync(name, "after");
    writeFileSync("same.md", "before");
    rmSync("old.sql");`;
  const steps = [{ what: "the rest", command: ["node", "-e", program] as const }];
  const files = [newFile("code.txt", "planned"), { path: "docs/other.md", before: null, content: "1" }];
  const said: string[] = [];
  const changes = await applyPlan({ root, files, steps, notes: [] }, (what) => said.push(what));
  expect(changes).toEqual([
    { path: "code.txt", change: "new" },
    { path: "docs/other.md", change: "new" },
    { path: "docs/list.md", change: "changed" },
    { path: "made.sql", change: "new" },
    { path: "old.sql", change: "removed" },
  ]);
  expect(said).toEqual(["the rest"]);
});

test("a program that fails leaves the files that are written, all of which are told, and what is left to be run", async () => {
  const root = mkdtempSync(join(tmpdir(), "brain-apply-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, "list.md"), "before");
  const writing = (name: string, then: string) =>
    ["node", "-e", `require("node:fs").writeFileSync("${name}", "after"); ${then}`] as const;
  const steps = [
    { what: "the list", command: writing("list.md", "") },
    { what: "a migration", command: writing("half.sql", 'console.error("no database"); process.exit(3)') },
    { what: "the rest", command: writing("never.md", "") },
  ];
  const error = await applyPlan(
    { root, files: [newFile("a.ts", "1;")], steps, notes: [] },
    () => undefined,
  ).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StepError);
  expect(error).toMatchObject({
    message: expect.stringMatching(
      /^The files are written, and a migration could not be made: .*ended with 3\.\nno database$/s,
    ),
    changes: [
      { path: "a.ts", change: "new" },
      { path: "half.sql", change: "new" },
      { path: "list.md", change: "changed" },
    ],
    left: steps.slice(1),
  });
});
