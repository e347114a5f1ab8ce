import {
  coursePaymentCompleted,
  isUuidV4,
  paymentRefundCompleted,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";
import {
  accessEvents,
  changesOf,
  newPurchase,
  oldEntry,
  pay,
  paymentOf,
  pendingCount,
  publishAs,
  read,
  refund,
  subscriber,
} from "./fixtures.ts";

// One system for all: each test has a course and a user of its own.
let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(async () => {
  await engine?.cleanup();
});

const letters = async () => (await engine.deadLetters(subscriber)).length;

/** Relays, and lets the consumer of access handle what is there. */
async function handle() {
  await engine.relay();
  return engine.drain(subscriber);
}

test("a claim of the first Python consumer, in a table that both share, does not keep our access away", async () => {
  const purchase = newPurchase();
  const cause = await pay(engine, purchase);
  await engine.relay();
  const entry = (await engine.streamEntries()).find(({ fields }) => fields.id === cause.id);
  await engine.sql(
    `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type)
     VALUES ('course_access_handler', 'brain:events:stream', $1, $2, 'payment.transaction.completed')
     ON CONFLICT (subscriber_name, stream_message_id) DO NOTHING`,
    [entry?.id, cause.id],
  );
  await handle();
  expect(await accessEvents(engine, purchase.courseId)).toMatchObject([{ type: "course.access.granted" }]);
});

describe("publishing", () => {
  test("granted access is a row in the record and an entry on the stream, with complete meta", async () => {
    const purchase = newPurchase();
    const cause = await pay(engine, purchase);
    await handle();
    const [row, ...others] = await accessEvents(engine, purchase.courseId);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      type: "course.access.granted",
      source: "course_access",
      tenant_id: "tenant_a",
      correlation_id: "request-1",
      causation_id: cause.id,
      meta: { schema_version: 1, producer: "course_access", source_module: "course_access" },
      payload: {
        course_id: purchase.courseId,
        user_id: purchase.userId,
        tenant_id: "tenant_a",
        payment_id: purchase.paymentId,
      },
    });
    expect(isUuidV4(row?.id ?? "")).toBe(true);
    await engine.relay();
    const entry = (await engine.streamEntries()).find(({ fields }) => fields.id === row?.id);
    expect(entry?.fields).toMatchObject({ type: "course.access.granted", source: "course_access" });
    expect(JSON.parse(entry?.fields.payload ?? "")).toEqual(row?.payload);
    expect(JSON.parse(entry?.fields.meta ?? "")).toMatchObject({
      schema_version: 1,
      producer: "course_access",
      source_module: "course_access",
    });
  });

  test("an event that is refused leaves no change behind", async () => {
    const purchase = newPurchase({ userId: "someone@example.org" });
    const path = `/api/course-access/${purchase.courseId}`;
    const answer = await engine.request("POST", `${path}/grant`, {
      user_id: purchase.userId,
      reason: "an address is no id",
    });
    expect(answer.status).toBe(422);
    expect(await read(engine, purchase)).toMatchObject({ status: "none" });
    expect(await changesOf(engine, purchase.courseId)).toEqual([]);
  });
});

