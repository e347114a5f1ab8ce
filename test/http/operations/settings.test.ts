import { afterAll, beforeAll, expect, test } from "vitest";
import { settingNames } from "../../../src/config.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../refusal.ts";

/** Stands in every setting whose definition does not say that it may be shown. */
const planted = "planted-secret-0123456789";
const secrets = {
  BRAIN_NOTIFY_URL: `https://notify.example/${planted}`,
  BRAIN_NOTIFY_SECRET: planted,
  BRAIN_AUDIT_URL: `https://audit.example/${planted}`,
  BRAIN_AUDIT_SECRET: planted,
  STRIPE_SECRET_KEY: planted,
  STRIPE_WEBHOOK_SECRET: planted,
  CONTENT_API_URL: `https://content.example/${planted}`,
  CONTENT_API_KEY: planted,
  CONTENT_MODEL: planted,
  BRAIN_ALERT_SLACK_URL: `https://slack.example/${planted}`,
  OTEL_EXPORTER_OTLP_HEADERS: `x-key=${planted}`,
};

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine({ ...secrets, BRAIN_SHARDS: "1", BRAIN_LOG_LEVEL: "error" });
});
afterAll(() => engine?.cleanup());

interface Told {
  readonly name: string;
  readonly meaning: string;
  readonly default: string | null;
  readonly is_set: boolean;
  readonly value: string | null;
  readonly is_secret: boolean;
}

const read = async () => {
  const { status, body, text } = await engine.request("GET", "/api/settings");
  expect(status, text).toBe(200);
  const settings: readonly Told[] = body.settings;
  const named = (name: string) => settings.find((setting) => setting.name === name);
  return { body, text, settings, named };
};

test("every setting is told once, with its meaning", async () => {
  const { settings } = await read();
  expect(settings.map(({ name }) => name).sort()).toEqual([...settingNames].sort());
  expect(settings.filter(({ meaning }) => !meaning)).toEqual([]);
});

test("no planted secret is told, nor an account of a store; whether it is set is", async () => {
  const { text, named } = await read();
  expect(text).not.toContain(planted);
  for (const name of Object.keys(secrets)) {
    expect(named(name), name).toMatchObject({ is_set: true, value: null, is_secret: true });
  }
  expect(named("NEON_DATABASE_URL")).toMatchObject({ is_set: true, value: null, is_secret: true });
  expect(text).not.toMatch(/postgres:\/\//);
  // The control: a value whose definition says that it is none is told.
  expect(named("BRAIN_LOG_LEVEL")).toMatchObject({ is_set: true, value: "error", is_secret: false });
});

test("what is not set has its default, as the definition has it or in the words of the documents", async () => {
  const { named } = await read();
  expect(named("BRAIN_EVENTS_DAYS")).toMatchObject({ is_set: false, value: null, default: "90" });
  expect(named("BRAIN_STAGING_DOMAIN")).toMatchObject({ default: "course-factory.staging" });
  expect(named("BRAIN_PUBLIC_URL")?.default).toMatch(/^none: /);
});

test("versions, stores, migrations and modules are told", async () => {
  const { body } = await read();
  expect(body.versions).toMatchObject({
    project: expect.stringMatching(/^\d+\./),
    engine: expect.stringMatching(/^\d+\./),
    runtime: expect.stringContaining("Node.js"),
  });
  const answering = { host: expect.any(String), reachable: true, refusal: null };
  expect(body.stores.postgres).toEqual(answering);
  expect(body.stores.redis).toEqual(answering);
  expect(body.migrations).toMatchObject({ state: "current", missing: [] });
  expect(body.migrations.needed.length).toBeGreaterThanOrEqual(1);
  const payment = body.modules.find(({ name }: { name: string }) => name === "payment");
  expect(payment).toMatchObject({ consumers: ["payment"], paths: ["/api/paycore"] });
  expect(payment.settings).toContain("STRIPE_SECRET_KEY");
});

test("the table of claims is told as the database has it, whatever the journal of migrations says", async () => {
  const claims = async () => (await read()).body.claims;
  expect(await claims()).toEqual({
    table: true,
    unique_index: "uq_subscriber_stream_msg_id",
    migrations: ["0000_init", "0004_claims_and_dead_letters"],
    original_migration: "002_event_dedup_stream_message_id",
  });
  const change = (statement: string) => engine.sql(`ALTER TABLE processed_events ${statement}`);
  await change("DROP CONSTRAINT uq_subscriber_stream_msg_id");
  // None of these keeps a message from being applied twice.
  await engine.sql(
    `CREATE UNIQUE INDEX more_than_asked ON processed_events (subscriber_name, stream_message_id, id)`,
  );
  await engine.sql(`CREATE UNIQUE INDEX of_some_rows ON processed_events (subscriber_name, stream_message_id)
    WHERE tenant_id IS NOT NULL`);
  expect(await claims()).toMatchObject({ table: true, unique_index: null });
  await engine.sql(
    `CREATE UNIQUE INDEX other_order ON processed_events (stream_message_id, subscriber_name)`,
  );
  expect(await claims()).toMatchObject({ unique_index: "other_order" });
  await engine.sql("DROP INDEX other_order, of_some_rows, more_than_asked");
  await change("ADD CONSTRAINT uq_subscriber_stream_msg_id UNIQUE (subscriber_name, stream_message_id)");
  await change("RENAME TO processed_events_aside");
  try {
    expect(await claims()).toMatchObject({ table: false, unique_index: null });
    expect((await read()).body.migrations.state).not.toBe("behind");
  } finally {
    await engine.sql("ALTER TABLE processed_events_aside RENAME TO processed_events");
  }
});

test("a missing migration is named", async () => {
  const gone = await engine.sql(
    "DELETE FROM brain_engine.migrations WHERE created_at = (SELECT max(created_at) FROM brain_engine.migrations) RETURNING 1",
  );
  expect(gone).toHaveLength(1);
  const { body } = await read();
  expect(body.migrations.state).toBe("behind");
  expect(body.migrations.missing).toHaveLength(1);
});

test("it is for administrators of all tenants", async () => {
  for (const role of [{ roles: ["operator"] }, { roles: ["admin"], tenant_id: "acme" }]) {
    const { body } = await engine.request("POST", "/api/keys", { name: "a test", ...role });
    const headers = { authorization: `Bearer ${body.key}` };
    expectErrorShape(await engine.request("GET", "/api/settings", undefined, headers), 403, "forbidden");
  }
});
