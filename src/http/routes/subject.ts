import { eraseSubject, eventsOfSubject, tenantsOfSubject, ValidationError } from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { plainText } from "../kit/free-text.ts";
import { validated } from "../kit/routing.ts";
import { tenantIdText } from "../kit/tenant-id.ts";
import { tenantOf, visibleTenant } from "../kit/tenants.ts";
import { operatorOf, visibleInvocation } from "../requests/requester.ts";
import { reasonText } from "./operator-fields.ts";

const subject = {
  /** Id of a user, as events name it. */
  subject: plainText(255),
  /** Left out: that of the credential. With one for all tenants it must be named when a tenant knows the person. */
  tenant_id: tenantIdText.optional(),
};
/** `without_tenant`: the person of events that have no tenant, though tenants know one by this id, too. */
const eraseBody = z.strictObject({
  ...subject,
  without_tenant: z.boolean().optional(),
  reason: reasonText,
});
const exportQuery = z.strictObject({ ...subject, without_tenant: z.enum(["true", "false"]).optional() });

const mayAdminister = requires("admin", "own_tenant", "subjects");

interface Asked {
  readonly subject: string;
  readonly named: string | undefined;
  readonly withoutTenant: boolean;
}

/**
 * Whose person is meant; null: that of no tenant. The same id may be another person in each tenant, so nobody gets those
 * of all at once, and who left the tenant out is not told that there is nothing.
 *
 * @throws {ValidationError} none is named, and tenants know a person by this id; `tenants` of the answer names them
 * @throws {ForbiddenError} the credential is for another one
 */
async function tenantOfPerson(
  c: Context<AppEnv>,
  { subject, named, withoutTenant }: Asked,
): Promise<string | null> {
  if (withoutTenant && (named ?? visibleTenant(c.get("services")) ?? null) !== null) {
    throw new ValidationError(
      "without_tenant goes with no tenant_id, and with a credential for all tenants.",
      {
        issues: [{ path: "without_tenant", message: "a tenant is meant already" }],
      },
    );
  }
  const tenantId = tenantOf(c.get("services"), named);
  if (tenantId !== null || withoutTenant) return tenantId;
  const tenants = await tenantsOfSubject(c.get("host").invocation, subject);
  if (tenants.length === 0) return null;
  throw new ValidationError(
    `Which person is meant? Tenants that know ${subject}: ${tenants.join(", ")}. The credential is for all tenants, and the same id may be another person in each. Name one with tenant_id (charter: --tenant), or those events that have no tenant with without_tenant (charter: --no-tenant).`,
    { issues: [{ path: "tenant_id", message: "expected one of these tenants" }], extra: { tenants } },
  );
}

/** What is known of a person in events: handed out, or made unreadable. */
export function subjectRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.post("/erase", mayAdminister, validated("json", eraseBody), async (c) => {
    const { subject, tenant_id, without_tenant = false, reason } = c.req.valid("json");
    const asked = { subject, named: tenant_id, withoutTenant: without_tenant };
    const tenantId = await tenantOfPerson(c, asked);
    const erased = await eraseSubject(visibleInvocation(c), { subject, tenantId }, reason, operatorOf(c));
    return c.json({ subject, tenant_id: tenantId, erased });
  });

  routes.get("/export", mayAdminister, validated("query", exportQuery), async (c) => {
    const { subject, tenant_id, without_tenant } = c.req.valid("query");
    const asked = { subject, named: tenant_id, withoutTenant: without_tenant === "true" };
    const tenantId = await tenantOfPerson(c, asked);
    const pages = eventsOfSubject(c.get("host").invocation, { subject, tenantId });
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const page = await pages.next();
        if (page.done === true) controller.close();
        else
          controller.enqueue(
            encoder.encode(page.value.map((event) => `${JSON.stringify(event)}\n`).join("")),
          );
      },
    });
    return c.body(body, 200, { "content-type": "application/jsonl", "cache-control": "no-store" });
  });
  return routes;
}
