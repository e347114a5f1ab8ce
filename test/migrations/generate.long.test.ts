import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOverlay, type Overlay } from "../readme/overlay.ts";

/* `npm run db:generate` where nobody can be asked. */

const timeLimitMs = 400_000;
const tables = "src/modules/analytics/tables.ts";

let project: Overlay;
beforeAll(async () => {
  const folders = ["schemas", "src", "migrations", "tools"];
  project = await createOverlay([
    ...folders,
    "drizzle.config.ts",
    "drizzle.engine.config.ts",
    "package.json",
    "tsconfig.json",
  ]);
}, timeLimitMs);
afterAll(() => project?.remove());

const generate = () => project.run("node", ["tools/generate-migrations.ts", "--name", "renamed"]);

async function failure(): Promise<string> {
  return generate().then(
    (output) => `it did not fail: ${output}`,
    (error: Error) => error.message,
  );
}

async function refused(from: string, to: string): Promise<string> {
  const text = await readFile(join(project.folder, tables), "utf8");
  const before = await readdir(join(project.folder, "migrations"));
  await project.write(tables, text.replace(from, to));
  const told = await failure();
  await project.write(tables, text);
  expect(await readdir(join(project.folder, "migrations"))).toEqual(before);
  return told;
}

test(
  "what drizzle-kit cannot ask is told in a sentence with what to do, and is a failure",
  async () => {
    const table = await refused('"analytics_kinds"', '"analytics_sorts"');
    expect(table).toMatch(/ ended with 1:\n/);
    expect(table).toContain("\n✗ drizzle.config.ts: drizzle-kit wanted to ask");
    expect(table).toContain("tables were removed and others added at once");
    expect(table).toContain("generate in two steps");
    expect(table).not.toMatch(/^ {4}at /m);
    const column = await refused('"bucket"', '"bucket_of"');
    expect(column).toContain("columns of a table were removed and others added at once");
  },
  timeLimitMs,
);

test(
  "where it has nothing to ask it says what it says otherwise",
  async () => {
    expect(await generate()).toContain("No schema changes, nothing to migrate");
  },
  timeLimitMs,
);

test(
  "of what drizzle-kit notes of all tables, the newest is kept",
  async () => {
    const snapshots = async () =>
      (await readdir(join(project.folder, "migrations/meta"))).filter((name) =>
        name.endsWith("snapshot.json"),
      );
    const before = await snapshots();
    expect(before).toHaveLength(1);
    await project.run("node", ["tools/generate-migrations.ts", "--custom", "--name", "by_hand"]);
    const after = await snapshots();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(await generate()).toContain("No schema changes, nothing to migrate");
  },
  timeLimitMs,
);
