import { Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated, withoutBody } from "../../http/kit/routing.ts";
import { tenantOf } from "../../http/kit/tenants.ts";
import { writeTimeCursor } from "../time-cursor.ts";
import { type Handlers, registerHandlers } from "./handlers/registry.ts";
import { logView, type Mission, missionView, queueItem, type Template, templateView } from "./model.ts";
import {
  pauseQueue,
  readEventStats,
  readHealth,
  readHistory,
  readOverview,
  readPause,
  readWorker,
  resumeQueue,
} from "./overview.ts";
import {
  cancelRequest,
  createRequest,
  enqueueRequest,
  historyQuery,
  instantiateRequest,
  logQuery,
  logRequest,
  missionsQuery,
  queueQuery,
  queueRequest,
  statusRequest,
  templateRequest,
  templatesQuery,
  tenantQuery,
} from "./requests.ts";
import { createMissionSecrets } from "./secrets.ts";
import {
  createMission,
  enqueueMission,
  executeMission,
  type MissionDeps,
  readMission,
  startWorker,
  writeLog,
} from "./service.ts";
import type { MissionSettings } from "./settings.ts";
import { cancelMission, setStatus } from "./steer.ts";
import { countByStatus, listLog, listMissions, listQueued } from "./store.ts";
import {
  createTemplate,
  deleteTemplate,
  instantiateTemplate,
  listCategories,
  listTemplates,
  readTemplate,
  replaceTemplate,
} from "./template-service.ts";

const mayRead = requires("missions:read", "own_tenant");
const mayWrite = requires("missions:write", "own_tenant");

/** The routes below `/api/missions`. */
export function missionRoutes(settings: MissionSettings): Hono<ModuleEnv> {
  const handlers = registerHandlers(settings);
  const secrets = createMissionSecrets(handlers, settings.secretsKeys);
  const deps: MissionDeps = { settings, handlers, secrets };
  // What stands still comes before what takes an id.
  return new Hono<ModuleEnv>()
    .route("/", queueRoutes(deps))
    .route("/templates", templateRoutes(deps))
    .route("/", recordRoutes(deps));
}

/** Answer of a change: what the caller needs to go on. */
const changed = (row: Mission) => ({ mission_id: row.id, status: row.status });

/** Goes on behind the last row of a full page; null at the end. */
function nextCursor(rows: readonly { readonly createdAt: Date; readonly id: string }[], limit: number) {
  const last = rows.length < limit ? undefined : rows.at(-1);
  return last === undefined ? null : writeTimeCursor({ ms: last.createdAt.getTime(), id: last.id });
}

const describeHandlers = (handlers: Handlers) =>
  [...handlers.values()].map(({ type, describe }) => ({ type, description: describe }));

function queueRoutes(deps: MissionDeps): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/info", mayRead, (c) =>
    c.json({
      name: "missions",
      version: "1.0.0",
      description: "A queue of missions on Postgres, the worker that does them, and templates for them.",
      types: describeHandlers(deps.handlers),
    }),
  );

  app.get("/health", mayRead, async (c) => c.json(await readHealth(c.var.services, deps)));

  app.post("/enqueue", mayWrite, validated("json", enqueueRequest), async (c) => {
    const row = await enqueueMission(c.var.services, deps, c.req.valid("json"));
    return c.json(changed(row), 202);
  });

  app.get("/queue", mayRead, validated("query", queueQuery), async (c) => {
    const { services } = c.var;
    const { limit, tenant_id } = c.req.valid("query");
    const tenantId = tenantOf(services, tenant_id);
    const [items, counts, pause] = await Promise.all([
      listQueued(services.db, tenantId, limit),
      countByStatus(services.db, tenantId),
      readPause(services),
    ]);
    return c.json({ items: items.map(queueItem), length: counts.queued ?? 0, ...pause });
  });

  app.post("/queue/pause", requires("operate", "all_tenants"), validated("json", queueRequest), async (c) =>
    c.json(await pauseQueue(c.var.services, c.req.valid("json").reason)),
  );

  app.post(
    "/queue/resume",
    requires("operate", "all_tenants"),
    validated("json", queueRequest),
    async (c) => {
      const state = await resumeQueue(c.var.services, c.req.valid("json").reason);
      startWorker(c.var.services, deps);
      return c.json(state);
    },
  );

  app.get("/events/history", mayRead, validated("query", historyQuery), async (c) =>
    c.json({ events: await readHistory(c.var.services, c.req.valid("query")) }),
  );

  app.get("/events/stats", mayRead, validated("query", tenantQuery), async (c) =>
    c.json(await readEventStats(c.var.services, c.req.valid("query"))),
  );

  app.get("/worker/status", mayRead, async (c) => c.json(await readWorker(c.var.services, deps)));

  // There are no agents: the worker does every type itself.
  app.get("/agents/info", mayRead, (c) => c.json({ agents: [], types: describeHandlers(deps.handlers) }));

  app.get("/stats/overview", mayRead, validated("query", tenantQuery), async (c) =>
    c.json(await readOverview(c.var.services, c.req.valid("query"))),
  );

  return app;
}

