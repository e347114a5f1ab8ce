import { type SQL, sql } from "drizzle-orm";
import { getTableConfig, integer, PgDialect, type PgTable, pgTable, varchar } from "drizzle-orm/pg-core";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { beyondTenant } from "../../../src/engine/db/beyond-tenant.ts";
import { createDatabase, type Database } from "../../../src/engine/db/database.ts";
import { sqlState } from "../../../src/engine/db/errors.ts";
import { tenantRows, tenantRowsAndShared, tenantRowsThrough } from "../../../src/engine/db/tenant-rows.ts";
import { startCountingProxy } from "../../round-trips/counting-proxy.ts";
import { createSandbox, type Sandbox } from "../../sandbox.ts";

/* What Postgres itself shows of a database to one tenant, whatever is asked. */

const notes = pgTable(
  "notes",
  { id: integer("id"), tenantId: varchar("tenant_id"), text: varchar("text") },
  () => tenantRows(),
);
const lines = pgTable("lines", { noteId: integer("note_id"), line: varchar("line") }, () =>
  tenantRowsThrough("notes", { id: "note_id" }, "lines"),
);

/** The policies of a table as drizzle-kit writes them. */
function policiesOf(table: PgTable): string[] {
  const { name, policies } = getTableConfig(table);
  const text = (condition: SQL | undefined) =>
    condition === undefined ? "true" : new PgDialect().sqlToQuery(condition).sql;
  const to = (role: unknown) => (typeof role === "string" ? role : (role as { name: string }).name);
  return [
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    ...policies.map(
      (policy) =>
        `CREATE POLICY ${policy.name} ON ${name} AS ${policy.as} FOR ${policy.for} TO ${to(policy.to)} USING (${text(policy.using)})${policy.for === "delete" ? "" : ` WITH CHECK (${text(policy.withCheck ?? policy.using)})`}`,
    ),
  ];
}

const tables = [
  "CREATE TABLE notes (id integer PRIMARY KEY, tenant_id varchar, text varchar)",
  "CREATE TABLE lines (note_id integer, line varchar)",
  "CREATE TABLE secrets (text varchar)",
  ...policiesOf(notes),
  ...policiesOf(lines),
  "GRANT SELECT, INSERT, UPDATE, DELETE ON notes, lines TO brain_tenant",
  "INSERT INTO notes VALUES (1, 'a', 'of a'), (2, 'b', 'of b'), (3, NULL, 'of nobody'), (4, '', 'of an empty one')",
  "INSERT INTO lines VALUES (1, 'line of a'), (2, 'line of b'), (3, 'line of nobody')",
];

let sandbox: Sandbox;
let all: Database;
let ofA: Database;
beforeEach(async () => {
  sandbox = await createSandbox();
  all = createDatabase(sandbox.neonUrl);
  ofA = all.ofTenant("a");
  await all.batch(tables.map((statement) => sql.raw(statement)));
  return () => sandbox.cleanup();
});

const readNotes = sql`SELECT text FROM notes ORDER BY id`;
const readLines = sql`SELECT line AS text FROM lines ORDER BY line`;
const texts = (rows: readonly unknown[] | undefined) =>
  (rows ?? []).map((row) => (row as { text: string }).text);

/** Every way to run a statement: the rows of a statement that asks for all. */
const ways: Readonly<Record<string, (db: Database, statement: SQL) => Promise<string[]>>> = {
  "one statement": async (db, statement) => texts(await db.rows(statement)),
  "several in one transaction": async (db, statement) => {
    const [one, first, second] = await db.batch([sql`SELECT 1 AS one`, statement, statement]);
    expect(one).toEqual([{ one: 1 }]);
    expect(first).toEqual(second);
    return texts(first);
  },
  "drizzle's statement": async (db, statement) => texts((await db.statements.execute(statement)).rows),
  "drizzle's query": async (db) => texts(await db.statements.select().from(notes).orderBy(notes.id)),
  "drizzle's batch": async (db) => {
    const query = db.statements.select({ text: notes.text, number: notes.id }).from(notes).orderBy(notes.id);
    const [first, second] = await db.statements.batch([query, query]);
    expect(first).toEqual(second);
    expect(typeof first[0]?.number).toBe("number");
    return texts(first);
  },
  "a transaction": (db, statement) => db.transaction(async (tx) => texts((await tx.execute(statement)).rows)),
  "a savepoint": (db, statement) =>
    db.transaction((tx) => tx.transaction(async (inner) => texts((await inner.execute(statement)).rows))),
  "the second transaction of a session": async (db, statement) => {
    const session = await db.open({ begins: true, statementTimeoutMs: 5_000 });
    try {
      await session.transaction((tx) => tx.execute(statement));
      return await session.transaction(async (tx) => texts((await tx.execute(statement)).rows));
    } finally {
      await session.close();
    }
  },
};

