import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import type { Claim } from "../../../../src/engine/consume/apply/claim.ts";
import { type ClaimedRow, claimSql, toClaimResult } from "../../../../src/engine/consume/apply/dedup.ts";
import { TransientError } from "../../../../src/engine/core/errors.ts";
import type { Tx } from "../../../../src/engine/db/database.ts";
import type { Backbone } from "../../../backbone.ts";
import { hookDatabase, sends } from "../../../faults.ts";
import { labCatalog } from "../../events.ts";
import {
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  endLease,
  leaseMs,
  openBackbone,
  openFaultyBackbone,
  pendingOf,
  publishReports,
  recorder,
  streamEntries,
  until,
} from "../../fixture.ts";
import { type Hang, startIsolate } from "./isolate.ts";

const consumer = recorder();

/** Claims in a transaction of its own, as no drain of ours does. */
function claimAlone(backbone: Backbone, delivered: readonly Claim[]) {
  return backbone.open().db.transaction(async (tx) => {
    const { rows } = await tx.execute(claimSql("naive", backbone.stream, delivered));
    const scope = { subscriber: "naive", stream: backbone.stream, catalog: labCatalog };
    return toClaimResult(tx, scope, delivered, rows[0] as unknown as ClaimedRow);
  });
}

async function expectOnceEach(backbone: Backbone, ids: readonly string[]): Promise<void> {
  const applied = (await effects(backbone)).map((row) => row.event_id);
  expect([...applied].sort()).toEqual([...ids].sort());
  expect(await pendingOf(backbone, consumer)).toEqual([]);
}

describe("an effect happens once", () => {
  test("however often the drain runs", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({
      read: 3,
      applied: 3,
      redelivered: 0,
      more: false,
    });
    expect(await backbone.drain(consumer)).toMatchObject({ read: 0, applied: 0, redelivered: 0 });
    await expectOnceEach(backbone, ids);
    expect(
      await backbone.sql("SELECT subscriber_name, stream_name, event_type FROM processed_events LIMIT 1"),
    ).toEqual([
      { subscriber_name: "recorder", stream_name: backbone.stream, event_type: "lab.part.checked" },
    ]);
  });

  test("when the whole group is delivered again", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    await backbone.drain(consumer);
    await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");
    expect(await backbone.drain(consumer)).toMatchObject({ read: 3, applied: 0, redelivered: 3 });
    await expectOnceEach(backbone, ids);
  });

  test("when the event stands on the stream a second time, behind the first or in the same batch", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    const [entry] = await streamEntries(backbone);
    const fields = Object.entries(entry?.fields ?? {}).flat();
    await backbone.append(fields);
    expect(await backbone.drain(consumer)).toMatchObject({
      read: 3,
      applied: 2,
      publishedTwice: 1,
      redelivered: 0,
    });
    await backbone.append(fields);
    expect(await backbone.drain(consumer)).toMatchObject({ read: 1, applied: 0, publishedTwice: 1 });
    await expectOnceEach(backbone, ids);
  });

  test.each([2, 40])(
    "of %i that are claimed together, also when one was claimed before, under its id or another",
    async (count) => {
      const backbone = await openBackbone();
      const ids = await publishReports(backbone, count);
      await backbone.relay();
      const [first, second] = (await streamEntries(backbone)).map(({ id, fields }) => ({
        id,
        eventId: fields.id,
      }));
      const claimed = (messageId: string, eventId: string) =>
        backbone.sql(
          "INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id) VALUES ('recorder', $1, $2, $3)",
          [backbone.stream, messageId, eventId],
        );
      await claimed(first?.id ?? "", first?.eventId ?? "");
      await claimed("1-1", second?.eventId ?? "");
      expect(await backbone.drain(consumer)).toMatchObject({
        applied: count - 2,
        redelivered: 1,
        publishedTwice: 1,
      });
      await expectOnceEach(backbone, ids.slice(2));
    },
  );

  test("of many that are claimed together, and what had become a dead letter is resolved", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 40);
    await backbone.relay();
    await backbone.sql(
      `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, event_type, reason, error_class,
         error_message, attempts, first_failed_at, last_failed_at)
       VALUES ('recorder', $1, '1-1', $2, 'lab.part.checked', 'worker_died', 'Error', 'it died', 3, now(), now())`,
      [backbone.stream, ids[7]],
    );
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 40 });
    expect(await deadLetters(backbone)).toMatchObject([{ event_id: ids[7], status: "resolved" }]);
    await expectOnceEach(backbone, ids);
  });

  test("per subscriber: each has its own", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.drain(consumer);
    await backbone.drain(recorder({ subscriber: "second" }));
    const subscribers = (await effects(backbone)).map((row) => row.subscriber);
    expect(subscribers.sort()).toEqual(["recorder", "recorder", "second", "second"]);
  });

  test("when two drainers work on the same entries because the lease failed them", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 40);
    await backbone.relay();
    const stolen = recorder({
      beforeReport: async () => {
        // The other drainer takes the lease and all that is pending.
        await endLease(backbone, consumer);
      },
    });
    const results = await Promise.all([
      backbone.drain(stolen),
      backbone.drain(stolen),
      backbone.drain(stolen),
    ]);
    expect(results.reduce((sum, result) => sum + result.applied, 0)).toBe(40);
    await endLease(backbone, consumer);
    await drainUntilQuiet(backbone, consumer);
    await expectOnceEach(backbone, ids);
  });
});

