import type { Consumer } from "../../../src/engine/consume/consumer.ts";
import { registerConsumers } from "../../../src/engine/consume/define/define-consumer.ts";
import type { News } from "../../../src/engine/dispatch/news.ts";
import type { StreamInvocation } from "../../../src/engine/invocation.ts";
import type { Backbone } from "../../backbone.ts";
import type { FaultyRedis } from "../../faults.ts";
import { effects } from "../fixture.ts";

/** What the tests of the dispatcher share. */

/** The types that reports wake for. */
export const health: News = [{ shard: 0, types: ["lab.part.checked"] }];

/** A deadline, Unix ms. */
export const soon = (ms = 20_000) => Date.now() + ms;

/** A new invocation with these consumers and a change of the test. */
export function invoke(
  backbone: Backbone,
  consumers: readonly Consumer[],
  change: Partial<StreamInvocation> = {},
): StreamInvocation {
  const invocation = backbone.open();
  return { ...invocation, consumers: registerConsumers(invocation.catalog, consumers), ...change };
}

/** Change of an invocation that no other one coalesces with. */
export const otherIsolate = () => ({ scope: crypto.randomUUID() });

/** Ids of the events applied, in the order in which they were. */
export const idsOf = async (backbone: Backbone) => (await effects(backbone)).map((row) => row.event_id);

/** How often a drain asked for its lease, by whomever. */
export const leasesAsked = (redis: FaultyRedis) =>
  redis.requests.flat().filter(([, script = ""]) => script.includes("redis.pcall('XPENDING'")).length;
