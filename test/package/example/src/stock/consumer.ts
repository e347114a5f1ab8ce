import { defineConsumer, on } from "@brain/engine";
import { eq } from "drizzle-orm";
import { orderPlaced, orderRefused, stockReserved } from "../events.ts";
import { decideReservation } from "./state.ts";
import { stock } from "./tables.ts";

/** Puts goods aside. The engine applies each order once, so nothing here asks whether it has been here before. */
export const stockConsumer = defineConsumer({
  subscriber: "stock",
  handlers: [
    on(orderPlaced, async ({ payload }, { tx, publish }) => {
      const { sku, quantity } = payload;
      const [level] = await tx.select().from(stock).where(eq(stock.sku, sku)).for("update");
      const decision = decideReservation(level ?? null, quantity);
      if (decision.kind === "refused") {
        await publish(orderRefused, payload);
        return;
      }
      const { available } = decision.level;
      await tx.update(stock).set({ available }).where(eq(stock.sku, sku));
      await publish(stockReserved, { ...payload, left: available });
    }),
  ],
});
