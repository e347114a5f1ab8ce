import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApiKey } from "../../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../../engine.ts";
import {
  base,
  completed,
  enrolled,
  firstKey,
  newCourse,
  report,
  type TestCourse,
  unknownCourse,
} from "./fixtures.ts";

let engine: TestEngine;
let course: TestCourse;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CERTIFICATE_KEY: firstKey });
  course = await newCourse(engine);
});
afterAll(() => engine.cleanup());

const get = (path: string) => engine.request("GET", `${base}${path}`);
const idsOf = (courses: readonly { course_id: string }[]) => courses.map(({ course_id: id }) => id);

describe("the catalogue", () => {
  test("lists courses that take learners, newest first, page by page", async () => {
    const tenant_id = "tenant-pages";
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.unshift((await newCourse(engine, { tenant_id })).courseId);
    const [archived, unfinished, ...listed] = ids;
    await engine.sql("UPDATE course_factory_courses SET workflow_state = 'archived' WHERE course_id = $1", [
      archived,
    ]);
    await engine.sql("UPDATE course_factory_courses SET status = 'failed' WHERE course_id = $1", [
      unfinished,
    ]);
    const first = await get(`/catalog?tenant_id=${tenant_id}&limit=1`);
    expect(first.status, first.text).toBe(200);
    const second = await get(`/catalog?tenant_id=${tenant_id}&limit=1&cursor=${first.body.next_cursor}`);
    expect(idsOf([...first.body.courses, ...second.body.courses])).toEqual(listed);
    expect(second.body.next_cursor).toBeNull();
    // The control: without the states of the courses, four would be listed.
    await engine.sql("UPDATE course_factory_courses SET workflow_state = 'draft', status = 'completed'");
    expect(idsOf((await get(`/catalog?tenant_id=${tenant_id}`)).body.courses)).toEqual(ids);
  });

  test("lists courses that were finished at one time completely", async () => {
    const tenant_id = "tenant-same-time";
    const ids = [];
    for (let index = 0; index < 3; index += 1) ids.push((await newCourse(engine, { tenant_id })).courseId);
    await engine.sql(
      "UPDATE course_factory_courses SET finished_at = '2026-11-21T08:00:00.123Z' WHERE tenant_id = $1",
      [tenant_id],
    );
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await get(`/catalog?tenant_id=${tenant_id}&limit=1${cursor}`);
      seen.push(...idsOf(page.body.courses));
      cursor = page.body.next_cursor === null ? "" : `&cursor=${page.body.next_cursor}`;
    } while (cursor !== "");
    expect(seen.sort()).toEqual(ids.sort());
  });

  test("tells of each course what it holds and who learns it", async () => {
    const english = await newCourse(engine, { language: "en", title: "Planning your time" });
    await completed(engine, english, "user-1");
    await enrolled(engine, english.courseId, null);
    const answer = await get("/catalog?language=en");
    expect(answer.body.courses).toEqual([
      {
        course_id: english.courseId,
        tenant_id: "tenant-learn",
        title: "Planning your time",
        description: expect.any(String),
        language: "en",
        target_audiences: ["parents"],
        version: "1.0.0",
        workflow_state: "draft",
        total_modules: 4,
        total_lessons: 12,
        total_estimated_duration_minutes: 240,
        enrollment_count: 2,
        completion_count: 1,
        packs_count: 0,
        completed_at: expect.any(Number),
      },
    ]);
  });

  test("shows the modules and chapters of one course", async () => {
    const answer = await get(`/${course.courseId}/catalog`);
    expect(answer.body).toMatchObject({ course_id: course.courseId, total_lessons: 12 });
    expect(answer.body).not.toHaveProperty("outline");
    expect(
      answer.body.modules.flatMap((part: { chapters: { chapter_id: string }[] }) =>
        part.chapters.map((chapter) => chapter.chapter_id),
      ),
    ).toEqual(course.chapters);
    expect((await get(`/${unknownCourse}/catalog`)).status).toBe(404);
    const archived = await newCourse(engine);
    await engine.sql("UPDATE course_factory_courses SET workflow_state = 'archived' WHERE course_id = $1", [
      archived.courseId,
    ]);
    expect((await get(`/${archived.courseId}/catalog`)).status).toBe(409);
  });

  test.each([
    "limit=0",
    "limit=101",
    "limit=x",
    "language=xx",
    "cursor=1",
    "tenant_id=a%0Ab",
    "tenant_id=a%E2%80%A8b",
    "cursor=1_x",
    "other=1",
  ])("refuses %s", async (query) => {
    expect((await get(`/catalog?${query}`)).status).toBe(422);
  });

  test("does not stand in the way of the distribution", async () => {
    expect((await get("/distribution/health")).body).toMatchObject({ name: "course_distribution" });
    expect((await get("/public")).body).toEqual([]);
    expect((await get("/distribution/catalog")).status).toBe(404);
    expect((await get("/health")).body).toMatchObject({
      status: "healthy",
      module: "course_factory",
      part: "learning",
      certificates_enabled: true,
    });
  });
});

