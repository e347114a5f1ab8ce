import { describe, expect, onTestFinished, test } from "vitest";
import { onAny } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { changeBulkOperation } from "../../../src/engine/operations/bulk/bulk-changes.ts";
import { runBulkOperations, stepBulkOperation } from "../../../src/engine/operations/bulk/bulk-operations.ts";
import { findBulkOperation } from "../../../src/engine/operations/bulk/bulk-view.ts";
import { previewReplay, startBackfill, startReplay } from "../../../src/engine/operations/bulk/replay.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { recorded, unsend } from "../../recorded.ts";
import { labCatalog } from "../events.ts";
import { publishBeats, publishReports, recorder } from "../fixture.ts";
import {
  type DeliveryRow,
  deliveries,
  endDeliveries,
  jobOf,
  letterStatuses,
  operator,
  plantLetters,
  replayOptions,
} from "./bulk-fixture.ts";

const consumer = recorder();
const all = defineConsumer({ subscriber: "all", handlers: [onAny(async () => undefined)] });

async function open(env: Readonly<Record<string, string>> = {}): Promise<Backbone> {
  const backbone = await createBackbone({ catalog: labCatalog, consumers: [consumer, all], env });
  onTestFinished(() => backbone.cleanup());
  return backbone;
}

const start = (backbone: Backbone, options: Parameters<typeof replayOptions>[0] = {}, who = consumer) =>
  startReplay(backbone.open(), who, replayOptions(options), operator);

/** Publishes reports and sends them; their ids. */
async function sent(backbone: Backbone, count: number): Promise<string[]> {
  const ids = await publishReports(backbone, count);
  await backbone.relay();
  return ids;
}

async function claim(backbone: Backbone, eventId: string | undefined, epoch = 0, subscriber = "recorder") {
  const [into, values] = epoch === 0 ? ["processed_events", ""] : ["replay_claims", `, ${epoch}`];
  await backbone.sql(
    `INSERT INTO ${into} (subscriber_name, stream_name, stream_message_id, event_id${epoch === 0 ? "" : ", replay_epoch"})
     SELECT $2, 's', stream_message_id, id::text${values} FROM ${recorded} WHERE id = $1`,
    [eventId, subscriber],
  );
}

async function run(backbone: Backbone, succeeds: (row: DeliveryRow) => boolean = () => true) {
  const drains: DeliveryRow[][] = [];
  await runBulkOperations(backbone.open(), Date.now() + 20_000, async () => {
    drains.push(await endDeliveries(backbone, succeeds));
  });
  return drains;
}

const idsOf = (rows: readonly DeliveryRow[]) => rows.map((row) => row.event_id);

