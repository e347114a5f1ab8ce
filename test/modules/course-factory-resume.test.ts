import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RetryAfter, TransientError, UpstreamError } from "../../src/core/errors.ts";
import { announceRequested, contextOf } from "../../src/modules/course_factory/announce.ts";
import type { ContentGenerator } from "../../src/modules/course_factory/content/generator.ts";
import { generationRequest } from "../../src/modules/course_factory/content/model.ts";
import { templateGenerator } from "../../src/modules/course_factory/content/template-generator.ts";
import { generate } from "../../src/modules/course_factory/generation.ts";
import type { Run } from "../../src/modules/course_factory/produce.ts";
import { maxAttempts, proceed, watch } from "../../src/modules/course_factory/resume.ts";
import { insertCourse } from "../../src/modules/course_factory/store.ts";
import { bindPublish } from "../../src/publish/publish.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";

/* What happens to a course whose run is lost in the middle: by a killed isolate, a slow service, a second run. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine.cleanup());

function newRun(fields: Readonly<Record<string, unknown>> = {}): Run {
  return {
    course_id: crypto.randomUUID(),
    tenant_id: "tenant-a",
    request: generationRequest.parse({
      tenant_id: "tenant-a",
      title: "Ein Kurs, der abbricht",
      description: "x",
      language: "de",
      target_audiences: ["students"],
      dry_run: false,
      ...fields,
    }),
    correlation_id: `req-${crypto.randomUUID()}`,
    requested_by: null,
    created_at: new Date().toISOString(),
    owner: crypto.randomUUID(),
    takeovers: 0,
  };
}

/** The first transaction of POST /generate, after which the process may die. */
async function accept(run: Run, leaseMs: number): Promise<void> {
  await engine.publish(contextOf(run), async (publish, tx) => {
    await insertCourse(tx, run, leaseMs);
    await announceRequested(publish, run);
  });
}

function services() {
  const invocation = engine.open();
  return {
    log: invocation.log,
    now: () => new Date(),
    transact: <T>(
      context: Parameters<typeof engine.publish>[0],
      work: (tx: never, publish: never) => Promise<T>,
    ) =>
      invocation.db.transaction((tx) =>
        work(tx as never, bindPublish(tx, invocation.publish, context) as never),
      ),
  } as unknown as Parameters<typeof generate>[0];
}

/** Calls a handler's work in a transaction of its own, as the engine does. */
async function handle(
  work: (context: Parameters<typeof watch>[2]) => Promise<void>,
  attempt = 1,
): Promise<void> {
  const invocation = engine.open();
  await invocation.db.transaction((tx) =>
    work({
      tx,
      publish: bindPublish(tx, invocation.publish, { source: "course_factory_service" }),
      log: invocation.log,
      attempt,
      signal: new AbortController().signal,
      now: () => new Date(),
    }),
  );
}

async function typesOf(courseId: string): Promise<string[]> {
  const rows = await engine.sql<{ type: string }>(
    "SELECT type FROM events WHERE payload ->> 'course_id' = $1 AND type LIKE 'course.%' ORDER BY position",
    [courseId],
  );
  return rows.map((row) => row.type);
}

async function stateOf(courseId: string) {
  const [row] = await engine.sql<{ status: string; owner: string; takeovers: number }>(
    "SELECT status, generation_owner AS owner, takeovers FROM course_factory_courses WHERE course_id = $1",
    [courseId],
  );
  return row;
}

async function endLease(courseId: string): Promise<void> {
  await engine.sql(
    "UPDATE course_factory_courses SET generating_until = now() - interval '1 second' WHERE course_id = $1",
    [courseId],
  );
}

const wholeCourse = [
  "course.outline.created",
  "course.lesson.generated",
  "course.lesson.generated",
  "course.lesson.generated",
  "course.quiz.created",
  "course.landing_page.created",
  "course.generation.completed",
];

/** Ends as if the process were killed when it is asked for `part`. */
function dyingAt(part: "lesson" | "quiz", nth = 1): ContentGenerator {
  let count = 0;
  const forEver = () => new Promise<never>(() => undefined);
  const step = <T>(own: "lesson" | "quiz", run: () => Promise<T>) => {
    if (own === part) count += 1;
    return own === part && count >= nth ? forEver() : run();
  };
  return {
    ...templateGenerator,
    lesson: (...input) => step("lesson", () => templateGenerator.lesson(...input)),
    quiz: (...input) => step("quiz", () => templateGenerator.quiz(...input)),
  };
}

