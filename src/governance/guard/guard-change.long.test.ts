/** `charter guard` over changes of a small repository of its own: forms for programs, what fails, and what is not told. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRepository } from "../fixtures/repository.ts";
import { type GuardOptions, runGuard } from "./guard.ts";

const main = join(import.meta.dirname, "../../cli/main.ts");

const workflow = (steps: readonly string[]) =>
  `jobs:\n  one:\n    steps:\n${steps.map((step) => `      - run: ${step}\n`).join("")}`;
const cases = (names: readonly string[]) =>
  `${names.map((name) => `test("${name}", () => expect(${name}()).toBe(1));\n`).join("")}`;
const routes = (more: string) => `import { Hono } from "hono";
export const shelfRoutes = new Hono()
  .get("/books/:id", (c) => c.json({}))${more};
`;

const files: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "library" }\n',
  "src/shelf/index.mjs": `import { defineModule } from "@brain/engine";
export const shelf = defineModule({ name: "shelf", events: [], routes: () => [{ path: "/api/shelf" }] });
`,
  "src/shelf/routes.mjs": routes('\n  .post("/books/:id/move", async (c) => c.json({}))'),
  "src/desk.mjs": `export const move = (id) => fetch(\`\${base}/api/shelf/books/\${id}/move\`, { method: "POST" });
export const look = (id) => fetch(\`/api/shelf/books/\${id}\`);
`,
  "src/shelf/tables.mjs": `import { pgTable, text, timestamp } from "drizzle-orm/pg-core";
export const books = pgTable("books", { title: text("title"), addedAt: timestamp("added_at").notNull(), shelf: text() });
export const loans = pgTable("loans", { reader: text("reader") });
`,
  ".github/workflows/ci.yml": workflow(["npm test", "npm run check"]),
  "packages/own/package.json": '{ "name": "own", "scripts": { "check": "tsc" } }\n',
  "packages/own/one.test.mjs": cases(["one", "two"]),
};

async function repository() {
  const { root, git, write } = await createRepository(files, onTestFinished);
  const guard = async (options: Partial<GuardOptions>) => {
    const texts: string[] = [];
    const given = { path: root, since: "trunk", format: "json", failOn: "error", tests: false } as const;
    const failed = await runGuard(
      { ...given, today: "2026-11-28", testCommand: [], ...options },
      { text: (text) => texts.push(text), note: () => undefined },
    );
    expect(texts).toHaveLength(1);
    return { failed, told: JSON.parse(texts.join("")) };
  };
  return { root, git, write, guard };
}

/** As a program. */
const charter = (root: string, ...args: readonly string[]) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [main, "guard", "--since", "trunk", ...args],
      { cwd: root },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

interface Told {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
}

const placesOf = ({ told }: { readonly told: { readonly findings: readonly Told[] } }) =>
  told.findings.map(({ rule, file, line }) => `${rule} ${file}:${line}`);

test("what is made weaker fails only when that is asked for, and is one document for programs", async () => {
  const { root, write, guard } = await repository();
  await write(".github/workflows/ci.yml", workflow(["npm test"]));
  const found = await guard({});
  expect(found.failed).toEqual([]);
  expect(placesOf(found)).toEqual(["gone-step .github/workflows/ci.yml:1"]);
  expect((await guard({ failOn: "warning" })).failed).toEqual(["weakened"]);
  const { code, stdout, stderr } = await charter(root, "--format", "json", "--fail-on", "weakened");
  expect({ code, told: JSON.parse(stdout) }).toEqual({ code: 100, told: found.told });
  expect(stderr).toContain("made weaker since trunk: 1 warning.");
});

test("SARIF is one run with the rule of each result, be it of a migration or of what is weaker", async () => {
  const { write, guard } = await repository();
  await write(".github/workflows/ci.yml", workflow(["npm test"]));
  await write(
    "migrations/0001_gone.sql",
    "-- What was handled is not needed.\nDELETE FROM processed_events;\n",
  );
  const { failed, told } = await guard({ format: "sarif" });
  expect(failed).toEqual(["check"]);
  const [run, ...others] = told.runs;
  expect(others).toEqual([]);
  expect(run.tool.driver.name).toBe("charter guard");
  const rules = run.results.map(
    ({ ruleIndex }: { ruleIndex: number }) => run.tool.driver.rules[ruleIndex].id,
  );
  expect(rules).toEqual(["C-3", "gone-step"]);
  expect(run.results[0]).toMatchObject({
    ruleId: "C-3",
    level: "error",
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: "migrations/0001_gone.sql" },
          region: { startLine: 2, startColumn: 13, endLine: 2, endColumn: 29 },
        },
      },
    ],
  });
});

