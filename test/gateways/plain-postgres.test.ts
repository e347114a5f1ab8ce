import { randomBytes } from "node:crypto";
import type { TLSSocket } from "node:tls";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { migrate } from "../../workers/local/migrate.ts";
import { probePostgres } from "../../workers/local/named-services.ts";
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

describe("a connection string that asks for TLS", () => {
  async function sessionOver(settings: pg.ClientConfig, search = "") {
    const client = new pg.Client({
      connectionString: gateway.connectionString(database) + search,
      ...settings,
    });
    await client.connect();
    try {
      const { rows } = await client.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
      const { stream } = client.connection;
      return { isEncrypted: rows[0]?.ssl, certificate: (stream as TLSSocket).getPeerCertificate?.().raw };
    } finally {
      await client.end();
    }
  }

  test("gets it, as psql does with the one of Neon, and its login is bound to the channel", async () => {
    const search = "?uselibpqcompat=true&sslmode=require&channel_binding=require";
    const { isEncrypted } = await sessionOver({ enableChannelBinding: true }, search);
    expect(isEncrypted).toBe(true);
  });

  test("may begin with TLS, without asking for it first", async () => {
    const sslnegotiation = "direct";
    const { isEncrypted } = await sessionOver({ sslnegotiation, ssl: { rejectUnauthorized: false } });
    expect(isEncrypted).toBe(true);
  });

  test("may check the certificate, which is made out to this machine", async () => {
    const { certificate = Buffer.alloc(0) } = await sessionOver({ ssl: { rejectUnauthorized: false } });
    const ca = `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----`;
    expect((await sessionOver({ ssl: { ca } })).isEncrypted).toBe(true);
    await expect(sessionOver({ ssl: {} })).rejects.toThrow(/self-signed certificate/);
  });

  test("is told what to do when pg does not know the certificate", async () => {
    const url = `${gateway.connectionString(database)}?sslmode=verify-full`;
    await expect(probePostgres(url, "DATABASE_URL")).rejects.toThrow(
      /self-signed certificate.* Leave sslmode out of DATABASE_URL .*NODE_EXTRA_CA_CERTS/,
    );
  });

  test("control: without that it is the same session in clear text", async () => {
    expect((await sessionOver({})).isEncrypted).toBe(false);
  });
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
