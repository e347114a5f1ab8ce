import { inject, test } from "vitest";
import { blocksOf, readProject } from "../../tools/checks/documents.ts";
import { borrowDatabase, returnDatabase } from "../database-pool.ts";

const { documents } = await readProject();

/** Blocks, and queries that a sentence names without leaving something out. */
const statements = [
  ...blocksOf(documents, "sql").map(({ path, line, text }) => ({ place: `${path}:${line}`, text })),
  ...documents.flatMap(({ path, names }) =>
    names
      .filter(({ text }) => /^(SELECT|INSERT|UPDATE|DELETE) .* (FROM|INTO|SET) /.test(text))
      .map(({ text, line }) => ({ place: `${path}:${line}`, text: text.replaceAll("…", "NULL") })),
  ),
];

test.each(statements)("the statement of $place fits the tables", async ({ text }) => {
  const services = inject("services");
  const database = await borrowDatabase(services, import.meta.url);
  const client = await database.sessions.connect();
  try {
    await client.query("BEGIN");
    await client.query(text);
  } finally {
    await client.query("ROLLBACK");
    client.release();
    await returnDatabase(services, database);
  }
});
