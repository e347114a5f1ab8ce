import { sql } from "drizzle-orm";
import {
  alarmingWorkSql,
  describeDrains,
  describeFailing,
  drainedBy,
  type FailingWork,
  isVital,
} from "../alerts/failing-work.ts";
import { TransientError } from "../core/errors.ts";
import { withTimeLimit } from "../core/promises/time-limit.ts";
import { describeMissing, type SchemaState } from "../core/schema-state.ts";
import { engineMigrations } from "../db/applied-migrations.ts";
import { sqlState } from "../db/errors.ts";
import { readClaimTable } from "../db/read-claim-table.ts";
import { readSchemaState } from "../db/read-schema-state.ts";
import type { Invocation } from "../invocation.ts";
import { describeMisplaced, type ShardDatabase, shardDatabasesSql } from "../relay/shard-databases.ts";
import type { RedisDatabases } from "../stream/databases.ts";
import type { StreamKeys } from "../stream/keys.ts";
import { type RedisHttp, RedisReplyError } from "../stream/redis.ts";

/** Answer of `GET /api/health`. */
export interface Health {
  /**
   * `degraded`: no stream, and by configuration none is needed; events wait in the record. Or the circuit breaker of a
   * consumer is open: its events wait, and all else goes on.
   */
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
  const { databases, keys, db, migrations } = invocation;
  const [stream, schema, vital] = await Promise.all([
    databases === null ? null : answerOfRedis(databases, keys),
    answerOf("Postgres", () => readSchemaState(db, migrations)),
    answerOf("Postgres", () => askVital(db)),
  ]);
  return judgeHealth(invocation, stream, schema, vital);
}

/**
 * Whether the stores answer, how the schema of the database stands to this code, and what guards against a second
 * delivery. Never throws; takes 3 s at most.
 */
export async function lookAtStores({ databases, db, migrations }: Invocation) {
  const [stream, schema, claims] = await Promise.all([
    databases === null ? null : Promise.all(databases.all.map(pinged)),
    answerOf("Postgres", () => readSchemaState(db, migrations)),
    answerOf("Postgres", () => readClaimTable(db)),
  ]);
  return {
    /** Whether each database answers; null: there is none. */
    redis: stream === null ? null : stream.map((one) => "answer" in one),
    postgres: "answer" in schema,
    /** Null: nobody could say. */
    schema: answered(schema),
    /** Null: nobody could say. */
    claims: answered(claims),
    /** The sets that this code needs. */
    needed: [engineMigrations, ...migrations],
  };
}

const pinged = (redis: RedisHttp) => answerOf("Redis", () => redis.command(["PING"]));

/**
 * A write that changes nothing, in place of a PING: a Redis that is full, a replica, or cannot store what it holds answers
 * that, and moves no event all the same.
 *
 * @see https://redis.io/docs/latest/commands/setrange/ an empty value changes nothing and creates no key
 */
const takesWrites = (redis: RedisHttp, { writable }: StreamKeys) =>
  answerOf("Redis", async () => {
    try {
      await redis.command(["SETRANGE", writable(), "0", ""]);
    } catch (error) {
      // A refusal of this one command is an answer, too.
      if (!(error instanceof RedisReplyError)) throw error;
    }
  });

/** The numbers of those of several databases that do not answer; an error when the first does not. */
async function answerOfRedis({ all }: RedisDatabases, keys: StreamKeys): Promise<Answer<readonly number[]>> {
  const signs = await Promise.all(all.map((redis) => takesWrites(redis, keys)));
  const [first] = signs;
  if (first !== undefined && "error" in first) return first;
  return { answer: signs.flatMap((sign, index) => ("error" in sign ? [index + 1] : [])) };
}

/** What Postgres knows of work that fails, of where the shards are, and of itself. */
export interface Vital {
  readonly failing: readonly FailingWork[];
  readonly open: readonly OpenBreaker[];
  readonly places: readonly ShardDatabase[];
  /** It takes no writes, from nobody or not from us. */
  readonly readOnly: boolean;
}

/** A circuit breaker that is open, as its alert tells it. */
interface OpenBreaker {
  readonly subject: string;
  /** ISO 8601. */
  readonly since: string;
}

const openBreakersSql = sql`
  SELECT subject, to_char(first_seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
  FROM alerts WHERE kind = 'brake_open' AND resolved_at IS NULL ORDER BY subject LIMIT 100`;

const readOnlySql = sql`
  SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only`;

/** Statements whose rows `toVital` reads. */
export const vitalStatements = [alarmingWorkSql, shardDatabasesSql, readOnlySql, openBreakersSql];

