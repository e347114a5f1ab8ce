/** SQL in modules' code: what names another module's table, or writes one of the engine's, in whatever form SQL has for it. */

import { describe, expect, test } from "vitest";
import { checkProject } from "../../check/check.ts";
import { projectOf } from "../../project.ts";
import { rules } from "../index.ts";

const common = {
  "src/shelf/index.ts": `import { defineModule } from "@brain/engine";
export const shelf = defineModule({ name: "shelf", events: [] });`,
  "src/shelf/tables.ts": `import { pgTable, text } from "drizzle-orm/pg-core";
export const books = pgTable("shelf_books", { id: text("id") });`,
  "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
  "src/desk/tables.ts": `import { pgTable, text } from "drizzle-orm/pg-core";
export const deskLoans = pgTable("desk_loans", { id: text("id") });
export const loans = pgTable("loans", { id: text("id") });`,
};

/** What the three rules find in the module shelf. */
function found(files: Readonly<Record<string, string>>): readonly string[] {
  const all = Object.entries({ ...common, ...files });
  const project = projectOf({
    root: "/",
    workspaces: [],
    paths: new Set(all.map(([path]) => path)),
    files: new Map(all.map(([path, text]) => [path, { path, text }])),
  });
  const chosen = rules.filter(({ id }) => ["11.1", "C-3", "E-8"].includes(id));
  return checkProject(project, chosen, "2026-11-27").findings.map(
    ({ rule, file, line, message }) =>
      `${rule} ${file}:${line} ${/\b(?:writes|uses|defines) .*$/.exec(message)?.[0]}`,
  );
}

const storeOf = (code: string) => ({
  "src/shelf/store.ts": `import { sql } from "drizzle-orm";
import { books } from "./tables.ts";
export async function work(tx: Tx, id: string) {
${code}
}`,
});

/** In a statement of its own, in line 4. What is put into it stands between `{{` and `}}`. */
const inStatement = (text: string) =>
  found(storeOf(`  await tx.execute(sql\`${text.replaceAll("{{", "${").replaceAll("}}", "}")}\`);`));

const another = (table: string) => [
  `11.1 src/shelf/store.ts:4 uses ${table}, which is a table of the module desk.`,
];
const record = ["E-8 src/shelf/store.ts:4 writes the table events itself: nobody checks what it tells."];
const engines = (table: string) => [`C-3 src/shelf/store.ts:4 writes ${table}, a table of the engine.`];

