import { integer, pgTable, varchar } from "drizzle-orm/pg-core";

export const stock = pgTable("shop_stock", {
  sku: varchar({ length: 40 }).primaryKey(),
  available: integer().notNull(),
});
