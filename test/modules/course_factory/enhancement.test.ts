import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { listen } from "../../listening.ts";
import { authoring, type Fields } from "./fixtures.ts";

let engine: TestEngine;
let authors: ReturnType<typeof authoring>;
beforeAll(async () => {
  engine = await createTestEngine();
  authors = authoring(engine);
});
afterAll(() => engine?.cleanup());

const allTypes = ["examples", "summaries", "flashcards", "analogies"];

interface Course {
  readonly course_id: string;
  readonly lessons: readonly string[];
}

async function newCourse(fields: Fields = {}): Promise<Course> {
  const course = await authors.generated(fields);
  const lessons = course.outline.modules.flatMap((part: { lessons: { lesson_id: string }[] }) =>
    part.lessons.map(({ lesson_id }) => lesson_id),
  );
  return { course_id: course.course_id, lessons };
}

const enhance = (course: Course, fields: Fields = {}, actor?: string) =>
  authors.post(
    "/enhance",
    {
      course_id: course.course_id,
      lesson_ids: course.lessons.slice(0, 1),
      enhancement_types: allTypes,
      dry_run: false,
      ...fields,
    },
    actor,
  );

const versionsOf = (course: Course, index = 0, query = "") =>
  authors.request(
    "GET",
    `/api/course-factory/courses/${course.course_id}/lessons/${course.lessons[index]}/enhancements${query}`,
  );

const applied = (course: Course) => authors.eventsOf(course.course_id, "course.enhancement.applied");