describe("consuming from the stream", () => {
  test("a payment grants access, its refund revokes it, and a new payment grants it again", async () => {
    const purchase = newPurchase();
    await pay(engine, purchase);
    await handle();
    const granted = await read(engine, purchase);
    expect(granted).toMatchObject({
      has_access: true,
      status: "active",
      payment_id: purchase.paymentId,
      revoked_at: null,
      version: 1,
    });
    await refund(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({
      has_access: false,
      status: "revoked",
      revoke_reason: "payment_refunded",
      granted_at: granted.granted_at,
    });
    const again = { ...purchase, paymentId: newPurchase().paymentId };
    await pay(engine, again);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({
      has_access: true,
      payment_id: again.paymentId,
      revoked_at: null,
      revoke_reason: null,
    });
    const [, revoked] = await accessEvents(engine, purchase.courseId);
    expect(revoked?.payload).toMatchObject({ reason: "payment_refunded", payment_id: purchase.paymentId });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted", "revoked", "granted"]);
  });

  test("access stays while one of two payments is not paid back", async () => {
    const first = newPurchase();
    const second = { ...first, paymentId: newPurchase().paymentId };
    await pay(engine, first);
    await pay(engine, second);
    await refund(engine, first);
    await handle();
    expect(await read(engine, first)).toMatchObject({ has_access: true, payment_id: second.paymentId });
    expect(await changesOf(engine, first.courseId)).toEqual(["granted"]);
    await refund(engine, second);
    await handle();
    expect(await read(engine, first)).toMatchObject({ has_access: false });
    expect(await changesOf(engine, first.courseId)).toEqual(["granted", "revoked"]);
  });

  test("access stays until partial refunds reach the amount", async () => {
    const purchase = newPurchase({ amountCents: 1_000 });
    await pay(engine, purchase);
    await refund(engine, purchase, 400);
    await refund(engine, purchase, 599);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true });
    await refund(engine, purchase, 1);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: false });
  });

  test("a refund that comes before its payment keeps it from granting, but not the next payment", async () => {
    const purchase = newPurchase();
    await refund(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ status: "none" });
    await pay(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({
      has_access: false,
      status: "revoked",
      granted_at: null,
      revoke_reason: "payment_refunded",
    });
    expect(await changesOf(engine, purchase.courseId)).toEqual([]);
    await pay(engine, { ...purchase, paymentId: newPurchase().paymentId });
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted"]);
  });

  test("a partial refund that comes first leaves the payment its effect", async () => {
    const purchase = newPurchase({ amountCents: 1_000 });
    await refund(engine, purchase, 300);
    await refund(engine, purchase, 300);
    await pay(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true });
    await refund(engine, purchase, 400);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: false });
  });

  test("a refund under two events counts once when it has an id", async () => {
    const purchase = newPurchase({ amountCents: 1_000 });
    await pay(engine, purchase);
    await refund(engine, purchase, 600, "refund-1");
    await refund(engine, purchase, 600, "refund-1");
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true });
    await refund(engine, purchase, 600, "refund-2");
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: false });
  });

  test("a payment for something else is none of its business", async () => {
    const before = await letters();
    const purchase = newPurchase();
    await publishAs(engine, paymentTransactionCompleted, { ...paymentOf(purchase), course_id: null });
    expect(await handle()).toMatchObject({ applied: 1, deadLettered: 0 });
    expect(await engine.sql("SELECT 1 FROM course_access WHERE user_id = $1", [purchase.userId])).toEqual([]);
    expect(await letters()).toBe(before);
  });

  test("without a tenant there is one access too, and users of two tenants are two", async () => {
    const purchase = newPurchase({ tenantId: null });
    await pay(engine, purchase);
    await pay(engine, { ...purchase, paymentId: newPurchase().paymentId });
    await pay(engine, { ...purchase, paymentId: newPurchase().paymentId, tenantId: "tenant_b" });
    await handle();
    const rows = await engine.sql(
      "SELECT tenant_id, version FROM course_access WHERE course_id = $1 ORDER BY access_id",
      [purchase.courseId],
    );
    expect(rows).toEqual([
      { tenant_id: null, version: 1 },
      { tenant_id: "tenant_b", version: 1 },
    ]);
    expect(await read(engine, purchase, "tenant_b")).toMatchObject({ has_access: true });
    expect(await read(engine, purchase, "tenant_c")).toMatchObject({ status: "none" });
  });

  test("events of the first template grant access, and any refund of them revokes it", async () => {
    const purchase = newPurchase({ tenantId: null });
    const ids = {
      payment_id: purchase.paymentId,
      user_id: purchase.userId,
      course_id: purchase.courseId,
    };
    await engine.append(oldEntry("payment.transaction.completed", ids));
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true, tenant_id: null });
    await refund(engine, purchase, 1);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: false });
  });

  test("the course factory's word of a payment is not read: it names no user", async () => {
    const { courseId } = newPurchase();
    await publishAs(engine, coursePaymentCompleted, { course_id: courseId, transaction_id: "pay-1" });
    expect(await handle()).toMatchObject({ applied: 0, deadLettered: 0 });
    expect(await engine.sql("SELECT 1 FROM course_access WHERE course_id = $1", [courseId])).toEqual([]);
  });
});

