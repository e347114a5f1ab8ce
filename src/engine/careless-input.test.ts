import {
  createEngine,
  defineConsumer,
  defineJob,
  defineModule,
  definePort,
  defineProduct,
  defineSettings,
  on,
  parseEngineSettings,
  whole,
} from "@brain/engine";
import { createCatalog, defineEvent } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";

/* What a program in JavaScript, or a circle of imports, hands to the engine: each is refused by name, at the start. */

const taken = defineEvent("laboratory.sample.taken", {
  version: 1,
  module: "laboratory",
  criticality: "INFO",
  when: "A sample was taken",
  payload: z.strictObject({ sample_id: z.string().max(50).describe("The sample.") }),
});
const catalog = createCatalog([taken]);
const settings = parseEngineSettings({
  NEON_DATABASE_URL: "postgres://user:secret-word@host/database",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "secret-token",
});
const reader = defineConsumer({ subscriber: "reader", handlers: [on(taken, async () => undefined)] });

const engine = (changed: object) => () => createEngine({ catalog, settings, ...changed } as never);
const set = (changed: object) => engine({ settings: { ...settings, ...changed } });
const module = (changed: object) => () =>
  defineModule({ name: "laboratory", events: [], ...changed } as never);
const opened =
  (changed: object, given: unknown = {}) =>
  () =>
    defineProduct([module(changed)()]).open(given as never);
const consumer = (changed: object) => () =>
  defineConsumer({ subscriber: "reader", handlers: [on(taken, async () => undefined)], ...changed } as never);

test("what is right is taken", () => {
  expect(
    engine({ consumers: [reader], jobs: [defineJob({ name: "sweep", run: async () => null })] }),
  ).not.toThrow();
  expect(opened({ events: [taken], consumers: () => [reader] })).not.toThrow();
});

describe("is refused", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "an engine of nothing",
      () => createEngine(undefined as never),
      /createEngine: .* is undefined, expected \{ catalog/,
    ],
    ["no catalog", engine({ catalog: undefined }), /catalog is undefined, expected what createCatalog makes/],
    [
      "a list for a catalog",
      engine({ catalog: [taken] }),
      /catalog is a list, expected what createCatalog makes/,
    ],
    [
      "no settings",
      engine({ settings: undefined }),
      /settings is undefined, expected what parseEngineSettings makes/,
    ],
    [
      "an environment for settings",
      engine({ settings: { BRAIN_SHARDS: "1" } }),
      /parseEngineSettings.*\n {2}mode: /,
    ],
    ["no shard", set({ shards: 0 }), /\n {2}shards: .*>=1/],
    ["shards as a text", set({ shards: "4" }), /\n {2}shards: .*expected number/],
    ["a prefix with a space", set({ redisPrefix: "a b" }), /\n {2}redisPrefix: /],
    ["no retention", set({ retention: undefined }), /\n {2}retention: /],
    ["an unknown level", set({ logLevel: "loud" }), /\n {2}logLevel: /],
    ["a wrong address", set({ databaseUrl: "secret-word" }), /\n {2}databaseUrl: expected postgres:[^\n]*$/],
    [
      "one consumer for a list",
      engine({ consumers: reader }),
      /consumers is another object, expected a list/,
    ],
    [
      "what defineConsumer never saw",
      engine({ consumers: [{ subscriber: "x" }] }),
      /Consumer 1 of 1 is another object/,
    ],
    [
      "an undefined job",
      engine({ jobs: [undefined] }),
      /jobs: 1 of 1 is undefined, expected what defineJob makes/,
    ],
    [
      "a job that does nothing",
      engine({ jobs: [{ name: "sweep" }] }),
      /"sweep": run is undefined, expected a function/,
    ],
    [
      "an undefined set of migrations",
      engine({ migrations: [undefined] }),
      /migrations: 1 of 1 is undefined/,
    ],
    [
      "a consumer without handlers",
      consumer({ handlers: undefined }),
      /"reader": handlers is undefined, expected a list/,
    ],
    [
      "another word for what follows",
      consumer({ afterDeadLetter: "hold" }),
      /is "hold", expected "go_on" or "hold_key"/,
    ],
    ["no former name", consumer({ formerly: "No Good" }), /formerly is "No Good"/],
    ["a module of nothing", () => defineModule(undefined as never), /defineModule: .* is undefined/],
    [
      "a module without a name",
      module({ name: undefined }),
      /name of a module is undefined, expected a text/,
    ],
    [
      "a module without events",
      module({ events: undefined }),
      /"laboratory": events is undefined, expected a list/,
    ],
    [
      "an undefined event",
      module({ events: [taken, undefined] }),
      /"laboratory": events: 2 of 2 is undefined/,
    ],
    [
      "a slip of the pen",
      module({ consumer: () => [reader] }),
      /has "consumer", which no module has.*consumers/,
    ],
    [
      "a list where a function is",
      module({ consumers: [reader] }),
      /consumers is a list, expected a function of/,
    ],
    ["settings that are a schema", module({ settings: z.object({}) }), /expected what defineSettings makes/],
    [
      "a limit of nothing",
      module({ limits: [{ name: "visits", perMinute: 0 }] }),
      /limits: 1 of 1 is another object, expected \{ name, perMinute \} with a whole number from 1/,
    ],
    [
      "a port for a need",
      module({ needs: { gate: definePort("gate") } }),
      /needs\.gate is another object, expected one/,
    ],
    [
      "an undefined consumer",
      opened({ consumers: () => [undefined] }),
      /"laboratory": consumers: 1 of 1 is undefined/,
    ],
    [
      "no list of jobs",
      opened({ jobs: () => undefined }),
      /"laboratory": jobs is undefined, expected a list/,
    ],
    [
      "an undefined route",
      opened({ routes: () => [undefined] }),
      /"laboratory": routes: 1 of 1 is undefined/,
    ],
    [
      "a module whose settings nobody read",
      opened({ settings: defineSettings({ DAYS: whole(1, 9).default(1) }, (values) => values) }),
      /"laboratory" reads settings, and none were given/,
    ],
    [
      "null for a module",
      () => defineProduct([null as never]),
      /in place 1 of 1 is null, expected what defineModule/,
    ],
    ["no list of modules", () => defineProduct({} as never), /modules is another object, expected a list/],
  ])("%s", (_what, make, message) => {
    let said = "";
    try {
      make();
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toMatch(message);
    expect(said).not.toContain("secret");
  });
});
