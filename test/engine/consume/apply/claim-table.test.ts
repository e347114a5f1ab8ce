import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimTableMigrations } from "../../../../src/engine/db/read-claim-table.ts";

test("the table of claims is made by the migrations that are said to make it", async () => {
  const folder = join(import.meta.dirname, "../../../../src/engine/migrations");
  const names = (await readdir(folder)).filter((name) => /^\d.*\.sql$/.test(name)).sort();
  const texts = await Promise.all(
    names.map(async (name) => ({
      tag: name.replace(/\.sql$/, ""),
      text: await readFile(join(folder, name), "utf8"),
    })),
  );
  const makesTable = texts.filter(({ text }) => /CREATE TABLE "processed_events"/.test(text));
  const lastIndex = texts.findLast(({ text }) =>
    /ALTER TABLE "processed_events" ADD CONSTRAINT \S+ UNIQUE\("subscriber_name","stream_message_id"\)/.test(
      text,
    ),
  );
  expect(claimTableMigrations.engine).toEqual([...makesTable, lastIndex].map((found) => found?.tag));
});
