import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../../http/refusal.ts";
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

/** A person decides: which plans wait, what differs from the one approved before, and how somebody says no. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
beforeEach(() => forgetAll(engine));
afterAll(() => engine?.cleanup());

const zone = (name: string, more = {}) => ({
  action: "dns.create_zone",
  provider: "dns.hetzner",
  resource: `zone:${name}`,
  params: {},
  idempotency_key: `zone-${name}`,
  ...more,
});
const reason = "The zone belongs to somebody else.";
const hashesOf = async (query = ""): Promise<string[]> => {
  const answer = await engine.request("GET", `${base}/validations${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.plans.map((plan: { ir_hash: string }) => plan.ir_hash);
};
const refuse = (hash: string, more = {}) =>
  engine.request(
    "POST",
    `${base}/validations/${hash}/refuse`,
    { reason, tenant_id: "tenant_a", ...more },
    { "x-actor-id": "reviewer" },
  );
const withdraw = (id: string) =>
  engine.request(
    "POST",
    `${base}/approvals/${id}/withdraw`,
    { reason: "Given by mistake." },
    { "x-actor-id": "approver" },
  );
const actions = () => engine.sql("SELECT action, actor_id, reason FROM operator_actions ORDER BY id");

describe("plans that wait", () => {
  test("are those that were escalated and have no approval that was used or can be", async () => {
    const { ir_hash: hash } = await validate(engine);
    await validate(engine, harmless);
    await validate(engine, planOf({ ...harmlessStep, action: "course.explode" }));
    expect(await hashesOf()).toEqual([hash]);
    const given = await approve(engine, hash);
    expect(await hashesOf()).toEqual([]);
    await letExpire(engine, given.approval_id);
    expect(await hashesOf()).toEqual([hash]);
    const again = await approve(engine, hash);
    await consume(engine, { token: again.token, ir_hash: hash });
    expect(await hashesOf()).toEqual([]);
  });

  test("come page by page, the newest first", async () => {
    const made: string[] = [];
    for (const name of ["a", "b", "c"]) made.push((await validate(engine, planOf(zone(name)))).ir_hash);
    await engine.sql(
      "UPDATE ir_governance_validations SET validated_at = now() - make_interval(secs => position(substr(summary->'steps'->0->>'resource', 6, 1) IN 'cba'))",
    );
    const first = await engine.request("GET", `${base}/validations?limit=2`);
    expect(first.body.plans).toMatchObject([{ ir_hash: made[2], risk_tier: 2 }, { ir_hash: made[1] }]);
    expect(await hashesOf(`?limit=2&cursor=${first.body.next_cursor}`)).toEqual([made[0]]);
  });

  test("of an approval in the older scheme do not wait either", async () => {
    const { ir_hash: hash } = await validate(engine, {
      ...risky,
      request_id: crypto.randomUUID(),
      created_at: "2026-01-01T00:00:00Z",
    });
    const [row] = await engine.sql<{ v1: string }>("SELECT ir_hash_v1 AS v1 FROM ir_governance_validations");
    expect(await hashesOf()).toEqual([hash]);
    await approve(engine, row?.v1 ?? "", { hash_scheme: "v1" });
    expect(await hashesOf()).toEqual([]);
  });
});

describe("a plan that somebody has to decide on", () => {
  const detailsOf = async (hash: string) => {
    const answer = await engine.request("GET", `${base}/validations/${hash}?tenant_id=tenant_a`);
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  };

  test("shows its steps with their risk, and nothing to compare with where none was approved", async () => {
    await validate(engine, { ...planOf(zone("b")), labels: { module: "dns" } });
    const { ir_hash: hash } = await validate(engine, { ...planOf(zone("a")), labels: { module: "dns" } });
    expect(await detailsOf(hash)).toMatchObject({
      status: "ESCALATE",
      steps: [{ step_id: "0", action: "dns.create_zone", risk_tier: 2, reason: expect.any(String) }],
      previous: null,
      changes: null,
    });
  });

  test("shows what differs from the one of its kind that was approved last, of the same resource first", async () => {
    const ofKind = async (plan: object) =>
      (await validate(engine, { ...plan, labels: { module: "dns" } })).ir_hash;
    const before = await ofKind(planOf(zone("a", { budget_cents: 100 })));
    await approve(engine, before);
    const other = await ofKind(planOf(zone("b")));
    await approve(engine, other);
    const foreign = { ...planOf(zone("a")), tenant_id: "tenant_b", labels: { module: "dns" } };
    await approve(engine, (await validate(engine, foreign)).ir_hash, { tenant_id: "tenant_b" });
    const now = await ofKind(planOf(zone("a", { budget_cents: 900 })));
    expect(await detailsOf(now)).toMatchObject({
      previous: { ir_hash: before, approved_by: "approver" },
      changes: [{ step: "0", field: "budget_cents", before: 100, now: 900 }],
      change_count: 1,
    });
  });
});

describe("a plan that a person refuses", () => {
  test("cannot be approved any more, also when it is validated again", async () => {
    const { ir_hash: hash } = await validate(engine);
    const answer = await refuse(hash);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ refused_by: "reviewer", refused_reason: reason });
    await validate(engine);
    const asked = await engine.request("POST", `${base}/approvals`, { tenant_id: "tenant_a", ir_hash: hash });
    expectErrorShape(asked, 409, "conflict");
    expect(asked.body.error.message).toContain("refused");
    expect(await hashesOf()).toEqual([]);
    expect(await hashesOf("?state=refused")).toEqual([hash]);
    expect(await actions()).toEqual([{ action: "ir.plan_refused", actor_id: "reviewer", reason }]);
    // The control: a plan that says something else is another one.
    await approve(engine, (await validate(engine, planOf(zone("other")))).ir_hash);
  });

  test("takes back what was given for it and not used", async () => {
    const { ir_hash: hash } = await validate(engine);
    const { token } = await approve(engine, hash);
    expect((await refuse(hash)).body).toMatchObject({ approvals_withdrawn: 1 });
    expect(await consume(engine, { token, ir_hash: hash })).toMatchObject({
      success: false,
      status: "withdrawn",
    });
  });

  test("is refused once, and the first reason stays", async () => {
    const { ir_hash: hash } = await validate(engine);
    await refuse(hash);
    const again = await refuse(hash, { reason: "Another." });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ refused_reason: reason, approvals_withdrawn: 0 });
    expect(await actions()).toHaveLength(1);
  });

  test("is one that waits: no other plan, and none of another tenant", async () => {
    expectErrorShape(await refuse((await validate(engine, harmless)).ir_hash), 409, "conflict");
    expectErrorShape(await refuse("d".repeat(64)), 404, "not_found");
    const { ir_hash: hash } = await validate(engine);
    expectErrorShape(await refuse(hash, { tenant_id: "tenant_b" }), 404, "not_found");
    expectErrorShape(await refuse(hash, { reason: " " }), 422, "validation_failed");
  });

  test("and approved at once ends with no approval that can be used", async () => {
    const { ir_hash: hash } = await validate(engine);
    const asked = { tenant_id: "tenant_a", ir_hash: hash, created_by: "approver" };
    const given = await Promise.all([
      ...Array.from({ length: 6 }, () => engine.request("POST", `${base}/approvals`, asked)),
      refuse(hash),
    ]);
    expect(given.map(({ status }) => status).filter((status) => status !== 200 && status !== 409)).toEqual(
      [],
    );
    const usable = await engine.sql("SELECT 1 FROM ir_governance_approvals WHERE status = 'pending'");
    expect(usable).toEqual([]);
  });
});

describe("an approval that is withdrawn", () => {
  test("has a token that is refused, which is told as one that is none", async () => {
    const { ir_hash: hash } = await validate(engine);
    const { approval_id: id, token } = await approve(engine, hash);
    const answer = await withdraw(id);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ status: "withdrawn", withdrawn_by: "approver" });
    expect(await consume(engine, { token, ir_hash: hash })).toMatchObject({
      success: false,
      status: "withdrawn",
      approval_id: id,
    });
    const [created] = await recorded(engine, "ir.approval_created");
    expect(await recorded(engine, "ir.approval_invalid")).toMatchObject([
      { payload: { reason: "token_not_found" }, correlation_id: created?.correlation_id },
    ]);
    const gate = await engine.request("POST", `${base}/gate`, { ir: risky, approval_token: token });
    expect(gate.body).toMatchObject({ allowed: false, reason: expect.stringContaining("withdrawn") });
    expect((await actions()).at(-1)).toEqual({
      action: "ir.approval_withdrawn",
      actor_id: "approver",
      reason: "Given by mistake.",
    });
    // Its plan waits again, and can be approved again.
    expect(await hashesOf()).toEqual([hash]);
    const other = await approve(engine, hash);
    expect(await consume(engine, { token: other.token, ir_hash: hash })).toMatchObject({ success: true });
  });

  test("is one that can still be used; again changes nothing", async () => {
    const { ir_hash: hash } = await validate(engine);
    const used = await approve(engine, hash);
    await consume(engine, { token: used.token, ir_hash: hash });
    expectErrorShape(await withdraw(used.approval_id), 409, "conflict");
    const over = await approve(engine, hash);
    await letExpire(engine, over.approval_id);
    expectErrorShape(await withdraw(over.approval_id), 409, "conflict");
    const open = await approve(engine, hash);
    await withdraw(open.approval_id);
    expect((await withdraw(open.approval_id)).status).toBe(200);
    expectErrorShape(await withdraw(crypto.randomUUID()), 404, "not_found");
  });
});

test("approvals are listed by their status, with what was decided", async () => {
  const { ir_hash: hash } = await validate(engine);
  const [pending, used, over, taken] = [
    await approve(engine, hash),
    await approve(engine, hash),
    await approve(engine, hash),
    await approve(engine, hash),
  ];
  await consume(engine, { token: used.token, ir_hash: hash });
  await letExpire(engine, over.approval_id);
  await withdraw(taken.approval_id);
  const listed = async (status: string) =>
    (await engine.request("GET", `${base}/approvals?status=${status}`)).body.approvals;
  expect(await listed("pending")).toMatchObject([{ approval_id: pending.approval_id, ir_hash: hash }]);
  expect(await listed("consumed")).toMatchObject([{ approval_id: used.approval_id, consumed_by: "runner" }]);
  // Also while nobody has written it down.
  expect(await listed("expired")).toMatchObject([{ approval_id: over.approval_id, status: "expired" }]);
  expect(await listed("withdrawn")).toMatchObject([
    { approval_id: taken.approval_id, withdrawn_reason: "Given by mistake.", plan: { ir_hash: hash } },
  ]);
  const counts = { pending: 1, consumed: 1, expired: 1, withdrawn: 1 };
  const { body } = await engine.request("GET", `${base}/approvals/stats`);
  expect(body).toMatchObject({ total: 4, by_status: counts });
  expect((await engine.request("GET", `${base}/approvals/pending`)).body).toMatchObject({
    total: 4,
    ...counts,
  });
});

test("giving and acknowledging are kept in the audit, with the reason", async () => {
  const { ir_hash: hash } = await validate(engine);
  const given = await engine.request(
    "POST",
    `${base}/approvals`,
    { tenant_id: "tenant_a", ir_hash: hash, reason: "Looked at it." },
    { "x-actor-id": "approver" },
  );
  await engine.request(
    "POST",
    `${base}/approvals/${given.body.approval_id}/acknowledge`,
    { reason: "Seen." },
    { "x-actor-id": "other" },
  );
  expect(await actions()).toEqual([
    { action: "ir.plan_approved", actor_id: "approver", reason: "Looked at it." },
    { action: "ir.approval_acknowledged", actor_id: "other", reason: "Seen." },
  ]);
});
