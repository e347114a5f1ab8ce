import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { type Consumer, on, onSql, onSqlBatch } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { FencedError } from "../../../../src/engine/core/errors.ts";
import type { Backbone } from "../../../backbone.ts";
import { hookDatabase } from "../../../faults.ts";
import { meterRead, partChecked } from "../../events.ts";
import {
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  publishReports,
} from "../../fixture.ts";

/*
 * Statement handlers: claim, statements, published events and fence as one request. Each test drains the same events
 * that a handler with a transaction would get, and counts effects in Postgres.
 */

const insertReport = (id: string, number: string) =>
  sql`INSERT INTO effects (subscriber, event_id, number) VALUES ('statements', ${id}, ${number}::integer)`;

/** Applies reports one by one, and readings of a meter in order. */
const statements: Consumer = defineConsumer({
  subscriber: "statements",
  retry: { baseMs: 1, capMs: 1, maxAttempts: 2 },
  handlers: [
    onSql(partChecked, ({ event }) => [insertReport(event.id, event.payload.status)]),
    onSql(meterRead, ({ event }) => [
      sql`INSERT INTO effects (subscriber, event_id, agent, number)
        VALUES ('statements', ${event.id}, ${event.payload.meter_id}, ${event.payload.reading})`,
    ]),
  ],
});

/** Drains, and counts the connections that were opened and the requests that were sent. */
async function drainCounting(backbone: Backbone, consumer: Consumer = statements) {
  const counts = { sessions: 0, batches: 0 };
  const result = await drainWith(backbone, consumer, ({ db }) => ({
    db: {
      ...db,
      open: (options) => {
        counts.sessions += 1;
        return db.open(options);
      },
      batch: (list) => {
        counts.batches += 1;
        return db.batch(list);
      },
    },
  }));
  return { result, ...counts };
}

async function applied(backbone: Backbone): Promise<string[]> {
  return (await effects(backbone)).map(({ event_id }) => event_id);
}

async function forgetAcks(backbone: Backbone): Promise<void> {
  await backbone.redis("XGROUP", "SETID", backbone.stream, statements.group, "0");
}

test("are applied by one request and without a connection, however many events there are", async () => {
  const backbone = await openBackbone();
  await backbone.drain(statements);
  const ids = await publishReports(backbone, 40);
  await backbone.relay();
  const { result, sessions, batches } = await drainCounting(backbone);
  expect([result.applied, sessions, batches]).toEqual([40, 0, 1]);
  expect(await applied(backbone)).toEqual(ids);
  expect(await pendingOf(backbone, statements)).toEqual([]);
});

test("keep the order per key", async () => {
  const backbone = await openBackbone();
  await publishBeats(
    backbone,
    [1, 2, 3, 4].flatMap((number) => [["a", number] as const, ["b", number] as const]),
  );
  await backbone.relay();
  await drainUntilQuiet(backbone, statements);
  expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3, 4]);
  expect(await numbersOf(backbone, "b")).toEqual([1, 2, 3, 4]);
});

describe("an effect happens once", () => {
  test("when all entries are delivered again, together with a new one", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    await backbone.drain(statements);
    await forgetAcks(backbone);
    ids.push(...(await publishReports(backbone, 1)));
    await backbone.relay();
    const { result, sessions } = await drainCounting(backbone);
    expect([result.applied, result.redelivered, sessions]).toEqual([1, 3, 1]);
    expect(await applied(backbone)).toEqual(ids);
  });

  test("when the reply to the request was lost", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.drain(
      defineConsumer({ subscriber: "statements", handlers: [on(meterRead, async () => undefined)] }),
    );
    await forgetAcks(backbone);
    let isLost = false;
    const loseReply = async <T>(text: string, run: () => Promise<T>): Promise<T> => {
      const reply = await run();
      if (isLost || !text.includes("INTO effects")) return reply;
      isLost = true;
      throw new Error("socket hang up");
    };
    const result = await drainWith(backbone, statements, ({ db }) => ({
      db: hookDatabase(db, { statements: loseReply }),
    }));
    expect([isLost, result.applied, result.redelivered]).toEqual([true, 0, 2]);
    expect(await applied(backbone)).toEqual(ids);
  });

  test("control: the same statements without the claim double it", async () => {
    const backbone = await openBackbone();
    const { db } = backbone.open();
    const again = () => db.batch([insertReport("same-event", "1")]);
    await again();
    await again();
    expect(await applied(backbone)).toEqual(["same-event", "same-event"]);
  });

  test("when two drainers have the same entries because the lease failed them", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 20);
    await backbone.relay();
    await backbone.drain(statements);
    await forgetAcks(backbone);
    await backbone.sql("DELETE FROM effects");
    await backbone.sql("DELETE FROM processed_events");
    const first = backbone.drain(statements);
    await backbone.redis("DEL", backbone.open().keys.lease(statements.group, 0));
    await forgetAcks(backbone);
    await Promise.all([first, backbone.drain(statements)]);
    await drainUntilQuiet(backbone, statements);
    expect((await applied(backbone)).toSorted()).toEqual(ids.toSorted());
  });
});

