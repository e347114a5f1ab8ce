import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { blocksOf, documentAt, readProject, sectionOf } from "../../tools/checks/documents.ts";
import { root } from "../../tools/root.ts";

/* Lists that stand in the code and in a document: both have the same. */

const { documents } = await readProject();

/** The texts of `export type Name = "a" | "b"`, in their order. */
async function unionOf(file: string, type: string): Promise<string[]> {
  const source = await readFile(`${root}${file}`, "utf8");
  const union = new RegExp(`export type ${type} =([^;]+);`).exec(source)?.[1] ?? "";
  const members = [...union.matchAll(/^ *\| "(\w+)"|[=|] ?"(\w+)"|^ ?"(\w+)"/gm)].flatMap((found) =>
    found.slice(1),
  );
  return members.filter((member) => member !== undefined);
}

/** What stands in backticks at the beginning of the rows of a table. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = ""]) => cell);
}

const operating = documentAt(documents, "src/engine/operations/README.md");

test("each kind of alert says what it tells and what to do", async () => {
  const kinds = await unionOf("src/engine/core/alert-kind.ts", "AlertKind");
  expect(kinds.length).toBeGreaterThan(5);
  expect(firstCells(sectionOf(operating, "Alerts")).sort()).toEqual(kinds.sort());
});

test("each reason of a dead letter stands in what happens after a try", async () => {
  const reasons = await unionOf("src/engine/core/retry.ts", "DeadLetterReason");
  expect(reasons.length).toBeGreaterThan(5);
  const text = sectionOf(documentAt(documents, "src/engine/RETRIES.md"), "What happens after a try");
  expect(reasons.filter((reason) => !text.includes(`\`${reason}\``))).toEqual([]);
});

test("the engine's folders stand in the order in which they may import each other", async () => {
  const rules = `${root}.dependency-cruiser.mjs`;
  const [, layers = ""] = /const engineLayers = \[([\s\S]*?)\n\];/.exec(await readFile(rules, "utf8")) ?? [];
  const names = [...layers.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(8);
  const folders = sectionOf(documentAt(documents, "src/engine/README.md"), "Folders");
  const [order = ""] = /^`core\/`.*←.*$/m.exec(folders) ?? [];
  const shown = [...order.matchAll(/`([^`]+?)\/?`/g)].map(([, name]) => name);
  expect(shown).toEqual(names);
});

/** Every command that does something, as it is typed. */
function commands(parent: Command): string[] {
  const path = (command: Command): string =>
    command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
  return parent.commands.flatMap((command) =>
    command.commands.length > 0 ? commands(command) : [path(command)],
  );
}

test("each command of charter stands in the table", () => {
  const all = commands(createProgram());
  expect(all.length).toBeGreaterThan(20);
  const text = sectionOf(operating, "The command line");
  expect(all.filter((command) => !new RegExp(`\`${command}[ \`]`).test(text))).toEqual([]);
});

/** Diagrams that say whose states they draw: `%% LetterStatus in src/….ts`. */
const drawn = blocksOf(documents, "mermaid").flatMap(({ path, line, text }) => {
  const [, type, file] = /%% (\w+) in (\S+)/.exec(text) ?? [];
  return type === undefined || file === undefined ? [] : [{ place: `${path}:${line}`, type, file, text }];
});

test("some diagrams say whose states they draw", () => {
  expect(drawn.length).toBeGreaterThan(1);
});

test.each(drawn)(
  "the diagram of $place has the states of $type, and no other",
  async ({ type, file, text }) => {
    const states = await unionOf(file, type);
    const shown = text.split("\n").flatMap((line) => /^\s*(\S+) --> (\w+|\[\*\])/.exec(line)?.slice(1) ?? []);
    expect(states.length).toBeGreaterThan(1);
    expect([...new Set(shown)].filter((state) => state !== "[*]").sort()).toEqual(states.sort());
  },
);
