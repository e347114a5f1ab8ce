import { alertStates, changeAlert, findAlert, listAlerts, NotFoundError, severities } from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { reasonText as freeReason, plainText } from "../kit/free-text.ts";
import { validated, validatedOptional } from "../kit/routing.ts";
import { tenantIdText } from "../kit/tenant-id.ts";
import { tenantOf, visibleTenant } from "../kit/tenants.ts";
import { operatorOf, visibleInvocation } from "../requests/requester.ts";
import { pageFields, reasonText } from "./operator-fields.ts";

const mayRead = requires("operations:read", "own_tenant");
const mayOperate = requires("operate", "own_tenant");

const listQuery = z.strictObject({
  status: z.enum(["open", "all"]).default("open"),
  state: z.enum(alertStates).optional(),
  kind: plainText(50).optional(),
  severity: z.enum(severities).optional(),
  subject: plainText(255).optional(),
  tenant_id: tenantIdText.optional(),
  ...pageFields,
});
const param = z.object({ id: z.string().regex(/^[1-9]\d{0,17}$/, "expected the id of an alert") });
const acknowledgeBody = z.strictObject({ note: freeReason(500, 1).optional() });
const closeBody = z.strictObject({ reason: reasonText });

/** What may need somebody, and what was done about it. A credential of one tenant has the alerts of that tenant. */
export function alertRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", mayRead, validated("query", listQuery), async (c) => {
    const query = c.req.valid("query");
    const { alerts, nextCursor } = await listAlerts(visibleInvocation(c).db, {
      ...query,
      tenant_id: tenantOf(c.get("services"), query.tenant_id),
    });
    return c.json({ alerts, next_cursor: nextCursor });
  });

  routes.get("/:id", mayRead, validated("param", param), async (c) => {
    const { id } = c.req.valid("param");
    const alert = await findAlert(visibleInvocation(c).db, id, visibleTenant(c.get("services")));
    if (alert === null) throw new NotFoundError(`There is no alert with the id "${id}".`);
    return c.json(alert);
  });

  routes.post(
    "/:id/acknowledge",
    mayOperate,
    validated("param", param),
    validatedOptional(acknowledgeBody),
    async (c) => c.json(await change(c, c.req.valid("param").id, "acknowledged", c.req.valid("json").note)),
  );

  routes.post("/:id/close", mayOperate, validated("param", param), validated("json", closeBody), async (c) =>
    c.json(await change(c, c.req.valid("param").id, "closed", c.req.valid("json").reason)),
  );

  return routes;
}

function change(
  c: Context<AppEnv>,
  id: string,
  action: "acknowledged" | "closed",
  note: string | undefined,
): ReturnType<typeof changeAlert> {
  return changeAlert(visibleInvocation(c).db, id, action, note ?? null, operatorOf(c));
}
