import { readMetrics } from "@brain/engine";
import { Hono } from "hono";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { contentTypes, formatFor, metricsText } from "../openmetrics.ts";

/** What Prometheus and its kin scrape, with a bearer token. */
export function metricsRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/", requires("metrics:read", "all_tenants"), async (c) => {
    const format = formatFor(c.req.header("accept"));
    const text = metricsText(await readMetrics(c.get("host").invocation), format);
    return c.body(text, 200, { "content-type": contentTypes[format] });
  });
}