/** The server ends the connection while it works on a statement with a value in it. */
async function loseConnection(backbone: Backbone, tx: Tx): Promise<void> {
  const { rows } = await tx.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
  const pid = rows[0]?.pid;
  const slow = tx.execute(sql`SELECT ${"planted"}::text, pg_sleep(30)`);
  slow.catch(() => undefined);
  await until(
    () => backbone.sql("SELECT FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep%'", [pid]),
    (found) => found.length === 1,
    "the statement under way",
  );
  await backbone.sql("SELECT pg_terminate_backend($1)", [pid]);
  await slow;
}

describe("a crash", () => {
  test("between commit and ack repeats no effect", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    const lost = redis.inject({ kind: "refuse" }, { when: sends("XACK"), times: 1 });
    await expect(backbone.drain(consumer)).rejects.toBeInstanceOf(TransientError);
    expect(lost.hits).toBe(1);
    expect(await effects(backbone)).toHaveLength(3);
    expect(await pendingOf(backbone, consumer)).toHaveLength(3);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, redelivered: 3 });
    await expectOnceEach(backbone, ids);
  });

  test("before the commit loses no effect", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    const dying = recorder({
      beforeReport: async ({ payload }, { tx, attempt }) => {
        if (payload.status !== "1" || attempt > 1) return;
        await tx.execute(sql`SELECT pg_terminate_backend(pg_backend_pid())`);
      },
    });
    await drainUntilQuiet(backbone, dying);
    await expectOnceEach(backbone, ids);
    expect(await deadLetters(backbone)).toEqual([]);
  });

  test("of the connection inside a handler costs the event no attempt, and shows no value", async () => {
    const backbone = await openBackbone();
    const [id = ""] = await publishReports(backbone, 1);
    await backbone.relay();
    const attempts: number[] = [];
    const unlucky = recorder({
      beforeReport: async (_event, { tx, attempt }) => {
        attempts.push(attempt);
        if (attempts.length === 1) await loseConnection(backbone, tx);
      },
    });
    expect(await backbone.drain(unlucky)).toMatchObject({ applied: 1, retried: 0, deadLettered: 0 });
    expect(attempts).toEqual([1, 1]);
    await expectOnceEach(backbone, [id]);
    expect(backbone.logs.join("\n")).not.toContain("planted");
  });

  test("of the connection each time is the event's own fault in the end, and its dead letter shows no value", async () => {
    const backbone = await openBackbone();
    const [poison = ""] = await publishReports(backbone, 1);
    await backbone.relay();
    let calls = 0;
    const deadly = recorder({
      retry: { maxAttempts: 2 },
      beforeReport: async (_event, { tx }) => {
        calls += 1;
        await loseConnection(backbone, tx);
      },
    });
    await drainUntilQuiet(backbone, deadly);
    const [letter] = await deadLetters(backbone);
    expect(letter).toMatchObject({ event_id: poison, reason: "attempts_exhausted", attempts: 2 });
    expect(letter?.error_class).toBe("TransientError");
    expect(calls).toBe(4);
    expect(JSON.stringify(letter)).not.toContain("planted");
    expect(backbone.logs.join("\n")).not.toContain("planted");
  });

  test("of the connection after the commit, before its answer, repeats no effect", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    let lost = 0;
    const answerLost = async <T>(run: () => Promise<T>): Promise<T> => {
      const result = await run();
      lost += 1;
      if (lost === 1) throw new TransientError("the answer to COMMIT got lost");
      return result;
    };
    const result = await drainWith(backbone, consumer, ({ db }) => ({
      db: hookDatabase(db, { transaction: answerLost }),
    }));
    expect(result).toMatchObject({ applied: 0, redelivered: 3 });
    await expectOnceEach(backbone, ids);
  });

  test("of the isolate in the middle of a batch: the successor takes over when the lease ends, one by one", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 5);
    await backbone.relay();
    const attempts: number[] = [];
    const isolate = await startIsolate(backbone, (hang) =>
      recorder({ beforeReport: ({ payload }, { tx }) => (payload.status === "2" ? hang(tx) : undefined) }),
    );
    await isolate.hanging;
    expect(await pendingOf(backbone, consumer)).toHaveLength(5);
    const { busy } = await backbone.drain(consumer);
    expect(busy?.waitMs).toBeGreaterThan(0);
    expect(busy?.waitMs).toBeLessThanOrEqual(leaseMs);
    await isolate.kill();
    expect(await effects(backbone)).toEqual([]);
    await endLease(backbone, consumer);

    let transactions = 0;
    const successor = recorder({
      // Whoever took over does not wait for a backoff: nothing has failed.
      retry: { baseMs: 60_000, capMs: 60_000 },
      beforeReport: (_event, { attempt }) => void attempts.push(attempt),
    });
    const result = await drainWith(backbone, successor, ({ db }) => ({
      db: hookDatabase(db, {
        transaction: (run) => {
          transactions += 1;
          return run();
        },
      }),
    }));
    expect(result).toMatchObject({ read: 0, applied: 5, retried: 0 });
    expect(attempts).toEqual([2, 2, 2, 2, 2]);
    expect(transactions).toBe(5);
    await expectOnceEach(backbone, ids);
  });

  test("that an event causes each time ends with its dead letter; the others are applied and keep their tries", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 6);
    await backbone.relay();
    const attempts = new Map<string, number[]>();
    const fatal = (hang: Hang) =>
      recorder({
        beforeReport: ({ payload: { status } }, { attempt, tx }) => {
          attempts.set(status, [...(attempts.get(status) ?? []), attempt]);
          return status === "2" ? hang(tx) : undefined;
        },
      });
    for (let crash = 0; crash < 3; crash += 1) {
      const isolate = await startIsolate(backbone, fatal);
      await isolate.hanging;
      await isolate.kill();
      await endLease(backbone, consumer);
    }
    const last = fatal(() => Promise.reject(new Error("tried once too often")));
    // The last worker that it ended had handled the others before it.
    expect(await backbone.drain(last)).toMatchObject({ applied: 0, deadLettered: 1 });
    expect(attempts.get("2")).toEqual([1, 2, 3]);
    expect(attempts.get("5")).toEqual([2]);
    expect(await deadLetters(backbone)).toMatchObject([
      { event_id: ids[2], reason: "worker_died", attempts: 3, raw_fields: { id: ids[2] } },
    ]);
    await expectOnceEach(
      backbone,
      ids.filter((id) => id !== ids[2]),
    );
  });

  test("of workers that are killed faster than they come up is not blamed on the first in line", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 6);
    await backbone.relay();
    const hit: string[] = [];
    for (let crash = 0; crash < 5; crash += 1) {
      const isolate = await startIsolate(backbone, (hang) =>
        recorder({
          beforeReport: ({ payload: { status } }, { tx }) => {
            hit.push(status);
            return hang(tx);
          },
        }),
      );
      await isolate.hanging;
      await isolate.kill();
      await endLease(backbone, consumer);
    }
    // Together once, then a different one alone each time.
    expect(hit).toEqual(["0", "0", "1", "2", "3"]);
    await drainUntilQuiet(backbone, recorder());
    expect(await deadLetters(backbone)).toEqual([]);
    await expectOnceEach(backbone, ids);
  });

  test("after the last allowed try had committed is no dead letter", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 1);
    await backbone.relay();
    const once = recorder({ retry: { maxAttempts: 1 } });
    redis.inject({ kind: "refuse" }, { when: sends("XACK"), times: 1 });
    await expect(backbone.drain(once)).rejects.toThrow();
    expect(await backbone.drain(once)).toMatchObject({ redelivered: 1, deadLettered: 0 });
    await expectOnceEach(backbone, ids);
  });
});

