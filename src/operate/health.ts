import { sql } from "drizzle-orm";
import { withTimeLimit } from "../core/time-limit.ts";
import type { Invocation } from "./invocation.ts";

/** Answer of `GET /api/health`. */
export interface Health {
  /** `degraded`: no stream, and by configuration none is needed; events wait in the record. */
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly event_stream: boolean;
  readonly database: boolean;
  readonly mode: "required" | "degraded";
  readonly consumers: readonly string[];
  readonly timestamp: string;
}

/** A service that is slower than this is away for whoever asks; a monitor should not hang with it. */
const limitMs = 3_000;

/** Asks Redis and Postgres for a sign of life, side by side. Never throws; takes 3 s at most. */
export async function checkHealth(invocation: Invocation): Promise<Health> {
  const { redis, db, mode, consumers } = invocation;
  const [stream, database] = await Promise.all([
    redis === null ? false : succeeds("Redis", () => redis.command(["PING"])),
    succeeds("Postgres", () => db.rows(sql`SELECT 1`)),
  ]);
  const withoutStream = mode === "degraded" && !stream;
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

async function succeeds(what: string, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await withTimeLimit(limitMs, what, call);
    return true;
  } catch {
    return false;
  }
}
