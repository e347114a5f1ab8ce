import { compareMessageIds, type MessageId, parseMessageId } from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { prepareEvent } from "../../../src/engine/publish/publish.ts";
import { insertEvents } from "../../../src/engine/publish/record.ts";
import { beginSql } from "../../../src/engine/relay/relay-sql.ts";
import type { Backbone } from "../../backbone.ts";
import { sends } from "../../faults.ts";
import { recorded } from "../../recorded.ts";
import { meterRead, noticeGiven, partChecked } from "../events.ts";
import {
  openBackbone,
  openFaultyBackbone,
  publishBeats,
  publishReports,
  relayWith,
  streamEntries,
} from "../fixture.ts";

const eventIds = async (backbone: Backbone, shard = 0) =>
  (await streamEntries(backbone, shard)).map((entry) => entry.fields.id);

function expectGrowing(ids: readonly string[]): void {
  const parsed = ids.map(parseMessageId);
  expect(parsed).toEqual([...parsed].sort(compareMessageIds));
  expect(new Set(ids).size).toBe(ids.length);
}

describe("the relay", () => {
  test("sends in the order of the record, within a batch and over batches, and notes the ids it gave", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 25);
    const types: string[][] = [];
    const result = await relayWith(
      backbone,
      ({ relay: settings }) => ({ settings: { ...settings, maxCount: 10 } }),
      { onSent: (sent) => types.push([...sent]) },
    );
    expect(result).toMatchObject({
      sent: 25,
      batches: 3,
      repeated: 0,
      more: false,
      busy: null,
    });
    expect(types).toEqual([["lab.part.checked"], ["lab.part.checked"], ["lab.part.checked"]]);
    const entries = await streamEntries(backbone);
    expect(entries.map((entry) => entry.fields.id)).toEqual(ids);
    expectGrowing(entries.map((entry) => entry.id));
    const rows = await backbone.sql(
      `SELECT id, stream_message_id FROM ${recorded} WHERE sent_at IS NOT NULL ORDER BY position`,
    );
    expect(rows).toEqual(entries.map((entry) => ({ id: entry.fields.id, stream_message_id: entry.id })));
    ids.push(...(await publishReports(backbone, 3)));
    await backbone.relay();
    expect(await eventIds(backbone)).toEqual(ids);
  });

  test("has nothing to do without events, and touches no stream", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    expect(await backbone.relay()).toMatchObject({ sent: 0, batches: 0, more: false });
    expect(redis.requests).toEqual([]);
  });

  test("bounds a batch by bytes, and takes a single large event all the same", async () => {
    const backbone = await openBackbone();
    await backbone.publish({ source: "engine_test" }, async (publish) => {
      for (let number = 0; number < 6; number += 1) {
        await publish(noticeGiven, { message: "x".repeat(1_900) });
      }
    });
    const bounded = (maxBytes: number) =>
      relayWith(
        backbone,
        ({ relay: settings }) => ({ settings: { ...settings, maxBytes } }),
        // Ends after one batch.
        { mayGoOn: () => false },
      );
    // Two events of about 2,000 bytes each are below 2,500 when the second begins, the third is not.
    expect(await bounded(2_500)).toMatchObject({ sent: 2, batches: 1, more: true });
    expect(await bounded(1)).toMatchObject({ sent: 1, batches: 1, more: true });
    expect(await bounded(1_000_000)).toMatchObject({ sent: 3, batches: 1, more: true });
  });

  test("stops when time is up, lets go, and the next one goes on", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 30);
    const small = { maxCount: 10 };
    const once = () =>
      relayWith(backbone, ({ relay: settings }) => ({ settings: { ...settings, ...small } }), {
        mayGoOn: () => false,
      });
    expect([await once(), await once(), await once()]).toMatchObject([
      { sent: 10 },
      { sent: 10 },
      { sent: 10 },
    ]);
    expect(await eventIds(backbone)).toEqual(ids);
  });

  test("sends what commits late, though later events were sent before it", async () => {
    const backbone = await openBackbone();
    const { publish: settings } = backbone.open();
    const late = prepareEvent(
      settings,
      meterRead,
      { meter_id: "a", reading: 1, faults: 0 },
      {
        source: "engine_test",
      },
    );
    let commit: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let inserted: () => void = () => undefined;
    const isInserted = new Promise<void>((resolve) => {
      inserted = resolve;
    });
    const long = backbone.open().db.transaction(async (tx) => {
      await insertEvents(tx, [late]);
      inserted();
      await waiting;
    });
    await isInserted;
    const early = await publishReports(backbone, 2);
    expect(await backbone.relay()).toMatchObject({ sent: 2 });
    commit();
    await long;
    expect(await backbone.relay()).toMatchObject({ sent: 1 });
    expect(await eventIds(backbone)).toEqual([...early, late.event.id]);
    const positions = await backbone.sql<{ id: string }>("SELECT id FROM events ORDER BY position");
    expect(positions[0]?.id).toBe(late.event.id);
  });

  test("control: taken by 'greater than the last', the late one would be missed", async () => {
    const backbone = await openBackbone();
    const client = new pg.Client({ connectionString: backbone.sandbox.databaseUrl });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query("CREATE TABLE naive (position bigint GENERATED ALWAYS AS IDENTITY)");
    await client.query("BEGIN");
    await client.query("INSERT INTO naive DEFAULT VALUES");
    await backbone.sql("INSERT INTO naive DEFAULT VALUES");
    const [first] = await backbone.sql<{ last: string }>("SELECT max(position) AS last FROM naive");
    await client.query("COMMIT");
    const missed = await backbone.sql("SELECT FROM naive WHERE position > $1", [first?.last]);
    expect([Number(first?.last), missed.length]).toEqual([2, 0]);
  });

  test("never trims: a stream longer than ten thousand entries stays whole", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 12_000);
    expect(await backbone.relay()).toMatchObject({ sent: 12_000, batches: 12 });
    expect(await backbone.redis("XLEN", backbone.stream)).toBe(12_000);
    const reply = (await backbone.redis("XRANGE", backbone.stream, "-", "+", "COUNT", "1")) as [
      string,
      string[],
    ][];
    expect(reply[0]?.[1]).toContain(ids[0]);
    expect(JSON.stringify(redis.requests)).not.toMatch(/MAXLEN|MINID|XTRIM/i);
  });

  test("control: with MAXLEN on append the oldest events are gone before anybody read them", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 300);
    await backbone.relay();
    await backbone.redis("XADD", backbone.stream, "MAXLEN", "~", "100", "*", "one", "more");
    expect(Number(await backbone.redis("XLEN", backbone.stream))).toBeLessThan(301);
  });
});