describe("the health", () => {
  test("is degraded when enrolments cannot be read, and is still an answer", async () => {
    await engine.sql("ALTER TABLE course_factory_enrollments RENAME TO enrollments_away");
    const away = await get("/health");
    await engine.sql("ALTER TABLE enrollments_away RENAME TO course_factory_enrollments");
    expect([away.status, away.body]).toMatchObject([200, { status: "degraded", enrollments_count: null }]);
    expect((await get("/health")).body).toMatchObject({
      status: "healthy",
      enrollments_count: expect.any(Number),
    });
  });
});

describe("analytics", () => {
  let learnt: TestCourse;
  beforeAll(async () => {
    learnt = await newCourse(engine, { title: '=1+1; Rechnen, "leicht"' });
    const [first = "", second = ""] = learnt.chapters;
    const done = await completed(engine, learnt, "user-done");
    await engine.request("POST", `${base}/${learnt.courseId}/certificates/issue`, { enrollment_id: done });
    const english = await enrolled(engine, learnt.courseId, "user-english", { language: "en" });
    const begun = await enrolled(engine, learnt.courseId, null);
    await enrolled(engine, learnt.courseId, null);
    const steps: [string, string, string][] = [
      [english, first, "completed"],
      [english, second, "started"],
      [begun, first, "started"],
    ];
    for (const [enrollment_id, chapter_id, status] of steps) {
      await report(engine, learnt.courseId, { enrollment_id, chapter_id, status });
    }
    await engine.sql(
      "UPDATE course_factory_completions SET completed_at = (SELECT enrolled_at + interval '36 hours' FROM course_factory_enrollments e WHERE e.enrollment_id = course_factory_completions.enrollment_id)",
    );
  });

  test("sums up a course by language and by chapter", async () => {
    const answer = await get(`/analytics/summary?course_id=${learnt.courseId}`);
    expect(answer.status, answer.text).toBe(200);
    const { chapter_dropoff: dropoff, ...sums } = answer.body;
    expect(sums).toEqual({
      course_id: learnt.courseId,
      total_enrollments: 4,
      active_enrollments: 3,
      total_completions: 1,
      total_certificates: 1,
      total_packs: 0,
      by_language: {
        de: { enrollments: 3, completions: 1, certificates: 1, completion_rate: 33.33 },
        en: { enrollments: 1, completions: 0, certificates: 0, completion_rate: 0 },
      },
      completion_rate: 25,
      avg_completion_time_days: 1.5,
    });
    expect(dropoff.map(({ chapter_id: id }: { chapter_id: string }) => id)).toEqual(learnt.chapters);
    expect(dropoff[0]).toMatchObject({ started: 3, completed: 2, dropoff_percentage: 33.33 });
    expect(dropoff[1]).toMatchObject({ started: 2, completed: 1, dropoff_percentage: 50 });
    expect(dropoff[2]).toMatchObject({ started: 1, completed: 1, dropoff_percentage: 0 });
  });

  test("sums up all courses, and an empty one without dividing by zero", async () => {
    const all = (await get("/analytics/summary")).body;
    expect(all).toMatchObject({ course_id: null, chapter_dropoff: [] });
    expect(all.total_enrollments).toBeGreaterThanOrEqual(4);
    const empty = await newCourse(engine);
    expect((await get(`/analytics/summary?course_id=${empty.courseId}`)).body).toMatchObject({
      total_enrollments: 0,
      completion_rate: 0,
      avg_completion_time_days: null,
      by_language: {},
    });
    expect((await get(`/analytics/summary?course_id=${unknownCourse}`)).status).toBe(404);
  });

  test("exports sums by day and chapter, without any learner", async () => {
    const answer = await get(`/analytics/export?course_id=${learnt.courseId}`);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ course_id: learnt.courseId, truncated: false });
    expect(answer.text).not.toMatch(/user-|enr_|cert_/);
    // Added up over the days, because a test may run at midnight.
    const row = (metric: string, language: string, chapter: string | null = null) =>
      answer.body.rows
        .filter(
          (item: Record<string, unknown>) =>
            item.metric === metric && item.language === language && item.chapter_id === chapter,
        )
        .reduce((sum: number, item: { count: number }) => sum + item.count, 0);
    expect(row("enrolled", "de")).toBe(3);
    expect(row("enrolled", "en")).toBe(1);
    expect(row("completed", "de")).toBe(1);
    expect(row("certified", "de")).toBe(1);
    expect(row("chapter_started", "de", learnt.chapters[0])).toBe(1);
    expect(row("chapter_completed", "en", learnt.chapters[0])).toBe(1);
    expect(
      answer.body.rows.filter((item: { metric: string }) => item.metric === "module_completed"),
    ).toHaveLength(4);
  });

  test("exports all courses when none is named", async () => {
    const other = await newCourse(engine);
    await enrolled(engine, other.courseId, null);
    const { rows } = (await get("/analytics/export")).body;
    const courses = new Set(rows.map((row: { course_id: string }) => row.course_id));
    expect([...courses]).toEqual(expect.arrayContaining([learnt.courseId, other.courseId]));
  });

  test("exports CSV that no spreadsheet takes for a formula", async () => {
    const answer = await get(`/analytics/export?course_id=${learnt.courseId}&format=csv`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("text/csv");
    expect(answer.headers.get("x-truncated")).toBe("false");
    const lines = answer.text.split("\r\n");
    expect(lines[0]).toBe("date,course_id,course_title,language,metric,chapter_id,module_id,count");
    expect(lines.at(-1)).toBe("");
    expect(lines[1]).toContain(`"'=1+1; Rechnen, ""leicht"""`);
    expect(lines).toHaveLength((await get(`/analytics/export?course_id=${learnt.courseId}`)).body.count + 2);
  });

  test("begins CSV with a byte order mark when asked, and JSON never", async () => {
    const path = `${base}/analytics/export?course_id=${learnt.courseId}`;
    const bytesOf = async (query: string) =>
      new Uint8Array(
        await (
          await engine.app.request(`${path}${query}`, { headers: { authorization: `Bearer ${testApiKey}` } })
        ).arrayBuffer(),
      );
    const mark = [0xef, 0xbb, 0xbf];
    const plain = await bytesOf("&format=csv");
    const marked = await bytesOf("&format=csv&bom=true");
    expect([...marked]).toEqual([...mark, ...plain]);
    expect([...plain.subarray(0, 4)]).toEqual([..."date"].map((letter) => letter.charCodeAt(0)));
    expect(await bytesOf("&format=csv&bom=false")).toEqual(plain);
    expect((await bytesOf("&bom=true"))[0]).toBe("{".charCodeAt(0));
  });

  test("says when there is more, and takes days to go on with", async () => {
    const path = `/analytics/export?course_id=${learnt.courseId}`;
    const cut = await get(`${path}&limit=2`);
    expect(cut.body).toMatchObject({ count: 2, truncated: true });
    expect((await get(`${path}&limit=2&format=csv`)).headers.get("x-truncated")).toBe("true");
    expect((await get(`${path}&to=2020-01-01`)).body.rows).toEqual([]);
    expect((await get(`${path}&from=2999-01-01`)).body.rows).toEqual([]);
    const day = (await get(path)).body.rows.at(-1).date;
    const rows = (await get(`${path}&from=${day}&to=${day}`)).body.rows;
    const days = rows.map((row: { date: string }) => row.date);
    expect(new Set(days)).toEqual(new Set([day]));
  });

  test.each([
    ["format=xml", 400],
    ["format=", 400],
    ["limit=10001", 422],
    ["format=csv&bom=yes", 422],
    ["from=yesterday", 422],
    ["course_id=1", 422],
    [`course_id=${unknownCourse}`, 404],
  ])("answers an export with %s by %i", async (query, status) => {
    expect((await get(`/analytics/export?${query}`)).status).toBe(status);
  });
});
