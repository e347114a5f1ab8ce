import {
  courseDistributionFailed,
  courseGenerationCompleted,
  distributionCreated,
  type PayloadInputOf,
  paymentTransactionCompleted,
  paymentTransactionFailed,
} from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";

const subscriber = "course_factory";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine.cleanup());

async function newCourse(fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await engine.request("POST", "/api/course-factory/generate", {
    tenant_id: "tenant-a",
    title: `Kurs ${crypto.randomUUID()}`,
    description: "Ein Kurs, an dem die Ereignisse geprüft werden.",
    language: "de",
    target_audiences: ["students"],
    full_lessons_count: 1,
    dry_run: false,
    ...fields,
  });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.course_id;
}

function created(courseId: string, fields: Partial<PayloadInputOf<typeof distributionCreated>> = {}) {
  const hex = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  return {
    distribution_id: `dist_${hex}`,
    course_id: courseId,
    slug: `kurs-${hex}`,
    language: "de",
    title: "Ein Kurs in der Auslage",
    target_group: ["students"],
    visibility: "private" as const,
    version: "v1",
    derived_from: null,
    created_at: "2026-11-21T08:00:00.000Z",
    ...fields,
  };
}

function paid(courseId: string | null) {
  return {
    payment_id: `pay-${crypto.randomUUID()}`,
    intent_id: `int-${crypto.randomUUID()}`,
    user_id: "user-1",
    tenant_id: "tenant-a",
    course_id: courseId,
    amount_cents: 4900,
    currency: "EUR",
    provider: "stripe" as const,
    occurred_at: "2026-11-21T08:00:00.000Z",
  };
}

const fromTenantA = { source: "test", tenant_id: "tenant-a" };

async function count(table: string, courseId: string): Promise<number> {
  const [row] = await engine.sql<{ n: string }>(`SELECT count(*) AS n FROM ${table} WHERE course_id = $1`, [
    courseId,
  ]);
  return Number(row?.n);
}

async function events(courseId: string, type: string) {
  return await engine.sql<{ payload: Record<string, unknown>; tenant_id: string; causation_id: string }>(
    "SELECT payload, tenant_id, causation_id FROM events WHERE type = $1 AND payload ->> 'course_id' = $2 ORDER BY position",
    [type, courseId],
  );
}

/** Only what this group has read and not acked. */
async function pending(): Promise<number> {
  const [total] = (await engine.redis("XPENDING", engine.stream, `edge_${subscriber}`)) as [number];
  return Number(total);
}

/** Makes the group read everything once more, as after a lost ack of the whole stream. */
async function redeliver() {
  await engine.redis("XGROUP", "SETID", engine.stream, `edge_${subscriber}`, "0");
  return await engine.drain(subscriber);
}

describe("what the factory publishes", () => {
  test("is recorded with a complete envelope and travels as a stream entry with the same id", async () => {
    const courseId = await newCourse();
    const [row] = await engine.sql<{ id: string; meta: unknown; tenant_id: string; correlation_id: string }>(
      "SELECT * FROM events WHERE type = $1 AND payload ->> 'course_id' = $2",
      [courseGenerationCompleted.type, courseId],
    );
    expect(row).toMatchObject({
      tenant_id: "tenant-a",
      source: "course_factory_service",
      meta: { schema_version: 1, producer: "course_factory_service", source_module: "course_factory" },
    });
    await engine.relay();
    const entry = (await engine.streamEntries()).find(({ fields }) => fields.id === row?.id);
    expect(entry?.fields).toMatchObject({ type: "course.generation.completed", tenant_id: "tenant-a" });
    expect(entry?.fields.correlation_id).toBe(row?.correlation_id);
    expect(JSON.parse(entry?.fields.meta ?? "{}")).toMatchObject({
      schema_version: 1,
      source_module: "course_factory",
    });
    expect(JSON.parse(entry?.fields.payload ?? "{}")).toMatchObject({
      course_id: courseId,
      total_modules: 4,
      total_lessons: 12,
      full_lessons_generated: 1,
      quiz_questions_count: 15,
      evidence_pack_path: `artifact:course/${courseId}`,
    });
  });

  test("commits with the course or not at all", async () => {
    const before = await engine.sql("SELECT count(*) FROM events");
    await engine.sql(
      "ALTER TABLE course_factory_courses ADD CONSTRAINT no_more CHECK (title <> 'Verbotener Titel')",
    );
    const answer = await engine.request("POST", "/api/course-factory/generate", {
      tenant_id: "tenant-a",
      title: "Verbotener Titel",
      description: "x",
      language: "de",
      target_audiences: ["students"],
      dry_run: false,
    });
    expect(answer.status).toBe(500);
    expect(await engine.sql("SELECT count(*) FROM events")).toEqual(before);
    await engine.sql("ALTER TABLE course_factory_courses DROP CONSTRAINT no_more");
  });
});

