import { createVault, defineConsumer, on } from "@brain/engine";
import { courseAccessGranted, courseAccessRevoked } from "@brain/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { drainConsumer } from "../../../src/engine/consume/drain/drain.ts";
import { testSecretsKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";

/* Personal fields: sealed where they are stored and sent, in clear for readers, unreadable for everybody after an erasure. */

const secret = "She asked by mail: anna@example.org";
const other = "A gift for Bert.";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(() => engine?.cleanup());

const course = "c-1";

/** Sends an event of access as another program does. */
async function granted(
  user_id: string,
  reason: string | null,
  options: { id?: string; from?: TestEngine } = {},
) {
  return (options.from ?? engine).request("POST", "/api/events", {
    ...(options.id === undefined ? {} : { id: options.id }),
    type: courseAccessGranted.type,
    tenant_id: "acme",
    correlation_id: "story-1",
    payload: {
      course_id: course,
      user_id,
      tenant_id: "acme",
      payment_id: null,
      granted_at: "2026-11-26T10:00:00.000Z",
      reason,
    },
  });
}

const stored = () =>
  engine.sql<{ id: string; reason: string }>(
    "SELECT id, payload ->> 'reason' AS reason FROM events WHERE type = 'course.access.granted' ORDER BY position",
  );

const history = async (from = engine) =>
  (await from.request("GET", "/api/events/history?type=course.access.granted&order=oldest")).body.events.map(
    ({ payload }: { payload: { reason: string } }) => payload.reason,
  );

const erase = (subject: string, from = engine) =>
  from.request("POST", "/api/subjects/erase", {
    subject,
    tenant_id: "acme",
    reason: "the person asked for it",
  });

describe("a personal field", () => {
  test("is sealed in the record and on the stream, and in clear for every reader", async () => {
    const sent = await granted("user-1", secret);
    expect(sent.status, sent.text).toBe(202);
    await engine.relay();
    const [row] = await stored();
    expect(row?.reason).toMatch(/^pii\.v1\.[0-9a-f-]{36}\./);
    const [entry] = await engine.streamEntries();
    expect(entry?.fields.payload).toContain("pii.v1.");
    const everything = JSON.stringify([
      await engine.sql("SELECT * FROM events"),
      entry,
      await engine.sql("SELECT * FROM subject_keys"),
    ]);
    expect(everything).not.toContain("anna@");
    expect(await history()).toEqual([secret]);
    for (const path of [
      `/api/events/${row?.id}`,
      "/api/events/export",
      "/api/audit/export",
      "/api/events/correlation/story-1",
    ]) {
      expect((await engine.request("GET", path)).text, path).toContain(secret);
    }
  });

  test("reaches a handler in clear, and what the handler publishes is sealed again", async () => {
    const seen: unknown[] = [];
    const reader = defineConsumer({
      subscriber: "reader",
      handlers: [
        on(courseAccessGranted, async ({ payload }, { publish }) => {
          seen.push(payload.reason);
          await publish(courseAccessRevoked, {
            course_id: course,
            user_id: payload.user_id,
            tenant_id: payload.tenant_id,
            payment_id: null,
            reason: payload.reason ?? null,
            revoked_at: "2026-11-26T10:00:00.000Z",
          });
        }),
      ],
    });
    await granted("user-1", secret);
    await granted("user-2", other);
    await engine.relay();
    const deps = { ...engine.open(), onPublished: () => undefined };
    await drainConsumer(deps, reader, { shard: 0, deadlineMs: Date.now() + 20_000, maxEvents: 10 });
    expect(seen).toEqual([secret, other]);
    const revoked = await engine.sql<{ reason: string }>(
      "SELECT payload ->> 'reason' AS reason FROM events WHERE type = 'course.access.revoked'",
    );
    expect(revoked.every(({ reason }) => reason.startsWith("pii.v1."))).toBe(true);
    expect(revoked).toHaveLength(2);
  });

  test("makes no other event of one that is sent again, and another one of another text", async () => {
    const id = crypto.randomUUID();
    expect((await granted("user-1", secret, { id })).status).toBe(202);
    const again = await granted("user-1", secret, { id });
    expect(again.body.deduplicated, again.text).toBe(true);
    expect((await granted("user-1", other, { id })).status).toBe(409);
  });

  test("opens nowhere but in its own event", async () => {
    await granted("user-1", secret);
    const [first] = await stored();
    const copied = await granted("user-1", first?.reason ?? "");
    expect(copied.status).toBe(422);
    await granted("user-1", other);
    await engine.sql(
      "UPDATE events SET payload = jsonb_set(payload, '{reason}', to_jsonb($1::text)) WHERE id <> $2::uuid",
      [first?.reason, first?.id],
    );
    const [own, foreign] = await history();
    expect(own).toBe(secret);
    expect(foreign).toBe(first?.reason);
  });

  test("takes no secret, and personal data nowhere else", async () => {
    const key = ["sk", "live", "0123456789abcdefghijklmn"].join("_");
    expect((await granted("user-1", `the key is ${key}`)).status).toBe(422);
    const elsewhere = await engine.request("POST", "/api/events", {
      type: "course.distribution.requested",
      payload: { course_id: "anna@example.org" },
    });
    expect(elsewhere.status).toBe(422);
  });
});

describe("erasing a person", () => {
  test("makes its fields unreadable, and nobody else's; the events stay as they are", async () => {
    await granted("user-1", secret);
    await granted("user-2", other);
    const before = await engine.sql("SELECT * FROM events ORDER BY position");
    const erased = await erase("user-1");
    expect(erased.body, erased.text).toEqual({ subject: "user-1", tenant_id: "acme", erased: true });
    expect(await history()).toEqual(["[erased]", other]);
    expect(await engine.sql("SELECT * FROM events ORDER BY position")).toEqual(before);
    const [action] = await engine.sql("SELECT action, affected, filter FROM operator_actions");
    expect(action).toMatchObject({
      action: "subject.erased",
      affected: 1,
      filter: { subject: "user-1" },
    });
    expect((await erase("user-1")).body.erased).toBe(false);
    // What comes later has another key.
    await granted("user-1", "She came back.");
    expect(await history()).toEqual(["[erased]", other, "She came back."]);
  });

  test("does not keep its events from being handled", async () => {
    await granted("user-1", secret);
    await erase("user-1");
    await engine.settle();
    for (const { subscriber } of engine.system.consumers.values())
      expect(await engine.deadLetters(subscriber), subscriber).toEqual([]);
  });

  test("without it they can be read, so the tests above can fail", async () => {
    await granted("user-1", secret);
    await erase("user-2");
    expect(await history()).toEqual([secret]);
  });

  test("is told what is known of the person as JSONL", async () => {
    await granted("user-1", secret);
    await granted("user-2", other);
    const all = await engine.request("GET", "/api/subjects/export?subject=user-1&tenant_id=acme");
    expect(all.status).toBe(200);
    const lines = all.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ payload }) => payload.reason)).toEqual([secret]);
  });

  test("which of several is meant must be said with a key for all tenants, and is never guessed", async () => {
    await granted("user-1", secret);
    const body = { subject: "user-1", reason: "the person asked for it" };
    const refusals = [
      await engine.request("GET", "/api/subjects/export?subject=user-1"),
      await engine.request("POST", "/api/subjects/erase", body),
    ];
    for (const refused of refusals) {
      expect(refused.status, refused.text).toBe(422);
      expect(refused.body.tenants).toEqual(["acme"]);
      expect(refused.body.error.message).toContain("Tenants that know user-1: acme.");
    }
    const none = await engine.request("GET", "/api/subjects/export?subject=user-1&without_tenant=true");
    expect([none.status, none.text]).toEqual([200, ""]);
    const erased = await engine.request("POST", "/api/subjects/erase", { ...body, without_tenant: true });
    expect(erased.body).toEqual({ subject: "user-1", tenant_id: null, erased: false });
    expect(await history()).toEqual([secret]);
    const unknown = await engine.request("GET", "/api/subjects/export?subject=user-9");
    expect([unknown.status, unknown.text]).toEqual([200, ""]);
    const both = "/api/subjects/export?subject=user-1&tenant_id=acme&without_tenant=true";
    expect((await engine.request("GET", both)).status).toBe(422);
  });

  test("a tenant that has only the key of the person left is named, too", async () => {
    await granted("user-1", secret);
    await engine.sql("DELETE FROM events");
    const refused = await engine.request("GET", "/api/subjects/export?subject=user-1");
    expect(refused.body.tenants, refused.text).toEqual(["acme"]);
  });

  test("is for administrators, and for those of one tenant within it", async () => {
    await granted("user-1", secret);
    const keyOf = async (scopes: readonly string[], tenant_id: string) => {
      const made = await engine.request("POST", "/api/keys", { name: "a key", tenant_id, scopes });
      return { authorization: `Bearer ${made.body.key}` };
    };
    const body = { subject: "user-1", reason: "the person asked for it" };
    const viewer = await keyOf(["*:read", "*:write", "operate"], "acme");
    expect((await engine.request("POST", "/api/subjects/erase", body, viewer)).status).toBe(403);
    const foreign = await keyOf(["admin"], "globex");
    expect((await engine.request("POST", "/api/subjects/erase", body, foreign)).body.erased).toBe(false);
    expect(await history()).toEqual([secret]);
    const own = await keyOf(["admin"], "acme");
    expect((await engine.request("POST", "/api/subjects/erase", body, own)).body.erased).toBe(true);
  });
});

