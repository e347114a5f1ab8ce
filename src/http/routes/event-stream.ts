import { namesOfType, withPosition } from "@brain/engine";
import { type Catalog, type Envelope, severities } from "@brain/schemas";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { plainText } from "../kit/free-text.ts";
import { validated } from "../kit/routing.ts";
import { serveLive } from "../kit/server-sent-events.ts";
import { tenantIdText } from "../kit/tenant-id.ts";
import { tenantOf } from "../kit/tenants.ts";

const mayRead = requires("events:read", "own_tenant");

/** Types that one listener may ask for. */
const maxTypes = 20;

const streamQuery = z.strictObject({
  /** One or more, separated by commas; an older name of a type is as good as that of today. */
  type: plainText(2_100)
    .transform((text) => text.split(",").map((type) => type.trim()))
    .pipe(z.array(z.string().min(1, "expected a type between the commas").max(100)).max(maxTypes))
    .optional(),
  tenant_id: tenantIdText.optional(),
  correlation_id: plainText(255).optional(),
  key: plainText(255).optional(),
  severity: z.enum(severities).optional(),
  last_event_id: plainText(2_000).optional(),
  /** `type`: each message has the type of its event as its name. `none`: none, so that `onmessage` of a browser hears all. */
  names: z.enum(["type", "none"]).default("type"),
});

/** Events as they happen, for people and programs that look on. */
export function eventStreamRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", mayRead, validated("query", streamQuery), (c) => {
    const {
      type,
      tenant_id: named,
      correlation_id: correlationId,
      key,
      severity,
      names,
    } = c.req.valid("query");
    const { catalog } = c.get("host").invocation;
    const tenantId = tenantOf(c.get("services"), named) ?? undefined;
    const matchers = type?.map(typeMatcher);
    return serveLive(c, {
      // What costs least comes first: a key is made of the payload.
      wants: (event) =>
        (matchers === undefined ||
          namesOfType(catalog, event.type).some((name) => matchers.some((isWanted) => isWanted(name)))) &&
        (tenantId === undefined || event.tenant_id === tenantId) &&
        (correlationId === undefined || event.correlation_id === correlationId) &&
        (severity === undefined || event.severity === severity) &&
        (key === undefined || keyOf(catalog, event) === key),
      toMessage: (event) => ({
        // What browsers take a message without a name for.
        event: names === "none" ? "message" : event.type,
        data: withPosition(event),
      }),
    });
  });
  return routes;
}

/** Null: it has none, or not a payload of which one could be made. */
function keyOf(catalog: Catalog, { type, payload }: Envelope): string | null {
  try {
    return catalog.find(type)?.keyOf(payload) ?? null;
  } catch {
    return null;
  }
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