describe("what the factory consumes", () => {
  test("deploys a course to staging when its distribution appears, and the catalogue learns of it", async () => {
    const courseId = await newCourse({ staging_domain: "courses.example.org" });
    await engine.settle();
    const [deployed] = await events(courseId, "course.deployed.staging");
    expect(deployed).toMatchObject({
      tenant_id: "tenant-a",
      payload: { staging_domain: "courses.example.org" },
    });
    const stagingUrl = deployed?.payload.staging_url;
    expect(stagingUrl).toMatch(
      new RegExp(`^https://courses\\.example\\.org/staging/${courseId}/[a-p]{40}/v1/$`),
    );
    const [deployment] = await engine.sql<{ job: unknown }>(
      "SELECT job FROM course_factory_deployments WHERE course_id = $1",
      [courseId],
    );
    expect(deployment?.job).toMatchObject({
      timeout_seconds: 900,
      max_iterations: 1,
      risk: "low",
      requires_approval: false,
      blast_radius: 1,
    });
    const view = await engine.request("GET", `/api/course-factory/courses/${courseId}`);
    expect(view.body.result).toMatchObject({ deployed: true, staging_url: stagingUrl });
    const [entry] = await engine.sql<{ staging_url: string }>(
      "SELECT staging_url FROM course_distributions WHERE course_id = $1",
      [courseId],
    );
    expect(entry?.staging_url).toBe(stagingUrl);
  });

  test("uses the configured domain when the request names none", async () => {
    const courseId = await newCourse();
    await engine.settle();
    const [deployed] = await events(courseId, "course.deployed.staging");
    expect(deployed?.payload.staging_url).toContain("https://course-factory.staging/staging/");
  });

  test("deploys once per version: variants and further distributions change nothing", async () => {
    const courseId = await newCourse();
    await engine.settle();
    await engine.publish(fromTenantA, async (publish) => {
      await publish(distributionCreated, created(courseId, { derived_from: "dist_0123456789abcdef" }));
      await publish(distributionCreated, created(courseId));
    });
    await engine.settle();
    expect(await count("course_factory_deployments", courseId)).toBe(1);
    expect(await events(courseId, "course.deployed.staging")).toHaveLength(1);
  });

  test("leaves alone distributions of courses it does not know", async () => {
    await engine.publish(fromTenantA, async (publish) => {
      await publish(distributionCreated, created(crypto.randomUUID()));
      await publish(distributionCreated, created("a-course-of-other-origin"));
    });
    const before = (await engine.deadLetters(subscriber)).length;
    await engine.settle();
    expect(await engine.deadLetters(subscriber)).toHaveLength(before);
  });

  test("enables a paid course and closes the delivery when the distribution is done", async () => {
    const courseId = await newCourse();
    await engine.settle();
    const payment = paid(courseId);
    await engine.publish(fromTenantA, (publish) => publish(paymentTransactionCompleted, payment));
    await engine.settle();
    expect(await events(courseId, "course.payment.completed")).toMatchObject([
      { tenant_id: "tenant-a", payload: { course_id: courseId, transaction_id: payment.payment_id } },
    ]);
    expect(await events(courseId, "course.distribution.requested")).toHaveLength(1);
    const [delivery] = await engine.sql(
      "SELECT status, slug, closed_at IS NOT NULL AS closed FROM course_factory_deliveries WHERE course_id = $1",
      [courseId],
    );
    expect(delivery).toMatchObject({
      status: "delivered",
      closed: true,
      slug: expect.stringMatching(/^kurs-/),
    });
  });

  test("does one delivery per payment, though the payment is told twice", async () => {
    const courseId = await newCourse();
    const payment = paid(courseId);
    await engine.publish(fromTenantA, async (publish) => {
      await publish(paymentTransactionCompleted, payment);
      await publish(paymentTransactionCompleted, payment);
    });
    await engine.settle();
    expect(await count("course_factory_deliveries", courseId)).toBe(1);
    expect(await events(courseId, "course.payment.completed")).toHaveLength(1);
  });

  test("ignores payments for something else", async () => {
    const before = (await engine.deadLetters(subscriber)).length;
    await engine.publish(fromTenantA, async (publish) => {
      await publish(paymentTransactionCompleted, paid(null));
      await publish(paymentTransactionCompleted, paid(crypto.randomUUID()));
    });
    await engine.settle();
    expect(await engine.deadLetters(subscriber)).toHaveLength(before);
  });

  test("fails the open deliveries when the distribution failed, and not those that were delivered", async () => {
    const courseId = await newCourse();
    const insert = `INSERT INTO course_factory_deliveries (delivery_id, payment_id, course_id, status, requested_at)
      VALUES (gen_random_uuid(), $1, $2, $3, now())`;
    await engine.sql(insert, [crypto.randomUUID(), courseId, "requested"]);
    await engine.sql(insert, [crypto.randomUUID(), courseId, "delivered"]);
    await engine.publish(fromTenantA, (publish) =>
      publish(courseDistributionFailed, { course_id: courseId, error: "no distribution", retry_count: 4 }),
    );
    await engine.settle();
    const rows = await engine.sql(
      "SELECT status, error FROM course_factory_deliveries WHERE course_id = $1 ORDER BY status",
      [courseId],
    );
    expect(rows).toEqual([
      { status: "delivered", error: null },
      { status: "failed", error: "no distribution" },
    ]);
  });
});