describe("redelivery", () => {
  /** Handled, and then forgotten by hand: whoever applies it again would make it anew. */
  async function handledAndForgotten() {
    const purchase = newPurchase();
    const event = await pay(engine, purchase);
    await handle();
    await engine.sql("DELETE FROM course_access WHERE course_id = $1", [purchase.courseId]);
    await engine.sql("DELETE FROM course_access_payments WHERE payment_id = $1", [purchase.paymentId]);
    return { purchase, event };
  }

  test("of the same stream entry has no second effect", async () => {
    const { purchase } = await handledAndForgotten();
    await engine.redis("XGROUP", "SETID", engine.stream, `edge_${subscriber}`, "0");
    const result = await engine.drain(subscriber);
    expect(result.redelivered).toBeGreaterThanOrEqual(1);
    expect(await read(engine, purchase)).toMatchObject({ status: "none" });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted"]);
    expect(await pendingCount(engine)).toBe(0);
  });

  test("of the same event under a new stream id has no second effect", async () => {
    const { purchase, event } = await handledAndForgotten();
    const sent = (await engine.streamEntries()).find(({ fields }) => fields.id === event.id);
    await engine.append(Object.entries(sent?.fields ?? {}).flat());
    expect(await engine.drain(subscriber)).toMatchObject({ publishedTwice: 1 });
    expect(await read(engine, purchase)).toMatchObject({ status: "none" });
  });

  test("a new event about it does have an effect, so the tests above can fail", async () => {
    const { purchase } = await handledAndForgotten();
    await pay(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true });
  });

  test("of a payment as another event changes nothing", async () => {
    const purchase = newPurchase();
    await pay(engine, purchase);
    await pay(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: true, version: 1 });
    await refund(engine, purchase);
    await pay(engine, purchase);
    await handle();
    expect(await read(engine, purchase)).toMatchObject({ has_access: false });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted", "revoked"]);
  });
});

describe("failures", () => {
  test("a permanent one is acked, with a dead letter that says why", async () => {
    const purchase = newPurchase();
    await pay(engine, purchase);
    await pay(engine, { ...purchase, userId: "user-somebody-else" });
    await handle();
    expect((await engine.deadLetters(subscriber)).at(-1)).toMatchObject({
      reason: "permanent_error",
      event_type: "payment.transaction.completed",
      attempts: 1,
      error_message: expect.stringContaining("another user or another course"),
    });
    expect(await pendingCount(engine)).toBe(0);
    expect(await read(engine, purchase)).toMatchObject({ has_access: true });
  });

  test.each(["payment.transaction.completed", "payment.refund.completed"])(
    "a %s without a user becomes a dead letter at once",
    async (type) => {
      const payload = { payment_id: newPurchase().paymentId, course_id: newPurchase().courseId };
      await engine.append(oldEntry(type, payload));
      await handle();
      expect((await engine.deadLetters(subscriber)).at(-1)).toMatchObject({
        event_type: type,
        reason: "invalid_payload",
        attempts: 1,
      });
      expect(await pendingCount(engine)).toBe(0);
    },
  );

  test("a transient one is not acked and handled later", async () => {
    const before = await letters();
    const purchase = newPurchase();
    await engine.sql(`
      CREATE FUNCTION refuse_for_now() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$`);
    await engine.sql(`
      CREATE TRIGGER refuse_for_now BEFORE INSERT ON course_access
      FOR EACH ROW EXECUTE FUNCTION refuse_for_now()`);
    await pay(engine, purchase);
    expect(await handle()).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
    expect(await pendingCount(engine)).toBe(1);
    await engine.sql("DROP FUNCTION refuse_for_now CASCADE");
    await eventually(async () => {
      await engine.drain(subscriber);
      expect(await read(engine, purchase)).toMatchObject({ has_access: true });
      expect(await pendingCount(engine)).toBe(0);
    });
    expect(await letters()).toBe(before);
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted"]);
  });

  test("a refund waits for its payment that failed for now, so that the order holds", async () => {
    const purchase = newPurchase();
    await engine.sql(`
      CREATE FUNCTION refuse_for_now() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$`);
    await engine.sql(`
      CREATE TRIGGER refuse_for_now BEFORE INSERT ON course_access_payments
      FOR EACH ROW WHEN (NEW.status = 'paid') EXECUTE FUNCTION refuse_for_now()`);
    await pay(engine, purchase);
    await publishAs(engine, paymentRefundCompleted, paymentOf(purchase));
    await handle();
    await engine.sql("DROP FUNCTION refuse_for_now CASCADE");
    await eventually(async () => {
      await engine.drain(subscriber);
      expect(await read(engine, purchase)).toMatchObject({ status: "revoked" });
    });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted", "revoked"]);
  });
});

