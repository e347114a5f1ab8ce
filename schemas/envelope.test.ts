import { describe, expect, test } from "vitest";
import { charter } from "./charter.ts";
import { parseEnvelope } from "./decoding/parse-envelope.ts";
import type { Envelope } from "./envelope.ts";
import { CharterError, type CharterErrorCode } from "./errors.ts";
import { courseQuizCreated } from "./events/course.ts";
import { broadcast } from "./events/system.ts";
import { taskCreated } from "./events/task.ts";
import { parsePayload } from "./payloads/payload.ts";

const valid = {
  id: "3f2b8c1e-9d4a-4e77-8b21-5a6c7d8e9f01",
  type: "course.distribution.failed",
  source: "course_distribution",
  target: null,
  payload: { course_id: "c1", error: "The slug is taken", retry_count: 1 },
  timestamp: "2026-01-05T09:30:00.123Z",
  meta: { schema_version: 1, producer: "course_distribution", source_module: "course_distribution" },
};

function refusal(input: unknown): CharterError {
  try {
    parseEnvelope(charter, input);
  } catch (error) {
    if (error instanceof CharterError) return error;
    throw error;
  }
  throw new Error("The envelope was accepted.");
}

describe("an envelope", () => {
  test("is returned in its canonical form", () => {
    const event: Envelope = parseEnvelope(charter, {
      ...valid,
      timestamp: "2026-01-05T10:30:00.123999+01:00",
      tenant_id: "t1",
    });
    expect(event).toEqual({
      ...valid,
      tenant_id: "t1",
      mission_id: null,
      task_id: null,
      correlation_id: null,
      actor_id: null,
      severity: null,
    });
  });

  test("keeps the extra facts in meta", () => {
    const extras = {
      causation_id: "evt_old_1",
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      replay: { by: "operator-1" },
    };
    expect(parseEnvelope(charter, { ...valid, meta: { ...valid.meta, ...extras } }).meta).toEqual({
      ...valid.meta,
      ...extras,
    });
  });

  test("takes the tenant that its payload names", () => {
    const payload = {
      payment_id: "p",
      intent_id: "i",
      user_id: "u",
      tenant_id: "t1",
      course_id: null,
      amount_cents: 1,
      currency: "EUR",
      provider: "stripe",
      occurred_at: valid.timestamp,
    };
    expect(
      parseEnvelope(charter, { ...valid, type: "payment.transaction.completed", payload }).tenant_id,
    ).toBe("t1");
  });

  test("leaves properties that are undefined out", () => {
    const event = parseEnvelope(charter, {
      ...valid,
      type: "course.payment.failed",
      payload: { course_id: "c1", reason: "declined", transaction_id: undefined },
      meta: { ...valid.meta, causation_id: undefined },
    });
    expect(Object.keys(event.payload)).toEqual(["course_id", "reason"]);
    expect(Object.keys(event.meta)).not.toContain("causation_id");
  });
});

const badFields: [string, CharterErrorCode, Record<string, unknown>][] = [
  ["id", "invalid_envelope", { id: "e1" }],
  ["id", "invalid_envelope", { id: "7b1d3f50-2c6e-1a8b-9f10-1234567890ab" }],
  ["source", "invalid_envelope", { source: "" }],
  ["source", "invalid_envelope", { source: "x".repeat(101) }],
  ["source", "invalid_envelope", { source: "a\nb" }],
  ["source", "invalid_envelope", { source: "a\ud83d" }],
  ["target", "invalid_envelope", { target: 5 }],
  ["timestamp", "invalid_envelope", { timestamp: "2026-01-05T09:30:00" }],
  ["timestamp", "invalid_envelope", { timestamp: 1_767_605_400 }],
  ["timestamp", "invalid_envelope", { timestamp: "2026-02-30T09:30:00Z" }],
  ["timestamp", "invalid_envelope", { timestamp: "0000-01-01T00:00:00Z" }],
  ["severity", "invalid_envelope", { severity: "warning" }],
  ["mission_id", "invalid_envelope", { mission_id: "" }],
  ["correlation_id", "invalid_envelope", { correlation_id: "x".repeat(256) }],
  ["tenant_id", "invalid_envelope", { tenant_id: "a\u0000b" }],
  ["priority", "invalid_envelope", { priority: 1 }],
  ["meta", "invalid_envelope", { meta: undefined }],
  ["meta.schema_version", "invalid_envelope", { meta: { ...valid.meta, schema_version: "1.0" } }],
  ["meta.schema_version", "invalid_envelope", { meta: { ...valid.meta, schema_version: 2 } }],
  ["meta.producer", "invalid_envelope", { meta: { schema_version: 1, source_module: "m" } }],
  ["meta.source_module", "invalid_envelope", { meta: { schema_version: 1, producer: "p" } }],
  ["meta.source_module", "invalid_envelope", { meta: { ...valid.meta, source_module: "Course Factory" } }],
  ["meta.tenant_id", "invalid_envelope", { meta: { ...valid.meta, tenant_id: "t1" } }],
  ["meta.correlation_id", "invalid_envelope", { meta: { ...valid.meta, correlation_id: "c1" } }],
  ["meta.version", "invalid_envelope", { meta: { ...valid.meta, version: "1.0" } }],
  ["meta.traceparent", "invalid_envelope", { meta: { ...valid.meta, traceparent: "x" } }],
  ["meta.causation_id", "invalid_envelope", { meta: { ...valid.meta, causation_id: 5 } }],
  ["meta.replay", "invalid_envelope", { meta: { ...valid.meta, replay: true } }],
  ["meta.at", "invalid_envelope", { meta: { ...valid.meta, at: new Date(0) } }],
  ["meta.password", "forbidden_content", { meta: { ...valid.meta, password: "x" } }],
  ["actor_id", "forbidden_content", { actor_id: "max@example.org" }],
  ["payload", "invalid_payload", { payload: [] }],
  ["payload.retry_count", "invalid_payload", { payload: { ...valid.payload, retry_count: -1 } }],
  ["payload.retry_count", "invalid_payload", { payload: { ...valid.payload, retry_count: Number.NaN } }],
  ["payload.course_id", "invalid_payload", { payload: { error: "x", retry_count: 1 } }],
  ["payload.course", "invalid_payload", { payload: { ...valid.payload, course: 1 } }],
  ["payload.error", "invalid_payload", { payload: { ...valid.payload, error: "a\u0000b" } }],
  [
    "payload.error",
    "forbidden_content",
    { payload: { ...valid.payload, error: "mail to max@example.org failed" } },
  ],
];

