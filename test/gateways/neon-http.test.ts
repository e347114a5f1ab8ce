import { request } from "node:http";
import { neon } from "@neondatabase/serverless";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { post, sandbox, sql, useNeon, withClient } from "./neon-client.ts";

useNeon("CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)");

/** Asks for another protocol with the request, as clients of HTTP/2 do where there is no TLS. */
function postWithUpgrade(
  protocol: string,
  body: string,
): Promise<{ status: number | undefined; text: string }> {
  const headers = {
    Connection: "Upgrade, HTTP2-Settings",
    Upgrade: protocol,
    "HTTP2-Settings": "AAMAAABkAAQAAP__",
    "Neon-Connection-String": sandbox.neonUrl,
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      `http://${new URL(sandbox.neonUrl).host}/sql`,
      { method: "POST", headers },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        answer.on("end", () => resolve({ status: answer.statusCode, text }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("one statement", () => {
  test("values have the driver's types", async () => {
    const rows = await sql`SELECT 1 AS number, 9007199254740993::int8 AS big, true AS yes, NULL AS nothing,
      'ü' AS text, '{"a":[1]}'::jsonb AS json, ARRAY['a', NULL, 'b,"c"'] AS list, '2026-01-02T03:04:05Z'::timestamptz AS time`;
    // drizzle, which other files load, makes the driver leave times as the text that came.
    const read = rows.map(({ time, ...rest }) => ({ ...rest, time: new Date(time) }));
    expect(read).toEqual([
      {
        number: 1,
        big: "9007199254740993",
        yes: true,
        nothing: null,
        text: "ü",
        json: { a: [1] },
        list: ["a", null, 'b,"c"'],
        time: new Date("2026-01-02T03:04:05Z"),
      },
    ]);
  });

  test("a request that asks for another protocol is answered in its own", async () => {
    const { status, text } = await postWithUpgrade("h2c", '{"query":"SELECT 1 AS one"}');
    expect(status).toBe(200);
    expect(JSON.parse(text).rows).toEqual([{ one: 1 }]);
  });

  test("parameters of every kind arrive as sent", async () => {
    const [row] =
      await sql`SELECT ${1}::int AS a, ${"x'\"\\"}::text AS b, ${null}::text AS c, ${false}::bool AS d,
      ${[1, 2]}::int[] AS e, ${{ k: ["v"] }}::jsonb AS f, ${Buffer.from([0, 255])}::bytea AS g`;
    expect(row).toEqual({
      a: 1,
      b: "x'\"\\",
      c: null,
      d: false,
      e: [1, 2],
      f: { k: ["v"] },
      g: expect.anything(),
    });
    expect([...Buffer.from(row?.g)]).toEqual([0, 255]);
  });

  test("array mode and full results tell columns, command and count", async () => {
    const full = await sql.query("SELECT 1 AS a, 2 AS a", [], { arrayMode: true, fullResults: true });
    expect(full.rows).toEqual([[1, 2]]);
    expect(full.rowAsArray).toBe(true);
    expect(full.command).toBe("SELECT");
    expect(full.rowCount).toBe(1);
    expect(full.fields[0]).toEqual({
      name: "a",
      dataTypeID: 23,
      tableID: 0,
      columnID: 0,
      dataTypeSize: 4,
      dataTypeModifier: -1,
      format: "text",
    });
  });

  test("a change tells how many rows it changed", async () => {
    const inserted = await sql.query("INSERT INTO item VALUES (1, 'a'), (2, 'b')", [], { fullResults: true });
    expect([inserted.command, inserted.rowCount, inserted.rows]).toEqual(["INSERT", 2, []]);
  });

  test("two statements in one request are refused, with and without parameters", async () => {
    await expect(sql.query("SELECT 1; SELECT 2")).rejects.toMatchObject({ code: "42601" });
    await expect(sql.query("SELECT $1::int; SELECT 2", [1])).rejects.toMatchObject({ code: "42601" });
  });

  test("without raw text the gateway types the values itself", async () => {
    const query = `SELECT 1 AS i, 1.5::float8 AS f, 'NaN'::float8 AS nan, 2::int8 AS big, true AS b, NULL AS n,
      '{"a":1}'::jsonb AS j, ARRAY[ARRAY[1,2],ARRAY[NULL,4]] AS m, ARRAY['a b','NULL',NULL] AS t`;
    const { body } = await post(JSON.stringify({ query, params: [] }));
    expect(body).toMatchObject({
      rowAsArray: false,
      rows: [
        {
          i: 1,
          f: 1.5,
          nan: "NaN",
          big: "2",
          b: true,
          n: null,
          j: { a: 1 },
          m: [
            [1, 2],
            [null, 4],
          ],
          t: ["a b", "NULL", null],
        },
      ],
    });
    const params = [1, true, null, { a: 1 }, ['q"\\', null, 2]];
    const answer = await post(
      JSON.stringify({ query: "SELECT $1::int a, $2::bool b, $3::int c, $4::jsonb d, $5::text[] e", params }),
      {
        "Neon-Array-Mode": "true",
      },
    );
    expect(answer.body).toMatchObject({ rows: [[1, true, null, { a: 1 }, ['q"\\', null, "2"]]] });
  });

  test("a session setting is gone at the next request", async () => {
    for (let round = 0; round < 5; round++) {
      await sql`SET statement_timeout = 1234`;
      await sql`SELECT set_config('brain.leak', 'x', false)`;
      await sql.query(`CREATE TEMP TABLE leak_${round} (a int)`);
      await expect(sql`BEGIN`).resolves.toEqual([]);
      const [row] =
        await sql`SELECT current_setting('statement_timeout') AS timeout, current_setting('brain.leak', true) AS leak,
        to_regclass(${`leak_${round}`}) AS leaked_table`;
      expect(row?.timeout).toBe("0");
      expect(row?.leak ?? "").toBe("");
      expect(row?.leaked_table).toBeNull();
    }
  });
});

describe("errors", () => {
  test("a violated constraint comes with code, table and constraint", async () => {
    await sql`INSERT INTO item VALUES (10, 'x')`;
    await expect(sql`INSERT INTO item VALUES (10, 'y')`).rejects.toMatchObject({
      name: "NeonDbError",
      code: "23505",
      severity: "ERROR",
      table: "item",
      constraint: "item_pkey",
      detail: "Key (id)=(10) already exists.",
    });
  });

  test("a syntax error tells its position", async () => {
    await expect(sql.query("SELEKT 1")).rejects.toMatchObject({ code: "42601", position: "1" });
  });

  test("an unknown database is the error of Postgres; a wrong password or user is one of Neon's proxy, without code", async () => {
    const elsewhere = new URL(sandbox.neonUrl);
    elsewhere.pathname = "/no_such_database";
    await expect(neon(elsewhere.href)`SELECT 1`).rejects.toMatchObject({ code: "3D000" });
    for (const part of ["password", "username"] as const) {
      const wrong = new URL(sandbox.neonUrl);
      wrong[part] = "wrong";
      await expect(neon(wrong.href)`SELECT 1`).rejects.toMatchObject({
        code: "",
        severity: "",
        message: `password authentication failed for user '${wrong.username}'`,
      });
    }
  });

  test.each([
    ["{", /as JSON/],
    ["{}", /expected a statement/],
    ['{"query":"SELECT 1","params":1}', /params/],
    ['{"queries":1}', /queries/],
  ])("the body %s is 400 with a message", async (sent, message) => {
    expect(await post(sent)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(message), code: "", severity: "", detail: null },
    });
  });

  test("a request without connection string is refused", async () => {
    expect(await post("{}", { "Neon-Connection-String": "" })).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/Neon-Connection-String/) },
    });
  });

  test("a session that is ended from outside is an error, and the next request works", async () => {
    await expect(sql`SELECT pg_terminate_backend(pg_backend_pid())`).rejects.toThrow();
    expect(await sql`SELECT 1 AS a`).toEqual([{ a: 1 }]);
  });
});

