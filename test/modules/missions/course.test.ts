import { type JobContext, transactAndPublish } from "@brain/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { courseGenerationMission } from "../../../src/modules/course_factory/generation/mission.ts";
import { irGovernanceGate } from "../../../src/modules/ir_governance/gate.ts";
import { missionWorker } from "../../../src/modules/missions/worker.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { courseRequest, type Fields } from "../course_factory/fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine.cleanup());

const { dry_run: _, ...payload } = courseRequest();

async function enqueue(fields: Fields = {}): Promise<string> {
  const answer = await engine.request("POST", "/api/missions/enqueue", {
    type: "course.generate",
    payload: { ...payload, ...fields },
  });
  expect(answer.status, answer.text).toBe(202);
  return answer.body.mission_id;
}

const mission = async (id: string) => (await engine.request("GET", `/api/missions/${id}`)).body;
const coursesOf = (id: string) =>
  engine.sql<{ course_id: string; status: string }>(
    "SELECT course_id, status FROM course_factory_courses WHERE correlation_id = (SELECT correlation_id FROM missions WHERE id = $1)",
    [id],
  );

/** A run of the worker that `transact` may disturb. */
async function work(transact?: (usual: JobContext["transact"]) => JobContext["transact"]): Promise<void> {
  const gate = irGovernanceGate({ mode: "opt_in", approvalTier: 2, maxBudgetCents: null });
  const handlers = [courseGenerationMission({ content: null, publicUrl: null, gate })];
  const { db, log, catalog, publish } = engine.open();
  const usual: JobContext["transact"] = (context, run) => transactAndPublish(db, publish, context, run);
  await missionWorker({
    worker: true,
    httpAllow: [],
    secretsKeys: { current: null, previous: null },
    handlers,
  }).run({
    db,
    log,
    catalog,
    now: () => new Date(),
    isOver: () => false,
    transact: transact?.(usual) ?? usual,
  });
}

/** A worker whose process ends behind its `n`th transaction: what it asks for then is never answered. */
function dyingAfter(n: number): { readonly died: Promise<void>; readonly work: Promise<void> } {
  let done = 0;
  let die: () => void = () => undefined;
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const worker = work((usual) => (context, run) => {
    done += 1;
    if (done <= n) return usual(context, run);
    die();
    return new Promise<never>(() => undefined);
  });
  // Nobody hears of the end of a process that is gone; it may come when the database is gone too.
  worker.catch(() => undefined);
  return { died, work: worker };
}

test("a mission generates a course that belongs to its story", async () => {
  const id = await enqueue();
  await engine.cron();
  const done = await mission(id);
  expect(done).toMatchObject({ status: "completed", result: { total_modules: 4 } });
  expect(await coursesOf(id)).toEqual([{ course_id: done.result.course_id, status: "completed" }]);
  const [requested, completed, finished] = await engine.sql<Fields>(
    `SELECT type, mission_id::text, correlation_id, payload FROM events
     WHERE type IN ('course.generation.requested', 'course.generation.completed', 'mission.completed') ORDER BY position`,
  );
  for (const event of [requested, completed])
    expect(event).toMatchObject({ mission_id: id, correlation_id: finished?.correlation_id });
  expect(finished).toMatchObject({
    type: "mission.completed",
    payload: { result: { course_id: done.result.course_id } },
  });
});

test("what is no course is refused before it is queued", async () => {
  const answer = await engine.request("POST", "/api/missions/enqueue", {
    type: "course.generate",
    payload: { ...payload, title: "short", dry_run: true },
  });
  expect(answer.status).toBe(422);
  expect(JSON.stringify(answer.body)).toContain("payload.title");
  const dry = await engine.request("POST", "/api/missions/enqueue", {
    type: "course.generate",
    payload: { ...payload, dry_run: true },
  });
  expect(JSON.stringify(dry.body)).toContain("payload.dry_run");
});

test("an attempt that was cut off in the middle of a course leads to no second course", async () => {
  const id = await enqueue({ title: "A course that is cut off" });
  // The mission is claimed, the course accepted, its start stored; then the process ends.
  await dyingAfter(3).died;
  expect(await coursesOf(id)).toMatchObject([{ status: "generating" }]);
  await engine.sql("UPDATE missions SET due_at = now() WHERE id = $1", [id]);
  await engine.sql(
    "UPDATE course_factory_courses SET generating_until = now() - interval '1 second' WHERE status = 'generating'",
  );
  const successor = work();
  await waitFor(
    "the second attempt begins",
    () => mission(id),
    ({ attempt }) => attempt === 2,
  );
  await engine.settle();
  await successor;
  // The lost attempt counts as a failed one, so its successor may have waited for the backoff.
  await engine.sql("UPDATE missions SET due_at = now() WHERE id = $1 AND status = 'queued'", [id]);
  await work();
  const [course, ...others] = await coursesOf(id);
  expect(others).toEqual([]);
  expect(await mission(id)).toMatchObject({ status: "completed", result: { course_id: course?.course_id } });
});

test("a course whose generation failed is tried again under its id", async () => {
  const id = await enqueue({ title: "A course that fails at first" });
  await dyingAfter(3).died;
  const [begun] = await coursesOf(id);
  await engine.sql(
    `UPDATE course_factory_courses SET status = 'failed', error_message = 'no quiz', error_type = 'UpstreamError',
       generation_owner = NULL, generating_until = NULL WHERE course_id = $1`,
    [begun?.course_id],
  );
  await engine.sql("UPDATE missions SET due_at = now() WHERE id = $1", [id]);
  await work();
  await engine.sql("UPDATE missions SET due_at = now() WHERE id = $1 AND status = 'queued'", [id]);
  await work();
  expect(await coursesOf(id)).toEqual([{ course_id: begun?.course_id, status: "completed" }]);
  expect(await mission(id)).toMatchObject({ status: "completed", result: { course_id: begun?.course_id } });
});

test("where a person must approve, the mission fails with the plan's hash", async () => {
  const strict = await createTestEngine({ WEBGENESIS_IR_MODE: "required", WEBGENESIS_IR_APPROVAL_TIER: "0" });
  try {
    const accepted = await strict.request("POST", "/api/missions/enqueue", {
      type: "course.generate",
      payload,
    });
    await strict.cron();
    const { body } = await strict.request("GET", `/api/missions/${accepted.body.mission_id}`);
    expect(body).toMatchObject({ status: "failed", attempt: 1 });
    expect(JSON.stringify(body)).toMatch(/was blocked/);
    expect(await strict.sql("SELECT 1 FROM course_factory_courses")).toEqual([]);
  } finally {
    await strict.cleanup();
  }
});
