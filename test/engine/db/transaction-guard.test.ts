import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError } from "../../../src/engine/core/errors.ts";
import { createDatabase, type Tx } from "../../../src/engine/db/database.ts";
import type { Publish } from "../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../backbone.ts";
import { meterRead, partChecked } from "../events.ts";
import { deadLetters, effects, openBackbone, publishReports, recorder } from "../fixture.ts";

const ends = [
  "ROLLBACK",
  "ABORT",
  "COMMIT",
  "END",
  "COMMIT AND CHAIN",
  "ROLLBACK AND CHAIN",
  "/* out */ ROLLBACK",
  "ROLLBACK /* rollback to the start */",
  "ROLLBACK; SELECT 'rollback to x'",
  "SELECT 1; ROLLBACK",
  "ROLLBACK; BEGIN",
  "SAVEPOINT a; ROLLBACK TO a; ROLLBACK",
];

/** Texts of which nobody could tell to which savepoint what is published belongs. */
const together = [
  "SAVEPOINT a; SELECT 1",
  "SAVEPOINT a; INSERT INTO effects (subscriber) VALUES ('x'); RELEASE a",
];

describe("a statement that ends its transaction", () => {
  test.each(ends)(
    "is refused in a handler, which leaves no effect without a claim: %s",
    async (statement) => {
      const backbone = await openBackbone();
      await publishReports(backbone, 1);
      await backbone.relay();
      const consumer = recorder({
        beforeReport: async (_event, { tx }) => {
          // One that lets no error through is told at its end.
          await tx.execute(sql.raw(statement)).catch(() => undefined);
          await tx.execute(sql`INSERT INTO effects (subscriber) VALUES ('behind')`).catch(() => undefined);
        },
      });
      await backbone.drain(consumer);
      expect(await effects(backbone)).toEqual([]);
      expect(await deadLetters(backbone)).toMatchObject([
        { error_stack: expect.stringContaining("A statement in this transaction has ended it") },
      ]);
    },
  );

  test.each(together)("together with savepoints in one text is refused: %s", async (statements) => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = recorder({
      beforeReport: async (_event, { tx }) => {
        await tx.execute(sql.raw(statements)).catch(() => undefined);
      },
    });
    await backbone.drain(consumer);
    expect(await effects(backbone)).toEqual([]);
    expect(await deadLetters(backbone)).toMatchObject([
      { error_stack: expect.stringContaining("A text of several statements has SAVEPOINT") },
    ]);
  });

  test.each([...ends, "DO $$ BEGIN COMMIT; END $$"])("leaves nothing of a trial: %s", async (statement) => {
    const backbone = await openBackbone();
    const session = await createDatabase(backbone.sandbox.neonUrl).open();
    const trial = session.trial(
      async (tx) => {
        await tx.execute(sql`INSERT INTO effects (subscriber) VALUES ('before')`);
        await tx.execute(sql.raw(statement)).catch(() => undefined);
        await tx.execute(sql`INSERT INTO effects (subscriber) VALUES ('behind')`);
      },
      () => undefined,
    );
    await expect(trial).rejects.toThrow();
    await session.close();
    expect(await effects(backbone)).toEqual([]);
  });

  test.each(["COMMIT", "-- now\nCOMMIT", "SELECT 1; COMMIT"])(
    "and fails with it, lets nothing run behind it: %s",
    async (statement) => {
      const backbone = await openBackbone();
      await backbone.sql("CREATE TABLE twice (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
      const ended = backbone.system.transact({ source: "lab" }, async (tx) => {
        await tx.execute(sql`INSERT INTO twice VALUES (1), (1)`);
        await tx.execute(sql.raw(statement)).catch(() => undefined);
        await tx.execute(sql`INSERT INTO effects (subscriber) VALUES ('behind')`);
      });
      await expect(ended).rejects.toThrow(/A statement in this transaction has ended it/);
      expect(await effects(backbone)).toEqual([]);
    },
  );

  test("is refused in a transaction of a route", async () => {
    const backbone = await openBackbone();
    const work = transact(backbone, async (tx) => {
      await tx.execute(sql`COMMIT`);
    });
    await expect(work).rejects.toThrow(PermanentError);
  });
});

/** As a route does it. */
const transact = (backbone: Backbone, run: (tx: Tx, publish: Publish) => Promise<void>) =>
  backbone.system.transact({ source: "lab" }, run);

const report = (status: string) => ({ part: "db", status });

