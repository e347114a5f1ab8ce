import type { Tx } from "@brain/engine";
import {
  courseDeployedStaging,
  courseDistributionRequested,
  courseGenerationCompleted,
  courseLessonGenerated,
  courseOutlineCreated,
  courseWorkflowTransitioned,
  type EventDefinition,
  isUuidV4,
  type PayloadInputOf,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { courseDistributionConsumer } from "../../../src/modules/course_distribution/consumer.ts";
import { courseShowcase } from "../../../src/modules/course_factory/webpages/showcase.ts";
import { createBackbone } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually, waitFor } from "../../wait-for.ts";
import { courseRequest } from "../course_factory/fixtures.ts";
import { base, create, createBody, description } from "./fixtures.ts";

const subscriber = "course_distribution";

// A system of its own for each test, so that each sees only its own events.
let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(async () => {
  await engine?.cleanup();
});

/** Publishes an event as the course factory does. */
async function publish<D extends EventDefinition>(definition: D, payload: PayloadInputOf<D>) {
  const context = { source: "course_factory_service", tenant_id: "tenant_a", correlation_id: "request-1" };
  return engine.publish(context, (record) => record(definition, payload));
}

function completed(
  courseId: string,
  changes: Partial<PayloadInputOf<typeof courseGenerationCompleted>> = {},
) {
  return {
    course_id: courseId,
    title: "Grundlagen der Geldanlage",
    description,
    language: "de",
    target_audiences: ["students", "parents"],
    tenant_id: "tenant_a",
    total_modules: 4,
    total_lessons: 12,
    full_lessons_generated: 3,
    quiz_questions_count: 15,
    evidence_pack_path: `artifact:course/${courseId}`,
    execution_time_seconds: 1.5,
    deployed: false,
    staging_url: null,
    completed_at: "2026-11-21T10:00:00.000Z",
    ...changes,
  } satisfies PayloadInputOf<typeof courseGenerationCompleted>;
}

function deployed(courseId: string, at = "2026-11-21T11:00:00.000Z") {
  return {
    course_id: courseId,
    staging_url: `https://staging.example/${at}`,
    staging_domain: "staging.example",
    deployed_at: at,
  };
}

interface Entry {
  readonly distribution_id: string;
  readonly slug: string;
  readonly visibility: string;
  readonly title: string;
  readonly staging_url: string | null;
  readonly staging_deployed_at: string | null;
}

async function entriesOf(courseId: string): Promise<Entry[]> {
  const answer = await engine.request("GET", `${base}/distribution?course_id=${courseId}`);
  expect(answer.status).toBe(200);
  return answer.body as Entry[];
}

async function createEntry(courseId: string, slug: string): Promise<string> {
  return (await create(engine, { course_id: courseId, slug })).id;
}

