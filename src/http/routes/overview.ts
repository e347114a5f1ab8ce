import { readOverview, tenantOverview, timeWindowNames } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { validated } from "../kit/routing.ts";
import { visibleTenant } from "../kit/tenants.ts";
import { visibleInvocation } from "../requests/requester.ts";

/** How far counts over time look back. */
export const windowField = { window: z.enum(timeWindowNames).default("1h") };

const overviewQuery = z.strictObject(windowField);

/** Is it well? What a credential of one tenant gets is about that tenant alone. */
export function overviewRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>().get(
    "/",
    requires("operations:read", "own_tenant"),
    validated("query", overviewQuery),
    async (c) => {
      const { window } = c.req.valid("query");
      const { invocation } = c.get("host");
      const tenantId = visibleTenant(c.get("services"));
      if (tenantId === null) return c.json(await readOverview(invocation, window));
      return c.json(await tenantOverview(invocation, window, visibleInvocation(c).db, tenantId));
    },
  );
}
