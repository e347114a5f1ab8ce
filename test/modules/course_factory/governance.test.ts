import { irApprovalConsumed } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { authoring, courseRequest, type Fields } from "./fixtures.ts";

let engine: TestEngine;
let authors: ReturnType<typeof authoring>;
beforeAll(async () => {
  engine = await createTestEngine();
  authors = authoring(engine);
});
afterAll(() => engine?.cleanup());

let number = 0;
/** A course that the gate lets through only with an approval: its title names the production environment. */
function risky(fields: Fields = {}): Record<string, unknown> {
  number += 1;
  return courseRequest({ title: `Arbeiten in production, Teil ${number}`, ...fields });
}

const generate = (body: Fields, token?: string, actor?: string) =>
  authors.post("/generate", token === undefined ? body : { ...body, approval_token: token }, actor);

/** The hash that a blocked request names. */
async function blocked(body: Fields): Promise<string> {
  const answer = await generate(body);
  expect(answer.status, answer.text).toBe(403);
  return answer.body.ir_hash;
}

async function approvalRow(approvalId: string) {
  const [row] = await engine.sql<{ used_for: string | null; used: boolean; consumed_by: string | null }>(
    "SELECT used_for, used_at IS NOT NULL AS used, consumed_by FROM course_factory_approvals WHERE approval_id = $1",
    [approvalId],
  );
  return row;
}

async function coursesTitled(title: unknown): Promise<number> {
  return (await engine.sql("SELECT 1 FROM course_factory_courses WHERE title = $1", [title])).length;
}

describe("a harmless course", () => {
  test("is generated at once, caused by the validation that let it pass", async () => {
    const { course_id } = await authors.generated({ title: "Produkte und Deliverables für Oliver" });
    const [requested] = await authors.eventsOf(course_id, "course.generation.requested");
    const pass = (await authors.eventsOfType("ir.validated_pass")).find(
      ({ id }) => id === requested?.causation_id,
    );
    expect(pass).toMatchObject({ tenant_id: "tenant-a", source: "ir_governance" });
    expect(pass?.correlation_id).toBe(requested?.correlation_id);
  });

  test("is not asked about when it is only shown", async () => {
    const count = () => engine.sql("SELECT count(*) FROM events WHERE type LIKE 'ir.%'");
    const before = await count();
    expect((await generate({ ...risky(), dry_run: true })).status).toBe(200);
    expect((await authors.post("/dry-run", risky())).status).toBe(200);
    expect(await count()).toEqual(before);
  });
});

