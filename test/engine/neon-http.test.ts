import { NeonDbError, neon } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { createDatabase } from "../../src/engine/db/database.ts";
import { connectHttp } from "../../src/engine/db/neon-http.ts";

/* Our call and the driver's own, side by side on the same server: what one gives the other gives too. */

let ours: ReturnType<typeof connectHttp>;
let drivers: ReturnType<typeof neon>;

beforeAll(() => {
  const { neonUrl } = inject("services");
  // Sets the driver up for a gateway on this machine.
  createDatabase(neonUrl);
  ours = connectHttp(neonUrl);
  drivers = neon(neonUrl);
});

/** What a statement came to: its rows, or all that the error says. */
async function outcome(ask: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NeonDbError)) throw error;
    const { stack: _, ...said } = Object.fromEntries(
      Object.getOwnPropertyNames(error).map((name) => [name, error[name as keyof NeonDbError]]),
    );
    return { refused: said };
  }
}

const both = (query: string, params: unknown[]) =>
  Promise.all([
    outcome(() => ours.rows({ sql: query, params })),
    outcome(() => drivers.query(query, params)),
  ]);

describe("a value, there and back", () => {
  const values: readonly (readonly [type: string, value: unknown])[] = [
    ["text", 'quotes " and \\ backslash, ü 🚲'],
    ["text", ""],
    ["text", null],
    ["text", undefined],
    ["integer", 42],
    ["bigint", 9007199254740993n],
    ["float8", 0.1],
    ["boolean", true],
    ["boolean", false],
    ["jsonb", { a: [1, "two", null], b: { c: "3" } }],
    ["jsonb", '{"text":"of JSON"}'],
    ["text[]", ["a", 'b"', "c\\", "", "NULL", "d,e", "{f}", null]],
    ["text[]", []],
    ["integer[]", [1, 2, null]],
    [
      "text[]",
      [
        ["a", "b"],
        ["c", 'd"'],
      ],
    ],
    ["timestamptz", new Date("2026-11-26T10:00:00.123Z")],
    ["timestamptz", "2026-11-26T10:00:00.123456Z"],
    ["numeric", "123456789012345678901234567890.5"],
    ["uuid", "6f1c1b51-6c53-4f5f-8f3c-6d2e3a8d5b11"],
    ["bytea", Buffer.from([0, 1, 254, 255])],
  ];

  test.each(values)("%s %o", async (type, value) => {
    const [we, driver] = await both(`SELECT $1::${type} AS value, 1 AS one`, [value]);
    expect(we).toEqual(driver);
    expect(we).toHaveLength(1);
  });
});

test("a refusal says the same", async () => {
  const refused = [
    "SELECT 1 / $1::integer",
    "SELECT nothing FROM nowhere WHERE $1",
    "SELECT $1::integer::text::uuid",
  ];
  for (const query of refused) {
    const [we, driver] = await both(query, [0]);
    expect(we).toEqual(driver);
    expect(we).toHaveProperty("refused.code");
  }
});

test("a batch is one transaction: all or nothing", async () => {
  const db = createDatabase(inject("services").neonUrl);
  const [first, second] = await db.batch([
    sql`SELECT txid_current()::text AS id`,
    sql`SELECT txid_current()::text AS id`,
  ]);
  expect(first).toEqual(second);
  await expect(db.batch([sql`SELECT 1`, sql`SELECT 1 / 0`])).rejects.toThrow(/SQLSTATE 22012/);
  expect(await db.batch([])).toEqual([]);
});
