import { createServer } from "node:net";
import { NeonDbError, neon, neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { createDatabase } from "../../../src/engine/db/database.ts";
import { HttpSqlError } from "../../../src/engine/db/errors.ts";
import { connectHttp, sqlEndpoint, toLists, toRows } from "../../../src/engine/db/neon-http.ts";
import { listen } from "../../listening.ts";
// Sets the driver's readers of values.
import "../../../src/engine/db/session.ts";

/* Our call and the driver's own, side by side on the same server: what one gives the other gives too. */

let ours: ReturnType<typeof connectHttp>;
let drivers: ReturnType<typeof neon>;

beforeAll(() => {
  const { neonUrl } = inject("services");
  neonConfig.fetchEndpoint = sqlEndpoint;
  ours = connectHttp(neonUrl);
  drivers = neon(neonUrl);
});

/** What a statement came to: its rows, or all that the error says. */
async function outcome(ask: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NeonDbError || error instanceof HttpSqlError)) throw error;
    const { stack: _, ...said } = Object.fromEntries(
      Object.getOwnPropertyNames(error).map((name) => [name, error[name as keyof typeof error]]),
    );
    return { refused: said };
  }
}

const both = (query: string, params: unknown[]) =>
  Promise.all([
    outcome(async () => toRows(await ours.one({ sql: query, params }))),
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
    ["smallint", -7],
    ["oid", 4_000_000_000],
    ["float4", "NaN"],
    ["float8", "-Infinity"],
    ["json", "[1, {}]"],
    ["json", "null"],
    ["char(5)", "ab"],
    ["date", "2026-11-26"],
    ["timestamp", "infinity"],
    ["time", "10:00"],
    ["interval", "1 day 2 hours"],
    ["inet", "10.0.0.1"],
    ["money", "1.50"],
    ["tsvector", "a b"],
    ["bigint[]", ["9007199254740993", null]],
    ["smallint[]", [1, -2]],
    ["oid[]", [1]],
    ["float4[]", ["NaN", 0.5]],
    ["float8[]", ["-Infinity", null, 1e300]],
    ["numeric[]", ["1.10", null]],
    ["boolean[]", [true, false, null]],
    ["uuid[]", ["6f1c1b51-6c53-4f5f-8f3c-6d2e3a8d5b11"]],
    ["varchar[]", ["a b", "null", " "]],
    ["char(3)[]", ["ab"]],
    ["date[]", ["2026-11-26"]],
    ["timestamp[]", ["2026-11-26 10:00"]],
    ["timestamptz[]", ["2026-11-26T10:00:00Z"]],
    ["interval[]", ["1 day"]],
    ["inet[]", ["10.0.0.1"]],
    ["cidr[]", ["10.0.0.0/8"]],
    ["macaddr[]", ["08:00:2b:01:02:03"]],
    ["time[]", ["10:00"]],
    ["timetz[]", ["10:00+02"]],
    ["money[]", ["1.50"]],
    ["json[]", '{"[1,2]","{\\"a\\": \\"b,c\\"}",NULL}'],
    ["jsonb[]", '{"[1,2]","{\\"a\\": \\"b,c\\"}",NULL}'],
    ["integer[]", "[0:1]={1,2}"],
    ["integer[]", "{{{1,2},{3,4}},{{5,6},{7,8}}}"],
    ["regclass", "pg_class"],
  ];

  test.each(values)("%s %o", async (type, value) => {
    const [we, driver] = await both(`SELECT $1::${type} AS value, 1 AS one`, [value]);
    expect(we).toEqual(driver);
    expect(we).toHaveLength(1);
    const lists = toLists(await ours.one({ sql: `SELECT $1::${type}`, params: [value] }));
    expect(lists).toEqual([[(driver as { value: unknown }[])[0]?.value]]);
  });

  test("bytes are a Uint8Array, which the driver's Buffer is, too", async () => {
    const bytes = Uint8Array.of(0, 1, 254, 255);
    const [we, driver] = await both("SELECT $1::bytea AS value, ''::bytea AS none", [bytes]);
    expect(we).toEqual([{ value: bytes, none: Uint8Array.of() }]);
    expect(driver).toEqual([{ value: Buffer.from(bytes), none: Buffer.of() }]);
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

test.each(["COMMIT", " ;-- now\n/* /* all */ */ rollback", "SAVEPOINT a", "END", "Begin"])(
  "a batch that one of its statements would end is not asked: %s",
  async (statement) => {
    const db = createDatabase(inject("services").neonUrl);
    await expect(db.batch([sql`SELECT 1`, sql.raw(statement)])).rejects.toThrow(
      /would begin, end or divide it/,
    );
  },
);

describe("a proxy that does not answer", () => {
  test.each([
    ["takes the request and says nothing", ""],
    ["stops in the middle of its answer", 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"command":'],
  ])("%s: the call ends at its time, and so does its connection", async (_, beginning) => {
    const closed = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on("data", () => socket.write(beginning)).on("error", () => undefined);
      socket.on("close", () => closed.resolve());
    });
    const port = await listen(server);
    try {
      const silent = connectHttp(`postgres://user:password@127.0.0.1:${port}/brain`, 50);
      await expect(silent.one({ sql: "SELECT 1", params: [] })).rejects.toThrow(
        "Postgres did not answer within 50 ms.",
      );
      await closed.promise;
    } finally {
      server.close();
    }
  });

  test("statements that may take longer are waited for", async () => {
    const impatient = connectHttp(inject("services").neonUrl, 50);
    const slow = { sql: "SELECT pg_sleep(0.3), 1 AS one", params: [] };
    await expect(impatient.batch([slow])).rejects.toThrow("Postgres did not answer within 50 ms.");
    const [answer] = await impatient.batch([slow], 60_000);
    expect(answer?.rowCount).toBe(1);
  });
});
