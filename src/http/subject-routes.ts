import { eraseSubject, eventsOfSubject } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "./host.ts";
import { requires } from "./kit/access.ts";
import { plainText } from "./kit/free-text.ts";
import { validated } from "./kit/routing.ts";
import { tenantOf } from "./kit/tenants.ts";
import { operatorOf, reasonText } from "./paging.ts";

const subject = {
  /** Id of a user, as events name it. */
  subject: plainText(255),
  /** Left out: that of the credential, or none. */
  tenant_id: plainText(100).optional(),
};
const eraseBody = z.strictObject({ ...subject, reason: reasonText });
const exportQuery = z.strictObject(subject);

const mayAdminister = requires("admin", "own_tenant", "subjects");

/** What is known of a person in events: handed out, or made unreadable. */
export function subjectRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.post("/erase", mayAdminister, validated("json", eraseBody), async (c) => {
    const { subject, tenant_id, reason } = c.req.valid("json");
    const { invocation } = c.get("host");
    const tenantId = tenantOf(c.get("services"), tenant_id);
    const erased = await eraseSubject(invocation, { subject, tenantId }, reason, operatorOf(c));
    return c.json({ subject, tenant_id: tenantId, erased });
  });

  routes.get("/export", mayAdminister, validated("query", exportQuery), (c) => {
    const { subject, tenant_id } = c.req.valid("query");
    const tenantId = tenantOf(c.get("services"), tenant_id);
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
