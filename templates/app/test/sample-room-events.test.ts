import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sampleRoomPaperSlipNewlyAdded } from "../src/events/sample-room.ts";
import { openProduct } from "./engine.ts";

/* The four tests of the charter for the module sample_room, on real Redis and Postgres. */

type Product = Awaited<ReturnType<typeof openProduct>>;

const subscriber = "sample_room";

async function add(product: Product, quantity: number): Promise<string> {
  const answer = await product.post("/api/sample-room/paper-slips", { quantity });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.paper_slip_id;
}

/** The effect of the consumer. */
async function handledCount(product: Product): Promise<number> {
  const rows = await product.rows<{ handled: number }>(sql`SELECT handled FROM sample_room_totals`);
  return rows.reduce((sum, { handled }) => sum + handled, 0);
}

test("T-1: a new paper slip publishes one event, in the same transaction", async () => {
  const product = await openProduct();
  const paperSlipId = await add(product, 3);
  expect(await product.events()).toMatchObject([
    {
      type: sampleRoomPaperSlipNewlyAdded.type,
      source: "sample_room",
      payload: { paper_slip_id: paperSlipId, quantity: 3 },
      meta: { schema_version: 1, producer: "sample_room", source_module: "sample_room" },
    },
  ]);
});

test("T-2: the consumer handles it, from the stream", async () => {
  const product = await openProduct();
  await add(product, 3);
  await product.settle();
  expect(await handledCount(product)).toBe(1);
});

test("T-3: the same entry delivered again has no second effect", async () => {
  const product = await openProduct();
  await add(product, 3);
  await product.settle();
  await product.redeliver();
  await product.settle();
  expect(await handledCount(product)).toBe(1);
  // The control: another event does have an effect.
  await add(product, 4);
  await product.settle();
  expect(await handledCount(product)).toBe(2);
});

test("T-4: what can never be handled is acked, with a dead letter that says why", async () => {
  const product = await openProduct();
  await product.rows(sql`ALTER TABLE sample_room_totals ADD CONSTRAINT never CHECK (handled > 1)`);
  await add(product, 3);
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
  await add(product, 3);
  await product.settle({ expectFailures: [{ subscriber, next: "retry", error: /55P03/ }] });
  expect(await handledCount(product)).toBe(0);
  await product.rows(sql`DROP FUNCTION refuse_for_now CASCADE`);
  await product.clock.advance(600_000);
  await product.settle();
  expect(await handledCount(product)).toBe(1);
  expect(await product.deadLetters()).toEqual([]);
});
