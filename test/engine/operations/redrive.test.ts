import { describe, expect, onTestFinished, test } from "vitest";
import { ConflictError, NotFoundError } from "../../../src/engine/core/errors.ts";
import { changeBulkOperation } from "../../../src/engine/operations/bulk/bulk-changes.ts";
import { runBulkOperations, stepBulkOperation } from "../../../src/engine/operations/bulk/bulk-operations.ts";
import { previewRedrive, redriveLetter, startRedrive } from "../../../src/engine/operations/bulk/redrive.ts";
import { deferLetters } from "../../../src/engine/operations/bulk/redrive-step.ts";
import {
  countOpen,
  discardLetters,
  groupLetters,
} from "../../../src/engine/operations/consumers/dead-letters.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { labCatalog } from "../events.ts";
import { createClock, recorder } from "../fixture.ts";
import {
  type DeliveryRow,
  deliveries,
  endDeliveries,
  jobOf,
  letterStatuses,
  operator,
  plantLetters,
  redriveOptions,
} from "./bulk-fixture.ts";

async function open(now: () => number = Date.now): Promise<Backbone> {
  const consumers = [recorder(), recorder({ subscriber: "second" })];
  const backbone = await createBackbone({ catalog: labCatalog, consumers, now });
  onTestFinished(() => backbone.cleanup());
  return backbone;
}

const some = (count: number) => Array.from({ length: count }, () => ({}));
const start = (backbone: Backbone, options: Parameters<typeof redriveOptions>[0] = {}) =>
  startRedrive(backbone.open(), redriveOptions(options), operator);
const soon = () => Date.now() + 20_000;
const flag = (backbone: Backbone) => backbone.redis("EXISTS", backbone.open().keys.bulkRunning());

/** Runs the jobs; the deliveries of each drain, and how the run ended. */
async function run(backbone: Backbone, succeeds: (row: DeliveryRow) => boolean = () => true) {
  const drains: DeliveryRow[][] = [];
  const result = await runBulkOperations(backbone.open(), soon(), async () => {
    drains.push(await endDeliveries(backbone, succeeds));
  });
  return { drains, result };
}