describe("a list of statements", () => {
  test("runs in one transaction and gives the rows of each", async () => {
    const results = await sql.transaction([
      sql`INSERT INTO item VALUES (20, 'a') RETURNING id`,
      sql`SELECT name FROM item WHERE id = 20`,
      sql`SELECT txid_current_if_assigned() IS NOT NULL AS same`,
    ]);
    expect(results).toEqual([[{ id: 20 }], [{ name: "a" }], [{ same: true }]]);
  });

  test("is undone as a whole when one of them fails", async () => {
    const batch = sql.transaction([
      sql`INSERT INTO item VALUES (30, 'a')`,
      sql`SELECT 1/0`,
      sql`INSERT INTO item VALUES (31, 'a')`,
    ]);
    await expect(batch).rejects.toMatchObject({ code: "22012" });
    expect(await sql`SELECT id FROM item WHERE id IN (30, 31)`).toEqual([]);
  });

  test.each([
    ["ReadUncommitted", "read uncommitted"],
    ["ReadCommitted", "read committed"],
    ["RepeatableRead", "repeatable read"],
    ["Serializable", "serializable"],
  ] as const)("runs at isolation level %s", async (isolationLevel, shown) => {
    const results = await sql.transaction([sql`SHOW transaction_isolation`], { isolationLevel });
    expect(results).toEqual([[{ transaction_isolation: shown }]]);
  });

  test("may be read only and deferrable", async () => {
    const options = { isolationLevel: "Serializable", readOnly: true, deferrable: true } as const;
    const results = await sql.transaction(
      [sql`SHOW transaction_read_only`, sql`SHOW transaction_deferrable`],
      options,
    );
    expect(results).toEqual([[{ transaction_read_only: "on" }], [{ transaction_deferrable: "on" }]]);
    await expect(sql.transaction([sql`INSERT INTO item VALUES (40, 'a')`], options)).rejects.toMatchObject({
      code: "25006",
    });
  });

  test("with an unknown isolation level is refused", async () => {
    const { status, body } = await post('{"queries":[]}', { "Neon-Batch-Isolation-Level": "Snapshot" });
    expect([status, body]).toMatchObject([400, { message: expect.stringMatching(/Snapshot/) }]);
  });

  test("many requests at once keep apart", async () => {
    const requests = Array.from({ length: 60 }, (_, index) =>
      sql.transaction([sql`SELECT ${index}::int AS a`, sql`SELECT ${index + 1}::int AS b`]),
    );
    const results = await Promise.all(requests);
    results.forEach((result, index) => {
      expect(result).toEqual([[{ a: index }], [{ b: index + 1 }]]);
    });
  });
});

