import { readFile } from "node:fs/promises";
import { defineConsumer, on } from "@brain/engine";
import { courseGenerationCompleted } from "@brain/schemas";
import { expect, test } from "vitest";
import { readProject, sectionOf } from "../../tools/checks/documents.ts";
import { root } from "../../tools/root.ts";

/*
 * The table of options of `defineConsumer` in the engine's CONSUMERS.md: it names them all, and their defaults are the real ones.
 */

const { documents } = await readProject();
const document = documents.find(({ path }) => path === "src/engine/CONSUMERS.md");
const rows = [
  ...(document === undefined ? "" : sectionOf(document, "Write a consumer")).matchAll(
    /^\| (`[^|]*?) \| *([^|]*?) *\|/gm,
  ),
];
/** Each option with the default that stands beside it. */
const defaults = new Map(
  rows.flatMap(([, names = "", values = ""]) =>
    [...names.matchAll(/`([\w.]+)`/g)].map(([, name = ""], index): [string, string] => [
      name,
      (values.split("; ")[index] ?? values).replace(/[`,]/g, ""),
    ]),
  ),
);

test("every option stands in the table", async () => {
  const file = `${root}src/engine/consume/consumer.ts`;
  const [, shape = ""] =
    /interface ConsumerOptions \{([\s\S]*?)\n\}/.exec(await readFile(file, "utf8")) ?? [];
  const options = [...shape.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  expect(options.length).toBeGreaterThan(8);
  const shown = [...defaults.keys()].map((name) => name.split(".")[0]);
  expect(options.filter((name) => !shown.includes(name))).toEqual([]);
});

const numbers = [...defaults].filter(([, value]) => /^\d+$/.test(value));

test.each(numbers)("%s is %s when it is left out", (name, value) => {
  const consumer: unknown = defineConsumer({
    subscriber: "defaults",
    handlers: [on(courseGenerationCompleted, async () => undefined)],
  });
  const found = name.split(".").reduce((part, key) => (part as Record<string, unknown>)[key], consumer);
  expect(String(found)).toBe(value);
});

test("numbers are found in the table", () => {
  expect(numbers.length).toBeGreaterThan(8);
});