interface RecordRow {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tenant_id: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly meta: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

/** Recorded events of one type. */
const recorded = (type: string) =>
  engine.sql<RecordRow>(
    `SELECT id, type, source, tenant_id, correlation_id, causation_id, meta, payload
     FROM events WHERE type = $1 ORDER BY position`,
    [type],
  );

const group = `edge_${subscriber}`;

/** Entries delivered to the group and not acked. */
describe("publishing", () => {
  test("a created entry is a row in the record and an entry on the stream, with complete meta", async () => {
    const courseId = crypto.randomUUID();
    const id = await createEntry(courseId, "alternatives-to-banks");
    const rows = await recorded("distribution.created");
    expect(rows).toHaveLength(1);
    const [row] = rows;
    expect(row).toMatchObject({
      source: "course_distribution",
      meta: { schema_version: 1, producer: "course_distribution", source_module: "course_distribution" },
      payload: {
        distribution_id: id,
        course_id: courseId,
        slug: "alternatives-to-banks",
        language: "en",
        title: "Alternatives to banks",
        target_group: ["students"],
        visibility: "private",
        version: "v1",
        derived_from: null,
      },
    });
    expect(isUuidV4(row?.id ?? "")).toBe(true);
    await engine.relay();
    const entries = (await engine.streamEntries()).filter(
      ({ fields }) => fields.type === "distribution.created",
    );
    expect(entries).toHaveLength(1);
    const fields = entries[0]?.fields ?? {};
    expect(fields).toMatchObject({ id: row?.id, source: "course_distribution" });
    expect(JSON.parse(fields.payload ?? "")).toEqual(row?.payload);
    expect(JSON.parse(fields.meta ?? "")).toMatchObject({
      schema_version: 1,
      producer: "course_distribution",
      source_module: "course_distribution",
    });
  });

  test("a change whose event is refused is not stored either", async () => {
    const courseId = crypto.randomUUID();
    // The entry is inserted first; its event then refuses the e-mail address in the title.
    const body = createBody({ course_id: courseId, title: "Write to kurs@example.org" });
    expect((await engine.request("POST", `${base}/distribution/create`, body)).status).toBe(422);
    expect(await entriesOf(courseId)).toEqual([]);
    expect(await recorded("distribution.created")).toEqual([]);
  });
});

describe("consuming from the stream", () => {
  test("a finished course gets one private entry and the event that tells of it", async () => {
    const courseId = crypto.randomUUID();
    const cause = await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    const entries = await entriesOf(courseId);
    expect(entries).toMatchObject([
      {
        slug: "grundlagen-der-geldanlage",
        language: "de",
        title: "Grundlagen der Geldanlage",
        target_group: ["students", "parents"],
        visibility: "private",
        version: "v1",
        derived_from: null,
        seo: { meta_title: "Grundlagen der Geldanlage", keywords: [] },
        cta: { label: "Jetzt starten", action: "open_course", url: null },
      },
    ]);
    expect(await recorded("distribution.created")).toMatchObject([
      {
        tenant_id: "tenant_a",
        correlation_id: "request-1",
        causation_id: cause.id,
        payload: { course_id: courseId, distribution_id: entries[0]?.distribution_id },
      },
    ]);
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });

  test("the rule of access that a finished course has is shown with its public entry; the later word counts", async () => {
    const courseId = crypto.randomUUID();
    const access = { mode: "paid" as const, price_cents: 4900, currency: "EUR", free_lessons: 2 };
    await publish(courseGenerationCompleted, completed(courseId, { access }));
    await engine.settle();
    const [entry] = await entriesOf(courseId);
    const slug = String(entry?.slug);
    await engine.request("POST", `${base}/distribution/${entry?.distribution_id}/publish`);
    // A view is counted by another statement than the one that only reads.
    const shown = async (userAgent: string) =>
      (await engine.request("GET", `${base}/public/${slug}`, undefined, { "user-agent": userAgent })).body;
    expect(await shown("Googlebot/2.1")).toMatchObject({ access, view_count: 0 });
    expect(await shown("Mozilla/5.0 (X11; Linux x86_64)")).toMatchObject({ access, view_count: 1 });
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    expect(await shown("Googlebot/2.1")).toMatchObject({ access: { mode: "open" } });
  });

  test("a dry run gets no entry", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId, { dry_run: true }));
    await engine.settle();
    expect(await entriesOf(courseId)).toEqual([]);
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });

  test("a course that has an entry keeps it", async () => {
    const courseId = crypto.randomUUID();
    const id = await createEntry(courseId, "made-by-hand");
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    expect(await entriesOf(courseId)).toMatchObject([{ distribution_id: id, slug: "made-by-hand" }]);
    expect(await recorded("distribution.created")).toHaveLength(1);
  });

  test("two courses with one title both get an entry", async () => {
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    await publish(courseGenerationCompleted, completed(first));
    await publish(courseGenerationCompleted, completed(second));
    await engine.settle();
    expect((await entriesOf(first))[0]?.slug).toBe("grundlagen-der-geldanlage");
    expect((await entriesOf(second))[0]?.slug).toBe(`grundlagen-der-geldanlage-${second.slice(0, 8)}`);
  });

  test("short texts are completed to what an entry needs", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId, { title: "KI 😀", description: "Kurz." }));
    await engine.settle();
    const [entry] = await entriesOf(courseId);
    expect(entry).toMatchObject({ title: "KI 😀 Online-Kurs", slug: "ki-course" });
    expect(entry).toHaveProperty(
      "description",
      "Kurz. Ein Online-Kurs mit Lektionen, Beispielen und Übungen.",
    );
  });

  test("a staging deployment is noted on all entries, and the later word counts, whatever time it names", async () => {
    const courseId = crypto.randomUUID();
    const parent = await createEntry(courseId, "alternatives-to-banks");
    await engine.request("POST", `${base}/distribution/micro-niche`, { parent_course_id: parent });
    const startedAt = new Date().toISOString();
    const newest = deployed(courseId, "2026-11-21T09:00:00.000Z");
    await publish(courseDeployedStaging, deployed(courseId, "2031-11-21T12:00:00.000Z"));
    await publish(courseDeployedStaging, newest);
    await engine.settle();
    const entries = await entriesOf(courseId);
    expect(entries).toMatchObject([{ staging_url: newest.staging_url }, { staging_url: newest.staging_url }]);
    for (const { staging_deployed_at: at } of entries) {
      expect(String(at) >= startedAt && String(at) <= new Date().toISOString(), String(at)).toBe(true);
    }
  });

  test("a requested distribution of a draft stays private, and the request is answered", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId));
    await publish(courseDistributionRequested, { course_id: courseId });
    await engine.settle();
    const [entry] = await entriesOf(courseId);
    expect(entry?.visibility).toBe("private");
    expect(await recorded("distribution.published")).toEqual([]);
    const answers = await recorded("course.distribution.completed");
    expect(answers).toMatchObject([
      { payload: { course_id: courseId, distribution_id: entry?.distribution_id, slug: entry?.slug } },
    ]);
    expect(answers[0]).toMatchObject({ source: "course_distribution", correlation_id: "request-1" });
  });

  test("a requested distribution of a course of which nothing was told is published, once", async () => {
    const courseId = crypto.randomUUID();
    await createEntry(courseId, "alternatives-to-banks");
    await publish(courseDistributionRequested, { course_id: courseId });
    await engine.settle();
    expect((await entriesOf(courseId))[0]?.visibility).toBe("public");
    await publish(courseDistributionRequested, { course_id: courseId });
    await engine.settle();
    expect(await recorded("course.distribution.completed")).toHaveLength(2);
    expect(await recorded("distribution.published")).toHaveLength(1);
  });

  test("a request is answered once, whatever a forced replay finds", async () => {
    const courseId = crypto.randomUUID();
    await createEntry(courseId, "alternatives-to-banks");
    const { id: event_id } = await publish(courseDistributionRequested, { course_id: courseId });
    await engine.settle();
    const answers = await recorded("course.distribution.completed");
    expect(answers.map(({ id }) => isUuidV4(String(id)))).toEqual([true]);
    await engine.sql("UPDATE course_distributions SET slug = 'another-address' WHERE course_id = $1", [
      courseId,
    ]);
    await replayOnce({ event_id });
    expect(await recorded("course.distribution.completed")).toEqual(answers);
  });

  test("a requested distribution that an operator has unlisted stays unlisted", async () => {
    const courseId = crypto.randomUUID();
    const id = await createEntry(courseId, "alternatives-to-banks");
    await engine.request("PUT", `${base}/distribution/${id}`, { visibility: "unlisted" });
    await publish(courseDistributionRequested, { course_id: courseId });
    await engine.settle();
    expect((await entriesOf(courseId))[0]?.visibility).toBe("unlisted");
    expect(await recorded("course.distribution.completed")).toHaveLength(1);
  });

  test("the outline shows what the events tell, and no more", async () => {
    const courseId = crypto.randomUUID();
    const moduleId = crypto.randomUUID();
    await publish(courseOutlineCreated, {
      course_id: courseId,
      modules_count: 4,
      total_lessons: 12,
      template_id: null,
    });
    for (const lessonIndex of [1, 2]) {
      await publish(courseLessonGenerated, {
        course_id: courseId,
        lesson_id: crypto.randomUUID(),
        lesson_title: `Lesson ${lessonIndex}`,
        module_id: moduleId,
        content_length: 900,
        lesson_index: lessonIndex,
      });
    }
    await publish(courseGenerationCompleted, completed(courseId));
    await publish(courseWorkflowTransitioned, changed(courseId, "publish_ready", "published"));
    await engine.settle();
    const [entry] = await entriesOf(courseId);
    const outline = await engine.request("GET", `${base}/public/${entry?.slug}/outline`);
    expect(outline.status).toBe(200);
    expect(outline.body).toMatchObject({
      slug: entry?.slug,
      total_chapters: 12,
      total_duration_minutes: null,
      prerequisites: [],
      learning_outcomes: [],
    });
    expect(
      outline.body.modules.map((module: Record<string, unknown>) => [
        module.module_id,
        module.title,
        module.chapter_count,
      ]),
    ).toEqual([
      [moduleId, "Modul 1", 2],
      [null, "Modul 2", 0],
      [null, "Modul 3", 0],
      [null, "Modul 4", 0],
    ]);
    const variant = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: entry?.distribution_id,
      derived_content: { module_filters: [moduleId] },
    });
    await engine.request("POST", `${base}/distribution/${variant.body.distribution_id}/publish`);
    const filtered = await engine.request("GET", `${base}/public/${variant.body.slug}/outline`);
    expect(filtered.body).toMatchObject({
      total_chapters: 2,
      modules: [{ module_id: moduleId, chapter_count: 2 }],
    });
  });
});

