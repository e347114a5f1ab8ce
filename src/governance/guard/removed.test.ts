/** What a change breaks elsewhere by what it takes away, in a repository of its own. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { changedFiles } from "../check/changed-lines.ts";
import { createRepository } from "../fixtures/repository.ts";
import { readProject } from "../project.ts";
import { madeByRemoval } from "./removed.ts";

const events = (names: readonly string[]) => `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
${names.map((name) => `export const book${name} = defineEvent("library.book.${name.toLowerCase()}", { version: 1, module: "shelf", payload });`).join("\n")}
`;
const service = (
  names: readonly string[],
) => `import { ${names.map((name) => `book${name}`).join(", ")} } from "../events.ts";
export async function shelve(publish: Publish, book_id: string) {
${names.map((name) => `  await publish(book${name}, { book_id });`).join("\n")}
}
`;
const tested = (assertion: string) => `import { own } from "../src/shelf/index.ts";
test("once", async () => {
  await engine.drain("shelf");
  ${assertion}
  await engine.redeliver();
  await engine.drain("shelf");
  ${assertion}
});
`;
const files: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "library" }',
  "src/shelf/index.ts": `import { defineConsumer, defineModule, on } from "@brain/engine";
import { bookLent, bookShelved } from "../events.ts";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookLent, () => 1)] });
export const shelf = defineModule({ name: "shelf", events: [bookLent, bookShelved], consumers: () => [own] });
`,
  "src/events.ts": events(["Lent", "Shelved"]),
  "src/shelf/service.ts": service(["Lent", "Shelved"]),
  "test/shelf.test.ts": tested("expect(await engine.count()).toBe(1);"),
};

async function repository() {
  const { root, git, write } = await createRepository(files, onTestFinished);
  const told = async (since: string) => {
    const changed = await changedFiles(root, since);
    const found = await madeByRemoval(await readProject(root), changed, since, "2026-11-28");
    return found.map(({ rule, file, line }) => `${rule} ${file}:${line}`);
  };
  return { root, git, write, told };
}

const path = "test/shelf.test.ts";
const consumer = "T-3 src/shelf/index.ts:3";

test("a test that is gone, or shows nothing any more, is told where it was needed", async () => {
  const { root, git, write, told } = await repository();
  expect(await told("trunk")).toEqual([]);
  await write(path, tested("expect(await engine.count()).toBeDefined();"));
  expect(await told("trunk")).toEqual(["T-2 src/shelf/index.ts:3", consumer]);
  await rm(join(root, path));
  git("add", "-A");
  expect(await told("staged")).toContain(consumer);
  git("commit", "-qm", "removed");
  expect(await told("trunk")).toContain(consumer);
  expect(await told("HEAD")).toEqual([]);
  // A file that is only called otherwise takes nothing away.
  git("checkout", "-q", "trunk");
  git("checkout", "-qb", "moved");
  git("mv", path, "test/other.test.ts");
  expect(await told("staged")).toEqual([]);
});

test("an event that nobody publishes any more is told where it is defined", async () => {
  const { write, told } = await repository();
  await write("src/shelf/service.ts", service(["Lent"]));
  expect(await told("trunk")).toEqual(["N-6 src/events.ts:5"]);
});

test("what was found before is not told again, nor what stands in added lines, nor what others did on the trunk", async () => {
  const { git, write, told } = await repository();
  git("checkout", "-q", "trunk");
  await write("src/shelf/service.ts", service(["Lent"]));
  git("commit", "-qam", "of others");
  await write(path, "export {};\n");
  git("commit", "-qam", "of others, too");
  git("checkout", "-q", "change");
  expect(await told("trunk")).toEqual([]);
  git("merge", "-q", "--no-edit", "trunk");
  expect(await told("trunk")).toEqual([]);
  await write("src/shelf/service.ts", `${service([]).replace("{  }", "{ }")}import "node:fs";\n`);
  expect(await told("trunk")).not.toContain("N-6 src/events.ts:5");
});
