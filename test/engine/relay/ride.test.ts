import { decodeEntry } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { restInFlow } from "../../../src/engine/dispatch/rest-in-flow.ts";
import { ingest } from "../../../src/engine/events/ingest.ts";
import type { StreamInvocation } from "../../../src/engine/invocation.ts";
import type { Riding } from "../../../src/engine/relay/handed.ts";
import { relay } from "../../../src/engine/relay/relay.ts";
import { beginRide, inHandOfIsolate, relayPlaceOf } from "../../../src/engine/relay/ride.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import { latch } from "../../latch.ts";
import { soon } from "../dispatch/fixture.ts";
import { openBackbone, publishReports, streamEntries } from "../fixture.ts";

/*
 * A request that records events takes the relay's next batch along: one request to Postgres for both, and what the isolate
 * has recorded itself is not read back.
 */

const nobody = { correlationId: null, actorId: null };
const report = (status = "ok") => ({
  type: "lab.part.checked",
  source: "lab",
  payload: { part: "db", status },
});

/**
 * Statements of one isolate, by the functions that they call and the table that they fill. Its clock stands still, unless
 * the test moves it: on a slow machine it would forget what it has in hand.
 */
function watched(backbone: Backbone, change: Partial<StreamInvocation> = {}) {
  const asked: string[] = [];
  const beganMs = Date.now();
  const invocation = { ...backbone.open(), now: () => beganMs, ...change };
  const db = hookDatabase(invocation.db, {
    statements: (text, run) => {
      asked.push((text.match(/INSERT INTO events|record_events|relay_\w+/g) ?? ["other"]).join("+"));
      return run();
    },
  });
  return { invocation: { ...invocation, db }, asked };
}

/** With a relay that has run before: the first one of a system makes its row. */
async function openSystem(env: Record<string, string> = {}): Promise<Backbone> {
  const backbone = await openBackbone({ env });
  await publishReports(backbone, 1);
  await backbone.relay();
  return backbone;
}

/** What was sent since. */
const entries = async (backbone: Backbone) => (await streamEntries(backbone)).slice(1);

/** What the request starts behind its answer. */
const afterCommit = (invocation: StreamInvocation) => relayAll(invocation, soon(), () => undefined);

test("records and chooses in one request, and sends without a further one", async () => {
  const backbone = await openSystem();
  const { invocation, asked } = watched(backbone, { scope: crypto.randomUUID() });
  await ingest(invocation, [report()], nobody);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain("relay_begin_in_hand");
  await afterCommit(invocation);
  expect(asked.slice(1)).toEqual(["relay_go_on_in_hand"]);
  expect(await entries(backbone)).toHaveLength(1);
});

test("an entry that was in hand says what one says that was read from the record", async () => {
  const backbone = await openSystem();
  const event = { ...report("é \u2028 1e21"), payload: { part: "db", status: "é \u2028" } };
  const { invocation } = watched(backbone, { scope: crypto.randomUUID() });
  await ingest(invocation, [event], { ...nobody, actorId: "user-1", tenantId: "t1" });
  await afterCommit(invocation);
  const inHand = await entries(backbone);
  // The stream is lost, and what it had is sent again, from the record.
  await backbone.redis("DEL", backbone.stream, backbone.open().keys.sent(0));
  await relayAll(backbone.open(), soon(), () => undefined, { verify: true });
  const read = await entries(backbone);
  expect([inHand.length, read.length]).toEqual([1, 1]);
  const said = (all: typeof read) => all.map(({ fields }) => decodeEntry(invocation.catalog, fields));
  expect(said(inHand)).toEqual(said(read));
});

test("what others have committed goes along, read from the record", async () => {
  const backbone = await openSystem();
  const others = await publishReports(backbone, 2);
  const { invocation } = watched(backbone, { scope: crypto.randomUUID() });
  const [own] = await ingest(invocation, [report()], nobody);
  await afterCommit(invocation);
  expect((await entries(backbone)).map(({ fields }) => fields.id)).toEqual([
    ...others,
    own?.status === "accepted" ? own.id : null,
  ]);
});

describe("one tenant's request", () => {
  const ofTenant = (backbone: Backbone, scope: string) =>
    watched(backbone, { scope, db: backbone.open().db.ofTenant("t1") });

  test("takes the relay's batch along, that of others too", async () => {
    const backbone = await openSystem();
    const others = await publishReports(backbone, 2);
    const scope = crypto.randomUUID();
    const { invocation, asked } = ofTenant(backbone, scope);
    const [result] = await ingest(invocation, [report()], { ...nobody, tenantId: "t1" });
    expect(result?.status).toBe("accepted");
    expect(asked.filter((one) => one !== "other")).toEqual(["record_events+relay_begin_in_hand"]);
    await afterCommit({ ...backbone.open(), scope });
    expect((await entries(backbone)).map(({ fields }) => fields.tenant_id)).toEqual([
      undefined,
      undefined,
      "t1",
    ]);
    expect((await entries(backbone)).slice(0, 2).map(({ fields }) => fields.id)).toEqual(others);
  });

  test("is held by its wall before that: another tenant's event is refused, and nothing of it is stored", async () => {
    const backbone = await openSystem();
    const { invocation } = ofTenant(backbone, crypto.randomUUID());
    const foreign = { ...report(), tenant_id: "t2" };
    await expect(ingest(invocation, [foreign], { ...nobody, tenantId: "t1" })).rejects.toThrow();
    expect(await backbone.sql("SELECT FROM events WHERE tenant_id IS NOT NULL")).toEqual([]);
    const { rows } = await backbone
      .open()
      .db.transaction((tx) => tx.execute("SELECT current_setting('role') AS role"));
    expect(rows).toEqual([{ role: "none" }]);
  });

  test("control: as the tenant, the relay's statement is refused", async () => {
    const backbone = await openSystem();
    const { invocation } = ofTenant(backbone, crypto.randomUUID());
    const ride = beginRide(invocation, inHandOfIsolate(invocation));
    expect(ride).not.toBeNull();
    await expect(invocation.db.batch(ride === null ? [] : [ride.statement])).rejects.toThrow();
  });
});

