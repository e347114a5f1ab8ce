import { describe, expect, test } from "vitest";
import {
  on,
  onAny,
  onBatch,
  onSql,
  onSqlBatch,
  onSqlSet,
  type Subscription,
} from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, ValidationError } from "../../../src/engine/core/errors.ts";
import { type Publish, transactAndPublish } from "../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../backbone.ts";
import { meterRead, partChecked } from "../events.ts";
import { deadLetters, openBackbone, publishReports } from "../fixture.ts";

/*
 * What is published behind the end of its transaction would be told to its publisher and recorded by nobody: it is
 * refused, whoever publishes.
 */

const reading = { meter_id: "m", reading: 1, faults: 0 };

function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

/** How a handler of each kind gets its `publish`, and what it does then. */
const kinds: readonly (readonly [
  kind: string,
  handler: (then: (publish: Publish) => Promise<void>) => Subscription,
])[] = [
  ["one event", (then) => on(partChecked, (_event, { publish }) => then(publish))],
  [
    "a batch",
    (then) =>
      onBatch(partChecked, async ([first], { publishFrom }) => {
        if (first !== undefined) await then(publishFrom(first));
      }),
  ],
  [
    "all types",
    (then) =>
      onAny(async ([first], { publishFrom }) => {
        if (first !== undefined) await then(publishFrom(first));
      }),
  ],
  [
    "statements for one event",
    (then) =>
      onSql(partChecked, async ({ publish }) => {
        await then(publish);
        return [];
      }),
  ],
  [
    "statements for a batch",
    (then) =>
      onSqlBatch(partChecked, async ({ deliveries: [first], publishFrom }) => {
        if (first !== undefined) await then(publishFrom(first));
        return [];
      }),
  ],
  [
    "statements for a set of types",
    (then) =>
      onSqlSet([partChecked], async ({ deliveries: [first], publishFrom }) => {
        if (first !== undefined) await then(publishFrom(first));
        return [];
      }),
  ],
];

/** Drains one event with such a handler. @returns the `publish` of each call, as somebody has it who kept it */
async function callsOf(
  backbone: Backbone,
  [, handler]: (typeof kinds)[number],
  end: (publish: Publish) => Promise<void>,
): Promise<readonly Publish[]> {
  const kept: Publish[] = [];
  const then = async (publish: Publish) => {
    kept.push(publish);
    await end(publish);
  };
  await publishReports(backbone, 1);
  await backbone.relay();
  await backbone.drain(defineConsumer({ subscriber: "late", startAt: "0", handlers: [handler(then)] }));
  return kept;
}

const readings = (backbone: Backbone) => backbone.sql("SELECT id FROM events WHERE type = 'lab.meter.read'");

test.each(kinds)("behind its return a handler's publish is refused: %s", async (...kind) => {
  const backbone = await openBackbone();
  // The control: in time it is recorded.
  const calls = await callsOf(backbone, kind, async (publish) => void (await publish(meterRead, reading)));
  expect(calls).toHaveLength(1);
  expect(await deadLetters(backbone)).toEqual([]);
  expect(await readings(backbone)).toHaveLength(1);
  for (const publish of calls) {
    expect(await errorOf(publish(meterRead, reading))).toBeInstanceOf(PermanentError);
  }
  expect(await readings(backbone)).toHaveLength(1);
});

test.each(kinds)("so it is when the handler has failed: %s", async (...kind) => {
  const backbone = await openBackbone();
  const calls = await callsOf(backbone, kind, () => Promise.reject(new PermanentError("broken")));
  // The call of the short way, and that of the transaction.
  expect(calls.length).toBeGreaterThan(0);
  expect(await deadLetters(backbone)).toHaveLength(1);
  for (const publish of calls) {
    expect(await errorOf(publish(meterRead, reading))).toBeInstanceOf(PermanentError);
  }
});

test("a transaction that is being rolled back takes nothing more", async () => {
  const backbone = await openBackbone();
  const { db, publish: settings } = backbone.open();
  const kept: Publish[] = [];
  // While the failure is on its way, before anybody has heard of the ROLLBACK.
  const late: Promise<unknown>[] = [];
  const failing = transactAndPublish(
    {
      transaction: (run, frame) =>
        db.transaction(async (tx) => {
          try {
            return await run(tx);
          } finally {
            late.push(...kept.map((publish) => errorOf(publish(meterRead, reading))));
          }
        }, frame),
    },
    settings,
    { source: "lab" },
    async (_tx, publish) => {
      kept.push(publish);
      throw new Error("no place left");
    },
  );
  await expect(failing).rejects.toThrow("no place left");
  const [told] = await Promise.all(late);
  expect(told).toBeInstanceOf(PermanentError);
});

const refused = { ...reading, faults: -1 };

describe("an event that is refused, and whose promise nobody awaits", () => {
  test.each(kinds)("fails the handler: %s", async (...kind) => {
    const backbone = await openBackbone();
    await callsOf(backbone, kind, async (publish) => {
      void publish(meterRead, refused);
      await publish(meterRead, reading);
    });
    expect(await deadLetters(backbone)).toMatchObject([
      { error_class: "ValidationError", error_message: expect.stringContaining("faults") },
    ]);
    expect(await readings(backbone)).toEqual([]);
  });

  test("fails the transaction of a route", async () => {
    const backbone = await openBackbone();
    const work = backbone.system.transact({ source: "lab" }, async (_tx, publish) => {
      void publish(meterRead, refused);
      await publish(meterRead, reading);
    });
    await expect(work).rejects.toThrow(ValidationError);
    expect(await readings(backbone)).toEqual([]);
  });

  test.each<readonly [form: string, notice: (work: Promise<unknown>) => unknown]>([
    ["try and await", (work) => work.then(undefined, () => null)],
    ["catch", (work) => void work.catch(() => undefined)],
    ["Promise.all", (work) => Promise.all([work]).catch(() => undefined)],
    ["Promise.allSettled", (work) => Promise.allSettled([work])],
    ["what is derived from it", (work) => void work.finally(() => undefined).catch(() => undefined)],
  ])("control: whoever takes notice goes on without it: %s", async (_, notice) => {
    const backbone = await openBackbone();
    await backbone.system.transact({ source: "lab" }, async (_tx, publish) => {
      await notice(publish(meterRead, refused));
      await publish(meterRead, reading);
    });
    expect(await readings(backbone)).toHaveLength(1);
  });

  test("control: await takes notice", async () => {
    const backbone = await openBackbone();
    const work = backbone.system.transact({ source: "lab" }, async (_tx, publish) => {
      try {
        await publish(meterRead, refused);
      } catch {
        await publish(meterRead, reading);
      }
    });
    await work;
    expect(await readings(backbone)).toHaveLength(1);
  });
});
