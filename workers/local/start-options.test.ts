import { describe, expect, test } from "vitest";
import { readStartOptions } from "./start-options.ts";

describe("the environment of npm start", () => {
  test("has defaults for everything", () => {
    expect(readStartOptions({})).toMatchObject({
      port: 8787,
      dataDir: ".brain",
      tickMs: 60_000,
      janitorMs: 3_600_000,
      apiKey: null,
      passedOn: {},
    });
  });

  test("an empty variable counts as not set", () => {
    expect(readStartOptions({ PORT: "", BRAIN_API_KEY: "", REDIS_URL: "" })).toMatchObject({
      port: 8787,
      apiKey: null,
      services: {},
    });
  });

  test.each([
    [{ BRAIN_EVENTSTREAM_MODE: "off" }, /BRAIN_EVENTSTREAM_MODE is 'off', expected 'required'/],
    [{ PORT: "http" }, /PORT is 'http'/],
    [{ PORT: "70000" }, /PORT is '70000'/],
    [{ BRAIN_TICK_MS: "1" }, /BRAIN_TICK_MS is '1'/],
    [{ BRAIN_JANITOR_MS: "often" }, /BRAIN_JANITOR_MS is 'often'/],
  ])("%o is refused with the variable's name and what it may be", (env, message) => {
    expect(() => readStartOptions(env)).toThrow(message);
  });

  test("the workers get the project's variables and nothing else", () => {
    const given = {
      BRAIN_EVENTSTREAM_MODE: "degraded",
      BRAIN_SHARDS: "4",
      CONTENT_API_URL: "http://127.0.0.1:11434/v1",
      CONTENT_API_KEY: "c",
      CONTENT_MODEL: "m",
      STRIPE_SECRET_KEY: "sk",
      STRIPE_WEBHOOK_SECRET: "whsec",
      PAYCORE_REFUND_SUPERVISOR_THRESHOLD: "500",
      WEBGENESIS_IR_MODE: "required",
      USE_NEW_EVENT_SYSTEM: "false",
      MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: "false",
      ENABLE_MISSION_WORKER: "false",
      BRAIN_DATA_DIR: "/tmp/x",
      BRAIN_TICK_MS: "500",
      BRAIN_JANITOR_MS: "5000",
      BRAIN_API_KEY: "key-of-sixteen-chars",
      HOME: "/root",
    };
    const { passedOn, apiKey } = readStartOptions(given);
    expect(apiKey).toBe("key-of-sixteen-chars");
    expect(passedOn).toEqual({
      BRAIN_EVENTSTREAM_MODE: "degraded",
      BRAIN_SHARDS: "4",
      CONTENT_API_URL: "http://127.0.0.1:11434/v1",
      CONTENT_API_KEY: "c",
      CONTENT_MODEL: "m",
      STRIPE_SECRET_KEY: "sk",
      STRIPE_WEBHOOK_SECRET: "whsec",
      PAYCORE_REFUND_SUPERVISOR_THRESHOLD: "500",
      WEBGENESIS_IR_MODE: "required",
      USE_NEW_EVENT_SYSTEM: "false",
      MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: "false",
      ENABLE_MISSION_WORKER: "false",
    });
  });

  test("a setting that nobody reads is told with the one that was meant, also one of npm start itself", () => {
    const { unknown } = readStartOptions({
      BRAIN_SHARD: "2",
      BRAIN_TICKS_MS: "5",
      HOME: "/root",
      BRAIN_X: "",
    });
    expect(unknown).toEqual([
      { name: "BRAIN_SHARD", nearest: "BRAIN_SHARDS" },
      { name: "BRAIN_TICKS_MS", nearest: "BRAIN_TICK_MS" },
    ]);
  });

  test.each([
    [{ STRIPE_API_URL: "http://127.0.0.1:1" }, /STRIPE_API_URL is set and STRIPE_SECRET_KEY is not/],
    [{ STRIPE_WEBHOOK_SECRET: "whsec" }, /STRIPE_WEBHOOK_SECRET is set and STRIPE_SECRET_KEY is not/],
    [
      { DATABASE_URL: "mysql://u:secret-4711@127.0.0.1/b" },
      /DATABASE_URL is no address, expected .*postgres:/,
    ],
    [{ REDIS_URL: "secret-4711" }, /REDIS_URL is no address, expected .*redis:/],
  ])(
    "%o would have no effect and is refused, without its value when that may be a secret",
    (env, message) => {
      expect(() => readStartOptions(env)).toThrow(message);
      expect(() => readStartOptions(env)).not.toThrow(/secret-4711/);
    },
  );

  test("a key of Stripe without the secret of its webhooks stops the start", () => {
    expect(() => readStartOptions({ STRIPE_SECRET_KEY: "sk" })).toThrow(/STRIPE_WEBHOOK_SECRET: is missing/);
  });

  test("a setting that the workers would refuse stops the start, with its name and value", () => {
    expect(() => readStartOptions({ BRAIN_SHARDS: "abc" })).toThrow(/BRAIN_SHARDS: .*received "abc"/);
    expect(() => readStartOptions({ BRAIN_API_KEY: "short" })).toThrow(/BRAIN_API_KEY: expected at least 16/);
    expect(() => readStartOptions({ BRAIN_API_KEY: "short" })).not.toThrow(/"short"/);
  });
});
