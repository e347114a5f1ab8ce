import { createCatalog, defineEvent } from "@brain/schemas";
import * as z from "zod";

/* What happens in the shop, as the modules tell each other. */

const line = {
  order_id: z.uuid(),
  sku: z.string().min(1).max(40),
  quantity: z.int().min(1).max(1_000),
};

export const orderPlaced = defineEvent("shop.order.placed", {
  version: 1,
  module: "orders",
  criticality: "CRITICAL",
  // Orders of the same goods are handled in the order in which they came.
  key: ({ sku }) => sku,
  when: "An order was accepted",
  payload: z.strictObject(line),
});

export const stockReserved = defineEvent("shop.stock.reserved", {
  version: 1,
  module: "stock",
  criticality: "INFO",
  key: ({ sku }) => sku,
  when: "Goods were put aside for an order",
  payload: z.strictObject({ ...line, left: z.int().min(0).max(1_000_000) }),
});

export const orderRefused = defineEvent("shop.order.refused", {
  version: 1,
  module: "stock",
  criticality: "WARNING",
  key: ({ sku }) => sku,
  when: "There are not enough goods for an order",
  payload: z.strictObject(line),
});

export const catalog = createCatalog([orderPlaced, stockReserved, orderRefused]);
