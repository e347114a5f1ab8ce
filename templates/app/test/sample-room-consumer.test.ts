import type { PayloadInputOf } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sampleRoomPaperSlipNewlyAdded } from "../src/events/sample-room.ts";
import { openProduct } from "./engine.ts";

/* The four tests of the charter for the consumer sample_room, on real Redis and Postgres. */

type Product = Awaited<ReturnType<typeof openProduct>>;

const subscriber = "sample_room";

const payload: PayloadInputOf<typeof sampleRoomPaperSlipNewlyAdded> = {
  paper_slip_id: "3f1c9a52-6f0b-4b61-9a57-6d1f3f1d2c10",
  quantity: 3,
};

const tell = (product: Product) => product.publish(sampleRoomPaperSlipNewlyAdded, payload);

/** The effect of the consumer. */
async function handledCount(product: Product): Promise<number> {
  const rows = await product.rows<{ handled: number }>(sql`SELECT handled FROM sample_room_totals`);
  return rows.reduce((sum, { handled }) => sum + handled, 0);
}

test("T-1: the event is published once, with complete meta", async () => {
  const product = await openProduct();
  await tell(product);
  const { module: source_module, version: schema_version } = sampleRoomPaperSlipNewlyAdded;
  expect(await product.events()).toMatchObject([
    {
      type: sampleRoomPaperSlipNewlyAdded.type,
      payload,
      meta: { schema_version, producer: expect.any(String), source_module },
    },
  ]);
});

test("T-2: the consumer handles it, from the stream", async () => {
  const product = await openProduct();
  await tell(product);
  await product.settle();
  expect(await handledCount(product)).toBe(1);
});

test("T-3: the same entry delivered again has no second effect", async () => {
  const product = await openProduct();
  await tell(product);
  await product.settle();
  await product.redeliver();
  await product.settle();
  expect(await handledCount(product)).toBe(1);
  // The control: another event does have an effect.
  await tell(product);
  await product.settle();
  expect(await handledCount(product)).toBe(2);
});

test("T-4: what can never be handled is acked, with a dead letter that says why", async () => {
  const product = await openProduct();
  await product.rows(sql`ALTER TABLE sample_room_totals ADD CONSTRAINT never CHECK (handled > 1)`);
  await tell(product);
  await product.settle({ expectFailures: [{ subscriber, next: "dead-letter", error: /constraint never/ }] });
  expect(await product.deadLetters()).toMatchObject([
    { subscriber, event_type: sampleRoomPaperSlipNewlyAdded.type, attempts: 1 },
  ]);
  // It was acked: nothing comes again, however late it is.
  await product.rows(sql`ALTER TABLE sample_room_totals DROP CONSTRAINT never`);
  await product.clock.advance(86_400_000);
  await product.settle();
  expect(await handledCount(product)).toBe(0);
});

test("T-4b: what fails for now is not acked, and handled later", async () => {
  const product = await openProduct();
  await product.rows(sql`CREATE FUNCTION refuse_for_now() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '55P03'; END $$`);
  await product.rows(sql`CREATE TRIGGER refuse_for_now BEFORE INSERT ON sample_room_totals
    FOR EACH ROW EXECUTE FUNCTION refuse_for_now()`);
  await tell(product);
  await product.settle({ expectFailures: [{ subscriber, next: "retry", error: /55P03/ }] });
  expect(await handledCount(product)).toBe(0);
  await product.rows(sql`DROP FUNCTION refuse_for_now CASCADE`);
  await product.clock.advance(600_000);
  await product.settle();
  expect(await handledCount(product)).toBe(1);
  expect(await product.deadLetters()).toEqual([]);
});
