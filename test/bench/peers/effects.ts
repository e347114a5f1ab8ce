import type { Pool, PoolClient } from "pg";
import type { BenchEvent } from "../events.ts";

/*
 * The effect that each side has to reach: a row in `peer_effects` and the claim that lets it happen once, committed in one
 * transaction.
 */

export interface PeerEvent extends BenchEvent {
  readonly id: string;
}

export async function createTables(pool: Pool): Promise<void> {
  await pool.query(`
    CREATE TABLE IF NOT EXISTS peer_effects (event_id uuid, n integer, at timestamptz);
    CREATE TABLE IF NOT EXISTS peer_processed (
      subscriber text, event_id uuid, at timestamptz DEFAULT now(), PRIMARY KEY (subscriber, event_id))`);
}

export async function clearTables(pool: Pool): Promise<void> {
  await pool.query("TRUNCATE peer_effects, peer_processed");
}

/** A transaction of its own, as a handler is usually written. */
export async function applyOne(client: PoolClient, { id }: PeerEvent): Promise<void> {
  await client.query("BEGIN");
  try {
    const claimed = await client.query({
      name: "claim",
      text: "INSERT INTO peer_processed (subscriber, event_id) VALUES ('peer', $1) ON CONFLICT DO NOTHING",
      values: [id],
    });
    if (claimed.rowCount === 1) {
      await client.query({
        name: "effect",
        text: "INSERT INTO peer_effects (event_id, n, at) VALUES ($1, 0, clock_timestamp())",
        values: [id],
      });
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** Many at once: one statement, all or nothing. */
export const applyMany = `
  WITH given AS (SELECT unnest($1::uuid[]) AS id),
    claimed AS (
      INSERT INTO peer_processed (subscriber, event_id) SELECT 'peer', id FROM given
      ON CONFLICT DO NOTHING RETURNING event_id)
  INSERT INTO peer_effects (event_id, n, at) SELECT event_id, 0, clock_timestamp() FROM claimed`;
