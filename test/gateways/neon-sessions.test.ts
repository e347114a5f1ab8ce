/** What a session over WebSocket leaves on its connection, which serves the next one: nothing, and without a round trip more where it could leave nothing. */

import { connect, createServer, type Server } from "node:net";
import { Client } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { type NeonGateway, startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { leavingFunctionsQuery } from "../../workers/local/neon/session-state.ts";
import { listenOnLoopback } from "../../workers/local/ports.ts";
import { waitFor } from "../wait-for.ts";
import { postSql, sandbox, useNeon, withClient } from "./neon-client.ts";

const reset = "DISCARD ALL";
/** As long as the reset, and does nothing. */
const nothing = "SELECT    1";

/** A Postgres between which and the gateway somebody listens, and may take the resets out. */
interface Listened {
  readonly gateway: NeonGateway;
  readonly resets: () => number;
  close(): Promise<void>;
}

async function listen(databaseUrl: string, takesOut: boolean): Promise<Listened> {
  const { hostname, port } = new URL(databaseUrl);
  let resets = 0;
  const proxy: Server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("data", (bytes: Buffer) => {
      const at = bytes.indexOf(reset);
      if (at !== -1) {
        resets += 1;
        if (takesOut) bytes.write(nothing, at, "latin1");
      }
      far.write(bytes);
    });
    far.on("data", (bytes: Buffer) => near.write(bytes));
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  const url = Object.assign(new URL(databaseUrl), { port: String(await listenOnLoopback(proxy, 0)) });
  const gateway = await startNeonGateway({ databaseUrl: url.href });
  return {
    gateway,
    resets: () => resets,
    async close() {
      await gateway.close();
      proxy.close();
    },
  };
}

let real: Listened;

useNeon("CREATE TABLE item (id integer)");
beforeAll(async () => {
  real = await listen(sandbox.databaseUrl, false);
});
afterAll(() => real.close());

const everythingLeft = `SELECT current_setting('enable_material') AS material, to_regclass('leftover') IS NOT NULL AS table,
  (SELECT count(*) FROM pg_listening_channels())::integer AS channels,
  (SELECT count(*) FROM pg_prepared_statements)::integer AS statements,
  (SELECT count(*) FROM pg_cursors WHERE name <> '')::integer AS cursors,
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())::integer AS locks`;
const clean = { material: "on", table: false, channels: 0, statements: 0, cursors: 0, locks: 0 };

const pidOf = async (client: Client) =>
  Number((await client.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid);

/** What a session finds on the connection of the one that ran `leave`. */
async function findAfter(
  url: string,
  leave: (client: Client) => Promise<unknown>,
  Socket: typeof WebSocket = WebSocket,
): Promise<unknown> {
  const first = new Client(url);
  first.neonConfig.webSocketConstructor = Socket;
  await first.connect();
  await leave(first);
  const pid = await pidOf(first);
  await first.end();
  const others: Client[] = [];
  try {
    // It may not be ready yet; and those that are in use are not given again.
    return await waitFor(
      "the connection of the session before",
      async () => {
        const client = new Client(url);
        client.on("error", () => undefined);
        await client.connect();
        others.push(client);
        return (await pidOf(client)) === pid ? (await client.query(everythingLeft)).rows[0] : null;
      },
      (found) => found !== null,
    );
  } finally {
    for (const client of others) await client.end();
  }
}

/** A WebSocket that sends everything in frames of three bytes, but the goodbye: in pieces it would end the connection. */
class Crumbling extends WebSocket {
  override send(data: Uint8Array): void {
    if (data.length <= 5) super.send(data);
    else for (let at = 0; at < data.length; at += 3) super.send(data.subarray(at, at + 3));
  }
}

const asks = (text: string) => (client: Client) => client.query(text);
const ways: readonly (readonly [string, (client: Client) => Promise<unknown>, Partial<typeof clean>])[] = [
  ["a setting", asks("SET enable_material = off"), { material: "off" }],
  ["a setting behind a comment", asks("/* a; b */ SET enable_material = off"), { material: "off" }],
  [
    "a setting among statements",
    asks("BEGIN; SET LOCAL enable_material = on; COMMIT; SET enable_material = off"),
    { material: "off" },
  ],
  [
    "a setting by a function",
    asks("SELECT set_config('enable_material', 'off', false)"),
    { material: "off" },
  ],
  [
    "a setting with parameters",
    (client) => client.query("SELECT set_config($1, $2, $3)", ["enable_material", "off", "false"]),
    { material: "off" },
  ],
  ["a setting by DO", asks("DO $$ BEGIN SET enable_material = off; END $$"), { material: "off" }],
  [
    "a setting by a view",
    asks("UPDATE pg_settings SET setting = 'off' WHERE name = 'enable_material'"),
    { material: "off" },
  ],
  ["a temporary table", asks("CREATE TEMP TABLE leftover (a integer)"), { table: true }],
  ["a temporary table of a query", asks("SELECT 1 AS a INTO TEMP leftover"), { table: true }],
  ["a lock of the session", asks("SELECT pg_advisory_lock(4712)"), { locks: 1 }],
  ["a lock tried for", asks("SELECT pg_try_advisory_lock(4712)"), { locks: 1 }],
  ["LISTEN", asks("LISTEN leftover"), { channels: 1 }],
  ["PREPARE", asks("PREPARE leftover AS SELECT 1"), { statements: 1 }],
  [
    "a prepared statement of the protocol",
    (client) => client.query({ name: "leftover", text: "SELECT 1" }),
    { statements: 1 },
  ],
  ["a cursor WITH HOLD", asks("DECLARE leftover CURSOR WITH HOLD FOR SELECT 1"), { cursors: 1 }],
];

describe("a session that leaves", () => {
  test.each(ways)("%s: the next one on its connection does not find it", async (_, leave) => {
    expect(await findAfter(real.gateway.connectionString(), leave)).toEqual(clean);
  });

  test.each(ways)("control: %s is found when nothing takes it away", async (_, leave, left) => {
    const careless = await listen(sandbox.databaseUrl, true);
    try {
      expect(await findAfter(careless.gateway.connectionString(), leave)).toEqual({ ...clean, ...left });
    } finally {
      await careless.close();
    }
  });

  test("a setting, over frames of three bytes: the next one does not find it", async () => {
    const url = real.gateway.connectionString();
    expect(await findAfter(url, asks("SET enable_material = off"), Crumbling)).toEqual(clean);
  });
});

describe("a function that leaves something", () => {
  const make = (name: string) =>
    `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET enable_material = off; RETURN NULL; END $$;
     CREATE OR REPLACE FUNCTION ${name}_call() RETURNS integer LANGUAGE sql AS $$ SELECT set_config('enable_material', 'off', false); SELECT 1 $$`;
  const drop = (name: string) => `DROP FUNCTION ${name}() CASCADE; DROP FUNCTION ${name}_call()`;

  const bySession = (url: string, text: string) => withClient(url, asks(text));
  const overHttp = async (url: string, text: string) => {
    for (const query of text.split(/;(?=\s+CREATE)/)) await postSql(url, { query });
  };

  test.each([
    ["made by a session", bySession, false],
    ["made over HTTP", overHttp, false],
    ["control: and nothing takes it away", bySession, true],
  ])("%s", async (_, run, takesOut) => {
    const { gateway, close } = await listen(sandbox.databaseUrl, takesOut);
    const url = gateway.connectionString();
    const expected = takesOut ? { ...clean, material: "off" } : clean;
    try {
      // Known to have no such function.
      await withClient(url, asks("SELECT 1"));
      await run(url, make("leaves"));
      expect(await findAfter(url, asks("SELECT leaves_call()"))).toEqual(expected);
      await withClient(url, asks("CREATE TRIGGER t AFTER INSERT ON item EXECUTE FUNCTION leaves()"));
      expect(await findAfter(url, asks("INSERT INTO item VALUES (1)"))).toEqual(expected);
    } finally {
      await withClient(url, asks(drop("leaves")));
      await close();
    }
  });
});

describe("what leaves something and is in no statement of the session", () => {
  const stored: readonly (readonly [string, string, string, string, Partial<typeof clean>])[] = [
    [
      "a view",
      "CREATE VIEW stored AS SELECT pg_try_advisory_lock(4714)",
      "SELECT * FROM stored",
      "DROP VIEW stored",
      { locks: 1 },
    ],
    [
      "a view on the settings",
      "CREATE VIEW stored AS SELECT name, setting FROM pg_settings",
      "UPDATE stored SET setting = 'off' WHERE name = 'enable_material'",
      "DROP VIEW stored",
      { material: "off" },
    ],
    [
      "a rule",
      "CREATE RULE stored AS ON DELETE TO item DO ALSO SELECT set_config('enable_material', 'off', false)",
      "DELETE FROM item",
      "DROP RULE stored ON item",
      { material: "off" },
    ],
    [
      "a default",
      "CREATE TABLE stored (a text DEFAULT set_config('enable_material', 'off', false))",
      "INSERT INTO stored DEFAULT VALUES",
      "DROP TABLE stored",
      { material: "off" },
    ],
    [
      "a constraint",
      "CREATE TABLE stored (a integer CHECK (a < 0 OR set_config('enable_material', 'off', false) IS NOT NULL))",
      "INSERT INTO stored VALUES (1)",
      "DROP TABLE stored",
      { material: "off" },
    ],
    [
      "a condition of a trigger",
      `CREATE TABLE stored (a integer); CREATE TRIGGER stored AFTER INSERT ON stored
       WHEN (set_config('enable_material', 'off', false) = '') EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
      "INSERT INTO stored VALUES (1)",
      "DROP TABLE stored",
      { material: "off" },
    ],
    [
      "a default of a type",
      `CREATE DOMAIN stored AS text DEFAULT set_config('enable_material', 'off', false); CREATE TABLE store (a stored)`,
      "INSERT INTO store DEFAULT VALUES",
      "DROP TABLE store; DROP DOMAIN stored",
      { material: "off" },
    ],
  ];

  test.each(stored)("%s: the next one does not find it", async (_, make, use, drop) => {
    await withClient(sandbox.neonUrl, asks(make));
    const { gateway, close } = await listen(sandbox.databaseUrl, false);
    const url = gateway.connectionString();
    try {
      // The first look at a database comes with a reset in any case.
      await findAfter(url, asks("SELECT 1"));
      expect(await findAfter(url, asks(use))).toEqual(clean);
    } finally {
      await close();
      await withClient(sandbox.neonUrl, asks(drop));
    }
  });

  test.each(stored)("control: %s, when nothing takes it away", async (_, make, use, drop, left) => {
    await withClient(sandbox.neonUrl, asks(make));
    const { gateway, close } = await listen(sandbox.databaseUrl, true);
    const url = gateway.connectionString();
    try {
      // The first look at a database comes with a reset in any case.
      await findAfter(url, asks("SELECT 1"));
      expect(await findAfter(url, asks(use))).toEqual({ ...clean, ...left });
    } finally {
      await close();
      await withClient(sandbox.neonUrl, asks(drop));
    }
  });
});

test("what the engine keeps in a database leaves nothing: with one thing that did, each session would be reset", async () => {
  const client = new pg.Client({ connectionString: sandbox.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(leavingFunctionsQuery);
    expect(rows).toEqual([]);
  } finally {
    await client.end();
  }
});

test("sessions that can leave nothing cost no reset each", async () => {
  const url = real.gateway.connectionString();
  const before = real.resets();
  const sessions = 20;
  for (let session = 0; session < sessions; session += 1) {
    await withClient(url, async (client) => {
      await client.query("BEGIN; SET LOCAL statement_timeout = 30000");
      await client.query("INSERT INTO item VALUES ($1) RETURNING id", [session]);
      await client.query("COMMIT");
    });
  }
  expect(real.resets() - before).toBeLessThan(sessions / 2);
});

test("a session that leaves its transaction open needs no more than its end", async () => {
  const url = real.gateway.connectionString();
  const found = await findAfter(url, async (client) => {
    await client.query("BEGIN; SET LOCAL enable_material = off");
    await client.query("SELECT pg_advisory_xact_lock(4713)");
  });
  expect(found).toEqual(clean);
});
