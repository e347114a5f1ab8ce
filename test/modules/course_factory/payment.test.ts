import {
  type PayloadInputOf,
  paymentRefundCompleted,
  paymentTransactionCompleted,
  paymentTransactionFailed,
} from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";
import { authoring } from "./fixtures.ts";

let engine: TestEngine;
let authors: ReturnType<typeof authoring>;
beforeAll(async () => {
  engine = await createTestEngine();
  authors = authoring(engine);
});
afterAll(() => engine?.cleanup());

type Payment = PayloadInputOf<typeof paymentTransactionCompleted>;

function payment(courseId: string | null, fields: Partial<Payment> = {}): Payment {
  return {
    payment_id: `pay-${crypto.randomUUID()}`,
    intent_id: `int-${crypto.randomUUID()}`,
    user_id: "user-1",
    tenant_id: "tenant-a",
    course_id: courseId,
    amount_cents: 4900,
    currency: "EUR",
    provider: "stripe",
    occurred_at: "2026-11-21T08:00:00.000Z",
    ...fields,
  };
}

const context = { source: "test", tenant_id: "tenant-a", correlation_id: "story-of-the-payment" };
const paid = (payload: Payment) =>
  engine.publish(context, (publish) => publish(paymentTransactionCompleted, payload));
const failed = (payload: Payment) =>
  engine.publish({ ...context, tenant_id: payload.tenant_id }, (publish) =>
    publish(paymentTransactionFailed, payload),
  );

const require = (courseId: string, body: unknown, actor?: string) =>
  authors.post(`/courses/${courseId}/payment-required`, body, actor);

const setStatus = (courseId: string, status: string) =>
  engine.sql("UPDATE course_factory_courses SET status = $2 WHERE course_id = $1", [courseId, status]);

const deliveries = (courseId: string) =>
  engine.sql<{ status: string; error: string | null }>(
    "SELECT status, error FROM course_factory_deliveries WHERE course_id = $1",
    [courseId],
  );

async function pending(): Promise<number> {
  const [total] = (await engine.redis("XPENDING", engine.stream, "edge_course_factory")) as [number];
  return Number(total);
}

describe("asking for a payment", () => {
  test("publishes what is to be paid and who is to pay", async () => {
    const { course_id } = await authors.generated();
    const answer = await require(course_id, { amount_cents: 4900, currency: "EUR" }, "user-7");
    expect(answer.status, answer.text).toBe(202);
    expect(answer.body).toMatchObject({ course_id, amount_cents: 4900, currency: "EUR" });
    expect(await authors.eventsOf(course_id, "course.payment.required")).toMatchObject([
      {
        id: answer.body.event_id,
        actor_id: "user-7",
        tenant_id: "tenant-a",
        payload: { course_id, amount_cents: 4900, currency: "EUR", amount: 49 },
      },
    ]);
  });

  test("needs the price of a course that has one", async () => {
    const access = { mode: "paid", price_cents: 5000, currency: "EUR" };
    const { course_id } = await authors.generated({ access });
    const answer = await require(course_id, { amount_cents: 4999, currency: "EUR" }, "user-7");
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.error.details).toMatchObject([{ path: "amount_cents" }]);
    expect((await require(course_id, { amount_cents: 5000, currency: "EUR" }, "user-7")).status).toBe(202);
  });

  test("needs a payer, a price, and a finished course", async () => {
    const { course_id } = await authors.generated();
    const price = { amount_cents: 4900, currency: "EUR" };
    expect((await require(course_id, price)).status).toBe(422);
    for (const wrong of [
      { ...price, amount_cents: 0 },
      { ...price, amount_cents: 1.5 },
      { ...price, currency: "eur" },
      { ...price, user_id: "x" },
      {},
    ]) {
      expect((await require(course_id, wrong, "user-7")).status, JSON.stringify(wrong)).toBe(422);
    }
    expect((await require(crypto.randomUUID(), price, "user-7")).status).toBe(404);
    for (const status of ["generating", "failed"]) {
      await setStatus(course_id, status);
      expect((await require(course_id, price, "user-7")).status).toBe(409);
    }
    expect(await authors.eventsOf(course_id, "course.payment.required")).toEqual([]);
  });
});

