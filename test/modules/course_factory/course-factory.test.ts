import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadRoutes } from "../../../src/http/mounted-routes.ts";
import { declaredRoutes } from "../../../src/http/route-list.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";

const base = "/api/course-factory";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine.cleanup());

function requestBody(fields: Readonly<Record<string, unknown>> = {}) {
  return {
    tenant_id: "tenant-a",
    title: "Zeit gut einteilen",
    description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
    language: "de",
    target_audiences: ["employees", "parents"],
    dry_run: false,
    ...fields,
  };
}

async function generated(fields: Readonly<Record<string, unknown>> = {}) {
  const answer = await engine.request("POST", `${base}/generate`, requestBody(fields));
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tenant_id: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly severity: string | null;
  readonly payload: ReturnType<typeof JSON.parse>;
}

function eventsOf(courseId: string): Promise<EventRow[]> {
  return engine.sql<EventRow>("SELECT * FROM events WHERE payload ->> 'course_id' = $1 ORDER BY position", [
    courseId,
  ]);
}

function pathOf(courseId: string): string {
  return `${base}/courses/${courseId}`;
}

describe("generating a course", () => {
  test("stores every artifact with its event, in order, for the tenant and the request", async () => {
    const answer = await engine.request("POST", `${base}/generate`, requestBody(), {
      authorization: "Bearer test-key-0123456789abcdef",
      "content-type": "application/json",
      "x-request-id": "req-generate-1",
    });
    expect(answer.status).toBe(201);
    const course = answer.body;
    expect(course).toMatchObject({
      success: true,
      deployed: false,
      staging_url: null,
      evidence_pack_path: `artifact:course/${course.course_id}`,
      total_modules: 4,
      total_lessons: 12,
      full_lessons_generated: 3,
      quiz_questions_count: 15,
      errors: [],
      warnings: [],
    });
    const events = await eventsOf(course.course_id);
    expect(events.map((event) => event.type)).toEqual([
      "course.generation.requested",
      "course.generation.started",
      "course.outline.created",
      "course.lesson.generated",
      "course.lesson.generated",
      "course.lesson.generated",
      "course.quiz.created",
      "course.landing_page.created",
      "course.generation.completed",
    ]);
    for (const event of events) {
      expect(event).toMatchObject({
        tenant_id: "tenant-a",
        correlation_id: "req-generate-1",
        source: "course_factory_service",
      });
    }
    const lessons = events.filter((event) => event.type === "course.lesson.generated");
    expect(lessons.map((event) => event.payload.lesson_index)).toEqual([1, 2, 3]);
    for (const { payload } of lessons) {
      const lesson = await engine.request("GET", `${pathOf(course.course_id)}/lessons/${payload.lesson_id}`);
      expect(lesson.body).toMatchObject({
        status: "full",
        title: payload.lesson_title,
        module_id: payload.module_id,
      });
      expect(lesson.body.content_markdown).toHaveLength(payload.content_length);
      expect(lesson.body.word_count).toBeGreaterThanOrEqual(300);
    }
    expect(events.find((event) => event.type === "course.landing_page.created")?.payload).toMatchObject({
      sections_count: course.landing_page.sections.length,
      has_hero: true,
      has_pricing: false,
    });
    const completed = events.at(-1)?.payload;
    expect(completed).toMatchObject({
      tenant_id: "tenant-a",
      title: course.outline.metadata.title,
      language: "de",
      target_audiences: ["employees", "parents"],
      deployed: false,
      staging_url: null,
      url: null,
      duration: completed.execution_time_seconds,
    });
  });

  test("tells where the course can be read when the product knows its own address", async () => {
    const known = await createTestEngine({ BRAIN_PUBLIC_URL: "https://courses.example" });
    try {
      const answer = await known.request("POST", `${base}/generate`, requestBody());
      expect(answer.status, answer.text).toBe(201);
      const [told] = await known.sql<EventRow>(
        "SELECT * FROM events WHERE type = 'course.generation.completed' AND payload ->> 'course_id' = $1",
        [answer.body.course_id],
      );
      expect(new URL(told?.payload.url).origin).toBe("https://courses.example");
      const read = await known.request("GET", new URL(told?.payload.url).pathname);
      expect(read.body).toMatchObject({ course_id: answer.body.course_id });
    } finally {
      await known.cleanup();
    }
  });

  test("makes ten lessons with the built-in templates", async () => {
    await generated();
    const course = await generated({ title: "Alternativen zu Banken", full_lessons_count: 10 });
    expect(course.full_lessons_generated).toBe(10);
    expect(course.execution_time_seconds).toBeLessThan(30);
  });

  test("takes the banking template by the title, in the language of the request", async () => {
    const course = await generated({ title: "Understanding Banking today", language: "en" });
    expect(course).toMatchObject({ total_lessons: 15, total_modules: 4 });
    expect(course.outline.total_estimated_duration_minutes).toBe(310);
    const [outline] = (await eventsOf(course.course_id)).filter(
      (event) => event.type === "course.outline.created",
    );
    expect(outline?.payload.template_id).toBe("banking-alternatives-de");
  });

  test("leaves out the quiz and the landing page that nobody asked for", async () => {
    const course = await generated({ generate_quiz: false, generate_landing_page: false });
    expect(course.quiz).toBeUndefined();
    expect(course.landing_page).toBeUndefined();
    const types = (await eventsOf(course.course_id)).map((event) => event.type);
    expect(types).not.toContain("course.quiz.created");
    expect(types).not.toContain("course.landing_page.created");
  });

  test("can be read afterwards as it was answered", async () => {
    const course = await generated();
    const view = await engine.request("GET", pathOf(course.course_id));
    expect(view.status).toBe(200);
    expect(view.body).toMatchObject({
      course_id: course.course_id,
      tenant_id: "tenant-a",
      status: "completed",
      workflow_state: "draft",
      workflow_history: [],
      error: null,
      deliveries: { requested: 0, delivered: 0, failed: 0 },
      progress: { outline: true, lessons_written: 3, lessons_requested: 3, quiz: true, landing_page: true },
    });
    expect(view.body.result).toEqual(course);
  });

  test("says of a planned lesson that it has no text yet", async () => {
    const course = await generated();
    const planned = course.outline.modules[3].lessons[0];
    const lesson = await engine.request("GET", `${pathOf(course.course_id)}/lessons/${planned.lesson_id}`);
    expect(lesson.body).toMatchObject({ status: "placeholder", word_count: null });
    expect(lesson.body.content_markdown).toBeUndefined();
  });

  test("refuses a request with details for each field and stores nothing", async () => {
    const before = await engine.sql("SELECT count(*) FROM events");
    const answer = await engine.request(
      "POST",
      `${base}/generate`,
      requestBody({ title: "kurz", language: "it", x: 1 }),
    );
    expect(answer.status).toBe(422);
    expect(answer.body.error.code).toBe("validation_failed");
    const paths = answer.body.error.details.map((issue: { path: string }) => issue.path);
    expect(paths).toEqual(expect.arrayContaining(["title", "language"]));
    expect(await engine.sql("SELECT count(*) FROM events")).toEqual(before);
  });

  test("refuses personal data in a title, because events carry the title", async () => {
    const answer = await engine.request(
      "POST",
      `${base}/generate`,
      requestBody({ title: "Fragen an lena@example.org" }),
    );
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain("lena@example.org");
    expect(await engine.sql("SELECT 1 FROM course_factory_courses WHERE title LIKE '%lena@%'")).toEqual([]);
  });

  test("answers 404 for a course or lesson that does not exist and 422 for what is no id", async () => {
    const unknown = crypto.randomUUID();
    expect((await engine.request("GET", pathOf(unknown))).status).toBe(404);
    const { course_id: courseId } = await generated();
    expect((await engine.request("GET", `${pathOf(courseId)}/lessons/${unknown}`)).status).toBe(404);
    expect((await engine.request("GET", pathOf("x"))).status).toBe(422);
  });

  test("keeps concurrent requests apart", async () => {
    const courses = await Promise.all(
      Array.from({ length: 6 }, (_, index) => generated({ title: `Kurs Nummer ${index} von sechs` })),
    );
    expect(new Set(courses.map((course) => course.course_id)).size).toBe(6);
    const lessons = courses.flatMap((course) => course.outline.modules[0].lessons[0].lesson_id);
    expect(new Set(lessons).size).toBe(6);
  });
});

