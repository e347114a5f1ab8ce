import { ConfigError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import { parseConfig } from "./config.ts";

const complete = {
  NEON_DATABASE_URL: "postgres://brain:planted-password@db.example/brain",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "planted-token",
  BRAIN_API_KEY: "planted-key-0123456789",
};
const parse = (env: Record<string, unknown>) => parseConfig({ ...complete, ...env });

describe("the configuration", () => {
  test("has a default for whatever is not about this deployment", () => {
    expect(parse({})).toEqual({
      mode: "required",
      databaseUrl: complete.NEON_DATABASE_URL,
      redis: { url: "https://redis.example", token: "planted-token" },
      apiKey: complete.BRAIN_API_KEY,
      redisPrefix: "brain",
      shards: 1,
      payload: { warnBytes: 8_192, maxBytes: 65_536 },
      wireCompat: false,
      pubsubFanout: false,
      subrequestLimit: 10_000,
      leaseMs: 4_000,
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
      requestPlaces: 64,
      requestLimits: {
        perIdentity: null,
        perTenant: null,
        perCostly: 600,
        perTenantCostly: 1_800,
        perAddress: 6_000,
        refusalsPerAddress: 600,
      },
      documents: { publicUrl: null, isPublic: false },
      followers: { perIsolate: 500, perCaller: 250 },
      ingestPerMinute: null,
      traces: { endpoint: null, headers: {}, serviceName: "brain-eventstream", ratio: 1 },
      logLevel: "info",
      modules: expect.objectContaining({
        agents: { heartbeatSeconds: 60 },
        course_access: { notify: null },
        course_distribution: { publicBaseUrl: null, enrolmentUrl: null },
        course_factory: {
          content: null,
          publicUrl: null,
          stagingDomain: "course-factory.staging",
          certificateKey: null,
          failuresPercent: 1,
        },
        ir_governance: { mode: "opt_in", approvalTier: 2, maxBudgetCents: null },
        missions: { worker: true, httpAllow: [], secretsKeys: { current: null, previous: null } },
        payment: {
          stripe: null,
          refundThresholdCents: 10_000,
          successUrl: null,
          cancelUrl: null,
          publicUrl: null,
        },
        tasks: { useNewEventSystem: true, switchSource: "default" },
      }),
      unknown: [],
    });
  });

  test("takes what is given", () => {
    const config = parse({
      BRAIN_REDIS_PREFIX: "staging:brain",
      BRAIN_SHARDS: "4",
      BRAIN_WIRE_COMPAT: "true",
      BRAIN_PUBSUB_FANOUT: "true",
      BRAIN_AGENT_HEARTBEAT_SECONDS: "30",
      BRAIN_LEASE_MS: "500",
      BRAIN_PUBLIC_URL: "https://courses.example",
      ENABLE_MISSION_WORKER: "false",
      BRAIN_MISSION_HTTP_ALLOW: "127.0.0.1:9000, hooks.internal",
      CONTENT_API_URL: "http://127.0.0.1:11434/v1",
      CONTENT_API_KEY: "k",
      CONTENT_MODEL: "m",
    });
    expect(config).toMatchObject({
      redisPrefix: "staging:brain",
      shards: 4,
      wireCompat: true,
      pubsubFanout: true,
      leaseMs: 500,
      modules: {
        agents: { heartbeatSeconds: 30 },
        course_distribution: { publicBaseUrl: "https://courses.example", enrolmentUrl: null },
        course_factory: {
          content: { url: "http://127.0.0.1:11434/v1", key: "k", model: "m" },
          publicUrl: "https://courses.example",
        },
        missions: { worker: false, httpAllow: ["127.0.0.1:9000", "hooks.internal"] },
        payment: { publicUrl: "https://courses.example" },
      },
    });
  });

  test.each(Object.keys(complete))("stops the start without %s", (name) => {
    expect(() => parse({ [name]: undefined })).toThrow(ConfigError);
    expect(() => parse({ [name]: "" })).toThrow(new RegExp(name));
  });

  test("does without a stream only when degraded mode was asked for", () => {
    const env = { UPSTASH_REDIS_REST_URL: undefined, UPSTASH_REDIS_REST_TOKEN: undefined };
    expect(() => parse(env)).toThrow(/the event stream is required/);
    expect(parse({ ...env, BRAIN_EVENTSTREAM_MODE: "degraded" })).toMatchObject({
      mode: "degraded",
      redis: null,
    });
    expect(parse({ BRAIN_EVENTSTREAM_MODE: "degraded" }).redis).not.toBeNull();
  });

  test.each<[string, string]>([
    ["BRAIN_EVENTSTREAM_MODE", "off"],
    ["BRAIN_EVENTSTREAM_MODE", "REQUIRED"],
    ["NEON_DATABASE_URL", "mysql://a:b@c/d"],
    ["NEON_DATABASE_URL", "db.example"],
    ["UPSTASH_REDIS_REST_URL", "redis://127.0.0.1:6379"],
    ["BRAIN_API_KEY", "short"],
    ["BRAIN_REDIS_PREFIX", "with space"],
    ["BRAIN_SHARDS", "0"],
    ["BRAIN_SHARDS", "65"],
    ["BRAIN_SHARDS", "1.5"],
    ["BRAIN_SHARDS", "many"],
    ["BRAIN_MORE_REDIS", "https://two.example"],
    ["BRAIN_SHARD_DATABASES", "1;1"],
    ["BRAIN_WIRE_COMPAT", "yes"],
    ["BRAIN_PUBSUB_FANOUT", "1"],
    ["BRAIN_PUBLIC_SCHEMAS", "yes"],
    ["BRAIN_AGENT_HEARTBEAT_SECONDS", "0"],
    ["BRAIN_SUBREQUEST_LIMIT", "19"],
    ["BRAIN_LEASE_MS", "499"],
    ["BRAIN_RELAY_SWEEP_MS", "-1"],
    ["USE_NEW_EVENT_SYSTEM", "on"],
    ["BRAIN_LOG_LEVEL", "verbose"],
    ["BRAIN_PUBLIC_URL", "courses.example"],
    ["BRAIN_STAGING_DOMAIN", "https://x"],
    ["CONTENT_API_URL", "ftp://x.example"],
    ["ENABLE_MISSION_WORKER", "1"],
    ["BRAIN_MISSION_HTTP_ALLOW", "https://x.example/"],
  ])("refuses %s=%s", (name, value) => {
    expect(() => parse({ [name]: value })).toThrow(new RegExp(name));
  });

  test.each(["UPSTASH_REDIS_REST_URL", "CONTENT_API_URL", "STRIPE_API_URL", "BRAIN_NOTIFY_URL"])(
    "takes for %s plain http within a private network only, and no password",
    (name) => {
      const withUrl = (url: string) =>
        parse({
          ...{ CONTENT_API_KEY: "k", CONTENT_MODEL: "m", BRAIN_NOTIFY_SECRET: "0123456789abcdef" },
          [name]: url,
        });
      for (const url of ["http://8.8.8.8/", "http://api.example/v1"])
        expect(() => withUrl(url)).toThrow(new RegExp(`${name}: expected https`));
      const withPassword = () => withUrl("https://me:planted@api.example/");
      expect(withPassword).toThrow(/user and password/);
      expect(withPassword).not.toThrow(/planted/);
      for (const url of [
        "https://api.example",
        "http://127.0.0.1:9",
        "http://gateway:8080",
        "http://10.0.0.7",
      ])
        expect(() => withUrl(url)).not.toThrow();
    },
  );

  test("knows the switch of the tasks module by two names, and by which one it was set", () => {
    const [current, older] = ["USE_NEW_EVENT_SYSTEM", "MISSION_CONTROL_USE_NEW_EVENT_SYSTEM"];
    expect(parse({ [older]: "false" }).modules.tasks).toEqual({
      useNewEventSystem: false,
      switchSource: older,
    });
    expect(parse({ [current]: "false", [older]: "false" }).modules.tasks).toMatchObject({
      switchSource: current,
    });
    expect(() => parse({ [current]: "true", [older]: "false" })).toThrow(/differs from USE_NEW_EVENT_SYSTEM/);
  });

  test("refuses settings that contradict each other", () => {
    const sizes = { BRAIN_PAYLOAD_WARN_BYTES: "2000", BRAIN_PAYLOAD_MAX_BYTES: "1000" };
    expect(() => parse(sizes)).toThrow(/BRAIN_PAYLOAD_WARN_BYTES: is above/);
    expect(() => parse({ CONTENT_API_URL: "https://x.example" })).toThrow(
      /CONTENT_API_KEY[\s\S]*CONTENT_MODEL/,
    );
  });

  test("tells a fault of a variable that several modules read once", () => {
    let message = "";
    try {
      parse({ BRAIN_PUBLIC_URL: "courses.example" });
    } catch (error) {
      message = String(error);
    }
    expect(message.match(/BRAIN_PUBLIC_URL/g)).toHaveLength(1);
  });

  test("ignores what is not text, and what is not ours", () => {
    expect(parse({ ASSETS: { fetch: () => undefined }, PATH: "/bin", BRAIN_LEASE_MS: 7 }).leaseMs).toBe(
      4_000,
    );
  });

  test("names every wrong variable at once and no value", () => {
    const wrong = {
      ...complete,
      NEON_DATABASE_URL: "planted-database-url",
      BRAIN_API_KEY: "planted",
      BRAIN_LEASE_MS: "x",
      BRAIN_NOTIFY_SECRET: "planted-secret",
    };
    let message = "";
    try {
      parseConfig(wrong);
    } catch (error) {
      message = String(error);
    }
    for (const name of ["NEON_DATABASE_URL", "BRAIN_API_KEY", "BRAIN_LEASE_MS", "BRAIN_NOTIFY_SECRET"])
      expect(message).toContain(name);
    expect(message).not.toContain("planted");
  });
});