/** A connection that tells the plan of each statement, also inside of functions, as it ran. */
async function explainingClient(backbone: Backbone) {
  const client = new pg.Client({ connectionString: backbone.sandbox.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
    SET auto_explain.log_nested_statements = on; SET auto_explain.log_timing = off;
    SET auto_explain.log_level = notice; SET client_min_messages = notice`);
  return client;
}

/** Nothing is in hand. */
const alone = { inHand: [], rides: false };

/** @returns the plan by which the next 100 events were chosen */
async function beginOn(client: pg.Client, configured: number): Promise<string> {
  const plans: string[] = [];
  const note = ({ message }: { message?: string | undefined }) => plans.push(message ?? "");
  client.on("notice", note);
  const bounds = { maxCount: 100, maxBytes: 1_000_000, leaseMs: 10_000, configured, keeps: false };
  const { sql: text, params } = new PgDialect().sqlToQuery(beginSql(0, crypto.randomUUID(), bounds, alone));
  await client.query(text, params);
  client.off("notice", note);
  return plans.find((plan) => plan.includes("candidates AS")) ?? "";
}

describe("the choice of a batch", () => {
  test.each([1, 4])(
    "walks the index of unsent rows and stops when the batch is full, on %i shards",
    async (shards) => {
      const backbone = await openBackbone();
      const client = await explainingClient(backbone);
      const begin = () => beginOn(client, shards);
      // The plan is made and kept while the table is empty.
      await begin();
      await publishReports(backbone, 3_000);
      const plan = await begin();
      expect(plan).toMatch(/Index Scan using unsent_events_pkey on unsent_events u .*rows=100\b/);
      expect(plan).not.toMatch(/Bitmap|Sort Key|Seq Scan/);
    },
  );
});

describe("several relays", () => {
  test("at once send each event once, in order", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 60);
    const small = () =>
      relayWith(backbone, ({ relay: settings }) => ({ settings: { ...settings, maxCount: 7 } }));
    const results = await Promise.all([small(), small(), small(), small()]);
    expect(results.reduce((sum, result) => sum + result.sent, 0)).toBe(60);
    expect(await eventIds(backbone)).toEqual(ids);
  });

  test("the second leaves a mark, and the holder goes round for what came meanwhile", async () => {
    const { backbone, redis } = await openFaultyBackbone({ env: { BRAIN_LEASE_MS: "10000" } });
    const ids = await publishReports(backbone, 2);
    const held = redis.inject({ kind: "hold" }, { when: sends("XADD"), times: 1 });
    const holder = backbone.relay();
    await held.hit;
    ids.push(...(await publishReports(backbone, 2)));
    const busy = [await backbone.relay(), await backbone.relay()];
    // Only the first to leave the mark waits for the end of the lease.
    expect(busy).toMatchObject([
      { sent: 0, busy: { waitMs: expect.any(Number) } },
      { busy: { waitMs: null } },
    ]);
    held.release();
    expect(await holder).toMatchObject({ sent: 4, batches: 2 });
    expect(await eventIds(backbone)).toEqual(ids);
  });

  test("what comes right behind the last look of the holder is sent by its own trigger", async () => {
    const backbone = await openBackbone();
    const first = await publishReports(backbone, 1);
    let second: string[] = [];
    let looked = false;
    const result = await relayWith(backbone, ({ db }) => ({
      db: {
        ...db,
        rows: async <Row>(statement: SQL) => {
          const rows = await db.rows<Row>(statement);
          const { sql: text } = new PgDialect().sqlToQuery(statement);
          // Behind the first batch: nothing more was found, and now something comes with its trigger.
          if (/relay_next|relay_go_on/.test(text) && !looked) {
            looked = true;
            second = await publishReports(backbone, 1);
            await backbone.relay();
          }
          return rows;
        },
      },
    }));
    expect(looked).toBe(true);
    expect(result.sent).toBeGreaterThanOrEqual(1);
    expect(await eventIds(backbone)).toEqual([...first, ...second]);
  });
});

describe("several shards", () => {
  test("keep the events of a key together, and never give the same id twice", async () => {
    const backbone = await openBackbone({ env: { BRAIN_SHARDS: "4" } });
    const agents = Array.from({ length: 24 }, (_, index) => `agent-${index}`);
    const beats = Array.from({ length: 240 }, (_, number) => [agents[number % 24] ?? "", number] as const);
    await publishBeats(backbone, beats);
    await Promise.all([0, 1, 2, 3].map((shard) => backbone.relay({ shard })));
    const ids: string[] = [];
    const shardOfAgent = new Map<string, number>();
    for (const shard of [0, 1, 2, 3]) {
      const entries = await streamEntries(backbone, shard);
      expect(entries.length).toBeGreaterThan(0);
      ids.push(...entries.map((entry) => entry.id));
      const last = new Map<string, number>();
      for (const { fields } of entries) {
        const { meter_id, reading } = JSON.parse(fields.payload ?? "{}");
        expect(shardOfAgent.get(meter_id) ?? shard).toBe(shard);
        shardOfAgent.set(meter_id, shard);
        expect(reading).toBeGreaterThan(last.get(meter_id) ?? -1);
        last.set(meter_id, reading);
      }
    }
    expect(ids).toHaveLength(240);
    expect(new Set(ids).size).toBe(240);
  });

  test("give ids that differ also where another writer is ahead on both", async () => {
    const backbone = await openBackbone({ env: { BRAIN_SHARDS: "2" } });
    const { publish: settings } = backbone.open();
    const ahead = Date.now() + 3_600_000;
    for (const shard of [0, 1]) {
      await backbone.redis("XADD", backbone.open().keys.stream(shard), `${ahead}-7`, "foreign", "entry");
    }
    const prepared = Array.from({ length: 40 }, (_, number) =>
      prepareEvent(settings, partChecked, { part: "c", status: String(number) }, { source: "engine_test" }),
    );
    await backbone.open().db.transaction((tx) => insertEvents(tx, prepared));
    await Promise.all([0, 1].map((shard) => backbone.relay({ shard })));
    const ours = await backbone.sql<{ id: MessageId }>(`SELECT stream_message_id AS id FROM ${recorded}`);
    expect(ours).toHaveLength(40);
    expect(new Set(ours.map((row) => row.id)).size).toBe(40);
  });
});
