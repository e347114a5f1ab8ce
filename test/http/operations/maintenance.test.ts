import { systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSurface, type Surface } from "../surface.ts";

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface({ relayAfterCommit: true, env: { BRAIN_STREAM_KEEP: "2" } });
});
afterAll(() => surface.cleanup());

async function send(count: number): Promise<string[]> {
  await surface.publish({ source: "test" }, async (publish) => {
    for (let number = 0; number < count; number += 1) {
      await publish(systemHealth, { component: "db", status: String(number) });
    }
  });
  await surface.relay();
  const entries = (await surface.redis("XRANGE", surface.stream, "-", "+")) as [string, unknown][];
  return entries.map(([id]) => id);
}

describe("POST /api/maintenance/reconcile", () => {
  test("reports what was missing, and what was lost is on the stream again", async () => {
    const ids = await send(6);
    expect(await surface.post("/api/maintenance/reconcile", {})).toMatchObject({
      status: 200,
      body: {
        shards: [{ shard: 0, checked: 6, missing: 0, restored: 0, missing_groups: [], more: false }],
        restored: 0,
      },
    });
    await surface.redis("XDEL", surface.stream, ids[2] ?? "");
    const { body } = await surface.send("/api/maintenance/reconcile", { method: "POST" });
    expect(body).toMatchObject({ shards: [{ checked: 6, missing: 1, restored: 1 }], restored: 1 });
    await surface.background();
    expect(await surface.streamLength()).toBe(6);
  });
});

describe("POST /api/maintenance/janitor", () => {
  test("reports each part, and is in the audit with who called", async () => {
    await surface.redis("XGROUP", "CREATE", surface.stream, "reader", "0");
    await surface.redis("XREADGROUP", "GROUP", "reader", "r", "NOACK", "STREAMS", surface.stream, ">");
    const reply = await surface.post("/api/maintenance/janitor", {}, { "x-actor-id": "user:7" });
    expect(reply).toMatchObject({
      status: 200,
      body: {
        busy: false,
        restored: 0,
        reconcile: { error: null, shards: [{ shard: 0, missing: 0 }] },
        trim: {
          error: null,
          shards: [
            {
              shard: 0,
              before: 6,
              trimmed: 4,
              kept: 2,
              archived: 0,
              restored: 0,
              held_back_by: null,
              more: false,
            },
          ],
        },
        purge: {
          error: null,
          processed_events: 0,
          dead_letters: 0,
          idempotency_keys: 0,
          alerts: 0,
          more: false,
        },
        archive: { error: null, configured: false, days: [], more: false },
        took_ms: expect.any(Number),
      },
    });
    expect(await surface.streamLength()).toBe(2);
    expect(
      await surface.sql(
        "SELECT action, actor_id FROM operator_actions WHERE action LIKE 'maintenance.janitor%'",
      ),
    ).toEqual([{ action: "maintenance.janitor_run", actor_id: "user:7" }]);
  });

  test.each(["janitor", "reconcile"])("%s refuses settings that it would not follow", async (name) => {
    const reply = await surface.post(`/api/maintenance/${name}`, { force: true });
    expect(reply).toMatchObject({ status: 422, body: { error: { code: "validation_failed" } } });
  });
});
