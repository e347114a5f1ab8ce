import { setTimeout as delay } from "node:timers/promises";
import {
  type Consumer,
  defineConsumer,
  defineJob,
  type JobContext,
  on,
  type ScheduledJob,
  type Tx,
} from "@brain/engine";
import { sql } from "drizzle-orm";
import { meterMounted, meterRead, partChecked } from "../../engine/events.ts";

/*
 * What the processes do that these tests kill. A reading has an effect and causes an event, once in each generation of
 * replays. What has to happen later is a row with its time, and a job that publishes it when it has come.
 */

export const workTables = `
  CREATE TABLE killed_effects (
    place bigint GENERATED ALWAYS AS IDENTITY, event_id text NOT NULL, generation text NOT NULL, key text NOT NULL,
    number integer NOT NULL);
  CREATE TABLE killed_delays (key text, number integer, due_at timestamptz, PRIMARY KEY (key, number))`;

/** An effect as it stands in the database. */
export interface KilledEffect {
  readonly event_id: string;
  /** The same for all tries of one generation of one event, and for no other. */
  readonly generation: string;
  readonly key: string;
  readonly number: number;
}

async function recordEffect(tx: Tx, effect: KilledEffect): Promise<void> {
  const { event_id, generation, key, number } = effect;
  await tx.execute(sql`
    INSERT INTO killed_effects (event_id, generation, key, number)
    VALUES (${event_id}, ${generation}, ${key}, ${number})`);
}

export const killedConsumer: Consumer = defineConsumer({
  subscriber: "killed",
  batchSize: 20,
  // The kills hit events at random; how often one may be hit before it is blamed is not what these tests are about.
  retry: { maxAttempts: 1_000, maxDeaths: 1_000, baseMs: 1, capMs: 50 },
  handlers: [
    on(meterRead, async ({ id, payload }, { tx, publish, idempotencyKey }) => {
      const { meter_id: key, reading: number } = payload;
      // So long that kills hit the midst of the work, however fast the machine is.
      await delay(30);
      await recordEffect(tx, { event_id: id, generation: await idempotencyKey("effect"), key, number });
      await publish(partChecked, { part: id, status: "ok" });
    }),
    on(meterMounted, async ({ id, payload }, { tx, idempotencyKey }) => {
      const { meter_id: key, number = -1 } = payload;
      await recordEffect(tx, { event_id: id, generation: await idempotencyKey("effect"), key, number });
    }),
  ],
});

interface DueRow extends Record<string, unknown> {
  readonly key: string;
  readonly number: number;
}

/** Takes a few that are due away, so that a kill finds some done and some not. */
async function takeDue(tx: Tx, time: string): Promise<DueRow[]> {
  const { rows } = await tx.execute<DueRow>(sql`
    DELETE FROM killed_delays WHERE (key, number) IN (
      SELECT key, number FROM killed_delays WHERE due_at <= ${time}::timestamptz
      ORDER BY due_at LIMIT 5 FOR UPDATE SKIP LOCKED)
    RETURNING key, number`);
  return rows;
}

async function nextDue({ db }: Pick<JobContext, "db">): Promise<Date | null> {
  const [next] = await db.rows<{ at_ms: number | null }>(
    sql`SELECT (extract(epoch FROM min(due_at)) * 1000)::float8 AS at_ms FROM killed_delays`,
  );
  return next?.at_ms == null ? null : new Date(next.at_ms);
}

const name = "killed_delays";

/** Publishes what is due, in the transaction in which it is taken away. */
const killedJob: ScheduledJob = defineJob({
  name,
  async run(context) {
    const { transact, now, isOver } = context;
    for (let more = true; more && !isOver(); ) {
      // Before the transaction, so that the time at which its events are stored is no earlier.
      const time = now().toISOString();
      await transact({ source: "killed" }, async (tx, publish) => {
        const rows = await takeDue(tx, time);
        for (const { key, number } of rows) await publish(meterMounted, { meter_id: key, number });
        more = rows.length > 0;
      });
    }
    return nextDue(context);
  },
});

/** Takes away what is due in one transaction and publishes it in another, a minute later: whoever kills it between, loses it. */
const carelessJob: ScheduledJob = defineJob({
  name,
  async run(context) {
    const { transact, now } = context;
    const rows = await transact({ source: "killed" }, (tx) => takeDue(tx, now().toISOString()));
    if (rows.length > 0) await delay(60_000);
    await transact({ source: "killed" }, async (_tx, publish) => {
      for (const { key, number } of rows) await publish(meterMounted, { meter_id: key, number });
    });
    return nextDue(context);
  },
});

/** @param kind `careless`: for the control that shows what the other one is safe from */
export const jobNamed = (kind: string | undefined): ScheduledJob =>
  kind === "careless" ? carelessJob : killedJob;
