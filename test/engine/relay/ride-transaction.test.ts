import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import type { Tx } from "../../../src/engine/db/database.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { ofShard, type StreamInvocation } from "../../../src/engine/invocation.ts";
import { transactAndPublish } from "../../../src/engine/publish/publish.ts";
import { beginRecording } from "../../../src/engine/relay/recording.ts";
import { relay } from "../../../src/engine/relay/relay.ts";
import { relayPlaceOf } from "../../../src/engine/relay/ride.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase, losingFirstAnswer } from "../../faults.ts";
import { health, invoke, soon } from "../dispatch/fixture.ts";
import { meterRead, partChecked } from "../events.ts";
import { openBackbone, openFaultyBackbone, publishReports, streamEntries } from "../fixture.ts";

/*
 * A transaction that publishes, of a route or of a handler, takes the relay's next batch along with its COMMIT: what is
 * started behind it need not ask for it.
 */

const source = "lab";
const payload = { part: "db", status: "1" };

/** With a relay that has run before: the first one of a system makes its row. */
async function openSystem(): Promise<Backbone> {
  const backbone = await openBackbone();
  await publishReports(backbone, 1);
  await backbone.relay();
  return backbone;
}

/** An isolate of its own. */
const isolate = (backbone: Backbone) => ({ ...backbone.open(), scope: crypto.randomUUID() });

const entries = async (backbone: Backbone) => (await streamEntries(backbone)).slice(1);

/** As a route does it. */
const transact = (
  invocation: StreamInvocation,
  db = invocation.db,
  before: (tx: Tx) => Promise<unknown> = async () => undefined,
) =>
  transactAndPublish(
    db,
    invocation.publish,
    { source, tenant_id: db.tenantId },
    async (tx, publish) => {
      await before(tx);
      await publish(partChecked, payload);
    },
    (events) => beginRecording({ ...invocation, db }, events),
  );

/** The functions of the relay that are asked for over HTTP meanwhile. */
async function relayAsks(invocation: StreamInvocation): Promise<string[]> {
  const asked: string[] = [];
  const db = hookDatabase(invocation.db, {
    statements: (text, run) => {
      asked.push(...(/relay_\w+/.exec(text) ?? []));
      return run();
    },
  });
  await relayAll({ ...invocation, db }, soon(), () => undefined);
  return asked;
}

const lease = (backbone: Backbone) =>
  backbone.sql(
    "SELECT lease_token IS NOT NULL AS held, batch_positions IS NOT NULL AS filled FROM relay_shards",
  );

