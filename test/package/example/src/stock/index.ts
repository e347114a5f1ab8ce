import { defineModule } from "@brain/engine";
import { eq } from "drizzle-orm";
import { Hono } from "hono";
import { orderRefused, stockReserved } from "../events.ts";
import type { Mount } from "../mount.ts";
import { stockConsumer } from "./consumer.ts";
import * as tables from "./tables.ts";

/** Knows what is there, and puts it aside for orders. */
export const stock = defineModule({
  name: "stock",
  events: [stockReserved, orderRefused],
  tables: [tables],
  consumers: () => [stockConsumer],
  routes: (): readonly Mount[] => [
    {
      path: "/stock",
      open: (engine) =>
        new Hono().get("/:sku", async (c) => {
          const { statements } = engine.open().db;
          const [level] = await statements
            .select()
            .from(tables.stock)
            .where(eq(tables.stock.sku, c.req.param("sku")));
          return level === undefined ? c.json({ error: "unknown goods" }, 404) : c.json(level);
        }),
    },
  ],
});
