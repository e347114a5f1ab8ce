import * as z from "zod";
import { secretsKeyForm, type VaultKeys } from "./core/secrets/vault.ts";
import {
  ConfigError,
  calledUrl,
  defineSettings,
  type EnvironmentOptions,
  flag,
  readEnvironment,
  shownText,
  whole,
} from "./core/settings/environment.ts";
import type { UnknownSetting } from "./core/settings/unknown-settings.ts";
import type { LogLevel } from "./core/telemetry/log.ts";
import type { AlertThresholds, FollowerBounds, Retention } from "./invocation.ts";
import type { PayloadLimits } from "./publish/publish.ts";
import { type RedisAddress, readDatabases } from "./stream/redis-addresses.ts";
import type { TraceSettings } from "./traces/trace-settings.ts";

/** What the engine has to know of where it runs. Written by hand, or read by `parseEngineSettings`. */
export interface EngineSettings {
  /** `required`: there is an event stream. `degraded`: it may be missing, for development. */
  readonly mode: "required" | "degraded";
  /** `postgres://user:password@host/database`, of Neon or of a gateway that speaks its protocol. */
  readonly databaseUrl: string;
  /** Upstash's REST API. Null, in degraded mode only: events wait in the record and reach no consumer. */
  readonly redis: RedisAddress | null;
  /** Redis databases beside that, with the numbers from 2 on; left out: none. */
  readonly furtherRedis?: readonly RedisAddress[];
  /** Number of the Redis database by shard; left out: each has the next shards, as many as the others. */
  readonly shardDatabases?: readonly number[];
  /** Beginning of all keys in Redis; tells systems apart that share one. */
  readonly redisPrefix: string;
  /** Number of streams; events with the same key share one. */
  readonly shards: number;
  readonly payload: PayloadLimits;
  /** Writes stream entries that the first Python reader can parse: `target` always there, naive timestamps. */
  readonly wireCompat: boolean;
  /** Also publishes each event to its live channel and keeps it in the daily log list, as the Python programs do. */
  readonly pubsubFanout: boolean;
  /** Outgoing calls that the host allows one invocation. */
  readonly subrequestLimit: number;
  /** A holder of a lease that vanished is succeeded after this time, ms. */
  readonly leaseMs: number;
  /** Who may follow events live, in an isolate. */
  readonly followers: FollowerBounds;
  /** Events that one caller may hand in a minute, over all isolates; null: any number. */
  readonly ingestPerMinute: number | null;
  /** Least time between looks at an idle database, ms: a database that sleeps when idle is woken by each. */
  readonly relaySweepMs: number;
  readonly retention: Retention;
  /** From when on people are told. */
  readonly alerts: AlertThresholds;
  /** Where traces go; left out: nobody traces. */
  readonly traces?: TraceSettings;
  /** What the keys of persons are wrapped with; left out, or without a current one: personal fields are stored in clear. */
  readonly secretsKeys?: VaultKeys;
  /** Lines below it are not written. */
  readonly logLevel: LogLevel;
  /** Variables that are set and have no effect; the start warns of each. Left out: nothing. */
  readonly unknown?: readonly UnknownSetting[];
}

const databaseAddress = /^postgres(?:ql)?:\/\/[^@]+@[^/]+\/./;
const databaseExpected = "expected postgres://user:password@host/database";
/** `name=value,…`, values percent-encoded: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
const headerList = /^\s*[\w!#$%&'*+.^`|~-]+\s*=[^,]*(?:,\s*[\w!#$%&'*+.^`|~-]+\s*=[^,]*)*$/;
const headersExpected = "expected name=value, several separated by commas, values percent-encoded";

function readHeaders(text = ""): Readonly<Record<string, string>> {
  const pairs = text.split(",").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decodeHeader(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(pairs);
}

/** What is not percent-encoded is meant as it stands. */
function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const numberList = /^[1-9]\d?(?:,[1-9]\d?)*$/;
const numbersExpected =
  "expected numbers of databases separated by commas, one for each shard, such as 1,1,2,2";
const prefixShape = /^[A-Za-z0-9:_-]{1,50}$/;

const secretsKey = z
  .string()
  .regex(secretsKeyForm, "expected 32 bytes in base64; make them with `openssl rand -base64 32`");

/** The keys that stored secrets are sealed with; left out: what needs them is refused. */
export const secretsKeys = {
  BRAIN_SECRETS_KEY: secretsKey.optional(),
  /** The one before it, until all that is stored has the new one. */
  BRAIN_SECRETS_KEY_PREVIOUS: secretsKey.optional(),
};

/**
 * The engine's environment variables. A program that reads more beside them gives this definition to `readEnvironment`
 * with its own.
 */