describe("a transaction of a route", () => {
  test("hands its events to the relay that is started behind it", async () => {
    const backbone = await openSystem();
    const invocation = isolate(backbone);
    await transact(invocation);
    expect(await lease(backbone)).toEqual([{ held: true, filled: true }]);
    // It only notes what it has sent.
    expect(await relayAsks(invocation)).toEqual(["relay_go_on_in_hand"]);
    expect(await entries(backbone)).toHaveLength(1);
  });

  test("control: alone, the relay has to ask", async () => {
    const backbone = await openSystem();
    const invocation = isolate(backbone);
    await transactAndPublish(
      invocation.db,
      invocation.publish,
      { source },
      async (_tx, publish) => void (await publish(partChecked, payload)),
    );
    expect(await relayAsks(invocation)).toEqual(["relay_begin_in_hand", "relay_go_on_in_hand"]);
  });

  test("of a tenant takes along what others have recorded, too, and stays behind its wall until then", async () => {
    const backbone = await openSystem();
    await publishReports(backbone, 2);
    const invocation = isolate(backbone);
    const roles: unknown[] = [];
    await transact(invocation, invocation.db.ofTenant("t1"), async (tx) => {
      roles.push(...(await tx.execute(sql`SELECT current_setting('role') <> 'none' AS walled`)).rows);
    });
    expect(roles).toEqual([{ walled: true }]);
    expect(await relayAsks(invocation)).toEqual(["relay_go_on_in_hand"]);
    const tenants = (await entries(backbone)).map(({ fields }) => fields.tenant_id ?? null);
    expect(tenants).toEqual([null, null, "t1"]);
  });

  test("that fails leaves nothing behind, and the next one takes the batch", async () => {
    const backbone = await openSystem();
    const invocation = isolate(backbone);
    // Refused with the COMMIT, when the events are recorded and the batch is taken.
    const failing = transact(invocation, invocation.db, async (tx) => {
      await tx.execute(sql`CREATE TABLE later (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)`);
      await tx.execute(sql`INSERT INTO later VALUES (1), (1)`);
    });
    await expect(failing).rejects.toThrow();
    expect(await lease(backbone)).toEqual([{ held: false, filled: false }]);
    await transact(invocation);
    expect(await relayAsks(invocation)).toEqual(["relay_go_on_in_hand"]);
    expect(await entries(backbone)).toHaveLength(1);
  });

  test("behind which nobody starts the relay keeps others waiting for half a second at most", async () => {
    const backbone = await openSystem();
    await transact(isolate(backbone));
    const [row] = await backbone.sql<{ ms: number }>(
      "SELECT (extract(epoch FROM lease_until - now()) * 1000)::float8 AS ms FROM relay_shards",
    );
    expect(row?.ms).toBeLessThanOrEqual(500);
    const { leaseMs } = isolate(backbone).relay;
    expect(leaseMs).toBeGreaterThan(500);
  });

  test("whose batch cannot be read keeps no other relay waiting", async () => {
    const backbone = await openSystem();
    const invocation = isolate(backbone);
    await transact(invocation);
    const place = relayPlaceOf(invocation, 0);
    const handed = place.begin();
    if (handed === null) throw new Error("The commit has taken nothing along.");
    const isLoad = (text: string) => text.includes("relay_load");
    const db = hookDatabase(invocation.db, {
      statements: (text, run) =>
        isLoad(text) ? Promise.reject(new TransientError("Postgres is away.")) : run(),
    });
    const deps = { ...invocation, ...ofShard(invocation, 0), settings: invocation.relay, db };
    const given = { ...place, begin: () => ({ ...handed, rows: null }) };
    await expect(relay(deps, { shard: 0, mayGoOn: () => true, place: given })).rejects.toThrow("away");
    expect(await lease(backbone)).toEqual([{ held: false, filled: true }]);
  });

  test("of which nobody knows the end keeps no other relay waiting", async () => {
    const backbone = await openSystem();
    const invocation = isolate(backbone);
    await transactAndPublish(
      invocation.db,
      invocation.publish,
      { source },
      async (_tx, publish) => void (await publish(partChecked, payload)),
      (events) => {
        const recording = beginRecording(invocation, events);
        return { ...recording, committed: () => recording.failed(false) };
      },
    );
    await expect.poll(() => lease(backbone)).toEqual([{ held: false, filled: true }]);
    await relayAsks(isolate(backbone));
    expect(await entries(backbone)).toHaveLength(1);
  });

  test("takes nothing along while Redis is away: it would wait for what cannot be sent", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const invocation = isolate(backbone);
    redis.inject({ kind: "error-500" });
    await transact(invocation);
    // The one that fails lets go of the lease, and the batch stays in flight.
    await relayAll(invocation, soon(1), () => undefined);
    expect(await lease(backbone)).toEqual([{ held: false, filled: true }]);
    await transact(invocation);
    expect(await lease(backbone)).toEqual([{ held: false, filled: true }]);
    redis.heal();
    await relayAll(invocation, soon(), () => undefined);
    expect(await entries(backbone)).toHaveLength(2);
    // And from then on again.
    await transact(invocation);
    expect(await relayAsks(invocation)).toEqual(["relay_go_on_in_hand"]);
  });

  describe("that sees the database as it was at its begin", () => {
    const repeatable = (backbone: Backbone, invocation: StreamInvocation) =>
      transact(invocation, invocation.db, async (tx) => {
        await tx.execute(sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`);
        await tx.execute(sql`SELECT count(*) FROM relay_shards`);
        // Another relay is at work meanwhile.
        await publishReports(backbone, 1);
        await relayAsks(isolate(backbone));
      });

    test("leaves the batch to the relay", async () => {
      const backbone = await openSystem();
      const invocation = isolate(backbone);
      await repeatable(backbone, invocation);
      expect(await lease(backbone)).toEqual([{ held: false, filled: false }]);
      await relayAsks(invocation);
      expect(await entries(backbone)).toHaveLength(2);
    });

    test("control: the relay's function itself would fail it", async () => {
      const backbone = await openSystem();
      const { db } = backbone.open();
      const work = db.transaction(async (tx) => {
        await tx.execute(sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`);
        await tx.execute(sql`SELECT count(*) FROM relay_shards`);
        await publishReports(backbone, 1);
        await relayAsks(isolate(backbone));
        await tx.execute(
          sql`SELECT * FROM relay_begin_in_hand(0, ${crypto.randomUUID()}::uuid, 1000, 1, 10, 1000, false, '', true)`,
        );
      });
      await expect(work).rejects.toThrow();
    });
  });
});

describe("a handler that publishes", () => {
  const publishing = () =>
    defineConsumer({
      subscriber: "recorder",
      handlers: [
        on(partChecked, async (_event, { publish }) => {
          await publish(meterRead, { meter_id: "m", reading: 1, faults: 0 });
        }),
      ],
    });

  test("hands its event to the relay that follows the drain", async () => {
    const backbone = await openSystem();
    const consumers = [publishing()];
    await drainAll(invoke(backbone, consumers), soon(), null);
    const asked: string[] = [];
    const invocation = invoke(backbone, consumers, { scope: crypto.randomUUID() });
    const db = hookDatabase(invocation.db, {
      statements: (text, run) => {
        asked.push(...(/relay_\w+/.exec(text) ?? []));
        return run();
      },
    });
    await publishReports(backbone, 1);
    await backbone.relay();
    await drainAll({ ...invocation, db }, soon(), health);
    expect(asked).toEqual(["relay_go_on_in_hand"]);
    expect(await backbone.sql("SELECT FROM unsent_events")).toEqual([]);
  });

  test("never hears of its commit: its event is sent all the same", async () => {
    const backbone = await openSystem();
    const consumers = [publishing()];
    await drainAll(invoke(backbone, consumers), soon(), null);
    await publishReports(backbone, 1);
    await backbone.relay();
    const invocation = invoke(backbone, consumers, { scope: crypto.randomUUID() });
    await drainAll({ ...invocation, db: losingFirstAnswer(invocation.db) }, soon(), health);
    const types = (await entries(backbone)).slice(-2).map(({ fields }) => fields.type);
    expect(types).toEqual(["lab.part.checked", "lab.meter.read"]);
    expect(await backbone.sql("SELECT FROM unsent_events")).toEqual([]);
  });

  test("takes nothing along when no relay follows: nobody would send it before the lease is over", async () => {
    const backbone = await openSystem();
    const consumer = publishing();
    await backbone.drain(consumer);
    expect(await lease(backbone)).toEqual([{ held: false, filled: false }]);
    expect(relayPlaceOf(backbone.open(), 0).begin()).toBeNull();
  });
});