describe("a redrive of many", () => {
  test("and all that counts, groups and discards letters, takes no more than a bound at once, and says that there are more", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(7));
    const { db } = backbone.open();
    const filter = { subscriber: "recorder" };
    const all = { ...filter, status: "all" } as const;
    expect(await countOpen(db, filter, 3)).toEqual({ count: 3, more: true });
    expect(await countOpen(db, filter)).toEqual({ count: 7, more: false });
    expect(await previewRedrive(backbone.open(), filter, 3)).toMatchObject({ count: 3, more: true });
    expect(await groupLetters(db, all, 3)).toMatchObject({ groups: [{ count: 3, open: 3 }], more: true });
    expect(await groupLetters(db, all)).toMatchObject({ groups: [{ count: 7 }], more: false });
    // As many as the bound are not more than it.
    expect(await previewRedrive(backbone.open(), filter, 7)).toMatchObject({ count: 7, more: false });
    expect(await groupLetters(db, all, 7)).toMatchObject({ groups: [{ count: 7 }], more: false });
    // The oldest first; the others stay open.
    const id = await startRedrive(backbone.open(), redriveOptions({ filter }), operator, 2);
    expect(await jobOf(backbone, id)).toMatchObject({ total: 2 });
    expect(await discardLetters(db, filter, "not needed", operator, 3)).toEqual({ count: 3, more: true });
    expect(await letterStatuses(backbone)).toEqual([
      ...["requeued", "requeued", "discarded", "discarded", "discarded", "open", "open"],
    ]);
    expect(await discardLetters(db, filter, "not needed", operator, 2)).toEqual({ count: 2, more: false });
  });

  test("is of one subscriber when all letters that it takes are, whoever has those behind its bound", async () => {
    const backbone = await open();
    await plantLetters(backbone, [{}, {}, { subscriber: "second" }]);
    const subscriberOf = async (most: number) => {
      const id = await startRedrive(backbone.open(), redriveOptions({ filter: {} }), operator, most);
      const [row] = await backbone.sql("SELECT subscriber_name, total FROM jobs WHERE id = $1", [id]);
      await backbone.sql("UPDATE dead_letters SET status = 'open'");
      return row;
    };
    expect(await subscriberOf(2)).toEqual({ subscriber_name: "recorder", total: 2 });
    expect(await subscriberOf(3)).toEqual({ subscriber_name: null, total: 3 });
  });

  test("takes what is open now, in steps of 1, 2, 5, 10, and ends when all are handled", async () => {
    const backbone = await open();
    await plantLetters(backbone, [...some(20), { status: "discarded" }, { subscriber: "second" }]);
    const id = await start(backbone);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "running", total: 20, queued: 0 });
    expect(await flag(backbone)).toBe(1);
    await plantLetters(backbone, [{}]);

    const { drains, result } = await run(backbone);
    expect(drains.map((rows) => rows.length)).toEqual([1, 2, 5, 10, 2]);
    expect(result).toEqual({ more: false, nextAtMs: null });
    expect(await jobOf(backbone, id)).toMatchObject({
      status: "completed",
      queued: 20,
      succeeded: 20,
      failed: 0,
      skipped: 0,
    });
    const statuses = await letterStatuses(backbone);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill("resolved"));
    expect(statuses.slice(20)).toEqual(["discarded", "open", "open"]);
    expect(await flag(backbone)).toBe(0);
  });

  test("without a ramp all go at once", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(12));
    await start(backbone, { ramp: false });
    expect((await run(backbone)).drains.map((rows) => rows.length)).toEqual([12]);
  });

  test("the order is that of the stream over all steps, by number and not by text", async () => {
    const backbone = await open();
    const ids = ["1000-10", "999-5", "1000-9", "10000-0", "1000-1", "1000-100", "999-4"];
    await plantLetters(
      backbone,
      ids.map((messageId) => ({ messageId, key: "k" })),
    );
    await start(backbone);
    const { drains } = await run(backbone);
    expect(drains.map((rows) => rows.map((row) => row.stream_message_id))).toEqual([
      ["999-4"],
      ["999-5", "1000-1"],
      ["1000-9", "1000-10", "1000-100", "10000-0"],
    ]);
  });

  test("a delivery carries what the letter has, and an edited letter goes as it was edited", async () => {
    const backbone = await open();
    const [plain, edited] = await plantLetters(backbone, [
      { messageId: "5-1", key: "k", eventId: "e-1", rawFields: { id: "e-1" }, epoch: 3 },
      { messageId: "5-2", eventId: "e-2" },
    ]);
    await backbone.sql(
      `UPDATE dead_letters SET shard = 2, edited_fields = '{"id":"e-3"}', edited_event_id = 'e-3' WHERE id = $1`,
      [edited],
    );
    const id = await start(backbone, { ramp: false });
    const { drains } = await run(backbone);
    expect(drains.flat()).toMatchObject([
      {
        subscriber_name: "recorder",
        shard: 0,
        stream_name: backbone.stream,
        stream_message_id: "5-1",
        event_id: "e-1",
        event_type: "lab.part.checked",
        key: "k",
        raw_fields: { id: "e-1" },
        cause: "redrive",
        job_id: id,
        dead_letter_id: plain,
        replay_epoch: 3,
      },
      {
        shard: 2,
        stream_message_id: "5-2",
        event_id: "e-3",
        raw_fields: { id: "e-3" },
        dead_letter_id: edited,
      },
    ]);
    expect(await backbone.sql("SELECT redrives FROM dead_letters ORDER BY id")).toEqual([
      { redrives: 1 },
      { redrives: 1 },
    ]);
  });

  test("what nobody could handle is left out and counted", async () => {
    const backbone = await open();
    const recorded = crypto.randomUUID();
    await backbone.sql(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at)
       VALUES ($1, 'lab.part.checked', 'x', 1, 'x', 'core', '{}', '{}', now())`,
      [recorded],
    );
    await plantLetters(backbone, [
      {},
      { rawFields: null },
      { rawFields: null, eventId: "not-a-uuid" },
      { rawFields: null, eventId: recorded },
      { subscriber: "gone" },
      { subscriber: "second" },
    ]);
    const filter = { failed_from: "2026-01-01T00:00:00Z" };
    expect(await previewRedrive(backbone.open(), filter)).toEqual({
      more: false,
      count: 3,
      not_redrivable: 3,
      by_subscriber: [
        { subscriber: "recorder", count: 2 },
        { subscriber: "second", count: 1 },
      ],
    });
    const id = await start(backbone, { filter });
    expect((await run(backbone)).drains.flat()).toHaveLength(3);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "completed", total: 3, succeeded: 3 });
    expect(await letterStatuses(backbone)).toEqual([
      "resolved",
      "open",
      "open",
      "resolved",
      "open",
      "resolved",
    ]);
  });

  test("an entry that is deferred already is passed over, and its letter is open again", async () => {
    const backbone = await open();
    await plantLetters(backbone, [{ messageId: "7-1" }, { messageId: "7-2" }]);
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause)
       VALUES ('recorder', 0, 's', '7-1', 'waiting')`,
    );
    const id = await start(backbone, { ramp: false });
    await run(backbone);
    expect(await jobOf(backbone, id)).toMatchObject({
      status: "completed",
      total: 2,
      succeeded: 1,
      skipped: 1,
    });
    expect(await letterStatuses(backbone)).toEqual(["open", "resolved"]);
  });
});

