import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectErrorShape } from "../../http/refusal.ts";
import { createPaymentEngine, type PaymentEngine } from "../payment/stripe-fixture.ts";

/** Where two persons are needed, identities are compared: a field of a request proves nothing. */

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine({ BRAIN_CREDENTIAL_CACHE_SECONDS: "0" });
});
afterAll(() => engine?.cleanup());

interface Caller {
  readonly id: string;
  readonly keyId: string;
  key: string;
}

async function caller(scopes: readonly string[]): Promise<Caller> {
  const reply = await engine.request("POST", "/api/keys", { name: "a test", tenant_id: "acme", scopes });
  expect(reply.status, reply.text).toBe(201);
  return { id: `key:${reply.body.id}`, keyId: reply.body.id, key: reply.body.key };
}

const send = ({ key }: Caller, path: string, body: unknown, headers = {}) =>
  engine.request("POST", path, body, { authorization: `Bearer ${key}`, ...headers });

const both = ["approve", "ir_governance:write", "ir_governance:read"];
const hash = "c".repeat(64);
const approve = (by: Caller, more = {}, headers = {}) =>
  send(by, "/api/ir/approvals", { ir_hash: hash, ...more }, headers);
const use = (by: Caller, token: string, query = "", headers = {}) =>
  send(by, `/api/ir/approvals/consume${query}`, { ir_hash: hash, token }, headers);

describe("an approval", () => {
  test("is not used by who gave it, also not with another secret of the same key", async () => {
    const one = await caller(both);
    const { token } = (await approve(one)).body;
    expect((await use(one, token)).body).toMatchObject({ success: false, status: "pending" });
    const rotated = await engine.request("POST", `/api/keys/${one.keyId}/rotate`, { overlap_seconds: 0 });
    one.key = rotated.body.key;
    expect((await use(one, token)).body).toMatchObject({ success: false, status: "pending" });
    // The control: another identity may.
    const other = await caller(both);
    expect((await use(other, token)).body).toMatchObject({ success: true });
    const [row] = await engine.sql("SELECT created_by, consumed_by FROM ir_governance_approvals");
    expect(row).toEqual({ created_by: one.id, consumed_by: other.id });
  });

  test.each([
    ["who gave it", (by: Caller) => approve(by, { created_by: "somebody-else" })],
    ["who uses it", (by: Caller) => use(by, "no-token", "?consumed_by=somebody-else")],
    ["who acts", (by: Caller) => use(by, "no-token", "", { "x-actor-id": "somebody-else" })],
    [
      "who has taken note",
      (by: Caller) =>
        send(by, "/api/ir/approvals/00000000-0000-4000-8000-000000000000/acknowledge", {
          acknowledged_by: "somebody-else",
        }),
    ],
  ])("a credential that may not act for others does not name %s", async (_what, ask) => {
    const plain = await caller(both);
    const refused = await ask(plain);
    expectErrorShape(refused, 403, "forbidden");
    expect(refused.body.error.message).toContain("act_as");
    // The control: with the scope it may.
    expect((await ask(await caller([...both, "act_as"]))).status).not.toBe(403);
  });

  test("is given by a credential with the scope approve alone", async () => {
    const program = await caller(["ir_governance:write"]);
    expectErrorShape(await approve(program), 403, "forbidden");
    expect((await approve(await caller(["approve"]))).status).toBe(200);
  });

  test("names whoever the bootstrap key acts for, as ever", async () => {
    const given = await engine.request(
      "POST",
      "/api/ir/approvals",
      { tenant_id: "acme", ir_hash: hash },
      { "x-actor-id": "user-1" },
    );
    const consume = (actor: string) =>
      engine.request(
        "POST",
        "/api/ir/approvals/consume",
        { tenant_id: "acme", ir_hash: hash, token: given.body.token },
        { "x-actor-id": actor },
      );
    expect((await consume("user-1")).body.success).toBe(false);
    expect((await consume("user-2")).body.success).toBe(true);
  });
});