describe("control: without one transaction for claim and effect", () => {
  const claims = async (backbone: Backbone) => {
    const [entry] = await streamEntries(backbone);
    const messageId = entry?.id ?? "";
    return [
      {
        messageId,
        place: messageId,
        eventId: entry?.fields.id ?? "",
        type: "lab.part.checked",
        tenantId: null,
        replayGeneration: 0,
        letterId: null,
        fields: null,
      },
    ];
  };
  const effect = sql`INSERT INTO effects (subscriber) VALUES ('naive')`;

  test("an effect before its claim happens twice when the isolate ends in between", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const delivered = await claims(backbone);
    for (const crashes of [true, false]) {
      const { db } = backbone.open();
      await db.transaction((tx) => tx.execute(effect));
      if (crashes) continue;
      await claimAlone(backbone, delivered);
    }
    expect(await effects(backbone)).toHaveLength(2);
  });

  test("a claim before its effect loses the effect when the isolate ends in between", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const delivered = await claims(backbone);
    for (const crashes of [true, false]) {
      const { db } = backbone.open();
      const { claimed } = await claimAlone(backbone, delivered);
      if (crashes || claimed.size === 0) continue;
      await db.transaction((tx) => tx.execute(effect));
    }
    expect(await effects(backbone)).toHaveLength(0);
  });
});

test("an event whose id is longer than a claim can hold is still guarded by its message id", async () => {
  const backbone = await openBackbone();
  const [entry] = await publishReports(backbone, 1).then(async () => {
    await backbone.relay();
    return streamEntries(backbone);
  });
  const longId = "legacy_".repeat(10);
  const fields = Object.entries({ ...entry?.fields, id: longId }).flat();
  await backbone.append(fields);
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 2 });
  await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, redelivered: 2 });
});
