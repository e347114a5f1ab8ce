import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { migrate } from "../../workers/local/migrate.ts";
import { withDatabase } from "../../workers/local/neon/database.ts";
import { type NeonGateway, startNeonGateway } from "../../workers/local/neon/gateway.ts";

/* The connection string of the gateway, given to programs that speak plain Postgres: migrations, psql, other drivers. */

const { databaseUrl } = inject("services");
const database = `plain_${randomBytes(4).toString("hex")}`;
let gateway: NeonGateway;
let admin: pg.Client;
beforeAll(async () => {
  gateway = await startNeonGateway({ databaseUrl });
  admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${database}`);
});
afterAll(async () => {
  await gateway?.close();
  await admin?.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await admin?.end();
});

test("migrations run through it", async () => {
  await migrate(gateway.connectionString(database));
  const client = new pg.Client({ connectionString: withDatabase(databaseUrl, database) });
  await client.connect();
  const { rows } = await client.query("SELECT to_regclass('public.events')::text AS events");
  await client.end();
  expect(rows).toEqual([{ events: "events" }]);
});

test("a wrong password is refused by Postgres", async () => {
  const url = new URL(gateway.connectionString(database));
  url.password = "wrong";
  const client = new pg.Client({ connectionString: url.href });
  client.on("error", () => undefined);
  await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
});

test("megabytes go through in both directions, and the end of the gateway ends the session", async () => {
  const own = await startNeonGateway({ databaseUrl });
  const client = new pg.Client({ connectionString: own.connectionString(database) });
  const lost = new Promise((resolve) => client.once("error", resolve));
  await client.connect();
  const text = "ü".repeat(2_000_000);
  const { rows } = await client.query("SELECT $1::text AS text", [text]);
  expect(rows[0]?.text === text).toBe(true);
  await own.close();
  await lost;
});