describe("the stop rule", () => {
  test("a redrive stops at the first step that goes badly, and what it had not tried is open again", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(50));
    const id = await start(backbone);
    const { drains } = await run(backbone, () => false);
    expect(drains.map((rows) => rows.length)).toEqual([1]);
    const job = await jobOf(backbone, id);
    expect(job).toMatchObject({ status: "stopped", queued: 1, failed: 1 });
    expect(job.status_reason).toContain("1 of 1 events of the last step failed");
    expect(await letterStatuses(backbone)).toEqual(Array(50).fill("open"));
    await expect(
      changeBulkOperation(
        backbone.open(),
        { kinds: ["redrive"], id },
        { change: "resume", reason: null },
        operator,
      ),
    ).rejects.toThrow(/is stopped, so it cannot be resumed.*start another redrive/);
  });

  test("without it everything is tried and fails again", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(50));
    const id = await start(backbone, { stopRatio: null });
    await run(backbone, () => false);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "completed", queued: 50, failed: 50 });
  });
});

describe("several at once", () => {
  test("any number of runners do each step once", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(40));
    const id = await start(backbone);
    await Promise.all(Array.from({ length: 6 }, () => run(backbone)));
    await run(backbone);
    expect(await jobOf(backbone, id)).toMatchObject({
      status: "completed",
      queued: 40,
      succeeded: 40,
      skipped: 0,
    });
    expect(await backbone.sql("SELECT DISTINCT redrives FROM dead_letters")).toEqual([{ redrives: 1 }]);
  });

  test("without the look at what is under way, a step would open letters that are deferred", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(3));
    const id = await start(backbone, { ramp: false });
    await stepBulkOperation(backbone.open(), { id, subscriber: "recorder" });
    expect(await stepBulkOperation(backbone.open(), { id, subscriber: "recorder" })).toBe(0);
    expect(await letterStatuses(backbone)).toEqual(["requeued", "requeued", "requeued"]);

    await backbone.open().db.transaction((tx) => deferLetters(tx, id, 10));
    expect(await deliveries(backbone)).toHaveLength(3);
    expect(await letterStatuses(backbone)).toEqual(["open", "open", "open"]);
  });

  test("of two redrives over the same letters, each letter belongs to one", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(60));
    const ids = await Promise.all(Array.from({ length: 4 }, () => start(backbone)));
    const totals = await Promise.all(ids.map(async (id) => (await jobOf(backbone, id)).total));
    expect(totals.reduce((sum, total) => sum + total, 0)).toBe(60);
    await run(backbone);
    expect(
      await backbone.sql("SELECT status, redrives, count(*)::int FROM dead_letters GROUP BY 1, 2"),
    ).toEqual([{ status: "resolved", redrives: 1, count: 60 }]);
  });

  test("a letter is discarded or redriven, never both", async () => {
    const backbone = await open();
    const ids = await plantLetters(backbone, some(30));
    const redrives = ids.map((id) =>
      redriveLetter(backbone.open(), id, null, null, operator).then(
        () => id,
        (error) => {
          expect(error).toBeInstanceOf(ConflictError);
          return null;
        },
      ),
    );
    const discarded = await discardLetters(
      backbone.open().db,
      { subscriber: "recorder" },
      "not needed",
      operator,
    );
    const redriven = (await Promise.all(redrives)).filter((id) => id !== null);
    expect(discarded.count + redriven.length).toBe(30);
    expect((await deliveries(backbone)).map((row) => row.dead_letter_id).sort()).toEqual(
      [...redriven].sort(),
    );
    const counts = await backbone.sql<{ status: string; count: number }>(
      "SELECT status, count(*)::int AS count FROM dead_letters GROUP BY status",
    );
    expect(counts.find(({ status }) => status === "discarded")?.count ?? 0).toBe(discarded.count);
  });

  test("of two redrives of one letter, one wins and the other is told", async () => {
    const backbone = await open();
    const [id = ""] = await plantLetters(backbone, [{}]);
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => redriveLetter(backbone.open(), id, null, null, operator)),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(String(result.reason)).toContain("is being redriven");
    }
    expect(await deliveries(backbone)).toHaveLength(1);
    expect(await backbone.sql("SELECT action FROM operator_actions")).toEqual([
      { action: "dead_letter.redriven" },
    ]);
  });
});