describe("the outline of a course of the factory", () => {
  test("shows the titles, lessons and durations that its event tells", async () => {
    const answer = await engine.request(
      "POST",
      "/api/course-factory/generate",
      courseRequest({ dry_run: false }),
    );
    expect(answer.status, answer.text).toBe(201);
    await engine.settle();
    const { course_id: courseId, outline: made } = answer.body;
    const [entry] = await entriesOf(courseId);
    await engine.request("POST", `${base}/distribution/${entry?.distribution_id}/publish`);
    const shown = await engine.request("GET", `${base}/public/${entry?.slug}/outline`);
    expect(shown.body).toMatchObject({
      total_chapters: made.total_lessons,
      total_duration_minutes: made.total_estimated_duration_minutes,
      modules: made.modules.map((part: Record<string, unknown> & { lessons: { title: string }[] }) => ({
        module_id: part.module_id,
        title: part.title,
        chapter_count: part.lessons.length,
        estimated_duration_minutes: part.estimated_total_duration_minutes,
        lessons: part.lessons.map(({ title }) => ({ title })),
      })),
    });
    const [told] = await engine.sql<{ size: number }>(
      "SELECT octet_length(payload::text) AS size FROM events WHERE type = 'course.outline.created' AND key = $1",
      [courseId],
    );
    // Far from the size at which payloads are warned of.
    expect(told?.size).toBeLessThan(4_096);
  });
});

