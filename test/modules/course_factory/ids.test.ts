import { paymentTransactionCompleted } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { authoring } from "./fixtures.ts";

/** Postgres finds a uuid whatever its case; events, keys, accesses and distributions compare text. */

let engine: TestEngine;
let authors: ReturnType<typeof authoring>;
beforeAll(async () => {
  engine = await createTestEngine({ STRIPE_SECRET_KEY: "sk_of_the_tests", STRIPE_WEBHOOK_SECRET: "whsec" });
  authors = authoring(engine);
});
afterAll(() => engine?.cleanup());

describe("an id of a course in capitals", () => {
  test("in a request to the factory is the course, under its own id in answers, events and keys", async () => {
    const { course_id: id, outline } = await authors.generated({ title: `Kurs ${crypto.randomUUID()}` });
    const capitals = id.toUpperCase();
    const moved = await authors.transition({
      course_id: capitals,
      from_state: "draft",
      to_state: "review",
      actor: "author-1",
    });
    expect(moved.body.course_id).toBe(id);
    const back = await authors.post("/workflow/rollback", {
      course_id: capitals,
      transition_id: moved.body.transition_id.toUpperCase(),
      actor: "author-1",
      reason: "too early",
    });
    expect(back.status, back.text).toBe(200);
    const asked = await authors.post(
      `/courses/${capitals}/payment-required`,
      { amount_cents: 4900, currency: "EUR" },
      "user-1",
    );
    expect(asked.body.course_id).toBe(id);
    const lesson = outline.modules[0].lessons[0].lesson_id;
    const read = await authors.request(
      "GET",
      `/api/course-factory/courses/${capitals}/lessons/${lesson.toUpperCase()}`,
    );
    expect(read.status, read.text).toBe(200);
    const enhanced = await authors.post("/enhance", {
      course_id: capitals,
      lesson_ids: [lesson.toUpperCase()],
      enhancement_types: ["examples"],
      dry_run: false,
    });
    expect(enhanced.status, enhanced.text).toBe(200);
    for (const step of ["bind-theme", "build-sections", "generate-seo", "preview"]) {
      const fields = step === "bind-theme" ? { theme_id: "course-modern" } : {};
      const answer = await authors.post(`/webgenesis/${step}`, { course_id: capitals, ...fields });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.text).not.toContain(capitals);
    }
    const strays = await engine.sql(
      "SELECT type FROM events WHERE key = $1 OR payload ->> 'course_id' = $1",
      [capitals],
    );
    expect(strays).toEqual([]);
    expect(await authors.eventsOf(id, "course.workflow.transitioned")).toHaveLength(2);
  });

  test("names no course where payments, accesses and distributions compare text: nobody pays for nothing", async () => {
    const { course_id: id } = await authors.generated({ title: `Kurs ${crypto.randomUUID()}` });
    await engine.settle();
    const capitals = id.toUpperCase();
    const intent = await authors.request("POST", "/api/paycore/intents", {
      amount_cents: 4900,
      user_id: "user-1",
      metadata: { course_id: capitals },
    });
    expect(intent.status, intent.text).toBe(422);
    expect(intent.body.error.details[0].path).toBe("metadata.course_id");

    await engine.publish({ source: "test", tenant_id: "tenant-a" }, (publish) =>
      publish(paymentTransactionCompleted, {
        payment_id: `pay-${id}`,
        intent_id: "int-1",
        user_id: "user-1",
        tenant_id: "tenant-a",
        course_id: capitals,
        amount_cents: 4900,
        currency: "EUR",
        provider: "paypal",
        occurred_at: "2026-11-21T08:00:00.000Z",
      }),
    );
    await engine.settle();
    const [failed] = await authors.eventsOf(capitals, "course.payment.failed");
    expect(failed?.payload).toMatchObject({ transaction_id: `pay-${id}`, refund_due: true });
    expect(await authors.eventsOf(capitals, "course.distribution.requested")).toEqual([]);
  });
});
