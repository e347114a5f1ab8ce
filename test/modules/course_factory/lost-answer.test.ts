import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
  await engine.sql(`CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'`);
});
afterEach(() => engine.cleanup());

const request = {
  tenant_id: "tenant-a",
  title: "Zeit gut einteilen planted",
  description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
  language: "de",
  target_audiences: ["employees"],
  dry_run: false,
};

/** The id that a 503 of POST /generate names. */
async function courseOfRefusal(): Promise<string> {
  const answer = await engine.request("POST", "/api/course-factory/generate", request);
  expect(answer.status, answer.text).toBe(503);
  const { code, details, message } = answer.body.error;
  expect(code).toBe("unavailable");
  expect(message).toBe("Postgres is not available now. Try again.");
  expect(details).toEqual([{ path: "course_id", message: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
  expect(engine.logs.join("\n")).not.toContain("planted");
  return details[0].message;
}

test("a generation whose connection ends answers 503 with the id of the course that exists all the same", async () => {
  await engine.sql(`CREATE TRIGGER dying BEFORE UPDATE ON course_factory_courses
    FOR EACH ROW EXECUTE FUNCTION end_connection()`);
  const id = await courseOfRefusal();
  const course = await engine.request("GET", `/api/course-factory/courses/${id}`);
  expect(course.body).toMatchObject({ course_id: id, status: "generating" });
});

test("a lost answer to the commit of the course answers 503 with the id to look for", async () => {
  await engine.sql(`CREATE CONSTRAINT TRIGGER dying AFTER INSERT ON course_factory_courses
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_connection()`);
  const id = await courseOfRefusal();
  // Here the commit was not reached; the caller cannot know, and this is how to find out.
  expect((await engine.request("GET", `/api/course-factory/courses/${id}`)).status).toBe(404);
});
