import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectErrorShape } from "../../http/refusal.ts";
import { base, buy, createPaymentEngine, type PaymentEngine } from "./stripe-fixture.ts";

/** A person says no to a refund that waits for a second one. */

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine();
});
afterAll(() => engine?.cleanup());

const paid = 50_000;
const path = `${base}/refunds`;

type Person = (path: string, body?: object, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
type Reply = Awaited<ReturnType<PaymentEngine["request"]>>;

async function person(scopes: readonly string[] = ["approve", "payment:read", "payment:write"]) {
  const made = await engine.request("POST", "/api/keys", { name: "a test", tenant_id: "tenant_a", scopes });
  expect(made.status, made.text).toBe(201);
  const send: Person = (at, body, headers = {}) =>
    engine.request("POST", at, body, { authorization: `Bearer ${made.body.key}`, ...headers });
  return { id: `key:${made.body.id}`, send };
}

const decline = ({ send }: { readonly send: Person }, id: string, reason = "The course was held.") =>
  send(`${path}/${id}/decline`, { reason });
const approve = ({ send }: { readonly send: Person }, id: string) => send(`${path}/${id}/approve`);

/** A refund of a payment of its own that waits. */
async function waiting(amount_cents = 40_000, headers = {}) {
  const clerk = await person();
  const { intentId } = await buy(engine, { amount_cents: paid });
  const body = { intent_id: intentId, amount_cents, await_approval: true };
  const asked = await clerk.send(path, body, headers);
  expect(asked.status, asked.text).toBe(202);
  return { clerk, intentId, body, id: asked.body.refund_id as string };
}

const read = async (id: string) => (await engine.request("GET", `${path}/${id}`)).body;
const actionsOf = (id: string) =>
  engine.sql(
    "SELECT action, actor_id, reason, filter ->> 'tenant_id' AS tenant_id FROM operator_actions WHERE filter ->> 'refund' = $1 ORDER BY id",
    [id],
  );
const eventsOf = (id: string) =>
  engine.sql("SELECT type FROM events WHERE payload ->> 'refund_id' = $1", [id]);
const atStripe = async (intentId: string) => {
  const [row] = await engine.sql<{ provider_payment_id: string }>(
    "SELECT provider_payment_id FROM paycore_intents WHERE id = $1",
    [intentId],
  );
  return engine.stripe.account.refundsOf(row?.provider_payment_id ?? "");
};

describe("a refund that waits", () => {
  test("is declined with a reason: nothing is sent, no event tells of it, the audit does", async () => {
    const { id, intentId } = await waiting();
    const boss = await person();
    const done = await decline(boss, id);
    expect(done.status, done.text).toBe(200);
    const declined = {
      refund_id: id,
      status: "declined",
      declined_by: boss.id,
      declined_reason: "The course was held.",
      approved_by: null,
      provider_refund_id: null,
    };
    expect(done.body).toMatchObject(declined);
    expect(await read(id)).toMatchObject(declined);
    expect(await actionsOf(id)).toEqual([
      {
        action: "payment.refund_declined",
        actor_id: boss.id,
        reason: "The course was held.",
        tenant_id: "tenant_a",
      },
    ]);
    const ids = async (status: string) =>
      (await engine.request("GET", `${path}?status=${status}&limit=200`)).body.refunds.map(
        ({ refund_id }: { refund_id: string }) => refund_id,
      );
    expect(await ids("unapproved")).not.toContain(id);
    expect(await ids("declined")).toContain(id);
    await engine.settle();
    expect(await eventsOf(id)).toEqual([]);
    expect(await atStripe(intentId)).toEqual([]);
  });

  test("leaves the whole payment to be refunded", async () => {
    const { id, intentId } = await waiting(paid);
    const boss = await person();
    expect((await decline(boss, id)).status).toBe(200);
    const asker = await person();
    const again = await asker.send(path, { intent_id: intentId, amount_cents: paid, await_approval: true });
    expect(again.status, again.text).toBe(202);
    const approved = await approve(boss, again.body.refund_id);
    expect(approved.status, approved.text).toBe(200);
    expect((await read(id)).status).toBe("declined");
  });

  test("is declined again by the same person without a change; by another it is a conflict", async () => {
    const { id } = await waiting();
    const boss = await person();
    const first = await decline(boss, id);
    const second = await decline(boss, id, "Another reason.");
    expect(second.status, second.text).toBe(200);
    expect(second.body).toEqual(first.body);
    expect(await actionsOf(id)).toHaveLength(1);
    const other = await decline(await person(), id);
    expectErrorShape(other, 409, "conflict");
    expect(other.body.error.message).toContain("declined");
  });

  test("cannot be approved once it was declined, nor declined once it was approved", async () => {
    const declined = await waiting();
    const boss = await person();
    expect((await decline(boss, declined.id)).status).toBe(200);
    expectErrorShape(await approve(boss, declined.id), 409, "conflict");
    const approved = await waiting();
    expect((await approve(boss, approved.id)).status).toBe(200);
    expectErrorShape(await decline(boss, approved.id), 409, "conflict");
    expect(await atStripe(approved.intentId)).toHaveLength(1);
    // One that never waited.
    const small = await boss.send(path, { intent_id: declined.intentId, amount_cents: 100 });
    expect(small.status, small.text).toBe(201);
    expectErrorShape(await decline(boss, small.body.refund_id), 409, "conflict");
  });

  test("is answered as it is now to a repetition of the request that asked for it", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const { id, clerk, body } = await waiting(40_000, headers);
    expect((await decline(await person(), id)).status).toBe(200);
    const again = await clerk.send(path, body, headers);
    expect(again.body).toMatchObject({ refund_id: id, status: "declined" });
  });
});

