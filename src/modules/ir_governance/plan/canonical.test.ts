import { describe, expect, test } from "vitest";
import { hashContent, hashDag, hashRejected, hashRequestV1, hashStep, hashStepV1 } from "./canonical.ts";
import { readIr } from "./model.ts";
import type { PlanContent, PlanV1, StepV1 } from "./plan.ts";

const step: StepV1 = {
  action: "deploy.website",
  provider: "deploy.provider_v1",
  resource: "site:staging",
  params: { repo: "https://example.com/repo.git" },
  idempotency_key: "deploy-staging-001",
  constraints: {},
  budget_cents: null,
  description: null,
  risk_tier: null,
  step_id: null,
  requires_approval: false,
};
const request: PlanV1 = {
  tenant_id: "tenant_demo",
  request_id: "req-1",
  created_at: "2025-01-01T00:00:00",
  intent_summary: "Ü demo",
  labels: { a: "1", b: "2" },
  steps: [step],
};
const stepHash = "69720b931cad591196656159b1c3bd1dee14aa526fd60cee4fd5985832dc74d9";

function contentOf(input: unknown): PlanContent {
  const { content } = readIr(input);
  if (content === null) throw new Error("the plan was rejected");
  return content;
}

/** What a caller sends: no nulls, keys in any order. */
const sent = {
  steps: [
    {
      resource: "site:staging",
      action: "deploy.website",
      provider: "deploy.provider_v1",
      idempotency_key: "deploy-staging-001",
      params: { repo: "https://example.com/repo.git" },
    },
  ],
  labels: { b: "2", a: "1" },
  intent_summary: "Ü demo",
  tenant_id: "tenant_demo",
};

describe("scheme v1", () => {
  test("hashes a step with its nulls and computed fields", async () => {
    expect(await hashStepV1(step)).toBe(stepHash);
  });

  test("hashes a request, non-ASCII text as it is", async () => {
    expect(await hashRequestV1(request)).toBe(
      "8ba0a689dd34033f0152ecd383be60e893ba6ee1873e8b435eeffc9503583acf",
    );
  });

  test("gives a validated request another hash, because the tier is written into its steps", async () => {
    expect(await hashRequestV1({ ...request, steps: [{ ...step, risk_tier: 1 }] })).toBe(
      "2dd60bc716ed562988e49ddbddbaed620902d0df6bba8d427056cba052695591",
    );
  });

  test("hashes a graph of one node, and an empty one", async () => {
    expect(await hashDag([{ ir_step_id: "0", ir_step_hash: stepHash }])).toBe(
      "4feabc67f72b7a054328b1c349e786ef7419940c97d92a669f35a3d1ba32194e",
    );
    expect(await hashDag([])).toBe("4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
  });

  test("is found again from the request as it was sent", async () => {
    const requestId = "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d";
    for (const createdAt of [
      "2025-01-01T00:00:00Z",
      "2025-01-01T00:00:00.000+00:00",
      "2025-01-01T00:00:00",
    ]) {
      const { v1 } = readIr({ ...sent, request_id: requestId, created_at: createdAt });
      expect(v1).not.toBeNull();
      if (v1 !== null)
        expect(await hashRequestV1(v1)).toBe(await hashRequestV1({ ...request, request_id: requestId }));
    }
    expect(readIr(sent).v1).toBeNull();
    expect(readIr({ ...sent, request_id: requestId, created_at: "2025-01-01T00:00:00+02:00" }).v1).toBeNull();
    expect(
      readIr({ ...sent, request_id: requestId, created_at: "2025-01-01T00:00:00.12Z" }).v1?.created_at,
    ).toBe("2025-01-01T00:00:00.120000");
  });
});

describe("scheme v2", () => {
  // Computed with Python: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).
  test("is stable: this plan has had this hash since the scheme was made", async () => {
    expect(await hashContent(contentOf(sent))).toBe(
      "cfa97b813cdaab4240eb8a2b5fb3ebc8c0b76633bc1fabf5e06984de401ee720",
    );
    const [first] = contentOf(sent).steps;
    if (first === undefined) throw new Error("no step");
    expect(await hashStep(first)).toBe("ab8c2cc2bbd6495e1702ef253eae661ce9df5ff78db693449c0c5b703144c646");
  });

  test("is the same for two requests for one plan, before and after a validation wrote into it", async () => {
    const again = {
      ...sent,
      request_id: crypto.randomUUID(),
      created_at: "2026-01-01T00:00:00Z",
      steps: sent.steps.map((item) => ({
        ...item,
        constraints: {},
        budget_cents: null,
        risk_tier: 1,
        requires_approval: true,
      })),
    };
    expect(await hashContent(contentOf(again))).toBe(await hashContent(contentOf(sent)));
    const [bare, validated] = [contentOf(sent).steps[0], { ...step, risk_tier: 1, requires_approval: true }];
    if (bare === undefined) throw new Error("no step");
    expect(await hashStep(validated)).toBe(await hashStep(bare));
  });

  test("control: with v1 an approval never matched the retry, because each request has its own id", async () => {
    const retry = { ...request, request_id: "req-2" };
    expect(await hashRequestV1(retry)).not.toBe(await hashRequestV1(request));
  });

  test("differs when anything of the content differs", async () => {
    const [item] = sent.steps;
    const others = [
      { ...sent, tenant_id: "tenant_other" },
      { ...sent, intent_summary: "demo" },
      { ...sent, labels: { a: "1" } },
      { ...sent, steps: [item, { ...item, step_id: "second" }] },
      ...[
        { action: "deploy.api" },
        { provider: "deploy.docker" },
        { resource: "site:other" },
        { params: {} },
        { idempotency_key: "other" },
        { constraints: { environment: "staging" } },
        { budget_cents: 0 },
        { step_id: "a" },
        { description: "text" },
      ].map((change) => ({ ...sent, steps: [{ ...item, ...change }] })),
    ];
    const hashes = await Promise.all([sent, ...others].map((plan) => hashContent(contentOf(plan))));
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("is never a hash of v1 or of a rejected plan", async () => {
    const content = contentOf(sent);
    const [first] = content.steps;
    if (first === undefined) throw new Error("no step");
    const hashes = await Promise.all([
      hashContent(content),
      hashRequestV1(request),
      hashRejected(sent),
      hashStep(first),
      hashStepV1(step),
      hashDag([]),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe("the hash of a graph", () => {
  const node = (ir_step_id: string, ir_step_hash: string) => ({ ir_step_id, ir_step_hash });

  test("does not depend on the order of its nodes", async () => {
    const nodes = [
      node("b", "1"),
      node("a", "2"),
      node("a", "1"),
      node("\u{1F600}", "3"),
      node("\uFB00", "4"),
    ];
    expect(await hashDag([...nodes].reverse())).toBe(await hashDag(nodes));
    expect(await hashDag([...nodes, node("c", "1")])).not.toBe(await hashDag(nodes));
  });
});

describe("the hash of a rejected plan", () => {
  test("takes data that the schemes refuse, and tells one from another", async () => {
    const hashes = await Promise.all(
      [{ a: 0.5 }, { a: 0.25 }, { a: "\u0000" }, { a: "\ud800" }, { a: [null] }, {}].map((raw) =>
        hashRejected(raw),
      ),
    );
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
