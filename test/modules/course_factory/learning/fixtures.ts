import type { Answer } from "@brain/engine/testing";
import { expect } from "vitest";
import type { Outline } from "../../../../src/modules/course_factory/content/model.ts";
import type { TestEngine } from "../../../engine.ts";

/** What the tests of learning share: courses, learners, and looks at what was recorded. */

export const base = "/api/courses";
export const tenant = "tenant-learn";
/** Well-formed, and of nothing. */
export const unknownCourse = "00000000-0000-4000-8000-000000000000";
export const unknownEnrollment = "enr_0000000000000000";

/** Keys for tests: PKCS #8 of two Ed25519 seeds. */
export const firstKey = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
export const secondKey = "MC4CAQAwBQYDK2VwBCIEIEzNCJsohq2WneDZ9b3JiGhUgMpU4i5Kr6KMeWZ3pgQB";

export interface TestCourse {
  readonly courseId: string;
  readonly outline: Outline;
  readonly chapters: readonly string[];
  readonly modules: readonly string[];
}

/** A finished course of four modules with three chapters each. */
export async function newCourse(
  engine: TestEngine,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<TestCourse> {
  const answer = await engine.request("POST", "/api/course-factory/generate", {
    tenant_id: tenant,
    title: "Zeit gut einteilen",
    description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
    language: "de",
    target_audiences: ["parents"],
    full_lessons_count: 2,
    generate_quiz: false,
    generate_landing_page: false,
    dry_run: false,
    ...fields,
  });
  expect(answer.status, answer.text).toBe(201);
  const outline: Outline = answer.body.outline;
  return {
    courseId: answer.body.course_id,
    outline,
    chapters: outline.modules.flatMap((part) => part.lessons.map((lesson) => lesson.lesson_id)),
    modules: outline.modules.map((part) => part.module_id),
  };
}

/** @param actorId null: anonymous */
export async function enrolled(
  engine: TestEngine,
  courseId: string,
  actorId: string | null,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const body = { ...(actorId === null ? {} : { actor_id: actorId }), ...fields };
  const answer = await engine.request("POST", `${base}/${courseId}/enroll`, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.enrollment_id;
}

export function report(
  engine: TestEngine,
  courseId: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  return engine.request("POST", `${base}/${courseId}/progress`, body);
}

/** An enrolment whose modules are all completed. */
export async function learnt(
  engine: TestEngine,
  course: TestCourse,
  actorId: string | null,
): Promise<string> {
  const enrollment_id = await enrolled(engine, course.courseId, actorId);
  for (const module_id of course.modules) {
    const answer = await report(engine, course.courseId, { enrollment_id, module_id, status: "completed" });
    expect(answer.status, answer.text).toBe(200);
  }
  return enrollment_id;
}

/** An enrolment that is completed. */
export async function completed(
  engine: TestEngine,
  course: TestCourse,
  actorId: string | null,
): Promise<string> {
  const enrollmentId = await learnt(engine, course, actorId);
  const answer = await engine.request(
    "POST",
    `${base}/${course.courseId}/complete?enrollment_id=${enrollmentId}`,
  );
  expect(answer.status, answer.text).toBe(200);
  return enrollmentId;
}

interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly correlation_id: string | null;
  readonly payload: Record<string, unknown>;
}

/** The events of one type about a course, in the order they were recorded. */
export function eventsOf(engine: TestEngine, courseId: string, type: string): Promise<Recorded[]> {
  return engine.sql<Recorded>("SELECT * FROM events WHERE key = $1 AND type = $2 ORDER BY position", [
    courseId,
    type,
  ]);
}

/** `count` requests at once. */
export function atOnce(count: number, send: () => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, send));
}