describe.each(Object.entries(ways))("%s", (_name, run) => {
  test("sees the tenant's rows alone, and nobody's are not its own", async () => {
    expect(await run(ofA, readNotes)).toEqual(["of a"]);
    // The control: the same statement without the wall.
    expect(await run(all, readNotes)).toEqual(["of a", "of b", "of nobody", "of an empty one"]);
  });
});

test("rows that belong to another table's rows are seen with those", async () => {
  expect(texts(await ofA.rows(readLines))).toEqual(["line of a"]);
  expect(texts(await all.rows(readLines))).toEqual(["line of a", "line of b", "line of nobody"]);
});

test("what a table does not say of tenants is closed to them", async () => {
  await expect(ofA.rows(sql`SELECT text FROM secrets`)).rejects.toSatisfy(
    (error) => sqlState(error) === "42501",
  );
});

describe("a tenant writes", () => {
  test.each([
    ["a row of another one", sql`INSERT INTO notes VALUES (5, 'b', 'forged')`],
    ["a row of nobody", sql`INSERT INTO notes VALUES (5, NULL, 'forged')`],
    ["its row over to another one", sql`UPDATE notes SET tenant_id = 'b'`],
    ["a row below one of another", sql`INSERT INTO lines VALUES (2, 'forged')`],
    [
      "over the row of another one",
      sql`INSERT INTO notes VALUES (2, 'a', 'forged') ON CONFLICT (id) DO UPDATE SET tenant_id = 'a'`,
    ],
  ])("%s: refused, and nothing of the transaction is stored", async (_what, statement) => {
    const before = await all.batch([sql`SELECT * FROM notes ORDER BY id`, readLines]);
    await expect(
      ofA.batch([sql`INSERT INTO notes VALUES (6, 'a', 'before it')`, statement]),
    ).rejects.toSatisfy((error) => sqlState(error) === "42501");
    await expect(ofA.transaction((tx) => tx.execute(statement))).rejects.toSatisfy(
      (error) => sqlState(error) === "42501",
    );
    expect(await all.batch([sql`SELECT * FROM notes ORDER BY id`, readLines])).toEqual(before);
    // The control: without the wall it is stored.
    await all.rows(statement);
    expect(await all.batch([sql`SELECT * FROM notes ORDER BY id`, readLines])).not.toEqual(before);
  });

  test("its own: stored, and the rows of others stay as they are", async () => {
    await ofA.rows(sql`INSERT INTO notes VALUES (5, 'a', 'another of a')`);
    await ofA.transaction((tx) => tx.execute(sql`INSERT INTO lines VALUES (5, 'another line')`));
    await ofA.rows(sql`UPDATE notes SET text = 'changed'`);
    await ofA.rows(sql`DELETE FROM lines`);
    expect(texts(await all.rows(readNotes))).toEqual([
      "changed",
      "of b",
      "of nobody",
      "of an empty one",
      "changed",
    ]);
    expect(texts(await all.rows(readLines))).toEqual(["line of b", "line of nobody"]);
  });
});

test.each(["x', true); DROP TABLE notes; --", "\\", "E'\\''", "$1", '"quoted"', "ü 🚲", "a".repeat(255)])(
  "a tenant may be called %s",
  async (tenant) => {
    await all.rows(sql`INSERT INTO notes VALUES (9, ${tenant}, 'its own')`);
    for (const [name, run] of Object.entries(ways)) {
      expect(await run(all.ofTenant(tenant), readNotes), name).toEqual(["its own"]);
    }
  },
);

test("no tenant is empty, too long or holds NUL, and the database of one is not that of another", () => {
  for (const tenant of ["", "a".repeat(256), "a\0b"])
    expect(() => all.ofTenant(tenant)).toThrow("is no tenant");
  expect(ofA.ofTenant("a")).toBe(ofA);
  expect(() => ofA.ofTenant("b")).toThrow("is another");
});