describe("a course that needs approval", () => {
  test("is blocked with the hash to approve; what the gate found is recorded, the course is not", async () => {
    const body = risky();
    const answer = await generate(body);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({
      error: { code: "forbidden", message: expect.stringContaining("approval required") },
      reason: "approval required",
      ir_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      validation_result: { status: "ESCALATE", risk_tier: 2, requires_approval: true },
    });
    expect(await coursesTitled(body.title)).toBe(0);
    const told = (await authors.eventsOfType("ir.validated_escalate")).filter(
      ({ payload }) => payload.ir_hash === answer.body.ir_hash,
    );
    expect(told).toHaveLength(1);
  });

  test("has the same hash at every request, and is generated with the token", async () => {
    const body = risky();
    const irHash = await blocked(body);
    expect(await blocked(body)).toBe(irHash);
    const { token, approval_id } = await authors.approve(irHash);
    const answer = await generate(body, token);
    expect(answer.status, answer.text).toBe(201);
    const [requested] = await authors.eventsOf(answer.body.course_id, "course.generation.requested");
    const validated = (await authors.eventsOfType("ir.validated_escalate")).filter(
      ({ payload }) => payload.ir_hash === irHash,
    );
    // One story: the first validation, the approval and everything of the course.
    expect(validated.some(({ id }) => id === requested?.causation_id)).toBe(true);
    const [created] = (await authors.eventsOfType("ir.approval_created")).filter(
      ({ payload }) => payload.approval_id === approval_id,
    );
    expect(requested?.correlation_id).toBe(created?.correlation_id);
    for (const event of await authors.eventsOf(answer.body.course_id)) {
      expect(event.correlation_id).toBe(created?.correlation_id);
    }
    expect(await approvalRow(approval_id)).toMatchObject({
      used: true,
      used_for: `course:${answer.body.course_id}`,
    });
    expect(JSON.stringify(await engine.sql("SELECT * FROM events"))).not.toContain(token);
    expect(JSON.stringify(await engine.sql("SELECT * FROM course_factory_approvals"))).not.toContain(token);
  });

  test("is generated once per token, also when many ask at once", async () => {
    const body = risky();
    const { token } = await authors.approve(await blocked(body));
    const answers = await Promise.all(Array.from({ length: 5 }, () => generate(body, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403]);
    expect(await coursesTitled(body.title)).toBe(1);
  });

  test("stays blocked with a wrong token, another plan's token, or the token of who asks", async () => {
    const body = risky();
    const irHash = await blocked(body);
    const other = await authors.approve(await blocked(risky()));
    const own = await authors.approve(irHash, { by: "author-1" });
    const foreign = await authors.approve(irHash, { tenant: "tenant-b" });
    for (const token of ["unknown-token", other.token, foreign.token]) {
      const answer = await generate(body, token);
      expect(answer.status, answer.text).toBe(403);
      expect(answer.body.ir_hash).toBe(irHash);
    }
    expect((await generate(body, own.token, "author-1")).status).toBe(403);
    expect(await coursesTitled(body.title)).toBe(0);
    // The refusals used nothing up that was not theirs.
    expect((await generate(body, own.token, "author-2")).status).toBe(201);
  });

  test("uses the token up only when the course is stored", async () => {
    const body = risky();
    const { token } = await authors.approve(await blocked(body));
    await engine.sql(
      `ALTER TABLE course_factory_courses ADD CONSTRAINT no_more CHECK (title <> '${String(body.title)}')`,
    );
    expect((await generate(body, token)).status).toBe(500);
    await engine.sql("ALTER TABLE course_factory_courses DROP CONSTRAINT no_more");
    expect((await generate(body, token)).status).toBe(201);
  });

  test("refuses what is no token", async () => {
    for (const token of ["", "a b", "x".repeat(201)]) {
      expect((await generate(risky(), token)).status).toBe(422);
    }
  });
});

describe("an approval that was consumed elsewhere", () => {
  test("allows the request that comes after its event, once, and not the one before", async () => {
    const body = risky();
    const irHash = await blocked(body);
    const { token, approval_id } = await authors.approve(irHash);
    await authors.consume(irHash, token);
    await blocked(body);
    await engine.settle();
    expect(await approvalRow(approval_id)).toMatchObject({ used: false, consumed_by: "operator-1" });
    const answer = await generate(body);
    expect(answer.status, answer.text).toBe(201);
    expect(await approvalRow(approval_id)).toMatchObject({
      used: true,
      used_for: `course:${answer.body.course_id}`,
    });
    await blocked(body);
    expect(await coursesTitled(body.title)).toBe(1);
  });

  test("allows one of many concurrent requests", async () => {
    const body = risky();
    const irHash = await blocked(body);
    const { token } = await authors.approve(irHash);
    await authors.consume(irHash, token);
    await engine.settle();
    const answers = await Promise.all(Array.from({ length: 5 }, () => generate(body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403]);
    expect(await coursesTitled(body.title)).toBe(1);
  });

  test("allows as many concurrent requests as there are approvals", async () => {
    const body = risky();
    const irHash = await blocked(body);
    for (const by of ["reviewer-1", "reviewer-2"]) {
      await authors.consume(irHash, (await authors.approve(irHash, { by })).token);
    }
    await engine.settle();
    const answers = await Promise.all(Array.from({ length: 2 }, () => generate(body)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  });

  test("does not allow its own creator, and stays for somebody else", async () => {
    const body = risky();
    const irHash = await blocked(body);
    const { token, approval_id } = await authors.approve(irHash, { by: "author-1" });
    await authors.consume(irHash, token);
    await engine.settle();
    expect((await generate(body, undefined, "author-1")).status).toBe(403);
    expect(await approvalRow(approval_id)).toMatchObject({ used: false });
    expect((await generate(body, undefined, "author-2")).status).toBe(201);
  });

  test("is found behind those that the gate refuses", async () => {
    const body = risky();
    const irHash = await blocked(body);
    for (const by of ["author-1", "reviewer-1"]) {
      await authors.consume(irHash, (await authors.approve(irHash, { by })).token);
    }
    await engine.settle();
    expect((await generate(body, undefined, "author-1")).status).toBe(201);
    // The author's own one is left; it is somebody else's to use.
    expect((await generate(body, undefined, "author-1")).status).toBe(403);
    expect((await generate(body, undefined, "author-2")).status).toBe(201);
    await blocked(body);
  });

  test("is worth nothing when the gate does not know it", async () => {
    const body = risky();
    const irHash = await blocked(body);
    await engine.publish({ source: "test", tenant_id: "tenant-a" }, (publish) =>
      publish(irApprovalConsumed, consumption(irHash)),
    );
    await engine.settle();
    await blocked(body);
    expect(await coursesTitled(body.title)).toBe(0);
  });

  test("is worth nothing a day later", async () => {
    const body = risky();
    const irHash = await blocked(body);
    const { token, approval_id } = await authors.approve(irHash);
    await authors.consume(irHash, token);
    await engine.settle();
    await engine.sql(
      "UPDATE course_factory_approvals SET consumed_at = now() - interval '25 hours' WHERE approval_id = $1",
      [approval_id],
    );
    await blocked(body);
    // The next one of the tenant clears it away.
    await authors.consume(irHash, (await authors.approve(irHash)).token);
    await engine.settle();
    expect(await approvalRow(approval_id)).toBeUndefined();
  });
});

function consumption(irHash: string) {
  return {
    approval_id: crypto.randomUUID(),
    tenant_id: "tenant-a",
    ir_hash: irHash,
    consumed_by: "operator-1",
    consumed_at: new Date().toISOString(),
    time_to_consume_seconds: 1,
    was_expired: false,
  };
}

describe("the event of an approval that the factory consumed itself", () => {
  async function generatedWithToken() {
    const body = risky();
    const irHash = await blocked(body);
    const { token, approval_id } = await authors.approve(irHash);
    const answer = await generate(body, token);
    expect(answer.status, answer.text).toBe(201);
    return { body, approval_id };
  }

  test("gives no second use", async () => {
    const { body } = await generatedWithToken();
    await engine.settle();
    await blocked(body);
    expect(await coursesTitled(body.title)).toBe(1);
  });

  test("would give one without the note of its use (control)", async () => {
    const { body, approval_id } = await generatedWithToken();
    await engine.sql("DELETE FROM course_factory_approvals WHERE approval_id = $1", [approval_id]);
    await engine.settle();
    expect((await generate(body)).status).toBe(201);
    expect(await coursesTitled(body.title)).toBe(2);
  });
});

describe("the event of a consumed approval", () => {
  test("has one effect, though it is delivered again and under a new stream id", async () => {
    const payload = consumption("a".repeat(64));
    const event = await engine.publish({ source: "test", tenant_id: "tenant-a" }, (publish) =>
      publish(irApprovalConsumed, payload),
    );
    await engine.settle();
    await engine.sql("UPDATE course_factory_approvals SET used_at = now() WHERE approval_id = $1", [
      payload.approval_id,
    ]);
    await engine.redis("XGROUP", "SETID", engine.stream, "edge_course_factory", "0");
    expect(await engine.drain("course_factory")).toMatchObject({ applied: 0 });
    const entry = (await engine.streamEntries()).find(({ fields }) => fields.id === event.id);
    await engine.append(Object.entries(entry?.fields ?? {}).flat());
    expect(await engine.drain("course_factory")).toMatchObject({ applied: 0, publishedTwice: 1 });
    // Published twice as different events: the row decides.
    await engine.publish({ source: "test", tenant_id: "tenant-a" }, (publish) =>
      publish(irApprovalConsumed, payload),
    );
    await engine.settle();
    expect(await approvalRow(payload.approval_id)).toMatchObject({ used: true });
  });
});

describe("the plan of a course", () => {
  test("is shown without being judged, and judged without being carried out", async () => {
    const body = risky();
    const shown = await authors.post("/generate-ir", body);
    expect(shown.status, shown.text).toBe(200);
    expect(shown.body).toMatchObject({
      tenant_id: "tenant-a",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      labels: { module: "course_factory", language: "de", dry_run: "false" },
    });
    expect(shown.body.steps).toHaveLength(5);
    for (const step of shown.body.steps)
      expect(step).toMatchObject({ risk_tier: null, requires_approval: false });
    const judged = await authors.post("/validate-ir", shown.body);
    expect(judged.status, judged.text).toBe(200);
    expect(judged.body).toMatchObject({ status: "ESCALATE", risk_tier: 2, violations: [] });
    // The hash of the plan that is shown is the one that generating it asks for.
    expect(judged.body.ir_hash).toBe(await blocked(body));
    expect(await coursesTitled(body.title)).toBe(0);
  });

  test("passes with a staging deployment, which is no production", async () => {
    const body = courseRequest({ deploy_to_staging: true, staging_domain: "courses.example.org" });
    const judged = await authors.post("/validate-ir", (await authors.post("/generate-ir", body)).body);
    expect(judged.body, judged.text).toMatchObject({ status: "PASS", risk_tier: 1, violations: [] });
  });

  test("fits the gate for the longest title and tenant", async () => {
    const body = courseRequest({ tenant_id: "t".repeat(100), title: "x".repeat(200) });
    const judged = await authors.post("/validate-ir", (await authors.post("/generate-ir", body)).body);
    expect(judged.body, judged.text).toMatchObject({ status: "PASS", violations: [] });
  });

  test("is rejected, and not refused, when it names an unknown action", async () => {
    const ir = (await authors.post("/generate-ir", risky())).body;
    const judged = await authors.post("/validate-ir", {
      ...ir,
      steps: [{ ...ir.steps[0], action: "course.explode" }],
    });
    expect(judged.body, judged.text).toMatchObject({ status: "REJECT" });
    expect(judged.body.violations[0]).toMatchObject({ code: "UNKNOWN_ACTION" });
  });

  test("is refused when it is no plan at all", async () => {
    for (const body of [[], '"text"', 7]) expect((await authors.post("/validate-ir", body)).status).toBe(422);
    expect((await authors.post("/validate-ir", {})).status).toBe(422);
  });
});

describe("information", () => {
  test("names the actions that are planned", async () => {
    const { body } = await authors.request("GET", "/api/course-factory/info");
    expect(body.ir_actions).toEqual(expect.arrayContaining(["course.create", "course.workflow_transition"]));
    const health = await authors.request("GET", "/api/course-factory/health");
    expect(health.body).toMatchObject({
      ir_enabled: true,
      enhancements_enabled: true,
      webgenesis_enabled: true,
    });
  });
});
