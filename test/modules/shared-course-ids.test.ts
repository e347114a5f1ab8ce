import {
  courseAccessRuleChanged,
  courseDeployedStaging,
  courseGenerationCompleted,
  courseLessonGenerated,
  courseOutlineCreated,
  coursePaymentRequired,
  courseWorkflowTransitioned,
  type EventDefinition,
  type PayloadInputOf,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { finishedCourse, newPurchase, paymentOf } from "./course_access/fixtures.ts";
import { base, createBody } from "./course_distribution/fixtures.ts";
import { newCourse } from "./course_factory/learning/fixtures.ts";
import { createPaymentEngine, type PaymentEngine, base as paycore } from "./payment/stripe-fixture.ts";

/*
 * Two tenants that name one course id, which whoever publishes events or makes entries chooses: the one knows the id of
 * the other's course, and comes first.
 */

const owner = "acme";
const foreigner = "globex";

let engine: PaymentEngine;
const keys = new Map<string, string>();
beforeAll(async () => {
  engine = await createPaymentEngine();
  for (const tenantId of [owner, foreigner]) {
    const scopes = ["*:read", "*:write", "approve", "operate"];
    const reply = await engine.request("POST", "/api/keys", { name: tenantId, tenant_id: tenantId, scopes });
    keys.set(tenantId, reply.body.key);
  }
});
afterAll(() => engine?.cleanup());

/** A course that neither of them made here. */
let courseId = "";
beforeEach(() => {
  courseId = crypto.randomUUID();
});

const as = (tenantId: string) => ({
  send: (method: string, path: string, body?: unknown) =>
    engine.request(method, path, body, { authorization: `Bearer ${keys.get(tenantId)}` }),
  async tell<D extends EventDefinition>(definition: D, payload: PayloadInputOf<D>) {
    const context = { source: "shop", tenant_id: tenantId, actor_id: "user-1" };
    await engine.publish(context, (publish) => publish(definition, payload));
    await engine.settle();
  },
  /** A public entry of the course. @returns its slug */
  async list(id: string): Promise<string> {
    const { body, status, text } = await this.send(
      "POST",
      `${base}/distribution/create`,
      createBody({ course_id: id }),
    );
    expect(status, text).toBe(201);
    const { distribution_id: entry, slug } = body;
    expect((await this.send("POST", `${base}/distribution/${entry}/publish`)).status).toBe(200);
    return slug;
  },
});

/** As the page shows a course of which no rule was told. */
const open = { mode: "open" };
const ruleOf = (id: string, price_cents: number) => ({
  course_id: id,
  access: { mode: "paid" as const, price_cents, currency: "EUR", free_lessons: 0 },
  changed_at: "2026-11-21T10:00:00.000Z",
});

/** What anybody reads of the rule, without and with a view counted. */
async function shown(slug: string) {
  const paths = [`${base}/public/${slug}`, `${base}/public/${slug}/outline`];
  const [detail, outline] = await Promise.all(paths.map((path) => engine.request("GET", path)));
  return { access: detail?.body.access, outline: outline?.body };
}

const buy = (fields: Readonly<Record<string, unknown>>, id = courseId) => {
  const user = `user-${crypto.randomUUID()}`;
  const body = {
    amount_cents: 4_900,
    currency: "EUR",
    user_id: user,
    metadata: { course_id: id },
    ...fields,
  };
  return engine.request("POST", `${paycore}/intents`, body, { "x-actor-id": user });
};

describe("what is told of a course", () => {
  test("first by another tenant is not what the owner's page shows", async () => {
    await as(foreigner).tell(courseAccessRuleChanged, ruleOf(courseId, 100));
    const slug = await as(owner).list(courseId);
    expect((await shown(slug)).access).toEqual(open);
    await as(owner).tell(courseAccessRuleChanged, ruleOf(courseId, 50_000));
    expect((await shown(slug)).access).toMatchObject({ price_cents: 50_000 });
    // Control: the other tenant's page shows what that told, and nothing of it reaches the owner's.
    const theirs = await as(foreigner).list(courseId);
    await as(foreigner).tell(courseAccessRuleChanged, ruleOf(courseId, 200));
    expect((await shown(theirs)).access).toMatchObject({ price_cents: 200 });
    expect((await shown(slug)).access).toMatchObject({ price_cents: 50_000 });
  });

  test("of its outline and lessons neither", async () => {
    const [shared = "", other = "", module_id = ""] = [1, 2, 3].map(() => crypto.randomUUID());
    const tell = async (tenantId: string, modules_count: number, lessons: readonly string[]) => {
      const counts = { modules_count, total_lessons: 12, template_id: null };
      await as(tenantId).tell(courseOutlineCreated, { course_id: courseId, ...counts });
      for (const [place, lesson_id] of lessons.entries()) {
        await as(tenantId).tell(courseLessonGenerated, {
          course_id: courseId,
          lesson_id,
          lesson_title: `Of ${tenantId}`,
          module_id,
          content_length: 900,
          lesson_index: place + 1,
        });
      }
    };
    const sizes = async (slug: string) => {
      const modules: { chapter_count: number }[] = (await shown(slug)).outline.modules;
      return modules.map((part) => part.chapter_count);
    };
    await tell(foreigner, 6, [shared, other]);
    const slug = await as(owner).list(courseId);
    expect(await sizes(slug)).toEqual([]);
    await tell(owner, 4, [shared]);
    expect(await sizes(slug)).toEqual([1, 0, 0, 0]);
    // Control: the other tenant's page shows what that told.
    expect(await sizes(await as(foreigner).list(courseId))).toEqual([2, 0, 0, 0, 0, 0]);
  });

  test("of its workflow by another tenant changes no visibility of the owner's entry", async () => {
    const change = (from: "published" | "publish_ready", to: "published" | "archived") => ({
      course_id: courseId,
      from_state: from,
      to_state: to,
      transitioned_by: "author-1",
      requires_approval: false,
      approval_id: null,
    });
    await as(foreigner).tell(courseWorkflowTransitioned, change("published", "archived"));
    await as(owner).tell(courseGenerationCompleted, finishedCourse(courseId, { tenant_id: owner }));
    await as(owner).tell(courseWorkflowTransitioned, change("publish_ready", "published"));
    const [entry] = (await as(owner).send("GET", `${base}/distribution?course_id=${courseId}`)).body;
    expect(entry).toMatchObject({ visibility: "public" });
    await as(foreigner).tell(courseWorkflowTransitioned, change("published", "archived"));
    expect((await engine.request("GET", `${base}/public/${entry.slug}`)).status).toBe(200);
    await as(owner).tell(courseWorkflowTransitioned, change("published", "archived"));
    expect((await engine.request("GET", `${base}/public/${entry.slug}`)).status).toBe(404);
  });

  test("of where it is staged by another tenant changes neither the owner's entry nor one of nobody", async () => {
    const body = createBody({ course_id: courseId });
    expect((await engine.request("POST", `${base}/distribution/create`, body)).status).toBe(201);
    const slug = await as(owner).list(courseId);
    await as(owner).tell(courseAccessRuleChanged, ruleOf(courseId, 100));
    const stage = (tenantId: string) =>
      as(tenantId).tell(courseDeployedStaging, {
        course_id: courseId,
        staging_url: `https://${tenantId}.example/`,
        staging_domain: `${tenantId}.example`,
        deployed_at: "2026-11-21T10:00:00.000Z",
      });
    const staged = () =>
      engine.sql(
        "SELECT tenant_id, slug = $2 AS is_of_owner, staging_url FROM course_distributions WHERE course_id = $1 ORDER BY tenant_id",
        [courseId, slug],
      );
    await as(foreigner).list(courseId);
    await stage(owner);
    await stage(foreigner);
    expect(await staged()).toMatchObject([
      { tenant_id: owner, is_of_owner: true, staging_url: `https://${owner}.example/` },
      { tenant_id: foreigner, staging_url: `https://${foreigner}.example/` },
      { tenant_id: null, staging_url: `https://${owner}.example/` },
    ]);
  });

  test("for all counts for every tenant, unless its own word is later", async () => {
    const slug = await as(owner).list(courseId);
    const forAll = async (cents: number) => {
      await engine.publish({ source: "shop" }, (publish) =>
        publish(courseAccessRuleChanged, ruleOf(courseId, cents)),
      );
      await engine.settle();
    };
    await forAll(300);
    expect((await shown(slug)).access).toMatchObject({ price_cents: 300 });
    await as(owner).tell(courseAccessRuleChanged, ruleOf(courseId, 400));
    expect((await shown(slug)).access).toMatchObject({ price_cents: 400 });
    await forAll(500);
    expect((await shown(slug)).access).toMatchObject({ price_cents: 500 });
  });
});

describe("a course that was made here", () => {
  const paid = { mode: "paid", price_cents: 77_700, currency: "EUR" };

  test("gets no entry of another tenant, by request or by event", async () => {
    const made = await newCourse(engine, { tenant_id: owner, access: paid });
    await engine.settle();
    const body = createBody({ course_id: made.courseId });
    const refused = await as(foreigner).send("POST", `${base}/distribution/create`, body);
    expect(refused.status, refused.text).toBe(422);
    expect(refused.body.error.details).toMatchObject([{ path: "course_id" }]);
    await as(foreigner).tell(
      courseGenerationCompleted,
      finishedCourse(made.courseId, { tenant_id: foreigner }),
    );
    expect(await engine.deadLetters("course_distribution")).toMatchObject([
      { error_message: expect.stringContaining("another tenant's") },
    ]);
    const entries = `SELECT tenant_id FROM course_distributions WHERE course_id = '${made.courseId}'`;
    expect(await engine.sql(entries)).toEqual([{ tenant_id: owner }]);
    // Who asks for a payment of it learns as little as of one that nobody has.
    for (const id of [made.courseId, courseId]) {
      const payload = { course_id: id, amount_cents: 77_700, currency: "EUR", amount: 777 };
      await as(foreigner).tell(coursePaymentRequired, payload);
    }
    const letters = await engine.deadLetters("payment");
    const told = letters.map((letter) => String(letter.error_message).replace(/"[^"]*"/, "…"));
    expect(told).toEqual([expect.stringContaining("There is no course …"), told[0]]);
    // Control: a course of its own gets one, and so does one of nobody here.
    const own = await newCourse(engine, { tenant_id: foreigner });
    await engine.settle();
    const listed = await as(foreigner).send("GET", `${base}/distribution?course_id=${own.courseId}`);
    expect(listed.body).toHaveLength(1);
    await as(foreigner).list(courseId);
  });

  test("is not sold through an entry that another tenant has all the same, which shows no rule of it", async () => {
    const slug = await as(foreigner).list(courseId);
    const made = await newCourse(engine, { tenant_id: owner, access: paid });
    await engine.settle();
    // As an earlier release let it be made.
    await engine.sql("UPDATE course_distributions SET course_id = $1 WHERE slug = $2", [made.courseId, slug]);
    expect((await shown(slug)).access).toEqual(open);
    await as(owner).send("PUT", `/api/course-factory/courses/${made.courseId}/access`, paid);
    await engine.settle();
    expect((await shown(slug)).access).toEqual(open);
    const offer = {
      amount_cents: 100,
      user_id: "buyer",
      metadata: { course_id: made.courseId },
    };
    const refused = await as(foreigner).send("POST", `${paycore}/intents`, offer);
    expect(refused.status, refused.text).toBe(422);
    expect(refused.body.error.message).toContain("There is no course");
    const named = await buy({ tenant_id: foreigner, amount_cents: 100 }, made.courseId);
    expect(named.status, named.text).toBe(422);
    // Control: the owner sells it, at its price.
    expect((await buy({ amount_cents: 77_699 }, made.courseId)).status).toBe(422);
    expect((await buy({ amount_cents: 77_700 }, made.courseId)).body).toMatchObject({ tenant_id: owner });
  });
});

test("what was paid to another tenant for a course that was made here has to be paid back", async () => {
  const made = await newCourse(engine, { tenant_id: owner });
  await engine.settle();
  const pay = async (tenantId: string) => {
    const purchase = newPurchase({ courseId: made.courseId, tenantId });
    await as(tenantId).tell(paymentTransactionCompleted, paymentOf(purchase));
    return purchase.paymentId;
  };
  const paid = await pay(foreigner);
  const due = "SELECT payment_id, reason FROM course_factory_refunds_due";
  expect(await engine.sql(due)).toMatchObject([{ payment_id: paid, reason: "There is no such course." }]);
  const { alerts } = (await engine.request("GET", "/api/alerts?status=open")).body;
  expect(alerts.filter(({ subject }: { subject: string }) => subject === paid)).toHaveLength(1);
  expect(await engine.deadLetters("course_factory")).toEqual([]);
  // Control: what was paid to its own tenant is delivered.
  const delivered = await pay(owner);
  expect(await engine.sql(due)).toHaveLength(1);
  expect(await engine.sql("SELECT payment_id, status FROM course_factory_deliveries")).toEqual([
    { payment_id: delivered, status: "delivered" },
  ]);
});

describe("the release before, which knows one row an id", () => {
  /** As it keeps a rule. */
  const tellAsBefore = (tenantId: string, cents: number) =>
    engine.sql(
      `INSERT INTO course_distribution_courses (course_id, tenant_id, access, access_told_at) VALUES ($1, $2, $3, now())
       ON CONFLICT (course_id) DO UPDATE SET access = CASE WHEN course_distribution_courses.tenant_id IS NULL
         OR course_distribution_courses.tenant_id = excluded.tenant_id THEN excluded.access
         ELSE course_distribution_courses.access END`,
      [courseId, tenantId, JSON.stringify(ruleOf(courseId, cents).access)],
    );
  const rows = (column = "course") =>
    engine.sql(
      `SELECT tenant_id, (access ->> 'price_cents')::int AS cents FROM course_distribution_courses
       WHERE ${column} = $1 ORDER BY 1`,
      [courseId],
    );

  test("tells of a course as ever, and what it tells counts here", async () => {
    await tellAsBefore(owner, 100);
    await tellAsBefore(owner, 200);
    await tellAsBefore(foreigner, 300);
    expect(await rows()).toEqual([{ tenant_id: owner, cents: 200 }]);
    await as(foreigner).tell(courseAccessRuleChanged, ruleOf(courseId, 400));
    await as(owner).tell(courseAccessRuleChanged, ruleOf(courseId, 500));
    expect(await rows()).toEqual([
      { tenant_id: owner, cents: 500 },
      { tenant_id: foreigner, cents: 400 },
    ]);
    // It reads by the id, and finds who told first.
    expect(await rows("course_id")).toEqual([{ tenant_id: owner, cents: 500 }]);
    await tellAsBefore(owner, 600);
    expect((await shown(await as(owner).list(courseId))).access).toMatchObject({ price_cents: 600 });
  });

  test("tells of a course at the same moment, and one row is the first", async () => {
    const told = [owner, foreigner, "hooli"].map((tenantId) =>
      engine.sql(
        `INSERT INTO course_distribution_courses (course, tenant_id) VALUES ($1, $2)
         ON CONFLICT (course, tenant_id) DO NOTHING`,
        [courseId, tenantId],
      ),
    );
    await Promise.all([...told, tellAsBefore("initech", 100)]);
    expect((await rows()).length).toBeGreaterThanOrEqual(3);
    expect(await rows("course_id")).toHaveLength(1);
  });
});

describe("a course that two tenants list", () => {
  test("is bought of the one that is named, and of none when nobody is named", async () => {
    await as(foreigner).list(courseId);
    expect((await buy({})).body).toMatchObject({ tenant_id: foreigner });
    await as(owner).list(courseId);
    await as(foreigner).tell(courseAccessRuleChanged, ruleOf(courseId, 100));
    await as(owner).tell(courseAccessRuleChanged, ruleOf(courseId, 4_900));
    for (const tenant_id of [owner, foreigner]) {
      const bought = await buy({ tenant_id });
      expect(bought.status, bought.text).toBe(201);
      expect(bought.body).toMatchObject({ tenant_id });
    }
    expect((await buy({ tenant_id: owner, amount_cents: 100 })).status).toBe(422);
    const unclear = await buy({});
    expect(unclear.status, unclear.text).toBe(422);
    expect(unclear.body.error.message).toContain("Several tenants sell");
    expect(unclear.body.error.details).toMatchObject([{ path: "tenant_id" }]);
    expect((await buy({ tenant_id: "hooli" })).body.error.details).toMatchObject([{ path: "tenant_id" }]);
  });

  test("is paid for as the event of the one asks", async () => {
    await as(foreigner).list(courseId);
    await as(owner).list(courseId);
    for (const tenantId of [owner, foreigner]) {
      await as(tenantId).tell(coursePaymentRequired, {
        course_id: courseId,
        amount_cents: 4_900,
        currency: "EUR",
        amount: 49,
      });
    }
    const intents = `SELECT tenant_id FROM paycore_intents WHERE course_id = '${courseId}' ORDER BY 1`;
    expect(await engine.sql(intents)).toEqual([{ tenant_id: owner }, { tenant_id: foreigner }]);
  });
});