describe("the rule of access", () => {
  test("is kept with the course and told when it is completed", async () => {
    const access = { mode: "paid", price_cents: 4900 };
    const rule = { mode: "paid", price_cents: 4900, currency: "EUR", free_lessons: 1 };
    const { course_id: courseId } = await generated({ access });
    expect((await engine.request("GET", pathOf(courseId))).body).toMatchObject({ access: rule });
    const completed = (await eventsOf(courseId)).find(({ type }) => type === "course.generation.completed");
    expect(completed?.payload.access).toEqual(rule);
  });

  test("is left out of the event of a course without one, which is open", async () => {
    const { course_id: courseId } = await generated();
    expect((await engine.request("GET", pathOf(courseId))).body).toMatchObject({ access: { mode: "open" } });
    const completed = (await eventsOf(courseId)).find(({ type }) => type === "course.generation.completed");
    expect(completed?.payload).not.toHaveProperty("access");
  });

  test.each([
    ["no price", { mode: "paid" }, "access.price_cents"],
    ["a price of nothing", { mode: "paid", price_cents: 0 }, "access.price_cents"],
    ["a price beyond all bounds", { mode: "paid", price_cents: 100_000_000 }, "access.price_cents"],
    ["a currency that is none", { mode: "paid", price_cents: 1, currency: "EURO" }, "access.currency"],
    [
      "more free lessons than a course has",
      { mode: "paid", price_cents: 1, free_lessons: 31 },
      "access.free_lessons",
    ],
    ["a price of an open course", { mode: "open", price_cents: 1 }, "access"],
    ["another mode", { mode: "secret" }, "access.mode"],
  ])("with %s is refused", async (_what, access, path) => {
    const answer = await engine.request("POST", `${base}/generate`, requestBody({ access }));
    expect(answer.status, answer.text).toBe(422);
    expect(answer.text).toContain(path);
  });
});

