import { describeUnknownSetting, unknownSettings } from "@brain/engine";
import { expect, test } from "vitest";
import { settingBeginnings, settingNames } from "./config.ts";

const unknown = (env: Record<string, unknown>) => unknownSettings(env, settingNames, settingBeginnings);

test.each([
  ["BRAIN_SHARD", "BRAIN_SHARDS"],
  ["BRAIN_STREAM_KEPT", "BRAIN_STREAM_KEEP"],
  ["BRAIN_PUPSUB_FANOUT", "BRAIN_PUBSUB_FANOUT"],
  ["ENABLE_MISSIONS_WORKER", "ENABLE_MISSION_WORKER"],
  ["USE_NEW_EVENTS_SYSTEM", "USE_NEW_EVENT_SYSTEM"],
  ["UPSTASH_REDIS_REST_TOKN", "UPSTASH_REDIS_REST_TOKEN"],
  ["CONTENT_MODELL", "CONTENT_MODEL"],
  ["BRAIN_SOMETHING_ENTIRELY_DIFFERENT", null],
])("%s is told, and that %s was probably meant", (name, nearest) => {
  expect(unknown({ [name]: "a-secret-value" })).toEqual([{ name, nearest }]);
  const text = describeUnknownSetting({ name, nearest });
  expect(text).toContain(name);
  expect(text).not.toContain("a-secret-value");
  if (nearest !== null) expect(text).toContain(`Did you mean ${nearest}?`);
});

test("what is known, empty, no text or somebody else's is not told", () => {
  const known = Object.fromEntries(settingNames.map((name) => [name, "x"]));
  const others = [
    "PATH",
    "HOME",
    "TERM",
    "PORT",
    "HOST",
    "HOSTNAME",
    "POSTGRES_URL",
    "STRIPE_PUBLISHABLE_KEY",
  ];
  expect(unknown({ ...known, ...Object.fromEntries(others.map((name) => [name, "x"])) })).toEqual([]);
  expect(unknown({ BRAIN_SHARD: "", BRAIN_CONSUMER: {} })).toEqual([]);
});
