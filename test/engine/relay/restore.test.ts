import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { labCatalog, sampleTaken } from "../events.ts";

const consumer = defineConsumer({
  subscriber: "restored",
  handlers: [
    on(sampleTaken, async (event, { tx }) => {
      await tx.execute(sql`INSERT INTO effects (event_id) VALUES (${event.id})`);
    }),
  ],
});
let backbone: Backbone;
beforeAll(async () => {
  backbone = await createBackbone({ catalog: labCatalog, consumers: [consumer] });
  await backbone.sql("CREATE TABLE effects (event_id text)");
});
afterAll(() => backbone.cleanup());

async function publishSome(n: number) {
  await backbone.publish({ source: "test" }, async (publish) => {
    for (let i = 0; i < n; i += 1) await publish(sampleTaken, { sample_id: crypto.randomUUID() });
  });
}
const effects = () => backbone.sql("SELECT event_id FROM effects");
const distinctEffects = async () => new Set((await effects()).map((row) => row.event_id)).size;

test("sends again what a Redis that lost everything no longer has, and applies each event once", async () => {
  await publishSome(5);
  await backbone.relay();
  await backbone.drain(consumer);
  await publishSome(5);
  await backbone.relay();
  await backbone.redis("DEL", backbone.stream);

  // Without a look at the stream nothing tells that five events are missing.
  expect(await backbone.relay()).toMatchObject({ sent: 0, restored: 0 });
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 0 });

  expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 10, restored: 10 });
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 5, publishedTwice: 5 });
  expect(await effects()).toHaveLength(10);
  expect(await distinctEffects()).toBe(10);
  expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 0, restored: 0 });
});

test("notices a lost tail before it appends behind the gap", async () => {
  await publishSome(3);
  await backbone.relay();
  const entries = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, string[]][];
  // A replica that was promoted without the last two entries: the same stream, two ids back.
  await backbone.redis("DEL", backbone.stream);
  for (const [id, fields] of entries.slice(0, -2))
    await backbone.redis("XADD", backbone.stream, id, ...fields);
  await publishSome(1);
  expect(await backbone.relay()).toMatchObject({ sent: 3, restored: 2 });
  await backbone.drain(consumer);
  expect(await effects()).toHaveLength(14);
  expect(await distinctEffects()).toBe(14);
});

test("notices a total loss also when another program wrote first, under ids above ours", async () => {
  const before = await distinctEffects();
  await publishSome(4);
  await backbone.relay();
  await backbone.redis("DEL", backbone.stream);
  const foreign = await backbone.redis(
    "XADD",
    backbone.stream,
    "*",
    "id",
    "foreign",
    "type",
    "x.y",
    "payload",
    "{}",
  );
  // The last id of the stream alone does not tell: it is beyond all that was sent.
  const [row] = await backbone.sql<{ known: string }>("SELECT known_ms::text AS known FROM relay_shards");
  expect(Number(String(foreign).split("-")[0])).toBeGreaterThanOrEqual(Number(row?.known));
  await publishSome(1);
  await backbone.relay();
  await backbone.drain(consumer);
  expect(await distinctEffects()).toBe(before + 5);
});