export const engineSettings = defineSettings(
  {
    BRAIN_EVENTSTREAM_MODE: z.enum(["required", "degraded"]).default("required"),
    /** Neon's connection string, or that of a gateway on loopback. */
    NEON_DATABASE_URL: z.string(`is missing; ${databaseExpected}`).regex(databaseAddress, databaseExpected),
    UPSTASH_REDIS_REST_URL: calledUrl.optional(),
    UPSTASH_REDIS_REST_TOKEN: z.string().min(1).optional(),
    BRAIN_REDIS_PREFIX: shownText(z.string().regex(prefixShape).default("brain")),
    BRAIN_SHARDS: whole(1, 64).default(1),
    /** Redis databases beside the first: `url token`, several separated by commas. */
    BRAIN_MORE_REDIS: z.string().optional(),
    /** Number of the database by shard, when databases and shards were not added evenly. */
    BRAIN_SHARD_DATABASES: shownText(z.string().regex(numberList, numbersExpected).optional()),
    BRAIN_PAYLOAD_WARN_BYTES: whole(1, 1_048_576).default(8_192),
    BRAIN_PAYLOAD_MAX_BYTES: whole(1, 1_048_576).default(65_536),
    BRAIN_WIRE_COMPAT: flag.default(false),
    BRAIN_PUBSUB_FANOUT: flag.default(false),
    /** 50 on Workers' free plan, 10,000 on the paid one. */
    BRAIN_SUBREQUEST_LIMIT: whole(20, 10_000).default(10_000),
    BRAIN_LEASE_MS: whole(500, 60_000).default(4_000),
    /** Long polls and readers of live events at once in an isolate, and of one key; what is beyond is answered 429. */
    BRAIN_FOLLOWERS_MAX: whole(1, 10_000).default(500),
    BRAIN_FOLLOWERS_PER_KEY: whole(1, 10_000).default(250),
    /** 0: any number. */
    BRAIN_INGEST_PER_MINUTE: whole(0, 1_000_000_000).default(0),
    /** An hour: Neon's databases sleep after five idle minutes. */
    BRAIN_RELAY_SWEEP_MS: whole(0, 3_600_000).default(3_600_000),
    /** Entries of each stream that the janitor leaves for readers who look back. */
    BRAIN_STREAM_KEEP: whole(0, 10_000_000).default(10_000),
    /** Days that claims are kept: how far back repeats are recognised, so the reach of a replay. */
    BRAIN_DEDUP_DAYS: whole(30, 3_650).default(90),
    /** Days that events stay in the record before they go to the archive; 0: for ever. */
    BRAIN_EVENTS_DAYS: whole(0, 36_500).default(90),
    /** How far back alerts look for dead letters. */
    BRAIN_ALERT_WINDOW_MINUTES: whole(1, 1_440).default(60),
    /** Dead letters of one consumer within it from which on there is an alert. */
    BRAIN_ALERT_DEAD_LETTERS: whole(1, 5_000).default(10),
    /** Age of the oldest event that a consumer has not handled. */
    BRAIN_ALERT_LAG_SECONDS: whole(1, 604_800).default(600),
    /** Age of the oldest event that was recorded and not sent. */
    BRAIN_ALERT_RELAY_SECONDS: whole(1, 604_800).default(300),
    /** Time from publishing an event to its effect; an hour is the largest that the histograms tell apart. */
    BRAIN_ALERT_CRITICAL_TIME_SECONDS: whole(1, 3_600).default(300),
    /** Without it nothing is traced, and traces of others are passed on. The names are those of OpenTelemetry. */
    OTEL_EXPORTER_OTLP_ENDPOINT: calledUrl.optional(),
    OTEL_EXPORTER_OTLP_HEADERS: z.string().regex(headerList, headersExpected).optional(),
    OTEL_SERVICE_NAME: shownText(z.string().min(1).max(255).default("brain-eventstream")),
    /** Share of the traces begun here that are kept. */
    OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
    ...secretsKeys,
    BRAIN_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  },
  (values, fault): Omit<EngineSettings, "unknown"> => {
    const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = values;
    if (values.BRAIN_EVENTSTREAM_MODE === "required") {
      for (const name of ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"] as const) {
        if (values[name] !== undefined) continue;
        fault(
          name,
          'is missing; the event stream is required. Set it, or BRAIN_EVENTSTREAM_MODE="degraded" for development',
        );
      }
    }
    if (values.BRAIN_PAYLOAD_WARN_BYTES > values.BRAIN_PAYLOAD_MAX_BYTES)
      fault("BRAIN_PAYLOAD_WARN_BYTES", "is above BRAIN_PAYLOAD_MAX_BYTES");
    const redis = url === undefined || token === undefined ? null : { url, token };
    return {
      mode: values.BRAIN_EVENTSTREAM_MODE,
      databaseUrl: values.NEON_DATABASE_URL,
      redis,
      ...readDatabases(values, redis, fault),
      redisPrefix: values.BRAIN_REDIS_PREFIX,
      shards: values.BRAIN_SHARDS,
      payload: { warnBytes: values.BRAIN_PAYLOAD_WARN_BYTES, maxBytes: values.BRAIN_PAYLOAD_MAX_BYTES },
      wireCompat: values.BRAIN_WIRE_COMPAT,
      pubsubFanout: values.BRAIN_PUBSUB_FANOUT,
      subrequestLimit: values.BRAIN_SUBREQUEST_LIMIT,
      leaseMs: values.BRAIN_LEASE_MS,
      followers: { perIsolate: values.BRAIN_FOLLOWERS_MAX, perCaller: values.BRAIN_FOLLOWERS_PER_KEY },
      ingestPerMinute: values.BRAIN_INGEST_PER_MINUTE || null,
      relaySweepMs: values.BRAIN_RELAY_SWEEP_MS,
      retention: {
        streamKeep: values.BRAIN_STREAM_KEEP,
        dedupDays: values.BRAIN_DEDUP_DAYS,
        eventsDays: values.BRAIN_EVENTS_DAYS,
      },
      alerts: {
        windowMinutes: values.BRAIN_ALERT_WINDOW_MINUTES,
        deadLetters: values.BRAIN_ALERT_DEAD_LETTERS,
        lagSeconds: values.BRAIN_ALERT_LAG_SECONDS,
        relaySeconds: values.BRAIN_ALERT_RELAY_SECONDS,
        criticalTimeSeconds: values.BRAIN_ALERT_CRITICAL_TIME_SECONDS,
      },
      traces: {
        endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
        headers: readHeaders(values.OTEL_EXPORTER_OTLP_HEADERS),
        serviceName: values.OTEL_SERVICE_NAME,
        ratio: values.OTEL_TRACES_SAMPLER_ARG,
      },
      secretsKeys: {
        current: values.BRAIN_SECRETS_KEY ?? null,
        previous: values.BRAIN_SECRETS_KEY_PREVIOUS ?? null,
      },
      logLevel: values.BRAIN_LOG_LEVEL,
    };
  },
);

