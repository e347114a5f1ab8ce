import { sql } from "drizzle-orm";
import {
  alarmingWorkSql,
  describeDrains,
  describeFailing,
  drainedBy,
  type FailingWork,
  isVital,
} from "../alerts/failing-work.ts";
import { breakerFromText } from "../core/circuit-breaker.ts";
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
    /** Of each database; null: there is none. */
    redis: stream === null ? null : stream.map((one) => reached(one, describeRefusal(one))),
    postgres: reached(schema, "error" in schema ? refusalOf(schema.error) : null),
    /** Null: nobody could say. */
    schema: answered(schema),
    /** Null: nobody could say. */
    claims: answered(claims),
    /** The sets that this code needs. */
    needed: [engineMigrations, ...migrations],
  };
}

/** @param refusal in which words it refused; null: it said nothing */
const reached = (asked: Answer<unknown>, refusal: string | null) => ({
  reachable: "answer" in asked,
  refusal,
});

const pinged = (redis: RedisHttp) => answerOf("Redis", () => redis.command(["PING"]));

/** What Redis says for itself. */
export interface StreamSign {
  readonly away: readonly AwayDatabase[];
  readonly open: readonly OpenBreaker[];
}

/** One of several databases that takes nothing. */
export interface AwayDatabase {
  readonly number: number;
  /** In which words it refused; null: it does not answer. */
  readonly refusal: string | null;
}

/**
 * A write that changes nothing, in place of a PING: a Redis that is full, a replica, or cannot store what it holds answers
 * that, and moves no event all the same. In the same call the circuit breakers that are open there.
 *
 * @see https://redis.io/docs/latest/commands/setrange/ an empty value changes nothing and creates no key
 */
const signOf = (redis: RedisHttp, { writable, breakers }: StreamKeys) =>
  answerOf("Redis", async () => {
    const [written, stored] = await redis.pipeline([
      ["SETRANGE", writable(), "0", ""],
      ["HGETALL", breakers()],
    ]);
    // A refusal of this one command is an answer, too.
    if (written instanceof Error && !(written instanceof RedisReplyError)) throw written;
    return openBreakersIn(stored);
  });

/** What each of several databases says; an error when the first does not answer. */
async function answerOfRedis({ all }: RedisDatabases, keys: StreamKeys): Promise<Answer<StreamSign>> {
  const signs = await Promise.all(all.map((redis) => signOf(redis, keys)));
  const [first] = signs;
  if (first !== undefined && "error" in first) return first;
  const away = signs.flatMap((sign, index) =>
    "error" in sign ? [{ number: index + 1, refusal: describeRefusal(sign) }] : [],
  );
  return { answer: { away, open: signs.flatMap((sign) => answered(sign) ?? []) } };
}

/** What Postgres knows of work that fails, of where the shards are, and of itself. */
export interface Vital {
  readonly failing: readonly FailingWork[];
  readonly places: readonly ShardDatabase[];
  /** It takes no writes, from nobody or not from us. */
  readonly readOnly: boolean;
  /** Whether our role may insert events. */
  readonly mayRecord: boolean;
}

/** A circuit breaker that is open. */
interface OpenBreaker {
  /** `{group}:{shard}`. */
  readonly subject: string;
  /** Unix ms. */
  readonly sinceMs: number;
}

/** Those that are open, as the drains store them: an operator may have closed the alert. @param reply of HGETALL */
export function openBreakersIn(reply: unknown): OpenBreaker[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((subject, at) => {
    if (at % 2 === 1) return [];
    const { openSinceMs: sinceMs } = breakerFromText(String(reply[at + 1]));
    return sinceMs === null ? [] : [{ subject: String(subject), sinceMs }];
  });
}

/** Without the table the second is null, and its migration is told. */
const stateSql = sql`
  SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only,
    has_any_column_privilege(to_regclass('events'), 'INSERT') AS records`;

/** Statements whose rows `toVital` reads. */
export const vitalStatements = [alarmingWorkSql, shardDatabasesSql, stateSql];