async function until(fact: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await fact())) {
    if (Date.now() > end) throw new Error(`waited 10 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a course whose run was lost", () => {
  it("right after it was accepted is generated by the consumer", async () => {
    const run = newRun();
    await accept(run, 0);
    await engine.settle();
    expect(await stateOf(run.course_id)).toMatchObject({ status: "completed", takeovers: 1 });
    const types = await typesOf(run.course_id);
    expect(types.slice(0, 1 + wholeCourse.length)).toEqual(["course.generation.requested", ...wholeCourse]);
    const view = await engine.request("GET", `/api/course-factory/courses/${run.course_id}`);
    expect(view.body.result).toMatchObject({
      success: true,
      full_lessons_generated: 3,
      quiz_questions_count: 15,
    });
  });

  it("in the middle is continued from what was stored, and nothing is told twice", async () => {
    const run = newRun();
    await accept(run, 60_000);
    void generate(services(), dyingAt("lesson", 3), run);
    await until(async () => (await typesOf(run.course_id)).length === 5, "outline and two lessons");
    await endLease(run.course_id);
    await engine.settle();
    expect(await stateOf(run.course_id)).toMatchObject({ status: "completed", takeovers: 1 });
    const types = (await typesOf(run.course_id)).filter((type) => wholeCourse.includes(type));
    expect(types).toEqual(wholeCourse);
    const lessons = await engine.sql<{ index: number }>(
      `SELECT (payload ->> 'lesson_index')::int AS index FROM events
       WHERE type = 'course.lesson.generated' AND payload ->> 'course_id' = $1 ORDER BY position`,
      [run.course_id],
    );
    expect(lessons.map((row) => row.index)).toEqual([1, 2, 3]);
    const tenants = await engine.sql(
      "SELECT DISTINCT tenant_id, correlation_id FROM events WHERE payload ->> 'course_id' = $1 AND type LIKE 'course.%'",
      [run.course_id],
    );
    expect(tenants).toContainEqual({ tenant_id: "tenant-a", correlation_id: run.correlation_id });
  });

  it("is left alone while its lease is alive", async () => {
    const run = newRun();
    await accept(run, 60_000);
    const first = await handle((context) => watch(run.course_id, templateGenerator, context)).catch(
      (error: unknown) => error,
    );
    expect(first).toBeInstanceOf(RetryAfter);
    expect((first as RetryAfter).retryAfterMs).toBe(500);
    const later = await handle((context) => watch(run.course_id, templateGenerator, context), 4).catch(
      (error: unknown) => error,
    );
    expect((later as RetryAfter).retryAfterMs).toBe(4_000);
    expect(await stateOf(run.course_id)).toMatchObject({ status: "generating", owner: run.owner });
  });

  it("cannot be written by the old run once another has taken it over", async () => {
    const run = newRun();
    await accept(run, 60_000);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: ContentGenerator = {
      ...templateGenerator,
      async quiz(...input) {
        await held;
        return await templateGenerator.quiz(...input);
      },
    };
    const outcome = generate(services(), slow, run);
    await until(async () => (await typesOf(run.course_id)).length === 6, "everything before the quiz");
    await endLease(run.course_id);
    await handle((context) => watch(run.course_id, templateGenerator, context));
    expect(await stateOf(run.course_id)).toMatchObject({ status: "completed" });
    const before = await typesOf(run.course_id);
    release();
    expect(await outcome).toEqual({ kind: "taken_over" });
    expect(await typesOf(run.course_id)).toEqual(before);
  });

  it("is taken over by one of many", async () => {
    const run = newRun();
    await accept(run, 0);
    await Promise.all(
      Array.from({ length: 5 }, () => handle((context) => watch(run.course_id, templateGenerator, context))),
    );
    expect(await stateOf(run.course_id)).toMatchObject({ status: "completed", takeovers: 1 });
    expect((await typesOf(run.course_id)).filter((type) => wholeCourse.includes(type))).toEqual(wholeCourse);
  });

  it("keeps what one turn made and asks for the next when the service fails in between", async () => {
    const run = newRun();
    await accept(run, 0);
    const failing: ContentGenerator = {
      ...templateGenerator,
      lesson: async (brief, outline, index, signal) => {
        if (index === 1) throw new TransientError("The content service answered with status 503.");
        return await templateGenerator.lesson(brief, outline, index, signal);
      },
    };
    await handle((context) => watch(run.course_id, failing, context));
    expect(await typesOf(run.course_id)).toEqual([
      "course.generation.requested",
      "course.outline.created",
      "course.lesson.generated",
      "course.generation.started",
    ]);
    const state = await stateOf(run.course_id);
    const turn = state?.owner ?? "";
    // A turn that makes nothing new is left to the backoff of the event.
    await expect(handle((context) => proceed(run.course_id, turn, failing, context))).rejects.toThrow(
      TransientError,
    );
    expect(await stateOf(run.course_id)).toMatchObject({ owner: turn });
    await handle((context) => proceed(run.course_id, turn, templateGenerator, context));
    expect(await stateOf(run.course_id)).toMatchObject({ status: "completed", takeovers: 1 });
    // The same turn once more finds nothing to do.
    const before = await typesOf(run.course_id);
    await handle((context) => proceed(run.course_id, turn, templateGenerator, context));
    expect(await typesOf(run.course_id)).toEqual(before);
  });

  it("is finished by the event that asks for the next turn", async () => {
    const run = newRun();
    await accept(run, 0);
    const failing: ContentGenerator = {
      ...templateGenerator,
      quiz: async () => {
        throw new TransientError("away");
      },
    };
    await handle((context) => watch(run.course_id, failing, context));
    expect(await stateOf(run.course_id)).toMatchObject({ status: "generating" });
    await engine.settle();
    expect(await stateOf(run.course_id)).toMatchObject({ status: "completed" });
  });

  it("fails when the service refuses, and when it stays away to the last try", async () => {
    const refused = newRun();
    await accept(refused, 0);
    const broken = (error: Error): ContentGenerator => ({
      ...templateGenerator,
      outline: async () => {
        throw error;
      },
    });
    await handle((context) => watch(refused.course_id, broken(new UpstreamError("no")), context));
    expect(await stateOf(refused.course_id)).toMatchObject({ status: "failed" });
    const away = newRun();
    await accept(away, 0);
    const absent = broken(new TransientError("away"));
    await expect(
      handle((context) => watch(away.course_id, absent, context), maxAttempts - 1),
    ).rejects.toThrow("away");
    expect(await stateOf(away.course_id)).toMatchObject({ status: "generating" });
    await handle((context) => watch(away.course_id, absent, context), maxAttempts);
    expect(await stateOf(away.course_id)).toMatchObject({ status: "failed" });
    const [failed] = await engine.sql<{ payload: unknown }>(
      "SELECT payload FROM events WHERE type = 'course.generation.failed' AND payload ->> 'course_id' = $1",
      [away.course_id],
    );
    expect(failed?.payload).toMatchObject({
      course_id: away.course_id,
      error_message: "away",
      retry_count: 1,
    });
  });
});

describe("a generation that fails by a fault of our own", () => {
  it("is recorded without telling more than its class", async () => {
    const run = newRun();
    await accept(run, 60_000);
    const faulty: ContentGenerator = {
      ...templateGenerator,
      outline: async () => {
        throw new TypeError("secret detail of the stack");
      },
    };
    const outcome = await generate(services(), faulty, run);
    expect(outcome).toMatchObject({ kind: "failed" });
    expect(await stateOf(run.course_id)).toMatchObject({ status: "failed" });
    const rows = await engine.sql<{ payload: unknown }>(
      "SELECT payload FROM events WHERE type = 'course.generation.failed' AND payload ->> 'course_id' = $1",
      [run.course_id],
    );
    expect(rows[0]?.payload).toMatchObject({ error_type: "TypeError", course_id: run.course_id });
    expect(JSON.stringify(rows)).not.toContain("secret detail");
  });

  it("keeps the course for the consumer when even the failure cannot be recorded", async () => {
    const run = newRun();
    await accept(run, 60_000);
    const broken = {
      ...services(),
      transact: async () => {
        throw new TransientError("Postgres could not be reached.");
      },
    } as unknown as Parameters<typeof generate>[0];
    expect(await generate(broken, templateGenerator, run)).toMatchObject({ kind: "failed" });
    expect(await stateOf(run.course_id)).toMatchObject({ status: "generating" });
    await endLease(run.course_id);
    await engine.settle();
    expect(await stateOf(run.course_id)).toMatchObject({ status: "completed" });
  });
});