describe("pause, resume, cancel", () => {
  test("a pause keeps the letters, a resume goes on, and what was queued comes to its end", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(5));
    const id = await start(backbone, { maxStep: 2, ramp: false });
    await stepBulkOperation(backbone.open(), { id, subscriber: "recorder" });
    const paused = await changeBulkOperation(
      backbone.open(),
      { kinds: ["redrive"], id },
      { change: "pause", reason: "lunch break" },
      operator,
    );
    expect(paused).toMatchObject({ status: "paused", in_flight: 2, progress: 0, total: 5 });
    await endDeliveries(backbone);
    expect((await run(backbone)).drains).toEqual([]);
    expect(await letterStatuses(backbone)).toEqual([
      "resolved",
      "resolved",
      "requeued",
      "requeued",
      "requeued",
    ]);
    expect(await flag(backbone)).toBe(0);

    expect(
      await changeBulkOperation(
        backbone.open(),
        { kinds: ["redrive"], id },
        { change: "resume", reason: null },
        operator,
      ),
    ).toMatchObject({
      status: "running",
      progress: 0.4,
    });
    expect(await flag(backbone)).toBe(1);
    await run(backbone);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "completed", succeeded: 5 });
  });

  test("a cancel opens what was not queued and leaves what was", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(4));
    const id = await start(backbone, { maxStep: 1, ramp: false });
    await stepBulkOperation(backbone.open(), { id, subscriber: "recorder" });
    expect(
      await changeBulkOperation(
        backbone.open(),
        { kinds: ["redrive"], id },
        { change: "cancel", reason: null },
        operator,
      ),
    ).toMatchObject({
      status: "cancelled",
      finished_at: expect.any(String),
    });
    expect(await letterStatuses(backbone)).toEqual(["requeued", "open", "open", "open"]);
    await endDeliveries(backbone);
    expect((await run(backbone)).drains).toEqual([]);
    expect(await letterStatuses(backbone)).toEqual(["resolved", "open", "open", "open"]);
  });

  test.each([
    ["pause", "completed"],
    ["resume", "running"],
    ["resume", "completed"],
    ["resume", "cancelled"],
    ["cancel", "cancelled"],
    ["cancel", "stopped"],
    ["pause", "paused"],
  ] as const)("a %s of a redrive that is %s is refused and noted nowhere", async (change, status) => {
    const backbone = await open();
    const id = await start(backbone);
    await backbone.sql("UPDATE jobs SET status = $1", [status]);
    const changing = changeBulkOperation(
      backbone.open(),
      { kinds: ["redrive"], id },
      { change, reason: null },
      operator,
    );
    await expect(changing).rejects.toThrow(new RegExp(`The redrive ${id} is ${status}`));
    expect(
      await backbone.sql("SELECT action FROM operator_actions WHERE action <> 'redrive.started'"),
    ).toEqual([]);
  });

  test("a job of another kind, or none, is not found", async () => {
    const backbone = await open();
    const id = await start(backbone);
    for (const given of [id, "999999", "x", "0", "-1", "9".repeat(30)]) {
      await expect(
        changeBulkOperation(
          backbone.open(),
          { kinds: ["replay"], id: given },
          { change: "pause", reason: null },
          operator,
        ),
      ).rejects.toBeInstanceOf(NotFoundError);
    }
  });
});

