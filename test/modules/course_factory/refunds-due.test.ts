import type { Publish, Tx } from "@brain/engine";
import {
  type Envelope,
  type PayloadInputOf,
  type PayloadOf,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrations as ofEngine } from "../../../src/engine/migrations/list.ts";
import {
  failPayments,
  reopenRefund,
  settleRefund,
} from "../../../src/modules/course_factory/payments/refund-due.ts";
import { dueFor } from "../../../src/modules/course_factory/payments/refund-texts.ts";
import { root } from "../../../tools/root.ts";
import { readMigrationFolder } from "../../../workers/local/migration-folder.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { createOwnDatabase } from "../../migrations/databases.ts";
import { waitFor } from "../../wait-for.ts";
import { newPurchase, paymentOf, publishAs } from "../course_access/fixtures.ts";

/*
 * What is told of one payment, each handler in a transaction of its own. Events are published and not delivered: the tests
 * call the handlers.
 */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

type Told = PayloadInputOf<typeof paymentRefundFailed>;
let paid: Told;
beforeEach(() => {
  paid = paymentOf(newPurchase());
});

/** A handler with its event, to be run in a transaction. */
type Work = (tx: Tx, publish: Publish) => Promise<unknown>;
const now = () => new Date();

async function noticing(changes: Partial<Told> = {}): Promise<Work> {
  const payload = { ...paid, ...changes };
  const event = await publishAs(engine, paymentTransactionCompleted, payload, {
    tenantId: payload.tenant_id ?? null,
  });
  const due = dueFor(event, payload.course_id ?? "");
  return (tx, publish) => failPayments([due], "It is gone.", { tx, publish, log: engine.open().log, now });
}

async function refunding(changes: Partial<Told> = {}): Promise<Work> {
  const payload = { ...paid, ...changes };
  const event = await publishAs(engine, paymentRefundCompleted, payload, {
    tenantId: payload.tenant_id ?? null,
  });
  return (tx) => settle(tx, event);
}

async function settle(tx: Tx, event: Envelope<PayloadOf<typeof paymentRefundCompleted>>): Promise<void> {
  const context = { event, now } as Parameters<typeof settleRefund>[0];
  for (const statement of settleRefund(context)) await tx.execute(statement);
}

async function reversing(changes: Partial<Told> = {}): Promise<Work> {
  const payload = { ...paid, ...changes, was_completed: true };
  const event = await publishAs(engine, paymentRefundFailed, payload, {
    tenantId: payload.tenant_id ?? null,
  });
  return (tx) => reopenRefund(event, { tx, log: engine.open().log, now });
}

const run = (work: Work, held: () => Promise<unknown> = async () => undefined) =>
  engine.publish({ source: "course_factory" }, async (publish, tx) => {
    await work(tx, publish);
    await held();
  });

async function runAll(...works: Promise<Work>[]): Promise<void> {
  for (const work of await Promise.all(works)) await run(work);
}