describe("a payment id that another tenant has told of before", () => {
  const deadLettersOf = async ({ paymentId }: { readonly paymentId: string }) =>
    (await engine.deadLetters(subscriber)).filter(({ error_message: why }) =>
      String(why).includes(paymentId),
    );

  test("is the payment of the tenant that tells of it, with its own refunds", async () => {
    const theirs = newPurchase({ tenantId: "tenant_b", amountCents: 1 });
    const purchase = newPurchase({ paymentId: theirs.paymentId });
    await refund(engine, theirs, 1, "refund-1");
    await pay(engine, theirs);
    await engine.settle();
    await pay(engine, purchase);
    await engine.settle();
    expect(await deadLettersOf(purchase)).toEqual([]);
    expect(await read(engine, purchase, "tenant_a")).toMatchObject({ has_access: true });
    // What was paid back to the one counts for the other no more than its payment.
    expect(await read(engine, theirs, "tenant_b")).toMatchObject({ has_access: false });
    await refund(engine, purchase, 4_900, "refund-1");
    await engine.settle();
    expect(await read(engine, purchase, "tenant_a")).toMatchObject({ has_access: false });
    expect(await deadLettersOf(purchase)).toEqual([]);
    // Control: of one tenant an id stands for one payment.
    await pay(engine, { ...newPurchase(), paymentId: purchase.paymentId });
    await engine.settle();
    expect(await deadLettersOf(purchase)).toMatchObject([
      { error_message: expect.stringContaining("another user or another course") },
    ]);
  });

  test("counts in the release before, which knows one row an id, and its refunds here", async () => {
    const first = newPurchase();
    const second = newPurchase({ paymentId: first.paymentId, tenantId: "tenant_b" });
    await engine.sql(
      `INSERT INTO course_access_payments (payment_id, tenant_id, user_id, course_id, amount_cents, status, updated_at)
       VALUES ($1, 'tenant_a', $2, $3, 4900, 'paid', now()) ON CONFLICT DO NOTHING`,
      [first.paymentId, first.userId, first.courseId],
    );
    await pay(engine, second);
    await engine.settle();
    const asBefore = "SELECT tenant_id FROM course_access_payments WHERE payment_id = $1";
    expect(await engine.sql(asBefore, [first.paymentId])).toEqual([{ tenant_id: "tenant_a" }]);
    for (const _ of [1, 2]) {
      await engine.sql(
        `INSERT INTO course_access_refunds (payment_id, refund_id, amount_cents, counted_at)
         VALUES ($1, 'r1', 4000, now()) ON CONFLICT (payment_id, refund_id) DO UPDATE SET reversed_at = NULL`,
        [first.paymentId],
      );
    }
    await refund(engine, first, 900, "r2");
    await refund(engine, second, 900, "r1");
    await engine.settle();
    const sums = await engine.sql(
      "SELECT tenant_id, status, refunded_cents::int AS cents FROM course_access_payments WHERE payment = $1 ORDER BY 1",
      [first.paymentId],
    );
    expect(sums).toEqual([
      { tenant_id: "tenant_a", status: "refunded", cents: 4_900 },
      { tenant_id: "tenant_b", status: "paid", cents: 900 },
    ]);
  });
});
