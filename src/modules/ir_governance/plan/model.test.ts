import { ValidationError } from "@brain/engine";
import { forbiddenValue, irValidatedReject, parsePayload } from "@brain/schemas";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashContent, hashRejected } from "./canonical.ts";
import { readIr } from "./model.ts";

const goodStep = {
  action: "course.create",
  provider: "course_factory.v1",
  resource: "course:demo",
  params: { title: "Demo", modules: 4 },
  idempotency_key: "course-1",
};
const plan = (changes: Record<string, unknown> = {}) => ({
  tenant_id: "tenant_a",
  steps: [goodStep],
  ...changes,
});
const withStep = (changes: Record<string, unknown>) => plan({ steps: [{ ...goodStep, ...changes }] });
const codesOf = (input: unknown) => readIr(input).violations.map(({ code }) => code);

/** `{a:{a:…}}`, `levels` deep. */
function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe("a plan that keeps the rules", () => {
  test("is read with its defaults", () => {
    const read = readIr(plan({ tenant_id: "  tenant_a " }));
    expect(read).toMatchObject({ tenantId: "tenant_a", stepCount: 1, violations: [], v1: null });
    expect(read.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(read.content).toEqual({
      tenant_id: "tenant_a",
      intent_summary: null,
      labels: {},
      steps: [{ ...goodStep, constraints: {}, budget_cents: null, step_id: null, description: null }],
    });
  });

  test("keeps its own request id", () => {
    const requestId = crypto.randomUUID();
    expect(readIr(plan({ request_id: requestId })).requestId).toBe(requestId);
  });

  test("may hold 200 steps, text with line ends, and every optional field", () => {
    const steps = Array.from({ length: 200 }, () => ({
      ...goodStep,
      params: { text: "a\tb\r\nc", list: [true, null, -5] },
      constraints: { environment: "staging" },
      budget_cents: 0,
      description: "line\nline",
      risk_tier: 3,
      requires_approval: true,
    }));
    const read = readIr(
      plan({ steps, labels: { a: "b" }, intent_summary: "why", created_at: "2026-01-01T00:00:00Z" }),
    );
    expect(read.violations).toEqual([]);
    expect(read.content?.steps).toHaveLength(200);
    expect(read.content?.steps[0]).not.toHaveProperty("risk_tier");
  });
});

describe("what breaks a rule is a violation", () => {
  test.each<[string, Record<string, unknown>]>([
    ["UNKNOWN_ACTION", { action: "course.explode" }],
    ["UNKNOWN_ACTION", { action: "constructor" }],
    ["INVALID_ACTION", { action: undefined }],
    ["INVALID_ACTION", { action: 7 }],
    ["INVALID_ACTION", { action: "  " }],
    ["UNKNOWN_PROVIDER", { provider: "aws.v1" }],
    ["INVALID_PROVIDER", { provider: null }],
    ["MISSING_IDEMPOTENCY_KEY", { idempotency_key: undefined }],
    ["MISSING_IDEMPOTENCY_KEY", { idempotency_key: "" }],
    ["MISSING_IDEMPOTENCY_KEY", { idempotency_key: " \t" }],
    ["MISSING_IDEMPOTENCY_KEY", { idempotency_key: 12 }],
    ["INVALID_IDEMPOTENCY_KEY", { idempotency_key: "x".repeat(201) }],
    ["INVALID_BUDGET", { budget_cents: "12" }],
    ["INVALID_BUDGET", { budget_cents: 1.5 }],
    ["INVALID_BUDGET", { budget_cents: true }],
    ["INVALID_BUDGET", { budget_cents: 2 ** 60 }],
    ["NEGATIVE_BUDGET", { budget_cents: -1 }],
    ["INVALID_RESOURCE", { resource: "" }],
    ["INVALID_RESOURCE", { resource: "x".repeat(501) }],
    ["INVALID_RESOURCE", { resource: "a\nb" }],
    ["INVALID_PARAMS", { params: "text" }],
    ["INVALID_PARAMS", { params: null }],
    ["INVALID_PARAMS", { params: [] }],
    ["INVALID_PARAMS", { params: { price: 9.99 } }],
    ["INVALID_PARAMS", { params: { big: 2 ** 53 } }],
    ["INVALID_PARAMS", { params: { text: "a\u0000b" } }],
    ["INVALID_PARAMS", { params: { text: "a\u001fb" } }],
    ["INVALID_PARAMS", { params: { text: "\ud800" } }],
    ["INVALID_PARAMS", { params: { "a\nb": 1 } }],
    ["INVALID_PARAMS", { params: JSON.parse('{"__proto__":{"x":1}}') }],
    ["INVALID_PARAMS", { params: nest(20) }],
    ["INVALID_PARAMS", { params: { text: "x".repeat(65_537) } }],
    ["INVALID_CONSTRAINTS", { constraints: { limit: 0.1 } }],
    ["INVALID_STEP_ID", { step_id: "" }],
    ["INVALID_STEP_ID", { step_id: 4 }],
    ["INVALID_DESCRIPTION", { description: "x".repeat(1_001) }],
    ["INVALID_RISK_TIER", { risk_tier: 9 }],
    ["INVALID_REQUIRES_APPROVAL", { requires_approval: "no" }],
    ["UNKNOWN_FIELD", { shell: "rm -rf /" }],
  ])("%s of its step: %j", (code, changes) => {
    const read = readIr(withStep(changes));
    expect(read.violations).toMatchObject([{ step_index: 0, code, severity: "ERROR" }]);
    expect(read).toMatchObject({ content: null, v1: null, stepCount: 1 });
  });

  test.each<[string, Record<string, unknown>]>([
    ["NO_STEPS", { steps: [] }],
    ["INVALID_STEPS", { steps: undefined }],
    ["INVALID_STEPS", { steps: "none" }],
    ["TOO_MANY_STEPS", { steps: Array.from({ length: 201 }, () => goodStep) }],
    ["INVALID_REQUEST_ID", { request_id: "req-1" }],
    ["INVALID_CREATED_AT", { created_at: "yesterday" }],
    ["INVALID_INTENT_SUMMARY", { intent_summary: "x".repeat(2_001) }],
    ["INVALID_INTENT_SUMMARY", { intent_summary: 4 }],
    ["INVALID_LABELS", { labels: { a: 1 } }],
    ["INVALID_LABELS", { labels: ["a"] }],
    ["INVALID_LABELS", { labels: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, ""])) }],
  ])("%s of the whole", (code, changes) => {
    expect(readIr(plan(changes)).violations).toMatchObject([{ step_index: null, code }]);
  });

  test("a step that is no object, and steps that nobody could tell apart", () => {
    expect(codesOf(plan({ steps: [null, "x", []] }))).toEqual([
      "INVALID_STEP",
      "INVALID_STEP",
      "INVALID_STEP",
    ]);
    const twice = { ...goodStep, step_id: "a" };
    expect(codesOf(plan({ steps: [twice, twice] }))).toEqual(["DUPLICATE_STEP_ID"]);
    expect(codesOf(plan({ steps: [goodStep, { ...goodStep, step_id: "0" }] }))).toEqual([
      "DUPLICATE_STEP_ID",
    ]);
  });

  test("all of them are named, up to a bound, and none shows what came", () => {
    expect(codesOf(plan({ steps: [{}] })).sort()).toEqual([
      "INVALID_ACTION",
      "INVALID_PROVIDER",
      "INVALID_RESOURCE",
      "MISSING_IDEMPOTENCY_KEY",
    ]);
    const secret = "anna@example.org";
    const steps = Array.from({ length: 200 }, () => ({ action: secret, provider: secret, [secret]: 1 }));
    const { violations } = readIr(plan({ steps }));
    expect(violations).toHaveLength(101);
    expect(violations.at(-1)).toMatchObject({ code: "MORE_VIOLATIONS", step_index: null });
    expect(JSON.stringify(violations)).not.toContain("anna");
    for (const { message } of violations) expect(forbiddenValue(message)).toBeNull();
  });
});

