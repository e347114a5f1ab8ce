import { Logger, makeWorkerUtils, run, type TaskList } from "graphile-worker";
import pg from "pg";
import { applyMany, applyOne, clearTables, type PeerEvent } from "./effects.ts";
import type { Side, SideOptions } from "./side.ts";

const taskName = "bench";
const groupSize = 500;
const groupMs = 2;
/** Connections, and handlers at once that each have a transaction. */
const lanes = 16;

const logger = new Logger(() => (level, message) => {
  if (level === "error") console.error(message);
});

/** graphile-worker, with its settings for throughput: a local queue, and completions in batches. */
export async function openGraphileWorker(
  { databaseUrl, onTaken, onApplied }: SideOptions,
  commits: "job" | "group",
): Promise<Side> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: lanes + 4 });
  // It asks for both.
  pool.on("error", (error) => console.error(error.message));
  pool.on("connect", (client) => client.on("error", (error) => console.error(error.message)));
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();
  const taskList: TaskList = {
    [taskName]:
      commits === "group"
        ? groupHandler(pool, onTaken, onApplied)
        : async (payload, helpers) => {
            onTaken();
            await helpers.withPgClient((client) => applyOne(client, payload as PeerEvent));
            onApplied(1);
          },
  };
  return {
    async clear() {
      await pool.query("TRUNCATE graphile_worker._private_jobs");
      await clearTables(pool);
    },
    publish: (event) => utils.addJob(taskName, event),
    publishMany: (events) => utils.addJobs(events.map((payload) => ({ identifier: taskName, payload }))),
    async work() {
      const runner = await run({
        pgPool: pool,
        logger,
        noHandleSignals: true,
        taskList,
        preset: {
          worker: {
            concurrentJobs: commits === "group" ? groupSize : lanes,
            localQueue: { size: commits === "group" ? 2 * groupSize : groupSize },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
      });
      return () => runner.stop();
    },
  };
}

/** Handlers that wait for each other, so that the effects of many jobs commit together. */
function groupHandler(pool: pg.Pool, onTaken: () => void, onApplied: (count: number) => void) {
  let waiting: { readonly id: string; done(): void; failed(error: unknown): void }[] = [];
  let timer: NodeJS.Timeout | null = null;
  const flush = async () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const group = waiting;
    waiting = [];
    try {
      await pool.query({ name: "many", text: applyMany, values: [group.map(({ id }) => id)] });
      onApplied(group.length);
      for (const { done } of group) done();
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  };
  return (payload: unknown) => {
    onTaken();
    return new Promise<void>((done, failed) => {
      waiting.push({ id: (payload as PeerEvent).id, done, failed });
      if (waiting.length >= groupSize) void flush();
      else timer ??= setTimeout(() => void flush(), groupMs);
    });
  };
}
