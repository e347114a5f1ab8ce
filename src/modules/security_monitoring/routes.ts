import { type AlertState, changeAlert, findAlert, listAlerts, NotFoundError } from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { requires } from "../../http/kit/access.ts";
import { reasonText } from "../../http/kit/free-text.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated, validatedOptional } from "../../http/kit/routing.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { ruleNames, severityOf } from "./rules.ts";

const mayRead = requires("security_monitoring:read", "own_tenant");
const mayChange = requires("security_monitoring:write", "own_tenant");

const id = z.string().regex(/^[1-9]\d{0,17}$/, "expected the id of an alert");
const listQuery = z.strictObject({
  status: z.enum(["open", "acknowledged", "closed"]).optional(),
  rule: z.enum(ruleNames).optional(),
  tenant_id: tenantIdText.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: id.optional(),
});
const param = z.object({ id });
const acknowledgeBody = z.strictObject({ note: reasonText(500, 1).optional() });
const closeBody = z.strictObject({ reason: reasonText(500, 3) });

/** The alerts of security: those of the alert model whose kind is a rule of this module. */
export function securityRoutes(): Hono<ModuleEnv> {
  return new Hono<ModuleEnv>()
    .get("/", mayRead, validated("query", listQuery), async (c) => {
      const { services } = c.var;
      const { status, rule, tenant_id: named, ...page } = c.req.valid("query");
      const { alerts, nextCursor } = await listAlerts(services.db, {
        ...page,
        status: status === "open" || status === "acknowledged" ? "open" : "all",
        // What is open again is open.
        state: status === "open" ? undefined : status,
        unattended: status === "open",
        kinds: rule === undefined ? ruleNames : [rule],
        tenant_id: tenantOf(services, named),
      });
      return c.json({ alerts: alerts.map(view), next_cursor: nextCursor });
    })
    .get("/:id", mayRead, validated("param", param), async (c) =>
      c.json(await found(c, c.req.valid("param").id)),
    )
    .post(
      "/:id/acknowledge",
      mayChange,
      validated("param", param),
      validatedOptional(acknowledgeBody),
      async (c) => c.json(await change(c, c.req.valid("param").id, "acknowledged", c.req.valid("json").note)),
    )
    .post("/:id/close", mayChange, validated("param", param), validated("json", closeBody), async (c) =>
      c.json(await change(c, c.req.valid("param").id, "closed", c.req.valid("json").reason)),
    );
}

/** @throws {NotFoundError} there is none, it is another tenant's, or it is none of security */
async function found({ var: { services } }: Context<ModuleEnv>, alertId: string) {
  const alert = await findAlert(services.db, alertId, visibleTenant(services));
  if (alert === null || !(ruleNames as readonly string[]).includes(alert.kind))
    throw new NotFoundError(`There is no security alert with the id "${alertId}".`);
  return { ...view(alert), actions: alert.actions };
}

async function change(
  c: Context<ModuleEnv>,
  alertId: string,
  action: "acknowledged" | "closed",
  note: string | undefined,
) {
  const { services } = c.var;
  await found(c, alertId);
  const { actorId, requestId } = services;
  const by = { actorId, requestId, tenantId: visibleTenant(services) };
  const alert = await changeAlert(services.db, alertId, action, note ?? null, by);
  return { ...view(alert), actions: alert.actions };
}

/** In the charter's words. */
function view(alert: AlertState) {
  const { kind, severity, state, first_seen_at, last_seen_at, subject, message, count } = alert;
  return {
    id: alert.id,
    tenant_id: alert.tenant_id,
    rule: kind,
    severity: severityOf[severity],
    status: state === "reopened" ? "open" : state,
    reopens: alert.reopens,
    subject,
    message,
    event_ids: alert.event_ids,
    count,
    first_seen: first_seen_at,
    last_seen: last_seen_at,
    closed_at: alert.resolved_at,
  };
}