describe("another module's table is found", () => {
  test.each([
    ["alone", "SELECT * FROM desk_loans"],
    ["quoted, without a space", `SELECT * FROM"desk_loans"`],
    ["with a schema", `SELECT * FROM public . "desk_loans" l`],
    ["in capitals", "SELECT * FROM DESK_LOANS"],
    ["in parentheses", "SELECT * FROM (desk_loans l JOIN shelf_books b ON true)"],
    ["in parentheses of parentheses", "SELECT * FROM shelf_books s JOIN ((desk_loans l)) ON true"],
    ["behind a function", "SELECT * FROM generate_series(1, 2) g, desk_loans"],
    ["behind a sub-select", "SELECT * FROM (SELECT 1) s, desk_loans"],
    ["behind LATERAL", "SELECT * FROM shelf_books b, LATERAL (SELECT 1, 2) x, desk_loans"],
    ["behind an alias with columns", "SELECT * FROM shelf_books AS b(x, y), desk_loans"],
    ["behind a join of columns", "SELECT * FROM shelf_books JOIN shelf_books c USING (id), desk_loans"],
    [
      "behind a join with a condition",
      "SELECT * FROM shelf_books a JOIN shelf_books c ON f(a, c) > ALL (ARRAY[1, 2]), desk_loans",
    ],
    [
      "behind a condition of difference",
      "SELECT * FROM shelf_books a JOIN shelf_books c ON a.x IS DISTINCT FROM c.x, desk_loans",
    ],
    ["behind a hole", "SELECT * FROM {{books}} b, desk_loans"],
    ["behind a sample", "SELECT * FROM shelf_books TABLESAMPLE system (10), desk_loans"],
    ["behind functions", "SELECT * FROM ROWS FROM (f(1), g(2)) WITH ORDINALITY AS r(a, b), desk_loans"],
    ["behind a comment", "SELECT * FROM -- all of it\\n desk_loans"],
    ["behind a comment in a comment", "SELECT * FROM /* a /* b */ from shelf_books */ desk_loans"],
    ["behind a text with a comment's beginning", "SELECT '--', '/*', id FROM desk_loans"],
    ["behind a text with a quote", "SELECT 'it''s', E'it\\\\'s', $$it's$$, $a$ $$ ' $a$ FROM desk_loans"],
    ["behind a quoted name with a quote", `SELECT "a""b'" FROM desk_loans`],
    [
      "behind a condition that compares",
      "SELECT 1 WHERE 1 IS NOT DISTINCT FROM 2 AND EXISTS (SELECT FROM desk_loans)",
    ],
    ["in TABLE", "TABLE desk_loans"],
    ["in TABLE of a union", "SELECT id FROM shelf_books UNION ALL TABLE ONLY desk_loans"],
    ["in a call", "SELECT coalesce((SELECT id FROM desk_loans LIMIT 1), 'none')"],
    ["in an array", "SELECT ARRAY(SELECT id FROM desk_loans), ARRAY[(SELECT 1)]"],
    ["in an alias's list", "SELECT * FROM LATERAL (SELECT id FROM desk_loans) x(id)"],
    ["in a CTE of its own name", "WITH desk_loans AS (SELECT * FROM desk_loans) SELECT * FROM desk_loans"],
    ["in a CTE that changes", "WITH gone AS (DELETE FROM desk_loans RETURNING id) SELECT * FROM gone"],
    ["beside a CTE, with a schema", "WITH desk_loans AS (SELECT 1) SELECT * FROM public.desk_loans"],
    ["behind a statement that has a CTE", "WITH desk_loans AS (SELECT 1) SELECT 2; SELECT * FROM desk_loans"],
    ["beside a CTE of a sub-select", "SELECT (WITH desk_loans AS (SELECT 1) SELECT 2), id FROM desk_loans"],
    ["behind USING of a deletion", "DELETE FROM shelf_books b USING shelf_books c, desk_loans l WHERE true"],
    [
      "behind USING of a merge",
      "MERGE INTO shelf_books b USING desk_loans l ON true WHEN MATCHED THEN DELETE",
    ],
    [
      "behind FROM of an update",
      "UPDATE shelf_books SET a = 1, b = (SELECT 2) FROM shelf_books x, desk_loans y",
    ],
    ["copied", "COPY desk_loans (id) TO STDOUT"],
    ["copied by a query", "COPY (SELECT id FROM desk_loans) TO STDOUT"],
    [
      "by a trigger",
      "CREATE TRIGGER t AFTER INSERT OR UPDATE OF id ON desk_loans FOR EACH ROW EXECUTE FUNCTION f()",
    ],
    ["by a policy", "CREATE POLICY p ON desk_loans FOR SELECT TO PUBLIC USING (true)"],
    ["by a foreign key", "ALTER TABLE shelf_books ADD FOREIGN KEY (id) REFERENCES desk_loans (id)"],
    [
      "by a column's foreign key",
      "CREATE TABLE shelf_pages (book text REFERENCES desk_loans ON DELETE CASCADE)",
    ],
    ["by a view", "CREATE OR REPLACE VIEW shelf_view AS SELECT id FROM desk_loans"],
    ["by a table that is like it", "CREATE TABLE shelf_copy (LIKE desk_loans INCLUDING ALL)"],
    ["by a table that inherits", "CREATE TABLE shelf_copy () INHERITS (shelf_books, desk_loans)"],
    ["by a partition", "CREATE TABLE shelf_part PARTITION OF desk_loans DEFAULT"],
    ["by a table as it", "CREATE TABLE shelf_copy AS TABLE desk_loans"],
    ["explained", "EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM desk_loans"],
    ["prepared", "PREPARE p AS SELECT * FROM desk_loans"],
    ["by a cursor", "DECLARE c CURSOR FOR SELECT * FROM desk_loans"],
    ["in a block", "DO $do$ BEGIN IF true THEN PERFORM 1 FROM desk_loans; END IF; END $do$"],
    ["in a block of a text", "DO LANGUAGE plpgsql 'BEGIN PERFORM 1 FROM desk_loans; END'"],
    [
      "in a function",
      "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM desk_loans $$",
    ],
    [
      "in a standard function",
      "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT count(*) FROM desk_loans; END",
    ],
    ["analysed", "ANALYZE VERBOSE desk_loans"],
    ["granted", "GRANT SELECT, UPDATE (id) ON TABLE shelf_books, desk_loans TO reader"],
    ["locked", "LOCK TABLE ONLY shelf_books, desk_loans IN SHARE MODE NOWAIT"],
    [
      "by a text that is put together",
      "DO $$ BEGIN EXECUTE format('SELECT %s FROM desk_loans', 'id') USING 'from loans'; END $$",
    ],
    ["behind a column with the name of a key word", "SELECT language, update, lock, copy FROM desk_loans"],
    ["behind a choice", "SELECT CASE WHEN a THEN b ELSE lock END x, id FROM shelf_books, desk_loans"],
    [
      "behind a condition that chooses",
      "SELECT 1 FROM shelf_books a JOIN shelf_books b ON CASE WHEN a THEN b ELSE c END, desk_loans",
    ],
    [
      "in a choice of a block",
      "DO $$ BEGIN CASE x WHEN 1 THEN DELETE FROM desk_loans; ELSE NULL; END CASE; END $$",
    ],
    ["in a quoted CTE", `WITH "a" AS (SELECT 1), "b c" AS (SELECT * FROM desk_loans) SELECT 1`],
    ["by a name that is given", "SELECT * FROM {{sql.identifier('desk_loans')}} l"],
    ["by a name that is given as text", "SELECT * FROM {{sql.raw('desk_loans')}} l"],
    ["by a name that is a piece of SQL", "SELECT * FROM {{sql`desk_loans`}} l"],
    ["behind a hole at the start", "{{id}} SELECT * FROM desk_loans"],
    ["in a piece", " AND EXISTS (SELECT 1 FROM desk_loans d WHERE d.id = {{id}})"],
    ["in a piece that joins", "LEFT JOIN desk_loans d ON d.id = {{id}}"],
    ["in a piece that is a CTE", ", mine AS (SELECT * FROM desk_loans)"],
  ])("%s", (_form, text) => {
    expect(inStatement(text)).toEqual(another("desk_loans"));
  });
});