function templateRoutes(deps: MissionDeps): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  const known = new Set(deps.handlers.keys());
  const view = (row: Template) => templateView({ ...row, ...deps.secrets.hideTemplate(row) }, known);

  app.get("/", mayRead, validated("query", templatesQuery), async (c) => {
    const query = c.req.valid("query");
    const rows = await listTemplates(c.var.services, query);
    return c.json({
      templates: rows.map(view),
      next_cursor: nextCursor(rows, query.limit),
    });
  });

  app.post("/", mayWrite, validated("json", templateRequest), async (c) =>
    c.json(view(await createTemplate(c.var.services, deps, c.req.valid("json"))), 201),
  );

  app.get("/categories", mayRead, validated("query", tenantQuery), async (c) =>
    c.json({ categories: await listCategories(c.var.services, c.req.valid("query")) }),
  );

  app.get("/:id", mayRead, async (c) => c.json(view(await readTemplate(c.var.services, c.req.param("id")))));

  app.put("/:id", mayWrite, validated("json", templateRequest), async (c) => {
    const row = await replaceTemplate(c.var.services, deps, c.req.param("id"), c.req.valid("json"));
    return c.json(view(row));
  });

  app.delete("/:id", mayWrite, withoutBody(), async (c) => {
    await deleteTemplate(c.var.services, c.req.param("id"));
    return c.body(null, 204);
  });

  app.post("/:id/instantiate", mayWrite, validated("json", instantiateRequest), async (c) => {
    const request = c.req.valid("json");
    const run = await instantiateTemplate(c.var.services, deps, c.req.param("id"), request);
    const missions = run.missions.map((row) => ({ ...changed(row), step: row.step, type: row.type }));
    return c.json({ run_id: run.runId, template_id: run.template.id, missions }, 201);
  });

  return app;
}

function recordRoutes(deps: MissionDeps): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  const view = (row: Mission) => missionView(row, deps.secrets.hide(row.type, row.payload));

  app.get("/", mayRead, validated("query", missionsQuery), async (c) => {
    const query = c.req.valid("query");
    const { services } = c.var;
    const rows = await listMissions(services.db, tenantOf(services, query.tenant_id), query);
    return c.json({ missions: rows.map(view), next_cursor: nextCursor(rows, query.limit) });
  });

  app.post("/", mayWrite, validated("json", createRequest), async (c) =>
    c.json(view(await createMission(c.var.services, deps, c.req.valid("json"))), 201),
  );

  app.get("/:id", mayRead, async (c) => c.json(view(await readMission(c.var.services, c.req.param("id")))));

  app.post("/:id/status", mayWrite, validated("json", statusRequest), async (c) =>
    c.json(view(await setStatus(c.var.services, deps, c.req.param("id"), c.req.valid("json")))),
  );

  app.get("/:id/log", mayRead, validated("query", logQuery), async (c) => {
    const row = await readMission(c.var.services, c.req.param("id"));
    const entries = await listLog(c.var.services.db, row.id, c.req.valid("query").limit);
    return c.json({ mission_id: row.id, log: entries.map(logView) });
  });

  app.post("/:id/log", mayWrite, validated("json", logRequest), async (c) =>
    c.json(logView(await writeLog(c.var.services, c.req.param("id"), c.req.valid("json"))), 201),
  );

  app.post("/:id/execute", mayWrite, withoutBody(), async (c) =>
    c.json(changed(await executeMission(c.var.services, deps, c.req.param("id"))), 202),
  );

  app.post("/:id/cancel", mayWrite, validated("json", cancelRequest), async (c) => {
    const { reason } = c.req.valid("json");
    return c.json(view(await cancelMission(c.var.services, c.req.param("id"), reason ?? null)));
  });

  return app;
}
