import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../../engine.ts";
import {
  atOnce,
  base,
  completed,
  enrolled,
  eventsOf,
  firstKey,
  learnt,
  newCourse,
  report,
  type TestCourse,
  tenant,
} from "./fixtures.ts";

let engine: TestEngine;
let course: TestCourse;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CERTIFICATE_KEY: firstKey });
  course = await newCourse(engine);
});
afterAll(() => engine.cleanup());

const learningTypes = [
  "course.enrollment.created",
  "course.progress.recorded",
  "course.completion.recorded",
  "course.certificate.issued",
  "course.pack.created",
];

/** One learner's whole way, with the commands that are sent again and change nothing. */
async function wholeWay(actorId: string): Promise<void> {
  const key = { authorization: "Bearer test-key-0123456789abcdef", "x-correlation-id": "story-learning" };
  const send = async (path: string, body: Record<string, unknown>) => {
    const answer = await engine.request("POST", `${base}/${course.courseId}/${path}`, body, key);
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  };
  for (let repeat = 0; repeat < 2; repeat += 1) {
    const { enrollment_id } = await send("enroll", { actor_id: actorId });
    for (const module_id of course.modules) {
      await send("progress", { enrollment_id, module_id, status: "completed" });
    }
    await send("complete", { enrollment_id });
    await send("certificates/issue", { enrollment_id });
  }
  const override = { operation: "override_title", target_id: course.courseId, value: "Anderer Titel" };
  await send("packs", { target_audience: "parents", language: "de", overrides: [override] });
}

describe("the events of learning", () => {
  test("are recorded with their envelope, once per change, and reach the stream in this order", async () => {
    await wholeWay("user-way");
    const rows = await engine.sql<{
      id: string;
      type: string;
      meta: Record<string, unknown>;
      tenant_id: string;
      correlation_id: string;
      source: string;
      key: string;
    }>("SELECT * FROM events WHERE correlation_id = 'story-learning' ORDER BY position");
    expect(rows.map(({ type }) => type)).toEqual([
      "course.enrollment.created",
      ...course.modules.map(() => "course.progress.recorded"),
      "course.completion.recorded",
      "course.certificate.issued",
      "course.pack.created",
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({
        source: "course_learning_service",
        tenant_id: tenant,
        key: course.courseId,
        meta: { schema_version: 1, producer: "course_learning_service", source_module: "course_factory" },
      });
    }
    await engine.relay();
    const entries = (await engine.streamEntries()).map(({ fields }) => fields);
    const sent = entries.filter((fields) => fields.correlation_id === "story-learning");
    expect(sent.map((fields) => [fields.id, fields.type])).toEqual(rows.map(({ id, type }) => [id, type]));
    expect(JSON.parse(sent[0]?.payload ?? "")).toMatchObject({
      user_id: "user-way",
      course_id: course.courseId,
    });
    expect(JSON.parse(sent[0]?.meta ?? "")).toMatchObject({
      source_module: "course_factory",
      schema_version: 1,
    });
  });

  test("carry ids only: no title, text or signature", async () => {
    await wholeWay("user-ids");
    const rows = await engine.sql<{ payload: unknown }>("SELECT payload FROM events WHERE type = ANY($1)", [
      learningTypes,
    ]);
    expect(rows.length).toBeGreaterThan(0);
    for (const { payload } of rows) {
      expect(JSON.stringify(payload)).not.toMatch(/Zeit gut einteilen|Anderer Titel|[0-9a-f]{128}/);
    }
  });

  test("pass by the consumers of the product, which have nothing to do with them", async () => {
    await wholeWay("user-consumers");
    await engine.settle();
    const letters = await engine.sql("SELECT * FROM dead_letters WHERE event_type = ANY($1)", [
      learningTypes,
    ]);
    expect(letters).toEqual([]);
  });

  test("do not exist when the change failed: state and event commit together or not at all", async () => {
    const enrollmentId = await learnt(engine, course, "user-atomic");
    // The table of events refuses this one type, as it would in a failing transaction.
    await engine.sql(
      "ALTER TABLE events ADD CONSTRAINT no_completion CHECK (type <> 'course.completion.recorded') NOT VALID",
    );
    const path = `${base}/${course.courseId}/complete?enrollment_id=${enrollmentId}`;
    try {
      expect((await engine.request("POST", path)).status).toBeGreaterThanOrEqual(500);
    } finally {
      await engine.sql("ALTER TABLE events DROP CONSTRAINT no_completion");
    }
    const stored = () =>
      engine.sql("SELECT * FROM course_factory_completions WHERE enrollment_id = $1", [enrollmentId]);
    expect(await stored()).toEqual([]);
    expect((await engine.request("POST", path)).status).toBe(200);
    expect(await stored()).toHaveLength(1);
  });
});

describe("what keeps commands idempotent", () => {
  test("is the unique index for enrolments: without it, 20 at once make more than one", async () => {
    const other = await newCourse(engine);
    const send = () =>
      engine.request("POST", `${base}/${other.courseId}/enroll`, { actor_id: "user-control" });
    await engine.sql("DROP INDEX course_factory_enrollments_actor");
    await atOnce(20, send);
    const count = async () => (await eventsOf(engine, other.courseId, "course.enrollment.created")).length;
    expect(await count()).toBeGreaterThan(1);
    await engine.sql("DELETE FROM course_factory_enrollments WHERE course_id = $1", [other.courseId]);
    await engine.sql(
      "CREATE UNIQUE INDEX course_factory_enrollments_actor ON course_factory_enrollments (course_id, actor_id) WHERE actor_id IS NOT NULL",
    );
    const before = await count();
    await atOnce(20, send);
    expect(await count()).toBe(before + 1);
  });

  test("is the state in the condition of the update for progress: a completion is never taken back", async () => {
    const enrollment_id = await enrolled(engine, course.courseId, "user-regress");
    const chapter_id = course.chapters[0];
    await report(engine, course.courseId, { enrollment_id, chapter_id, status: "completed" });
    await atOnce(10, () => report(engine, course.courseId, { enrollment_id, chapter_id, status: "started" }));
    const status = () =>
      engine.sql("SELECT status FROM course_factory_learning_progress WHERE enrollment_id = $1", [
        enrollment_id,
      ]);
    expect(await status()).toEqual([{ status: "completed" }]);
    // The control: the same statement without the condition takes it back.
    await engine.sql(
      `INSERT INTO course_factory_learning_progress SELECT enrollment_id, course_id, kind, target_id, 'started', started_at, NULL
       FROM course_factory_learning_progress WHERE enrollment_id = $1
       ON CONFLICT (enrollment_id, kind, target_id) DO UPDATE SET status = excluded.status, completed_at = excluded.completed_at`,
      [enrollment_id],
    );
    expect(await status()).toEqual([{ status: "started" }]);
  });

  test("is one certificate per enrolment in the table itself", async () => {
    const enrollmentId = await completed(engine, course, "user-unique");
    await engine.request("POST", `${base}/${course.courseId}/certificates/issue`, {
      enrollment_id: enrollmentId,
    });
    const copy = engine.sql(
      `INSERT INTO course_factory_certificates SELECT 'cert_ffffffffffffffff', enrollment_id, course_id, payload, signature, key_id, issued_at
       FROM course_factory_certificates WHERE enrollment_id = $1`,
      [enrollmentId],
    );
    await expect(copy).rejects.toThrow(/course_factory_certificates_enrollment/);
  });
});
