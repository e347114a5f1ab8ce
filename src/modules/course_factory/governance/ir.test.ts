import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GenerationRequest, generationRequest } from "../content/model.ts";
import { boundedKey, buildIr, buildWorkflowIr, irDocument, type WorkflowChange } from "./ir.ts";

function request(fields: Readonly<Record<string, unknown>> = {}): GenerationRequest {
  return generationRequest.parse({
    tenant_id: "tenant-1",
    title: "Zeit gut einteilen",
    description: "Wie man den Tag plant.",
    language: "de",
    target_audiences: ["employees"],
    dry_run: false,
    ...fields,
  });
}

describe("the plan of a generation", () => {
  test("has one step per artifact that was asked for", async () => {
    const actions = async (fields: Readonly<Record<string, unknown>>) =>
      (await buildIr(request(fields))).steps.map((step) => step.action);
    const always = ["course.create", "course.generate_outline", "course.generate_lessons"];
    expect(await actions({})).toEqual([...always, "course.generate_quiz", "course.generate_landing"]);
    expect(await actions({ generate_quiz: false, generate_landing_page: false })).toEqual(always);
    expect(
      await actions({ generate_quiz: false, deploy_to_staging: true, staging_domain: "a.example" }),
    ).toEqual([...always, "course.generate_landing", "course.deploy_staging"]);
  });

  test("plans staging only when a domain was named, and says that it is staging", async () => {
    const without = await buildIr(request({ deploy_to_staging: true }));
    expect(without.steps.some((step) => step.action === "course.deploy_staging")).toBe(false);
    const unasked = await buildIr(request({ staging_domain: "a.example" }));
    expect(unasked.steps.some((step) => step.action === "course.deploy_staging")).toBe(false);
    const { steps } = await buildIr(request({ deploy_to_staging: true, staging_domain: "a.example" }));
    expect(steps.at(-1)).toMatchObject({
      resource: "course:Zeit gut einteilen:staging",
      idempotency_key: "course_deploy_tenant-1_Zeit gut einteilen",
      params: { staging_domain: "a.example" },
      constraints: { environment: "staging" },
    });
  });

  test("names resources, keys, parameters and labels as promised", async () => {
    const ir = await buildIr(request());
    expect(ir).toMatchObject({
      tenant_id: "tenant-1",
      labels: { module: "course_factory", language: "de", dry_run: "false" },
    });
    expect(ir.steps.map((step) => [step.provider, step.resource, step.idempotency_key, step.params])).toEqual(
      [
        [
          "course_factory.v1",
          "course:Zeit gut einteilen",
          "course_create_tenant-1_Zeit gut einteilen",
          {
            title: "Zeit gut einteilen",
            description: "Wie man den Tag plant.",
            language: "de",
            target_audiences: ["employees"],
          },
        ],
        [
          "course_factory.v1",
          "course:Zeit gut einteilen:outline",
          "course_outline_tenant-1_Zeit gut einteilen",
          { modules_count: "4-6", lessons_per_module: "3-5" },
        ],
        [
          "course_factory.v1",
          "course:Zeit gut einteilen:lessons",
          "course_lessons_tenant-1_Zeit gut einteilen",
          { full_lessons_count: 3 },
        ],
        [
          "course_factory.v1",
          "course:Zeit gut einteilen:quiz",
          "course_quiz_tenant-1_Zeit gut einteilen",
          { question_count: 15 },
        ],
        [
          "course_factory.v1",
          "course:Zeit gut einteilen:landing",
          "course_landing_tenant-1_Zeit gut einteilen",
          {},
        ],
      ],
    );
  });

  test("is the same for the same request, so that an approval fits the repeated request", async () => {
    expect(await buildIr(request())).toEqual(await buildIr(request()));
    expect(await buildIr(request({ full_lessons_count: 4 }))).not.toEqual(await buildIr(request()));
  });

  test("keeps keys and resources within their limits for any title and tenant", async () => {
    const anyText = (min: number, max: number) =>
      fc
        .string({ unit: "grapheme", minLength: min, maxLength: max })
        .map((value) => value.replace(/[\p{Cc}\s]+/gu, "x").slice(0, max))
        .filter((value) => value.isWellFormed() && value.length >= min);
    await fc.assert(
      fc.asyncProperty(anyText(10, 200), anyText(1, 100), async (title, tenant) => {
        const ir = await buildIr(request({ title, tenant_id: tenant }));
        for (const step of ir.steps) {
          expect(step.idempotency_key.length).toBeLessThanOrEqual(200);
          expect(step.idempotency_key.isWellFormed()).toBe(true);
          expect(step.resource.length).toBeLessThanOrEqual(500);
        }
        expect(new Set(ir.steps.map((step) => step.idempotency_key)).size).toBe(ir.steps.length);
      }),
    );
  });
});

describe("a key that is too long", () => {
  test("differs where only its end differs, and is cut between characters", async () => {
    const a = await boundedKey(`course_create_${"x".repeat(300)}a`);
    const b = await boundedKey(`course_create_${"x".repeat(300)}b`);
    expect(a).toMatch(/^course_create_x+_[0-9a-f]{16}$/);
    expect(a).toHaveLength(200);
    expect(a).not.toBe(b);
    expect((await boundedKey(`${"x".repeat(182)}${"😀".repeat(20)}`)).isWellFormed()).toBe(true);
    expect(await boundedKey("x".repeat(200))).toBe("x".repeat(200));
  });
});

describe("the plan of a workflow change", () => {
  const change: WorkflowChange = {
    course_id: "6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10",
    tenant_id: "tenant-1",
    from_state: "review",
    to_state: "publish_ready",
    after_transition: "0b0f4f0e-2b47-4d0c-9a5e-0d7c3f1b2a11",
  };

  test("is the same for one round and another one for the next", () => {
    expect(buildWorkflowIr(change)).toEqual(buildWorkflowIr({ ...change }));
    const next = { ...change, after_transition: "1c0f4f0e-2b47-4d0c-9a5e-0d7c3f1b2a12" };
    expect(buildWorkflowIr(next)).not.toEqual(buildWorkflowIr(change));
  });

  test("names the course and the change", () => {
    const [step] = buildWorkflowIr(change).steps;
    expect(step).toMatchObject({
      action: "course.workflow_transition",
      provider: "course_factory.v1",
      resource: "course:6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10:workflow:review->publish_ready",
    });
    expect(step?.idempotency_key.length).toBeLessThanOrEqual(200);
    expect(buildWorkflowIr({ ...change, after_transition: null }).steps[0]?.idempotency_key).toMatch(
      /_none$/,
    );
  });
});

describe("the plan as it is answered", () => {
  test("leaves open what the gate computes", async () => {
    const document = irDocument(await buildIr(request()), "req-1", new Date("2026-11-21T08:00:00Z"));
    expect(document).toMatchObject({ request_id: "req-1", created_at: "2026-11-21T08:00:00.000Z" });
    for (const step of document.steps) {
      expect(step).toMatchObject({ risk_tier: null, requires_approval: false, budget_cents: null });
    }
  });
});