describe("a refused envelope", () => {
  test.each(badFields)("names the field %s (%s) %#", (path, code, change) => {
    const error = refusal({ ...valid, ...change });
    expect(error.code).toBe(code);
    expect(error.issues.map((issue) => issue.path)).toContain(path);
    expect(error.message).toContain(path);
  });

  test("names all its bad fields at once", () => {
    const error = refusal({ ...valid, id: 1, source: null, timestamp: "now", meta: {}, payload: {} });
    expect(error.issues.map((issue) => issue.path)).toEqual([
      "id",
      "source",
      "timestamp",
      "meta.schema_version",
      "meta.producer",
      "meta.source_module",
      "payload.course_id",
      "payload.error",
      "payload.retry_count",
    ]);
  });

  test("says what was expected and what was received", () => {
    const error = refusal({ ...valid, payload: { ...valid.payload, retry_count: "1" } });
    expect(error.issues).toEqual([
      { path: "payload.retry_count", message: "expected number", received: "a text of 1 characters" },
    ]);
  });

  test("never repeats a planted secret", () => {
    const secret = "s3cr3t-canary-9f8e7d";
    const places: Record<string, unknown>[] = [
      { id: secret },
      { source: `${secret}\u0000` },
      { severity: secret },
      { timestamp: secret },
      { meta: { ...valid.meta, traceparent: secret } },
      { payload: { ...valid.payload, retry_count: secret } },
      { payload: { ...valid.payload, password: secret } },
    ];
    for (const place of places) {
      const error = refusal({ ...valid, ...place });
      expect(error.message + JSON.stringify(error.issues)).not.toContain(secret);
    }
  });

  test.each([
    ["course.distribution.fail", "unknown_event_type", "course.distribution.failed"],
    ["payment.completed", "unknown_event_type", 'publish "payment.transaction.completed"'],
    ["TaskCreated", "unknown_event_type", 'publish "task.item.created"'],
    ["completely.other.thing_happened", "unknown_event_type", "defineEvent"],
    ["policy.denied", "foreign_event_type", "only read here"],
    ["audit.login", "foreign_event_type", "only read here"],
    ["constructor", "unknown_event_type", "not catalogued"],
    ["__proto__", "unknown_event_type", "not catalogued"],
    [7, "invalid_envelope", "catalogued event"],
  ])("of the type %s is told what to do", (type, code, advice) => {
    const error = refusal({ ...valid, type });
    expect(error.code).toBe(code);
    expect(error.message).toContain(advice);
  });

  test.each([[null], ["text"], [[]], [new Date(0)]])("that is no object is refused (%s)", (input) => {
    expect(refusal(input).code).toBe("invalid_envelope");
  });
});

describe("a payload", () => {
  test("that an older producer alone could have written is refused", () => {
    expect(() => parsePayload(taskCreated, { task_id: "t1", mission_type: null, priority: "LOW" })).toThrow(
      /payload\.mission_type: null stands only for what older producers left out/,
    );
  });

  test("is refused when it nests without end", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => parsePayload(broadcast, { message: loop, from: "a" })).toThrow(/nested deeper/);
  });

  test("with a number of questions that differs from its list is refused", () => {
    const id = valid.id;
    const quiz = { course_id: id, quiz_id: id, question_count: 10, question_ids: [id] };
    expect(() => parsePayload(courseQuizCreated, quiz)).toThrow(/payload\.question_ids/);
  });
});