test("a file of a project inside of this one that only got more is none that is gone", async () => {
  const { write, guard } = await repository();
  await write("packages/own/one.test.mjs", cases(["one", "two", "three"]));
  expect(placesOf(await guard({}))).toEqual([]);
  // The control: one that is gone is told, there too.
  await write("packages/own/one.test.mjs", cases(["one"]));
  expect(placesOf(await guard({}))).toEqual(["weaker-test packages/own/one.test.mjs:1"]);
});

test("who still calls a route that is gone is told, and who calls another one is not", async () => {
  const { write, guard } = await repository();
  await write("src/shelf/routes.mjs", routes('\n  .post("/books/:book/shift", async (c) => c.json({}))'));
  const found = await guard({ failOn: "weakened" });
  expect(placesOf(found)).toEqual(["gone-route src/desk.mjs:1"]);
  expect(found.failed).toEqual(["weakened"]);
  // A route that is only written otherwise is there.
  await write("src/shelf/routes.mjs", routes('\n  .post("/books/:book/move", (c) => c.json({}))'));
  expect(placesOf(await guard({}))).toEqual([]);
});

test("where there was no catalogue of events there is nothing to compare; one that is lost is told", async () => {
  const { root, git, write, guard } = await repository();
  await write(
    "packages/own/package.json",
    '{ "name": "own", "scripts": { "check": "tsc", "test": "vitest" } }\n',
  );
  await write(
    "package.json",
    '{ "name": "library", "charter": { "catalogue": "src/events.mjs#catalog" } }\n',
  );
  const { code, stderr } = await charter(root);
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("there was no catalogue of them in trunk"),
  });
  git("add", "-A");
  git("commit", "-qm", "second");
  await write("package.json", '{ "name": "library" }\n');
  await expect(guard({ since: "HEAD" })).rejects.toThrow(/src\/events\.mjs/);
});

test("what a migration drops or renames is told while the release before uses it", async () => {
  const { git, write, guard } = await repository();
  const told = async (...statements: readonly string[]) => {
    await write("migrations/0002_less.sql", `-- Tidies.\n${statements.join(";\n")};\n`);
    return placesOf(await guard({})).map((place) =>
      place.replace("early-drop migrations/0002_less.sql:", ""),
    );
  };
  expect(
    await told(
      'ALTER TABLE "books" DROP COLUMN IF EXISTS "added_at", RENAME "title" TO "name"',
      "ALTER TABLE public.books RENAME COLUMN shelf TO place",
      "DROP TABLE IF EXISTS old_loans, loans CASCADE",
      "ALTER TABLE books RENAME TO volumes",
    ),
  ).toEqual(["2", "2", "3", "4", "5"]);
  expect(
    await told(
      "ALTER TABLE books DROP CONSTRAINT title, ALTER COLUMN title DROP NOT NULL, ALTER shelf DROP DEFAULT",
      "ALTER TABLE books DROP COLUMN pages, ADD COLUMN isbn text",
      "ALTER TABLE books DROP COLUMN shelf",
      "ALTER TABLE books ADD COLUMN shelf integer",
      "DROP TABLE old_loans",
      "DROP INDEX loans",
    ),
  ).toEqual([]);
  // Code that does without it was released: it may go.
  await write("src/shelf/tables.mjs", "export const none = 1;\n");
  git("add", "-A");
  git("commit", "-qm", "second");
  await write("migrations/0003_less.sql", "DROP TABLE loans;\n");
  expect(placesOf(await guard({ since: "HEAD" }))).toEqual([]);
  expect(placesOf(await guard({}))).toContain("early-drop migrations/0003_less.sql:1");
});
