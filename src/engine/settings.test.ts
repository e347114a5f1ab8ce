import { describe, expect, test } from "vitest";
import * as z from "zod";
import { ConfigError, defineSettings, readEnvironment, shownText } from "./core/settings/environment.ts";
import { engineSettings, parseEngineSettings } from "./settings.ts";

const complete = {
  NEON_DATABASE_URL: "postgres://brain:planted-password@db.example/brain",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "planted-token",
};

/** The message of the error; empty when there is none. */
function messageOf(read: () => unknown): string {
  try {
    read();
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return String(error);
  }
}

test("three variables are enough for the engine, and the rest has its default", () => {
  expect(parseEngineSettings(complete)).toEqual({
    mode: "required",
    databaseUrl: complete.NEON_DATABASE_URL,
    redis: { url: "https://redis.example", token: "planted-token" },
    redisPrefix: "brain",
    shards: 1,
    payload: { warnBytes: 8_192, maxBytes: 65_536 },
    wireCompat: false,
    pubsubFanout: false,
    subrequestLimit: 10_000,
    leaseMs: 4_000,
    followers: { perIsolate: 500, perCaller: 250 },
    ingestPerMinute: null,
    relaySweepMs: 3_600_000,
    alerts: {
      windowMinutes: 60,
      deadLetters: 10,
      lagSeconds: 600,
      relaySeconds: 300,
      criticalTimeSeconds: 300,
    },
    retention: { streamKeep: 10_000, dedupDays: 90, eventsDays: 90 },
    secretsKeys: { current: null, previous: null },
    traces: { endpoint: null, headers: {}, serviceName: "brain-eventstream", ratio: 1 },
    logLevel: "info",
    unknown: [],
  });
});

test("a wrong number, flag or choice is told with what was received, a text is not", () => {
  const message = messageOf(() =>
    parseEngineSettings({
      NEON_DATABASE_URL: "planted-database",
      UPSTASH_REDIS_REST_URL: "planted-url",
      UPSTASH_REDIS_REST_TOKEN: "planted-token",
      BRAIN_SHARDS: "65",
      BRAIN_WIRE_COMPAT: "yes",
      BRAIN_LOG_LEVEL: "verbose",
      BRAIN_REDIS_PREFIX: "with space",
    }),
  );
  for (const part of [
    'BRAIN_SHARDS: Too big: expected number to be <=64 (received "65")',
    '(received "yes")',
    '(received "verbose")',
    '(received "with space")',
    "NEON_DATABASE_URL: expected postgres://user:password@host/database\n",
    "UPSTASH_REDIS_REST_URL: ",
  ])
    expect(message).toContain(part);
  expect(message).not.toContain("planted");
});

test("all that is missing is told at once, also what only others make necessary", () => {
  const message = messageOf(() => parseEngineSettings({}));
  expect(message.match(/^ {2}\w+(?=:)/gm)?.map((name) => name.trim())).toEqual([
    "NEON_DATABASE_URL",
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
  ]);
  expect(message.match(/is missing/g)).toHaveLength(3);
  // Control: what is not needed is not told, and nothing twice.
  const degraded = messageOf(() => parseEngineSettings({ BRAIN_EVENTSTREAM_MODE: "degraded" }));
  expect(degraded).not.toContain("UPSTASH");
  // One that is wrong does not hide them, and what depends on it is not guessed.
  const wrong = messageOf(() =>
    parseEngineSettings({ BRAIN_PAYLOAD_WARN_BYTES: "x", BRAIN_PAYLOAD_MAX_BYTES: "1000" }),
  );
  expect(wrong).toContain("UPSTASH_REDIS_REST_URL: is missing");
  expect(wrong).not.toContain("is above");
});

test("settings that contradict each other are told, beside those that are missing", () => {
  const sizes = { BRAIN_PAYLOAD_WARN_BYTES: "2000", BRAIN_PAYLOAD_MAX_BYTES: "1000" };
  const message = messageOf(() =>
    parseEngineSettings({ NEON_DATABASE_URL: complete.NEON_DATABASE_URL, ...sizes }),
  );
  expect(message).toContain("UPSTASH_REDIS_REST_URL: is missing; the event stream is required");
  expect(message).toContain('BRAIN_PAYLOAD_WARN_BYTES: is above BRAIN_PAYLOAD_MAX_BYTES (received "2000")');
});

test("the settings of a program and the engine's are read together, and wrong ones told together", () => {
  const shop = defineSettings(
    {
      SHOP_API_SECRET: z.string().min(16, "expected at least 16 characters"),
      SHOP_CURRENCY: shownText(z.string().length(3).default("EUR")),
    },
    (values) => ({ secret: values.SHOP_API_SECRET, currency: values.SHOP_CURRENCY }),
  );
  const read = (env: Record<string, unknown>) =>
    readEnvironment(
      { ...complete, ...env },
      { engine: engineSettings, shop },
      { beginnings: ["BRAIN_", "SHOP_"] },
    );
  const { settings, unknown } = read({ SHOP_API_SECRET: "0123456789abcdef", SHOP_CURENCY: "USD" });
  expect(settings.shop).toEqual({ secret: "0123456789abcdef", currency: "EUR" });
  expect(settings.engine.shards).toBe(1);
  expect(unknown).toEqual([{ name: "SHOP_CURENCY", nearest: "SHOP_CURRENCY" }]);
  const message = messageOf(() =>
    read({ BRAIN_SHARDS: "0", SHOP_API_SECRET: "planted", SHOP_CURRENCY: "Euro" }),
  );
  expect(message).toContain("BRAIN_SHARDS: ");
  expect(message).toContain("SHOP_API_SECRET: expected at least 16 characters\n");
  expect(message).toContain('(received "Euro")');
  expect(message).not.toContain("planted");
});