describe("a dry run", () => {
  test("is the default, shows the course and stores none of it", async () => {
    const { dry_run: _, ...body } = requestBody();
    const answer = await engine.request("POST", `${base}/generate`, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      success: true,
      full_lessons_generated: 0,
      quiz_questions_count: 15,
      total_lessons: 12,
      evidence_pack_path: null,
    });
    const { course_id: courseId } = answer.body;
    expect((await engine.request("GET", pathOf(courseId))).status).toBe(404);
    const events = await eventsOf(courseId);
    expect(events.map((event) => [event.type, event.payload.dry_run])).toEqual([
      ["course.generation.requested", true],
    ]);
  });

  test("is forced by its own route", async () => {
    const answer = await engine.request("POST", `${base}/dry-run`, requestBody({ dry_run: false }));
    expect(answer.status).toBe(200);
    expect(answer.body.full_lessons_generated).toBe(0);
    expect((await engine.request("GET", pathOf(answer.body.course_id))).status).toBe(404);
  });

  test("leaves nothing to do for the consumer", async () => {
    await engine.request("POST", `${base}/dry-run`, requestBody());
    await engine.settle();
    expect(await engine.deadLetters("course_factory")).toEqual([]);
  });
});

describe("information", () => {
  test("names routes and languages", async () => {
    const answer = await engine.request("GET", `${base}/info`);
    expect(answer.body).toMatchObject({
      name: "course_factory",
      supported_languages: ["de", "en", "fr", "es"],
    });
    await loadRoutes(engine.app);
    const answered = declaredRoutes(engine.app)
      .filter(({ path }) => path.startsWith(base))
      .map(({ method, path }) => `${method} ${path.slice(base.length).replaceAll(/:(\w+)/g, "{$1}")}`);
    expect([...answer.body.endpoints].sort()).toEqual(answered.sort());
  });

  test("says how many courses are in work and how many of them stand still", async () => {
    const answer = await engine.request("GET", `${base}/health`);
    expect(answer.body).toMatchObject({
      status: "healthy",
      generator: "template",
      generating: 0,
      stalled: 0,
    });
  });
});
