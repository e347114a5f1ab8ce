import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../../engine.ts";
import {
  atOnce,
  base,
  enrolled,
  eventsOf,
  newCourse,
  report,
  type TestCourse,
  tenant,
  unknownCourse,
  unknownEnrollment,
} from "./fixtures.ts";

let engine: TestEngine;
let course: TestCourse;
beforeAll(async () => {
  engine = await createTestEngine();
  course = await newCourse(engine);
});
afterAll(() => engine.cleanup());

const key = "Bearer test-key-0123456789abcdef";
/** Headers of a caller who acts as somebody. */
const as = (actor: string) => ({ authorization: key, "x-actor-id": actor });
const newActor = () => `user-${crypto.randomUUID()}`;

describe("enrolling", () => {
  test("answers the enrolment, in Unix seconds, and tells of it", async () => {
    const actor = newActor();
    const before = Math.floor(Date.now() / 1000);
    const answer = await engine.request("POST", `${base}/${course.courseId}/enroll`, {
      language: "en",
      actor_id: actor,
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual({
      enrollment_id: expect.stringMatching(/^enr_[0-9a-f]{16}$/),
      course_id: course.courseId,
      language: "en",
      actor_id: actor,
      enrolled_at: expect.any(Number),
    });
    expect(answer.body.enrolled_at).toBeGreaterThanOrEqual(before);
    expect(answer.body.enrolled_at).toBeLessThanOrEqual(Date.now() / 1000);
    const events = await eventsOf(engine, course.courseId, "course.enrollment.created");
    expect(events.at(-1)).toMatchObject({
      source: "course_learning_service",
      tenant_id: tenant,
      actor_id: actor,
      payload: { enrollment_id: answer.body.enrollment_id, user_id: actor, language: "en" },
    });
  });

  test("takes its fields from the query too, and without them the caller and the language of the course", async () => {
    const actor = newActor();
    const byQuery = await engine.request(
      "POST",
      `${base}/${course.courseId}/enroll?actor_id=${actor}&language=fr`,
    );
    expect(byQuery.body).toMatchObject({ actor_id: actor, language: "fr" });
    const caller = newActor();
    const byCaller = await engine.request("POST", `${base}/${course.courseId}/enroll`, undefined, as(caller));
    expect(byCaller.body).toMatchObject({ actor_id: caller, language: "de" });
  });

  test("answers the same actor the same enrolment, and tells of it once", async () => {
    const actor = newActor();
    const first = await enrolled(engine, course.courseId, actor);
    expect(await enrolled(engine, course.courseId, actor, { language: "es" })).toBe(first);
    const events = await eventsOf(engine, course.courseId, "course.enrollment.created");
    expect(events.filter(({ payload }) => payload.user_id === actor)).toHaveLength(1);
  });

  test("gives who is not known a new enrolment each time", async () => {
    const ids = [
      await enrolled(engine, course.courseId, null),
      await enrolled(engine, course.courseId, null),
    ];
    expect(new Set(ids).size).toBe(2);
  });

  test("20 times at once makes one enrolment and one event", async () => {
    const actor = newActor();
    const answers = await atOnce(20, () =>
      engine.request("POST", `${base}/${course.courseId}/enroll`, { actor_id: actor }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(new Set(answers.map(({ body }) => body.enrollment_id)).size).toBe(1);
    const events = await eventsOf(engine, course.courseId, "course.enrollment.created");
    expect(events.filter(({ payload }) => payload.user_id === actor)).toHaveLength(1);
  });

  test("needs a course that is completed and not archived", async () => {
    const unknown = await engine.request("POST", `${base}/${unknownCourse}/enroll`, {});
    expect(unknown.status).toBe(404);
    const other = await newCourse(engine);
    for (const change of [
      "status = 'generating'",
      "status = 'failed'",
      "status = 'completed', workflow_state = 'archived'",
    ]) {
      await engine.sql(`UPDATE course_factory_courses SET ${change} WHERE course_id = $1`, [other.courseId]);
      const refused = await engine.request("POST", `${base}/${other.courseId}/enroll`, {});
      expect([change, refused.status, refused.body.error.code]).toEqual([change, 409, "conflict"]);
    }
    expect(await eventsOf(engine, other.courseId, "course.enrollment.created")).toEqual([]);
  });

  test.each([
    [{ actor_id: "anna@example.org" }],
    [{ actor_id: "Anna Schmidt" }],
    [{ language: "it" }],
    [{ actor_id: "a\u0000" }],
    [{ actor_id: "4111111111111111" }],
    [{ name: "Anna" }],
  ])("refuses %j", async (body) => {
    const answer = await engine.request("POST", `${base}/${course.courseId}/enroll`, body);
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain("Anna Schmidt");
  });

  test("refuses a body that is no object, and a course id that is none", async () => {
    expect((await engine.request("POST", `${base}/${course.courseId}/enroll`, "{")).status).toBe(400);
    expect((await engine.request("POST", `${base}/${course.courseId}/enroll`, "[]")).status).toBe(400);
    expect((await engine.request("POST", `${base}/distribution/enroll`, {})).status).toBe(422);
  });
});

describe("progress", () => {
  test("is measured against the course, and each step is told", async () => {
    const enrollment_id = await enrolled(engine, course.courseId, newActor());
    const [chapter_id = "", second = ""] = course.chapters;
    const steps = [
      { chapter_id, status: "started", percentage: 0 },
      { chapter_id, status: "completed", percentage: 8.33 },
      { chapter_id: second, status: "completed", percentage: 16.67 },
      { module_id: course.modules[0], status: "completed", percentage: 25 },
    ];
    for (const { percentage, ...step } of steps) {
      const answer = await report(engine, course.courseId, { enrollment_id, ...step });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body).toMatchObject({
        enrollment_id,
        course_id: course.courseId,
        chapter_id: step.chapter_id ?? null,
        module_id: course.modules[0],
        status: step.status,
        completion_percentage: percentage,
      });
    }
    const events = await eventsOf(engine, course.courseId, "course.progress.recorded");
    const told = events.filter(({ payload }) => payload.enrollment_id === enrollment_id);
    expect(
      told.map(({ payload }) => [payload.chapter_id, payload.status, payload.completion_percentage]),
    ).toEqual(steps.map((step) => [step.chapter_id ?? null, step.status, step.percentage]));
  });

  test("that is known changes nothing and is not told again; a completion stays", async () => {
    const enrollment_id = await enrolled(engine, course.courseId, newActor());
    const chapter_id = course.chapters[0];
    const first = await report(engine, course.courseId, { enrollment_id, chapter_id, status: "completed" });
    for (const status of ["completed", "started"]) {
      const again = await report(engine, course.courseId, { enrollment_id, chapter_id, status });
      expect(again.body).toEqual(first.body);
    }
    const events = await eventsOf(engine, course.courseId, "course.progress.recorded");
    expect(events.filter(({ payload }) => payload.enrollment_id === enrollment_id)).toHaveLength(1);
  });

  test("reported for all chapters at once reaches 100 % step by step, each percentage told once", async () => {
    const enrollment_id = await enrolled(engine, course.courseId, newActor());
    const answers = await Promise.all(
      course.chapters.map((chapter_id) =>
        report(engine, course.courseId, { enrollment_id, chapter_id, status: "completed" }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(course.chapters.map(() => 200));
    const events = await eventsOf(engine, course.courseId, "course.progress.recorded");
    const told = events
      .filter(({ payload }) => payload.enrollment_id === enrollment_id)
      .map(({ payload }) => payload.completion_percentage);
    const steps = course.chapters.map((_, index) => Math.round(((index + 1) / 12) * 10_000) / 100);
    expect(told.sort((a, b) => Number(a) - Number(b))).toEqual(steps);
  });

  test("reported twice at once is told once", async () => {
    const enrollment_id = await enrolled(engine, course.courseId, newActor());
    const chapter_id = course.chapters[0];
    await atOnce(10, () =>
      report(engine, course.courseId, { enrollment_id, chapter_id, status: "completed" }),
    );
    const events = await eventsOf(engine, course.courseId, "course.progress.recorded");
    expect(events.filter(({ payload }) => payload.enrollment_id === enrollment_id)).toHaveLength(1);
  });

  test("needs an enrolment of this course, and what the course has", async () => {
    const enrollment_id = await enrolled(engine, course.courseId, newActor());
    const other = await newCourse(engine);
    const status = "started";
    const chapter_id = course.chapters[0];
    const cases: [string, Record<string, unknown>, number][] = [
      [course.courseId, { enrollment_id: unknownEnrollment, chapter_id, status }, 404],
      [other.courseId, { enrollment_id, chapter_id: other.chapters[0], status }, 404],
      [course.courseId, { enrollment_id, chapter_id: other.chapters[0], status }, 404],
      [course.courseId, { enrollment_id, module_id: chapter_id, status }, 404],
      [course.courseId, { enrollment_id, chapter_id, module_id: course.modules[1], status }, 422],
      [course.courseId, { enrollment_id, status }, 422],
      [course.courseId, { enrollment_id, chapter_id, status: "skipped" }, 422],
      [course.courseId, { enrollment_id: "1", chapter_id, status }, 422],
      [course.courseId, { enrollment_id, chapter_id, status, percent: 100 }, 422],
    ];
    for (const [courseId, body, expected] of cases) {
      const answer = await report(engine, courseId, body);
      expect([JSON.stringify(body), answer.status]).toEqual([JSON.stringify(body), expected]);
    }
  });

  test("of one actor is not reported or read by another", async () => {
    const actor = newActor();
    const enrollment_id = await enrolled(engine, course.courseId, actor);
    const body = { enrollment_id, chapter_id: course.chapters[0], status: "started" };
    const path = `${base}/${course.courseId}/progress`;
    const statusPath = `${base}/${course.courseId}/status?enrollment_id=${enrollment_id}`;
    const stranger = as(newActor());
    expect((await engine.request("POST", path, body, stranger)).status).toBe(403);
    expect((await engine.request("GET", statusPath, undefined, stranger)).status).toBe(403);
    expect((await engine.request("POST", path, body, as(actor))).status).toBe(200);
    expect((await engine.request("GET", statusPath, undefined, as(actor))).status).toBe(200);
  });
});

describe("the status", () => {
  test("shows enrolment, progress, completion and percentage", async () => {
    const actor = newActor();
    const enrollmentId = await enrolled(engine, course.courseId, actor);
    const path = `${base}/${course.courseId}/status?enrollment_id=${enrollmentId}`;
    expect((await engine.request("GET", path)).body).toEqual({
      enrollment: {
        enrollment_id: enrollmentId,
        course_id: course.courseId,
        language: "de",
        actor_id: actor,
        enrolled_at: expect.any(Number),
      },
      progress: [],
      completion: null,
      completion_percentage: 0,
    });
    await report(engine, course.courseId, {
      enrollment_id: enrollmentId,
      chapter_id: course.chapters[3],
      status: "completed",
    });
    const answer = await engine.request("GET", path);
    expect(answer.body).toMatchObject({
      progress: [{ chapter_id: course.chapters[3], module_id: course.modules[1], status: "completed" }],
      completion_percentage: 8.33,
    });
    expect(Number.isInteger(answer.body.progress[0].completed_at)).toBe(true);
  });

  test("of what is not there is 404", async () => {
    const enrollmentId = await enrolled(engine, course.courseId, null);
    for (const [courseId, id] of [
      [course.courseId, unknownEnrollment],
      [unknownCourse, enrollmentId],
    ]) {
      const answer = await engine.request("GET", `${base}/${courseId}/status?enrollment_id=${id}`);
      expect(answer.status).toBe(404);
    }
  });
});