describe("a replay of what is missing", () => {
  test("brings what has no claim, in the order of the record, without bodies", async () => {
    const backbone = await open();
    const ids = await sent(backbone, 5);
    await claim(backbone, ids[1]);
    await claim(backbone, ids[3], 4);
    await claim(backbone, ids[0], 0, "somebody_else");
    expect(await previewReplay(backbone.open(), consumer, replayOptions().filter)).toEqual({
      count: 5,
      more: false,
      already_applied: 2,
      oldest: expect.stringMatching(/^\d{4}-.*Z$/),
      newest: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    // No more than it may look at, the first of them.
    expect(await previewReplay(backbone.open(), consumer, replayOptions().filter, 3)).toMatchObject({
      count: 3,
      more: true,
      already_applied: 1,
    });
    // Beyond what may be counted, as many as stand there if they stand as densely.
    const estimated = await startReplay(
      backbone.open(),
      consumer,
      replayOptions({ name: "estimated" }),
      operator,
      2,
    );
    expect(await jobOf(backbone, estimated)).toMatchObject({ total: 5 });
    await changeBulkOperation(
      backbone.open(),
      { kinds: ["replay"], id: estimated },
      { change: "cancel", reason: null },
      operator,
    );
    const job = await start(backbone);
    const drains = await run(backbone);
    const [first] = await backbone.sql<{ stream_message_id: string }>(
      `SELECT stream_message_id FROM ${recorded} ORDER BY position LIMIT 1`,
    );
    expect(drains.map(idsOf)).toEqual([[ids[0], ids[2], ids[4]]]);
    expect(drains[0]?.[0]).toMatchObject({
      subscriber_name: "recorder",
      shard: 0,
      stream_name: backbone.stream,
      stream_message_id: first?.stream_message_id,
      event_type: "lab.part.checked",
      raw_fields: null,
      cause: "replay",
      job_id: job,
      dead_letter_id: null,
      replay_epoch: 0,
    });
    expect(await jobOf(backbone, job)).toMatchObject({
      status: "completed",
      total: 5,
      queued: 3,
      succeeded: 3,
      skipped: 2,
    });
  });

  test("takes an open dead letter along, and leaves a discarded one", async () => {
    const backbone = await open();
    const ids = await sent(backbone, 3);
    const rows = await backbone.sql<{ stream_message_id: string }>(
      `SELECT stream_message_id FROM ${recorded} ORDER BY position`,
    );
    const [letter] = await plantLetters(backbone, [
      { messageId: rows[0]?.stream_message_id ?? "", eventId: ids[0] ?? "" },
      { messageId: rows[1]?.stream_message_id ?? "", eventId: ids[1] ?? "", status: "discarded" },
    ]);
    const job = await start(backbone);
    await stepBulkOperation(backbone.open(), { id: job, subscriber: "recorder" });
    expect(await letterStatuses(backbone)).toEqual(["requeued", "discarded"]);
    const rowsQueued = await deliveries(backbone);
    expect(idsOf(rowsQueued)).toEqual([ids[0], ids[2]]);
    expect(rowsQueued.map((row) => row.dead_letter_id)).toEqual([letter, null]);
    await run(backbone);
    expect(await letterStatuses(backbone)).toEqual(["resolved", "discarded"]);
    expect(await jobOf(backbone, job)).toMatchObject({ total: 3, succeeded: 2, skipped: 1 });
  });

  test("brings what is claimed, or discarded, under its message id for another event alone", async () => {
    const backbone = await open();
    const ids = await sent(backbone, 2);
    const [claimed, discarded] = await backbone.sql<{ id: string }>(
      `SELECT stream_message_id AS id FROM ${recorded} ORDER BY position`,
    );
    await backbone.sql(
      "INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id) VALUES ('recorder', 's', $1, 'another')",
      [claimed?.id ?? ""],
    );
    await plantLetters(backbone, [
      { messageId: discarded?.id ?? "", eventId: "another", status: "discarded" },
      { messageId: "7-1", eventId: "another", status: "open" },
    ]);
    await start(backbone);
    const drains = await run(backbone);
    expect(drains.flatMap(idsOf)).toEqual(ids);
  });

  test("an entry that is deferred already is passed over, and its dead letter stays open", async () => {
    const backbone = await open();
    await sent(backbone, 2);
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause)
       SELECT 'recorder', 0, 's', stream_message_id, 'waiting' FROM ${recorded} ORDER BY position LIMIT 1`,
    );
    const [waiting] = await deliveries(backbone);
    await plantLetters(backbone, [{ messageId: waiting?.stream_message_id ?? "" }]);
    const job = await start(backbone);
    await run(backbone);
    expect(await jobOf(backbone, job)).toMatchObject({
      status: "completed",
      total: 2,
      succeeded: 1,
      skipped: 1,
    });
    expect(await letterStatuses(backbone)).toEqual(["open"]);
  });

  test("passes over thousands that are not missing without deferring them", async () => {
    const backbone = await open();
    await backbone.sql(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at,
         sent_at, shard, stream_message_id)
       SELECT gen_random_uuid(), 'lab.part.checked', 'x', 1, 'x', 'core', '{}', '{}', now(), now(), 0, '1700000000000-' || n
       FROM generate_series(1, 12000) n`,
    );
    await backbone.sql(
      `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id)
       SELECT 'recorder', 's', stream_message_id, id::text FROM ${recorded}
       WHERE stream_message_id NOT IN ('1700000000000-7', '1700000000000-11000')`,
    );
    const job = await start(backbone);
    expect((await run(backbone)).flat().map((row) => row.stream_message_id)).toEqual([
      "1700000000000-7",
      "1700000000000-11000",
    ]);
    expect(await jobOf(backbone, job)).toMatchObject({
      status: "completed",
      total: 12_000,
      succeeded: 2,
      skipped: 11_998,
    });
  });

  test("covers what the record held when it started, and nothing that is not sent yet", async () => {
    const backbone = await open();
    const early = await sent(backbone, 2);
    await publishReports(backbone, 1);
    const job = await start(backbone, { maxStep: 1 });
    expect(await jobOf(backbone, job)).toMatchObject({ total: 2 });
    await stepBulkOperation(backbone.open(), { id: job, subscriber: "recorder" });
    await backbone.sql(unsend("e.id = $1"), [early[1]]);
    await backbone.relay();
    await sent(backbone, 3);
    const drains = await run(backbone);
    // The one that was unsent at the start comes by the stream too; its claim lets only one of the two through.
    expect(drains.flat()).toHaveLength(3);
    expect(await jobOf(backbone, job)).toMatchObject({ status: "completed" });
  });

  test("each shard's events go to the drain of that shard, under its stream's name", async () => {
    const backbone = await open();
    await sent(backbone, 2);
    await backbone.sql(
      "UPDATE stream_entries SET shard = 1 WHERE position = (SELECT max(position) FROM events)",
    );
    await start(backbone);
    const rows = (await run(backbone)).flat();
    expect(rows.map((row) => [row.shard, row.stream_name])).toEqual([
      [0, backbone.stream],
      [1, `${backbone.stream}:1`],
    ]);
  });
});

