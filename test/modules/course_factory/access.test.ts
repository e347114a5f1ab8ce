import { courseAccessRuleChanged, courseGenerationCompleted } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { factoryCatalogue } from "../../../src/modules/course_factory/courses/catalogue.ts";
import { commitMade } from "../../../src/modules/course_factory/generation/generation.ts";
import { readerOf } from "../../../src/modules/reader.ts";
import { base, createPaymentEngine, type PaymentEngine } from "../payment/stripe-fixture.ts";
import { eventsOf, newCourse, tenant } from "./learning/fixtures.ts";

/** Who may learn a course, and its price, can be changed after it was made. */

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine();
});
afterAll(() => engine?.cleanup());

const paid = { mode: "paid", price_cents: 4_900, currency: "EUR", free_lessons: 1 } as const;
const dearer = { ...paid, price_cents: 9_900 };
const open = { mode: "open" } as const;

const put = (courseId: string, body: unknown, headers: Record<string, string> = {}) =>
  engine.request("PUT", `/api/course-factory/courses/${courseId}/access`, body, headers);
const told = (courseId: string) => eventsOf(engine, courseId, courseAccessRuleChanged.type);

async function entryOf(courseId: string) {
  const [entry] = (await engine.request("GET", `/api/courses/distribution?course_id=${courseId}`)).body;
  return entry;
}

async function publicEntry(courseId: string) {
  const { slug } = await entryOf(courseId);
  return (await engine.request("GET", `/api/courses/public/${slug}`)).body;
}

async function published(fields: Record<string, unknown> = {}): Promise<string> {
  const { courseId } = await newCourse(engine, fields);
  await engine.settle();
  const { distribution_id: id } = await entryOf(courseId);
  expect((await engine.request("POST", `/api/courses/distribution/${id}/publish`)).status).toBe(200);
  return courseId;
}

async function intend(courseId: string, amount: number) {
  const user = `user-${crypto.randomUUID()}`;
  const body = {
    amount_cents: amount,
    currency: "EUR",
    user_id: user,
    metadata: { course_id: courseId },
  };
  const answer = await engine.request("POST", `${base}/intents`, body, { "x-actor-id": user });
  return { answer, user };
}

describe("the rule of access of a course", () => {
  test("is changed with its event, and the same once more tells nothing", async () => {
    const { courseId } = await newCourse(engine);
    const answer = await put(courseId, paid, { "x-actor-id": "author-1" });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual({ course_id: courseId, access: paid });
    const again = await put(courseId, { mode: "paid", price_cents: 4_900, currency: "eur" });
    expect([again.status, again.body]).toEqual([200, answer.body]);
    expect(await told(courseId)).toMatchObject([
      {
        source: "course_factory_service",
        tenant_id: tenant,
        actor_id: "author-1",
        payload: { course_id: courseId, access: paid, previous: open, changed_at: expect.any(String) },
      },
    ]);
    const read = await engine.request("GET", `/api/course-factory/courses/${courseId}`);
    expect(read.body.access).toEqual(paid);
    expect((await put(courseId, open)).body).toEqual({ course_id: courseId, access: open });
    expect((await told(courseId)).map(({ payload }) => payload.previous)).toEqual([open, paid]);
  });

  test("holds at once for who buys and who enrols, and later for the entry and its page", async () => {
    const courseId = await published();
    expect(await publicEntry(courseId)).toMatchObject({ access: open, cta: { label: "Jetzt starten" } });
    await put(courseId, dearer);
    const refused = (await intend(courseId, 4_900)).answer;
    expect(refused.status, refused.text).toBe(422);
    expect(refused.body.error.message).toContain("99 EUR (price_cents 9900)");
    expect((await intend(courseId, 9_900)).answer.status).toBe(201);
    const enroll = () =>
      engine.request("POST", `/api/courses/${courseId}/enroll`, {}, { "x-actor-id": "user-1" });
    expect((await enroll()).status).toBe(403);
    await engine.settle();
    const entry = await publicEntry(courseId);
    expect(entry.access).toEqual(dearer);
    expect(entry.cta.label).not.toBe("Jetzt starten");
    const page = await engine.request("GET", `/api/courses/public/${entry.slug}/page`);
    expect(page.text).toContain("99");
    expect(page.text).toContain(entry.cta.label);

    await put(courseId, open);
    await engine.settle();
    expect(await publicEntry(courseId)).toMatchObject({ access: open, cta: { label: "Jetzt starten" } });
    expect((await enroll()).status).toBe(200);
  });

  test("leaves a button that an operator worded", async () => {
    const courseId = await published();
    const { distribution_id: id } = await entryOf(courseId);
    const cta = { label: "Zum Kurs der Stadt", action: "open_course", url: null };
    expect((await engine.request("PUT", `/api/courses/distribution/${id}`, { cta })).status).toBe(200);
    await put(courseId, paid);
    await engine.settle();
    expect(await publicEntry(courseId)).toMatchObject({ access: paid, cta });
  });

  test("leaves payments that were begun their price", async () => {
    const courseId = await published({ access: paid });
    const { answer, user } = await intend(courseId, 4_900);
    expect(answer.status, answer.text).toBe(201);
    await put(courseId, dearer);
    await engine.settle();
    await engine.atStripe(() => engine.stripe.account.pay(answer.body.provider_intent_id));
    const intent = await engine.request("GET", `${base}/intents/${answer.body.intent_id}`);
    expect(intent.body).toMatchObject({ status: "succeeded", amount_cents: 4_900 });
    await engine.settle();
    const access = await engine.request("GET", `/api/course-access/${courseId}?user_id=${user}`);
    expect(access.body).toMatchObject({ has_access: true });
  });

  test("cannot be changed of what there is not (404) or what nobody can learn (409)", async () => {
    expect((await put(crypto.randomUUID(), paid)).status).toBe(404);
    const { courseId } = await newCourse(engine);
    for (const [column, value, before] of [
      ["status", "failed", "completed"],
      ["workflow_state", "archived", "draft"],
    ]) {
      const set = (to: string | undefined) =>
        engine.sql(`UPDATE course_factory_courses SET ${column} = $2 WHERE course_id = $1`, [courseId, to]);
      await set(value);
      const answer = await put(courseId, paid);
      expect(answer.status, answer.text).toBe(409);
      expect(answer.body.error.message).toContain(value);
      await set(before);
    }
    expect(await told(courseId)).toEqual([]);
    expect((await engine.request("GET", `/api/course-factory/courses/${courseId}`)).body.access).toEqual(
      open,
    );
  });

  test.each([
    {},
    { mode: "free" },
    { mode: "paid" },
    { mode: "paid", price_cents: 0 },
    { mode: "paid", price_cents: 4_900, currency: "euro" },
    { mode: "paid", price_cents: 4_900, free_lessons: 31 },
    { mode: "open", price_cents: 4_900 },
    { ...paid, reason: "sale" },
  ])("is refused as %j (422)", async (body) => {
    const { courseId } = await newCourse(engine);
    const answer = await put(courseId, body);
    expect(answer.status, answer.text).toBe(422);
    expect(await told(courseId)).toEqual([]);
  });
});