test("an event that comes right behind an erasure by another isolate is refused once, and readable when it comes again", async () => {
  expect((await granted("user-1", secret)).status).toBe(202);
  // This isolate is not told.
  await engine.sql("DELETE FROM subject_keys");
  expect(await granted("user-1", other)).toMatchObject({
    status: 503,
    body: { error: { code: "unavailable" } },
  });
  expect((await granted("user-1", other)).status).toBe(202);
  expect(await history()).toEqual(["[erased]", other]);
});

describe("the key of the environment", () => {
  test.each(["jsonl", "csv"])(
    "that opens no key of a person makes an export as %s an error, and no file that breaks off",
    async (format) => {
      expect((await granted("user-1", secret)).status).toBe(202);
      // One that nobody remembers, sealed for another row.
      await engine.sql(`
        WITH made AS (
          INSERT INTO subject_keys (key_id, tenant_id, subject, sealed_key)
          SELECT gen_random_uuid(), tenant_id, 'user-2', sealed_key FROM subject_keys RETURNING key_id::text AS made_id
        )
        INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, tenant_id)
        SELECT gen_random_uuid(), type, source, schema_version, producer, source_module, meta,
          replace(payload::text, (SELECT key_id::text FROM subject_keys), made_id)::jsonb, occurred_at, tenant_id
        FROM events, made`);
      const told = async (path: string) => {
        const { status, body } = await engine.request("GET", path);
        return [status, body.error.code];
      };
      expect(await told(`/api/audit/export?format=${format}`)).toEqual(await told("/api/audit/events"));
    },
  );

  test("can be changed: the keys of persons get the new one, and the events stay as they are", async () => {
    const changed = await createTestEngine({
      BRAIN_SECRETS_KEY: `${"B".repeat(42)}A=`,
      BRAIN_SECRETS_KEY_PREVIOUS: testSecretsKey,
    });
    try {
      await granted("user-1", secret, { from: changed });
      const [row] = await changed.sql<{ key_id: string; sealed_key: string }>("SELECT * FROM subject_keys");
      const place = { table: "subject_keys", row: row?.key_id ?? "", column: "sealed_key" };
      const [before, after] = [
        createVault({ current: testSecretsKey, previous: null }),
        createVault({ current: `${"B".repeat(42)}A=`, previous: null }),
      ];
      const key = await after.open(row?.sealed_key ?? "", place);
      await changed.sql("UPDATE subject_keys SET sealed_key = $1", [await before.seal(key, place)]);
      await changed.cron();
      const [rotated] = await changed.sql<{ sealed_key: string }>("SELECT sealed_key FROM subject_keys");
      expect(await after.open(rotated?.sealed_key ?? "", place)).toBe(key);
      await expect(before.open(rotated?.sealed_key ?? "", place)).rejects.toThrow();
      expect(await history(changed)).toEqual([secret]);
    } finally {
      await changed.cleanup();
    }
  });

  test("that is missing leaves the fields in clear, says so, and keeps personal data out", async () => {
    const bare = await createTestEngine({ BRAIN_SECRETS_KEY: "" });
    try {
      expect((await granted("user-1", other, { from: bare })).status).toBe(202);
      expect(await history(bare)).toEqual([other]);
      const [row] = await bare.sql("SELECT payload ->> 'reason' AS reason FROM events");
      expect(row).toEqual({ reason: other });
      expect((await granted("user-1", secret, { from: bare })).status).toBe(422);
      expect(bare.logs.some((line) => line.includes("BRAIN_SECRETS_KEY is not set"))).toBe(true);
    } finally {
      await bare.cleanup();
    }
  });
});
