import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { keepNamedSql, keepSql } from "./kept-sql.ts";

const dialect = new PgDialect();

test("the text of a kept statement is built once, when it is first sent; its values are parameters", () => {
  let built = 0;
  const findSql = keepSql<[shard: number, ids: readonly string[], name: string | null]>(
    (shard, ids, name) => {
      built += 1;
      return sql`SELECT ${1} WHERE shard = ${shard} AND id = ANY(${ids}::text[]) AND ${sql`name = ${name}`} OR ${shard} = 0`;
    },
  );
  const statements = [findSql(1, ["a", "b"], null), findSql(2, [], "'; DROP TABLE events")];
  expect(built).toBe(0);
  const sent = [...statements, ...statements].map((statement) => dialect.sqlToQuery(statement));
  expect(built).toBe(1);
  expect(new Set(sent.map((query) => query.sql))).toEqual(
    new Set(["SELECT $1 WHERE shard = $2 AND id = ANY($3::text[]) AND name = $4 OR $5 = 0"]),
  );
  expect(sent.map(({ params }) => params)).toEqual([
    [1, 1, ["a", "b"], null, 1],
    [1, 2, [], "'; DROP TABLE events", 2],
    [1, 1, ["a", "b"], null, 1],
    [1, 2, [], "'; DROP TABLE events", 2],
  ]);
});

test("values with names are parameters wherever their name stands, in whatever order they are given", () => {
  let built = 0;
  const betweenSql = keepNamedSql<{ readonly from: string; readonly to: string; readonly types: string[] }>(
    ({ from, to, types }) => {
      built += 1;
      return sql`SELECT ${types}::text[] WHERE id > ${from} AND id <= ${to} AND NOT ${from} = ${to}`;
    },
  );
  const statements = [
    betweenSql({ from: "1", to: "2", types: ["a"] }),
    betweenSql({ types: [], to: "4", from: "3" }),
  ];
  expect(statements.map((statement) => dialect.sqlToQuery(statement))).toEqual([
    {
      sql: "SELECT $1::text[] WHERE id > $2 AND id <= $3 AND NOT $4 = $5",
      params: [["a"], "1", "2", "1", "2"],
    },
    { sql: "SELECT $1::text[] WHERE id > $2 AND id <= $3 AND NOT $4 = $5", params: [[], "3", "4", "3", "4"] },
  ]);
  expect(built).toBe(1);
});

test("a statement without arguments is kept too", () => {
  let built = 0;
  const lookSql = keepSql(() => {
    built += 1;
    return sql`SELECT ${7}::integer`;
  })();
  for (let time = 0; time < 3; time += 1)
    expect(dialect.sqlToQuery(lookSql)).toEqual({ sql: "SELECT $1::integer", params: [7] });
  expect(built).toBe(1);
});

test("a kept statement as a part of another one is refused, and never sent without its text", () => {
  const partSql = keepSql<[n: number]>((n) => sql`SELECT ${n}`);
  const whole = sql`SELECT * FROM (${partSql(1)}) part`;
  expect(() => dialect.sqlToQuery(whole)).toThrow(/cannot be a part of another/);
});
