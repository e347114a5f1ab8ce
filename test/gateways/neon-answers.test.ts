/** What Neon's proxy answers to requests that its driver does not send, and how it shapes values. */

import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { post, postSql, sandbox, sql, useNeon } from "./neon-client.ts";

useNeon(
  "CREATE TYPE mood AS ENUM ('good', 'so so', 'NULL')",
  "CREATE TYPE pair AS (a int, b text)",
  "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)",
);

/** The text between `"v":` and the end of the only row: JSON as it was sent, before a parser rounds it. */
const valueText = (answer: { text: string }) => /"rows":\[\{"v":(.*)\}\]\}$/s.exec(answer.text)?.[1];

describe("values without Neon-Raw-Text-Output", () => {
  test.each([
    ["ARRAY['good','so so','NULL',NULL]::mood[]", ["good", "so so", "NULL", null]],
    ["'so so'::mood", "so so"],
    ["ARRAY[ROW(1,'x')::pair]", ["(1,x)"]],
    ["ARRAY['a','b']::short[]", ["a", "b"]],
    ["ARRAY['pg_class','a b']::name[]", ["pg_class", "a b"]],
    ["ARRAY['10.0.0.1','::1/64']::inet[]", ["10.0.0.1", "::1/64"]],
    ["ARRAY['10.0.0.0/8']::cidr[]", ["10.0.0.0/8"]],
    ["ARRAY['08:00:2b:01:02:03']::macaddr[]", ["08:00:2b:01:02:03"]],
    ["ARRAY['17:18:19','24:00']::time[]", ["17:18:19", "24:00:00"]],
    ["ARRAY['16:17:18+01']::timetz[]", ["16:17:18+01"]],
    ["ARRAY['1 day 02:00']::interval[]", ["1 day 02:00:00"]],
    ["ARRAY['2026-01-02']::date[]", ["2026-01-02"]],
    ["ARRAY['\\xDEAD']::bytea[]", ["\\xdead"]],
    ["ARRAY['(2,3)']::point[]", ["(2,3)"]],
    ["ARRAY['(1,1),(0,0)','(2,2),(1,1)']::box[]", ["(1,1),(0,0)", "(2,2),(1,1)"]],
    ["ARRAY['[1,4)']::int4range[]", ["[1,4)"]],
    ["ARRAY[B'101']", ["101"]],
    ["ARRAY['1e400'::numeric]", [`1${"0".repeat(400)}`]],
    ["ARRAY[9007199254740993]", ["9007199254740993"]],
    ["ARRAY['NaN','-Infinity',0.1]::float8[]", ["NaN", "-Infinity", 0.1]],
    ["ARRAY[true,NULL,false]", [true, null, false]],
    ["ARRAY[1,-2]::int2[]", [1, -2]],
    [
      "'[0:1][5:6]={{1,2},{3,4}}'::int[]",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["ARRAY['{\"a\":[1]}']::jsonb[]", [{ a: [1] }]],
    ["ARRAY['$1']::money[]", ["$1.00"]],
    ["ARRAY['<a/>']::xml[]", ["<a/>"]],
    ["'{}'::mood[]", []],
    ["'1 2 3'::int2vector", "1 2 3"],
    ["'1 2'::oidvector", "1 2"],
    ["'a'::\"char\"", "a"],
    ["ARRAY['a,b','c\"d','e\\f','','{}',' ']", ["a,b", 'c"d', "e\\f", "", "{}", " "]],
    ["ARRAY[E'line\\nend','ü']", ["line\nend", "ü"]],
  ])("%s", async (expression, expected) => {
    const answer = await post({ query: `SELECT ${expression} AS v` });
    expect(answer).toMatchObject({ status: 200, body: { rows: [{ v: expected }] } });
    expect(
      await post({ query: `SELECT ${expression} AS v` }, { "Neon-Raw-Text-Output": "true" }),
    ).toMatchObject({
      body: { rows: [{ v: expect.any(String) }] },
    });
  });

  test.each([
    ['\'{"n": 9007199254740993, "d": 1.10, "e": 1e400, "x":1,"x":2}\'::json'],
    ["'[123456789012345678901234567890]'::jsonb"],
    ["' \"text\" '::json"],
  ])("JSON comes as Postgres wrote it: %s", async (expression) => {
    const [row] = await sql.query(`SELECT (${expression})::text AS t`);
    expect(valueText(await post({ query: `SELECT ${expression} AS v` }))).toBe(row?.t);
  });

  test.each([
    ["0.1::float4", "0.1"],
    ["'-0'::float8", "-0"],
    ["1e300::float8", "1e+300"],
    ["'NaN'::float8", '"NaN"'],
  ])("a float keeps its text where it is a number: %s", async (expression, text) => {
    expect(valueText(await post({ query: `SELECT ${expression} AS v` }))).toBe(text);
  });

  test("a type that was made, used and dropped again does not confuse the next one", async () => {
    for (const labels of ["'a'", "'a', 'b c'"]) {
      await post({ query: `CREATE TYPE passing AS ENUM (${labels})` });
      expect(await post({ query: "SELECT enum_range(NULL::passing) AS v" })).toMatchObject({
        body: { rows: [{ v: labels.includes("b") ? ["a", "b c"] : ["a"] }] },
      });
      await post({ query: "DROP TYPE passing" });
    }
  });
});

describe("parameters", () => {
  test.each([
    ["9007199254740993"],
    ["123456789012345678901234567890"],
    ["1.10"],
    ["1e2"],
    ["-0"],
    ["1e400"],
    ["0.1"],
    ["7"],
  ])("the number %s keeps its digits, also inside arrays and objects", async (text) => {
    expect(await post(`{"query":"SELECT $1::text AS v","params":[${text}]}`)).toMatchObject({
      body: { rows: [{ v: text }] },
    });
    expect(await post(`{"query":"SELECT $1::text[] AS v","params":[[${text},[]]]}`)).toMatchObject({
      status: 400,
    });
    expect(await post(`{"query":"SELECT $1::text[] AS v","params":[[${text}]]}`)).toMatchObject({
      body: { rows: [{ v: [text] }] },
    });
    expect(await post(`{"query":"SELECT $1::text AS v","params":[{"n":[${text}]}]}`)).toMatchObject({
      body: { rows: [{ v: `{"n":[${text}]}` }] },
    });
  });

  test.each([
    ["a NUL character in the query", { query: "SELECT 1\0" }, /NUL/],
    ["more params than the protocol counts", { query: "SELECT 1", params: Array(65_536).fill(1) }, /65535/],
    ["half of a surrogate pair", '{"query":"SELECT $1::text","params":["\\ud800"]}', /surrogate/],
    ["bytes that are no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), /UTF-8/],
    [
      "nested arrays without end",
      `{"query":"SELECT 1","params":[${"[".repeat(200_000)}${"]".repeat(200_000)}]}`,
      /./,
    ],
    ["arrayMode that is no boolean", { query: "SELECT 1", arrayMode: 1 }, /arrayMode/],
    ["params null", { query: "SELECT 1", params: null }, /params/],
    ["a list that is too long", { queries: Array(10_001).fill({ query: "SELECT 1" }) }, /10000.*10001/],
  ])("%s is 400, and the next request works", async (_, body, message) => {
    expect(await post(body)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(message) },
    });
    expect(await post({ query: "SELECT 1 AS v" })).toMatchObject({ body: { rows: [{ v: 1 }] } });
  });

  test("a NUL in a parameter is the error of Postgres", async () => {
    const answer = await post({ query: "SELECT $1::text", params: ["a\0b"] });
    expect(answer).toMatchObject({ status: 400, body: { code: "22021" } });
  });
});