describe("who declines", () => {
  test("needs the scope approve, and is somebody", async () => {
    const { id } = await waiting();
    expectErrorShape(await decline(await person(["payment:read", "payment:write"]), id), 403, "forbidden");
    // The holder of the bootstrap key, who names nobody.
    expectErrorShape(
      await engine.request("POST", `${path}/${id}/decline`, { reason: "No." }),
      403,
      "forbidden",
    );
    expect((await read(id)).status).toBe("unapproved");
    const named = await engine.request(
      "POST",
      `${path}/${id}/decline`,
      { reason: "Not this one." },
      { "x-actor-id": "user-1" },
    );
    expect(named.body).toMatchObject({ status: "declined", declined_by: "user-1" });
  });

  test("may be who asked for it, because no money moves", async () => {
    const { id, clerk } = await waiting();
    expect((await decline(clerk, id)).body).toMatchObject({ status: "declined", declined_by: clerk.id });
  });

  test.each([
    ["no body", undefined],
    ["no reason", {}],
    ["an empty reason", { reason: "" }],
    ["a reason of white space", { reason: "   " }],
    ["a reason with personal data", { reason: "Asked by anna@example.com." }],
    ["a field that is not known", { reason: "No.", approved_by: "somebody" }],
  ])("gives a reason: %s is refused", async (_what, body) => {
    const { id } = await waiting();
    const { send } = await person();
    expectErrorShape(await send(`${path}/${id}/decline`, body), 422, "validation_failed");
    expect((await read(id)).status).toBe("unapproved");
  });

  test("does not learn of what is not there", async () => {
    const boss = await person();
    for (const id of ["00000000-0000-4000-8000-000000000000", "nonsense"]) {
      expectErrorShape(await decline(boss, id), 404, "not_found");
    }
  });
});

test("of a yes and a no at once exactly one counts", async () => {
  const [yes, no] = [await person(), await person()];
  for (let round = 0; round < 8; round += 1) {
    const { id, intentId } = await waiting();
    const answers =
      round % 2 === 0
        ? await Promise.all([approve(yes, id), decline(no, id)])
        : (await Promise.all([decline(no, id), approve(yes, id)])).reverse();
    const statuses = answers.map(({ status }) => status);
    expect([...statuses].sort()).toEqual([200, 409]);
    const isApproved = statuses[0] === 200;
    const after = await read(id);
    expect(after.status === "declined").toBe(!isApproved);
    expect(await atStripe(intentId)).toHaveLength(isApproved ? 1 : 0);
    expect((await actionsOf(id)).map(({ action }) => action)).toEqual([
      isApproved ? "payment.refund_approved" : "payment.refund_declined",
    ]);
  }
});

test("of many that decline at once one counts, and the audit names that one", async () => {
  const { id } = await waiting();
  const people = await Promise.all(Array.from({ length: 6 }, () => person()));
  const answers = await Promise.all(people.map((one) => decline(one, id)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(5);
  const [action, ...more] = await actionsOf(id);
  expect(more).toEqual([]);
  expect(action?.actor_id).toBe((await read(id)).declined_by);
});