describe("enhancing a lesson", () => {
  test("shows what would be made and stores nothing, unless told otherwise", async () => {
    const course = await newCourse();
    const { dry_run: _, ...body } = {
      dry_run: true,
      course_id: course.course_id,
      lesson_ids: course.lessons.slice(0, 2),
      enhancement_types: allTypes,
    };
    const answer = await authors.post("/enhance", body);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({
      success: true,
      dry_run: true,
      generator: "template",
      enhanced_count: 2,
      validation_errors: [],
    });
    expect(answer.body.lessons).toHaveLength(2);
    for (const lesson of answer.body.lessons) {
      expect(lesson).toMatchObject({ applied: false, version: null, validation_passed: true });
      expect(lesson.flashcards).toHaveLength(3);
      expect(lesson.diff).toMatch(/^--- base\n\+\+\+ enhanced\n@@ /);
    }
    expect((await versionsOf(course)).body).toMatchObject({ versions: [], next_before: null });
    expect(await applied(course)).toEqual([]);
  });

  test("stores versions with their event, leaves the lesson as it is, and keeps the texts out of the event", async () => {
    const course = await newCourse();
    const path = `/api/course-factory/courses/${course.course_id}/lessons/${course.lessons[0]}`;
    const before = (await authors.request("GET", path)).body;
    const answer = await enhance(course, { lesson_ids: course.lessons.slice(0, 2) }, "author-1");
    expect(answer.body, answer.text).toMatchObject({ success: true, dry_run: false, enhanced_count: 2 });
    expect(answer.body.lessons[0]).toMatchObject({ applied: true, version: 1 });
    expect((await authors.request("GET", path)).body).toEqual(before);
    const { versions } = (await versionsOf(course)).body;
    expect(versions).toEqual([
      {
        version: 1,
        enhancement_types: [...allTypes].sort(),
        content_markdown: answer.body.lessons[0].content_markdown,
        flashcards: answer.body.lessons[0].flashcards,
        base_hash: answer.body.lessons[0].base_hash,
        diff_hash: answer.body.lessons[0].diff_hash,
        generator: "template",
        created_by: "author-1",
        created_at: expect.stringMatching(/Z$/),
      },
    ]);
    const [event, ...more] = await applied(course);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      tenant_id: "tenant-a",
      actor_id: "author-1",
      source: "course_factory_service",
      meta: { schema_version: 1, source_module: "course_factory" },
      payload: {
        lesson_ids: course.lessons.slice(0, 2),
        diff_hash: answer.body.diff_hash,
        flashcards_count: 6,
      },
    });
    expect(JSON.stringify(event?.payload).length).toBeLessThan(1_000);
  });

  test("changes nothing when the same is asked for again, and makes a version of something else", async () => {
    const course = await newCourse();
    await enhance(course);
    const again = await enhance(course);
    expect(again.body.lessons[0]).toMatchObject({ applied: true, version: 1 });
    expect(await applied(course)).toHaveLength(1);
    const other = await enhance(course, { enhancement_types: ["summaries"] });
    expect(other.body.lessons[0]).toMatchObject({ applied: true, version: 2, flashcards: [] });
    expect(await applied(course)).toHaveLength(2);
    const page = await versionsOf(course, 0, "?limit=1");
    expect(page.body).toMatchObject({ versions: [{ version: 2 }], next_before: 2 });
    expect((await versionsOf(course, 0, "?limit=1&before=2")).body).toMatchObject({
      versions: [{ version: 1 }],
      next_before: null,
    });
  });

  test("gives concurrent authors one version for the same and a version each for different things", async () => {
    const course = await newCourse();
    const same = await Promise.all(Array.from({ length: 6 }, () => enhance(course)));
    expect(same.map(({ body }) => body.lessons[0].version)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await applied(course)).toHaveLength(1);
    const types = [["examples"], ["summaries"], ["analogies"], ["flashcards"]];
    const different = await Promise.all(
      types.map((enhancement_types) => enhance(course, { enhancement_types })),
    );
    expect(different.map(({ body }) => body.lessons[0].version).sort()).toEqual([2, 3, 4, 5]);
    expect(await applied(course)).toHaveLength(5);
  });

  test("is for completed courses and written lessons only", async () => {
    const course = await newCourse({ full_lessons_count: 1 });
    expect((await enhance(course, { lesson_ids: [course.lessons[1]] })).status).toBe(409);
    expect((await enhance(course, { lesson_ids: [crypto.randomUUID()] })).status).toBe(404);
    expect((await enhance({ ...course, course_id: crypto.randomUUID() })).status).toBe(404);
    for (const change of [
      "status = 'generating'",
      "status = 'failed'",
      "status = 'completed', workflow_state = 'archived'",
    ]) {
      await engine.sql(`UPDATE course_factory_courses SET ${change} WHERE course_id = $1`, [
        course.course_id,
      ]);
      expect((await enhance(course)).status).toBe(409);
    }
    expect(await applied(course)).toEqual([]);
  });

  test("refuses what is out of bounds", async () => {
    const course = await newCourse();
    for (const fields of [
      { lesson_ids: [] },
      { lesson_ids: [course.lessons[0], course.lessons[0]] },
      { enhancement_types: [] },
      { enhancement_types: ["jokes"] },
      { llm_temperature: 1.1 },
      { llm_max_tokens: 99 },
      { llm_max_tokens: 4001 },
      { surprise: 1 },
    ]) {
      expect((await enhance(course, fields)).status, JSON.stringify(fields)).toBe(422);
    }
  });
});

describe("a text that breaks a rule", () => {
  /** The lesson is made so short that every addition is too long. */
  async function shortLesson(course: Course, index: number): Promise<void> {
    await engine.sql(
      `UPDATE course_factory_artifacts SET content = jsonb_set(content, '{content_markdown}', '"# Short\\n\\nA few words.\\n"')
       WHERE course_id = $1 AND kind = 'lesson' AND position = $2`,
      [course.course_id, index + 1],
    );
  }

  test("is left out and reported, while the others are stored", async () => {
    const course = await newCourse();
    await shortLesson(course, 0);
    const answer = await enhance(course, { lesson_ids: course.lessons.slice(0, 2) });
    expect(answer.body, answer.text).toMatchObject({ success: false, enhanced_count: 1 });
    expect(answer.body.validation_errors).toEqual([
      { lesson_id: course.lessons[0], message: expect.stringContaining("grew by") },
    ]);
    expect(answer.body.lessons).toMatchObject([
      { validation_passed: false, applied: false, version: null },
      { validation_passed: true, applied: true, version: 1 },
    ]);
    const [event] = await applied(course);
    expect(event?.payload.lesson_ids).toEqual([course.lessons[1]]);
  });

  test("fails the whole request when that is wanted, and then nothing is stored", async () => {
    const course = await newCourse();
    await shortLesson(course, 0);
    const answer = await enhance(course, {
      lesson_ids: course.lessons.slice(0, 2),
      fail_on_validation_error: true,
    });
    expect(answer.status).toBe(422);
    expect(answer.body.error.details).toEqual([
      { path: `lessons.${course.lessons[0]}`, message: expect.stringContaining("grew by") },
    ]);
    expect(await applied(course)).toEqual([]);
    expect((await versionsOf(course, 1)).body.versions).toEqual([]);
  });

  test("is stored when nobody wants the checks (control)", async () => {
    const course = await newCourse();
    await shortLesson(course, 0);
    const answer = await enhance(course, { validate_enhancements: false });
    expect(answer.body.lessons[0]).toMatchObject({ applied: true, version: 1 });
  });
});