/** The second begins when the first has done all but its commit, and waits for it. */
async function besideHeld(first: Work, second: Work): Promise<void> {
  let behind: Promise<unknown> = Promise.resolve();
  await run(first, async () => {
    behind = run(second);
    await waitFor(
      "the second, which waits",
      () =>
        engine.sql(
          "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        ),
      (rows) => rows.length > 0,
    );
  });
  await behind;
}

/** Open alerts of the payment, by what they say is left. */
const alerts = async (tenantId: string | null = "tenant_a") =>
  (
    await engine.sql<{ message: string }>(
      `SELECT message FROM alerts WHERE kind = 'refund_due' AND resolved_at IS NULL AND subject LIKE $1 || '%'
         AND tenant_id IS NOT DISTINCT FROM $2`,
      [paid.payment_id, tenantId],
    )
  ).map(({ message }) => Number(/"amount_cents":(\d+)/.exec(message)?.[1]));

const refunded = () =>
  engine.sql(
    `SELECT refunded_cents::int AS cents, settled_at IS NOT NULL AS settled FROM course_factory_refunds_due
     WHERE payment = $1 ORDER BY id`,
    [paid.payment_id],
  );

describe("side by side", () => {
  test("two refunds add up, and end the alert", async () => {
    await runAll(noticing());
    await besideHeld(
      await refunding({ refund_id: "r-1", amount_cents: 4_000 }),
      await refunding({ refund_id: "r-2", amount_cents: 900 }),
    );
    expect(await refunded()).toEqual([{ cents: 4_900, settled: true }]);
    expect(await alerts()).toEqual([]);
  });

  test("the first two of a payment that is not noticed yet add up, and leave the rest due", async () => {
    await besideHeld(
      await refunding({ refund_id: "r-1", amount_cents: 1_000 }),
      await refunding({ refund_id: "r-2", amount_cents: 900 }),
    );
    await runAll(noticing());
    expect(await alerts()).toEqual([3_000]);
  });

  test("one refund that is told twice counts once", async () => {
    await runAll(noticing());
    const told = { refund_id: "r-1", amount_cents: 3_000 };
    await besideHeld(await refunding(told), await refunding(told));
    expect(await refunded()).toEqual([{ cents: 3_000, settled: false }]);
  });

  test.each(["refund", "notice"])(
    "a payment is noticed and paid back, whichever goes first: the %s",
    async (first) => {
      const works = [await refunding({ refund_id: "r-1" }), await noticing()] as const;
      await (first === "refund" ? besideHeld(works[0], works[1]) : besideHeld(works[1], works[0]));
      expect(await refunded()).toEqual([{ cents: 4_900, settled: true }]);
      expect(await alerts()).toEqual([]);
    },
  );

  test("a refund and that it came back leave all due, in either order and once", async () => {
    await runAll(noticing());
    const told = { refund_id: "r-1" };
    await besideHeld(await refunding(told), await reversing(told));
    expect(await refunded()).toEqual([{ cents: 0, settled: false }]);
    expect(await alerts()).toEqual([4_900]);
    const later = { refund_id: "r-2", amount_cents: 900 };
    await besideHeld(await reversing(later), await refunding(later));
    await runAll(reversing(told), refunding(told));
    expect(await refunded()).toEqual([{ cents: 0, settled: false }]);
  });

  test("control: a sum that the statement read before it waited is an old one", async () => {
    await runAll(noticing());
    const adding =
      (cents: number): Work =>
      (tx) =>
        tx.execute(sql`
          WITH seen AS MATERIALIZED (SELECT refunded_cents FROM course_factory_refunds_due WHERE payment = ${paid.payment_id})
          UPDATE course_factory_refunds_due d SET refunded_cents = seen.refunded_cents + ${cents} FROM seen
          WHERE d.payment = ${paid.payment_id}`);
    await besideHeld(adding(4_000), adding(900));
    expect(await refunded()).toEqual([{ cents: 900, settled: false }]);
  });
});

describe("tenants", () => {
  test("no id that one chooses is the subject of another's alert", async () => {
    const { payment_id: paymentId } = paid;
    const like = { payment_id: `${paymentId} of "tenant_b"`, tenant_id: "tenant_c" };
    await runAll(noticing(like), noticing({ tenant_id: "tenant_c" }), noticing({ tenant_id: "tenant_b" }));
    expect(await alerts("tenant_b")).toEqual([4_900]);
    expect(await alerts("tenant_c")).toEqual([4_900, 4_900]);
    await runAll(refunding({ ...like, refund_id: "r-1" }));
    expect(await alerts("tenant_b")).toEqual([4_900]);
    expect(await alerts("tenant_c")).toEqual([4_900]);
    await runAll(refunding({ tenant_id: "tenant_b", refund_id: "r-1" }));
    expect(await alerts("tenant_b")).toEqual([]);
  });

  test("a refund without one ends what is due under its id, once", async () => {
    const told = { refund_id: "r-1", amount_cents: 900, tenant_id: null };
    await runAll(noticing(), refunding(told), refunding(told));
    expect(await refunded()).toEqual([{ cents: 900, settled: false }]);
    await runAll(refunding({ refund_id: "r-2", amount_cents: 4_000 }));
    expect(await alerts()).toEqual([]);
  });
});

/** The statements of the release before, for a payment. */
const before = {
  notice: () =>
    engine.sql(
      `INSERT INTO course_factory_refunds_due (payment_id, course_id, amount_cents, reason, noticed_at)
       VALUES ($1, $2, $3, 'It is gone.', now()) ON CONFLICT DO NOTHING RETURNING payment_id`,
      [paid.payment_id, paid.course_id, paid.amount_cents],
    ),
  refund: (cents: number) =>
    engine.sql(
      `UPDATE course_factory_refunds_due SET refunded_cents = refunded_cents + $2,
         settled_at = CASE WHEN refunded_cents + $2 >= amount_cents THEN now() END
       WHERE payment_id = $1 AND settled_at IS NULL RETURNING settled_at`,
      [paid.payment_id, cents],
    ),
};

describe("beside the release before, which keeps no tenant", () => {
  test("each ends what the other noticed, and a reversal takes what it counted", async () => {
    expect(await before.notice()).toHaveLength(1);
    expect(await before.notice()).toEqual([]);
    await before.refund(3_000);
    await runAll(noticing(), refunding({ refund_id: "r-2", amount_cents: 1_900 }));
    expect(await refunded()).toEqual([{ cents: 4_900, settled: true }]);
    // Nobody noted its id; the other one has been counted here.
    await runAll(reversing({ refund_id: "r-1", amount_cents: 3_000 }), reversing({ refund_id: "r-1" }));
    expect(await refunded()).toEqual([{ cents: 1_900, settled: false }]);
    expect(await before.refund(3_000)).toMatchObject([{ settled_at: expect.anything() }]);
  });

  test("notices what was refunded here before, with and without a tenant, under its own row", async () => {
    await runAll(refunding({ refund_id: "r-1", amount_cents: 100 }));
    await runAll(refunding({ refund_id: "r-2", amount_cents: 200, tenant_id: null }));
    expect(await before.notice()).toHaveLength(1);
    await runAll(refunding({ refund_id: "r-3", amount_cents: 4_900 }));
    expect((await refunded()).at(-1)).toEqual({ cents: 4_900, settled: true });
  });

  test("delivers a payment once with this one, whoever is first, and two of two tenants", async () => {
    const courses = ["tenant_a", "tenant_b"].map((tenantId) => ({ tenantId, courseId: crypto.randomUUID() }));
    for (const { courseId, tenantId } of courses) {
      await engine.sql(
        `INSERT INTO course_factory_courses (course_id, tenant_id, title, language, request, correlation_id, created_at, updated_at)
         VALUES ($1, $2, 'A course', 'en', '{}', 'c', now(), now())`,
        [courseId, tenantId],
      );
    }
    const [ours, theirs] = courses.map(({ courseId }) => courseId);
    const asBefore = (courseId = "") =>
      engine.sql(
        `INSERT INTO course_factory_deliveries (delivery_id, payment_id, course_id, requested_at)
         VALUES (gen_random_uuid(), $1, $2, now()) ON CONFLICT (payment_id) DO NOTHING`,
        [paid.payment_id, courseId],
      );
    const asHere = (courseId = "", tenantId = "") =>
      engine.sql(
        `INSERT INTO course_factory_deliveries (delivery_id, payment, tenant_id, course_id, requested_at)
         VALUES (gen_random_uuid(), $1, $3, $2, now()) ON CONFLICT (payment, tenant_id) DO NOTHING`,
        [paid.payment_id, courseId, tenantId],
      );
    await asBefore(ours);
    await asHere(ours, "tenant_a");
    await asHere(theirs, "tenant_b");
    await asBefore(theirs);
    const rows = `SELECT tenant_id, payment_id IS NOT NULL AS is_first FROM course_factory_deliveries WHERE payment = $1 ORDER BY 1`;
    expect(await engine.sql(rows, [paid.payment_id])).toEqual([
      { tenant_id: "tenant_a", is_first: true },
      { tenant_id: "tenant_b", is_first: false },
    ]);
  });
});

test("what the releases before have counted is taken over, and a forced replay finds it", async () => {
  const database = await createOwnDatabase();
  const product = await readMigrationFolder(`${root}migrations`);
  const all = [...ofEngine, ...product].sort((one, other) => one.when - other.when);
  const last = all.findIndex(({ tag }) => tag === "0037_payments_due_by_tenant");
  for (const { statements } of all.slice(0, last)) {
    for (const statement of statements) await database.client.query(statement);
  }
  await database.client.query(`
    INSERT INTO course_factory_refunds_due (payment_id, course_id, amount_cents, refunded_cents, reason, noticed_at)
      VALUES ('p-1', 'c-1', 4900, 3000, 'It is gone.', '2026-11-01'), ('p-2', 'c-1', 900, 0, 'It is gone.', '2026-11-01');
    INSERT INTO alerts (kind, subject, severity, message, tenant_id) VALUES ('refund_due', 'p-1', 'critical', '', 'tenant_a')`);
  /** As it stands in the record, handled by the release before. */
  const told = async (type: string, payload: object, processedAt = "2026-11-02") => {
    const id = crypto.randomUUID();
    await database.rows(
      `INSERT INTO events (id, type, source, tenant_id, schema_version, producer, source_module, meta, payload, occurred_at)
       VALUES ($1, $2, 'payment', 'tenant_a', 1, 'payment', 'payment', '{}', $3, '2026-11-02')`,
      [id, type, JSON.stringify({ payment_id: "p-1", ...payload })],
    );
    await database.rows(
      `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, processed_at)
       VALUES ('course_factory', 's', $1, $1, $2, $3)`,
      [id, type, processedAt],
    );
    return id;
  };
  await told("payment.refund.completed", { refund_id: "r-0", amount_cents: 100 }, "2026-10-01");
  await told("payment.refund.completed", { refund_id: "r-1", amount_cents: 2_000 });
  await told("payment.refund.completed", { refund_id: "r-2", amount_cents: 700 });
  await told("payment.refund.failed", { refund_id: "r-2", amount_cents: 700, was_completed: true });
  await told("payment.refund.failed", { refund_id: "r-3", amount_cents: 700 });
  const unnamed = await told("payment.refund.completed", { amount_cents: 1_000 });
  for (const statement of all[last]?.statements ?? []) await database.client.query(statement);
  const rows =
    "SELECT refund_id, tenant_id, amount_cents::int AS cents, reversed_at IS NOT NULL AS is_back FROM course_factory_refunds";
  const by = { tenant_id: "tenant_a", is_back: false };
  expect(new Set(await database.rows(rows))).toEqual(
    new Set([
      { refund_id: "r-1", ...by, cents: 2_000 },
      { refund_id: "r-2", ...by, cents: 700, is_back: true },
      { refund_id: unnamed, ...by, cents: 1_000 },
    ]),
  );
  const sums =
    "SELECT payment, tenant_id, refunded_cents::int AS cents, told_cents::int AS told FROM course_factory_refunds_due ORDER BY 1";
  expect(await database.rows(sums)).toEqual([
    { payment: "p-1", tenant_id: "tenant_a", cents: 3_000, told: 3_000 },
    { payment: "p-2", tenant_id: null, cents: 0, told: 0 },
  ]);
  // Told once more, by the statement itself.
  const event = {
    id: unnamed,
    type: "payment.refund.completed",
    tenant_id: "tenant_a",
    payload: { payment_id: "p-1", amount_cents: 1_000 },
  };
  for (const statement of settleRefund({ event, now } as unknown as Parameters<typeof settleRefund>[0])) {
    const { sql: text, params } = new PgDialect().sqlToQuery(statement);
    await database.rows(text, params);
  }
  expect((await database.rows(sums))[0]).toMatchObject({ cents: 3_000 });
});