describe("over HTTP, in a session and straight from Postgres", () => {
  /** Values as the texts that came: what clients make of them is theirs. */
  const types = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;
  const fieldKeys = "name tableID columnID dataTypeID dataTypeSize dataTypeModifier format".split(" ");
  const errorKeys =
    "message severity code detail hint position where schema table column dataType constraint file line routine".split(
      " ",
    );
  const pick = (from: object, keys: readonly string[]) =>
    keys.map((name) => (from as Record<string, unknown>)[name] ?? null);

  interface Asker {
    query(query: pg.QueryArrayConfig): Promise<pg.QueryArrayResult>;
  }

  async function ask(work: (askers: readonly [Asker, Asker, Asker]) => Promise<void>): Promise<void> {
    const direct = new pg.Client({ connectionString: sandbox.databaseUrl });
    await direct.connect();
    const http = neon(sandbox.neonUrl);
    const options = { arrayMode: true, fullResults: true, types } as const;
    const requests: Asker = {
      query: async ({ text, values }) =>
        (await http.query(text, values, options)) as unknown as pg.QueryArrayResult,
    };
    await withClient(sandbox.neonUrl, (session) => work([requests, session, direct])).finally(() =>
      direct.end(),
    );
  }

  test("values, columns, command and count are the same", async () => {
    const statements: (readonly [string, unknown[]?])[] = [
      ["SELECT $1 AS a, $2::int8 AS b, $3::decimal(9,2) AS c, $4 AS d", [1, -1, "1.5", "9007199254740993"]],
      ["SELECT $1::real AS a, $1::float8 AS b, 'NaN'::float8 AS c, '-infinity'::timestamptz AS d", [Math.PI]],
      ["SELECT $1::timestamptz AS a, $1::timestamp(3) AS b, $1::date AS c", [new Date(1_700_000_000_123)]],
      ["SELECT $1::bytea AS a, $2::bytea[] AS b", [Buffer.alloc(70_000, 200), ["\\\\xdead", "\\\\x"]]],
      [
        "SELECT $1::int[][] AS a, $2::text[] AS b",
        [
          [[2], [4]],
          [null, "NULL", "", 'q"x', "a,b", "{}"],
        ],
      ],
      ["SELECT $1::jsonb AS a, $1::json AS b, ARRAY[$1::jsonb] AS c", [{ x: ["y", null] }]],
      ["SELECT '[1,4)'::int4range AS a, '{[1,2),[3,4)}'::int4multirange AS b, '[2:3]={1,2}'::int[] AS c"],
      ["SELECT '(2,3)'::point AS a, '<(2,3),1>'::circle AS b, ARRAY['(1,1),(0,0)'::box] AS c, B'101' AS d"],
      ["SELECT '10.0.0.0/8'::cidr AS a, '08:00:2b:01:02:03'::macaddr AS b, '17:18:19+01'::timetz AS c"],
      ["SELECT ROW(1, 'a b', NULL) AS a, 'x'::\"char\" AS b, 'n'::name AS c, '1 day 2:03'::interval AS d"],
      ['SELECT NULL AS a, $1::text AS b, 1 AS "A b", 2 AS "A b", 3 AS "\\"', [null]],
      ["SELECT i.name, i.id FROM item i WHERE false"],
      ["INSERT INTO item VALUES ($1, 'same') ON CONFLICT (id) DO UPDATE SET name = 'same' RETURNING *", [77]],
      ["UPDATE item SET name = name WHERE id = 77"],
      ["DO $$ BEGIN NULL; END $$"],
    ];
    await ask(async (askers) => {
      for (const [text, values = []] of statements) {
        const answers = [];
        for (const asker of askers) {
          const { rows, fields, command, rowCount } = await asker.query({
            text,
            values,
            rowMode: "array",
            types,
          });
          answers.push({ rows, fields: fields.map((field) => pick(field, fieldKeys)), command, rowCount });
        }
        expect(answers[0], text).toEqual(answers[2]);
        expect(answers[1], text).toEqual(answers[2]);
      }
    });
  });

  test.each([
    "SELECT 123 WHERE x",
    "SELECT 1/0",
    "SELEC",
    "SELECT 'a'::int",
    "INSERT INTO item (name) VALUES ('without id')",
    "INSERT INTO item SELECT 78, 'twice' FROM generate_series(1, 2)",
    "DO $$ BEGIN RAISE 'boo' USING HINT = 'h', DETAIL = 'd', ERRCODE = 'P0042', TABLE = 't', COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'y', SCHEMA = 's'; END $$",
  ])("the error is the same: %s", async (text) => {
    await ask(async (askers) => {
      const errors = [];
      for (const asker of askers) {
        const failed = await asker
          .query({ text, values: [], rowMode: "array" })
          .then(String, (error) => error);
        errors.push(pick(failed, errorKeys));
      }
      expect(errors[2]?.[2]).toMatch(/^\w{5}$/);
      expect(errors[0]).toEqual(errors[2]);
      expect(errors[1]).toEqual(errors[2]);
    });
  });
});