describe("enhancing with a content service", () => {
  let server: Server;
  let service: TestEngine;
  let reply: () => { readonly status: number; readonly content: unknown };
  const requests: { readonly temperature: number; readonly max_tokens: number }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        requests.push(JSON.parse(Buffer.concat(chunks).toString()));
        const { status, content } = reply();
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify({ choices: [{ message: { content: JSON.stringify(content) } }] }));
      });
    });
    const port = await listen(server);
    service = await createTestEngine({
      CONTENT_API_URL: `http://127.0.0.1:${port}/v1`,
      CONTENT_API_KEY: "sk-content-secret-0123456789",
      CONTENT_MODEL: "m",
    });
  });
  afterAll(async () => {
    await service?.cleanup();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A finished course as the other engine made it, copied to this one. */
  async function copied(): Promise<Course> {
    const course = await newCourse();
    for (const table of ["course_factory_courses", "course_factory_artifacts"]) {
      const rows = await engine.sql(`SELECT * FROM ${table} WHERE course_id = $1`, [course.course_id]);
      await service.sql(
        `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
        [JSON.stringify(rows)],
      );
    }
    return course;
  }

  const post = (course: Course, fields: Fields = {}) =>
    service.request("POST", "/api/course-factory/enhance", {
      course_id: course.course_id,
      lesson_ids: course.lessons.slice(0, 1),
      enhancement_types: ["examples", "flashcards"],
      dry_run: false,
      llm_temperature: 0.2,
      llm_max_tokens: 500,
      ...fields,
    });

  const card = {
    question: "What is it about?",
    answer: "It is about time.",
    difficulty: "easy",
    keywords: ["time"],
  };

  test("weaves its paragraph into the lesson and passes the settings on", async () => {
    const course = await copied();
    reply = () => ({
      status: 200,
      content: { examples: "A gardener plans\n# the week on Sunday.", flashcards: [card, card, card] },
    });
    const answer = await post(course);
    expect(answer.body, answer.text).toMatchObject({ success: true, generator: "openai-compatible" });
    expect(answer.body.lessons[0].content_markdown).toContain("A gardener plans # the week on Sunday.");
    expect(answer.body.lessons[0]).toMatchObject({ version: 1, flashcards: [card, card, card] });
    expect(requests.at(-1)).toMatchObject({ temperature: 0.2, max_tokens: 500 });
  });

  test("reports a paragraph that would change the structure", async () => {
    const course = await copied();
    reply = () => ({ status: 200, content: { examples: "# A heading of its own, and more" } });
    const answer = await post(course, { enhancement_types: ["examples"] });
    expect(answer.body).toMatchObject({ success: false, enhanced_count: 0 });
    expect(answer.body.validation_errors[0].message).toContain("headings changed");
  });

  test.each([
    [500, 503],
    [401, 502],
  ])("answers a status %i of the service with %i and stores nothing", async (status, expected) => {
    const course = await copied();
    reply = () => ({ status, content: {} });
    const answer = await post(course);
    expect(answer.status).toBe(expected);
    expect(answer.text).not.toContain("sk-content-secret");
    expect(
      await service.sql("SELECT 1 FROM course_factory_enhancements WHERE course_id = $1", [course.course_id]),
    ).toEqual([]);
  });
});