export function toVital([failing, places, own]: readonly (readonly unknown[])[]): Vital {
  const [state] = (own ?? []) as { read_only: boolean; records: boolean | null }[];
  return {
    failing: (failing ?? []) as FailingWork[],
    places: (places ?? []) as ShardDatabase[],
    readOnly: state?.read_only === true,
    mayRecord: state?.records !== false,
  };
}

async function askVital(db: Invocation["db"]): Promise<Vital> {
  return toVital(await db.batch(vitalStatements));
}

const readOnlyReason =
  "Postgres is read-only: what writes is answered 503, and events wait. Point NEON_DATABASE_URL at a database that takes writes; if it did, ask its provider why it stopped.";

const noInsertReason =
  "The role of NEON_DATABASE_URL may not insert into the table events: what publishes is answered 503. Connect as the role that migrated, or grant this one SELECT, INSERT, UPDATE and DELETE on all tables there.";

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
 * @param stream null: there is none
 */
export function judgeHealth(
  invocation: Pick<Invocation, "mode" | "consumers" | "now" | "databases" | "publish">,
  stream: Answer<StreamSign> | null,
  schema: Answer<SchemaState>,
  vital: Answer<Vital>,
): Health {
  const { mode, consumers, now, databases, publish } = invocation;
  const hasStream = stream !== null && "answer" in stream;
  const { away, open: breakers } = answered(stream) ?? { away: [], open: [] };
  const known = answered(vital);
  const misplaced =
    databases === null || known === null ? null : describeMisplaced(known.places, databases, publish.shards);
  const withoutStream = mode === "degraded" && !hasStream;
  const missing = "answer" in schema ? describeMissing(schema.answer) : null;
  const broken = [
    ...(hasStream || withoutStream ? [] : [describeRefusal(stream) ?? "Redis does not answer."]),
    ...away.map((one) => describeAway(one, shardsOn(invocation, one.number))),
    ...("error" in schema ? [refusalOf(schema.error) ?? "Postgres does not answer."] : []),
    ...(known?.readOnly === true ? [readOnlyReason] : []),
    ...(known?.mayRecord === false ? [noInsertReason] : []),
    ...(missing === null ? [] : [missing]),
    ...(misplaced === null ? [] : [misplaced]),
    ...describeVital(known?.failing ?? [], consumers),
  ];
  const open = describeOpen(breakers, consumers);
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

const bySubject = (a: OpenBreaker, b: OpenBreaker) => (a.subject < b.subject ? -1 : 1);

/** To the second. @param ms a time that Redis keeps, which may be none */
function sinceText(ms: number): string {
  const at = new Date(ms);
  return Number.isNaN(at.getTime()) ? "an unknown time" : `${at.toISOString().slice(0, 19)}Z`;
}

/** Breakers that a sentence names. */
const namedBreakers = 5;

/** One sentence, or none. Breakers of consumers that are none of this release are another release's. */
function describeOpen(open: readonly OpenBreaker[], consumers: Invocation["consumers"]): string[] {
  const ours = open.toSorted(bySubject).flatMap(({ subject, sinceMs }) => {
    const [, group, shard] = /^(.*):(\d+)$/.exec(subject) ?? [];
    const consumer = [...consumers.values()].find((one) => one.group === group);
    return consumer === undefined
      ? []
      : [`${consumer.subscriber} on shard ${shard} (since ${sinceText(sinceMs)})`];
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

function describeAway({ number, refusal }: AwayDatabase, shards: readonly number[]): string {
  const why = refusal === null ? "does not answer: the" : `takes nothing. ${refusal} The`;
  return `Redis database ${number} ${why} events of shard ${shards.join(", ")} wait; those of the others go on.`;
}

/** In which words Postgres refused, e.g. that its connections are in use; null when it said nothing. */
function refusalOf(error: unknown): string | null {
  return error instanceof TransientError && sqlState(error) !== null ? error.message : null;
}
