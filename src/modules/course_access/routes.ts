import { Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated } from "../../http/kit/routing.ts";
import { accessQuery, courseParam, grantRequest, listQuery, revokeRequest } from "./model.ts";
import { grantAccess, listAccesses, readAccess, readHealth, revokeAccess } from "./service.ts";
import type { CourseAccessSettings } from "./settings.ts";

const mayRead = requires("course_access:read", "own_tenant");
const mayWrite = requires("course_access:write", "own_tenant");

/** Routes below `/api/course-access`. */
export function courseAccessRoutes(settings: CourseAccessSettings): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();
  const notifications = settings.notify === null ? "log" : "webhook";

  routes.get("/info", mayRead, (c) => c.json(information(notifications)));

  routes.get("/health", mayRead, async (c) => c.json(await readHealth(c.var.services, notifications)));

  routes.get("/", mayRead, validated("query", listQuery), async (c) =>
    c.json(await listAccesses(c.var.services, c.req.valid("query"))),
  );

  routes.get(
    "/:course_id",
    mayRead,
    validated("param", courseParam),
    validated("query", accessQuery),
    async (c) =>
      c.json(await readAccess(c.var.services, c.req.valid("param").course_id, c.req.valid("query"))),
  );

  routes.post(
    "/:course_id/grant",
    mayWrite,
    validated("param", courseParam),
    validated("json", grantRequest),
    async (c) =>
      c.json(await grantAccess(c.var.services, c.req.valid("param").course_id, c.req.valid("json"))),
  );

  routes.post(
    "/:course_id/revoke",
    mayWrite,
    validated("param", courseParam),
    validated("json", revokeRequest),
    async (c) =>
      c.json(await revokeAccess(c.var.services, c.req.valid("param").course_id, c.req.valid("json"))),
  );

  return routes;
}

function information(notifications: "log" | "webhook") {
  return {
    name: "course_access",
    version: "1.0.0",
    description: "Grants and revokes access to courses after payments, and tells the outside of it.",
    features: ["payments", "refunds", "operator_grants", "notifications"],
    notifications,
    endpoints: [
      "GET /info",
      "GET /health",
      "GET /?user_id=",
      "GET /{course_id}?user_id=",
      "POST /{course_id}/grant",
      "POST /{course_id}/revoke",
    ],
  };
}