describe("a payment", () => {
  test("starts the delivery once, in the story of the payment", async () => {
    const { course_id } = await authors.generated();
    await engine.settle();
    const payload = payment(course_id);
    const cause = await paid(payload);
    await paid(payload);
    await engine.settle();
    for (const type of ["course.payment.completed", "course.distribution.requested"]) {
      const events = await authors.eventsOf(course_id, type);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({ correlation_id: "story-of-the-payment", causation_id: cause.id });
    }
  });

  test("for a course that is still being generated waits, and holds nothing else up", async () => {
    const { course_id } = await authors.generated();
    const other = await authors.generated();
    await engine.settle();
    await setStatus(course_id, "generating");
    await engine.sql(
      "UPDATE course_factory_courses SET generating_until = now() + interval '1 minute' WHERE course_id = $1",
      [course_id],
    );
    await paid(payment(course_id));
    await paid(payment(other.course_id));
    await engine.relay();
    await engine.drain("course_factory");
    expect(await deliveries(course_id)).toEqual([]);
    expect(await deliveries(other.course_id)).toHaveLength(1);
    expect(await pending()).toBe(1);
    await setStatus(course_id, "completed");
    await eventually(async () => {
      await engine.drain("course_factory");
      expect(await pending()).toBe(0);
    });
    expect(await deliveries(course_id)).toHaveLength(1);
    expect(await authors.eventsOf(course_id, "course.payment.completed")).toHaveLength(1);
    expect(await engine.deadLetters("course_factory")).toEqual([]);
  });

  test("for a course that was archived after it was begun is told as failed, and is to be paid back", async () => {
    const { course_id } = await authors.generated();
    await engine.settle();
    await authors.transition({ course_id, from_state: "draft", to_state: "archived", actor: "author-1" });
    const payload = payment(course_id);
    await paid(payload);
    await paid(payload);
    await engine.settle();
    expect(await deliveries(course_id)).toEqual([{ status: "failed", error: "The course is archived." }]);
    expect(await authors.eventsOf(course_id, "course.payment.completed")).toEqual([]);
    expect(await authors.eventsOf(course_id, "course.distribution.requested")).toEqual([]);
    expect(await authors.eventsOf(course_id, "course.payment.failed")).toMatchObject([
      { payload: { refund_due: true, reason: expect.stringContaining("The course is archived.") } },
    ]);
  });

  test("for a course whose generation failed leaves a failed delivery and asks for no distribution", async () => {
    const { course_id } = await authors.generated();
    await engine.settle();
    await setStatus(course_id, "failed");
    await paid(payment(course_id));
    await engine.settle();
    expect(await deliveries(course_id)).toEqual([
      { status: "failed", error: "The generation of the course failed." },
    ]);
    expect(await authors.eventsOf(course_id, "course.payment.completed")).toEqual([]);
    expect(await authors.eventsOf(course_id, "course.distribution.requested")).toEqual([]);
    expect(await authors.eventsOf(course_id, "course.payment.failed")).toMatchObject([
      {
        payload: {
          refund_due: true,
          reason: expect.stringContaining("The generation of the course failed."),
        },
      },
    ]);
    expect(engine.logs.some((line) => line.includes("Pay it back"))).toBe(true);
  });
});

