import { courseDistributionRequested, distributionViewed } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { defineConsumer } from "../../src/consume/consumer.ts";
import { on, onBatch } from "../../src/consume/define-consumer.ts";
import { type Backbone, createBackbone } from "../backbone.ts";

const consumer = defineConsumer({
  subscriber: "smoke",
  handlers: [
    on(courseDistributionRequested, async (event, { tx }) => {
      await tx.execute(sql`INSERT INTO effects (event_id) VALUES (${event.id})`);
    }),
    onBatch(distributionViewed, async (deliveries, { tx }) => {
      for (const { event } of deliveries) await tx.execute(sql`INSERT INTO effects (event_id) VALUES (${event.id})`);
    }),
  ],
});
let backbone: Backbone;
beforeAll(async () => {
  backbone = await createBackbone({ consumers: [consumer] });
  await backbone.sql("CREATE TABLE effects (event_id text)");
});
afterAll(() => backbone.cleanup());

it("carries an event from a transaction to an effect, once", async () => {
  const id = crypto.randomUUID();
  await backbone.publish({ source: "test" }, (publish) => publish(courseDistributionRequested, { course_id: id }));
  expect(await backbone.relay()).toMatchObject({ sent: 1, batches: 1 });
  expect(await backbone.relay()).toMatchObject({ sent: 0, batches: 0 });
  expect(await backbone.drain(consumer)).toMatchObject({ read: 1, applied: 1 });
  expect(await backbone.drain(consumer)).toMatchObject({ read: 0, applied: 0 });
  expect(await backbone.sql("SELECT * FROM effects")).toHaveLength(1);
  expect(await backbone.sql("SELECT stream_message_id, sent_at FROM events")).toMatchObject([{ stream_message_id: expect.stringMatching(/^\d+-0$/) }]);
});
