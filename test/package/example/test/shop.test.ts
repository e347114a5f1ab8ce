import { createTestEngine, type TestEngine } from "@brain/engine/testing";
import { sql } from "drizzle-orm";
import { expect, onTestFailed, onTestFinished, test } from "vitest";
import { orderPlaced, orderRefused, stockReserved } from "../src/events.ts";
import { readShopMigrations } from "../src/migrations.ts";
import { catalog, consumers, createApp } from "../src/product.ts";
import { readServices } from "./services.ts";

/* The shop as a whole, on real Redis and Postgres. */

/** A shop that has five packets of tea. */
async function openShop(): Promise<TestEngine> {
  const shop = await createTestEngine({
    services: readServices(),
    catalog,
    consumers,
    migrations: [await readShopMigrations()],
    statements: ["INSERT INTO shop_stock VALUES ('tea', 5)"],
    hooks: { onTestFinished, onTestFailed },
  });
  return shop;
}

const order = (shop: TestEngine, sku: string, quantity: number) => {
  const app = createApp(shop.engine, (_c, work) => shop.context.waitUntil(work));
  return shop.request(app, "POST", "/orders", { body: { sku, quantity } });
};

test("an order takes goods from the stock, once, however often it is delivered", async () => {
  const shop = await openShop();
  const { status, body } = await order(shop, "tea", 2);
  expect(status).toBe(201);
  await shop.settle();
  await shop.expectEvent(stockReserved, { order_id: body.order_id, left: 3 });
  await shop.redeliver();
  await shop.settle();
  expect(await shop.rows(sql`SELECT available FROM shop_stock`)).toEqual([{ available: 3 }]);
  expect((await shop.events()).map(({ type }) => type)).toEqual([orderPlaced.type, stockReserved.type]);
});

test("an order of more than there is, is refused", async () => {
  const shop = await openShop();
  await order(shop, "tea", 6);
  await shop.settle();
  await shop.expectEvent(orderRefused, { sku: "tea", quantity: 6 });
  await shop.expectNoEvent(stockReserved);
});

test("an order waits while a table cannot be used, and is handled when it can", async () => {
  const shop = await openShop();
  await shop.rows(sql`ALTER TABLE shop_stock ADD CONSTRAINT closed CHECK (available = 5)`);
  await order(shop, "tea", 1);
  await shop.settle({
    expectFailures: [{ subscriber: "stock", next: "dead-letter", error: /constraint closed/ }],
  });
  expect(await shop.deadLetters()).toMatchObject([{ subscriber: "stock", event_type: "shop.order.placed" }]);
});

test("what is no order is answered with what is wrong, and nothing is stored", async () => {
  const shop = await openShop();
  const { status, body } = await order(shop, "tea", 0);
  expect(status).toBe(400);
  expect(body.error).toContain("quantity");
  await shop.expectNoEvent(orderPlaced);
});
