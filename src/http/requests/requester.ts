import type { Invocation, Operator } from "@brain/engine";
import type { Context } from "hono";
import type { AppEnv } from "../host.ts";
import { visibleTenant } from "../kit/tenants.ts";
import { plainDatabase } from "./services.ts";

/* Who sent the request, as the engine wants to know it: who acts, and what may be seen. */

/** Who acts. */
export function operatorOf(c: Context<AppEnv>): Operator {
  const services = c.get("services");
  return { actorId: services.actorId, requestId: c.get("requestId"), tenantId: visibleTenant(services) };
}

/** Who looks: the database and the tenant that the caller may see. */
export function readerOf(c: Context<AppEnv>): Pick<Invocation, "db"> & { readonly tenantId: string | null } {
  return { db: visibleInvocation(c).db, tenantId: visibleTenant(c.get("services")) };
}

/**
 * The invocation for what the caller may see: with a credential of one tenant, on the database of that tenant. What is
 * written by it is noted beside the key of the request, see `idempotency.ts`.
 */
export function visibleInvocation(c: Context<AppEnv>): Invocation {
  return { ...c.get("host").invocation, db: c.get("services").db };
}

/**
 * The same for a route that finds by the key what a first try has made. Nothing is noted, so a repetition whose first answer
 * was lost is worked once more, and answered with what is there.
 */
export function repeatableInvocation(c: Context<AppEnv>): Invocation {
  const { invocation } = c.get("host");
  return { ...invocation, db: plainDatabase(invocation, c.get("services").db) };
}
