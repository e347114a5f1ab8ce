import { made, type TenantTable } from "./table.ts";

export const tasksTable: TenantTable = {
  module: "tasks",
  prefix: "/api/tasks",
  setUp: async (as, engine, tenantId) => {
    const title = `a task of ${tenantId}`;
    const { task_id: task } = await made(as("POST", "/api/tasks", { title }));
    const { task_id: other } = await made(as("POST", "/api/tasks", { title: `another of ${tenantId}` }));
    await made(as("PATCH", `/api/tasks/${task}`, { priority: "P0" }));
    await engine.settle();
    const { events } = await made(as("GET", "/api/tasks/events"));
    return { task, other, title, event: events[0].event_id };
  },
  nowhere: {
    task: "00000000-0000-4000-8000-000000000000",
    other: "00000000-0000-4000-8000-000000000001",
    title: "",
    event: "00000000-0000-4000-8000-000000000002",
  },
  cases: [
    { route: "GET /info", call: () => ({ path: "/info" }), foreign: { same: "it tells of the release" } },
    { route: "GET /health", call: () => ({ path: "/health" }), foreign: "own" },
    {
      route: "GET /stats",
      call: () => ({ path: "/stats" }),
      foreign: "own",
      naming: (tenant) => ({ path: `/stats?tenant_id=${tenant}` }),
    },
    {
      route: "GET /events",
      call: () => ({ path: "/events" }),
      foreign: "nothing",
      shows: ["task", "event", "title"],
      naming: (tenant) => ({ path: `/events?tenant_id=${tenant}` }),
    },
    // A place in the list of another tenant is none, and is refused as one that nobody knows.
    { route: "GET /events", call: ({ event }) => ({ path: `/events?cursor=${event}` }), foreign: "absent" },
    { route: "GET /events/:id", call: ({ event }) => ({ path: `/events/${event}` }), foreign: "not_found" },
    {
      route: "GET /",
      call: () => ({ path: "/" }),
      foreign: "nothing",
      shows: ["task", "title"],
      naming: (tenant) => ({ path: `/?tenant_id=${tenant}` }),
    },
    {
      route: "GET /",
      call: ({ other }) => ({ path: `/?cursor=${other}` }),
      foreign: "absent",
      shows: ["task"],
    },
    {
      route: "POST /",
      call: () => ({ path: "/", body: { title: "one more" } }),
      foreign: "own",
      status: 201,
      naming: (tenant_id) => ({ path: "/", body: { title: "not theirs", tenant_id } }),
    },
    { route: "GET /:id", call: ({ task }) => ({ path: `/${task}` }), foreign: "not_found", shows: ["title"] },
    { route: "GET /:id/history", call: ({ task }) => ({ path: `/${task}/history` }), foreign: "not_found" },
    {
      route: "PATCH /:id",
      call: ({ task }) => ({ path: `/${task}`, body: { priority: "P1" } }),
      foreign: "not_found",
    },
    {
      route: "POST /:id/complete",
      call: ({ task }) => ({ path: `/${task}/complete`, body: {} }),
      foreign: "not_found",
    },
    { route: "DELETE /:id", call: ({ other }) => ({ path: `/${other}` }), foreign: "not_found", status: 204 },
  ],
};
