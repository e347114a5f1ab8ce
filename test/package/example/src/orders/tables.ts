import { integer, pgTable, uuid, varchar } from "drizzle-orm/pg-core";

export const orders = pgTable("shop_orders", {
  id: uuid().primaryKey(),
  sku: varchar({ length: 40 }).notNull(),
  quantity: integer().notNull(),
});