describe("does not ride", () => {
  test("while another isolate has the lease, and leaves no mark; the relay behind it sends", async () => {
    const backbone = await openSystem();
    await backbone.sql(
      "UPDATE relay_shards SET lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'",
    );
    const { invocation } = watched(backbone, { scope: crypto.randomUUID() });
    await ingest(invocation, [report()], nobody);
    expect(await backbone.sql("SELECT batch_positions, marked FROM relay_shards")).toEqual([
      { batch_positions: null, marked: false },
    ]);
    await backbone.sql("UPDATE relay_shards SET lease_until = now() - interval '1 second'");
    await afterCommit(invocation);
    expect(await entries(backbone)).toHaveLength(1);
  });

  test("while another one has the row locked: it does not wait", async () => {
    const backbone = await openSystem();
    const { invocation } = watched(backbone, { scope: crypto.randomUUID() });
    await backbone.open().db.transaction(async (tx) => {
      await tx.execute("SELECT FROM relay_shards FOR UPDATE");
      await ingest(invocation, [report()], nobody);
    });
    await afterCommit(invocation);
    expect(await entries(backbone)).toHaveLength(1);
  });

  test("on several shards, where the database tells which one an event belongs to", async () => {
    const backbone = await openSystem({ BRAIN_SHARDS: "2" });
    const { invocation, asked } = watched(backbone, { scope: crypto.randomUUID() });
    await ingest(invocation, [report()], nobody);
    expect(asked.join()).not.toContain("relay_");
  });
});

test("a request whose answer was lost leaves no lease behind that others would wait for", async () => {
  const backbone = await openSystem();
  const invocation = { ...backbone.open(), scope: crypto.randomUUID() };
  let isLost = true;
  const db = hookDatabase(invocation.db, {
    statements: async (_text, run) => {
      const rows = await run();
      if (!isLost) return rows;
      isLost = false;
      throw new TransientError("The answer was lost.");
    },
  });
  await expect(ingest({ ...invocation, db }, [report()], nobody)).rejects.toBeInstanceOf(TransientError);
  await relayAll({ ...backbone.open(), scope: crypto.randomUUID() }, soon(), () => undefined);
  expect(await entries(backbone)).toHaveLength(1);
});

test("while the relay rests, the next event costs one request to Postgres until it is sent", async () => {
  const backbone = await openSystem();
  const { invocation, asked } = watched(backbone, { scope: crypto.randomUUID() });
  const [rests, goOn] = [latch(), latch()];
  await ingest(invocation, [report("first")], nobody);
  const { relay: settings } = invocation;
  const running = relay(
    { ...invocation, settings, inHand: inHandOfIsolate(invocation) },
    {
      shard: 0,
      mayGoOn: () => true,
      place: relayPlaceOf(invocation, 0),
      rest: () => {
        rests.open();
        return goOn.opened;
      },
    },
  );
  await rests.opened;
  await ingest(invocation, [report("second")], nobody);
  goOn.open();
  await running;
  expect(asked.map((one) => one.replace(/^.*\+/, ""))).toEqual([
    "relay_begin_in_hand",
    "relay_go_on_in_hand",
    // Notes what was sent last, and ends.
    "relay_go_on_in_hand",
  ]);
  expect(await entries(backbone)).toHaveLength(2);
});

test("in a steady flow what was recorded meanwhile goes along with the next event, in one batch", async () => {
  const backbone = await openSystem();
  const { invocation, asked } = watched(backbone, { scope: crypto.randomUUID() });
  await ingest(invocation, [report("first")], nobody);
  let rests = 0;
  const rest = async (riding: () => Riding) => {
    rests += 1;
    if (rests === 2) return;
    // Too early to ride: it is another isolate's.
    await ingest({ ...backbone.open(), scope: crypto.randomUUID() }, [report("meanwhile")], nobody);
    let isNews = true;
    const triggers = {
      takeNews: () => {
        const news = isNews;
        isNews = false;
        return news;
      },
      awaitNews: async () => {
        await ingest(invocation, [report("next")], nobody);
        isNews = true;
      },
      gapMs: () => 5,
      usualGapMs: () => 5,
    };
    await restInFlow(triggers, { riding, now: () => 0, mayRide: true });
  };
  const place = relayPlaceOf(invocation, 0);
  const settings = invocation.relay;
  const result = await relay(
    { ...invocation, settings, inHand: inHandOfIsolate(invocation) },
    { shard: 0, mayGoOn: () => true, place, rest },
  );
  expect([result.sent, result.batches]).toEqual([3, 2]);
  expect(asked.map((one) => one.replace(/^.*\+/, ""))).toEqual([
    "relay_begin_in_hand",
    "relay_go_on_in_hand",
    "relay_go_on_in_hand",
  ]);
  expect(await entries(backbone)).toHaveLength(3);
});