test("the holder of the bootstrap key, who names nobody, is one person: no approval of an own request", async () => {
  const give = async (headers = {}) =>
    (await engine.request("POST", "/api/ir/approvals", { tenant_id: "acme", ir_hash: hash }, headers)).body
      .token;
  const consume = async (token: string, headers = {}) =>
    (
      await engine.request(
        "POST",
        "/api/ir/approvals/consume",
        { tenant_id: "acme", ir_hash: hash, token },
        headers,
      )
    ).body.success;
  const nameless = await give();
  expect(await consume(nameless)).toBe(false);
  // The controls: somebody else may, on either side.
  expect(await consume(nameless, { "x-actor-id": "user-1" })).toBe(true);
  expect(await consume(await give({ "x-actor-id": "user-1" }))).toBe(true);
});

describe("a refund above the threshold", () => {
  const refund = async (by: Caller, more: object) => {
    const intent = await engine.request("POST", "/api/paycore/intents", {
      amount_cents: 50_000,
      user_id: "payer",
      tenant_id: "acme",
    });
    expect(intent.status, intent.text).toBe(201);
    await engine.atStripe(() => engine.stripe.account.pay(intent.body.provider_intent_id));
    const body = { intent_id: intent.body.intent_id, amount_cents: 40_000, ...more };
    return send(by, "/api/paycore/refunds", body);
  };

  test("is approved by a person whom only a credential that may act for others can name", async () => {
    const plain = await caller(["payment:write"]);
    const refused = await refund(plain, { approved_by: "supervisor" });
    expectErrorShape(refused, 403, "forbidden");
    expect(refused.body.error.message).toContain("act_as");
    // Nor does it approve its own.
    expectErrorShape(await refund(plain, { approved_by: plain.id }), 403, "forbidden");
    expectErrorShape(await refund(plain, {}), 403, "forbidden");
    const trusted = await caller(["payment:write", "act_as"]);
    const done = await refund(trusted, { approved_by: "supervisor" });
    expect(done.status, done.text).toBe(201);
    expect(done.body).toMatchObject({ requested_by: trusted.id, approved_by: "supervisor" });
    expectErrorShape(await refund(trusted, { approved_by: trusted.id }), 403, "forbidden");
  });
});