describe("the set of a replay", () => {
  async function mixed() {
    const backbone = await open();
    const reports = await sent(backbone, 2);
    const beats = await publishBeats(backbone, [
      ["a", 1],
      ["b", 1],
    ]);
    await backbone.relay();
    await backbone.sql("UPDATE events SET tenant_id = 'acme', correlation_id = 'c-1' WHERE id = $1", [
      reports[1],
    ]);
    await backbone.sql("UPDATE events SET stored_at = '2026-01-02T00:00:00Z' WHERE id = $1", [beats[0]]);
    return { backbone, reports, beats };
  }

  test.each([
    ["a type", { types: ["lab.meter.read"] }, (_r: string[], b: string[]) => b],
    ["a tenant", { tenant_id: "acme" }, (r: string[]) => [r[1]]],
    ["a correlation", { correlation_id: "c-1" }, (r: string[]) => [r[1]]],
    ["a beginning", { from: "2026-01-02T00:00:00.001Z" }, (r: string[], b: string[]) => [...r, b[1]]],
    ["an end", { to: "2026-01-02T00:00:00.001Z" }, (_: string[], b: string[]) => [b[0]]],
    [
      "a time, from inclusive and to exclusive",
      { from: "2026-01-02T00:00:00.000Z", to: "2026-01-02T00:00:00.000Z" },
      () => [],
    ],
    ["several conditions", { types: ["lab.meter.read"], tenant_id: "acme" }, () => []],
    ["nothing but what the consumer handles", {}, (r: string[], b: string[]) => [...r, ...b]],
  ])("can be narrowed by %s", async (_what, filter, expected) => {
    const { backbone, reports, beats } = await mixed();
    const preview = await previewReplay(backbone.open(), consumer, replayOptions({ filter }).filter);
    const job = await start(backbone, { filter, acceptDuplicates: true });
    const ids = idsOf((await run(backbone)).flat());
    expect(ids).toEqual(expected(reports, beats));
    expect(preview.count).toBe(ids.length);
    expect((await jobOf(backbone, job)).total).toBe(ids.length);
  });

  test("a type that the consumer does not handle is refused; a catch-all handles every type", async () => {
    const backbone = await open();
    const filter = { types: ["lab.meter.read", "lab.notice.given"] };
    await expect(start(backbone, { filter })).rejects.toThrow(/does not handle lab.notice.given/);
    await sent(backbone, 1);
    await start(backbone, { filter }, all);
    expect((await run(backbone)).flat()).toEqual([]);
    await start(backbone, { name: "everything" }, all);
    expect((await run(backbone)).flat()).toHaveLength(1);
  });
});

