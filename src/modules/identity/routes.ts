import type { Vault } from "@brain/engine";
import { Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated, validatedOptional, withoutBody } from "../../http/kit/routing.ts";
import { createKey, listKeyViews, readKeyView, revokeKey, rotateKey } from "./keys.ts";
import { createKeyRequest, keyParam, keysQuery, rotateRequest } from "./model.ts";

const manages = requires("admin", "own_tenant");

/** The routes below `/api/keys`. */
export function keyRoutes(vault: Vault): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.post("/", manages, validated("json", createKeyRequest), async (c) => {
    c.header("cache-control", "no-store");
    return c.json(await createKey(c.var.services, c.req.valid("json"), vault), 201);
  });

  app.get("/", manages, validated("query", keysQuery), async (c) =>
    c.json(await listKeyViews(c.var.services, c.req.valid("query"))),
  );

  app.get("/:id", manages, validated("param", keyParam), async (c) =>
    c.json(await readKeyView(c.var.services, c.req.valid("param").id)),
  );

  app.post(
    "/:id/rotate",
    manages,
    validated("param", keyParam),
    validatedOptional(rotateRequest),
    async (c) => {
      c.header("cache-control", "no-store");
      const { overlap_seconds } = c.req.valid("json");
      return c.json(await rotateKey(c.var.services, c.req.valid("param").id, overlap_seconds, vault));
    },
  );

  app.post("/:id/revoke", manages, validated("param", keyParam), withoutBody(), async (c) =>
    c.json(await revokeKey(c.var.services, c.req.valid("param").id)),
  );

  return app;
}