describe("a run of the jobs", () => {
  test("ends when nothing moves, keeps the flag, and the next run goes on", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(3));
    const id = await start(backbone);
    const idle = await runBulkOperations(backbone.open(), soon(), async () => undefined);
    expect(idle).toEqual({ more: false, nextAtMs: null });
    expect(await jobOf(backbone, id)).toMatchObject({ status: "running", queued: 1 });
    expect(await flag(backbone)).toBe(1);
    expect((await run(backbone)).drains.map((rows) => rows.length)).toEqual([1, 2]);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "completed", succeeded: 3 });
  });

  test("ends at its deadline and hands on what moved; a run without time moves nothing", async () => {
    const clock = createClock();
    const backbone = await open(clock.now);
    await plantLetters(backbone, some(30));
    const id = await start(backbone);
    const late = await runBulkOperations(backbone.open(), clock.now() - 1, async () => undefined);
    expect(late.more).toBe(false);
    expect((await jobOf(backbone, id)).queued).toBe(0);
    const ended = await runBulkOperations(backbone.open(), clock.now() + 1_000, async () => {
      await endDeliveries(backbone);
      if ((await jobOf(backbone, id)).succeeded >= 8) clock.advance(2_000);
    });
    expect(ended.more).toBe(true);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "running", queued: 8 });
  });

  test("a rate bounds the step and puts the next one off", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(30));
    const id = await start(backbone, { ratePerSecond: 0.5, ramp: false });
    const drains: number[] = [];
    const before = Date.now();
    const result = await runBulkOperations(backbone.open(), before + 9_000, async () => {
      drains.push((await endDeliveries(backbone)).length);
    });
    expect(drains).toEqual([5]);
    expect(result.more).toBe(false);
    expect((result.nextAtMs ?? 0) - before).toBeGreaterThan(8_000);
    expect(await stepBulkOperation(backbone.open(), { id, subscriber: "recorder" })).toBe(0);
  });

  test("waits within its time for a step that is due soon", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(3));
    const id = await start(backbone, { ratePerSecond: 20, ramp: false, maxStep: 2 });
    await run(backbone);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "completed", succeeded: 3 });
  });

  test("does a step whose time comes between two looks, though nothing has moved in between", async () => {
    const backbone = await open();
    await plantLetters(backbone, [{}]);
    const id = await start(backbone);
    await backbone.sql("UPDATE jobs SET next_step_at = now() + interval '1 hour'");
    const invocation = backbone.open();
    let looks = 0;
    const watched = {
      ...invocation,
      db: {
        ...invocation.db,
        rows: async <Row>(query: Parameters<typeof invocation.db.rows>[0]) => {
          looks += 1;
          if (looks === 2) await backbone.sql("UPDATE jobs SET next_step_at = now()");
          return invocation.db.rows<Row>(query);
        },
      },
    };
    await runBulkOperations(watched, soon(), async () => void (await endDeliveries(backbone, () => true)));
    expect(await jobOf(backbone, id)).toMatchObject({ status: "completed", succeeded: 1 });
  });

  test("a job that starts while the flag is taken away is not forgotten", async () => {
    const backbone = await open();
    await plantLetters(backbone, [{}]);
    const invocation = backbone.open();
    const { redis } = invocation;
    if (redis === null) throw new Error("no stream");
    let begun = false;
    const watched = {
      ...invocation,
      redis: {
        ...redis,
        command: async (command: Parameters<typeof redis.command>[0]) => {
          // Between the look at the jobs and the DEL: the worst moment.
          if (command[0] === "DEL" && !begun) {
            begun = true;
            await start(backbone);
          }
          return redis.command(command);
        },
      },
    };
    await runBulkOperations(watched, soon(), async () => undefined);
    expect(begun).toBe(true);
    expect(await flag(backbone)).toBe(1);
  });

  test("many jobs whose deliveries wait do not hold the others up", async () => {
    const backbone = await open();
    const waiting = await plantLetters(
      backbone,
      Array.from({ length: 20 }, () => ({ subscriber: "second" })),
    );
    for (const letter of waiting) await start(backbone, { filter: { ids: [letter] }, name: letter });
    await runBulkOperations(backbone.open(), soon(), async () => undefined);
    expect(await deliveries(backbone)).toHaveLength(20);
    await plantLetters(backbone, [{}]);
    const id = await start(backbone);
    await runBulkOperations(backbone.open(), soon(), async () => undefined);
    expect(await jobOf(backbone, id)).toMatchObject({ queued: 1 });
  });

  test("one job that fails does not hold the others up", async () => {
    const backbone = await open();
    await plantLetters(backbone, [{}]);
    const broken = await start(backbone, { filter: { subscriber: "second" }, name: "broken" });
    await backbone.sql("UPDATE jobs SET kind = 'replay', filter = '[]' WHERE id = $1", [broken]);
    const id = await start(backbone);
    await run(backbone);
    expect(await jobOf(backbone, id)).toMatchObject({ status: "completed", succeeded: 1 });
    expect(backbone.logs.join()).toContain("A step failed");
  });

  test("without jobs it does nothing; without a stream nothing can be started", async () => {
    const backbone = await open();
    expect(await runBulkOperations(backbone.open(), soon(), async () => undefined)).toEqual({
      more: false,
      nextAtMs: null,
    });
    const [id = ""] = await plantLetters(backbone, [{}]);
    const without = { ...backbone.open(), redis: null };
    await expect(startRedrive(without, redriveOptions(), operator)).rejects.toThrow(/no event stream/);
    await expect(redriveLetter(without, id, null, null, operator)).rejects.toThrow(/no event stream/);
    expect(await letterStatuses(backbone)).toEqual(["open"]);
  });
});

describe("the same start again", () => {
  test("with the same key is the same job; the same name alone is refused", async () => {
    const backbone = await open();
    await plantLetters(backbone, some(2));
    const first = await start(backbone, { idempotencyKey: "redrive:1", name: "monday" });
    const again = await Promise.all(
      Array.from({ length: 3 }, () => start(backbone, { idempotencyKey: "redrive:1", name: "monday" })),
    );
    expect(again).toEqual([first, first, first]);
    await expect(start(backbone, { name: "monday" })).rejects.toThrow(/"monday" is there already/);
    expect(await backbone.sql("SELECT count(*)::int AS n FROM operator_actions")).toEqual([{ n: 1 }]);
  });

  test("two unnamed redrives over several subscribers do not collide", async () => {
    const backbone = await open();
    await plantLetters(backbone, [{}, { subscriber: "second" }]);
    const filter = { type: "lab.part.checked" };
    expect(await start(backbone, { filter })).not.toBe(await start(backbone, { filter }));
    await expect(start(backbone, { filter, name: "x" })).resolves.toMatch(/^\d+$/);
    await expect(start(backbone, { filter, name: "x" })).rejects.toThrow(/is there already/);
  });
});
