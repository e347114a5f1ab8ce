import { alarmingWork, describeFailing, isVital } from "../alerts/failing-work.ts";
import { TransientError } from "../core/errors.ts";
import { describeMissing } from "../core/schema-state.ts";
import { withTimeLimit } from "../core/time-limit.ts";
import { sqlState } from "../db/errors.ts";
import { readSchemaState } from "../db/read-schema-state.ts";
import type { Invocation } from "../invocation.ts";

/** Answer of `GET /api/health`. */
export interface Health {
  /** `degraded`: no stream, and by configuration none is needed; events wait in the record. */
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly event_stream: boolean;
  readonly database: boolean;
  /** Why it is not healthy, one sentence each; empty when nothing is wrong. No secrets: everybody may read it. */
  readonly reasons: readonly string[];
  readonly mode: "required" | "degraded";
  readonly consumers: readonly string[];
  readonly timestamp: string;
}

/** A service that is slower than this is away for whoever asks; a monitor should not hang with it. */
const limitMs = 3_000;

/**
 * Asks Redis and Postgres for a sign of life, and Postgres for its migrations and for vital work that fails at every
 * try, side by side. Never throws; takes 3 s at most.
 */
export async function checkHealth(invocation: Invocation): Promise<Health> {
  const { redis, db, migrations, mode, consumers } = invocation;
  let refusal: string | null = null;
  const readSchema = () =>
    readSchemaState(db, migrations).catch((error: unknown) => {
      refusal = refusalOf(error);
      throw error;
    });
  const [stream, schema, failing] = await Promise.all([
    redis === null ? null : answerOf("Redis", () => redis.command(["PING"])),
    answerOf("Postgres", readSchema),
    answerOf("Postgres", () => alarmingWork(db)),
  ]);
  const withoutStream = mode === "degraded" && stream === null;
  const missing = schema === null ? null : describeMissing(schema.answer);
  const reasons = [
    ...(stream === null && !withoutStream ? ["Redis does not answer."] : []),
    ...(schema === null ? [refusal ?? "Postgres does not answer."] : []),
    ...(missing === null ? [] : [missing]),
    ...(failing?.answer ?? []).filter(({ work }) => isVital(work)).map(describeFailing),
  ];
  return {
    status: reasons.length > 0 ? "unhealthy" : withoutStream ? "degraded" : "healthy",
    event_stream: stream !== null,
    database: schema !== null,
    reasons,
    mode,
    consumers: [...consumers.keys()],
    timestamp: new Date(invocation.now()).toISOString(),
  };
}

/** In which words Postgres refused, e.g. that its connections are in use; null when it said nothing. */
function refusalOf(error: unknown): string | null {
  return error instanceof TransientError && sqlState(error) !== null ? error.message : null;
}

/** Null when there was none in time. */
async function answerOf<T>(what: string, call: () => Promise<T>): Promise<{ readonly answer: T } | null> {
  try {
    return { answer: await withTimeLimit(limitMs, what, call) };
  } catch {
    return null;
  }
}
