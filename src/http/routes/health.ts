import { checkHealth } from "@brain/engine";
import { Hono } from "hono";
import type { AppEnv } from "../host.ts";
import { anybody } from "../kit/access.ts";

/** Reached without a key. */
export function healthRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/", anybody("monitors and load balancers ask it"), async (c) => {
    const health = await checkHealth(c.get("host").invocation);
    return c.json(health, health.status === "unhealthy" ? 503 : 200);
  });
}
