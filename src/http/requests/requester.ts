import type { Invocation, Operator } from "@brain/engine";
import type { Context } from "hono";
import type { AppEnv } from "../host.ts";
import { visibleTenant } from "../kit/tenants.ts";

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

/** The invocation for what the caller may see: with a credential of one tenant, on the database of that tenant. */
export function visibleInvocation(c: Context<AppEnv>): Invocation {
  const { invocation } = c.get("host");
  const tenantId = visibleTenant(c.get("services"));
  return tenantId === null ? invocation : { ...invocation, db: invocation.db.ofTenant(tenantId) };
}