describe("what is published behind a savepoint", () => {
  const recorded = async (backbone: Backbone) =>
    (
      await backbone.sql<{ status: string }>(
        "SELECT payload ->> 'status' AS status FROM events ORDER BY position",
      )
    ).map(({ status }) => status);

  test("goes back with the change that it tells of", async () => {
    const backbone = await openBackbone();
    await transact(backbone, async (tx, publish) => {
      await publish(partChecked, report("before"));
      await tx
        .transaction(async (inner) => {
          await inner.execute(sql`INSERT INTO effects (subscriber) VALUES ('change')`);
          await publish(partChecked, report("taken back"));
          throw new Error("The change is taken back.");
        })
        .catch(() => undefined);
      await publish(partChecked, report("behind"));
    });
    expect(await effects(backbone)).toEqual([]);
    expect(await recorded(backbone)).toEqual(["before", "behind"]);
  });

  test("stays when that is released, and goes with the one around it", async () => {
    const backbone = await openBackbone();
    await transact(backbone, async (tx, publish) => {
      await tx.transaction(async (inner) => {
        await inner.transaction(() => publish(partChecked, report("kept")));
        await inner.transaction(() => publish(partChecked, report("kept too")));
      });
      await tx
        .transaction(async (inner) => {
          await inner.transaction(() => publish(partChecked, report("inner")));
          throw new Error("Both are taken back.");
        })
        .catch(() => undefined);
    });
    expect(await recorded(backbone)).toEqual(["kept", "kept too"]);
  });

  test("goes back to another one when the first that is named is not there", async () => {
    const backbone = await openBackbone();
    await transact(backbone, async (tx, publish) => {
      await tx.execute(sql`SAVEPOINT known`);
      await publish(partChecked, report("taken back"));
      await tx.execute(sql`ROLLBACK TO SAVEPOINT unknown`).catch(() => undefined);
      await tx.execute(sql`ROLLBACK TO SAVEPOINT known`);
      await publish(partChecked, report("behind"));
    });
    expect(await recorded(backbone)).toEqual(["behind"]);
  });

  test.each([
    ["a comment before it", "/* try */ SAVEPOINT s", "/* undo */ ROLLBACK TO SAVEPOINT s"],
    ["a line of comment before going back", "SAVEPOINT s", "-- undo\nROLLBACK TO s"],
    ["comments for spaces", "SAVEPOINT/* /* a */ b */s", "ROLLBACK/**/TO/**/s"],
    ["a comment behind the name", "SAVEPOINT s--x", "ROLLBACK TO s"],
    ["semicolons around it", ";SAVEPOINT s;", "; ROLLBACK TO s ;"],
    ["no space before a quoted name", 'SAVEPOINT"s"', 'ROLLBACK TO"s"'],
    ["what looks like a comment in a name", 'SAVEPOINT "a--/*b"', 'ROLLBACK TO "a--/*b"'],
  ])("goes back with %s", async (_, set, back) => {
    const backbone = await openBackbone();
    await transact(backbone, async (tx, publish) => {
      await tx.execute(sql.raw(set));
      await publish(partChecked, report("taken back"));
      await tx.execute(sql.raw(back));
      await publish(partChecked, report("behind"));
    });
    expect(await recorded(backbone)).toEqual(["behind"]);
  });

  test.each([
    ["two statements in setting it", "SAVEPOINT s; SELECT 1", "ROLLBACK TO s"],
    ["two statements in going back", "SAVEPOINT s", "ROLLBACK TO s; SELECT 1"],
    ["going back and release in one", "SAVEPOINT s", "ROLLBACK TO s; RELEASE s"],
    ["a failure behind it in one text", "SAVEPOINT s; SELECT 1 / 0", "ROLLBACK TO s"],
    ["a name with escapes", 'SAVEPOINT U&"s"', "ROLLBACK TO s"],
    ["a name that Postgres cuts", `SAVEPOINT ${"s".repeat(70)}`, `ROLLBACK TO ${"s".repeat(63)}`],
  ])("that is not understood ends it: %s", async (_, set, back) => {
    const backbone = await openBackbone();
    const ended = transact(backbone, async (tx, publish) => {
      await tx.execute(sql.raw(set)).catch(() => undefined);
      await tx.execute(sql`INSERT INTO effects (subscriber) VALUES ('change')`).catch(() => undefined);
      await publish(partChecked, report("taken back"));
      await tx.execute(sql.raw(back)).catch(() => undefined);
    });
    await expect(ended).rejects.toThrow(/of several statements|name of a savepoint was not understood/);
    expect(await effects(backbone)).toEqual([]);
    expect(await recorded(backbone)).toEqual([]);
  });

  test("goes back as often as the transaction does, whatever the savepoint is called", async () => {
    const backbone = await openBackbone();
    await transact(backbone, async (tx, publish) => {
      await tx.execute(sql`SAVEPOINT "A b"`);
      await tx.execute(sql`savepoint Inner1`);
      await publish(partChecked, report("1"));
      await tx.execute(sql`ROLLBACK WORK TO SAVEPOINT INNER1`);
      await publish(partChecked, report("2"));
      await tx.execute(sql`rollback to inner1`);
      await publish(partChecked, report("3"));
      await tx.execute(sql`RELEASE inner1`);
      await tx.execute(sql`rollback transaction to "A b"`);
      await publish(partChecked, report("4"));
    });
    expect(await recorded(backbone)).toEqual(["4"]);
  });

  test("goes back in handlers, too", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = defineConsumer({
      subscriber: "recorder",
      handlers: [
        on(partChecked, async (_event, { tx, publish }) => {
          await publish(meterRead, { meter_id: "kept", reading: 1, faults: 0 });
          await tx
            .transaction(async () => {
              await publish(meterRead, { meter_id: "taken back", reading: 1, faults: 0 });
              throw new Error("no");
            })
            .catch(() => undefined);
        }),
      ],
    });
    await backbone.drain(consumer);
    const published = await backbone.sql(
      "SELECT payload ->> 'meter_id' AS meter FROM events WHERE type = 'lab.meter.read'",
    );
    expect(published).toEqual([{ meter: "kept" }]);
  });
});