test("other roles see what they were granted: all rows", async () => {
  const role = `reader_${sandbox.prefix.slice(2)}`;
  await all.rows(sql.raw(`CREATE ROLE ${role}`));
  onTestFinished(async () => {
    await all.batch([sql.raw(`DROP OWNED BY ${role}`), sql.raw(`DROP ROLE ${role}`)]);
  });
  await all.rows(sql.raw(`GRANT SELECT ON notes TO ${role}`));
  const [, rows] = await all.batch([sql.raw(`SET LOCAL ROLE ${role}`), readNotes]);
  expect(texts(rows)).toHaveLength(4);
});

describe("a tenant's statement", () => {
  let counted: Awaited<ReturnType<typeof startCountingProxy>>;
  beforeAll(() => () => counted?.close());

  test("costs the round trips of any other", async () => {
    counted = await startCountingProxy({ redisUrl: sandbox.upstash.url, neonUrl: sandbox.neonUrl }, 0);
    const url = new URL(sandbox.neonUrl);
    url.host = new URL(counted.url).host;
    const db = createDatabase(url.href);
    for (const [name, run] of Object.entries(ways)) {
      const tripsOf = async (asked: Database) => {
        counted.clear();
        await run(asked, readNotes);
        return counted.calls.length;
      };
      const usual = await tripsOf(db);
      expect(usual, name).toBeGreaterThan(0);
      expect(await tripsOf(db.ofTenant("a")), name).toBe(usual);
    }
  });
});

describe("a part of a tenant's transaction that concerns all", () => {
  test("sees and changes the rows of all, and what follows is behind the wall again", async () => {
    const seen = await ofA.transaction(async (tx) => {
      const beyond = await beyondTenant(tx, async () => {
        await tx.execute(sql`UPDATE notes SET text = text || ' now' WHERE id < 3`);
        return texts((await tx.execute(readNotes)).rows);
      });
      return [beyond, texts((await tx.execute(readNotes)).rows)];
    });
    expect(seen).toEqual([["of a now", "of b now", "of nobody", "of an empty one"], ["of a now"]]);
    // The control: the same statement inside of the wall changes the own row alone.
    await ofA.rows(sql`UPDATE notes SET text = 'changed' WHERE id < 3`);
    expect(texts(await all.rows(readNotes))).toEqual(["changed", "of b now", "of nobody", "of an empty one"]);
  });

  test("leaves nothing open behind an error that is caught in a savepoint", async () => {
    const seen = await ofA.transaction(async (tx) => {
      await tx
        .transaction((inner) => beyondTenant(inner, () => inner.execute(sql`SELECT 1 / 0`)))
        .catch(() => undefined);
      return texts((await tx.execute(readNotes)).rows);
    });
    expect(seen).toEqual(["of a"]);
  });

  test("is the same in a transaction of all", async () => {
    const seen = await all.transaction(async (tx) => {
      await beyondTenant(tx, () => tx.execute(readNotes));
      return texts((await tx.execute(readNotes)).rows);
    });
    expect(seen).toHaveLength(4);
  });
});

test("rows without a tenant that are for everybody are seen by all tenants, and changed by none", async () => {
  await all.batch(
    [
      "CREATE TABLE rules (id integer PRIMARY KEY, tenant_id varchar, text varchar)",
      ...policiesOf(
        pgTable("rules", { id: integer("id"), tenantId: varchar("tenant_id") }, () => tenantRowsAndShared()),
      ),
      "GRANT SELECT, INSERT, UPDATE, DELETE ON rules TO brain_tenant",
      "INSERT INTO rules VALUES (1, 'a', 'of a'), (2, 'b', 'of b'), (3, NULL, 'of nobody')",
    ].map((statement) => sql.raw(statement)),
  );
  const rules = sql`SELECT text FROM rules ORDER BY id`;
  expect(texts(await ofA.rows(rules))).toEqual(["of a", "of nobody"]);
  await ofA.batch([
    sql`UPDATE rules SET text = 'changed', tenant_id = 'a'`,
    sql`DELETE FROM rules WHERE id > 1`,
  ]);
  expect(texts(await all.rows(rules))).toEqual(["changed", "of b", "of nobody"]);
  for (const forged of [
    sql`INSERT INTO rules VALUES (4, NULL, 'forged')`,
    sql`UPDATE rules SET tenant_id = NULL`,
  ])
    await expect(ofA.rows(forged)).rejects.toSatisfy((error) => sqlState(error) === "42501");
});