describe("no other module's table is found", () => {
  test.each([
    ["a CTE of that name", "WITH loans AS (SELECT id FROM shelf_books) SELECT * FROM loans"],
    ["a CTE in quotes", `WITH "loans" AS (SELECT 1) SELECT * FROM loans`],
    ["a column of that name", "SELECT language, x FROM shelf_books, shelf_books AS b"],
    ["a column that is chosen", "SELECT CASE WHEN a THEN truncate ELSE lock END loans FROM shelf_books"],
    ["a column with the name of a key word", "WITH a AS (SELECT 1) SELECT copy, lock, loans FROM a"],
    ["values", "SELECT * FROM (VALUES (1, 2), (3, loans)) AS v (a, b)"],
    ["roles", "GRANT SELECT ON shelf_books TO reader, loans"],
    [
      "a CTE with columns",
      "WITH a AS (SELECT 1), loans (x, y) AS NOT MATERIALIZED (SELECT 1, 2) SELECT * FROM a, loans",
    ],
    [
      "a CTE that is asked by the next one",
      "WITH loans AS (SELECT 1), b AS (SELECT * FROM loans) SELECT * FROM b",
    ],
    [
      "a CTE that is asked by a sub-select",
      "WITH loans AS (SELECT 1) SELECT EXISTS (SELECT FROM (SELECT * FROM loans) x)",
    ],
    [
      "a CTE that asks itself",
      "WITH RECURSIVE loans AS (SELECT 1 UNION ALL SELECT * FROM loans) SELECT * FROM loans",
    ],
    [
      "a CTE that comes later",
      "WITH RECURSIVE a AS (SELECT * FROM loans), loans AS (SELECT 1) SELECT * FROM a",
    ],
    ["a CTE of a change", "WITH loans AS (SELECT 1) INSERT INTO shelf_books SELECT * FROM loans"],
    ["a CTE behind a change", "INSERT INTO shelf_books WITH loans AS (SELECT 1) SELECT * FROM loans"],
    ["a CTE behind a hole", "WITH {{sql`a AS (SELECT 1)`}}, loans AS (SELECT 1) SELECT * FROM loans"],
    ["a CTE of a piece", ", loans AS (SELECT 1), b AS (SELECT * FROM loans)"],
    [
      "a CTE of whom a piece asks",
      "WITH loans AS (SELECT 1) SELECT * FROM shelf_books WHERE {{sql`id IN (SELECT id FROM loans)`}}",
    ],
    [
      "a column that differs",
      "SELECT * FROM shelf_books WHERE lent IS DISTINCT FROM loans OR a IS NOT DISTINCT FROM loans",
    ],
    ["a column of which a part is taken", "SELECT extract(day FROM loans) FROM shelf_books"],
    [
      "a column that is trimmed",
      "SELECT trim(both ' ' from loans), trim(FROM loans), substring(a FROM loans FOR 2) FROM shelf_books",
    ],
    ["a column that is laid over", "SELECT overlay(a PLACING 'x' FROM loans) FROM shelf_books"],
    ["a column of an order", "SELECT 1 FROM shelf_books ORDER BY id, loans"],
    ["a column of a group", "SELECT 1 FROM shelf_books GROUP BY id, loans HAVING true"],
    ["a column behind a sub-select", "SELECT (SELECT count(*) FROM shelf_books), loans FROM shelf_books"],
    [
      "a column in a condition's list",
      "SELECT * FROM shelf_books a JOIN shelf_books b ON a.x IN (b.y, loans) AND ARRAY[1, loans] = b.z",
    ],
    ["a column of a join", "SELECT * FROM shelf_books a JOIN shelf_books b USING (id, loans)"],
    ["columns of an insertion", "INSERT INTO shelf_books (id, loans) VALUES (1, 2)"],
    ["columns of an update", "UPDATE shelf_books SET id = 1, loans = 2"],
    ["columns that come back", "DELETE FROM shelf_books WHERE true RETURNING id, loans"],
    [
      "columns of an upsert",
      "INSERT INTO shelf_books VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1, loans = excluded.loans",
    ],
    ["an alias", "SELECT loans.id FROM shelf_books AS loans"],
    ["an alias's columns", "SELECT 1 FROM shelf_books AS b (id, loans)"],
    ["a function", "SELECT * FROM loans(1)"],
    ["a column that is locked", "SELECT 1 FROM shelf_books b FOR UPDATE OF b, loans"],
    [
      "a column of a window",
      "SELECT sum(x) OVER w FROM shelf_books WINDOW w AS (ORDER BY a), loans AS (ORDER BY b)",
    ],
    ["a text", "UPDATE shelf_books SET note = 'moved from loans'"],
    ["a text with escapes", "UPDATE shelf_books SET note = E'it\\\\'s from loans'"],
    ["a text between dollars", "UPDATE shelf_books SET note = $n$it's from loans$n$"],
    ["a text around a hole", "UPDATE shelf_books SET note = 'from {{id}} and from loans'"],
    ["a comment", "SELECT 1 -- from loans\\n FROM shelf_books /* from /* a */ loans */"],
    ["a quoted name", `SELECT 1 AS "from loans" FROM shelf_books`],
    ["an index's method", "CREATE INDEX i ON shelf_books USING loans (id)"],
    ["a role", "REVOKE SELECT ON shelf_books FROM loans"],
    ["a column's new type", "ALTER TABLE shelf_books ALTER COLUMN a TYPE text USING loans"],
    ["a cursor", "FETCH 10 FROM loans"],
    ["a table for a while", "CREATE TEMP TABLE loans AS SELECT 1; SELECT * FROM loans"],
    ["a variable", "DO $$ DECLARE loans int; BEGIN SELECT 1 INTO loans FROM shelf_books; END $$"],
    ["a body in another language", "DO LANGUAGE plv8 $$ take(x.from loans) $$"],
  ])("%s", (_form, text) => {
    expect(inStatement(text)).toEqual([]);
  });
});

