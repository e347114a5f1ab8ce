import { expect, test } from "vitest";
import { sql } from "drizzle-orm";
import { findAhead } from "../../src/engine/consume/sources/ahead-sql.ts";
import { onBatch } from "../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../src/engine/consume/define-consumer.ts";
import { prepareEvent, publishMany } from "../../src/engine/publish/publish.ts";
import pg from "pg";
import { PgDialect } from "drizzle-orm/pg-core";
import { meterRead } from "./events.ts";
import { drainWith, openBackbone } from "./fixture.ts";
test("explain", async () => {
  let it = 0; for (const lookAhead of [20_000, 0, 20_000, 0]) {
  const backbone = await openBackbone();
  const { db, publish: settings } = backbone.system.open();
  for (let b = 0; b < 11; b += 1) {
    const prepared = Array.from({ length: 1000 }, (_, i) => prepareEvent(settings, meterRead, { meter_id: b === 10 ? "s" : `m${i}`, reading: i, faults: 0 }, { source: "x", tenant_id: b === 10 ? "small" : "flood" }));
    await db.transaction((tx) => publishMany(tx, prepared.slice(0, b === 10 ? 10 : 1000)));
  }
  for (let more = true; more; ) ({ more } = await backbone.relay({ mayGoOn: () => false }));
  it += 1; if (lookAhead > 0 && it < 3) {
    const client = new pg.Client({ connectionString: backbone.sandbox.databaseUrl });
    await client.connect();
    let q: any;
    await findAhead({ batch: async (st: any) => { q = new PgDialect().sqlToQuery(st[1]); return [[], []]; } } as never, { subscriber: "x", shard: 0, types: null, cursor: "1-1" as never, from: "1-1" as never, served: ["flood"], readSince: 100, window: 20000, takeAtMost: 500 });
    for (let i = 0; i < 2; i += 1) {
      await client.query("BEGIN");
      await client.query("SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true)");
      const r = await client.query(`EXPLAIN (ANALYZE) ${q.sql}`, q.params as unknown[]);
      if (i === 1) console.log(r.rows.map((row: Record<string, string>) => row["QUERY PLAN"]).join("\n"));
      await client.query("ROLLBACK");
    }
    await client.end();
  }
  let t0 = 0; let small = 0;
  const consumer = defineConsumer({ subscriber: "set", handlers: [onBatch(meterRead, async (d, { tx }) => {
    await tx.execute(sql`INSERT INTO effects (subscriber, event_id) SELECT 'x', id FROM json_array_elements_text(${JSON.stringify(d.map(({ event }) => event.id))}::json) AS r(id)`);
    if (d.some(({ event }) => event.tenant_id === "small")) small = performance.now() - t0;
  })] });
  t0 = performance.now();
  await drainWith(backbone, consumer, () => ({ lookAhead }));
  console.log(`lookAhead ${lookAhead}: small after ${small} ms, all after ${performance.now() - t0} ms`);
  // single tenant flood
  }
  expect(1).toBe(1);
}, 60000);
