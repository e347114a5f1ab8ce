import pg from "pg";
import { PgBoss } from "pg-boss";
import { applyMany, clearTables, type PeerEvent } from "./effects.ts";
import type { Side, SideOptions } from "./side.ts";

const queueName = "bench";
const batchSize = 500;

/** pg-boss: batches of 500, whose effects commit in one transaction with the completion of their jobs. */
export async function openPgBoss({ databaseUrl, onTaken, onApplied }: SideOptions): Promise<Side> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  // Workers are woken by NOTIFY; supervision and schedules, which are not measured, are off.
  const boss = new PgBoss({
    connectionString: databaseUrl,
    max: 40,
    useListenNotify: true,
    supervise: false,
    schedule: false,
  });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.createQueue(queueName, { notify: true });
  return {
    async clear() {
      await boss.deleteAllJobs(queueName);
      await clearTables(pool);
    },
    publish: (event) => boss.send(queueName, event),
    publishMany: (events) =>
      boss.insert(
        queueName,
        events.map((data) => ({ data })),
      ),
    async work() {
      await boss.work<PeerEvent, void, { transactional: true; batchSize: number; burstWhenBatchFull: true }>(
        queueName,
        { transactional: true, batchSize, burstWhenBatchFull: true },
        async (jobs, tx) => {
          onTaken();
          await tx.executeSql(applyMany, [jobs.map(({ data }) => data.id)]);
          // Committed only after this; the clock stops a little early.
          onApplied(jobs.length);
        },
      );
      return () => boss.offWork(queueName, { wait: true });
    },
  };
}
