import { ForbiddenError } from "@brain/engine";
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

/** The one tenant whose rows the request may see; null: those of all. */
export function visibleTenant({ principal }: Caller): string | null {
  return principal?.tenantId ?? null;
}
