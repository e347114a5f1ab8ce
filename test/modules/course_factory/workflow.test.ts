import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { authoring, factoryBase as base, type Fields } from "./fixtures.ts";

/*
 * Two engines: with the gate off the caller's word counts, with the gate on a person's approval is needed.
 */

let engine: TestEngine;
let gated: TestEngine;
beforeAll(async () => {
  [engine, gated] = await Promise.all([createTestEngine({ WEBGENESIS_IR_MODE: "off" }), createTestEngine()]);
});
afterAll(() => Promise.all([engine?.cleanup(), gated?.cleanup()]));

const generated = (fields?: Fields) => authoring(engine).generated(fields);
const transition = (fields: Fields) => authoring(engine).transition(fields);
const rollback = (fields: Fields) => authoring(engine).rollback(fields);
const eventsOf = (courseId: string, type?: string) => authoring(engine).eventsOf(courseId, type);
const pathOf = (courseId: string) => `${base}/courses/${courseId}`;

describe("the author workflow while the gate is off", () => {
  test("leads from draft to published with one approval", async () => {
    const { course_id } = await generated();
    const review = await transition({
      course_id,
      from_state: "draft",
      to_state: "review",
      reason: "All lessons were read",
    });
    expect(review.status, review.text).toBe(200);
    expect(review.body).toMatchObject({
      requires_approval: false,
      approval_id: null,
      rollback_state: "draft",
    });
    const step = { course_id, from_state: "review", to_state: "publish_ready" };
    const refused = await transition(step);
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toContain("hitl_approval=true");
    const approved = await transition({ ...step, hitl_approval: true });
    expect(approved.body).toMatchObject({ requires_approval: true, approved_by: "author-1" });
    expect(approved.body.approval_id).toMatch(/^[0-9a-f-]{36}$/);
    const published = await transition({ course_id, from_state: "publish_ready", to_state: "published" });
    expect(published.body).toMatchObject({ can_rollback: false });
    const view = await engine.request("GET", pathOf(course_id));
    expect(view.body.workflow_state).toBe("published");
    expect(view.body.workflow_history.map((item: { to_state: string }) => item.to_state)).toEqual([
      "review",
      "publish_ready",
      "published",
    ]);
    expect(view.body.workflow_history[1]).toEqual(approved.body);
    const events = await eventsOf(course_id, "course.workflow.transitioned");
    expect(events.map((event) => event.severity)).toEqual(["INFO", "WARNING", "INFO"]);
    expect(events[1]).toMatchObject({ tenant_id: "tenant-a", source: "workflow_state_machine" });
    expect(events[1]?.payload.approval_id).toBe(approved.body.approval_id);
    expect(events.map(({ payload }) => payload.reason)).toEqual(["All lessons were read", null, null]);
    expect(JSON.stringify(events)).not.toContain("token");
  });

  test("takes its fields from the query as well", async () => {
    const { course_id } = await generated();
    const query = new URLSearchParams({
      course_id,
      from_state: "draft",
      to_state: "review",
      actor: "a",
      hitl_approval: "false",
    });
    const answer = await engine.request("POST", `${base}/workflow/transition?${query}`);
    expect(answer.status, answer.text).toBe(200);
    const back = new URLSearchParams({
      course_id,
      transition_id: answer.body.transition_id,
      actor: "a",
      reason: "no",
    });
    const undone = await engine.request("POST", `${base}/workflow/rollback?${back}`);
    expect(undone.body).toMatchObject({ to_state: "draft", rollback_of: answer.body.transition_id });
  });

  test("refuses a from_state that is not the stored one, and what the table does not allow", async () => {
    const { course_id } = await generated();
    expect((await transition({ course_id, from_state: "review", to_state: "draft" })).status).toBe(409);
    expect((await transition({ course_id, from_state: "draft", to_state: "published" })).status).toBe(400);
    expect((await transition({ course_id, from_state: "draft", to_state: "nowhere" })).status).toBe(422);
    expect(
      (await transition({ course_id, from_state: "draft", to_state: "review", actor: "a@b.de" })).status,
    ).toBe(422);
    expect(
      (await transition({ course_id: crypto.randomUUID(), from_state: "draft", to_state: "review" })).status,
    ).toBe(404);
    expect((await engine.request("POST", `${base}/workflow/transition`, "{no json")).status).toBe(400);
    expect((await eventsOf(course_id)).some((event) => event.type === "course.workflow.transitioned")).toBe(
      false,
    );
  });

  test("lets one of many concurrent transitions win", async () => {
    const { course_id } = await generated();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        transition({ course_id, from_state: "draft", to_state: index % 2 === 0 ? "review" : "archived" }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    const events = await eventsOf(course_id, "course.workflow.transitioned");
    expect(events).toHaveLength(1);
  });

  test("takes back the newest transition only, under the same approval rule", async () => {
    const { course_id } = await generated();
    const first = await transition({ course_id, from_state: "draft", to_state: "review" });
    const second = await transition({
      course_id,
      from_state: "review",
      to_state: "publish_ready",
      hitl_approval: true,
    });
    expect((await rollback({ course_id, transition_id: first.body.transition_id })).status).toBe(409);
    const back = await rollback({ course_id, transition_id: second.body.transition_id });
    expect(back.body).toMatchObject({ from_state: "publish_ready", to_state: "review", reason: "a mistake" });
    const again = { course_id, transition_id: back.body.transition_id };
    expect((await rollback(again)).status).toBe(400);
    expect((await rollback({ ...again, hitl_approval: true })).body).toMatchObject({
      to_state: "publish_ready",
    });
    expect((await rollback({ course_id, transition_id: crypto.randomUUID() })).status).toBe(404);
  });

  test("has no way back from published and archived", async () => {
    const { course_id } = await generated();
    const archived = await transition({ course_id, from_state: "draft", to_state: "archived" });
    expect(archived.body).toMatchObject({ rollback_state: null });
    expect((await rollback({ course_id, transition_id: archived.body.transition_id })).status).toBe(409);
  });
});

describe("the author workflow while the gate is on", () => {
  /** A course in review, and the step that needs a person. */
  async function inReview() {
    const authors = authoring(gated);
    const { course_id } = await authors.generated();
    const review = await authors.transition({ course_id, from_state: "draft", to_state: "review" });
    expect(review.status, review.text).toBe(200);
    return { ...authors, course_id, step: { course_id, from_state: "review", to_state: "publish_ready" } };
  }

  async function stateOf(courseId: string): Promise<string> {
    return (await gated.request("GET", pathOf(courseId))).body.workflow_state;
  }

  test("does not take the caller's word, and says what is to be approved", async () => {
    const { course_id, step, transition, eventsOfType } = await inReview();
    for (const fields of [{}, { hitl_approval: true }]) {
      const refused = await transition({ ...step, ...fields });
      expect(refused.status, refused.text).toBe(403);
      expect(refused.body).toMatchObject({
        error: { code: "forbidden" },
        reason: "approval required",
        ir_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        validation_result: { status: "ESCALATE", requires_approval: true, tenant_id: "tenant-a" },
      });
      expect(refused.body.validation_result.ir_hash).toBe(refused.body.ir_hash);
      const told = (await eventsOfType("ir.validated_escalate")).at(-1);
      expect(told).toMatchObject({ tenant_id: "tenant-a", payload: { ir_hash: refused.body.ir_hash } });
    }
    expect(await stateOf(course_id)).toBe("review");
  });

  test("takes the token of another person's approval, in the body or in the query, and keeps only its id", async () => {
    for (const place of ["body", "query"]) {
      const { course_id, step, transition, request, approve, eventsOf, eventsOfType } = await inReview();
      const refused = await transition(step);
      const { token, approval_id } = await approve(refused.body.ir_hash);
      const query = new URLSearchParams({ ...step, actor: "author-1", approval_token: token });
      const approved =
        place === "body"
          ? await transition({ ...step, approval_token: token })
          : await request("POST", `${base}/workflow/transition?${query}`);
      expect(approved.status, approved.text).toBe(200);
      expect(approved.body).toMatchObject({
        to_state: "publish_ready",
        requires_approval: true,
        approval_id,
        approved_by: "reviewer-1",
        transitioned_by: "author-1",
      });
      const [, event] = await eventsOf(course_id, "course.workflow.transitioned");
      expect(event?.payload.approval_id).toBe(approval_id);
      const cause = (await eventsOfType("ir.validated_escalate")).find(
        ({ id }) => id === event?.causation_id,
      );
      expect(cause?.correlation_id).toBe(event?.correlation_id);
      const stored = await gated.sql("SELECT * FROM course_factory_transitions WHERE course_id = $1", [
        course_id,
      ]);
      const recorded = await gated.sql("SELECT * FROM events");
      expect(JSON.stringify([stored, recorded, approved.body])).not.toContain(token);
    }
  });

  test("takes an approval that was consumed elsewhere, once", async () => {
    const { course_id, step, transition, rollback, approve, consume } = await inReview();
    const refused = await transition(step);
    const { token, approval_id } = await approve(refused.body.ir_hash);
    await consume(refused.body.ir_hash, token);
    await gated.settle();
    const approved = await transition(step);
    expect(approved.body, approved.text).toMatchObject({ approval_id, approved_by: "reviewer-1" });
    await rollback({ course_id, transition_id: approved.body.transition_id });
    expect((await transition(step)).status).toBe(403);
  });

  test("asks anew in the next round: an approval allows one round only", async () => {
    const { course_id, step, transition, rollback, approve } = await inReview();
    const first = await transition(step);
    const spare = await approve(first.body.ir_hash, { by: "reviewer-2" });
    const { token } = await approve(first.body.ir_hash);
    const approved = await transition({ ...step, approval_token: token });
    expect(approved.status, approved.text).toBe(200);
    const back = await rollback({ course_id, transition_id: approved.body.transition_id });
    expect(back.body).toMatchObject({ from_state: "publish_ready", to_state: "review" });
    for (const used of [token, spare.token]) {
      const again = await transition({ ...step, approval_token: used });
      expect(again.status).toBe(403);
      expect(again.body.ir_hash).not.toBe(first.body.ir_hash);
    }
    expect(await stateOf(course_id)).toBe("review");
  });

  test("asks for a person too when a rollback leads to publish_ready", async () => {
    const { course_id, step, transition, rollback, approve } = await inReview();
    const { token } = await approve((await transition(step)).body.ir_hash);
    const approved = await transition({ ...step, approval_token: token });
    const back = await rollback({ course_id, transition_id: approved.body.transition_id });
    const again = { course_id, transition_id: back.body.transition_id };
    const refused = await rollback({ ...again, hitl_approval: true });
    expect(refused.status).toBe(403);
    const second = await approve(refused.body.ir_hash);
    const redone = await rollback({ ...again, approval_token: second.token });
    expect(redone.body, redone.text).toMatchObject({
      to_state: "publish_ready",
      approval_id: second.approval_id,
    });
  });

  test("wants four eyes: who approved may not make the change, in whatever name the request comes", async () => {
    const { course_id, step, transition, approve } = await inReview();
    const refused = await transition(step);
    for (const actor of [undefined, "somebody-else"]) {
      const { token } = await approve(refused.body.ir_hash, { by: "author-1" });
      const own = await transition({ ...step, approval_token: token }, actor);
      expect(own.status, own.text).toBe(403);
    }
    expect(await stateOf(course_id)).toBe("review");
  });

  test("wastes no approval on a change that is not possible", async () => {
    const { course_id, step, transition, approve } = await inReview();
    const { token } = await approve((await transition(step)).body.ir_hash);
    const wrong = await transition({
      course_id,
      from_state: "draft",
      to_state: "review",
      approval_token: token,
    });
    expect(wrong.status).toBe(409);
    expect((await transition({ ...step, approval_token: token })).status).toBe(200);
  });

  test("lets one of many concurrent changes with one token win", async () => {
    const { course_id, step, transition, approve, eventsOf } = await inReview();
    const { token } = await approve((await transition(step)).body.ir_hash);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => transition({ ...step, approval_token: token })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await eventsOf(course_id, "course.workflow.transitioned")).toHaveLength(2);
  });

  test.each(["x y", "tok\u0000en", "", "x".repeat(201)])(
    "refuses what is no token: %j",
    async (approval_token) => {
      const { step, transition } = await inReview();
      expect((await transition({ ...step, approval_token })).status).toBe(422);
    },
  );
});