describe("the engine's table that is written is found", () => {
  test.each([
    ["INSERT INTO events (id) VALUES (1)"],
    ["INSERT INTO events AS e SELECT 1"],
    ["MERGE INTO ONLY events e USING shelf_books x ON true WHEN MATCHED THEN DELETE"],
    ["UPDATE public.events AS e SET payload = '{}'"],
    ["UPDATE ONLY events * SET payload = '{}'"],
    ["UPDATE ONLY (events) SET payload = '{}'"],
    ["UPDATE events SET"],
    ["DELETE FROM events"],
    ['DELETE FROM"events"'],
    ["WITH gone AS (DELETE FROM events RETURNING 1) SELECT * FROM gone"],
    ["WITH events AS (SELECT 1) INSERT INTO events SELECT * FROM events"],
    ["TRUNCATE events"],
    ["TRUNCATE TABLE ONLY shelf_books *, events RESTART IDENTITY CASCADE"],
    ["DROP TABLE events"],
    ["DROP TABLE IF EXISTS shelf_books, events CASCADE"],
    ["ALTER TABLE events DROP COLUMN key"],
    ["ALTER TABLE IF EXISTS ONLY events RENAME TO old_events"],
    ["ALTER TABLE shelf_books INHERIT events"],
    ["ALTER TABLE shelf_books DETACH PARTITION events"],
    ["LOCK events IN EXCLUSIVE MODE"],
    ["LOCK TABLE events"],
    ["COPY events FROM STDIN"],
    ["COPY events (id, type) FROM '/tmp/x' WITH (FORMAT csv)"],
    ["SELECT 1 INTO events"],
    ["SELECT 1 AS a INTO UNLOGGED TABLE events FROM shelf_books"],
    ["CREATE TABLE IF NOT EXISTS events (id text)"],
    ["CREATE TRIGGER t AFTER INSERT OR UPDATE ON events EXECUTE FUNCTION f()"],
    ["CREATE OR REPLACE TRIGGER t INSTEAD OF DELETE ON events EXECUTE FUNCTION f()"],
    ["DROP TRIGGER IF EXISTS t ON events"],
    ["ALTER TRIGGER t ON events RENAME TO u"],
    ["CREATE INDEX i ON events (id)"],
    ["CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY events USING btree (id)"],
    ["CREATE RULE r AS ON UPDATE TO events DO INSTEAD NOTHING"],
    ["CREATE POLICY p ON events USING (true)"],
    ["COMMENT ON TABLE events IS 'ours'"],
    ["DO $$ BEGIN IF true THEN UPDATE events SET a = 1; END IF; END $$"],
    ["DO $$ BEGIN EXECUTE 'DELETE FROM events'; END $$"],
    ["EXPLAIN ANALYZE DELETE FROM events"],
    ["BEGIN; SELECT 1; DROP TABLE events; COMMIT"],
    ["DELETE FROM {{sql.raw('events')}} WHERE true"],
    ["{{sql`WITH a AS (SELECT 1)`}} DELETE FROM events"],
    ["{{id}} UPDATE events SET a = 1"],
  ])("%s", (text) => {
    expect(inStatement(text)).toEqual(record);
  });

  test.each([
    ["DROP TABLE dead_letters", "dead_letters"],
    ["LOCK jobs", "jobs"],
    ["ALTER TABLE jobs ADD COLUMN own text", "jobs"],
    ["TRUNCATE unsent_events", "unsent_events"],
    ["CREATE INDEX i ON stream_entries (id)", "stream_entries"],
  ])("%s", (text, table) => {
    expect(inStatement(text)).toEqual(engines(table));
  });

  test.each([
    ["DROP TABLE processed_events"],
    ["UPDATE ONLY processed_events SET a = 1"],
    ['DELETE FROM "processed_events"'],
  ])("%s", (text) => {
    expect(inStatement(text)).toEqual(["C-3 src/shelf/store.ts:4 writes claims itself."]);
  });
});

