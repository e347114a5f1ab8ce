import { type PayloadInputOf, paymentRefundCompleted, paymentTransactionCompleted } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApiKey } from "../../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../../engine.ts";
import {
  base,
  completed,
  eventsOf,
  firstKey,
  learnt,
  newCourse,
  report,
  type TestCourse,
  tenant,
} from "./fixtures.ts";

/** Access gates enrolment and the lessons that are not free. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CERTIFICATE_KEY: firstKey });
});
afterAll(() => engine?.cleanup());

const rule = { mode: "paid", price_cents: 4900, currency: "EUR", free_lessons: 1 };
const paidCourse = (fields: Record<string, unknown> = {}) =>
  newCourse(engine, { access: { ...rule, ...fields } });

const as = (actor: string) => ({ authorization: `Bearer ${testApiKey}`, "x-actor-id": actor });
const get = (path: string, actor?: string) =>
  engine.request("GET", `${base}/${path}`, undefined, actor === undefined ? {} : as(actor));
const enroll = (courseId: string, actor?: string, body: Record<string, unknown> = {}) =>
  engine.request("POST", `${base}/${courseId}/enroll`, body, {
    ...(actor === undefined ? {} : as(actor)),
    "content-type": "application/json",
  });

function payment(courseId: string, userId: string) {
  return {
    payment_id: `pay-${courseId}-${userId}`,
    intent_id: `int-${courseId}`,
    user_id: userId,
    tenant_id: tenant,
    course_id: courseId,
    amount_cents: 4900,
    currency: "EUR",
    provider: "stripe",
    occurred_at: "2026-11-26T08:00:00.000Z",
  } satisfies PayloadInputOf<typeof paymentTransactionCompleted>;
}

async function pays(courseId: string, userId: string): Promise<void> {
  await engine.publish({ source: "shop", tenant_id: tenant }, (publish) =>
    publish(paymentTransactionCompleted, payment(courseId, userId)),
  );
  await engine.settle();
}

async function isPaidBack(courseId: string, userId: string): Promise<void> {
  const payload = { ...payment(courseId, userId), refund_id: `refund-${courseId}` };
  await engine.publish({ source: "shop", tenant_id: tenant }, (publish) =>
    publish(paymentRefundCompleted, payload),
  );
  await engine.settle();
}

const lesson = (course: TestCourse, index: number) => `${course.courseId}/lessons/${course.chapters[index]}`;

describe("a paid course", () => {
  test("takes learners with access only: 401 without a user, 403 without access, which says how to buy", async () => {
    const { courseId } = await paidCourse();
    const anonymous = await enroll(courseId);
    expect(anonymous.status, anonymous.text).toBe(401);
    expect(anonymous.body.error).toMatchObject({ code: "unauthorized" });
    const refused = await enroll(courseId, "user-7");
    expect(refused.status, refused.text).toBe(403);
    expect(refused.body).toMatchObject({
      error: { code: "forbidden", message: expect.stringContaining("49 EUR (price_cents 4900)") },
      access: rule,
      buy: {
        method: "POST",
        path: "/api/paycore/intents",
        body: { amount_cents: 4900, currency: "EUR", user_id: "user-7", metadata: { course_id: courseId } },
      },
    });
    await pays(courseId, "user-7");
    expect((await enroll(courseId, "user-7")).status).toBe(200);
    // It is the learner who needs access, not who sends the request; and it is theirs alone.
    expect((await enroll(courseId, undefined, { actor_id: "user-7" })).status).toBe(200);
    expect((await enroll(courseId, "user-7", { actor_id: "user-8" })).status).toBe(403);
    await isPaidBack(courseId, "user-7");
    expect((await enroll(courseId, "user-7")).status).toBe(403);
  });

  test("shows its first lessons to everybody, and the others to who has access", async () => {
    const course = await paidCourse();
    const free = await get(lesson(course, 0));
    expect(free.status, free.text).toBe(200);
    expect(free.body).toMatchObject({ position: 1, is_free: true, content_markdown: expect.any(String) });
    expect((await get(lesson(course, 1))).status).toBe(401);
    const refused = await get(lesson(course, 1), "user-7");
    expect(refused.status).toBe(403);
    expect(refused.text).not.toContain("content_markdown");
    await pays(course.courseId, "user-7");
    const read = await get(lesson(course, 1), "user-7");
    expect(read.status, read.text).toBe(200);
    expect(read.body).toMatchObject({
      position: 2,
      is_free: false,
      status: "full",
      content_markdown: expect.any(String),
    });
    expect((await get(lesson(course, 1), "user-8")).status).toBe(403);
    await isPaidBack(course.courseId, "user-7");
    expect((await get(lesson(course, 1), "user-7")).status).toBe(403);
    expect((await get(lesson(course, 0), "user-7")).status).toBe(200);
  });

  test("lists what is free and what is locked", async () => {
    const course = await paidCourse({ free_lessons: 2 });
    const locked = async (actor?: string) => {
      const { body } = await get(`${course.courseId}/lessons`, actor);
      return [body.has_access, body.lessons.filter((each: { is_locked: boolean }) => each.is_locked).length];
    };
    const all = course.chapters.length;
    expect(await locked()).toEqual([false, all - 2]);
    expect(await locked("user-7")).toEqual([false, all - 2]);
    await pays(course.courseId, "user-7");
    expect(await locked("user-7")).toEqual([true, 0]);
    const { body } = await get(`${course.courseId}/lessons`, "user-7");
    expect(body.access).toEqual({ ...rule, free_lessons: 2 });
    expect(body.lessons.map((each: { lesson_id: string }) => each.lesson_id)).toEqual(course.chapters);
    expect(JSON.stringify(body)).not.toContain("content_markdown");
  });

  test("is rendered for who has access, and seen in full by its authors", async () => {
    const course = await paidCourse();
    const path = `${course.courseId}/render`;
    expect((await get(path)).status).toBe(401);
    expect((await get(path, "user-7")).status).toBe(403);
    await pays(course.courseId, "user-7");
    expect((await get(path, "user-7")).status).toBe(200);
    const author = await engine.request(
      "GET",
      `/api/course-factory/courses/${course.courseId}/lessons/${course.chapters[1]}`,
    );
    expect(author.body).toMatchObject({ content_markdown: expect.any(String) });
  });

  test("lets nobody in when accesses cannot be read", async () => {
    const course = await paidCourse();
    await pays(course.courseId, "user-7");
    expect((await get(lesson(course, 1), "user-7")).status).toBe(200);
    await engine.sql("ALTER TABLE course_access RENAME TO course_access_away");
    try {
      expect((await get(lesson(course, 1), "user-7")).status).toBeGreaterThanOrEqual(500);
      expect((await enroll(course.courseId, "user-7")).status).toBeGreaterThanOrEqual(500);
      expect((await get(lesson(course, 0), "user-7")).status).toBe(200);
    } finally {
      await engine.sql("ALTER TABLE course_access_away RENAME TO course_access");
    }
  });
});

describe("a refund", () => {
  const post = (courseId: string, path: string, body?: unknown) =>
    engine.request("POST", `${base}/${courseId}/${path}`, body);
  const complete = (courseId: string, enrollmentId: string) =>
    post(courseId, `complete?enrollment_id=${enrollmentId}`);
  const issue = (courseId: string, enrollmentId: string) =>
    post(courseId, `certificates/issue?enrollment_id=${enrollmentId}`);

  test("ends learning: no progress, no completion and no certificate without access, until it is bought again", async () => {
    const course = await paidCourse();
    const { courseId } = course;
    const step = (enrollment_id: string) =>
      report(engine, courseId, { enrollment_id, module_id: course.modules[0], status: "completed" });
    for (const user of ["user-1", "user-2", "user-3"]) await pays(courseId, user);
    const fresh = (await enroll(courseId, "user-1")).body.enrollment_id;
    const done = await learnt(engine, course, "user-2");
    const finished = await completed(engine, course, "user-3");
    for (const user of ["user-1", "user-2", "user-3"]) await isPaidBack(courseId, user);
    for (const refused of [
      await step(fresh),
      await complete(courseId, done),
      // What is known already is not told either.
      await complete(courseId, finished),
      await issue(courseId, finished),
    ]) {
      expect(refused.status, refused.text).toBe(403);
      expect(refused.body).toMatchObject({
        error: { code: "forbidden", message: expect.stringContaining("49 EUR (price_cents 4900)") },
        access: rule,
        buy: { path: "/api/paycore/intents" },
      });
    }
    expect(await eventsOf(engine, courseId, "course.completion.recorded")).toHaveLength(1);
    expect(await eventsOf(engine, courseId, "course.certificate.issued")).toEqual([]);

    const granted = await engine.request("POST", `/api/course-access/${courseId}/grant`, {
      user_id: "user-2",
      reason: "a present",
      tenant_id: tenant,
    });
    expect(granted.status, granted.text).toBe(200);
    expect((await complete(courseId, done)).status).toBe(200);
    expect((await issue(courseId, done)).status).toBe(200);
  });

  test("leaves a certificate that was issued readable and valid", async () => {
    const course = await paidCourse();
    const { courseId } = course;
    await pays(courseId, "user-7");
    const issued = await issue(courseId, await completed(engine, course, "user-7"));
    expect(issued.status, issued.text).toBe(200);
    await isPaidBack(courseId, "user-7");
    expect((await issue(courseId, issued.body.enrollment_id)).status).toBe(403);
    const read = await get(`${courseId}/certificates/${issued.body.certificate_id}`, "user-7");
    expect(read.body).toEqual(issued.body);
    const { certificate_payload, signature_hex } = issued.body;
    const verified = await engine.request("POST", `${base}/certificates/verify`, {
      certificate_payload,
      signature_hex,
    });
    expect(verified.body).toMatchObject({ valid: true });
  });

  test("changes nothing in an open course, so the tests above see the rule at work", async () => {
    const course = await newCourse(engine);
    const { courseId } = course;
    await pays(courseId, "user-7");
    const enrollmentId = await learnt(engine, course, "user-7");
    await isPaidBack(courseId, "user-7");
    expect((await complete(courseId, enrollmentId)).status).toBe(200);
    expect((await issue(courseId, enrollmentId)).status).toBe(200);
  });
});

describe("an open course", () => {
  test("is for everybody, so the tests above see the rule at work", async () => {
    const course = await newCourse(engine);
    expect((await enroll(course.courseId)).status).toBe(200);
    expect((await get(lesson(course, 1))).status).toBe(200);
    expect((await get(`${course.courseId}/render`)).status).toBe(200);
    const { body } = await get(`${course.courseId}/lessons`);
    expect(body).toMatchObject({ access: { mode: "open" }, has_access: true });
    expect(body.lessons.some((each: { is_locked: boolean }) => each.is_locked)).toBe(false);
  });
});

test("lessons of what there is not are not found (404)", async () => {
  const course = await newCourse(engine);
  expect((await get(`${crypto.randomUUID()}/lessons`)).status).toBe(404);
  expect((await get(`${course.courseId}/lessons/${crypto.randomUUID()}`)).status).toBe(404);
  expect((await get(`${course.courseId}/lessons/first`)).status).toBe(422);
});