describe("events older than the claims", () => {
  async function old(stored: string) {
    const backbone = await open({ BRAIN_DEDUP_DAYS: "30" });
    const [first, second] = await sent(backbone, 2);
    await backbone.sql("UPDATE events SET stored_at = now() - $2::interval WHERE id = $1", [first, stored]);
    await claim(backbone, second);
    return { backbone, first };
  }

  test("are refused, with the horizon and what to do", async () => {
    const { backbone } = await old("31 days");
    await expect(start(backbone)).rejects.toThrow(
      /known only since \d{4}-.*BRAIN_DEDUP_DAYS=30.*"from".*accept_duplicates.*"force"/,
    );
    expect(await backbone.sql("SELECT * FROM jobs")).toEqual([]);
    expect(await backbone.sql("SELECT * FROM operator_actions")).toEqual([]);
  });

  test("without the refusal, what was applied and forgotten is applied again", async () => {
    const { backbone, first } = await old("31 days");
    await start(backbone, { acceptDuplicates: true });
    expect(idsOf((await run(backbone)).flat())).toEqual([first]);
  });

  test.each<[string, Parameters<typeof replayOptions>[0]]>([
    ["a forced replay", { mode: "force" }],
    ["a set that begins later", { filter: { from: new Date(Date.now() - 29 * 86_400_000).toISOString() } }],
  ])("%s is allowed", async (_what, options) => {
    const { backbone } = await old("31 days");
    await expect(start(backbone, options)).resolves.toMatch(/^\d+$/);
  });

  test("they are no matter while they are younger", async () => {
    const { backbone } = await old("29 days");
    await expect(start(backbone)).resolves.toMatch(/^\d+$/);
  });

  test("are refused for a subscriber without claims, too: all of its claims may be gone", async () => {
    const { backbone } = await old("31 days");
    await backbone.sql("DELETE FROM processed_events");
    await expect(start(backbone)).rejects.toThrow(/applied twice.*accept_duplicates.*never applied them/);
    await expect(start(backbone, {}, all)).rejects.toThrow(/applied twice/);
    await expect(start(backbone, { acceptDuplicates: true }, all)).resolves.toMatch(/^\d+$/);
  });
});

describe("a replay that outlasts the claims", () => {
  /** Both events are applied; then it waits until the claims are gone. */
  async function outlasted() {
    const backbone = await open({ BRAIN_DEDUP_DAYS: "30" });
    const ids = await sent(backbone, 2);
    for (const id of ids) await claim(backbone, id);
    const job = await start(backbone);
    await backbone.sql("UPDATE events SET stored_at = now() - interval '31 days'");
    await backbone.sql("DELETE FROM processed_events");
    return { backbone, job };
  }

  test("stops before the first event that nobody can tell from a missing one", async () => {
    const { backbone, job } = await outlasted();
    expect(await run(backbone)).toEqual([]);
    const { status, status_reason } = await jobOf(backbone, job);
    expect(status).toBe("stopped");
    expect(status_reason).toContain("it could be applied twice");
  });

  test("without that it would apply them again", async () => {
    const { backbone, job } = await outlasted();
    await backbone.sql("UPDATE jobs SET filter = filter - 'within_claims' WHERE id = $1", [job]);
    expect((await run(backbone)).flat()).toHaveLength(2);
  });
});