describe("no written table is found", () => {
  test.each([
    ["SELECT * FROM events e JOIN dead_letters d ON true"],
    ["SELECT count(*) FROM events FOR UPDATE"],
    ["SELECT 1 FROM shelf_books FOR UPDATE OF events"],
    ["SELECT 1 FROM shelf_books FOR NO KEY UPDATE SKIP LOCKED"],
    ["INSERT INTO shelf_books SELECT 'update events set a = 1'"],
    ["INSERT INTO shelf_books SELECT id FROM events"],
    ["INSERT INTO shelf_books VALUES (1) ON CONFLICT (id) DO UPDATE SET events = 1"],
    ["MERGE INTO shelf_books b USING events e ON true WHEN MATCHED THEN UPDATE SET events = 1"],
    ["DELETE FROM shelf_books USING events WHERE true"],
    ["UPDATE shelf_books SET events = events.id FROM events"],
    ["COPY events TO STDOUT"],
    ["COPY (SELECT * FROM events) TO STDOUT"],
    ["CREATE TRIGGER events AFTER UPDATE ON shelf_books EXECUTE FUNCTION events()"],
    ["CREATE INDEX events ON shelf_books (events)"],
    ["CREATE TEMP TABLE events (id text); INSERT INTO events VALUES (1)"],
    ["CREATE VIEW shelf_view AS SELECT id FROM events"],
    ["SELECT lock events, truncate events, copy events FROM shelf_books"],
    ["SELECT 'DROP TABLE events', \"drop table events\" -- DROP TABLE events"],
    [
      "DO $$ DECLARE events int; BEGIN SELECT 1 INTO events; UPDATE shelf_books SET a = 1 RETURNING a INTO events; END $$",
    ],
    ["GRANT SELECT ON events TO reader"],
    ["ALTER TABLE shelf_books ADD COLUMN events text, ALTER COLUMN a TYPE text USING events"],
    ["ALTER TABLE shelf_books DROP COLUMN events"],
    ["DROP INDEX events"],
    ["NOTIFY events"],
    ["SAVEPOINT events"],
  ])("%s", (text) => {
    expect(inStatement(text)).toEqual([]);
  });
});