/** A change of the workflow, as its authors made it. */
function changed(courseId: string, from: WorkflowState, to: WorkflowState) {
  return {
    course_id: courseId,
    from_state: from,
    to_state: to,
    transitioned_by: "author-1",
    requires_approval: false,
    approval_id: null,
  };
}
type WorkflowState = PayloadInputOf<typeof courseWorkflowTransitioned>["to_state"];

describe("visibility", () => {
  const visibilities = async (courseId: string) =>
    (await entriesOf(courseId)).map(({ visibility }) => visibility).sort();

  test("follows the workflow in both directions, for variants too", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    const [base_] = await entriesOf(courseId);
    const parent = base_?.distribution_id;
    await engine.request("POST", `${base}/distribution/micro-niche`, { parent_course_id: parent });
    await publish(courseWorkflowTransitioned, changed(courseId, "draft", "review"));
    await publish(courseWorkflowTransitioned, changed(courseId, "review", "publish_ready"));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["private", "private"]);
    await publish(courseWorkflowTransitioned, changed(courseId, "publish_ready", "published"));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["public", "public"]);
    expect(await recorded("distribution.published")).toHaveLength(2);
    expect((await engine.request("GET", `${base}/public/${base_?.slug}`)).status).toBe(200);
    await publish(courseWorkflowTransitioned, changed(courseId, "published", "archived"));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["private", "private"]);
    expect(await recorded("distribution.unpublished")).toMatchObject([
      { payload: { reason: "The course went from published to archived." } },
      {},
    ]);
    expect((await engine.request("GET", `${base}/public/${base_?.slug}`)).status).toBe(404);
  });

  test("of an unlisted entry stays while the course is published, and ends with it", async () => {
    const courseId = crypto.randomUUID();
    const id = await createEntry(courseId, "alternatives-to-banks");
    await engine.request("PUT", `${base}/distribution/${id}`, { visibility: "unlisted" });
    await publish(courseWorkflowTransitioned, changed(courseId, "publish_ready", "published"));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["unlisted"]);
    await publish(courseWorkflowTransitioned, changed(courseId, "published", "archived"));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["private"]);
  });

  test("that a person chose stands until the next change of the workflow", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    const id = (await entriesOf(courseId))[0]?.distribution_id;
    expect((await engine.request("POST", `${base}/distribution/${id}/publish`)).status).toBe(200);
    await publish(courseWorkflowTransitioned, changed(courseId, "draft", "review"));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["public"]);
    await publish(courseWorkflowTransitioned, changed(courseId, "review", "archived"));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["private"]);
  });

  test("of an entry that is made after its course was published is public", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseWorkflowTransitioned, changed(courseId, "publish_ready", "published"));
    await engine.settle();
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    expect(await visibilities(courseId)).toEqual(["public"]);
  });

  test("is not changed by a change of the workflow that is handled again after a later one", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId));
    const context = { source: "course_factory_service", correlation_id: "request-published" };
    await engine.publish(context, (record) =>
      record(courseWorkflowTransitioned, changed(courseId, "publish_ready", "published")),
    );
    await engine.settle();
    await publish(courseWorkflowTransitioned, changed(courseId, "published", "archived"));
    await engine.settle();
    await replayOnce({ correlation_id: "request-published" });
    expect(await visibilities(courseId)).toEqual(["private"]);
    expect(await recorded("distribution.published")).toHaveLength(1);
  });
});

