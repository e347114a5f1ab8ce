import { beforeEach, describe, expect, test } from "vitest";
import type { Archive } from "../../../src/engine/archive.ts";
import { runJanitor } from "../../../src/engine/retention/janitor.ts";
import { sends } from "../../faults.ts";
import { wholeDay } from "../../whole-day.ts";
import { openBackbone, openFaultyBackbone, publishReports } from "../fixture.ts";
import { createGroup, daysAgo, handle, moveToDay, openFolder, streamIds } from "./janitor-fixture.ts";

beforeEach(() => wholeDay());

const soon = () => Date.now() + 20_000;

describe("the janitor", () => {
  test("does all its parts in one run, and nothing in the next", async () => {
    const backbone = await openBackbone({ env: { BRAIN_STREAM_KEEP: "2" } });
    const { archive } = await openFolder();
    await publishReports(backbone, 10);
    await backbone.relay();
    await moveToDay(backbone, daysAgo(100), "position <= 3");
    await createGroup(backbone, "reader");
    await handle(backbone, "reader", 10);
    await backbone.sql(`
      INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, processed_at)
      VALUES ('s', 'st', '1-1', now() - interval '91 days')`);
    const [, lost = ""] = (await streamIds(backbone)).slice(-2);
    await backbone.redis("XDEL", backbone.stream, lost);

    const first = await runJanitor({ ...backbone.open(), archive }, soon());
    expect(first).toMatchObject({
      busy: false,
      restored: 1,
      reconcile: { error: null, result: [{ checked: 10, missing: 1, restored: 1 }] },
      trim: { error: null, result: [{ before: 9, trimmed: 7, kept: 2 }] },
      purge: { error: null, result: { processedEvents: 1 } },
      archive: { error: null, result: { days: [{ day: daysAgo(100), rows: 3, deleted: 3 }] } },
    });
    expect(await backbone.relay()).toMatchObject({ sent: 1 });

    expect(await runJanitor({ ...backbone.open(), archive }, soon())).toMatchObject({
      busy: false,
      restored: 0,
      reconcile: { result: [{ missing: 0 }] },
      purge: { result: { processedEvents: 0 } },
      archive: { result: { days: [] } },
    });
  });

  test("runs once at a time", async () => {
    const { backbone, redis: proxy } = await openFaultyBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const held = proxy.inject({ kind: "hold" }, { when: sends("XRANGE"), times: 1 });
    const first = runJanitor(backbone.open(), soon());
    await held.hit;
    expect(await runJanitor(backbone.open(), soon())).toMatchObject({ busy: true, trim: null, purge: null });
    held.release();
    expect(await first).toMatchObject({ busy: false });
    expect(await runJanitor(backbone.open(), soon())).toMatchObject({ busy: false });
  });

  test("does the other parts when one fails, and says why it failed", async () => {
    const { backbone, redis: proxy } = await openFaultyBackbone();
    await publishReports(backbone, 2);
    await backbone.relay();
    await moveToDay(backbone, daysAgo(100));
    proxy.inject({ kind: "refuse" });
    const full = () => Promise.reject(new Error("the storage is full"));
    const broken: Archive = { open: full, read: full };
    const report = await runJanitor({ ...backbone.open(), archive: broken }, soon());
    expect(report).toMatchObject({
      busy: false,
      reconcile: { result: null, error: expect.stringContaining("Redis") },
      trim: { result: null, error: expect.stringContaining("Redis") },
      purge: { error: null, result: { more: false } },
      archive: { result: null, error: "the storage is full" },
    });
    expect(backbone.logs.filter((line) => line.includes("The janitor's"))).not.toHaveLength(0);
    expect(await backbone.sql("SELECT id FROM events")).toHaveLength(2);
  });

  test("begins nothing when its time is over", async () => {
    const backbone = await openBackbone();
    const { archive } = await openFolder();
    await publishReports(backbone, 2);
    await backbone.relay();
    await moveToDay(backbone, daysAgo(100));
    expect(await runJanitor({ ...backbone.open(), archive }, Date.now() - 1)).toMatchObject({
      purge: { result: { more: true } },
      archive: { result: { days: [], more: true } },
    });
    expect(await backbone.sql("SELECT id FROM events")).toHaveLength(2);
  });
});
