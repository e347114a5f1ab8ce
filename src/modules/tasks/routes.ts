import { ValidationError } from "@brain/engine";
import { type Context, Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { notModified } from "../../http/kit/not-modified.ts";
import { readText } from "../../http/kit/request-body.ts";
import { receives, validated, withoutBody } from "../../http/kit/routing.ts";
import { importEvents } from "./import.ts";
import {
  completeRequest,
  createRequest,
  deleteQuery,
  eventPage,
  eventsQuery,
  ifMatchHeader,
  importQuery,
  listQuery,
  statsQuery,
  type Task,
  taskPage,
  taskView,
  updateRequest,
} from "./model.ts";
import {
  completeItem,
  createItem,
  deleteItem,
  listEvents,
  listItems,
  readEvent,
  readHealth,
  readHistory,
  readItem,
  readStats,
  type TaskServices,
  updateItem,
} from "./service.ts";
import { modeOf, switchEndsOn, type TaskSettings } from "./settings.ts";
import { taskEventTypes, taskPriorities, taskStatuses, toRecord } from "./task-events.ts";

const mayRead = requires("tasks:read", "own_tenant");
const mayWrite = requires("tasks:write", "own_tenant");

/** The version that the caller has seen, from the header or the body; null: not told. */
function seenVersion(header: number | null | undefined, body: number | undefined): number | null {
  if (header && body !== undefined && header !== body) {
    throw new ValidationError(`If-Match says version ${header}, the body says ${body}. Send one of them.`, {
      issues: [{ path: "version", message: "differs from If-Match" }],
    });
  }
  return header ?? body ?? null;
}

function answerTask(c: Context<ModuleEnv>, task: Task, status: 200 | 201 = 200): Response {
  c.header("etag", `"${task.version}"`);
  return c.json(taskView(task), status);
}

/** The routes below `/api/tasks`. */
export function taskRoutes(settings: TaskSettings): Hono<ModuleEnv> {
  const of = (c: Context<ModuleEnv>): TaskServices => ({ services: c.var.services, settings });
  return new Hono<ModuleEnv>()
    .route("/", overviewRoutes(settings, of))
    .route("/", eventRoutes(of))
    .route("/", itemRoutes(of));
}

type Of = (c: Context<ModuleEnv>) => TaskServices;

function overviewRoutes(settings: TaskSettings, of: Of): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/info", mayRead, (c) =>
    c.json({
      name: "tasks",
      version: "1.0.0",
      description: "Task items with domain events, their history, and the import of older event files.",
      mode: modeOf(settings),
      switch_ends_on: switchEndsOn,
      priorities: taskPriorities,
      statuses: taskStatuses,
      event_types: taskEventTypes,
    }),
  );

  app.get("/health", mayRead, async (c) => c.json(await readHealth(of(c))));

  app.get("/stats", mayRead, validated("query", statsQuery), async (c) =>
    c.json({ stats: await readStats(c.var.services, c.req.valid("query")) }),
  );

  return app;
}

function eventRoutes(of: Of): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/events", mayRead, validated("query", eventsQuery), async (c) => {
    const query = c.req.valid("query");
    return c.json(eventPage(await listEvents(of(c), query), query.limit));
  });

  app.get("/events/:id", mayRead, async (c) => c.json(toRecord(await readEvent(of(c), c.req.param("id")))));

  // A file brings the ids of its events along, and they are one space for all tenants: so an operator imports it.
  app.post(
    "/import",
    requires("operate", "all_tenants"),
    validated("query", importQuery),
    receives("text"),
    async (c) => {
      const { dry_run: dryRun, publish, tenant_id: tenantId = null } = c.req.valid("query");
      return c.json(await importEvents(of(c), await readText(c), { dryRun, publish, tenantId }));
    },
  );

  return app;
}

function itemRoutes(of: Of): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  const ifMatch = validated("header", ifMatchHeader);

  app.get("/", mayRead, validated("query", listQuery), async (c) => {
    const query = c.req.valid("query");
    return c.json(taskPage(await listItems(c.var.services, query), query.limit));
  });

  app.post("/", mayWrite, validated("json", createRequest), async (c) =>
    answerTask(c, await createItem(of(c), c.req.valid("json")), 201),
  );

  // Its version is the tag: who has it is told that it is so still.
  app.get("/:id", mayRead, notModified(), async (c) =>
    answerTask(c, await readItem(c.var.services, c.req.param("id"))),
  );

  app.get("/:id/history", mayRead, async (c) =>
    c.json({ history: await readHistory(c.var.services, c.req.param("id")) }),
  );

  app.patch("/:id", mayWrite, ifMatch, validated("json", updateRequest), async (c) => {
    const { version, ...request } = c.req.valid("json");
    const seen = seenVersion(c.req.valid("header")["if-match"], version);
    return answerTask(c, await updateItem(of(c), c.req.param("id"), request, seen));
  });

  app.post("/:id/complete", mayWrite, ifMatch, validated("json", completeRequest), async (c) => {
    const { completion_notes: notes, version } = c.req.valid("json");
    const seen = seenVersion(c.req.valid("header")["if-match"], version);
    return answerTask(c, await completeItem(of(c), c.req.param("id"), notes, seen));
  });

  app.delete("/:id", mayWrite, ifMatch, validated("query", deleteQuery), withoutBody(), async (c) => {
    const seen = c.req.valid("header")["if-match"] ?? null;
    await deleteItem(of(c), c.req.param("id"), c.req.valid("query").reason, seen);
    return c.body(null, 204);
  });

  return app;
}