describe("a forced replay", () => {
  test("applies all once more under a generation of its own; what was never applied under the ordinary one", async () => {
    const backbone = await open();
    const ids = await sent(backbone, 3);
    await claim(backbone, ids[0]);
    await claim(backbone, ids[2], 0);
    const first = await start(backbone, { mode: "force" });
    const drains = await run(backbone);
    expect(drains.flat().map((row) => [row.event_id, row.replay_epoch])).toEqual([
      [ids[0], 1],
      [ids[1], 0],
      [ids[2], 1],
    ]);
    expect(await jobOf(backbone, first)).toMatchObject({
      status: "completed",
      succeeded: 3,
      replay_epoch: 1,
    });
    await start(backbone, { mode: "force", name: "third time" });
    expect((await run(backbone)).flat().map((row) => row.replay_epoch)).toEqual([2, 2, 2]);
    await start(backbone, { name: "missing" });
    expect((await run(backbone)).flat()).toEqual([]);
  });

  test("waits for what Redis lost of it, which comes again under another id", async () => {
    const backbone = await open();
    const ids = await sent(backbone, 4);
    for (const id of ids.slice(0, 3)) await claim(backbone, id);
    const job = await start(backbone, { mode: "force", maxStep: 1 });
    const operation = { id: job, subscriber: "recorder" };
    const step = () => stepBulkOperation(backbone.open(), operation);
    expect(await step()).toBe(1);
    const brought = await endDeliveries(backbone);
    // One that was never applied comes by the stream; one behind it must not come before what is waited for.
    await backbone.sql(unsend("e.id IN ($1, $2)"), [ids[1], ids[3]]);
    expect(await step()).toBe(0);
    expect(await jobOf(backbone, job)).toMatchObject({ status: "running", succeeded: 1, skipped: 0 });
    const [due] = await backbone.sql(
      "SELECT next_step_at > now() AS later, next_step_at < now() + interval '5 seconds' AS soon FROM jobs",
    );
    expect(due).toEqual({ later: true, soon: true });
    await backbone.sql(unsend("e.id = $1"), [ids[2]]);
    await backbone.relay();
    const drains = await run(backbone);
    expect([...brought, ...drains.flat()].map((row) => [row.event_id, row.replay_epoch])).toEqual([
      [ids[0], 1],
      [ids[1], 1],
      [ids[2], 1],
      [ids[3], 0],
    ]);
    expect(await jobOf(backbone, job)).toMatchObject({
      status: "completed",
      total: 4,
      succeeded: 4,
      skipped: 0,
    });
  });

  test("does not wait for what was never applied and is not sent", async () => {
    const backbone = await open();
    const [id] = await sent(backbone, 1);
    await claim(backbone, id);
    await publishReports(backbone, 1);
    const job = await start(backbone, { mode: "force" });
    expect(idsOf((await run(backbone)).flat())).toEqual([id]);
    expect(await jobOf(backbone, job)).toMatchObject({ status: "completed", total: 1, succeeded: 1 });
  });

  test("two that start at once have different generations", async () => {
    const backbone = await open();
    await Promise.all(["a", "b", "c"].map((name) => start(backbone, { mode: "force", name })));
    const rows = await backbone.sql<{ epoch: number }>("SELECT replay_epoch AS epoch FROM jobs ORDER BY 1");
    expect(rows.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  test("takes a discarded event too, and leaves its letter discarded", async () => {
    const backbone = await open();
    await sent(backbone, 1);
    const [row] = await backbone.sql<{ id: string }>(`SELECT stream_message_id AS id FROM ${recorded}`);
    await plantLetters(backbone, [{ messageId: row?.id ?? "", status: "discarded" }]);
    await start(backbone, { mode: "force" });
    expect((await run(backbone)).flat().map((delivery) => delivery.dead_letter_id)).toEqual([null]);
    expect(await letterStatuses(backbone)).toEqual(["discarded"]);
  });
});

describe("the life of a replay", () => {
  test("a stopped one goes on where it stands when it is resumed", async () => {
    const backbone = await open();
    await sent(backbone, 6);
    const job = await start(backbone, { maxStep: 2 });
    await run(backbone, () => false);
    expect(await jobOf(backbone, job)).toMatchObject({ status: "stopped", failed: 2, queued: 2 });
    await changeBulkOperation(
      backbone.open(),
      { kinds: ["replay"], id: job },
      { change: "resume", reason: null },
      operator,
    );
    await run(backbone);
    expect(await jobOf(backbone, job)).toMatchObject({
      status: "completed",
      status_reason: null,
      failed: 2,
      succeeded: 4,
    });
  });

  test("a name is taken once for each subscriber; the same key is the same replay", async () => {
    const backbone = await open();
    const first = await start(backbone, { idempotencyKey: "replay:1" });
    expect(await start(backbone, { idempotencyKey: "replay:1" })).toBe(first);
    await expect(start(backbone)).rejects.toThrow(/The replay "again" is there already: job \d+, running/);
    await expect(start(backbone, {}, all)).resolves.not.toBe(first);
    // A name is the tenant's: another one neither learns of it nor is refused it.
    const invocation = backbone.open();
    const stranger = { ...invocation, db: invocation.db.ofTenant("stranger") };
    const asked = () =>
      startReplay(stranger, consumer, replayOptions({}), { ...operator, tenantId: "stranger" });
    const theirs = await asked();
    await expect(asked()).rejects.toThrow(`job ${theirs}, running`);
    expect(await findBulkOperation(backbone.open().db, ["replay"], theirs)).toMatchObject({ name: "again" });
  });

  test("a name that the release before gave is taken for its own tenant, and its statement goes on", async () => {
    const backbone = await open();
    const asBefore = (name: string, tenant: string | null) =>
      backbone.sql(
        `INSERT INTO jobs (kind, subscriber_name, name, filter, total, tenant_id) VALUES ('replay', $1, $2, '{}', 0, $3)
         ON CONFLICT (kind, subscriber_name, name) DO NOTHING RETURNING id::text AS id`,
        [consumer.subscriber, name, tenant],
      );
    await asBefore("again", "acme");
    const ours = await start(backbone);
    await expect(start(backbone)).rejects.toThrow(`job ${ours}, running`);
    const invocation = { ...backbone.open(), db: backbone.open().db.ofTenant("acme") };
    const theirs = startReplay(invocation, consumer, replayOptions({}), { ...operator, tenantId: "acme" });
    await expect(theirs).rejects.toThrow(/The replay "again" is there already: job \d+, running/);
    expect(await asBefore("again", null)).toEqual([]);
    expect(await asBefore("another", "acme")).toHaveLength(1);
  });

  test("a backfill is there once, needs no operator, and brings the past up to its position", async () => {
    const backbone = await open();
    const ids = await sent(backbone, 4);
    await claim(backbone, ids[0]);
    const [row] = await backbone.sql<{ position: string }>("SELECT position FROM events WHERE id = $1", [
      ids[2],
    ]);
    const invocation = backbone.open();
    const begin = () =>
      invocation.db.transaction((tx) => startBackfill(invocation, tx, consumer, row?.position ?? ""));
    const [first, second] = await Promise.all([begin(), begin()]);
    expect([first, second].filter((id) => id !== null)).toHaveLength(1);
    expect(idsOf((await run(backbone)).flat())).toEqual([ids[1], ids[2]]);
    expect(await jobOf(backbone, first ?? second ?? "")).toMatchObject({
      kind: "backfill",
      status: "completed",
      total: 3,
      skipped: 1,
    });
    expect(await begin()).toBeNull();
    expect(await backbone.sql("SELECT * FROM operator_actions")).toEqual([]);
  });
});
