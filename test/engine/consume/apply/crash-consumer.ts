import { sql } from "drizzle-orm";
import { on } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { meterRead, partChecked } from "../../events.ts";

/** What the processes run that the test kills: one effect and one event for each heartbeat. */
export const crashConsumer = defineConsumer({
  subscriber: "crash",
  batchSize: 40,
  concurrency: 2,
  // The kills hit events at random; how often one may be hit before it is blamed is not what the test is about.
  retry: { maxAttempts: 1_000, maxDeaths: 1_000, baseMs: 1, capMs: 1 },
  handlers: [
    on(meterRead, async (event, { tx, publish }) => {
      const { meter_id, reading } = event.payload;
      await tx.execute(sql`
        INSERT INTO effects (subscriber, event_id, agent, number)
        VALUES ('crash', ${event.id}, ${meter_id}, ${reading})`);
      await publish(partChecked, { part: event.id, status: "ok" });
    }),
  ],
});
