import { made, type TenantTable } from "./table.ts";

const step = {
  action: "dns.create_zone",
  provider: "dns.hetzner",
  resource: "zone:example.org",
  params: {},
  idempotency_key: "zone-1",
  budget_cents: 500,
};
const plan = { steps: [step], intent_summary: "Try it" };
const anyHash = "a".repeat(64);

export const irGovernanceTable: TenantTable = {
  module: "ir_governance",
  prefix: "/api/ir",
  setUp: async (as, _engine, tenantId) => {
    const { ir_hash: hash } = await made(as("POST", "/api/ir/validate", plan));
    const { approval_id: approval, token } = await made(as("POST", "/api/ir/approvals", { ir_hash: hash }));
    const { ir_hash: waiting } = await made(
      as("POST", "/api/ir/validate", { ...plan, intent_summary: `It waits: ${tenantId}` }),
    );
    const taken = await made(as("POST", "/api/ir/approvals", { ir_hash: anyHash }));
    return { hash, approval, token, waiting, taken: taken.approval_id };
  },
  nowhere: {
    hash: "b".repeat(64),
    approval: "00000000-0000-4000-8000-000000000000",
    token: "none",
    waiting: "c".repeat(64),
    taken: "00000000-0000-4000-8000-000000000001",
  },
  cases: [
    { route: "GET /info", call: () => ({ path: "/info" }), foreign: { same: "it tells of the release" } },
    {
      route: "POST /validate",
      // The tenant is part of the plan, so another tenant's plan has another hash.
      call: () => ({ path: "/validate", body: plan }),
      foreign: "own",
      shows: ["hash"],
      naming: (tenant_id) => ({ path: "/validate", body: { ...plan, tenant_id } }),
    },
    {
      route: "POST /gate",
      call: ({ token }) => ({ path: "/gate", body: { ir: plan, approval_token: token } }),
      foreign: "own",
      naming: (tenant_id) => ({ path: "/gate", body: { ir: { ...plan, tenant_id } } }),
    },
    {
      route: "POST /dag-diff",
      call: () => ({ path: "/dag-diff", body: { ir: plan, dag_nodes: [] } }),
      foreign: "own",
      naming: (tenant_id) => ({ path: "/dag-diff", body: { ir: { ...plan, tenant_id }, dag_nodes: [] } }),
    },
    {
      route: "POST /approvals",
      call: () => ({ path: "/approvals", body: { ir_hash: anyHash } }),
      foreign: "own",
      naming: (tenant_id) => ({ path: "/approvals", body: { ir_hash: anyHash, tenant_id } }),
    },
    {
      // A refusal is an answer; whose token it is it does not tell.
      route: "POST /approvals/consume",
      call: ({ token, hash }) => ({ path: "/approvals/consume", body: { ir_hash: hash, token } }),
      foreign: "own",
      naming: (tenant_id, { token, hash }) => ({
        path: "/approvals/consume",
        body: { ir_hash: hash, token, tenant_id },
      }),
    },
    {
      route: "GET /approvals/pending",
      call: () => ({ path: "/approvals/pending" }),
      foreign: "nothing",
      shows: ["approval"],
      naming: (tenant) => ({ path: `/approvals/pending?tenant_id=${tenant}` }),
    },
    {
      route: "GET /approvals",
      call: () => ({ path: "/approvals" }),
      foreign: "nothing",
      shows: ["approval"],
      naming: (tenant) => ({ path: `/approvals?tenant_id=${tenant}` }),
    },
    {
      route: "GET /validations",
      call: () => ({ path: "/validations" }),
      foreign: "nothing",
      shows: ["waiting"],
      naming: (tenant) => ({ path: `/validations?tenant_id=${tenant}` }),
    },
    {
      route: "GET /validations/:hash",
      call: ({ waiting }) => ({ path: `/validations/${waiting}` }),
      foreign: "not_found",
      shows: ["waiting"],
      naming: (tenant, { waiting }) => ({ path: `/validations/${waiting}?tenant_id=${tenant}` }),
    },
    {
      route: "POST /validations/:hash/refuse",
      call: ({ waiting }) => ({ path: `/validations/${waiting}/refuse`, body: { reason: "a test" } }),
      foreign: "not_found",
      naming: (tenant_id, { waiting }) => ({
        path: `/validations/${waiting}/refuse`,
        body: { reason: "a test", tenant_id },
      }),
    },
    {
      route: "POST /approvals/:id/withdraw",
      call: ({ taken }) => ({ path: `/approvals/${taken}/withdraw`, body: { reason: "a test" } }),
      foreign: "not_found",
      naming: (tenant_id, { taken }) => ({
        path: `/approvals/${taken}/withdraw`,
        body: { reason: "a test", tenant_id },
      }),
    },
    {
      route: "GET /approvals/stats",
      call: () => ({ path: "/approvals/stats" }),
      foreign: "own",
      naming: (tenant) => ({ path: `/approvals/stats?tenant_id=${tenant}` }),
    },
    { route: "GET /approvals/health", call: () => ({ path: "/approvals/health" }), foreign: "own" },
    {
      route: "GET /approvals/:id/status",
      call: ({ approval }) => ({ path: `/approvals/${approval}/status` }),
      foreign: "not_found",
      naming: (tenant, { approval }) => ({ path: `/approvals/${approval}/status?tenant_id=${tenant}` }),
    },
    {
      route: "GET /approvals/:id",
      call: ({ approval }) => ({ path: `/approvals/${approval}` }),
      foreign: "not_found",
      shows: ["hash"],
      naming: (tenant, { approval }) => ({ path: `/approvals/${approval}?tenant_id=${tenant}` }),
    },
    {
      route: "POST /approvals/:id/acknowledge",
      call: ({ approval }) => ({ path: `/approvals/${approval}/acknowledge`, body: {} }),
      foreign: "not_found",
      naming: (tenant_id, { approval }) => ({
        path: `/approvals/${approval}/acknowledge`,
        body: { tenant_id },
      }),
    },
  ],
};
