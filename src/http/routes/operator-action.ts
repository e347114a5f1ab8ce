import { listActions } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { plainText } from "../kit/free-text.ts";
import { validated } from "../kit/routing.ts";
import { visibleTenant } from "../kit/tenants.ts";
import { visibleInvocation } from "../requests/requester.ts";
import { pageFields } from "./operator-fields.ts";

const mayRead = requires("operations:read", "own_tenant");

const actionsQuery = z.strictObject({
  subscriber: plainText(255).optional(),
  action: plainText(50).optional(),
  request_id: plainText(100).optional(),
  ...pageFields,
});

/** What operators did. */
export function operatorActionRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", mayRead, validated("query", actionsQuery), async (c) => {
    const { actions, nextCursor } = await listActions(visibleInvocation(c).db, {
      ...c.req.valid("query"),
      tenant_id: visibleTenant(c.get("services")),
    });
    return c.json({ operator_actions: actions, next_cursor: nextCursor });
  });
  return routes;
}
