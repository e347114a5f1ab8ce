import { agentHeartbeat, systemHealth } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { on } from "../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../src/engine/consume/define-consumer.ts";

/** What the processes run that the test kills: one effect and one event for each heartbeat. */
export const crashConsumer = defineConsumer({
  subscriber: "crash",
  batchSize: 40,
  concurrency: 2,
  // The kills hit events at random; how often one may be hit before it is blamed is not what the test is about.
  retry: { maxAttempts: 1_000, maxDeaths: 1_000, baseMs: 1, capMs: 1 },
  handlers: [
    on(agentHeartbeat, async (event, { tx, publish }) => {
      const { agent_id, tasks_completed } = event.payload;
      await tx.execute(sql`
        INSERT INTO effects (subscriber, event_id, agent, number)
        VALUES ('crash', ${event.id}, ${agent_id}, ${tasks_completed})`);
      await publish(systemHealth, { component: event.id, status: "ok" });
    }),
  ],
});
