import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import {
  accessEvents,
  base,
  changesOf,
  newPurchase,
  type Purchase,
  pay,
  read,
  refund,
  subscriber,
} from "./fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(async () => {
  await engine?.cleanup();
});

async function handle() {
  await engine.relay();
  await engine.drain(subscriber);
}

const grant = (purchase: Purchase, body: Record<string, unknown> = {}) =>
  engine.request(
    "POST",
    `${base}/${purchase.courseId}/grant`,
    { user_id: purchase.userId, tenant_id: purchase.tenantId, reason: "a gift", ...body },
    { "x-actor-id": "operator-1" },
  );

const revoke = (purchase: Purchase, body: Record<string, unknown> = {}) =>
  engine.request(
    "POST",
    `${base}/${purchase.courseId}/revoke`,
    { user_id: purchase.userId, reason: "asked for", ...body },
    { "x-actor-id": "operator-1" },
  );

describe("asking", () => {
  test("for a user who never had access is answered, not refused", async () => {
    const purchase = newPurchase();
    const answer = await engine.request("GET", `${base}/${purchase.courseId}?user_id=${purchase.userId}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      course_id: purchase.courseId,
      user_id: purchase.userId,
      tenant_id: null,
      has_access: false,
      status: "none",
      granted_at: null,
      revoked_at: null,
      revoke_reason: null,
      payment_id: null,
      operator_granted: false,
      grant_reason: null,
      version: 0,
    });
  });

  test("without a tenant finds access of any, and one that is given before one that was revoked", async () => {
    const purchase = newPurchase({ tenantId: "tenant_a" });
    const other = { ...purchase, paymentId: newPurchase().paymentId, tenantId: "tenant_b" };
    await pay(engine, purchase);
    await pay(engine, other);
    await refund(engine, other);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true, tenant_id: "tenant_a" });
    expect(await read(engine, purchase, "tenant_b")).toMatchObject({ has_access: false, status: "revoked" });
  });

  test.each(["", "?user_id=", "?user_id=a%00b", "?user_id=a%E2%80%A8b", "?user_id=u&tenant_id="])(
    "with the query %j is refused, naming the field",
    async (query) => {
      const answer = await engine.request("GET", `${base}/some-course${query}`);
      expect(answer.status).toBe(422);
      expect(answer.body.error).toMatchObject({ code: "validation_failed", details: expect.any(Array) });
    },
  );
});

describe("the list of a user", () => {
  test("is paged, the newest first, and filtered", async () => {
    const { userId } = newPurchase();
    const purchases = Array.from({ length: 5 }, () => newPurchase({ userId }));
    for (const purchase of purchases) await pay(engine, purchase);
    await refund(engine, purchases[1] as Purchase);
    await handle();
    const newestFirst = purchases.map(({ courseId }) => courseId).reverse();
    const pages: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const after: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const answer = await engine.request("GET", `${base}?user_id=${userId}&limit=2${after}`);
      expect(answer.status, answer.text).toBe(200);
      pages.push(...answer.body.access.map((row: { course_id: string }) => row.course_id));
      cursor = answer.body.next_cursor;
    }
    expect(pages).toEqual(newestFirst);
    const revoked = await engine.request("GET", `${base}?user_id=${userId}&status=revoked`);
    expect(revoked.body).toMatchObject({
      access: [{ course_id: purchases[1]?.courseId, has_access: false }],
      next_cursor: null,
    });
    const elsewhere = await engine.request("GET", `${base}?user_id=${userId}&tenant_id=tenant_z`);
    expect(elsewhere.body).toEqual({ access: [], next_cursor: null });
  });

  test.each([
    "",
    "?user_id=u&limit=0",
    "?user_id=u&limit=101",
    "?user_id=u&cursor=9999999999999999999",
    "?user_id=u&status=x",
  ])("with the query %j is refused", async (query) => {
    expect((await engine.request("GET", `${base}${query}`)).status).toBe(422);
  });
});

describe("an operator", () => {
  test("grants access, once, with an event that names no payment", async () => {
    const purchase = newPurchase();
    const answer = await grant(purchase);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({
      has_access: true,
      operator_granted: true,
      grant_reason: "a gift",
      payment_id: null,
      changed: true,
    });
    expect((await grant(purchase, { reason: "again" })).body).toMatchObject({
      changed: false,
      grant_reason: "a gift",
    });
    expect(await accessEvents(engine, purchase.courseId)).toMatchObject([
      {
        type: "course.access.granted",
        actor_id: "operator-1",
        tenant_id: purchase.tenantId,
        payload: { user_id: purchase.userId, payment_id: null, reason: "a gift" },
      },
    ]);
  });

  test("who granted it keeps it standing when its payment is paid back", async () => {
    const purchase = newPurchase();
    await pay(engine, purchase);
    await handle();
    expect((await grant(purchase)).body).toMatchObject({
      payment_id: purchase.paymentId,
      operator_granted: true,
      changed: true,
    });
    await refund(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true, payment_id: null });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted"]);
  });

  test("revokes access and what it rests on, and a later refund changes nothing", async () => {
    const purchase = newPurchase();
    await pay(engine, purchase);
    await handle();
    const answer = await revoke(purchase);
    expect(answer.body).toMatchObject({
      has_access: false,
      changed: true,
      access: [{ status: "revoked", revoke_reason: "asked for", tenant_id: purchase.tenantId }],
    });
    expect((await revoke(purchase)).body).toMatchObject({ changed: false });
    await refund(engine, purchase);
    await handle();
    const [, revoked, ...others] = await accessEvents(engine, purchase.courseId);
    expect(revoked).toMatchObject({
      actor_id: "operator-1",
      payload: { payment_id: null, reason: "asked for" },
    });
    expect(others).toEqual([]);
  });

  test("who revoked it does not keep the user from buying it again", async () => {
    const purchase = newPurchase();
    await pay(engine, purchase);
    await handle();
    await revoke(purchase);
    // Telling of the old payment again is no purchase.
    await pay(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: false });
    await pay(engine, { ...purchase, paymentId: newPurchase().paymentId });
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true });
  });

  test("revokes for one tenant, or for all", async () => {
    const purchase = newPurchase({ tenantId: "tenant_a" });
    const other = { ...purchase, tenantId: "tenant_b" };
    await grant(purchase);
    await grant(other);
    expect((await revoke(purchase, { tenant_id: "tenant_b" })).body.access).toHaveLength(1);
    expect(await read(engine, purchase, "tenant_a")).toMatchObject({ has_access: true });
    expect((await revoke(purchase)).body).toMatchObject({ changed: true, access: [{}, {}] });
    expect(await read(engine, purchase)).toMatchObject({ has_access: false });
  });

  test("cannot revoke what never was", async () => {
    const answer = await revoke(newPurchase());
    expect(answer.status).toBe(404);
    expect(answer.body.error.code).toBe("not_found");
  });

  test("cannot put an address into events and lists", async () => {
    const purchase = newPurchase();
    await grant(purchase);
    await revoke(purchase, { reason: "see the mail of someone@example.org" });
    const [, revoked] = await accessEvents(engine, purchase.courseId);
    expect(revoked?.payload.reason).toBe("see the mail of [redacted]");
    expect(await read(engine, purchase)).toMatchObject({ revoke_reason: "see the mail of [redacted]" });
  });

  test("may give a reason of 500 characters, also when more stand in for what it held", async () => {
    const purchase = newPurchase();
    await grant(purchase);
    const reason = "a@b.co ".repeat(71).trim();
    const answer = await revoke(purchase, { reason });
    expect(answer.status, answer.text).toBe(200);
    const [, revoked] = await accessEvents(engine, purchase.courseId);
    expect(revoked?.payload.reason).toHaveLength(500);
    expect(JSON.stringify(revoked)).not.toContain("@");
  });

  test.each([
    { user_id: undefined },
    { user_id: "a\u0000b" },
    { user_id: "a\u2028b" },
    { user_id: "x".repeat(101) },
    { reason: "" },
    { reason: "x\u0007y" },
    { reason: "x\u2029y" },
    { reason: "x".repeat(501) },
    { more: 1 },
  ])("who sends %j is refused", async (change) => {
    const purchase = newPurchase();
    expect((await grant(purchase, change)).status).toBe(422);
    expect((await revoke(purchase, change)).status).toBe(422);
    expect(await changesOf(engine, purchase.courseId)).toEqual([]);
  });
});

test("info and health tell what is there", async () => {
  expect((await engine.request("GET", `${base}/info`)).body).toMatchObject({
    name: "course_access",
    notifications: "log",
  });
  expect((await engine.request("GET", `${base}/health`)).body).toEqual({
    name: "course_access",
    version: "1.0.0",
    notifications: "log",
    status: "healthy",
  });
});

test("the routes need a key", async () => {
  for (const path of ["", "/info", "/health", "/course?user_id=u"]) {
    const answer = await engine.request("GET", `${base}${path}`, undefined, { authorization: "" });
    expect(answer.status).toBe(401);
  }
});