/** Forces one event on the consumer once more. */
async function replayOnce(set: { readonly correlation_id: string } | { readonly event_id: string }) {
  const replay = await engine.request("POST", "/api/replays", {
    subscriber,
    name: "once more",
    mode: "force",
    reason: "a test",
    ...set,
  });
  expect(replay.status, replay.text).toBe(202);
  await engine.settle();
  await waitFor(
    "the replay has applied its event",
    async () => (await engine.request("GET", `/api/replays/${replay.body.id}`)).body,
    (job) => job.status === "completed" && job.succeeded === 1,
  );
}

/** Has a drain run into what another transaction has locked, which commits once the drain waits for it. */
async function drainBehind(first: (tx: Tx) => Promise<unknown>) {
  await engine.relay();
  const drained = await engine.publish({ source: "somebody_else" }, async (_publish, tx) => {
    await first(tx);
    const drain = engine.drain(subscriber);
    await waitFor(
      "a statement that waits",
      () =>
        engine.sql(
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        ),
      (rows) => rows.length > 0,
    );
    return { drain };
  });
  return drained.drain;
}

describe("side by side", () => {
  test("a course whose slug is taken at the same moment gets the next one", async () => {
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    await publish(courseGenerationCompleted, completed(second));
    const drained = await drainBehind((tx) =>
      tx.execute(sql`
        INSERT INTO course_distributions (distribution_id, course_id, slug, language, title, description, target_group,
          seo, cta, created_at, updated_at)
        VALUES ('dist_0123456789abcdef', ${first}, 'grundlagen-der-geldanlage', 'de', 'Grundlagen der Geldanlage',
          ${description}, '{}', '{}', '{}', now(), now())`),
    );
    expect(drained).toMatchObject({ applied: 1, retried: 0, deadLettered: 0 });
    expect((await entriesOf(second))[0]?.slug).toBe(`grundlagen-der-geldanlage-${second.slice(0, 8)}`);
  });

  test("a requested distribution waits for who tells of its course, and leaves the entry as it is told", async () => {
    const courseId = crypto.randomUUID();
    const id = await createEntry(courseId, "alternatives-to-banks");
    await publish(courseDistributionRequested, { course_id: courseId });
    const drained = await drainBehind(async (tx) => {
      await tx.execute(sql`SELECT FROM course_distributions WHERE distribution_id = ${id} FOR UPDATE`);
      await tx.execute(sql`INSERT INTO course_distribution_courses (course_id) VALUES (${courseId})`);
    });
    expect(drained).toMatchObject({ applied: 1 });
    expect((await entriesOf(courseId))[0]?.visibility).toBe("private");
  });
});

