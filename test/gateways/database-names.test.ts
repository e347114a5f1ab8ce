import { randomBytes } from "node:crypto";
import { Client, neon } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { probePostgres } from "../../workers/local/named-services.ts";
import { databaseName, withDatabase } from "../../workers/local/neon/database.ts";
import { type NeonGateway, startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { useLocalGateway } from "./neon-client.ts";

/* Databases whose names have characters that mean something in a URL, such as those of branches. */

const { databaseUrl } = inject("services");
const mark = randomBytes(4).toString("hex");
const names = ["my db", "feature/x", "a+b", "a@b:c", "a?b", "a#b", "a&b=c;d", "ü%2F%", "a\\b"].map(
  (name) => mark + name,
);
let gateway: NeonGateway;
let admin: pg.Client;

beforeAll(async () => {
  useLocalGateway();
  gateway = await startNeonGateway({ databaseUrl });
  admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
});
afterAll(async () => {
  await gateway?.close();
  await admin?.end();
});

const current = "SELECT current_database() AS name";

test.each(names)("%s is found over HTTP, over WebSocket and directly", async (name) => {
  const quoted = pg.escapeIdentifier(name);
  await admin.query(`CREATE DATABASE ${quoted}`);
  try {
    const url = gateway.connectionString(name);
    const { hostname: host, port, username: user, password } = new URL(url);
    const client = new Client({ host, port: Number(port), user, password, database: name });
    client.on("error", () => undefined);
    expect(await neon(url).query(current)).toEqual([{ name }]);
    await client.connect();
    expect((await client.query(current)).rows).toEqual([{ name }]);
    await client.end();
    const direct = withDatabase(databaseUrl, name);
    expect(databaseName(direct)).toBe(name);
    expect(await probePostgres(direct, "DATABASE_URL")).toMatch(/^\d/);
  } finally {
    await admin.query(`DROP DATABASE ${quoted} WITH (FORCE)`);
  }
});
