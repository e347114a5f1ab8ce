import type { Invocation, Operator } from "@brain/engine";
import type { Context } from "hono";
import * as z from "zod";
import type { AppEnv } from "./host.ts";
import { reasonText as freeReason } from "./kit/free-text.ts";
import { visibleTenant } from "./kit/tenants.ts";

/*
 * Fields that the routes for operators share: pages of lists, texts, times, and who acts.
 */

/** Query of every list: how much, and from where on. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    // Below 2^63, the largest id.
    .regex(/^\d{1,18}$/, 'expected the "next_cursor" of an earlier answer')
    .optional(),
};

/** Why an operator acts. */
export const reasonText = freeReason(500, 3);

/** A row's id, as number or text; text from then on, for it may be larger than a double can tell. */
export const rowId = z
  .union([z.number().int().positive(), z.string().regex(/^[1-9]\d{0,17}$/)], { error: "expected an id" })
  .transform(String);

/** Who calls. */
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