describe("redelivery", () => {
  test("of the same stream entry has no second effect", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    const [entry] = await entriesOf(courseId);
    // Without its entry the course would get a new one, if the event were applied again.
    await engine.request("DELETE", `${base}/distribution/${entry?.distribution_id}`);
    await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
    const result = await engine.drain(subscriber);
    expect(result.redelivered).toBeGreaterThanOrEqual(1);
    expect(await entriesOf(courseId)).toEqual([]);
    expect(await recorded("distribution.created")).toHaveLength(1);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("of the same event under a new stream id has no second effect", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    const [entry] = await entriesOf(courseId);
    await engine.request("DELETE", `${base}/distribution/${entry?.distribution_id}`);
    const sent = (await engine.streamEntries()).find(
      ({ fields }) => fields.type === "course.generation.completed",
    );
    await engine.append(Object.entries(sent?.fields ?? {}).flat());
    const result = await engine.drain(subscriber);
    expect(result.publishedTwice).toBe(1);
    expect(await entriesOf(courseId)).toEqual([]);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("a new event about the same course does have an effect, so the tests above can fail", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    const [entry] = await entriesOf(courseId);
    await engine.request("DELETE", `${base}/distribution/${entry?.distribution_id}`);
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    expect(await entriesOf(courseId)).toHaveLength(1);
  });
});

describe("failures", () => {
  test("a permanent one is acked, with a dead letter that says why", async () => {
    const courseId = crypto.randomUUID();
    const suffix = courseId.replaceAll("-", "");
    for (const slug of ["", `-${suffix.slice(0, 8)}`, `-${suffix}`]) {
      await createEntry(crypto.randomUUID(), `grundlagen-der-geldanlage${slug}`);
    }
    await publish(courseGenerationCompleted, completed(courseId));
    await engine.settle();
    expect(await engine.deadLetters(subscriber)).toMatchObject([
      {
        reason: "permanent_error",
        event_type: "course.generation.completed",
        attempts: 1,
        error_message: expect.stringContaining("No slug is free"),
      },
    ]);
    expect(await engine.pendingCount(group)).toBe(0);
    expect(await entriesOf(courseId)).toEqual([]);
  });

  test("a payload without what an entry needs becomes a dead letter at once", async () => {
    const { title: _, ...payload } = completed(crypto.randomUUID());
    await engine.settle();
    const fields = {
      id: crypto.randomUUID(),
      type: "course.generation.completed",
      source: "course_factory_service",
      payload: JSON.stringify(payload),
      timestamp: "2026-11-21T10:00:00.123456",
      meta: JSON.stringify({
        schema_version: 1,
        producer: "course_factory_service",
        source_module: "course_factory",
      }),
    };
    await engine.append(Object.entries(fields).flat());
    await engine.settle();
    expect(await engine.deadLetters(subscriber)).toMatchObject([{ reason: "invalid_payload", attempts: 1 }]);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("a transient one is not acked and handled later", async () => {
    const courseId = crypto.randomUUID();
    await publish(courseDeployedStaging, deployed(courseId));
    await engine.relay();
    const first = await engine.drain(subscriber);
    expect(first).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
    expect(await engine.pendingCount(group)).toBe(1);
    await createEntry(courseId, "alternatives-to-banks");
    await eventually(async () => {
      await engine.drain(subscriber);
      expect(await entriesOf(courseId)).toMatchObject([{ staging_url: deployed(courseId).staging_url }]);
      expect(await engine.pendingCount(group)).toBe(0);
    });
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });

  test("a request for a course without an entry is answered with failed at the last attempt", async () => {
    let clockMs = Date.now();
    const consumer = courseDistributionConsumer(courseShowcase(false));
    const backbone = await createBackbone({ consumers: [consumer], now: () => clockMs });
    try {
      const courseId = crypto.randomUUID();
      const context = { source: "course_factory_service", correlation_id: "request-1" };
      await backbone.publish(context, (record) =>
        record(courseDistributionRequested, { course_id: courseId }),
      );
      await backbone.relay();
      for (let attempt = 1; attempt < consumer.retry.maxAttempts; attempt += 1) {
        expect(await backbone.drain(consumer), `attempt ${attempt}`).toMatchObject({
          applied: 0,
          retried: 1,
        });
        clockMs += consumer.retry.capMs;
      }
      const answers = () =>
        backbone.sql("SELECT payload, correlation_id FROM events WHERE type = 'course.distribution.failed'");
      expect(await answers()).toEqual([]);
      expect(await backbone.drain(consumer)).toMatchObject({ applied: 1, retried: 0, deadLettered: 0 });
      expect(await answers()).toEqual([
        {
          correlation_id: "request-1",
          payload: { course_id: courseId, error: expect.stringContaining(courseId), retry_count: 4 },
        },
      ]);
    } finally {
      await backbone.cleanup();
    }
  });
});
