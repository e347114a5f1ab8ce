import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { applyOne, clearTables, type PeerEvent } from "./effects.ts";
import type { Side, SideOptions } from "./side.ts";

const queueName = "bench";
const lanes = 16;

/** BullMQ: jobs in Redis, a transaction in Postgres for each. */
export async function openBullMq({ redisUrl, databaseUrl, onTaken, onApplied }: SideOptions): Promise<Side> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: lanes });
  const connection = () => new Redis(redisUrl, { maxRetriesPerRequest: null });
  const producer = connection();
  // Done jobs are thrown away, which is the cheapest it can do with them.
  const queue = new Queue<PeerEvent>(queueName, {
    connection: producer,
    defaultJobOptions: { removeOnComplete: true, attempts: 5 },
  });
  return {
    async clear() {
      await queue.obliterate({ force: true });
      await clearTables(pool);
    },
    publish: (event) => queue.add(event.type, event),
    publishMany: (events) => queue.addBulk(events.map((data) => ({ name: data.type, data }))),
    async work() {
      const consumer = connection();
      const worker = new Worker<PeerEvent>(
        queueName,
        async ({ data }) => {
          onTaken();
          const client = await pool.connect();
          try {
            await applyOne(client, data);
          } finally {
            client.release();
          }
          onApplied(1);
        },
        { connection: consumer, concurrency: 2 * lanes },
      );
      await worker.waitUntilReady();
      return async () => {
        await worker.close();
        consumer.disconnect();
      };
    },
  };
}