describe("a payment for a course that nobody knows", () => {
  const alertsOf = async (paymentId: string, status = "open") => {
    const answer = await engine.request("GET", `/api/alerts?status=${status}`);
    expect(answer.status, answer.text).toBe(200);
    return answer.body.alerts.filter((alert: { subject: string }) => alert.subject === paymentId);
  };
  const refunded = (payload: Payment, cents: number | null) =>
    engine.publish(context, (publish) =>
      publish(paymentRefundCompleted, {
        ...payload,
        amount_cents: cents,
        refund_id: `refund-${crypto.randomUUID()}`,
      }),
    );

  test.each([
    ["a uuid", crypto.randomUUID()],
    ["another id", "a-course-of-other-origin"],
  ])("(%s) is told as failed, alerts operators and offers the refund, once", async (_what, courseId) => {
    const payload = payment(courseId);
    const cause = await paid(payload);
    await paid(payload);
    await engine.settle();
    const told = await authors.eventsOf(courseId, "course.payment.failed");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      tenant_id: "tenant-a",
      correlation_id: "story-of-the-payment",
      causation_id: cause.id,
      payload: {
        transaction_id: payload.payment_id,
        intent_id: payload.intent_id,
        amount_cents: 4900,
        currency: "EUR",
        refund_due: true,
        reason: expect.stringContaining("There is no such course."),
      },
    });
    const [alert, ...others] = await alertsOf(payload.payment_id);
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ kind: "refund_due", severity: "critical", count: 1 });
    for (const part of [
      payload.payment_id,
      courseId,
      "4900 EUR",
      `POST /api/paycore/refunds {"intent_id":"${payload.intent_id}","amount_cents":4900,`,
    ]) {
      expect(alert.message).toContain(part);
    }
    expect(await engine.deadLetters("course_factory")).toEqual([]);

    await refunded(payload, 900);
    await engine.settle();
    expect(await alertsOf(payload.payment_id)).toHaveLength(1);
    await refunded(payload, 4000);
    await engine.settle();
    expect(await alertsOf(payload.payment_id)).toEqual([]);
    expect(await alertsOf(payload.payment_id, "all")).toHaveLength(1);
  });

  test("is nothing of the kind when somebody else made the course, or it is for something else", async () => {
    const courseId = `elsewhere-${crypto.randomUUID()}`;
    await engine.sql("INSERT INTO course_distribution_courses (course_id) VALUES ($1)", [courseId]);
    const [known, donation] = [payment(courseId), payment(null)];
    await paid(known);
    await paid(donation);
    await engine.settle();
    expect(await authors.eventsOf(courseId, "course.payment.failed")).toEqual([]);
    expect(await alertsOf(known.payment_id)).toEqual([]);
    expect(await alertsOf(donation.payment_id)).toEqual([]);
  });
});

describe("a payment that failed", () => {
  test("is told as a fact of the course, in its story", async () => {
    const { course_id } = await authors.generated();
    const payload = payment(course_id);
    const cause = await failed(payload);
    await engine.settle();
    const events = await authors.eventsOf(course_id, "course.payment.failed");
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      tenant_id: "tenant-a",
      severity: "WARNING",
      correlation_id: "story-of-the-payment",
      causation_id: cause.id,
      payload: { transaction_id: payload.payment_id, reason: expect.stringContaining("through stripe") },
    });
    expect(await deliveries(course_id)).toEqual([]);
    await engine.redis("XGROUP", "SETID", engine.stream, "edge_course_factory", "0");
    expect(await engine.drain("course_factory")).toMatchObject({ applied: 0 });
    expect(await authors.eventsOf(course_id, "course.payment.failed")).toHaveLength(1);
    const replay = { subscriber: "course_factory", name: "once more", mode: "force", reason: "a test" };
    const { body } = await engine.request("POST", "/api/replays", { ...replay, event_id: cause.id });
    await eventually(async () => {
      await engine.settle();
      const job = await engine.request("GET", `/api/replays/${body.id}`);
      expect(job.body).toMatchObject({ status: "completed", succeeded: 1 });
    });
    expect(await authors.eventsOf(course_id, "course.payment.failed")).toEqual(events);
  });

  test("is none of the factory's business when it was for something else", async () => {
    const before = await engine.sql("SELECT count(*) FROM events WHERE type = 'course.payment.failed'");
    await failed(payment(null));
    await failed(payment(crypto.randomUUID()));
    await failed(payment("a-course-of-other-origin"));
    await engine.settle();
    expect(await engine.sql("SELECT count(*) FROM events WHERE type = 'course.payment.failed'")).toEqual(
      before,
    );
    expect(await engine.deadLetters("course_factory")).toEqual([]);
  });

  test("of another tenant than the course becomes a dead letter", async () => {
    const { course_id } = await authors.generated();
    const event = await failed(payment(course_id, { tenant_id: "tenant-b" }));
    await engine.settle();
    const letter = (await engine.deadLetters("course_factory")).find((row) => row.event_id === event.id);
    expect(letter).toMatchObject({ reason: "permanent_error" });
    expect(await authors.eventsOf(course_id, "course.payment.failed")).toEqual([]);
    expect(await pending()).toBe(0);
  });
});