/**
 * The engine's settings from the environment: that of a Worker, `Deno.env.toObject()`, `process.env`. Variables of
 * others are ignored, empty ones count as not set.
 *
 * @param options tells which other names of the same environment the program reads itself
 * @throws {ConfigError} with a line for each variable that is missing or wrong
 */
export function parseEngineSettings(
  env: Readonly<Record<string, unknown>>,
  options?: EnvironmentOptions,
): EngineSettings {
  const { settings, unknown } = readEnvironment(env, { engine: engineSettings }, options);
  return { ...settings.engine, unknown };
}

const count = (min: number, max = Number.MAX_SAFE_INTEGER) => z.int().min(min).max(max);
const time = z.number().min(0);
const redisAddress = z.object({ url: z.string().min(1), token: z.string().min(1) });

/** What no engine can work with. Tests set less than the environment may, so the bounds are wider than there. */
const writtenSettings = z.object({
  mode: z.enum(["required", "degraded"]),
  databaseUrl: z.string().regex(databaseAddress, databaseExpected),
  redis: redisAddress.nullable(),
  furtherRedis: z.array(redisAddress).optional(),
  shardDatabases: z.array(count(1, 64)).optional(),
  redisPrefix: z.string().regex(prefixShape),
  shards: count(1, 64),
  payload: z.object({ warnBytes: count(1), maxBytes: count(1) }),
  wireCompat: z.boolean(),
  pubsubFanout: z.boolean(),
  subrequestLimit: count(1),
  leaseMs: count(1),
  followers: z.object({ perIsolate: count(0), perCaller: count(0) }),
  ingestPerMinute: count(1).nullable(),
  relaySweepMs: time,
  retention: z.object({ streamKeep: count(0), dedupDays: time, eventsDays: time }),
  alerts: z.object({
    windowMinutes: count(1),
    deadLetters: count(1, 5_000),
    lagSeconds: count(0),
    relaySeconds: count(0),
  }),
  traces: z
    .object({
      endpoint: calledUrl.nullable(),
      headers: z.record(z.string(), z.string()),
      serviceName: z.string().min(1),
      ratio: z.number().min(0).max(1),
    })
    .optional(),
  logLevel: z.enum(["debug", "info", "warn", "error"]),
});

/**
 * Settings may be written by hand, and then nobody has read them before.
 *
 * @throws {ConfigError} with a line for each that is missing or cannot be; without values, which may be secrets
 */
export function requireSettings(settings: unknown): void {
  const { error } = writtenSettings.safeParse(settings);
  if (error === undefined) return;
  const lines = error.issues.map(({ path, message }) => `  ${path.join(".")}: ${message}`);
  throw new ConfigError(
    `The settings of the engine are not valid. Make them with parseEngineSettings, or correct them:\n${lines.join("\n")}`,
  );
}
