import { sql } from "drizzle-orm";
import type { Invocation } from "./invocation.ts";

/** Answer of `GET /api/health`. */
export interface Health {
  /** `degraded`: by configuration without a stream; events wait in the record. */
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly event_stream: boolean;
  readonly database: boolean;
  readonly mode: "required" | "degraded";
  readonly consumers: readonly string[];
  readonly timestamp: string;
}

/** Asks Redis and Postgres for a sign of life, side by side. Never throws. */
export async function checkHealth(invocation: Invocation): Promise<Health> {
  const { redis, db, mode, consumers } = invocation;
  const [stream, database] = await Promise.all([
    redis === null ? false : succeeds(redis.command(["PING"])),
    succeeds(db.rows(sql`SELECT 1`)),
  ]);
  const withoutStream = mode === "degraded" && redis === null;
  const healthy = database && (stream || withoutStream);
  return {
    status: healthy ? (withoutStream ? "degraded" : "healthy") : "unhealthy",
    event_stream: stream,
    database,
    mode,
    consumers: [...consumers.keys()],
    timestamp: new Date(invocation.now()).toISOString(),
  };
}

async function succeeds(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch {
    return false;
  }
}
