import { given, runHandler } from "@brain/engine/testing";
import { expect, test } from "vitest";
import { orderPlaced } from "../src/events.ts";
import { catalog } from "../src/product.ts";
import { stockConsumer } from "../src/stock/consumer.ts";
import { decideReservation } from "../src/stock/state.ts";

/* What needs no server. */

test("goods are put aside as long as there are enough", () => {
  const shelf = given({ available: 5 });
  shelf.when((level) => decideReservation(level, 5)).thenGives({ kind: "reserved", level: { available: 0 } });
  shelf.when((level) => decideReservation(level, 6)).thenGives({ kind: "refused" });
  given(null)
    .when((level) => decideReservation(level, 1))
    .thenGives({ kind: "refused" });
});

test("an order is tried again when the database is away", async () => {
  const tx = {
    select() {
      throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    },
  };
  const order = { order_id: crypto.randomUUID(), sku: "tea", quantity: 1 };
  const { next, published } = await runHandler(stockConsumer, orderPlaced, order, { catalog, tx });
  expect(next).toMatchObject({ kind: "retry" });
  expect(published).toEqual([]);
});
