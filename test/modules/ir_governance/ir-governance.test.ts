import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadRoutes } from "../../../src/http/mounted-routes.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import {
  approve,
  base,
  consume,
  forgetAll,
  harmless,
  harmlessStep,
  letExpire,
  planOf,
  recorded,
  risky,
  validate,
} from "./fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
beforeEach(() => forgetAll(engine));
afterAll(() => engine?.cleanup());

describe("POST /validate", () => {
  test("answers PASS with hash, tier and the steps as a graph must carry them", async () => {
    const body = await validate(engine, harmless);
    expect(body).toMatchObject({
      status: "PASS",
      violations: [],
      risk_tier: 0,
      requires_approval: false,
      tenant_id: "tenant_a",
      steps: [{ ir_step_id: "0", risk_tier: 0 }],
    });
    expect(body.ir_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(Date.parse(body.validated_at)).not.toBeNaN();
  });

  test("answers ESCALATE for a plan that needs a person, with the same hash each time", async () => {
    const first = await validate(engine, { ...risky, request_id: crypto.randomUUID() });
    const second = await validate(engine, { ...risky, created_at: new Date().toISOString() });
    expect(first).toMatchObject({ status: "ESCALATE", risk_tier: 2, requires_approval: true });
    expect(second.ir_hash).toBe(first.ir_hash);
    expect(second.request_id).not.toBe(first.request_id);
  });

  test("answers REJECT with 200 for what breaks a rule, and records it", async () => {
    const body = await validate(
      engine,
      planOf({
        ...harmlessStep,
        action: "course.explode",
        idempotency_key: " ",
        budget_cents: -1,
        params: { a: 0.5 },
      }),
    );
    expect(body).toMatchObject({ status: "REJECT", risk_tier: 3, requires_approval: false, steps: [] });
    expect(body.violations.map(({ code }: { code: string }) => code).sort()).toEqual([
      "INVALID_PARAMS",
      "MISSING_IDEMPOTENCY_KEY",
      "NEGATIVE_BUDGET",
      "UNKNOWN_ACTION",
    ]);
    expect(await recorded(engine, "ir.validated_reject")).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ["a control character in params", { ...harmlessStep, params: { text: "\u0001" } }],
    ["an e-mail address as the action", { ...harmlessStep, action: "anna@example.org" }],
    ["no object", null],
  ])("survives a step with %s", async (_name, step) => {
    expect((await validate(engine, planOf(step))).status).toBe("REJECT");
  });

  test("survives the largest plan with only violations: its event stays within the payload limit", async () => {
    const step = {
      action: "x".repeat(60),
      provider: "y".repeat(60),
      resource: "",
      [`z${"z".repeat(50)}`]: 1,
    };
    const body = await validate(engine, planOf(...Array.from({ length: 200 }, () => step)));
    expect(body.violations).toHaveLength(101);
  });

  test("survives the largest plan with only high risks", async () => {
    const step = { ...harmlessStep, action: "odoo.uninstall_module", provider: "deploy.provider_v1" };
    expect((await validate(engine, planOf(...Array.from({ length: 200 }, () => step)))).status).toBe(
      "ESCALATE",
    );
    expect((await recorded(engine))[0]?.payload.high_risk_steps).toHaveLength(200);
  });

  test("refuses what cannot be a plan with 422, and what is not JSON with 400", async () => {
    for (const body of [null, [], {}, { steps: [harmlessStep] }, { ...harmless, approved: true }]) {
      const answer = await engine.request("POST", `${base}/validate`, body);
      expect([answer.status, answer.body.error.code]).toEqual([422, "validation_failed"]);
    }
    expect((await engine.request("POST", `${base}/validate`, '{"tenant_id":')).status).toBe(400);
    expect(await recorded(engine)).toEqual([]);
  });
});

describe("POST /approvals", () => {
  test("answers the token once, and stores only its hash", async () => {
    const { ir_hash } = await validate(engine);
    const answer = await engine.request("POST", `${base}/approvals?tenant_id=tenant_a&ir_hash=${ir_hash}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const { token, approval_id, expires_at } = answer.body;
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(answer.body).toMatchObject({ tenant_id: "tenant_a", ir_hash: `${ir_hash.slice(0, 16)}...` });
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(3_590_000);
    const everything = [
      await engine.sql("SELECT * FROM ir_governance_approvals"),
      await recorded(engine),
      engine.logs,
      (await engine.request("GET", `${base}/approvals/${approval_id}`)).body,
      (await engine.request("GET", `${base}/approvals/pending`)).body,
    ];
    expect(JSON.stringify(everything)).not.toContain(token);
  });

  test("takes its fields from the query, from the body, or from both", async () => {
    const ir_hash = "a".repeat(64);
    const fields = { tenant_id: "tenant_a", ir_hash, ttl_seconds: 60, created_by: "approver" };
    const inBody = await engine.request("POST", `${base}/approvals`, fields);
    expect(inBody.status).toBe(200);
    const both = await engine.request("POST", `${base}/approvals?tenant_id=tenant_a&ttl_seconds=86400`, {
      ir_hash: `sha256:${ir_hash}`,
    });
    expect(both.status).toBe(200);
    const stored = await engine.sql(
      "SELECT ir_hash, ttl_seconds, created_by FROM ir_governance_approvals ORDER BY ttl_seconds",
    );
    expect(stored).toEqual([
      { ir_hash, ttl_seconds: 60, created_by: "approver" },
      { ir_hash, ttl_seconds: 86_400, created_by: null },
    ]);
    const differs = await engine.request("POST", `${base}/approvals?tenant_id=tenant_b`, fields);
    expect([differs.status, differs.body.error.details[0].path]).toEqual([422, "tenant_id"]);
  });

  test("names the caller as who approved when nobody else is named", async () => {
    const query = `tenant_id=tenant_a&ir_hash=${"a".repeat(64)}`;
    await engine.request("POST", `${base}/approvals?${query}`, undefined, { "x-actor-id": "user-7" });
    expect(await engine.sql("SELECT created_by FROM ir_governance_approvals")).toEqual([
      { created_by: "user-7" },
    ]);
  });

  test.each([
    ["ttl_seconds=0"],
    ["ttl_seconds=59"],
    ["ttl_seconds=86401"],
    ["ttl_seconds=-60"],
    ["ttl_seconds=1.5"],
    ["ttl_seconds=x"],
    ["ir_hash=abc"],
    [`ir_hash=${"A".repeat(64)}`],
    ["tenant_id="],
    ["tenant_id=a%00b"],
    ["created_by=anna%40example.org"],
    ["hash_scheme=v3"],
    ["unknown=1"],
  ])("refuses %s with 422", async (change) => {
    const query = new URLSearchParams({ tenant_id: "tenant_a", ir_hash: "a".repeat(64) });
    for (const [key, value] of new URLSearchParams(change)) query.set(key, value);
    const answer = await engine.request("POST", `${base}/approvals?${query}`);
    expect([answer.status, answer.body.error.code]).toEqual([422, "validation_failed"]);
  });

  test("refuses a body that is no JSON with 400 and one that is no object with 422", async () => {
    expect((await engine.request("POST", `${base}/approvals`, "{")).status).toBe(400);
    expect((await engine.request("POST", `${base}/approvals`, "[]")).status).toBe(422);
  });

  test("refuses to approve a rejected plan", async () => {
    const { ir_hash } = await validate(engine, planOf({ ...harmlessStep, action: "no" }));
    const answer = await engine.request("POST", `${base}/approvals?tenant_id=tenant_a&ir_hash=${ir_hash}`);
    expect([answer.status, answer.body.error.code]).toEqual([409, "conflict"]);
  });

  test("allows 60 a minute for each tenant", async () => {
    const ask = (tenant: string) =>
      engine.request("POST", `${base}/approvals?tenant_id=${tenant}&ir_hash=${"a".repeat(64)}`);
    // A minute may end between two requests; then the next one is filled.
    let refused = await ask("busy");
    for (let count = 0; count < 130 && refused.status === 200; count += 1) refused = await ask("busy");
    expect([refused.status, refused.body.error.code]).toEqual([429, "too_many_requests"]);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect((await ask("quiet")).status).toBe(200);
  });
});

describe("POST /approvals/consume", () => {
  test("uses a token once", async () => {
    const { ir_hash } = await validate(engine);
    const { token, approval_id } = await approve(engine, ir_hash);
    expect(await consume(engine, { token, ir_hash })).toMatchObject({
      success: true,
      status: "consumed",
      approval_id,
    });
    expect(await consume(engine, { token, ir_hash })).toMatchObject({
      success: false,
      status: "consumed",
      approval_id,
    });
  });

  test("says the same for an unknown token, another tenant and another plan", async () => {
    const ir_hash = "a".repeat(64);
    const { token } = await approve(engine, ir_hash);
    const answers = [
      await consume(engine, { token: "x".repeat(43), ir_hash }),
      await consume(engine, { token, ir_hash, tenant_id: "tenant_b" }),
      await consume(engine, { token, ir_hash: "b".repeat(64) }),
    ];
    expect(answers[0]).toEqual({ success: false, status: "invalid", message: expect.any(String) });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    const reasons = (await recorded(engine, "ir.approval_invalid")).map(({ payload }) => payload.reason);
    expect(reasons).toEqual(["token_not_found", "tenant_mismatch", "ir_hash_mismatch"]);
    expect(await consume(engine, { token, ir_hash })).toMatchObject({ success: true });
  });

  test("refuses whoever approved, and leaves the approval to others", async () => {
    const ir_hash = "a".repeat(64);
    const { token, approval_id } = await approve(engine, ir_hash);
    expect(await consume(engine, { token, ir_hash }, "approver")).toMatchObject({
      success: false,
      status: "pending",
      approval_id,
      message: expect.stringContaining("Another person"),
    });
    const disguised = await engine.request(
      "POST",
      `${base}/approvals/consume?consumed_by=runner`,
      { tenant_id: "tenant_a", ir_hash, token },
      { "x-actor-id": "approver" },
    );
    expect(disguised.body).toMatchObject({ success: false, status: "pending" });
    expect(await consume(engine, { token, ir_hash })).toMatchObject({ success: true });
  });

  test("tells that its time is over", async () => {
    const ir_hash = "a".repeat(64);
    const { token, approval_id } = await approve(engine, ir_hash);
    await letExpire(engine, approval_id);
    expect(await consume(engine, { token, ir_hash })).toMatchObject({ success: false, status: "expired" });
    expect((await engine.request("GET", `${base}/approvals/${approval_id}/status`)).body.status).toBe(
      "expired",
    );
  });

  test("keeps a used approval used when its time is over", async () => {
    const ir_hash = "a".repeat(64);
    const { token, approval_id } = await approve(engine, ir_hash);
    await consume(engine, { token, ir_hash });
    await letExpire(engine, approval_id);
    expect(await consume(engine, { token, ir_hash })).toMatchObject({ success: false, status: "consumed" });
    expect((await engine.request("GET", `${base}/approvals/${approval_id}/status`)).body.status).toBe(
      "consumed",
    );
  });

  test("takes an approval of the first hash scheme by that hash", async () => {
    const ir_hash = "8ba0a689dd34033f0152ecd383be60e893ba6ee1873e8b435eeffc9503583acf";
    const { token } = await approve(engine, ir_hash, { hash_scheme: "v1" });
    expect(await consume(engine, { token, ir_hash })).toMatchObject({ success: true });
  });

  test("refuses a request that is not one", async () => {
    for (const body of [
      {},
      { tenant_id: "a", ir_hash: "b", token: "c" },
      { tenant_id: "a", ir_hash: "a".repeat(64) },
    ]) {
      expect((await engine.request("POST", `${base}/approvals/consume`, body)).status).toBe(422);
    }
  });
});

describe("reading approvals", () => {
  test("lists what is pending with what a person needs to see, and counts the rest", async () => {
    const { ir_hash } = await validate(engine);
    const open = await approve(engine, ir_hash);
    const used = await approve(engine, ir_hash);
    const over = await approve(engine, ir_hash);
    await approve(engine, "b".repeat(64), { tenant_id: "tenant_b" });
    await consume(engine, { token: used.token, ir_hash });
    await letExpire(engine, over.approval_id);
    const { body } = await engine.request("GET", `${base}/approvals/pending?tenant_id=tenant_a`);
    expect(body).toMatchObject({ total: 3, pending: 1, consumed: 1, expired: 1, next_cursor: null });
    expect(body.approvals).toHaveLength(1);
    expect(body.approvals[0]).toMatchObject({
      approval_id: open.approval_id,
      status: "pending",
      ir_hash: `${ir_hash.slice(0, 16)}...`,
      created_by: "approver",
      plan: {
        status: "ESCALATE",
        risk_tier: 2,
        intent_summary: "Try it",
        step_count: 2,
        budget_cents: 500,
        steps: [
          { step_index: 0, action: "course.create", risk_tier: 0 },
          { step_index: 1, action: "dns.create_zone", resource: "zone:example.org", risk_tier: 2 },
        ],
      },
    });
    const all = await engine.request("GET", `${base}/approvals/pending`);
    expect(all.body).toMatchObject({ total: 4, pending: 2 });
    expect(
      all.body.approvals.find((item: { tenant_id: string }) => item.tenant_id === "tenant_b").plan,
    ).toBeNull();
  });

  test("lists page by page, newest first, each once", async () => {
    const created: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      created.push((await approve(engine, "a".repeat(64))).approval_id);
    }
    // Two of one instant, so that the order within it matters.
    await engine.sql("UPDATE ir_governance_approvals SET created_at = date_trunc('second', created_at)");
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; page < 5; page += 1) {
      const { body } = await engine.request("GET", `${base}/approvals/pending?limit=2${cursor}`);
      seen.push(...body.approvals.map((item: { approval_id: string }) => item.approval_id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect([...seen].sort()).toEqual([...created].sort());
    expect((await engine.request("GET", `${base}/approvals/pending?cursor=x`)).status).toBe(422);
    const farAway = `999999999999999_${crypto.randomUUID()}`;
    expect((await engine.request("GET", `${base}/approvals/pending?cursor=${farAway}`)).status).toBe(422);
    expect(
      (await engine.request("GET", `${base}/approvals/pending?cursor=99999999999999_${crypto.randomUUID()}`))
        .status,
    ).toBe(200);
    for (const limit of ["0", "1001", "x"]) {
      expect((await engine.request("GET", `${base}/approvals/pending?limit=${limit}`)).status).toBe(422);
    }
  });

  test("shows the status, and the full record with the plan but without the token's hash", async () => {
    const { ir_hash, request_id } = await validate(engine);
    const { approval_id } = await approve(engine, ir_hash);
    const status = await engine.request("GET", `${base}/approvals/${approval_id}/status`);
    expect(Object.keys(status.body).sort()).toEqual(
      "approval_id status tenant_id ir_hash created_at expires_at consumed_at created_by consumed_by"
        .split(" ")
        .sort(),
    );
    const full = await engine.request("GET", `${base}/approvals/${approval_id}`);
    expect(full.body).toMatchObject({
      ir_hash,
      hash_scheme: "v2",
      ttl_seconds: 3_600,
      plan: { request_id, ir: { tenant_id: "tenant_a", steps: [{}, { params: {}, budget_cents: 500 }] } },
    });
    expect(full.text).not.toContain("token");
  });

  test("finds nothing under an unknown id, no id, or with another tenant", async () => {
    const { approval_id } = await approve(engine, "a".repeat(64));
    for (const path of [
      `${crypto.randomUUID()}`,
      "nothing",
      `${approval_id}?tenant_id=tenant_b`,
      `${approval_id}/status?tenant_id=tenant_b`,
    ]) {
      const answer = await engine.request("GET", `${base}/approvals/${path}`);
      expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
    }
    expect((await engine.request("GET", `${base}/approvals/${approval_id}?tenant_id=tenant_a`)).status).toBe(
      200,
    );
  });

  test("counts and says whether the expiry job works; these paths are no ids", async () => {
    const { approval_id } = await approve(engine, "a".repeat(64));
    await approve(engine, "a".repeat(64));
    const stats = await engine.request("GET", `${base}/approvals/stats`);
    expect(stats.body).toMatchObject({
      total: 2,
      by_status: { pending: 2, consumed: 0, expired: 0 },
      cleanup_worker: { job: "ir_approval_expiry", is_stale: false, overdue: 0 },
    });
    expect((await engine.request("GET", `${base}/approvals/health`)).body).toMatchObject({ healthy: true });
    await letExpire(engine, approval_id);
    const health = await engine.request("GET", `${base}/approvals/health`);
    expect(health.body).toMatchObject({ healthy: false, cleanup_worker: { overdue: 1, is_stale: true } });
    expect((await engine.request("GET", `${base}/approvals/stats?tenant_id=tenant_b`)).body.total).toBe(0);
  });

  test("says unhealthy, and why, when approvals cannot be read", async () => {
    await engine.sql("ALTER TABLE ir_governance_approvals RENAME TO away");
    try {
      const health = await engine.request("GET", `${base}/approvals/health`);
      expect([health.status, health.body.healthy, health.body.cleanup_worker]).toEqual([200, false, null]);
    } finally {
      await engine.sql("ALTER TABLE away RENAME TO ir_governance_approvals");
    }
  });
});

describe("POST /approvals/{id}/acknowledge", () => {
  test("notes who has taken note first, and publishes it once", async () => {
    const { approval_id } = await approve(engine, "a".repeat(64));
    const path = `${base}/approvals/${approval_id}/acknowledge`;
    const first = await engine.request("POST", path, { acknowledged_by: "user-1" });
    expect(first.body).toEqual({ success: true, approval_id, acknowledged_by: "user-1" });
    const second = await engine.request("POST", `${path}?acknowledged_by=user-2`);
    expect(second.body).toEqual({ success: true, approval_id, acknowledged_by: "user-1" });
    expect(await recorded(engine, "ir.approval.acknowledged")).toMatchObject([
      { tenant_id: "tenant_a", payload: { approval_id, acknowledged_by: "user-1" } },
    ]);
  });

  test("finds nothing under an unknown id or with another tenant, and needs an id of a user", async () => {
    const { approval_id } = await approve(engine, "a".repeat(64));
    const ask = (id: string, body: unknown) =>
      engine.request("POST", `${base}/approvals/${id}/acknowledge`, body);
    expect((await ask(crypto.randomUUID(), { acknowledged_by: "user-1" })).status).toBe(404);
    expect((await ask("nothing", { acknowledged_by: "user-1" })).status).toBe(404);
    expect((await ask(approval_id, { acknowledged_by: "user-1", tenant_id: "tenant_b" })).status).toBe(404);
    expect((await ask(approval_id, {})).status).toBe(422);
    expect((await ask(approval_id, { acknowledged_by: "anna@example.org" })).status).toBe(422);
    expect(await recorded(engine, "ir.approval.acknowledged")).toEqual([]);
  });
});

describe("POST /dag-diff", () => {
  const diff = async (body: unknown) => {
    const answer = await engine.request("POST", `${base}/dag-diff`, body);
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  };

  test("accepts the graph that a validation described, and publishes that", async () => {
    const { steps, ir_hash } = await validate(engine);
    expect(await diff({ ir: risky, dag_nodes: steps })).toMatchObject({
      success: true,
      ir_hash,
      tenant_id: "tenant_a",
      missing_ir_steps: [],
      extra_dag_nodes: [],
      hash_mismatches: [],
    });
    expect(await recorded(engine, "ir.dag_diff_ok")).toMatchObject([
      { payload: { ir_hash, step_count: 2, dag_node_count: 2, all_hashes_match: true } },
    ]);
  });

  test.each<[string, (nodes: { ir_step_id: string; ir_step_hash: string }[]) => unknown[]]>([
    ["a missing node", (nodes) => nodes.slice(1)],
    ["an extra node", (nodes) => [...nodes, { ir_step_id: "evil", ir_step_hash: "f".repeat(64) }]],
    ["another hash", (nodes) => nodes.map((node) => ({ ...node, ir_step_hash: "f".repeat(64) }))],
    ["a second node of one step", (nodes) => [{ ir_step_id: "0", ir_step_hash: "f".repeat(64) }, ...nodes]],
    ["a malformed node", (nodes) => [...nodes, { ir_step_id: "2" }]],
    ["a node with a control character", (nodes) => [...nodes, { ir_step_id: "\u0001", ir_step_hash: "x" }]],
    [
      "a node that names a person",
      (nodes) => [...nodes, { ir_step_id: "anna@example.org", ir_step_hash: "x" }],
    ],
  ])("fails for %s, and publishes that too", async (_name, change) => {
    const { steps } = await validate(engine);
    expect(await diff({ ir: risky, dag_nodes: change(steps) })).toMatchObject({ success: false });
    const [event] = await recorded(engine, "ir.dag_diff_failed");
    expect(event).toMatchObject({
      severity: "CRITICAL",
      payload: { all_hashes_match: false, step_count: 2 },
    });
    expect(event?.payload.mismatch_details).toBeDefined();
  });

  test("fails for a rejected plan, whose steps cannot be verified", async () => {
    const plan = planOf({ ...harmlessStep, params: { a: 0.5 } });
    expect(
      await diff({ ir: plan, dag_nodes: [{ ir_step_id: "0", ir_step_hash: "f".repeat(64) }] }),
    ).toMatchObject({
      success: false,
      missing_ir_steps: ["0"],
      violations: [{ code: "INVALID_PARAMS" }],
    });
    expect(await recorded(engine, "ir.dag_diff_failed")).toHaveLength(1);
  });

  test("survives the largest graph that differs in everything", async () => {
    const plan = planOf(
      ...Array.from({ length: 200 }, (_, index) => ({
        ...harmlessStep,
        step_id: `${"ä".repeat(90)}${index}`,
      })),
    );
    const dag_nodes = Array.from({ length: 1_000 }, (_, index) => ({
      ir_step_id: `${"€".repeat(90)}${index}`,
      ir_step_hash: "f".repeat(64),
    }));
    const body = await diff({ ir: plan, dag_nodes });
    expect([body.missing_ir_steps.length, body.extra_dag_nodes.length]).toEqual([200, 1_000]);
    expect(await recorded(engine, "ir.dag_diff_failed")).toHaveLength(1);
  });

  test("verifies a graph of the first scheme", async () => {
    const ir = {
      tenant_id: "tenant_demo",
      request_id: "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
      created_at: "2025-01-01T00:00:00",
      steps: [
        {
          action: "deploy.website",
          provider: "deploy.provider_v1",
          resource: "site:staging",
          params: { repo: "https://example.com/repo.git" },
          idempotency_key: "deploy-staging-001",
        },
      ],
    };
    const node = {
      ir_step_id: "0",
      ir_step_hash: "69720b931cad591196656159b1c3bd1dee14aa526fd60cee4fd5985832dc74d9",
    };
    expect(await diff({ ir, dag_nodes: [node], hash_scheme: "v1" })).toMatchObject({
      success: true,
      dag_hash: "4feabc67f72b7a054328b1c349e786ef7419940c97d92a669f35a3d1ba32194e",
    });
    expect((await diff({ ir, dag_nodes: [node] })).success).toBe(false);
    const { request_id: _left, ...anonymous } = ir;
    const refused = await engine.request("POST", `${base}/dag-diff`, {
      ir: anonymous,
      dag_nodes: [node],
      hash_scheme: "v1",
    });
    expect(refused.status).toBe(422);
  });

  test("refuses a request that is not one", async () => {
    for (const body of [{}, { ir: risky }, { ir: {}, dag_nodes: [] }, { ir: risky, dag_nodes: "x" }]) {
      expect((await engine.request("POST", `${base}/dag-diff`, body)).status).toBe(422);
    }
  });
});

describe("GET /info", () => {
  test("tells what there is, and every endpoint it names exists", async () => {
    const { body } = await engine.request("GET", `${base}/info`);
    expect(body).toMatchObject({ name: "ir_governance", mode: "opt_in", approval_tier: 2 });
    await loadRoutes(engine.app);
    const routes = engine.app.routes
      .filter(({ method, path }) => method !== "ALL" && path.startsWith(base))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect([...body.endpoints].sort()).toEqual([...new Set(routes)].sort());
  });
});