describe("what is SQL", () => {
  const text = "SELECT * FROM desk_loans";
  test.each([
    ["a tag with types", `await tx.execute(sql<{ id: string }>\`${text}\`);`],
    ["a tag of an object", `await tx.execute(tx.sql\`${text}\`);`],
    ["a text that is kept", `return keepSql<[id: string]>((given) => sql\`${text} WHERE id = \${given}\`);`],
    ["a text", `await tx.execute("${text}");`],
    ["a raw text", `await tx.execute(sql.raw(\`${text}\`));`],
    ["a text with its values", `await tx.query({ text: "${text}", values: [id] });`],
    ["texts at once", `await tx.batch([["${text}", [id]]]);`],
    ["one of two texts", `await tx.execute(id === "" ? "SELECT 1" : "${text}");`],
    ["a text of several pieces", `await tx.execute("SELECT * " + "FROM " + id + ", " + "desk_loans");`],
    [
      "a sum of a text and a hole",
      `await tx.execute(sql.raw("SELECT * FROM shelf_books, desk_" + "loans " + id));`,
    ],
  ])("%s", (_form, code) => {
    expect(found(storeOf(code))).toEqual(another("desk_loans"));
  });

  test.each([
    ["a text in a constant", `  const all = "${text}";\n  await tx.execute(sql.raw(all));`],
    [
      "a template in a constant",
      `  const all = \`${text} WHERE \${id}\`;\n  await tx.execute(sql.raw(all));`,
    ],
    ["a constant in a constant", `  const all = \`${text}\`;\n  const same = all;\n  await tx.query(same);`],
  ])("%s", (_form, code) => {
    expect(found(storeOf(code))).toEqual(another("desk_loans"));
  });

  test("a table's name in a constant", () => {
    const code = `const table = "desk_loans";\n  await tx.execute(\`SELECT * FROM \${table} l\`);`;
    expect(found(storeOf(code)).map((one) => one.replace(":5 ", ":4 "))).toEqual(another("desk_loans"));
  });

  test("a text of another file, where it is given", () => {
    const files = {
      "src/shelf/texts.ts": `export const all = "${text}";`,
      "src/shelf/store.ts": `import { all } from "./texts.ts";
import { sql } from "drizzle-orm";
export const work = (tx: Tx) =>
  tx.execute(sql.raw(all));`,
    };
    expect(found(files)).toEqual(another("desk_loans"));
  });

  test("a tag by another name", () => {
    const files = {
      "src/shelf/store.ts": `import { sql as query } from "drizzle-orm";

export const work = (tx: Tx) =>
  tx.execute(query\`${text}\`);`,
    };
    expect(found(files)).toEqual(another("desk_loans"));
  });

  test("not a text that nothing runs, and not another tag", () => {
    const code = `  const note = "${text}";\n  log.info({}, "${text}");\n  return html\`${text}\`;`;
    expect(found(storeOf(code))).toEqual([]);
  });

  test("a piece may ask a CTE of the text that takes it, from another file of the module as well", () => {
    const files = {
      "src/shelf/pieces.ts": `import { sql } from "drizzle-orm";
export const lent = (id: string) => sql\`EXISTS (SELECT 1 FROM loans WHERE id = \${id})\`;`,
      "src/shelf/store.ts": `import { sql } from "drizzle-orm";
import { lent } from "./pieces.ts";
export const work = (tx: Tx, id: string) =>
  tx.execute(sql\`WITH loans AS (SELECT 1) SELECT * FROM loans WHERE \${lent(id)}\`);`,
    };
    expect(found(files)).toEqual([]);
    // The control: of another module's CTE it knows nothing.
    const { "src/shelf/store.ts": store, ...rest } = files;
    expect(found({ ...rest, "src/desk/store.ts": store.replace("./", "../shelf/") })).toEqual([
      expect.stringMatching(/^11\.1 src\/desk\/store\.ts:2 /),
      "11.1 src/shelf/pieces.ts:2 uses loans, which is a table of the module desk.",
    ]);
  });
});

