import { coursePaymentRequired, isUuidV4 } from "@brain/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../wait-for.ts";
import {
  base,
  buy,
  createPaymentEngine,
  eventsOf,
  type PaymentEngine,
  runJob,
  typesOf,
} from "./stripe-fixture.ts";

const subscriber = "payment";

// A system of its own for each test, so that each sees only its own events.
let engine: PaymentEngine;
beforeEach(async () => {
  engine = await createPaymentEngine();
});
afterEach(() => engine?.cleanup());

interface IntentRow {
  readonly id: string;
  readonly status: string;
  readonly user_id: string;
  readonly tenant_id: string;
  readonly course_id: string;
  readonly amount_cents: number;
  readonly currency: string;
}

const intentsOf = (courseId: string) =>
  engine.sql<IntentRow>(
    "SELECT id, status, user_id, tenant_id, course_id, amount_cents, currency FROM paycore_intents WHERE course_id = $1",
    [courseId],
  );

/** Publishes an event as the course factory does, for a course that is known. */
async function requirePayment(
  courseId: string,
  context: { actor_id: string | null } = { actor_id: "user-9" },
) {
  await engine.sql("INSERT INTO course_distribution_courses (course_id) VALUES ($1) ON CONFLICT DO NOTHING", [
    courseId,
  ]);
  return engine.publish(
    {
      source: "course_factory_service",
      tenant_id: "tenant_a",
      correlation_id: "request-1",
      ...context,
    },
    (record) => record(coursePaymentRequired, { course_id: courseId, amount_cents: 4_900, currency: "EUR" }),
  );
}

const group = `edge_${subscriber}`;

/** Entries delivered to the group and not acked. */
describe("publishing", () => {
  test("a completed payment is a row in the record and an entry on the stream, with complete meta", async () => {
    const { intentId } = await buy(engine);
    const row = (await eventsOf(engine, intentId)).find(
      ({ type }) => type === "payment.transaction.completed",
    );
    expect(row).toMatchObject({
      source: "payment",
      tenant_id: "tenant_a",
      key: row?.payload.payment_id,
      meta: { schema_version: 1, producer: "payment", source_module: "payment" },
    });
    expect(isUuidV4(row?.id ?? "")).toBe(true);
    await engine.relay();
    const entries = (await engine.streamEntries()).filter(
      ({ fields }) => fields.type === "payment.transaction.completed",
    );
    expect(entries).toHaveLength(1);
    const fields = entries[0]?.fields ?? {};
    expect(fields).toMatchObject({ id: row?.id, source: "payment" });
    expect(JSON.parse(fields.payload ?? "")).toEqual(row?.payload);
    expect(JSON.parse(fields.meta ?? "")).toMatchObject({
      schema_version: 1,
      producer: "payment",
      source_module: "payment",
    });
  });

  test("a payment whose event is refused is not stored either", async () => {
    // The intent is inserted first; its event then refuses the e-mail address.
    const body = { amount_cents: 900, user_id: "kim@example.org" };
    expect((await engine.request("POST", `${base}/intents`, body)).status).toBe(422);
    expect(await engine.sql("SELECT 1 FROM paycore_intents")).toEqual([]);
    expect(engine.stripe.calls).toEqual([]);
  });
});

describe("consuming from the stream", () => {
  test("a course that has to be paid for gets a payment, and the job its page", async () => {
    const courseId = crypto.randomUUID();
    const cause = await requirePayment(courseId);
    await engine.settle();
    const [intent] = await intentsOf(courseId);
    expect(intent).toMatchObject({
      status: "created",
      user_id: "user-9",
      tenant_id: "tenant_a",
      amount_cents: 4_900,
      currency: "EUR",
    });
    const intentId = intent?.id ?? "";
    expect(engine.stripe.calls).toEqual([]);
    expect(await eventsOf(engine, intentId)).toMatchObject([
      { type: "payment.intent.created", correlation_id: "request-1", causation_id: cause.id },
    ]);
    await runJob(engine, "paycore_intents");
    const [session] = [...engine.stripe.account.sessions.values()];
    await engine.atStripe(() => engine.stripe.account.pay(session?.id ?? ""));
    expect(await typesOf(engine, intentId)).toEqual([
      "payment.intent.created",
      "payment.transaction.completed",
    ]);
    const [created, completed] = await eventsOf(engine, intentId);
    expect(completed).toMatchObject({ correlation_id: "request-1", causation_id: created?.id });
  });

  test("each such event is a payment of its own", async () => {
    const courseId = crypto.randomUUID();
    await requirePayment(courseId);
    await requirePayment(courseId);
    await engine.settle();
    expect(await intentsOf(courseId)).toHaveLength(2);
  });
});

describe("redelivery", () => {
  test("of the same stream entry has no second effect", async () => {
    const courseId = crypto.randomUUID();
    await requirePayment(courseId);
    await engine.settle();
    // Without its row the event would make a new one, if it were applied again.
    await engine.sql("DELETE FROM paycore_intents");
    await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
    const result = await engine.drain(subscriber);
    expect(result.redelivered).toBeGreaterThanOrEqual(1);
    expect(await intentsOf(courseId)).toEqual([]);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("of the same event under a new stream id has no second effect", async () => {
    const courseId = crypto.randomUUID();
    await requirePayment(courseId);
    await engine.settle();
    await engine.sql("DELETE FROM paycore_intents");
    const sent = (await engine.streamEntries()).find(
      ({ fields }) => fields.type === "course.payment.required",
    );
    await engine.append(Object.entries(sent?.fields ?? {}).flat());
    const result = await engine.drain(subscriber);
    expect(result.publishedTwice).toBe(1);
    expect(await intentsOf(courseId)).toEqual([]);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("after the claims are forgotten still makes no second payment", async () => {
    const courseId = crypto.randomUUID();
    await requirePayment(courseId);
    await engine.settle();
    await engine.sql("DELETE FROM processed_events");
    await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
    await engine.drain(subscriber);
    expect(await intentsOf(courseId)).toHaveLength(1);
  });
});

describe("failures", () => {
  test("a permanent one is acked, with a dead letter that says why", async () => {
    const courseId = crypto.randomUUID();
    await requirePayment(courseId, { actor_id: null });
    await engine.settle();
    expect(await engine.deadLetters(subscriber)).toMatchObject([
      {
        reason: "permanent_error",
        event_type: "course.payment.required",
        attempts: 1,
        error_message: expect.stringContaining("does not say by whom"),
      },
    ]);
    expect(await engine.pendingCount(group)).toBe(0);
    expect(await intentsOf(courseId)).toEqual([]);
  });

  test("a transient one is not acked, and handled later", async () => {
    const courseId = crypto.randomUUID();
    // As Postgres does when two transactions get into each other's way.
    await engine.sql(`CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '40001'; END $$`);
    await engine.sql(
      "CREATE TRIGGER busy BEFORE INSERT ON paycore_intents FOR EACH ROW EXECUTE FUNCTION busy()",
    );
    await requirePayment(courseId);
    await engine.relay();
    expect(await engine.drain(subscriber)).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
    expect(await engine.pendingCount(group)).toBe(1);
    expect(await intentsOf(courseId)).toEqual([]);
    await engine.sql("DROP TRIGGER busy ON paycore_intents");
    await eventually(async () => {
      await engine.drain(subscriber);
      expect(await intentsOf(courseId)).toHaveLength(1);
      expect(await engine.pendingCount(group)).toBe(0);
    });
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });
});
