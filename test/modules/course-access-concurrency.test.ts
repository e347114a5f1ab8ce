import type { HandlerContext, Tx } from "@brain/engine";
import { paymentRefundCompleted, paymentTransactionCompleted } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantForPayment, revokeForRefund } from "../../src/modules/course_access/payments.ts";
import { findPaid, lockPayment, updatePayment } from "../../src/modules/course_access/store.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";
import {
  base,
  changesOf,
  newPurchase,
  type Purchase,
  paymentOf,
  publishAs,
  read,
} from "./course-access-fixtures.ts";

/*
 * Handlers side by side, each in a transaction of its own, as two shards or two workers run them. What loses a race
 * fails for now and is tried again, as the engine does.
 */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(async () => {
  await engine?.cleanup();
});

/** Runs a handler until it commits; the number of tries. */
async function commit(run: (context: HandlerContext) => Promise<void>): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      await engine.publish({ source: "course_access" }, (publish, tx) =>
        run({
          tx,
          publish,
          log: engine.open().log,
          attempt: tries,
          streamMessageId: "1-1",
          idempotencyKey: async (label) => label,
          replay: false,
          repeated: false,
          signal: new AbortController().signal,
          now: () => new Date(),
        }),
      );
      return tries;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "unavailable" || tries > 20) throw error;
    }
  }
}

async function paying(purchase: Purchase) {
  const event = await publishAs(engine, paymentTransactionCompleted, paymentOf(purchase));
  return () => commit((context) => grantForPayment(event, context));
}

async function refunding(purchase: Purchase, refundId: string, amountCents = purchase.amountCents ?? 0) {
  const payload = { ...paymentOf(purchase), refund_id: refundId, amount_cents: amountCents };
  const event = await publishAs(engine, paymentRefundCompleted, payload);
  return () => commit((context) => revokeForRefund(event, context));
}

const together = (work: readonly (() => Promise<unknown>)[]) => Promise.all(work.map((run) => run()));

const paymentOfId = async (paymentId: string) =>
  (await engine.sql("SELECT * FROM course_access_payments WHERE payment_id = $1", [paymentId]))[0];

describe("side by side", () => {
  test("one payment under many event ids grants once", async () => {
    const purchase = newPurchase();
    await together(await Promise.all(Array.from({ length: 6 }, () => paying(purchase))));
    expect(await read(engine, purchase)).toMatchObject({ has_access: true, version: 1 });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted"]);
  });

  test("many payments for one course grant once", async () => {
    const purchase = newPurchase();
    const payments = Array.from({ length: 6 }, () => ({ ...purchase, paymentId: newPurchase().paymentId }));
    await together(await Promise.all(payments.map(paying)));
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted"]);
  });

  test("one payment of which an event names no tenant leaves no second access", async () => {
    const purchase = newPurchase();
    const bare = await publishAs(
      engine,
      paymentTransactionCompleted,
      { ...paymentOf(purchase), tenant_id: null },
      { tenantId: null },
    );
    const withTenant = await paying(purchase);
    await together([withTenant, () => commit((context) => grantForPayment(bare, context))]);
    expect(
      await engine.sql("SELECT version FROM course_access WHERE course_id = $1", [purchase.courseId]),
    ).toEqual([{ version: 1 }]);
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted"]);
  });

  test("refunds of both payments revoke, each time", async () => {
    for (let round = 0; round < 8; round += 1) {
      const first = newPurchase();
      const second = { ...first, paymentId: newPurchase().paymentId };
      await (await paying(first))();
      await (await paying(second))();
      await together([await refunding(first, "r1"), await refunding(second, "r2")]);
      expect(await read(engine, first)).toMatchObject({ has_access: false });
      expect(await changesOf(engine, first.courseId)).toEqual(["granted", "revoked"]);
    }
  });

  test("without the lock on the access, refunds of both payments would leave it standing", async () => {
    const first = newPurchase();
    const second = { ...first, paymentId: newPurchase().paymentId };
    await (await paying(first))();
    await (await paying(second))();
    const bothRefunded = barrier(2);
    const bothHaveSeen = barrier(2);
    // What a refund does, but for the lock: each sees the other payment as it was before.
    const refundUnlocked = (paymentId: string) =>
      engine.publish({ source: "course_access" }, async (_publish, tx: Tx) => {
        const payment = await lockPayment(tx, paymentId);
        if (payment === null) throw new Error("no payment");
        await updatePayment(tx, { ...payment, status: "refunded" }, new Date());
        await bothRefunded();
        const paid = await findPaid(tx, first, null);
        await bothHaveSeen();
        return paid;
      });
    const seen = await Promise.all([refundUnlocked(first.paymentId), refundUnlocked(second.paymentId)]);
    expect(seen).toEqual([second.paymentId, first.paymentId]);
  });

  test("partial refunds are added up", async () => {
    const purchase = newPurchase({ amountCents: 1_000 });
    await (await paying(purchase))();
    const ids = ["a", "b", "c", "d", "e"];
    await together(await Promise.all(ids.map((id) => refunding(purchase, id, 200))));
    expect(await paymentOfId(purchase.paymentId)).toMatchObject({
      refunded_cents: "1000",
      status: "refunded",
    });
    expect(await changesOf(engine, purchase.courseId)).toEqual(["granted", "revoked"]);
  });

  test("a payment and its refund end without access, whichever is first", async () => {
    for (let round = 0; round < 8; round += 1) {
      const purchase = newPurchase();
      const work = [await paying(purchase), await refunding(purchase, "r1")];
      await together(round % 2 === 0 ? work : work.toReversed());
      expect(await read(engine, purchase)).toMatchObject({ has_access: false, status: "revoked" });
      expect(["", "granted,revoked"]).toContain((await changesOf(engine, purchase.courseId)).join());
    }
  });

  test("an operator who revokes and a refund revoke once", async () => {
    for (let round = 0; round < 5; round += 1) {
      const purchase = newPurchase();
      await (await paying(purchase))();
      const revoke = () =>
        engine.request("POST", `${base}/${purchase.courseId}/revoke`, {
          user_id: purchase.userId,
          reason: "asked for by the user",
        });
      await together([await refunding(purchase, "r1"), revoke]);
      expect(await changesOf(engine, purchase.courseId)).toEqual(["granted", "revoked"]);
    }
  });
});

/** Returns when `count` callers have come. */
function barrier(count: number): () => Promise<void> {
  let arrived = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    arrived += 1;
    if (arrived === count) open();
    return opened;
  };
}