describe("a table that another module defines again", () => {
  const copy = `import { pgTable, text } from "drizzle-orm/pg-core";
export const loans = pgTable("desk_loans", { id: text("id") });`;
  const again = (file: string) => `11.1 ${file}:2 defines desk_loans, which is a table of the module desk.`;

  test.each(["src/shelf/service.ts", "src/shelf/tables.ts", "src/shelf/a/tables.ts"])(
    "is found in %s",
    (file) => {
      expect(found({ [file]: copy })).toEqual([again(file)]);
    },
  );

  test("stays its owner's, who may use it", () => {
    const use = `import { sql } from "drizzle-orm";
export const work = (tx: Tx) => tx.execute(sql\`SELECT * FROM desk_loans\`);`;
    expect(found({ "src/desk/store.ts": use, "src/shelf/service.ts": copy })).toEqual([
      again("src/shelf/service.ts"),
    ]);
    expect(found({ "src/shelf/service.ts": copy, "src/shelf/store.ts": use })).toEqual([
      again("src/shelf/service.ts"),
      "11.1 src/shelf/store.ts:2 uses desk_loans, which is a table of the module desk.",
    ]);
  });

  test("control: its own module may write it down twice", () => {
    expect(found({ "src/desk/copy.ts": copy })).toEqual([]);
  });
});

describe("a hostile text takes linear time", () => {
  const many = 100_000;
  test.each([
    ["parentheses", `SELECT ${"(".repeat(many)}`],
    ["parentheses around tables", `SELECT * FROM ${"(".repeat(many)}a`],
    ["comments in comments", `SELECT ${"/*".repeat(many)}`],
    ["open dollars", `SELECT ${Array.from({ length: many }, (_, index) => `$a${index}$`).join(" ")}`],
    ["open quotes", `SELECT ${"' \" ".repeat(many)}`],
    ["CTEs", `WITH ${"a AS (".repeat(many)}`],
    ["CTEs in a list", `WITH ${"a AS (SELECT 1), ".repeat(many)} b AS (SELECT 1) SELECT 1`],
    ["tables", `SELECT * FROM ${"a, ".repeat(many)} b`],
    ["words", "with from join using into update ".repeat(many)],
    ["blocks in blocks", `DO '${"DO $$ ".repeat(many)}'`],
    ["points", `SELECT * FROM ${"a.".repeat(many)}a`],
  ])(
    "%s",
    (_form, text) => {
      const files = {
        "src/shelf/store.ts": `export const work = (tx: Tx) => tx.execute(${JSON.stringify(text)});`,
      };
      expect(found(files)).toEqual([]);
      // Quadratic time would be minutes.
    },
    60_000,
  );
});