describe("the shape of an answer", () => {
  test("arrayMode inside a statement counts before the header, alone and in a list", async () => {
    const on = { query: "SELECT 1 AS v", arrayMode: true };
    const off = { ...on, arrayMode: false };
    const asArray = { rowAsArray: true, rows: [[1]] };
    const asObject = { rowAsArray: false, rows: [{ v: 1 }] };
    expect((await post(on)).body).toMatchObject(asArray);
    expect((await post(off, { "Neon-Array-Mode": "true" })).body).toMatchObject(asObject);
    const queries = [on, off, { query: "SELECT 1 AS v" }, { query: "SELECT 1 AS v", arrayMode: null }];
    expect((await post({ queries })).body).toMatchObject({
      results: [asArray, asObject, asObject, asObject],
    });
    expect((await post({ queries }, { "Neon-Array-Mode": "true" })).body).toMatchObject({
      results: [asArray, asObject, asArray, asArray],
    });
  });

  test.each([
    ["", "", null],
    ["-- nothing", "", null],
    ["CREATE TABLE thing (id int)", "CREATE", null],
    ["INSERT INTO thing VALUES (1), (2)", "INSERT", 2],
    ["UPDATE thing SET id = 3", "UPDATE", 2],
    ["SELECT * FROM thing", "SELECT", 2],
    ["TRUNCATE thing", "TRUNCATE", null],
    ["SET LOCAL statement_timeout = 1", "SET", null],
  ])("the command of %j is %j", async (query, command, rowCount) => {
    expect(await post({ query })).toMatchObject({ status: 200, body: { command, rowCount } });
  });

  test("an empty statement may stand in a list", async () => {
    expect((await post({ queries: [{ query: "" }, { query: "SELECT 1 AS v" }] })).body).toMatchObject({
      results: [{ command: "", rowCount: null, rows: [], fields: [] }, { rows: [{ v: 1 }] }],
    });
    expect((await post({ queries: [] })).body).toEqual({ results: [] });
  });

  test("the headers of a list are repeated, those of a single statement are not", async () => {
    const headers = {
      "Neon-Batch-Isolation-Level": "Serializable",
      "Neon-Batch-Read-Only": "true",
      "Neon-Batch-Deferrable": "true",
    };
    const list = await post({ queries: [{ query: "SELECT 1" }] }, headers);
    const single = await post({ query: "SELECT 1" }, headers);
    const off = await post({ queries: [] }, { "Neon-Batch-Read-Only": "false" });
    for (const [name, value] of Object.entries(headers)) {
      expect(list.headers.get(name)).toBe(value);
      expect(single.headers.get(name)).toBeNull();
      expect(off.headers.get(name)).toBeNull();
    }
  });

  test.each(["serializable", "constructor", "__proto__", ""])(
    "the isolation level %j does not exist: 400, also where nothing would use it",
    async (level) => {
      const headers = { "Neon-Batch-Isolation-Level": level };
      for (const body of [{ query: "SELECT 1" }, { queries: [] }])
        expect(await post(body, headers)).toMatchObject({
          status: 400,
          body: { message: expect.stringMatching(/^invalid isolation level/), code: "" },
        });
    },
  );

  test("two columns of one name keep the last, and __proto__ is a name like others", async () => {
    const { text, body } = await post({ query: 'SELECT 1 AS a, 2 AS a, 3 AS "__proto__"' });
    expect(body).toMatchObject({ rows: [{ a: 2 }] });
    expect(text).toMatch(/"__proto__":3/);
  });
});

