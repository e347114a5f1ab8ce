import { withPosition } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "./host.ts";
import { requires } from "./kit/access.ts";
import { plainText } from "./kit/free-text.ts";
import { validated } from "./kit/routing.ts";
import { serveLive } from "./kit/server-sent-events.ts";
import { tenantOf } from "./kit/tenants.ts";

const mayRead = requires("events:read", "own_tenant");

const streamQuery = z.strictObject({
  type: plainText(100).optional(),
  tenant_id: plainText(100).optional(),
  correlation_id: plainText(255).optional(),
  last_event_id: plainText(2_000).optional(),
});

/** Events as they happen, for people and programs that look on. */
export function eventStreamRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", mayRead, validated("query", streamQuery), (c) => {
    const { type, tenant_id: named, correlation_id: correlationId } = c.req.valid("query");
    const tenantId = tenantOf(c.get("services"), named) ?? undefined;
    const isWanted = type === undefined ? () => true : typeMatcher(type);
    return serveLive(c, {
      wants: (event) =>
        isWanted(event.type) &&
        (tenantId === undefined || event.tenant_id === tenantId) &&
        (correlationId === undefined || event.correlation_id === correlationId),
      toMessage: (event) => ({ event: event.type, data: withPosition(event) }),
    });
  });
  return routes;
}

/** `*` stands for any characters. Linear in the length of the type, whatever the pattern. */
function typeMatcher(pattern: string): (type: string) => boolean {
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return (type) => type === pattern;
  return (type) => {
    if (!type.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = type.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return type.length - last.length >= at && type.endsWith(last);
  };
}
