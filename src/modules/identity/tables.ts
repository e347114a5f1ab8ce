import { tenantRows } from "@brain/engine";
import { sql } from "drizzle-orm";
import { check, index, jsonb, pgTable, text, unique, uuid, varchar } from "drizzle-orm/pg-core";
import type { Scope } from "../../http/kit/scopes.ts";
import { instant } from "../columns.ts";

/**
 * API keys. Of a bearer key's secret there is a hash and nothing else; it is 256 random bits, so a plain one is enough.
 * That of a signing key is sealed.
 */
export const identityKeys = pgTable(
  "identity_keys",
  {
    /** The public part of the key, by which it is looked up. */
    id: varchar("id", { length: 16 }).primaryKey(),
    name: varchar("name", { length: 100 }).notNull(),
    /** Null: for all tenants. */
    tenantId: varchar("tenant_id", { length: 100 }),
    scopes: jsonb("scopes").$type<readonly Scope[]>().notNull(),
    /** SHA-256 of the secret, hex; null: the key signs. */
    secretHash: varchar("secret_hash", { length: 64 }),
    /** Of the secret before the last rotation; null when there was none, or its time is over. */
    previousHash: varchar("previous_hash", { length: 64 }),
    /** The secret of a key that signs; null: it does not. */
    sealedSecret: text("sealed_secret"),
    /** The one before the last rotation. */
    previousSealed: text("previous_sealed"),
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
    ...tenantRows(),
    check("identity_keys_secret_check", sql`(secret_hash IS NULL) <> (sealed_secret IS NULL)`),
    index("identity_keys_created_idx").on(table.createdAt, table.id),
    index("identity_keys_tenant_idx").on(table.tenantId, table.createdAt).where(sql`tenant_id IS NOT NULL`),
  ],
);

export type KeyRow = typeof identityKeys.$inferSelect;

/** Where a session comes from; it ends when that does. */
export type SessionOrigin =
  | { readonly kind: "bootstrap" /** SHA-256 of the key, hex. */; readonly keyHash: string }
  | { readonly kind: "api_key"; readonly keyId: string }
  | {
      readonly kind: "jwt";
      /** What the settings made of its issuer then, see `meaningOf`; left out: a release before 0033 opened it. */
      readonly meaning?: string;
    };

/** Sign-ins of the console. Of a session's token there is a hash, as of a key's secret. */
export const identitySessions = pgTable(
  "identity_sessions",
  {
    id: uuid("id").primaryKey(),
    /** SHA-256 of the token in the cookie, hex. */
    tokenHash: varchar("token_hash", { length: 64 }).notNull(),
    /**
     * SHA-256 of the part that all of its tokens have in common, hex. A token that has it and is not the current one ends
     * the session: somebody kept a copy. Null: opened by a release before 0033, and not rotated since.
     */
    familyHash: varchar("family_hash", { length: 64 }),
    /** Of the token before; null until the first rotation. */
    previousHash: varchar("previous_hash", { length: 64 }),
    /** Until when the token before is good. */
    previousUntil: instant("previous_until"),
    rotatedAt: instant("rotated_at").notNull(),
    /** What a request that changes something repeats beside the cookie. */
    csrfToken: varchar("csrf_token", { length: 43 }).notNull(),
    identityId: varchar("identity_id", { length: 100 }).notNull(),
    name: varchar("name", { length: 100 }).notNull(),
    /** Null: all tenants. */
    tenantId: varchar("tenant_id", { length: 100 }),
    scopes: jsonb("scopes").$type<readonly Scope[]>().notNull(),
    origin: jsonb("origin").$type<SessionOrigin>().notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    revokedAt: instant("revoked_at"),
  },
  (table) => [
    ...tenantRows(),
    unique("identity_sessions_token_key").on(table.tokenHash),
    index("identity_sessions_previous_idx").on(table.previousHash).where(sql`previous_hash IS NOT NULL`),
    index("identity_sessions_family_idx").on(table.familyHash).where(sql`family_hash IS NOT NULL`),
    index("identity_sessions_created_idx").on(table.createdAt, table.id),
    index("identity_sessions_expires_idx").on(table.expiresAt),
  ],
);

export type SessionRow = typeof identitySessions.$inferSelect;
