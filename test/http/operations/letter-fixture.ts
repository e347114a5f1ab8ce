import { defineConsumer, PermanentError } from "@brain/engine";
import { agentHeartbeat } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { onTestFinished } from "vitest";
import { type Consumer, type ConsumerOptions, on } from "../../../src/engine/consume/consumer.ts";
import { createSurface, type Surface } from "../surface.ts";

/*
 * A consumer that keeps the beats of agents in a table, and refuses those whose number of tasks it has been told to.
 */

export interface Ledger {
  readonly surface: Surface;
  /** Numbers that are refused now. */
  readonly refused: Set<number>;
  /** Sends beats of one agent with these numbers and lets the consumers handle them. */
  beat(numbers: readonly number[], agent?: string): Promise<void>;
  /** Numbers in the order in which they were applied. */
  applied(agent?: string): Promise<number[]>;
  /** Ids of all dead letters, the oldest first. */
  letters(): Promise<string[]>;
  statuses(): Promise<string[]>;
  drain(): Promise<void>;
}

export async function openLedger(
  env: Readonly<Record<string, string>> = {},
  options: Partial<ConsumerOptions> = {},
): Promise<Ledger> {
  const refused = new Set<number>();
  const ledger: Consumer = defineConsumer({
    subscriber: "ledger",
    handlers: [
      on(agentHeartbeat, async ({ payload, id }, { tx, replay }) => {
        const number = payload.tasks_completed;
        if (refused.has(number)) throw new PermanentError(`The number ${number} is refused.`);
        await tx.execute(sql`INSERT INTO ledger (agent, number, event_id, replay)
          VALUES (${payload.agent_id}, ${number}, ${id}, ${replay})`);
      }),
    ],
    retry: { baseMs: 1, capMs: 1 },
    ...options,
  });
  const surface = await createSurface({ consumers: [ledger], env: { BRAIN_LEASE_MS: "10000", ...env } });
  onTestFinished(async () => {
    await surface.background();
    await surface.cleanup();
  });
  await surface.sql(
    "CREATE TABLE ledger (place bigint GENERATED ALWAYS AS IDENTITY, agent text, number int, event_id text, replay boolean)",
  );
  const drain = async () => {
    const reply = await surface.send("/api/consumers/ledger/drain", { method: "POST" });
    if (reply.status !== 200) throw new Error(`the drain answered ${reply.text}`);
  };
  const column = async <T>(statement: string, params: unknown[] = []) =>
    (await surface.sql<{ value: T }>(statement, params)).map((row) => row.value);
  return {
    surface,
    refused,
    drain,
    async beat(numbers, agent = "a") {
      const events = numbers.map((number) => ({
        type: "agent.heartbeat",
        payload: { agent_id: agent, tasks_completed: number, tasks_failed: 0 },
      }));
      const reply = await surface.post("/api/events/batch", events);
      if (reply.status !== 202) throw new Error(`the events were refused: ${reply.text}`);
      await surface.relay();
      await drain();
    },
    applied: (agent = "a") =>
      column<number>("SELECT number AS value FROM ledger WHERE agent = $1 ORDER BY place", [agent]),
    letters: () => column<string>("SELECT id::text AS value FROM dead_letters ORDER BY id"),
    statuses: () => column<string>("SELECT status AS value FROM dead_letters ORDER BY id"),
  };
}
