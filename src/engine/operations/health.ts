import { alarmingWork, describeFailing, type FailingWork, isVital } from "../alerts/failing-work.ts";
import { TransientError } from "../core/errors.ts";
import { describeMissing, type SchemaState } from "../core/schema-state.ts";
import { withTimeLimit } from "../core/time-limit.ts";
import { engineMigrations } from "../db/applied-migrations.ts";
import { sqlState } from "../db/errors.ts";
import { readClaimTable } from "../db/read-claim-table.ts";
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
  const { redis, db, migrations } = invocation;
  const [stream, schema, failing] = await Promise.all([
    redis === null ? null : answerOf("Redis", () => redis.command(["PING"])),
    answerOf("Postgres", () => readSchemaState(db, migrations)),
    answerOf("Postgres", () => alarmingWork(db)),
  ]);
  return judgeHealth(invocation, stream, schema, failing);
}

/**
 * Whether the stores answer, how the schema of the database stands to this code, and what guards against a second
 * delivery. Never throws; takes 3 s at most.
 */
export async function lookAtStores({ redis, db, migrations }: Invocation) {
  const [stream, schema, claims] = await Promise.all([
    redis === null ? null : answerOf("Redis", () => redis.command(["PING"])),
    answerOf("Postgres", () => readSchemaState(db, migrations)),
    answerOf("Postgres", () => readClaimTable(db)),
  ]);
  return {
    /** Null: there is none. */
    redis: stream === null ? null : "answer" in stream,
    postgres: "answer" in schema,
    /** Null: nobody could say. */
    schema: answered(schema),
    /** Null: nobody could say. */
    claims: answered(claims),
    /** The sets that this code needs. */
    needed: [engineMigrations, ...migrations],
  };
}

/** What came of asking one of the services in time. */
export type Answer<T> = { readonly answer: T } | { readonly error: unknown };

/** Never throws; takes 3 s at most. */
export async function answerOf<T>(what: string, call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { answer: await withTimeLimit(limitMs, what, call) };
  } catch (error) {
    return { error };
  }
}

/** Null when there was none. */
export function answered<T>(asked: Answer<T> | null): T | null {
  return asked !== null && "answer" in asked ? asked.answer : null;
}

/**
 * Judges the signs of life. Pure.
 *
 * @param stream of anything that was asked of Redis; null: there is none
 */
export function judgeHealth(
  { mode, consumers, now }: Pick<Invocation, "mode" | "consumers" | "now">,
  stream: Answer<unknown> | null,
  schema: Answer<SchemaState>,
  failing: Answer<readonly FailingWork[]>,
): Health {
  const hasStream = stream !== null && "answer" in stream;
  const withoutStream = mode === "degraded" && !hasStream;
  const missing = "answer" in schema ? describeMissing(schema.answer) : null;
  const reasons = [
    ...(hasStream || withoutStream ? [] : ["Redis does not answer."]),
    ...("error" in schema ? [refusalOf(schema.error) ?? "Postgres does not answer."] : []),
    ...(missing === null ? [] : [missing]),
    ...(answered(failing) ?? []).filter(({ work }) => isVital(work)).map(describeFailing),
  ];
  return {
    status: reasons.length > 0 ? "unhealthy" : withoutStream ? "degraded" : "healthy",
    event_stream: hasStream,
    database: "answer" in schema,
    reasons,
    mode,
    consumers: [...consumers.keys()],
    timestamp: new Date(now()).toISOString(),
  };
}

/** In which words Postgres refused, e.g. that its connections are in use; null when it said nothing. */
function refusalOf(error: unknown): string | null {
  return error instanceof TransientError && sqlState(error) !== null ? error.message : null;
}
