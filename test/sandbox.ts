/** A database and a Redis prefix of its own for each test or file, so that files run side by side and never clean up others. */

import { randomBytes } from "node:crypto";
import { expect, inject } from "vitest";
import { withDatabase } from "../workers/local/neon/database.ts";
import { createRedisConnection, type RedisConnection } from "../workers/local/redis/connection.ts";
import { plainReply } from "../workers/local/redis/resp.ts";
import { borrowDatabase, returnDatabase } from "./database-pool.ts";

/** Where a system of a test is to work. */
export interface Places {
  /** A direct connection to the sandbox's database. */
  readonly databaseUrl: string;
  /** The same database behind the Neon gateway. */
  readonly neonUrl: string;
  readonly upstash: { readonly url: string; readonly token: string };
  readonly redisUrl: string;
  /** Start every key with it, for example `t:5f0c2a9b1d3e`. */
  readonly prefix: string;
}

export interface Sandbox extends Places {
  /** Rows of a statement on a direct connection, which tests of one file share. */
  sql<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<Row[]>;
  /** Gives the database back and deletes the keys below the prefix. Idempotent. */
  cleanup(): Promise<void>;
}

async function deleteKeys(redis: RedisConnection, pattern: string): Promise<void> {
  let cursor = "0";
  do {
    const [reply] = await redis.send([["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"]], plainReply);
    if (!Array.isArray(reply)) throw new Error(`SCAN answered ${String(reply)}`);
    const [next, keys] = reply;
    if (Array.isArray(keys) && keys.length > 0) await redis.send([["DEL", ...keys.map(String)]], plainReply);
    cursor = String(next);
  } while (cursor !== "0");
}

/** Needs `test/services.setup.ts` as global setup. The database has the tables of the migrated template and no rows. */
export async function createSandbox(): Promise<Sandbox> {
  const services = inject("services");
  const id = randomBytes(6).toString("hex");
  const database = await borrowDatabase(services, expect.getState().testPath ?? "");
  let isOpen = true;
  const prefix = `t:${id}`;
  return {
    databaseUrl: withDatabase(services.databaseUrl, database.name),
    neonUrl: withDatabase(services.neonUrl, database.name),
    upstash: services.upstash,
    redisUrl: services.redisUrl,
    prefix,
    sql: async <Row>(text: string, params: unknown[] = []) =>
      (await database.sessions.query(text, params)).rows as Row[],
    async cleanup() {
      if (!isOpen) return;
      isOpen = false;
      await returnDatabase(services, database);
      const redis = createRedisConnection({ url: services.redisUrl });
      try {
        await deleteKeys(redis, `${prefix}*`);
      } finally {
        redis.close();
      }
    },
  };
}