test("a setting of the program itself is not told as one that nobody reads", () => {
  const env = { ...complete, BRAIN_ARCHIVE_DIR: "/tmp/x" };
  expect(parseEngineSettings(env).unknown).toEqual([{ name: "BRAIN_ARCHIVE_DIR", nearest: null }]);
  expect(parseEngineSettings(env, { others: ["BRAIN_ARCHIVE_DIR"] }).unknown).toEqual([]);
});

describe("further Redis databases", () => {
  const [second, third] = ["https://two.example planted-two", "https://three.example planted-three"];
  const read = (env: Record<string, string>) => parseEngineSettings({ ...complete, ...env });

  test("have the next shards, as many as the first", () => {
    const settings = read({ BRAIN_SHARDS: "6", BRAIN_MORE_REDIS: ` ${second} ,${third}` });
    expect(settings.furtherRedis).toEqual([
      { url: "https://two.example", token: "planted-two" },
      { url: "https://three.example", token: "planted-three" },
    ]);
    expect(settings.shardDatabases).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test("may be given shards one by one", () => {
    const env = { BRAIN_SHARDS: "5", BRAIN_MORE_REDIS: second, BRAIN_SHARD_DATABASES: "1,1,2,2,1" };
    expect(read(env).shardDatabases).toEqual([1, 1, 2, 2, 1]);
    expect(read({ BRAIN_SHARDS: "2", BRAIN_SHARD_DATABASES: "1,1" }).shardDatabases).toEqual([1, 1]);
  });

  test.each<[what: string, env: Record<string, string>, told: string]>([
    ["without a token", { BRAIN_MORE_REDIS: "https://two.example" }, "database 2 is not like that"],
    ["with something behind it", { BRAIN_MORE_REDIS: `${second} x` }, "database 2 is not like that"],
    ["with a gap", { BRAIN_MORE_REDIS: `${second},,${third}` }, "database 3 is not like that"],
    [
      "that anybody could read",
      { BRAIN_MORE_REDIS: "http://two.example t" },
      "the URL of database 2: expected https",
    ],
    [
      "given twice",
      { BRAIN_MORE_REDIS: `${second},https://two.example/ t` },
      "database 3 has the URL of database 2",
    ],
    [
      "that is the first",
      { BRAIN_MORE_REDIS: "https://redis.example t" },
      "database 2 has the URL of database 1",
    ],
    ["without a shard", { BRAIN_SHARDS: "1", BRAIN_MORE_REDIS: second }, "leaves database 2 without a shard"],
    ["that is not there", { BRAIN_SHARD_DATABASES: "1,1,1,2" }, "names database 2, and there are 1"],
    [
      "for too few shards",
      { BRAIN_MORE_REDIS: second, BRAIN_SHARD_DATABASES: "1,2" },
      "has 2 numbers, and BRAIN_SHARDS is 4",
    ],
    [
      "for the first shard",
      { BRAIN_MORE_REDIS: second, BRAIN_SHARD_DATABASES: "2,1,1,1" },
      "expected 1 for the first shard",
    ],
    [
      "as a word",
      { BRAIN_MORE_REDIS: second, BRAIN_SHARD_DATABASES: "1,two" },
      "expected numbers of databases",
    ],
    [
      "that no shard is on",
      { BRAIN_MORE_REDIS: `${second},${third}`, BRAIN_SHARD_DATABASES: "1,1,3,3" },
      "BRAIN_SHARD_DATABASES: leaves database 2 without a shard",
    ],
  ])("are refused %s", (_, env, told) => {
    const message = messageOf(() => read({ BRAIN_SHARDS: "4", ...env }));
    expect(message).toContain(told);
    expect(message).not.toContain("planted");
  });

  test("need the first one", () => {
    const { NEON_DATABASE_URL } = complete;
    const env = {
      NEON_DATABASE_URL,
      BRAIN_EVENTSTREAM_MODE: "degraded",
      BRAIN_SHARDS: "2",
      BRAIN_MORE_REDIS: second,
    };
    expect(messageOf(() => parseEngineSettings(env))).toContain(
      "BRAIN_MORE_REDIS: needs UPSTASH_REDIS_REST_URL",
    );
  });
});

test("headers for the collector of traces are read as OpenTelemetry writes them", () => {
  const headersOf = (text: string) =>
    parseEngineSettings({ ...complete, OTEL_EXPORTER_OTLP_HEADERS: text }).traces?.headers;
  expect(headersOf("x-key=a%20b%2Cc, x-other = 2,x-odd=100%")).toEqual({
    "x-key": "a b,c",
    "x-other": "2",
    "x-odd": "100%",
  });
  expect(messageOf(() => headersOf("no header"))).toContain("OTEL_EXPORTER_OTLP_HEADERS");
});
