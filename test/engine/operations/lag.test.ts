import { describe, expect, test } from "vitest";
import { registerConsumers } from "../../../src/engine/consume/define/define-consumer.ts";
import { eventStats } from "../../../src/engine/events/event-stats.ts";
import { consumerStates } from "../../../src/engine/operations/consumers/consumer-states.ts";
import type { Backbone } from "../../backbone.ts";
import { openBackbone, publishReports, recorder } from "../fixture.ts";
import { streamIds } from "../retention/janitor-fixture.ts";

/*
 * What Redis calls lag holds for good what was trimmed before the group had read it; see
 * `src/engine/stream/group-states.ts`.
 */

const consumer = recorder();

async function send(backbone: Backbone, count: number): Promise<void> {
  await publishReports(backbone, count);
  await backbone.relay();
}

async function stateOf(backbone: Backbone) {
  const invocation = backbone.open();
  const [state] = await consumerStates({
    ...invocation,
    consumers: registerConsumers(invocation.catalog, [consumer]),
  });
  return state;
}

/** Redis' own number. */
async function lagOfRedis(backbone: Backbone): Promise<unknown> {
  const [group = []] = (await backbone.redis("XINFO", "GROUPS", backbone.stream)) as unknown[][];
  return group[group.indexOf("lag") + 1];
}

describe("the lag of a consumer", () => {
  test("counts what is there, also after another program cut what was unread", async () => {
    const backbone = await openBackbone();
    await send(backbone, 5);
    await backbone.drain(consumer);
    await send(backbone, 30);
    expect(await stateOf(backbone)).toMatchObject({ lag: 30 });
    await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "10");
    expect(await stateOf(backbone)).toMatchObject({ lag: 10, oldest_unread_age_ms: expect.any(Number) });
    await backbone.drain(consumer, { maxEvents: 4 });
    expect(await stateOf(backbone)).toMatchObject({ lag: 6 });
    await backbone.drain(consumer);
    // The control: Redis goes on counting what is gone.
    expect(await lagOfRedis(backbone)).toBe(20);
    expect(await stateOf(backbone)).toMatchObject({ lag: 0, oldest_unread_age_ms: null });
    const { groups } = await eventStats(backbone.open());
    expect(groups).toMatchObject([{ group: consumer.group, lag: 0, pending: 0 }]);
  });

  test("is 0 when all that was unread is gone", async () => {
    const backbone = await openBackbone();
    await send(backbone, 2);
    await backbone.drain(consumer);
    await send(backbone, 5);
    await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "0");
    expect(await stateOf(backbone)).toMatchObject({ lag: 0, oldest_unread_age_ms: null });
  });

  test("is unknown beyond what is counted, when Redis says more than there is", async () => {
    const backbone = await openBackbone();
    await send(backbone, 3_000);
    await backbone.redis("XGROUP", "CREATE", backbone.stream, consumer.group, "0");
    expect(await stateOf(backbone)).toMatchObject({ lag: 3_000 });
    await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "1500");
    // All that is there is unread.
    expect(await stateOf(backbone)).toMatchObject({ lag: 1_500 });
    const [, , , , fifth = ""] = await streamIds(backbone);
    await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, fifth, "ENTRIESREAD", "5");
    expect(await lagOfRedis(backbone)).toBe(2_995);
    expect(await stateOf(backbone)).toMatchObject({ lag: null, oldest_unread_age_ms: expect.any(Number) });
  });
});