describe("what cannot be a plan at all is an error", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["text", "plan"],
    ["a list", []],
    ["nothing in it", {}],
    ["no tenant", { steps: [goodStep] }],
    ["a blank tenant", plan({ tenant_id: "  " })],
    ["a tenant that is no text", plan({ tenant_id: 5 })],
    ["a long tenant", plan({ tenant_id: "x".repeat(101) })],
    ["a tenant with control characters", plan({ tenant_id: "a\u0000b" })],
    ["a tenant that is a person", plan({ tenant_id: "anna@example.org" })],
    ["an unknown field", plan({ approved: true })],
    ["a field that programs inherit", JSON.parse('{"tenant_id":"a","steps":[],"__proto__":{}}')],
    ["deep nesting", plan({ steps: [nest(200)] })],
  ])("%s", (_name, input) => {
    expect(() => readIr(input)).toThrow(ValidationError);
  });
});

describe("whatever comes", () => {
  const values = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      "course.create",
      "course_factory.v1",
      "anna@example.org",
      "4111111111111111",
      "pi_3abcdefgh1",
    ),
    fc.string({ unit: "binary" }),
  );
  const names = [
    "action",
    "provider",
    "resource",
    "params",
    "idempotency_key",
    "constraints",
    "budget_cents",
  ];
  const steps = fc.array(
    fc.oneof(fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), values), values),
  );
  const plans = fc.oneof(
    values,
    fc.record(
      {
        tenant_id: fc.constantFrom("tenant_a", " t "),
        steps,
        labels: values,
        intent_summary: values,
        request_id: values,
      },
      { requiredKeys: ["tenant_id", "steps"] },
    ),
  );

  test("is refused, or read with violations that an event may carry, and has a hash", async () => {
    const when = "2026-11-21T10:00:00.000Z";
    await fc.assert(
      fc.asyncProperty(plans, async (input) => {
        let read: ReturnType<typeof readIr>;
        try {
          read = readIr(input);
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
          return;
        }
        expect(read.content === null).toBe(read.violations.length > 0);
        if (read.content !== null) {
          expect(await hashContent(read.content)).toMatch(/^[0-9a-f]{64}$/);
          return;
        }
        const payload = {
          tenant_id: read.tenantId,
          request_id: read.requestId,
          ir_hash: await hashRejected(read.raw),
          validated_at: when,
          step_count: read.stepCount,
          risk_tier: 3,
          requires_approval: false,
          violations: [...read.violations],
        };
        expect(parsePayload(irValidatedReject, payload)).toEqual(payload);
      }),
      { numRuns: 500 },
    );
  });
});
