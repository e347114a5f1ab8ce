import { Hono } from "hono";
import type { AppEnv } from "../host.ts";
import { forOperators, identified } from "../kit/access.ts";

/** Who calls, as the system sees it. */
export function meRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>().get(
    "/",
    forOperators(identified("whoever has a credential may ask whose it is")),
    (c) => {
      const { principal, actorId } = c.var.services;
      return c.json({
        kind: principal?.kind ?? null,
        id: principal?.id ?? null,
        name: principal?.name ?? null,
        tenant_id: principal?.tenantId ?? null,
        scopes: principal?.scopes ?? [],
        acting_as: actorId,
      });
    },
  );
}
