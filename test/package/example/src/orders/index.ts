import { defineModule } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import { orderPlaced } from "../events.ts";
import type { Mount } from "../mount.ts";
import * as tables from "./tables.ts";

const newOrder = z.strictObject({ sku: z.string().min(1).max(40), quantity: z.int().min(1).max(1_000) });

/** Takes orders. What becomes of them is the business of whoever hears of them. */
export const orders = defineModule({
  name: "orders",
  events: [orderPlaced],
  tables: [tables],
  routes: (): readonly Mount[] => [
    {
      path: "/orders",
      open: (engine, background) =>
        new Hono().post("/", async (c) => {
          const given = newOrder.safeParse(await c.req.json().catch(() => null));
          if (!given.success) return c.json({ error: z.prettifyError(given.error) }, 400);
          const id = crypto.randomUUID();
          // The row and the event are one transaction: both are there, or neither is.
          await engine.transact({ source: "orders" }, async (tx, publish) => {
            await tx.insert(tables.orders).values({ id, ...given.data });
            await publish(orderPlaced, { order_id: id, ...given.data });
          });
          // Behind the answer it is sent and handled.
          background(c, engine.afterCommit());
          return c.json({ order_id: id }, 201);
        }),
    },
  ],
});
