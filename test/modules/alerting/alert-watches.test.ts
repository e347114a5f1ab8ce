import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

const alertsOf = async (kind: string) => {
  await engine.system.cron();
  const answer = await engine.request("GET", `/api/alerts?kind=${kind}`);
  return answer.body.alerts;
};

test("a key in use that ends soon is an alert of its tenant; one that was made for a short time is none", async () => {
  const make = async (name: string, tenantId: string | null) => {
    const reply = await engine.request("POST", "/api/keys", {
      name,
      scopes: ["tasks:read"],
      tenant_id: tenantId,
      expires_at: new Date(Date.now() + 86_400_000 * 5).toISOString(),
    });
    return String(reply.body.id);
  };
  const [long, short, unused] = [
    await make("long", "acme"),
    await make("short", null),
    await make("unused", null),
  ];
  await engine.sql("UPDATE identity_keys SET created_at = now() - interval '90 days' WHERE id <> $1", [
    short,
  ]);
  await engine.sql("UPDATE identity_keys SET last_used_at = now() WHERE id <> $1", [unused]);
  expect(await alertsOf("key_ends")).toMatchObject([
    {
      subject: long,
      tenant_id: "acme",
      severity: "warning",
      message: expect.stringContaining("(long) ends at"),
    },
  ]);
  await engine.request("POST", `/api/keys/${long}/revoke`);
  expect(await alertsOf("key_ends")).toEqual([]);
});

test("generations of which more than one in a hundred fails are an alert, two that fail are none", async () => {
  const record = (type: string, count: number, ago = "1 hour") =>
    engine.sql(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, stored_at, shard, stream_message_id)
       SELECT gen_random_uuid(), $1, 'test', 1, 'test', 'course_factory', '{}', '{}', now(), now() - $3::interval, 0, '1-' || n
       FROM generate_series(1, $2::integer) n`,
      [type, count, ago],
    );
  await record("course.generation.failed", 50, "2 days");
  await record("course.generation.failed", 2);
  await record("course.generation.completed", 7);
  expect(await alertsOf("generation_failures")).toEqual([]);
  await record("course.generation.failed", 1);
  expect(await alertsOf("generation_failures")).toMatchObject([
    {
      severity: "critical",
      message: expect.stringContaining("3 of 10 generations of the last day failed (30.0 %)"),
    },
  ]);
  await record("course.generation.completed", 290);
  expect(await alertsOf("generation_failures")).toEqual([]);
});