describe("a refund that waits for a second person", () => {
  const path = "/api/paycore/refunds";
  const paidIntent = async () => {
    const asked = { amount_cents: 50_000, user_id: "payer", tenant_id: "acme" };
    const intent = await engine.request("POST", "/api/paycore/intents", asked);
    expect(intent.status, intent.text).toBe(201);
    await engine.atStripe(() => engine.stripe.account.pay(intent.body.provider_intent_id));
    return intent.body.intent_id as string;
  };
  const ask = async (by: Caller, intent_id: string, more: object = {}, headers = {}) =>
    send(by, path, { intent_id, amount_cents: 30_000, await_approval: true, ...more }, headers);
  const approveRefund = (by: Caller, id: string, headers = {}) =>
    send(by, `${path}/${id}/approve`, undefined, headers);
  const eventsOf = (id: string) =>
    engine.sql(
      "SELECT type, actor_id FROM events WHERE payload ->> 'refund_id' = $1 ORDER BY position LIMIT 1",
      [id],
    );
  const writes = ["payment:write", "approve"];

  test("is approved by another identity's request, without act_as; by who asked it is not", async () => {
    const [clerk, boss] = [await caller(writes), await caller(writes)];
    const intent = await paidIntent();
    const waiting = await ask(clerk, intent);
    expect(waiting.status, waiting.text).toBe(202);
    expect(waiting.body).toMatchObject({ status: "unapproved", requested_by: clerk.id, approved_by: null });
    const id = waiting.body.refund_id;
    const listed = await engine.request("GET", `${path}?limit=1`);
    expect(listed.body.refunds).toMatchObject([{ refund_id: id, currency: "EUR", paid_cents: 50_000 }]);
    // Nothing has happened yet.
    expect(await eventsOf(id)).toEqual([]);
    expectErrorShape(await approveRefund(clerk, id), 403, "forbidden");
    expectErrorShape(await approveRefund(await caller(["payment:write"]), id), 403, "forbidden");
    const nameless = await engine.request("POST", `${path}/${id}/approve`);
    expectErrorShape(nameless, 403, "forbidden");
    expect((await engine.sql("SELECT status FROM paycore_refunds WHERE id = $1", [id]))[0]).toEqual({
      status: "unapproved",
    });

    const done = await send(boss, `${path}/${id}/approve`, { reason: "The course was cancelled." });
    expect(done.status, done.text).toBe(200);
    const left = await engine.request("GET", path);
    expect(left.body.refunds.map(({ refund_id }: { refund_id: string }) => refund_id)).not.toContain(id);
    expect(
      await engine.sql("SELECT actor_id, reason FROM operator_actions WHERE filter ->> 'refund' = $1", [id]),
    ).toEqual([{ actor_id: boss.id, reason: "The course was cancelled." }]);
    expect(done.body).toMatchObject({ requested_by: clerk.id, approved_by: boss.id, refund_id: id });
    expect(["processing", "succeeded"]).toContain(done.body.status);
    expect(await eventsOf(id)).toEqual([{ type: "payment.refund.requested", actor_id: clerk.id }]);
    // Again is harmless; a third one has nothing to approve.
    expect((await approveRefund(boss, id)).body).toMatchObject({ approved_by: boss.id });
    expectErrorShape(await approveRefund(await caller(writes), id), 409, "conflict");
  });

  test("holds nothing of the payment: what others took meanwhile is not paid back twice", async () => {
    const [clerk, boss] = [await caller(writes), await caller(writes)];
    const intent = await paidIntent();
    const first = (await ask(clerk, intent)).body.refund_id;
    const second = (await ask(clerk, intent)).body.refund_id;
    expect((await approveRefund(boss, first)).status).toBe(200);
    expectErrorShape(await approveRefund(boss, second), 400, "bad_request");
    expect((await engine.request("GET", `${path}/${second}`)).body.status).toBe("unapproved");
  });

  test("is paid at once where no second person is needed, and the bootstrap key says who asks and approves", async () => {
    const clerk = await caller(writes);
    const intent = await paidIntent();
    const small = await ask(clerk, intent, { amount_cents: 100 });
    expect(small.status, small.text).toBe(201);
    const asRoot = (actor: string, rest = "", body?: object) =>
      engine.request("POST", `${path}${rest}`, body, actor === "" ? {} : { "x-actor-id": actor });
    const body = { intent_id: intent, amount_cents: 30_000, await_approval: true };
    expectErrorShape(await asRoot("", "", body), 403, "forbidden");
    const waiting = await asRoot("user-1", "", body);
    expect(waiting.status, waiting.text).toBe(202);
    expectErrorShape(await asRoot("user-1", `/${waiting.body.refund_id}/approve`), 403, "forbidden");
    expect((await asRoot("user-2", `/${waiting.body.refund_id}/approve`)).body.approved_by).toBe("user-2");
  });
});

describe("a change of a course's workflow", () => {
  test("that needs a person is not approved by who makes it", async () => {
    const author = await caller(["course_factory:write", "approve"]);
    const other = await caller(["course_factory:write"]);
    const made = await send(author, "/api/course-factory/generate", {
      title: "Zeit gut einteilen",
      description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
      language: "de",
      target_audiences: ["employees"],
      full_lessons_count: 1,
      dry_run: false,
    });
    expect(made.status, made.text).toBe(201);
    const change = (by: Caller, from_state: string, to_state: string, more = {}) =>
      send(by, "/api/course-factory/workflow/transition", {
        course_id: made.body.course_id,
        from_state,
        to_state,
        ...more,
      });
    const named = await change(author, "draft", "review", { actor: "somebody-else" });
    expectErrorShape(named, 403, "forbidden");
    expect(named.body.error.message).toContain("act_as");
    const reviewed = await change(author, "draft", "review");
    expect(reviewed.body).toMatchObject({ transitioned_by: author.id });
    const asked = await change(author, "review", "publish_ready");
    expectErrorShape({ ...asked, body: { error: asked.body.error } }, 403, "forbidden");
    const given = await send(author, "/api/ir/approvals", { ir_hash: asked.body.ir_hash });
    expect(given.status, given.text).toBe(200);
    const approval_token = given.body.token;
    expect((await change(author, "review", "publish_ready", { approval_token })).status).toBe(403);
    // The control: another identity may make it.
    const done = await change(other, "review", "publish_ready", { approval_token });
    expect(done.status, done.text).toBe(200);
    expect(done.body).toMatchObject({ transitioned_by: other.id, approved_by: author.id });
  });
});
