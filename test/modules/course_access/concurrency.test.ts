import { callOutside, type HandlerContext, type Publish, type Tx } from "@brain/engine";
import { paymentRefundCompleted, paymentTransactionCompleted } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lookAtRefunded } from "../../../src/modules/course_access/payment-store.ts";
import { grantForPayment, revokeForRefund } from "../../../src/modules/course_access/payments.ts";
import { awaitedPayment } from "../../../src/modules/course_access/state.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { base, changesOf, newPurchase, type Purchase, paymentOf, publishAs, read } from "./fixtures.ts";

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

function contextIn(tx: Tx, publish: Publish, attempt: number): HandlerContext {
  return {
    tx,
    publish,
    log: engine.open().log,
    attempt,
    streamMessageId: "1-1",
    idempotencyKey: async (label) => label,
    replay: false,
    repeated: false,
    signal: new AbortController().signal,
    fetch: callOutside,
    now: () => new Date(),
  };
}

const lockedOut =
  "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

/** Runs a handler until it commits; the number of tries. */
async function commit(run: (context: HandlerContext) => Promise<void>): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      await engine.publish({ source: "course_access" }, (publish, tx) => run(contextIn(tx, publish, tries)));
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

  test("without a second look, a refund that waited would see the other payment as it was", async () => {
    const first = newPurchase();
    const second = { ...first, paymentId: newPurchase().paymentId };
    await (await paying(first))();
    await (await paying(second))();
    const event = await publishAs(engine, paymentRefundCompleted, {
      ...paymentOf(first),
      refund_id: "r1",
      amount_cents: 4_900,
    });
    const look = (tx: Tx) =>
      lookAtRefunded(
        tx,
        awaitedPayment({ ...second, amountCents: 4_900, tenantId: second.tenantId }),
        "r2",
        new Date(),
      );
    const twoLooks = () =>
      engine.publish({ source: "course_access" }, async (_publish, tx) => [await look(tx), await look(tx)]);
    const { behind } = await engine.publish({ source: "course_access" }, async (publish, tx) => {
      await revokeForRefund(event, contextIn(tx, publish, 1));
      const looks = twoLooks();
      await waitFor(
        "a look that waits",
        () => engine.sql(lockedOut),
        (rows) => rows.length > 0,
      );
      return { behind: looks };
    });
    expect(await behind).toMatchObject([
      { isStale: true, candidates: expect.arrayContaining([first.paymentId]) },
      { isStale: false, candidates: [second.paymentId] },
    ]);
  });

  test("a refund that waited for one of another payment revokes at its first try", async () => {
    const first = newPurchase();
    const second = { ...first, paymentId: newPurchase().paymentId };
    await (await paying(first))();
    await (await paying(second))();
    const refundSecond = await refunding(second, "r2");
    const { tries } = await engine.publish({ source: "course_access" }, async (_publish, tx) => {
      // As the refund of the first payment does it.
      await tx.execute(sql`UPDATE course_access SET version = version WHERE course_id = ${first.courseId}`);
      const refunded = refundSecond();
      await waitFor(
        "a refund that waits",
        () => engine.sql(lockedOut),
        (rows) => rows.length > 0,
      );
      await tx.execute(
        sql`UPDATE course_access_payments SET status = 'refunded' WHERE payment_id = ${first.paymentId}`,
      );
      return { tries: refunded };
    });
    expect(await tries).toBe(1);
    expect(await read(engine, first)).toMatchObject({ has_access: false });
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
