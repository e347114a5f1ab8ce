import { listTenants, setTenantLimits } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { validated } from "../kit/routing.ts";
import { tenantIdText } from "../kit/tenant-id.ts";
import { operatorOf } from "../requests/requester.ts";
import { reasonText } from "./operator-fields.ts";

const tenantParam = z.object({ tenant: tenantIdText });

const quota = z.int().min(1).max(1_000_000_000).nullable().optional();

const limitsBody = z.strictObject({
  /** Its share of the work beside other tenants', while there is more than is done at once. */
  weight: z.number().min(0.01).max(100).default(1),
  /** Null: any number; left out: what is set for all. */
  events_per_minute: quota,
  /** Rows that it keeps, as the janitor counts them once an hour. */
  rows: quota,
  /** Missions that are not over. */
  missions: quota,
  reason: reasonText,
});

/** What waits for each tenant, and how much it may do. */
export function tenantRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", requires("operations:read", "all_tenants"), async (c) =>
    c.json(await listTenants(c.get("host").invocation)),
  );

  routes.put(
    "/:tenant/limits",
    requires("admin", "all_tenants"),
    validated("param", tenantParam),
    validated("json", limitsBody),
    async (c) => {
      const { tenant } = c.req.valid("param");
      const { weight, reason, ...quotas } = c.req.valid("json");
      await setTenantLimits(c.get("host").invocation, tenant, { weight, quotas, reason }, operatorOf(c));
      return c.json({ tenant_id: tenant, weight, ...quotas });
    },
  );
  return routes;
}
