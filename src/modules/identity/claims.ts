import { ForbiddenError, sha256Hex } from "@brain/engine";
import type { JsonObject, JsonValue } from "@brain/schemas";
import type { Principal } from "../../http/kit/access.ts";
import type { Scope } from "../../http/kit/scopes.ts";
import { isTenantId } from "../../http/kit/tenant-id.ts";
import { expectedOfTenant } from "./tenant-name.ts";

/*
 * What is made of the claims of a token that was verified: an identity, its tenant, what it may do. The settings say how;
 * a claim that they do not name means nothing.
 */

/** Names from the outside in; most claims are one name. */
export type ClaimPath = readonly string[];

/** What whoever has this value in this claim may do. */
export interface ClaimGrant {
  /** Null: every token that is valid. */
  readonly when: {
    readonly claim: ClaimPath;
    readonly value: string;
    readonly separator: string | null;
  } | null;
  readonly scopes: readonly Scope[];
}

/** The one tenant of all tokens; a claim that names it; or all tenants. */
export type TenantRule =
  | { readonly kind: "all" }
  | { readonly kind: "fixed"; readonly tenantId: string }
  | { readonly kind: "claim"; readonly claim: ClaimPath };

export interface ClaimMapping {
  /** Short name of the issuer, part of the identity. */
  readonly name: string;
  /** The first of them that is a text with something in it names the subject. */
  readonly subjects: readonly string[];
  /** Name for people; null: the identity is the name. */
  readonly displayName: ClaimPath | null;
  readonly tenant: TenantRule;
  readonly grants: readonly ClaimGrant[];
}

/**
 * Who the claims of a verified token tell of. The identity is the same for all credentials of one subject, whatever their
 * kind.
 *
 * @param claims of a token whose signature, issuer, audience and times were checked
 * @throws {ForbiddenError} they name no subject or no tenant, or nothing is granted to them
 */
export async function principalOfClaims(
  mapping: ClaimMapping,
  claims: JsonObject,
  kind: "jwt" | "session",
): Promise<Principal> {
  const scopes = scopesOf(mapping.grants, claims);
  if (scopes.length === 0)
    throw new ForbiddenError(
      `The token of "${mapping.name}" is valid, and nothing is granted to it here. Whoever runs this system maps claims to roles in BRAIN_JWT_ISSUERS.`,
    );
  const tenantId = tenantOfClaims(mapping, claims);
  const id = await identityOf(mapping, claims);
  return { kind, id, name: displayNameOf(mapping, claims) ?? id, tenantId, scopes };
}

function scopesOf(grants: readonly ClaimGrant[], claims: JsonObject): readonly Scope[] {
  return [...new Set(grants.filter(({ when }) => isTrue(when, claims)).flatMap(({ scopes }) => scopes))];
}

function isTrue(when: ClaimGrant["when"], claims: JsonObject): boolean {
  if (when === null) return true;
  const given = valueAt(claims, when.claim);
  if (Array.isArray(given)) return given.includes(when.value);
  if (typeof given !== "string") return false;
  return when.separator === null ? given === when.value : given.split(when.separator).includes(when.value);
}

/** Undefined: there is no such claim. */
function valueAt(claims: JsonObject, path: ClaimPath): JsonValue | undefined {
  let at: JsonValue | undefined = claims;
  for (const name of path) {
    // Only what the token itself says: `constructor` is a claim of no token.
    if (typeof at !== "object" || at === null || Array.isArray(at) || !Object.hasOwn(at, name))
      return undefined;
    at = at[name];
  }
  return at;
}

const nameShape = /^[^\p{Cc}\p{Cs}\u2028\u2029]{1,100}$/u;

function tenantOfClaims({ name, tenant }: ClaimMapping, claims: JsonObject): string | null {
  if (tenant.kind === "all") return null;
  if (tenant.kind === "fixed") return tenant.tenantId;
  const given = valueAt(claims, tenant.claim);
  // Never null for want of a claim: that would be all tenants.
  const isText = typeof given === "string" && isTenantId(given);
  const expected = isText ? expectedOfTenant(given) : "a text of 1 to 100 characters";
  if (isText && expected === null) return given;
  throw new ForbiddenError(
    `The token of "${name}" is valid, and names no tenant: expected ${expected} in the claim "${tenant.claim.join(" > ")}".`,
  );
}

function displayNameOf({ displayName }: ClaimMapping, claims: JsonObject): string | null {
  const given = displayName === null ? undefined : valueAt(claims, displayName);
  return typeof given === "string" && nameShape.test(given) ? given : null;
}

const subjectShape = /^[A-Za-z0-9_.-]{1,50}$/;

/**
 * `jwt:<issuer>:<subject>`; what is no id or is long is hashed, `jwt:<issuer>:sha256:<hash>`. A subject from another
 * claim than the first one has the claim's name before it, so that it is nobody else.
 */
async function identityOf({ name, subjects }: ClaimMapping, claims: JsonObject): Promise<string> {
  for (const [place, claim] of subjects.entries()) {
    const given = valueAt(claims, [claim]);
    if (typeof given !== "string" || given === "") continue;
    const prefix = place === 0 ? `jwt:${name}` : `jwt:${name}:${claim}`;
    return subjectShape.test(given) ? `${prefix}:${given}` : `${prefix}:sha256:${await hashOf(given)}`;
  }
  throw new ForbiddenError(
    `The token of "${name}" is valid, and names nobody: expected a text in the claim ${subjects.map((claim) => `"${claim}"`).join(" or ")}.`,
  );
}

/** Name of the issuer in an identity that one of its tokens named. */
export function issuerNameOf(identity: string): string {
  return identity.split(":", 2)[1] ?? "";
}

/** SHA-256, 32 hex digits: 128 bits, which nobody finds a second subject for. */
async function hashOf(text: string): Promise<string> {
  return (await sha256Hex(text)).slice(0, 32);
}
