import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { applyPlan } from "./apply.ts";
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
