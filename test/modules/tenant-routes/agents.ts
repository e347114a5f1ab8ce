import { made, type TenantTable } from "./table.ts";

const heard = { text: "to nobody else" };

export const agentsTable: TenantTable = {
  module: "agents",
  prefix: "/api/agents",
  setUp: async (as, engine, tenantId) => {
    const agent = `agent-of-${tenantId}`;
    await made(as("POST", `/api/agents/${agent}/heartbeat`, { tasks_completed: 1 }));
    await made(
      as("POST", `/api/agents/${agent}/messages`, { from: "me", message: { text: `for ${agent}` } }),
    );
    await made(as("POST", "/api/agents/broadcast", { from: agent, message: heard }));
    await engine.settle();
    return { agent, message: `for ${agent}` };
  },
  nowhere: { agent: "agent-of-nobody", message: "" },
  cases: [
    {
      route: "GET /",
      call: () => ({ path: "/" }),
      foreign: "nothing",
      shows: ["agent"],
      naming: (tenant) => ({ path: `/?tenant_id=${tenant}` }),
    },
    {
      route: "GET /:agent_id",
      call: ({ agent }) => ({ path: `/${agent}` }),
      foreign: "not_found",
      naming: (tenant, { agent }) => ({ path: `/${agent}?tenant_id=${tenant}` }),
    },
    // A name is each tenant's own: whoever signs on by it has an agent of that name, and the other stays as it is.
    {
      route: "POST /:agent_id/heartbeat",
      call: () => ({ path: "/same-name/heartbeat", body: { tasks_completed: 7 } }),
      foreign: "own",
      naming: (tenant_id) => ({ path: "/same-name/heartbeat", body: { tenant_id } }),
    },
    {
      route: "POST /:agent_id/online",
      call: () => ({ path: "/same-name/online", body: {} }),
      foreign: "own",
      naming: (tenant_id) => ({ path: "/same-name/online", body: { tenant_id } }),
    },
    {
      route: "POST /:agent_id/offline",
      call: ({ agent }) => ({ path: `/${agent}/offline` }),
      foreign: "not_found",
      naming: (tenant, { agent }) => ({ path: `/${agent}/offline?tenant_id=${tenant}` }),
    },
    {
      route: "POST /:agent_id/error",
      call: () => ({ path: "/same-name/error", body: { error: "it broke" } }),
      foreign: "own",
      status: 202,
      naming: (tenant_id) => ({ path: "/same-name/error", body: { error: "x", tenant_id } }),
    },
    {
      route: "POST /broadcast",
      call: () => ({ path: "/broadcast", body: { from: "me", message: heard } }),
      foreign: "own",
      status: 202,
      naming: (tenant_id) => ({ path: "/broadcast", body: { from: "me", message: heard, tenant_id } }),
    },
    {
      route: "POST /:agent_id/messages",
      call: () => ({ path: "/same-name/messages", body: { from: "me", message: heard } }),
      foreign: "own",
      status: 202,
      naming: (tenant_id) => ({
        path: "/same-name/messages",
        body: { from: "me", message: heard, tenant_id },
      }),
    },
    {
      route: "POST /:agent_id/task-requests",
      call: () => ({ path: "/same-name/task-requests", body: {} }),
      foreign: "own",
      status: 202,
      naming: (tenant_id) => ({ path: "/same-name/task-requests", body: { tenant_id } }),
    },
    {
      route: "GET /:agent_id/inbox",
      call: ({ agent }) => ({ path: `/${agent}/inbox?broadcasts=true` }),
      foreign: "nothing",
      shows: ["message"],
      naming: (tenant, { agent }) => ({ path: `/${agent}/inbox?tenant_id=${tenant}` }),
    },
  ],
};