describe("migrations", () => {
  /** What is found in one statement of a migration, by rule and line. */
  const inMigration = (text: string, path = "migrations/0003_more.sql") =>
    found({ [path]: `-- begins\n${text};\n--> statement-breakpoint\nSELECT 1;` }).map((one) =>
      one.replace(`${path}:`, ""),
    );
  const ofDesk = "uses desk_loans, which is a table of the module desk, in a migration.";

  test.each([
    [
      "INSERT INTO events (id) VALUES ('1')",
      "E-8 2 writes the table events itself: nobody checks what it tells.",
    ],
    [
      "CREATE TRIGGER t AFTER INSERT ON public.events EXECUTE FUNCTION f()",
      "E-8 2 writes the table events itself",
    ],
    ["DELETE FROM\n  processed_events", "C-3 3 writes claims itself."],
    ['ALTER TABLE "dead_letters" ADD COLUMN note text', "C-3 2 writes dead_letters, a table of the engine."],
    ["DO $$\nBEGIN\n  TRUNCATE jobs;\nEND $$", "C-3 4 writes jobs, a table of the engine."],
    ["DROP TABLE deliveries", "C-3 2 writes deliveries, a table of the engine."],
    ["CREATE VIEW v AS\nSELECT * FROM shelf_books JOIN desk_loans ON true", `11.1 3 ${ofDesk}`],
    [
      "ALTER TABLE shelf_books ADD CONSTRAINT f FOREIGN KEY (id)\n  REFERENCES desk_loans (id)",
      `11.1 3 ${ofDesk}`,
    ],
    [
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN UPDATE desk_loans SET id = 1; RETURN NEW; END $$;\nCREATE TRIGGER t AFTER INSERT ON shelf_books FOR EACH ROW EXECUTE FUNCTION f()",
      `11.1 4 ${ofDesk}`,
    ],
    [
      "WITH gone AS (DELETE FROM shelf_books RETURNING id) DELETE FROM desk_loans USING gone",
      `11.1 2 ${ofDesk}`,
    ],
  ])("%s is found", (text, told) => {
    expect(inMigration(text)).toEqual([expect.stringContaining(told)]);
  });

  test.each([
    [
      "what is one module's own, several of them one after the other",
      "ALTER TABLE shelf_books ADD a int; DROP TABLE loans",
    ],
    ["a copy that is begun once", "INSERT INTO shelf_books SELECT id FROM desk_loans"],
    ["rights for all", "GRANT SELECT ON shelf_books, desk_loans TO readers"],
    ["a function of the engine", "SELECT rename_subscriber('old', 'shelf')"],
    ["the engine's rows, asked", "UPDATE shelf_books SET id = e.id FROM events e"],
    ["names in texts and comments", "COMMENT ON TABLE shelf_books IS 'DELETE FROM events' /* jobs; */"],
  ])("nothing is found in %s", (_name, text) => {
    expect(inMigration(text)).toEqual([]);
  });

  test("only what is a migration of the product is one", () => {
    const text = "DELETE FROM processed_events";
    for (const path of [
      "db/0001_a.sql",
      "migrations/schema.sql",
      "test/migrations/0001_a.sql",
      "docs/clean.sql",
    ])
      expect(inMigration(text, path), path).toEqual([]);
    const journal = { "db/meta/_journal.json": "{}", "db/0001_a.sql": text };
    expect(found(journal)).toEqual(["C-3 db/0001_a.sql:1 writes claims itself."]);
  });

  test("a file of SQL in a module's folder is code of that module", () => {
    const lines = { "src/shelf/queries/clean.sql": "DELETE FROM shelf_books;\nDELETE FROM desk_loans;" };
    expect(found(lines)).toEqual([`11.1 src/shelf/queries/clean.sql:2 ${ofDesk}`]);
  });

  test("a suppression in a comment of SQL holds", () => {
    const mark = "-- charter-ignore C-3 until 2027-03-01: the table was renamed by hand before";
    expect(inMigration(`${mark}\nDELETE FROM jobs`)).toEqual([]);
    expect(inMigration("DELETE FROM jobs")).toHaveLength(1);
  });
});

test("a module that writes the engine's table down again writes it all the same", () => {
  const own = `import { pgTable, pgSchema, text } from "drizzle-orm/pg-core";
export const jobs = pgTable("jobs", { id: text("id") });
export const own = pgSchema("own").table("jobs", { id: text("id") });`;
  const code = storeOf(`  await tx.insert(jobs).values({ id });
  await tx.insert(own).values({ id });
  await tx.select().from(jobs);
  await tx.execute(sql\`DELETE FROM jobs\`);`);
  const store = `import { jobs, own } from "./tables.ts";\n${code["src/shelf/store.ts"].replace(/^.*\n.*tables.ts";/, 'import { sql } from "drizzle-orm";')}`;
  expect(found({ "src/shelf/tables.ts": own, "src/shelf/store.ts": store })).toEqual([
    "C-3 src/shelf/store.ts:4 writes jobs, a table of the engine.",
    "C-3 src/shelf/store.ts:7 writes jobs, a table of the engine.",
  ]);
});
