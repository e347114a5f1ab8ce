import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { courseRequest } from "../modules/course_factory/fixtures.ts";
import { waitFor } from "../wait-for.ts";
import { call, distributionsOf } from "./course-flow.ts";
import { countOf, type Edge, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

/* Missions and messages on the built workers in workerd, which the cron never ticks unless a test says so. */

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge(await productBundles());
});
afterAll(() => edge?.stop());

test("a mission is done as soon as it is enqueued, and what it made goes its way", async () => {
  const { dry_run: _, ...payload } = courseRequest();
  const accepted = await call(edge, "POST", "/api/missions/enqueue", { type: "course.generate", payload });
  expect(accepted.status, accepted.text).toBe(202);
  const mission = await waitFor(
    "the mission is done",
    async () => (await call(edge, "GET", `/api/missions/${accepted.body.mission_id}`)).body,
    ({ status }) => status === "completed",
  );
  expect(mission).toMatchObject({ attempt: 1, result: { total_lessons: 12 } });
  await waitFor(
    "its course is distributed",
    () => distributionsOf(edge, mission.result.course_id),
    (entries) => entries.length === 1,
  );
});

test("a message reaches an agent that waits for it", async () => {
  const { body: before } = await call(edge, "GET", "/api/agents/robot-2/inbox?cursor=now");
  const waiting = call(edge, "GET", `/api/agents/robot-2/inbox?cursor=${before.cursor}&wait_ms=20000`);
  const sent = await call(edge, "POST", "/api/agents/robot-2/messages", {
    from: "robot-1",
    message: { say: "hello" },
  });
  const { body } = await waiting;
  expect(body.events).toMatchObject([{ id: sent.body.event_id, source: "robot-1", target: "robot-2" }]);
  const again = await call(edge, "GET", `/api/agents/robot-2/inbox?cursor=${body.cursor}`);
  expect(again.body.events).toEqual([]);
});

test("missions outlive the workers that do them: each is completed once", async () => {
  const ids = Array.from({ length: 60 }, () => randomUUID());
  for (const [n, id] of ids.entries()) {
    if (n % 20 === 10) await edge.workers.crash();
    // As every sender must: the same again until there is an answer. 409: it was taken, and the answer got lost.
    await waitFor(
      "the mission is accepted",
      () => call(edge, "POST", "/api/missions", { id, name: `crash ${n}`, data: { n } }),
      ({ status }) => status === 201 || status === 409,
    );
    await waitFor(
      "it is queued",
      () => call(edge, "POST", `/api/missions/${id}/execute`),
      ({ status }) => status === 202 || status === 409,
    );
  }
  await waitFor(
    "all are done",
    async () => {
      // A killed worker's lease lasts half a minute; nobody wants to wait for that here.
      await edge.sql(
        "UPDATE missions SET due_at = now() WHERE status IN ('queued', 'running') AND due_at > now()",
      );
      await edge.workers.tick();
      return countOf(edge, "missions WHERE name LIKE 'crash %' AND status = 'completed'");
    },
    (done) => done === ids.length,
    { everyMs: 200 },
  );
  const stories = await edge.sql<{ times: number }>(
    "SELECT count(*)::integer AS times FROM events WHERE type = 'mission.completed' AND mission_id = ANY($1) GROUP BY mission_id",
    [ids],
  );
  expect(stories).toHaveLength(ids.length);
  expect(stories.every(({ times }) => times === 1)).toBe(true);
});
