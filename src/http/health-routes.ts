import { checkHealth } from "@brain/engine";
import { Hono } from "hono";
import type { AppEnv } from "./host.ts";

/** Reached without a key. */
export function healthRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/", async (c) => {
    const health = await checkHealth(c.get("host").invocation);
    return c.json(health, health.status === "unhealthy" ? 503 : 200);
  });
}
