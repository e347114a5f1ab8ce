import { withPosition } from "@brain/engine";
import { Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated, withoutBody } from "../../http/kit/routing.ts";
import { serveLive } from "../../http/kit/server-sent-events.ts";
import { tenantOf } from "../../http/kit/tenants.ts";
import { inInbox, readInbox } from "./inbox.ts";
import {
  agentParam,
  agentsQuery,
  agentView,
  errorRequest,
  heartbeatRequest,
  inboxQuery,
  inboxStreamQuery,
  messageRequest,
  onlineRequest,
  taskRequest,
  tenantQuery,
} from "./model.ts";
import {
  type Published,
  readAgent,
  reportError,
  requestTask,
  sendBroadcast,
  sendMessage,
  signOff,
  signOn,
  takeHeartbeat,
} from "./service.ts";
import type { AgentsSettings } from "./settings.ts";
import { listAgents } from "./store.ts";

const mayRead = requires("agents:read", "own_tenant");
const mayWrite = requires("agents:write", "own_tenant");

/** The routes below `/api/agents`. */
export function agentsRoutes(settings: AgentsSettings): Hono<ModuleEnv> {
  return new Hono<ModuleEnv>().route("/", statusRoutes(settings)).route("/", messageRoutes());
}

/** What tells of a published event: it is recorded, and travels from there. */
function accepted({ id, type, timestamp }: Published) {
  return { event_id: id, type, timestamp };
}

function statusRoutes(settings: AgentsSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/", mayRead, validated("query", agentsQuery), async (c) => {
    const query = c.req.valid("query");
    const { services } = c.var;
    const rows = await listAgents(services.db, tenantOf(services, query.tenant_id), query);
    const next = rows.length >= query.limit ? (rows.at(-1)?.agentId ?? null) : null;
    return c.json({ agents: rows.map(agentView), next_after: next });
  });

  app.get(
    "/:agent_id",
    mayRead,
    validated("param", agentParam),
    validated("query", tenantQuery),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      return c.json(agentView(await readAgent(c.var.services, agent_id, c.req.valid("query").tenant_id)));
    },
  );

  app.post(
    "/:agent_id/heartbeat",
    mayWrite,
    validated("param", agentParam),
    validated("json", heartbeatRequest),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      return c.json(agentView(await takeHeartbeat(c.var.services, settings, agent_id, c.req.valid("json"))));
    },
  );

  app.post(
    "/:agent_id/online",
    mayWrite,
    validated("param", agentParam),
    validated("json", onlineRequest),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      return c.json(agentView(await signOn(c.var.services, settings, agent_id, c.req.valid("json"))));
    },
  );

  app.post(
    "/:agent_id/offline",
    mayWrite,
    validated("param", agentParam),
    validated("query", tenantQuery),
    withoutBody(),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      return c.json(agentView(await signOff(c.var.services, agent_id, c.req.valid("query").tenant_id)));
    },
  );

  app.post(
    "/:agent_id/error",
    mayWrite,
    validated("param", agentParam),
    validated("json", errorRequest),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      return c.json(accepted(await reportError(c.var.services, agent_id, c.req.valid("json"))), 202);
    },
  );
  return app;
}

function messageRoutes(): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.post("/broadcast", mayWrite, validated("json", messageRequest), async (c) =>
    c.json(accepted(await sendBroadcast(c.var.services, c.req.valid("json"))), 202),
  );

  app.post(
    "/:agent_id/messages",
    mayWrite,
    validated("param", agentParam),
    validated("json", messageRequest),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      return c.json(accepted(await sendMessage(c.var.services, agent_id, c.req.valid("json"))), 202);
    },
  );

  app.post(
    "/:agent_id/task-requests",
    mayWrite,
    validated("param", agentParam),
    validated("json", taskRequest),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      return c.json(accepted(await requestTask(c.var.services, agent_id, c.req.valid("json"))), 202);
    },
  );

  app.get(
    "/:agent_id/inbox",
    mayRead,
    validated("param", agentParam),
    validated("query", inboxQuery),
    async (c) => {
      const { agent_id } = c.req.valid("param");
      const page = await readInbox(c.var.services, agent_id, c.req.valid("query"));
      const { events, cursor, more, truncatedBefore } = page;
      return c.json({ events, cursor, more, truncated_before: truncatedBefore });
    },
  );

  app.get(
    "/:agent_id/inbox/stream",
    mayRead,
    validated("param", agentParam),
    validated("query", inboxStreamQuery),
    (c) => {
      const { broadcasts, tenant_id } = c.req.valid("query");
      return serveLive(c, {
        wants: inInbox(c.req.valid("param").agent_id, tenantOf(c.var.services, tenant_id), broadcasts),
        toMessage: (event) => ({ event: event.type, data: withPosition(event) }),
      });
    },
  );
  return app;
}