describe("delivery again", () => {
  test("of the same stream entries has no second effect", async () => {
    const courseId = await newCourse();
    await engine.publish(fromTenantA, (publish) => publish(paymentTransactionCompleted, paid(courseId)));
    await engine.settle();
    const before = await engine.sql("SELECT count(*) FROM events");
    const again = await redeliver();
    expect(again.redelivered).toBeGreaterThanOrEqual(2);
    expect(again.applied).toBe(0);
    expect(await engine.sql("SELECT count(*) FROM events")).toEqual(before);
    expect(await count("course_factory_deployments", courseId)).toBe(1);
    expect(await count("course_factory_deliveries", courseId)).toBe(1);
  });

  test("of the same event under a new stream id has no second effect", async () => {
    const courseId = await newCourse();
    await engine.publish(fromTenantA, (publish) => publish(paymentTransactionCompleted, paid(courseId)));
    await engine.settle();
    const mine = (await engine.streamEntries()).filter(
      ({ fields }) =>
        fields.payload?.includes(courseId) &&
        (fields.type === "payment.transaction.completed" || fields.type === "distribution.created"),
    );
    expect(mine).toHaveLength(2);
    for (const { fields } of mine) await engine.append(Object.entries(fields).flat());
    const result = await engine.drain(subscriber);
    expect(result).toMatchObject({ applied: 0, publishedTwice: 2 });
    expect(await count("course_factory_deployments", courseId)).toBe(1);
    expect(await count("course_factory_deliveries", courseId)).toBe(1);
  });
});

describe("a failing event", () => {
  test("that can never work is acked and kept as a dead letter with its reason", async () => {
    const courseId = await newCourse();
    await engine.settle();
    const payment = { ...paid(courseId), tenant_id: "tenant-b" };
    const event = await engine.publish({ source: "test", tenant_id: "tenant-b" }, (publish) =>
      publish(paymentTransactionFailed, payment),
    );
    await engine.settle();
    const letter = (await engine.deadLetters(subscriber)).find((row) => row.event_id === event.id);
    expect(letter).toMatchObject({ reason: "permanent_error" });
    expect(JSON.stringify(letter)).toContain("another tenant");
    expect(await pending()).toBe(0);
    expect(await count("course_factory_deliveries", courseId)).toBe(0);
  });

  test("that may work later is not acked, and is handled when its time has come", async () => {
    const courseId = await newCourse();
    await engine.settle();
    await engine.sql("DELETE FROM course_factory_deployments WHERE course_id = $1", [courseId]);
    await engine.sql("UPDATE course_factory_courses SET status = 'generating' WHERE course_id = $1", [
      courseId,
    ]);
    await engine.publish(fromTenantA, (publish) => publish(distributionCreated, created(courseId)));
    await engine.relay();
    await engine.drain(subscriber);
    expect(await pending()).toBe(1);
    expect(await count("course_factory_deployments", courseId)).toBe(0);
    await engine.sql("UPDATE course_factory_courses SET status = 'completed' WHERE course_id = $1", [
      courseId,
    ]);
    await eventually(async () => {
      await engine.drain(subscriber);
      expect(await pending()).toBe(0);
    });
    expect(await count("course_factory_deployments", courseId)).toBe(1);
    expect((await engine.deadLetters(subscriber)).some((row) => JSON.stringify(row).includes(courseId))).toBe(
      false,
    );
  });
});