describe("a rule that changes while something else is told", () => {
  /** What `course.generation.completed` told of the course. */
  const completed = async (courseId: string) => {
    const [event] = await eventsOf(engine, courseId, courseGenerationCompleted.type);
    if (event === undefined) throw new Error("the course is not completed");
    return event.payload;
  };

  test("during the generation is what the finished course tells", async () => {
    const { courseId, outline } = await newCourse(engine, { access: paid });
    const owner = crypto.randomUUID();
    await engine.sql(
      `UPDATE course_factory_courses SET status = 'generating', generation_owner = $2,
        generating_until = now() + interval '1 minute' WHERE course_id = $1`,
      [courseId, owner],
    );
    const [row] = await engine.sql<{ request: never; result: object }>(
      "SELECT request, result FROM course_factory_courses WHERE course_id = $1",
      [courseId],
    );
    if (row === undefined) throw new Error("the course is gone");
    await put(courseId, dearer);
    // The run knows the request as it was when it began.
    const run = {
      course_id: courseId,
      tenant_id: tenant,
      request: row.request,
      correlation_id: "a-run",
      requested_by: null,
      created_at: "2026-11-26T08:00:00.000Z",
      owner,
      takeovers: 0,
    };
    const progress = {
      outline,
      lessons: new Map(),
      quiz: null,
      landingPage: null,
      landingPageFallback: false,
    };
    const made = { kind: "finish", result: { ...row.result, errors: [] } as never } as const;
    const maker = { slowestCallMs: 1_000 } as never;
    await engine.publish({ source: "course_factory_service", tenant_id: tenant }, (publish, tx) =>
      commitMade(tx, publish, run, maker, { made: [made], progress, at: new Date(), ending: null }),
    );
    const events = await eventsOf(engine, courseId, courseGenerationCompleted.type);
    expect(events.map(({ payload }) => payload.access)).toEqual([paid, dearer]);
    const course = await factoryCatalogue.find(readerOf(engine.open().db), courseId, null);
    expect(course).toMatchObject({ state: "ready", access: dearer });
  });

  test("is not taken back by the older event of a finished course that is handled late", async () => {
    const { courseId } = await newCourse(engine, { access: paid });
    await engine.settle();
    await put(courseId, open);
    await engine.settle();
    const { distribution_id: id, cta } = await entryOf(courseId);
    await engine.request("DELETE", `/api/courses/distribution/${id}`);
    expect(await completed(courseId)).toMatchObject({ access: paid });
    // Handled once more, without the change behind it; as if the first time had never been.
    const change = (await engine.streamEntries()).find(
      ({ fields }) =>
        fields.type === courseAccessRuleChanged.type && JSON.stringify(fields).includes(courseId),
    );
    expect(await engine.redis("XDEL", engine.stream, change?.id ?? "0-0")).toBe(1);
    await engine.sql("DELETE FROM processed_events WHERE subscriber_name = 'course_distribution'");
    await engine.redis("XGROUP", "SETID", engine.stream, "edge_course_distribution", "0");
    await engine.drain("course_distribution");
    expect(await entryOf(courseId)).toMatchObject({ cta });
    const [known] = await engine.sql("SELECT access FROM course_distribution_courses WHERE course_id = $1", [
      courseId,
    ]);
    expect(known).toEqual({ access: open });
  });
});
