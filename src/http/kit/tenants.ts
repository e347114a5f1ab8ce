import { ForbiddenError, ValidationError } from "@brain/engine";
import { isJsonObject, type JsonValue } from "@brain/schemas";
import type { Principal } from "./access.ts";

/*
 * Which tenant a request is for. It comes from the credential; what a request names must agree with it.
 */

/** What is asked: the `services` of a request fit. */
interface Caller {
  /** Null: nobody, on a route that anybody may use. */
  readonly principal: Principal | null;
}

/**
 * The tenant whose rows a request writes, or whose single row it asks for: that of its credential; with one for all
 * tenants the one that the request names. Null: none.
 *
 * @param named in the body, the query or the path; null or undefined: not named
 * @throws {ForbiddenError} it names another one
 */
export function tenantOf({ principal }: Caller, named: string | null | undefined): string | null {
  const own = principal?.tenantId ?? null;
  if (own === null) return named ?? null;
  if (named === null || named === undefined || named === own) return own;
  throw new ForbiddenError(
    `The request names the tenant "${named.slice(0, 100)}", and its credential is for "${own}". Leave the tenant out, or use a credential of that tenant.`,
  );
}

/**
 * The same where there is no row without a tenant.
 *
 * @throws {ValidationError} nobody names one: the credential is for all tenants
 * @throws {ForbiddenError} as {@link tenantOf}
 */
export function requireTenantOf(caller: Caller, named: string | null | undefined): string {
  const tenantId = tenantOf(caller, named);
  if (tenantId !== null) return tenantId;
  throw new ValidationError(
    "The request names no tenant, and its credential is for all of them. Send tenant_id.",
    { issues: [{ path: "tenant_id", message: "expected the id of a tenant" }] },
  );
}

/**
 * A document with a field `tenant_id`, as its reader gets it: one that names no tenant is of that of the credential.
 * Whatever is wrong with it otherwise is for its reader to say.
 *
 * @throws {ForbiddenError} as {@link tenantOf}
 */
export function withTenantOf<Document>(caller: Caller, document: Document): Document {
  if (!isJsonObject(document as JsonValue)) return document;
  const { tenant_id: named } = document as { readonly tenant_id?: unknown };
  const tenantId = tenantOf(caller, typeof named === "string" ? named.trim() : null);
  return tenantId === null || (named !== null && named !== undefined)
    ? document
    : { ...document, tenant_id: tenantId };
}

/** The one tenant whose rows the request may see; null: those of all. */
export function visibleTenant({ principal }: Caller): string | null {
  return principal?.tenantId ?? null;
}