describe("who may ask, and how", () => {
  test.each([
    ["without database", { pathname: "" }, /missing database name/],
    ["without user", { username: "" }, /missing username/],
    ["without password", { password: "" }, /missing authentication credentials/],
    ["with a NUL in the database", { pathname: "/a%00b" }, /invalid database name/],
    ["with a wrong password", { password: "x" }, /password authentication failed for user/],
    [
      "with a password that is no percent-encoded text",
      { password: "%ff%" },
      /password authentication failed/,
    ],
  ])("a connection string %s is 400 without code", async (_, change, message) => {
    const url = Object.assign(new URL(sandbox.neonUrl), change);
    const answer = await post({ query: "SELECT 1" }, { "Neon-Connection-String": url.href });
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(message), code: "", severity: "", detail: null },
    });
  });

  test.each(["mysql://u:p@h/d", "no url", ""])("the connection string %j is 400", async (value) => {
    const answer = await post({ query: "SELECT 1" }, { "Neon-Connection-String": value });
    expect(answer).toMatchObject({ status: 400, body: { code: "" } });
  });

  test("a token is no credential here", async () => {
    const answer = await post({ query: "SELECT 1" }, { Authorization: "Bearer x" });
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/required password/) },
    });
  });

  test("whoever has no credentials is answered before the body is there", async () => {
    const { hostname, port } = new URL(sandbox.neonUrl);
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ hostname, port, path: "/sql", method: "POST" }, (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on("error", reject);
      // The end of the body never comes.
      request.write("{");
    });
    expect(status).toBe(400);
  });

  test("a browser may ask from anywhere", async () => {
    const { host } = new URL(sandbox.neonUrl);
    const preflight = await fetch(`http://${host}/sql`, {
      method: "OPTIONS",
      headers: { Origin: "https://app.example", "Access-Control-Request-Method": "POST" },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/Neon-Connection-String/);
    expect(preflight.headers.get("access-control-max-age")).toBe("86400");
    expect(preflight.headers.get("allow")).toBe("OPTIONS, POST");
    for (const answer of [await post({ query: "SELECT 1" }), await post({ query: "SELEKT" })])
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("a packed body is refused for that", async () => {
    const response = await fetch(`http://${new URL(sandbox.neonUrl).host}/sql`, {
      method: "POST",
      headers: { "Neon-Connection-String": sandbox.neonUrl, "Content-Encoding": "gzip" },
      body: gzipSync('{"query":"SELECT 1"}'),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: expect.stringMatching(/Content-Encoding gzip.* send it as it is/),
    });
  });

  test.each([
    ["what is no HTTP", "GET /sql HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n", 400, /is not HTTP: HPE_/],
    [
      "a head that is too large",
      `GET /sql HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(300_000)}\r\n\r\n`,
      431,
      /Limit: 16384 bytes in 2000 headers; query and params belong into the body/,
    ],
  ])("%s is answered in JSON", async (_what, text, status, message) => {
    const { port } = new URL(sandbox.neonUrl);
    const client = connect({ host: "127.0.0.1", port: Number(port) });
    client.write(text);
    let answer = "";
    for await (const data of client) answer += data.toString();
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(JSON.parse(body)).toEqual({ message: expect.stringMatching(message), code: "" });
  });

  test.each([
    ["GET", "/sql"],
    ["PUT", "/sql"],
    ["POST", "/other"],
  ])("%s %s is not supported", async (method, path) => {
    const { host } = new URL(sandbox.neonUrl);
    const response = await fetch(`http://${host}${path}`, { method });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: expect.stringMatching(/^query is not supported/),
    });
  });
});

test("an answer that is too large is 507, its statement undone, and the next request works", async () => {
  const gateway = await startNeonGateway({ databaseUrl: sandbox.databaseUrl, maxBodyBytes: 100_000 });
  try {
    const url = gateway.connectionString();
    await postSql(url, { query: "CREATE TABLE large (t text)" });
    const query = "INSERT INTO large SELECT repeat('x', 1000) FROM generate_series(1, 100000) RETURNING t";
    const expected = {
      status: 507,
      body: { message: "response is too large (max is 100000 bytes)", code: "" },
    };
    expect(await postSql(url, { query })).toMatchObject(expected);
    expect(await postSql(url, { queries: [{ query }, { query: "SELECT 1" }] })).toMatchObject(expected);
    expect(await postSql(url, { query: `SELECT '${"x".repeat(100_000)}'` })).toMatchObject({ status: 413 });
    expect(await postSql(url, { query: "SELECT repeat('x', 90000) AS t" })).toMatchObject({ status: 200 });
    expect(await postSql(url, { query: "SELECT count(*)::int AS n FROM large" })).toMatchObject({
      body: { rows: [{ n: 0 }] },
    });
  } finally {
    await gateway.close();
  }
});
