import { sql } from "drizzle-orm";
import { afterEach, describe, expect, test } from "vitest";
import { on } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { TransientError } from "../../../../src/engine/core/errors.ts";
import { type Backbone, createBackbone } from "../../../backbone.ts";
import { labCatalog, sampleTaken, sampleWeighed } from "../../events.ts";

let backbone: Backbone;
afterEach(() => backbone.cleanup());

/** The handler of the first event waits for an effect of the second, which has the same key. */
function waitingConsumer(overtakable: boolean) {
  return defineConsumer({
    subscriber: "waiting",
    retry: { baseMs: 1_000, capMs: 1_000 },
    handlers: [
      on(sampleTaken, async (_event, { tx }) => {
        const { rows } = await tx.execute(sql`SELECT 1 FROM effects WHERE what = 'completed'`);
        if (rows.length === 0) throw new TransientError("not yet", { overtakable });
        await tx.execute(sql`INSERT INTO effects VALUES ('requested')`);
      }),
      on(sampleWeighed, async (_event, { tx }) => {
        await tx.execute(sql`INSERT INTO effects VALUES ('completed')`);
      }),
    ],
  });
}

async function run(overtakable: boolean): Promise<unknown[]> {
  const consumer = waitingConsumer(overtakable);
  let clockMs = 0;
  backbone = await createBackbone({
    catalog: labCatalog,
    consumers: [consumer],
    now: () => Date.now() + clockMs,
  });
  await backbone.sql("CREATE TABLE effects (what text)");
  const sample_id = crypto.randomUUID();
  await backbone.publish({ source: "test" }, async (publish) => {
    await publish(sampleTaken, { sample_id });
    await publish(sampleWeighed, { sample_id, milligrams: 7 });
  });
  await backbone.relay();
  for (let drain = 0; drain < 2; drain += 1) await backbone.drain(consumer);
  // The time of the retry, which the backoff keeps below a second.
  clockMs += 1_000;
  await backbone.drain(consumer);
  return (await backbone.sql("SELECT what FROM effects")).map((row) => row.what);
}

describe("an event that waits for a later one with the same key", () => {
  test("lets it pass when its handler says so, and is applied afterwards", async () => {
    expect(await run(true)).toEqual(["completed", "requested"]);
  });

  test("holds the key otherwise, so that the order is kept", async () => {
    expect(await run(false)).toEqual([]);
  });
});
