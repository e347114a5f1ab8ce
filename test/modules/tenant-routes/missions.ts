import { made, type TenantTable } from "./table.ts";

const steps = [{ order: 1, action: "echo", config: {} }];

export const missionsTable: TenantTable = {
  module: "missions",
  prefix: "/api/missions",
  setUp: async (as, _engine, tenantId) => {
    const name = `a mission of ${tenantId}`;
    const { id: mission } = await made(as("POST", "/api/missions", { name }));
    const { id: cancelled } = await made(as("POST", "/api/missions", { name }));
    const { mission_id: queued } = await made(as("POST", "/api/missions/enqueue", { type: "echo", name }));
    await made(as("POST", `/api/missions/${mission}/log`, { message: `noted by ${tenantId}` }));
    const category = `of-${tenantId}`;
    const template = (
      await made(as("POST", "/api/missions/templates", { name: `template of ${tenantId}`, category, steps }))
    ).id;
    const removed = (await made(as("POST", "/api/missions/templates", { name: "to go", category, steps })))
      .id;
    return { mission, cancelled, queued, name, category, template, removed, note: `noted by ${tenantId}` };
  },
  nowhere: {
    mission: "00000000-0000-4000-8000-000000000000",
    cancelled: "00000000-0000-4000-8000-000000000001",
    queued: "00000000-0000-4000-8000-000000000002",
    template: "00000000-0000-4000-8000-000000000003",
    removed: "00000000-0000-4000-8000-000000000004",
    name: "",
    category: "of-nobody",
    note: "",
  },
  cases: [
    { route: "GET /info", call: () => ({ path: "/info" }), foreign: { same: "it tells of the release" } },
    {
      route: "GET /agents/info",
      call: () => ({ path: "/agents/info" }),
      foreign: { same: "it tells of the release" },
    },
    { route: "GET /health", call: () => ({ path: "/health" }), foreign: "own" },
    { route: "GET /worker/status", call: () => ({ path: "/worker/status" }), foreign: "own" },
    {
      route: "POST /enqueue",
      call: () => ({ path: "/enqueue", body: { type: "echo" } }),
      foreign: "own",
      status: 202,
      naming: (tenant_id) => ({ path: "/enqueue", body: { type: "echo", tenant_id } }),
    },
    {
      route: "GET /queue",
      call: () => ({ path: "/queue" }),
      foreign: "nothing",
      shows: ["queued"],
      naming: (tenant) => ({ path: `/queue?tenant_id=${tenant}` }),
    },
    {
      route: "GET /events/history",
      call: () => ({ path: "/events/history" }),
      foreign: "nothing",
      shows: ["mission", "queued", "name"],
      naming: (tenant) => ({ path: `/events/history?tenant_id=${tenant}` }),
    },
    {
      route: "GET /events/stats",
      call: () => ({ path: "/events/stats" }),
      foreign: "own",
      naming: (tenant) => ({ path: `/events/stats?tenant_id=${tenant}` }),
    },
    {
      route: "GET /stats/overview",
      call: () => ({ path: "/stats/overview" }),
      foreign: "own",
      naming: (tenant) => ({ path: `/stats/overview?tenant_id=${tenant}` }),
    },
    {
      route: "GET /templates",
      call: () => ({ path: "/templates" }),
      foreign: "nothing",
      shows: ["template", "category"],
      naming: (tenant) => ({ path: `/templates?tenant_id=${tenant}` }),
    },
    {
      route: "POST /templates",
      call: () => ({ path: "/templates", body: { name: "one more", steps } }),
      foreign: "own",
      status: 201,
      naming: (tenant_id) => ({ path: "/templates", body: { name: "not theirs", steps, tenant_id } }),
    },
    {
      route: "GET /templates/categories",
      call: () => ({ path: "/templates/categories" }),
      foreign: "nothing",
      shows: ["category"],
      naming: (tenant) => ({ path: `/templates/categories?tenant_id=${tenant}` }),
    },
    {
      route: "GET /templates/:id",
      call: ({ template }) => ({ path: `/templates/${template}` }),
      foreign: "not_found",
      shows: ["category"],
    },
    {
      route: "PUT /templates/:id",
      call: ({ template, category }) => ({
        path: `/templates/${template}`,
        body: { name: "renamed", category, steps },
      }),
      foreign: "not_found",
      naming: (tenant_id, { template }) => ({
        path: `/templates/${template}`,
        body: { name: "taken", steps, tenant_id },
      }),
    },
    {
      route: "DELETE /templates/:id",
      call: ({ removed }) => ({ path: `/templates/${removed}` }),
      foreign: "not_found",
      status: 204,
    },
    {
      route: "POST /templates/:id/instantiate",
      call: ({ template }) => ({ path: `/templates/${template}/instantiate`, body: {} }),
      foreign: "not_found",
      status: 201,
      naming: (tenant_id, { template }) => ({
        path: `/templates/${template}/instantiate`,
        body: { tenant_id },
      }),
    },
    {
      route: "GET /",
      call: () => ({ path: "/" }),
      foreign: "nothing",
      shows: ["mission", "queued", "name"],
      naming: (tenant) => ({ path: `/?tenant_id=${tenant}` }),
    },
    {
      route: "POST /",
      call: () => ({ path: "/", body: { name: "one more" } }),
      foreign: "own",
      status: 201,
      naming: (tenant_id) => ({ path: "/", body: { name: "not theirs", tenant_id } }),
    },
    {
      route: "GET /:id",
      call: ({ mission }) => ({ path: `/${mission}` }),
      foreign: "not_found",
      shows: ["name"],
    },
    {
      route: "GET /:id/log",
      call: ({ mission }) => ({ path: `/${mission}/log` }),
      foreign: "not_found",
      shows: ["note"],
    },
    {
      route: "POST /:id/log",
      call: ({ mission }) => ({ path: `/${mission}/log`, body: { message: "noted" } }),
      foreign: "not_found",
      status: 201,
    },
    {
      route: "POST /:id/execute",
      call: ({ mission }) => ({ path: `/${mission}/execute` }),
      foreign: "not_found",
      status: 202,
    },
    {
      route: "POST /:id/status",
      call: ({ queued }) => ({ path: `/${queued}/status`, body: { status: "paused" } }),
      foreign: "not_found",
    },
    {
      route: "POST /:id/cancel",
      call: ({ cancelled }) => ({ path: `/${cancelled}/cancel`, body: {} }),
      foreign: "not_found",
    },
  ],
};
