import { expect, test } from "vitest";
import { type ExportCursor, exportEvents } from "../../../src/engine/events/export.ts";
import type { Backbone } from "../../backbone.ts";
import { openBackbone } from "../fixture.ts";

/** Rows as the relay leaves them: what, where, under which id, and when it was sent (seconds). */
async function sent(backbone: Backbone, rows: readonly (readonly [shard: number, id: string, at: number])[]) {
  for (const shard of new Set(rows.map(([shard]) => shard))) {
    await backbone.sql("INSERT INTO relay_shards (shard) VALUES ($1) ON CONFLICT DO NOTHING", [shard]);
  }
  for (const [shard, id, at] of rows) {
    await backbone.sql(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, shard, stream_message_id, sent_at)
       VALUES (gen_random_uuid(), 'lab.part.checked', 'test', 1, 'test', 'lab', '{}', '{}', now(), $1, $2, to_timestamp($3))`,
      [shard, id, at],
    );
  }
}

/** All pages of this size: stream ids in the order in which they were given. */
async function exported(backbone: Backbone, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after: ExportCursor = new Map();
  for (let more = true; more; ) {
    const page = await exportEvents(backbone.system.open().db, { after, limit });
    ids.push(...page.events.map(({ shard, stream_message_id }) => `${shard}:${stream_message_id}`));
    ({ cursor: after, more } = page);
  }
  return ids;
}

test.each([1, 2, 3, 100])(
  "pages of %d: what was sent before the number of shards changed comes before what was sent after",
  async (limit) => {
    const backbone = await openBackbone();
    await sent(backbone, [
      [1, "50-0", 10],
      [1, "60-0", 11],
      [0, "55-0", 10],
      // Afterwards a key of shard 1 is at home in shard 0, whose ids may be smaller.
      [0, "56-0", 20],
      [2, "1-0", 21],
    ]);
    expect(await exported(backbone, limit)).toEqual(["0:55-0", "1:50-0", "1:60-0", "0:56-0", "2:1-0"]);
  },
);

test.each([1, 2, 100])(
  "pages of %d: ids decide within a shard, also when the clock was set back",
  async (limit) => {
    const backbone = await openBackbone();
    await sent(backbone, [
      [0, "9-0", 30],
      [0, "10-0", 5],
      [0, "10-18446744073709551615", 6],
      [0, "18446744073709551615-1", 1],
      [1, "3-0", 7],
    ]);
    expect(await exported(backbone, limit)).toEqual([
      "1:3-0",
      "0:9-0",
      "0:10-0",
      "0:10-18446744073709551615",
      "0:18446744073709551615-1",
    ]);
  },
);

test("before anything was sent there is nothing, and nothing more", async () => {
  const backbone = await openBackbone();
  const page = await exportEvents(backbone.system.open().db, { after: new Map(), limit: 10 });
  expect(page).toEqual({ events: [], cursor: new Map(), more: false });
});
