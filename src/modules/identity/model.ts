import * as z from "zod";
import { plainText } from "../../http/kit/free-text.ts";
import { instant } from "../../http/kit/instant.ts";
import { isRole, isScope, type Role, roles, type Scope, scopeExpectation } from "../../http/kit/scopes.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { type KeyKind, keyPrefix } from "./api-key.ts";
import type { KeyRow } from "./tables.ts";
import { expectedOfTenant } from "./tenant-name.ts";

export const scope = z
  .string()
  .max(100)
  .refine(isScope, { error: scopeExpectation })
  .transform((text) => text as Scope);

export const role = z
  .string()
  .max(30)
  .refine(isRole, { error: `expected ${Object.keys(roles).join(", ")}` })
  .transform((text) => text as Role);

/** Of whom a credential is made: nobody who looks like somebody else. */
export const tenantId = tenantIdText.superRefine((name, context) => {
  const expected = expectedOfTenant(name);
  if (expected !== null) context.addIssue({ code: "custom", message: `expected ${expected}` });
});

export const createKeyRequest = z
  .strictObject({
    name: plainText(100),
    kind: z.enum(["bearer", "signing"]).default("bearer"),
    /** Null: for all tenants. Left out: that of the credential. */
    tenant_id: tenantId.nullable().optional(),
    scopes: z.array(scope).min(1).max(50).optional(),
    roles: z.array(role).min(1).max(10).optional(),
    expires_at: instant.nullable().default(null),
  })
  .refine((body) => body.scopes !== undefined || body.roles !== undefined, {
    path: ["scopes"],
    error: "expected scopes, roles, or both: a key that may do nothing is none",
  });

export type CreateKeyRequest = z.output<typeof createKeyRequest>;

export const rotateRequest = z.strictObject({
  /** How long the secret before stays good. */
  overlap_seconds: z.number().int().min(0).max(2_592_000).default(86_400),
});

export const keyParam = z.object({ id: z.string().regex(/^[a-z0-9]{16}$/, "expected the id of a key") });

export const keysQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    .regex(/^[a-z0-9]{16}$/, 'expected the "next_cursor" of an earlier answer')
    .optional(),
});

/** The scopes that are named, alone and by roles, each once. */
export function scopesOf({
  scopes = [],
  roles: named = [],
}: {
  readonly scopes?: readonly Scope[] | undefined;
  readonly roles?: readonly Role[] | undefined;
}): readonly Scope[] {
  return [...new Set<Scope>([...scopes, ...named.flatMap((name): readonly Scope[] => roles[name])])];
}

export function kindOf({ sealedSecret }: KeyRow): KeyKind {
  return sealedSecret === null ? "bearer" : "signing";
}

/** A key as it is shown: all but its secret. */
export function keyView(row: KeyRow, now: Date) {
  const overlaps = row.previousUntil !== null && row.previousUntil > now;
  return {
    id: row.id,
    kind: kindOf(row),
    prefix: keyPrefix(kindOf(row), row.id),
    name: row.name,
    tenant_id: row.tenantId,
    scopes: row.scopes,
    status: statusOf(row, now),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    rotated_at: row.rotatedAt?.toISOString() ?? null,
    previous_until: overlaps ? (row.previousUntil?.toISOString() ?? null) : null,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdBy,
  };
}

function statusOf({ revokedAt, expiresAt }: KeyRow, now: Date): "active" | "expired" | "revoked" {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= now ? "expired" : "active";
}