test("commit nothing under a fencing token that another worker has raised", async () => {
  const backbone = await openBackbone();
  await backbone.drain(statements);
  const ids = await publishReports(backbone, 2);
  await backbone.relay();
  await backbone.sql("UPDATE consumer_shards SET epoch = epoch + 1");
  expect((await backbone.drain(statements)).stopped).toBe(new FencedError().message);
  expect(await applied(backbone)).toEqual([]);
  expect(await backbone.drain(statements)).toMatchObject({ applied: 2 });
  expect(await applied(backbone)).toEqual(ids);
});

test("of which one fails leave the others their effects, and become its dead letter", async () => {
  const backbone = await openBackbone();
  const ids = await publishReports(backbone, 5);
  await backbone.sql(
    `CREATE UNIQUE INDEX ON effects (event_id); INSERT INTO effects (subscriber, event_id) VALUES ('planted', '${ids[2]}')`,
  );
  await backbone.relay();
  await drainUntilQuiet(backbone, statements);
  const own = (await effects(backbone)).filter(({ subscriber }) => subscriber === "statements");
  expect(own.map(({ event_id }) => event_id)).toEqual(ids.filter((id) => id !== ids[2]));
  expect(await deadLetters(backbone)).toMatchObject([{ event_id: ids[2], attempts: 1 }]);
});

test.each(["COMMIT", "/* out */ ROLLBACK", "SAVEPOINT a"])(
  "of which one would end the transaction leave no effect without a claim: %s",
  async (ending) => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = defineConsumer({
      subscriber: "statements",
      retry: { baseMs: 1, capMs: 1, maxAttempts: 1 },
      handlers: [
        onSql(partChecked, ({ event }) => [
          insertReport(event.id, event.payload.status),
          sql.raw(ending),
          sql`SELECT 1 / 0`,
        ]),
      ],
    });
    await drainUntilQuiet(backbone, consumer);
    expect(await effects(backbone)).toEqual([]);
    expect(await deadLetters(backbone)).toHaveLength(1);
  },
);

test("whose handler throws count a try and are tried again", async () => {
  const backbone = await openBackbone();
  const [id = ""] = await publishReports(backbone, 1);
  await backbone.relay();
  const seen: number[] = [];
  const consumer = defineConsumer({
    subscriber: "statements",
    retry: { baseMs: 1, capMs: 1 },
    handlers: [
      onSql(partChecked, ({ event, attempt }) => {
        if (attempt === 1) throw new Error("not yet");
        seen.push(attempt);
        return [insertReport(event.id, event.payload.status)];
      }),
    ],
  });
  await drainUntilQuiet(backbone, consumer);
  expect([await applied(backbone), seen]).toEqual([[id], [2]]);
});

test("publish events that commit with them, once", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 3);
  await backbone.relay();
  const consumer = defineConsumer({
    subscriber: "statements",
    handlers: [
      onSqlBatch(partChecked, async ({ deliveries, publishFrom }) => {
        for (const cause of deliveries) {
          const reading = Number(cause.event.payload.status);
          await publishFrom(cause)(meterRead, { meter_id: "m", reading, faults: 0 });
        }
        const ids = JSON.stringify(deliveries.map(({ event }) => event.id));
        return [
          sql`INSERT INTO effects (subscriber, event_id) SELECT 'statements', jsonb_array_elements_text(${ids}::jsonb)`,
        ];
      }),
    ],
  });
  const { result, sessions } = await drainCounting(backbone, consumer);
  expect([result.applied, sessions]).toEqual([3, 0]);
  await forgetAcks(backbone);
  await drainUntilQuiet(backbone, consumer);
  const published = await backbone.sql<{ reading: number }>(
    "SELECT (payload ->> 'reading')::int AS reading FROM events WHERE type = $1 ORDER BY position",
    [meterRead.type],
  );
  expect(published.map(({ reading }) => reading)).toEqual([0, 1, 2]);
  expect(await effects(backbone)).toHaveLength(3);
});

test("close the open dead letter of an event that is applied after all", async () => {
  const backbone = await openBackbone();
  await backbone.drain(statements);
  const [id = ""] = await publishReports(backbone, 1);
  await backbone.sql(
    `INSERT INTO dead_letters (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, reason,
       error_class, error_message, attempts, first_failed_at, last_failed_at)
     VALUES ('statements', 0, $1, '1-1', $2, $3, 'worker_died', 'x', 'x', 1, now(), now())`,
    [backbone.stream, id, partChecked.type],
  );
  await backbone.relay();
  const { sessions } = await drainCounting(backbone);
  expect([await applied(backbone), sessions]).toEqual([[id], 1]);
  expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["resolved"]);
});
