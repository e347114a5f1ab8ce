import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, timestamp, varchar } from "drizzle-orm/pg-core";
import type { Scope } from "../../http/kit/scopes.ts";

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/** API keys. Of a key's secret there is a hash and nothing else; it is 256 random bits, so a plain one is enough. */
export const identityKeys = pgTable(
  "identity_keys",
  {
    /** The public part of the key, by which it is looked up. */
    id: varchar("id", { length: 16 }).primaryKey(),
    name: varchar("name", { length: 100 }).notNull(),
    /** Null: for all tenants. */
    tenantId: varchar("tenant_id", { length: 100 }),
    scopes: jsonb("scopes").$type<readonly Scope[]>().notNull(),
    /** SHA-256 of the secret, hex. */
    secretHash: varchar("secret_hash", { length: 64 }).notNull(),
    /** Of the secret before the last rotation; null when there was none, or its time is over. */
    previousHash: varchar("previous_hash", { length: 64 }),
    /** Until when the secret before is good. */
    previousUntil: instant("previous_until"),
    /** Null: never. */
    expiresAt: instant("expires_at"),
    revokedAt: instant("revoked_at"),
    createdAt: instant("created_at").notNull(),
    /** Identity or user; null: the bootstrap key. */
    createdBy: varchar("created_by", { length: 100 }),
    rotatedAt: instant("rotated_at"),
    /** To the hour; null: never. */
    lastUsedAt: instant("last_used_at"),
  },
  (table) => [
    index("identity_keys_created_idx").on(table.createdAt, table.id),
    index("identity_keys_tenant_idx").on(table.tenantId, table.createdAt).where(sql`tenant_id IS NOT NULL`),
  ],
);

export type KeyRow = typeof identityKeys.$inferSelect;
