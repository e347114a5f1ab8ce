import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../../engine.ts";
import {
  atOnce,
  base,
  enrolled,
  eventsOf,
  learnt,
  newCourse,
  report,
  type TestCourse,
  tenant,
  unknownEnrollment,
} from "./fixtures.ts";

let engine: TestEngine;
let course: TestCourse;
beforeAll(async () => {
  engine = await createTestEngine();
  course = await newCourse(engine);
});
afterAll(() => engine.cleanup());

/** Headers of a caller who acts as somebody. */
const as = (actor: string) => ({ authorization: "Bearer test-key-0123456789abcdef", "x-actor-id": actor });
const newActor = () => `user-${crypto.randomUUID()}`;

describe("completing", () => {
  const complete = (enrollmentId: string, more = "", headers: Record<string, string> = {}) =>
    engine.request(
      "POST",
      `${base}/${course.courseId}/complete?enrollment_id=${enrollmentId}${more}`,
      undefined,
      headers,
    );

  test("needs all chapters, and says which are missing", async () => {
    const enrollmentId = await enrolled(engine, course.courseId, newActor());
    for (const module_id of course.modules.slice(1)) {
      await report(engine, course.courseId, { enrollment_id: enrollmentId, module_id, status: "completed" });
    }
    const refused = await complete(enrollmentId);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      error: { code: "conflict" },
      missing_chapters: course.chapters.slice(0, 3),
      completion_percentage: 75,
    });
    expect(await eventsOf(engine, course.courseId, "course.completion.recorded")).toEqual([]);
  });

  test("answers a hash that can be computed again, and the first completion ever after", async () => {
    const actor = newActor();
    const enrollmentId = await learnt(engine, course, actor);
    const first = await complete(enrollmentId, `&actor_id=${actor}`);
    expect(first.status, first.text).toBe(200);
    const { completed_at: at, course_version: version } = first.body;
    const text = `${course.courseId}:${actor}:${at}:${version}`;
    expect(first.body).toEqual({
      enrollment_id: enrollmentId,
      course_id: course.courseId,
      actor_id: actor,
      course_version: "1.0.0",
      completed_at: at,
      completion_hash: createHash("sha256").update(text).digest("hex"),
    });
    expect((await complete(enrollmentId)).body).toEqual(first.body);
    const status = await engine.request(
      "GET",
      `${base}/${course.courseId}/status?enrollment_id=${enrollmentId}`,
    );
    expect(status.body).toMatchObject({ completion: first.body, completion_percentage: 100 });
  });

  test("20 times at once makes one completion and one event", async () => {
    const actor = newActor();
    const enrollmentId = await learnt(engine, course, actor);
    const answers = await atOnce(20, () => complete(enrollmentId));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const events = await eventsOf(engine, course.courseId, "course.completion.recorded");
    expect(events.filter(({ payload }) => payload.enrollment_id === enrollmentId)).toMatchObject([
      { tenant_id: tenant, actor_id: actor, payload: { user_id: actor, course_version: "1.0.0" } },
    ]);
  });

  test("is for the enrolled actor, or the holder of the key who names nobody", async () => {
    const actor = newActor();
    const stranger = newActor();
    const enrollmentId = await learnt(engine, course, actor);
    expect((await complete(enrollmentId, `&actor_id=${stranger}`)).status).toBe(403);
    expect((await complete(enrollmentId, "", as(stranger))).status).toBe(403);
    expect((await complete(enrollmentId, `&actor_id=${actor}`, as(stranger))).status).toBe(403);
    const anonymous = await learnt(engine, course, null);
    expect((await complete(anonymous, `&actor_id=${stranger}`)).status).toBe(403);
    expect((await complete(enrollmentId, "", as(actor))).status).toBe(200);
    expect((await complete(anonymous)).body).toMatchObject({ actor_id: null });
  });

  test("needs an enrolment of this course", async () => {
    expect((await complete(unknownEnrollment)).status).toBe(404);
    expect((await complete("1")).status).toBe(422);
    const other = await newCourse(engine);
    const elsewhere = await learnt(engine, other, newActor());
    expect((await complete(elsewhere)).status).toBe(404);
  });
});