export function toVital([failing, places, own, open]: readonly (readonly unknown[])[]): Vital {
  const [state] = (own ?? []) as { read_only: boolean }[];
  return {
    failing: (failing ?? []) as FailingWork[],
    open: (open ?? []) as OpenBreaker[],
    places: (places ?? []) as ShardDatabase[],
    readOnly: state?.read_only === true,
  };
}

async function askVital(db: Invocation["db"]): Promise<Vital> {
  return toVital(await db.batch(vitalStatements));
}

const readOnlyReason =
  "Postgres is read-only: what writes is answered 503, and events wait. Point NEON_DATABASE_URL at a database that takes writes; if it did, ask its provider why it stopped.";

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
 * @param stream numbers of the Redis databases that did not answer; null: there is none
 */
export function judgeHealth(
  invocation: Pick<Invocation, "mode" | "consumers" | "now" | "databases" | "publish">,
  stream: Answer<readonly number[]> | null,
  schema: Answer<SchemaState>,
  vital: Answer<Vital>,
): Health {
  const { mode, consumers, now, databases, publish } = invocation;
  const hasStream = stream !== null && "answer" in stream;
  const away = answered(stream) ?? [];
  const known = answered(vital);
  const misplaced =
    databases === null || known === null ? null : describeMisplaced(known.places, databases, publish.shards);
  const withoutStream = mode === "degraded" && !hasStream;
  const missing = "answer" in schema ? describeMissing(schema.answer) : null;
  const broken = [
    ...(hasStream || withoutStream ? [] : [describeRefusal(stream) ?? "Redis does not answer."]),
    ...away.map((number) => describeAway(number, shardsOn(invocation, number))),
    ...("error" in schema ? [refusalOf(schema.error) ?? "Postgres does not answer."] : []),
    ...(known?.readOnly === true ? [readOnlyReason] : []),
    ...(missing === null ? [] : [missing]),
    ...(misplaced === null ? [] : [misplaced]),
    ...describeVital(known?.failing ?? [], consumers),
  ];
  const open = describeOpen(known?.open ?? [], consumers);
  return {
    status: broken.length > 0 ? "unhealthy" : withoutStream || open.length > 0 ? "degraded" : "healthy",
    event_stream: hasStream && away.length === 0,
    database: "answer" in schema,
    reasons: [...broken, ...open],
    mode,
    consumers: [...consumers.keys()],
    timestamp: new Date(now()).toISOString(),
  };
}

/** Drains of consumers that are none of this release are another release's. */
function describeVital(failing: readonly FailingWork[], consumers: Invocation["consumers"]): string[] {
  const vital = failing.filter(({ work }) => isVital(work));
  const drains = vital.filter(({ work }) => consumers.has(drainedBy(work) ?? ""));
  return [
    ...vital.filter(({ work }) => drainedBy(work) === null).map(describeFailing),
    ...describeDrains(drains),
  ];
}

/** Breakers that a sentence names. */
const namedBreakers = 5;

/** One sentence, or none. Breakers of consumers that are none of this release are another release's. */
function describeOpen(open: readonly OpenBreaker[], consumers: Invocation["consumers"]): string[] {
  const ours = open.flatMap(({ subject, since }) => {
    const [, group, shard] = /^(.*):(\d+)$/.exec(subject) ?? [];
    const consumer = [...consumers.values()].find((one) => one.group === group);
    return consumer === undefined ? [] : [`${consumer.subscriber} on shard ${shard} (since ${since})`];
  });
  if (ours.length === 0) return [];
  const more = ours.length > namedBreakers ? ` and ${ours.length - namedBreakers} more` : "";
  return [
    `The circuit breaker is open of ${ours.slice(0, namedBreakers).join(", of ")}${more}: its events wait, and one at a time is tried. The alert brake_open and the state of the consumer say why.`,
  ];
}

/** In which words Redis refused, e.g. that it is full; null when it said nothing. */
function describeRefusal(asked: Answer<unknown> | null): string | null {
  if (asked === null || !("error" in asked)) return null;
  const { error } = asked;
  if (error instanceof RedisReplyError) return `Redis refused: ${error.words}`;
  return error instanceof TransientError && error.cause instanceof RedisReplyError ? error.message : null;
}

function shardsOn({ databases, publish }: Pick<Invocation, "databases" | "publish">, number: number) {
  const shards = Array.from({ length: publish.shards }, (_, shard) => shard);
  return shards.filter((shard) => databases?.numberOf(shard) === number);
}

function describeAway(number: number, shards: readonly number[]): string {
  return `Redis database ${number} does not answer: the events of shard ${shards.join(", ")} wait; those of the others go on.`;
}

/** In which words Postgres refused, e.g. that its connections are in use; null when it said nothing. */
function refusalOf(error: unknown): string | null {
  return error instanceof TransientError && sqlState(error) !== null ? error.message : null;
}
