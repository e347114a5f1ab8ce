import { listSeals, verifyDay } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { forOperators, requires } from "../kit/access.ts";
import { day } from "../kit/instant.ts";
import { validated } from "../kit/routing.ts";
import { answerExport, answerSearch, exportFoundQuery, searchQuery } from "../kit/search-query.ts";
import { tenantOf } from "../kit/tenants.ts";
import { visibleInvocation } from "../requests/requester.ts";

const maySearch = forOperators(requires("events:read", "own_tenant", "search"));
const mayExport = requires("events:read", "own_tenant", "export");
const mayVerify = requires("audit:read", "all_tenants");

const daysQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** Days before this one. */
  cursor: day.optional(),
});
const verifyQuery = z.strictObject({
  day,
  /** `next_block` of an earlier answer. */
  block: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
});

/** What happened, whoever told of it, and whether it is still what was stored. */
export function auditRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/events", maySearch, validated("query", searchQuery("all")), async (c) => {
    const query = c.req.valid("query");
    const { invocation } = c.get("host");
    const tenant = tenantOf(c.get("services"), query.tenant_id);
    const deps = { ...invocation, db: visibleInvocation(c).db, all: invocation.db };
    return c.json(await answerSearch(deps, query, tenant));
  });

  routes.get("/export", mayExport, validated("query", exportFoundQuery), (c) => {
    const query = c.req.valid("query");
    const { invocation } = c.get("host");
    const tenant = tenantOf(c.get("services"), query.tenant_id);
    const deps = { ...invocation, db: visibleInvocation(c).db, all: invocation.db };
    return answerExport(deps, query, tenant);
  });

  routes.get("/days", mayVerify, validated("query", daysQuery), async (c) => {
    const { limit, cursor = null } = c.req.valid("query");
    return c.json(await listSeals(c.get("host").invocation.db, cursor, limit));
  });

  routes.get("/verify", mayVerify, validated("query", verifyQuery), async (c) => {
    const { day, block } = c.req.valid("query");
    return c.json(await verifyDay(c.get("host").invocation, day, block));
  });
  return routes;
}
