import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../../engine.ts";
import { base, eventsOf, newCourse, type TestCourse, tenant, unknownCourse } from "./fixtures.ts";

let engine: TestEngine;
let course: TestCourse;
beforeAll(async () => {
  engine = await createTestEngine();
  course = await newCourse(engine);
});
afterAll(() => engine.cleanup());

const title = (value: string, target = course.courseId) => ({
  operation: "override_title",
  target_id: target,
  value,
});

const create = (
  overrides: readonly unknown[],
  fields: Record<string, unknown> = {},
  courseId = course.courseId,
) =>
  engine.request("POST", `${base}/${courseId}/packs`, {
    target_audience: "Pflegekräfte im Schichtdienst",
    language: "de",
    overrides,
    ...fields,
  });

const render = (packId: string | null, courseId = course.courseId) =>
  engine.request("GET", `${base}/${courseId}/render${packId === null ? "" : `?pack_id=${packId}`}`);

/** Not the whole events: the status of the request that caused one is noted behind its answer. */
const idsOfPackEvents = async () =>
  (await eventsOf(engine, course.courseId, "course.pack.created")).map(({ id }) => id);

describe("a pack", () => {
  test("is stored with its overrides, and told of without any text", async () => {
    const answer = await create([title("Zeit im Schichtdienst")], { description: "Für die Station." });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual({
      pack_id: expect.stringMatching(/^pack_[0-9a-f]{16}$/),
      course_id: course.courseId,
      target_audience: "Pflegekräfte im Schichtdienst",
      language: "de",
      description: "Für die Station.",
      overrides: [title("Zeit im Schichtdienst")],
      created_by: null,
      created_at: expect.any(Number),
    });
    const read = await engine.request("GET", `${base}/${course.courseId}/packs/${answer.body.pack_id}`);
    expect(read.body).toEqual(answer.body);
    const [event] = await eventsOf(engine, course.courseId, "course.pack.created");
    expect(event).toMatchObject({ source: "course_learning_service", tenant_id: tenant });
    expect(event?.payload).toEqual({
      course_id: course.courseId,
      pack_id: answer.body.pack_id,
      language: "de",
      overrides_count: 1,
      created_at: expect.any(String),
    });
  });

  test("is refused when it names what the course does not have, with each place", async () => {
    const before = await idsOfPackEvents();
    const answer = await create([
      title("Gut"),
      title("Unbekannt", unknownCourse),
      { operation: "replace_text", target_id: course.modules[0], value: "Ein Modul hat keinen Text" },
    ]);
    expect(answer.status).toBe(422);
    expect(answer.body.error.details.map(({ path }: { path: string }) => path)).toEqual([
      "overrides.1.target_id",
      "overrides.2.target_id",
    ]);
    expect(await idsOfPackEvents()).toEqual(before);
  });

  test.each([
    ["no override", { overrides: [] }],
    ["too many overrides", { overrides: Array.from({ length: 101 }, () => title("x", unknownCourse)) }],
    ["an unknown operation", { overrides: [{ operation: "delete", target_id: unknownCourse, value: "x" }] }],
    ["no audience", { target_audience: " " }],
    ["an unknown language", { language: "xx" }],
    ["control characters", { description: "a\u0000b" }],
    ["an unknown field", { price: 1 }],
  ])("with %s is refused", async (_, fields) => {
    expect((await create([title("Gut")], fields)).status).toBe(422);
  });

  test("needs a completed course", async () => {
    expect((await create([title("x", unknownCourse)], {}, unknownCourse)).status).toBe(404);
    const other = await newCourse(engine);
    await engine.sql("UPDATE course_factory_courses SET status = 'failed' WHERE course_id = $1", [
      other.courseId,
    ]);
    expect((await create([title("x", other.courseId)], {}, other.courseId)).status).toBe(409);
    expect((await render(null, other.courseId)).status).toBe(409);
  });

  test("is found in the list of its course, newest first, page by page", async () => {
    const other = await newCourse(engine);
    const ids: string[] = [];
    for (const name of ["Eins", "Zwei", "Drei"]) {
      ids.unshift((await create([title(name, other.courseId)], {}, other.courseId)).body.pack_id);
    }
    const path = `${base}/${other.courseId}/packs`;
    const first = await engine.request("GET", `${path}?limit=2`);
    expect(first.body.packs.map(({ pack_id }: { pack_id: string }) => pack_id)).toEqual(ids.slice(0, 2));
    expect(first.body.packs[0].overrides).toEqual([
      { operation: "override_title", target_id: other.courseId },
    ]);
    const second = await engine.request("GET", `${path}?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body.packs.map(({ pack_id }: { pack_id: string }) => pack_id)).toEqual(ids.slice(2));
    expect(second.body.next_cursor).toBeNull();
    expect((await engine.request("GET", `${base}/${unknownCourse}/packs`)).status).toBe(404);
    expect((await engine.request("GET", `${path}?cursor=1_x`)).status).toBe(422);
    expect((await engine.request("GET", `${path}?limit=0`)).status).toBe(422);
  });

  test("belongs to its course", async () => {
    const other = await newCourse(engine);
    const { pack_id: packId } = (await create([title("Hier")])).body;
    expect((await engine.request("GET", `${base}/${other.courseId}/packs/${packId}`)).status).toBe(404);
    expect((await render(packId, other.courseId)).status).toBe(404);
    expect((await render("pack_0000000000000000")).status).toBe(404);
    expect((await render("x")).status).toBe(422);
  });
});

describe("rendering", () => {
  test("without a pack shows the course with the texts that were written", async () => {
    const answer = await render(null);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({
      pack_id: null,
      target_audience: null,
      course: { course_id: course.courseId, title: "Zeit gut einteilen", total_lessons: 12 },
      applied_overrides: [],
      skipped_overrides: [],
    });
    const texts = answer.body.course.modules.flatMap(
      (part: { lessons: { content_markdown: string | null }[] }) =>
        part.lessons.map((lesson) => lesson.content_markdown),
    );
    expect(texts.map((text: string | null) => text !== null)).toEqual(
      Array.from({ length: 12 }, (_, index) => index < 2),
    );
    const lesson = await engine.request(
      "GET",
      `/api/course-factory/courses/${course.courseId}/lessons/${course.chapters[0]}`,
    );
    expect(texts[0]).toBe(lesson.body.content_markdown);
  });

  test("with a pack applies its overrides and leaves the course alone", async () => {
    const before = await render(null);
    const pack = await create([
      title("Zeit im Schichtdienst"),
      { operation: "replace_text", target_id: course.chapters[5], value: "# Nachtdienst\n\nText." },
      {
        operation: "append_module",
        target_id: course.courseId,
        value: {
          title: "Schichten",
          description: "Nur hier.",
          lessons: [{ title: "Nacht", description: "x" }],
        },
      },
    ]);
    const answer = await render(pack.body.pack_id);
    expect(answer.body).toMatchObject({
      pack_id: pack.body.pack_id,
      target_audience: "Pflegekräfte im Schichtdienst",
      course: { title: "Zeit im Schichtdienst", total_lessons: 13 },
      skipped_overrides: [],
    });
    expect(answer.body.applied_overrides).toHaveLength(3);
    expect(answer.body.course.modules[1].lessons[2].content_markdown).toBe("# Nachtdienst\n\nText.");
    expect(answer.body.course.modules[4].title).toBe("Schichten");
    expect((await render(null)).body).toEqual(before.body);
  });

  test("skips what a later outline lost, and says so", async () => {
    const other = await newCourse(engine);
    const gone = other.chapters[11] ?? "";
    const pack = await create([title("Bleibt", other.courseId), title("Weg", gone)], {}, other.courseId);
    await engine.sql(
      "UPDATE course_factory_courses SET outline = outline #- '{modules,3,lessons,2}' WHERE course_id = $1",
      [other.courseId],
    );
    const answer = await render(pack.body.pack_id, other.courseId);
    expect(answer.body).toMatchObject({
      course: { title: "Bleibt" },
      applied_overrides: [{ index: 0 }],
      skipped_overrides: [{ index: 1, target_id: gone, reason: expect.stringContaining(gone) }],
    });
  });
});
