import { Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated, validatedOptional, withoutBody } from "../../http/kit/routing.ts";
import {
  deliveriesQuery,
  deliveryParam,
  disableRequest,
  endpointParam,
  endpointRequest,
  endpointsQuery,
  endpointView,
  rotateRequest,
} from "./model.ts";
import {
  disableEndpoint,
  enableEndpoint,
  readDeliveries,
  readEndpoint,
  readEndpoints,
  removeEndpoint,
  replay,
  testEndpoint,
  webhookService,
} from "./service.ts";
import type { WebhookSettings } from "./settings.ts";

const mayRead = requires("webhooks:read", "own_tenant");
const mayWrite = requires("webhooks:write", "own_tenant");
const ofEndpoint = validated("param", endpointParam);

/** The routes below `/api/webhooks`. */
export function webhookRoutes(settings: Pick<WebhookSettings, "httpAllow" | "secretsKeys">): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  const service = webhookService(settings.secretsKeys);
  const endpoint = validated("json", endpointRequest(settings.httpAllow));

  app.post("/", mayWrite, endpoint, async (c) => {
    c.header("cache-control", "no-store");
    return c.json(await service.create(c.var.services, c.req.valid("json")), 201);
  });

  app.get("/", mayRead, validated("query", endpointsQuery), async (c) =>
    c.json(await readEndpoints(c.var.services, c.req.valid("query"))),
  );

  app.get("/:id", mayRead, ofEndpoint, async (c) => {
    const { services } = c.var;
    return c.json(endpointView(await readEndpoint(services, c.req.valid("param").id), services.now()));
  });

  app.put("/:id", mayWrite, ofEndpoint, endpoint, async (c) =>
    c.json(await service.replace(c.var.services, c.req.valid("param").id, c.req.valid("json"))),
  );

  app.delete("/:id", mayWrite, ofEndpoint, withoutBody(), async (c) => {
    await removeEndpoint(c.var.services, c.req.valid("param").id);
    return c.body(null, 204);
  });

  app.post("/:id/rotate", mayWrite, ofEndpoint, validatedOptional(rotateRequest), async (c) => {
    c.header("cache-control", "no-store");
    const { overlap_seconds } = c.req.valid("json");
    return c.json(await service.rotate(c.var.services, c.req.valid("param").id, overlap_seconds));
  });

  app.post("/:id/enable", mayWrite, ofEndpoint, withoutBody(), async (c) =>
    c.json(await enableEndpoint(c.var.services, c.req.valid("param").id)),
  );

  app.post("/:id/disable", mayWrite, ofEndpoint, validated("json", disableRequest), async (c) =>
    c.json(await disableEndpoint(c.var.services, c.req.valid("param").id, c.req.valid("json").reason)),
  );

  app.post("/:id/test", mayWrite, ofEndpoint, withoutBody(), async (c) =>
    c.json(await testEndpoint(c.var.services, c.req.valid("param").id), 202),
  );

  app.get("/:id/deliveries", mayRead, ofEndpoint, validated("query", deliveriesQuery), async (c) =>
    c.json(await readDeliveries(c.var.services, c.req.valid("param").id, c.req.valid("query"))),
  );

  app.post(
    "/:id/deliveries/:delivery/replay",
    mayWrite,
    validated("param", deliveryParam),
    withoutBody(),
    async (c) => {
      const { id, delivery } = c.req.valid("param");
      return c.json(await replay(c.var.services, id, delivery), 202);
    },
  );

  return app;
}
