import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectRefused, issuePaths } from "../refusal.ts";
import { healthReport, nestedReport } from "../sample-events.ts";
import { createSurface, type Surface } from "../surface.ts";

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface();
});
afterAll(() => surface?.cleanup());

describe("refused with 422, naming the field", () => {
  const course = { type: "course.distribution.requested", payload: { course_id: 7 } };
  test.each([
    ["a type that is not catalogued", { type: "course.generation.complete", payload: {} }, "type"],
    ["an older name", { type: "payment.completed", payload: {} }, "type"],
    ["a type of another system", { type: "policy.created", payload: {} }, "type"],
    ["no type", { payload: {} }, "type"],
    ["a type that is no text", { type: { a: 1 }, payload: {} }, "type"],
    ["no payload", { type: "system.health" }, "payload"],
    ["a payload that is a list", { type: "system.health", payload: [] }, "payload"],
    ["a wrong field of the payload", course, "payload.course_id"],
    ["an unknown field of the payload", { ...course, payload: { course_id: "c", x: 1 } }, "payload.x"],
    ["an unknown field", healthReport(undefined, { priority: 1 }), "priority"],
    ["an e-mail address", healthReport({ note: "ask anna@example.org" }), "payload.details.note"],
    ["a key that names personal data", healthReport({ first_name: "Anna" }), "payload.details.first_name"],
    ["an API key", healthReport({ note: "sk_live_abcdefgh12345678" }), "payload.details.note"],
    ["NUL in a text", healthReport({ note: "a\u0000b" }), "payload.details.note"],
    ["half a surrogate pair", healthReport({ note: "\ud800" }), "payload.details.note"],
    ["NUL in the source", healthReport(undefined, { source: "a\u0000" }), "source"],
    ["a tenant of 101 characters", healthReport(undefined, { tenant_id: "t".repeat(101) }), "tenant_id"],
    ["an empty correlation", healthReport(undefined, { correlation_id: "" }), "correlation_id"],
  ])("%s", async (_what, event, path) => {
    const reply = await expectRefused(
      surface,
      () => surface.post("/api/events", event),
      422,
      "validation_failed",
    );
    expect(issuePaths(reply)).toContain(path);
    expect(reply.text).not.toMatch(/anna@|sk_live|\\u0000/);
  });

  test.each([
    ["__proto__ beside the type", '{"type":"system.health","__proto__":{"payload":{}},"payload":{}}'],
    [
      "__proto__ in the payload",
      '{"type":"system.health","payload":{"component":"a","status":"ok","__proto__":{"x":1}}}',
    ],
    [
      "__proto__ in open data",
      '{"type":"system.health","payload":{"component":"a","status":"ok","details":{"__proto__":{"x":1}}}}',
    ],
    [
      "constructor in the payload",
      '{"type":"system.health","payload":{"component":"a","status":"ok","constructor":1}}',
    ],
    [
      "a number without end",
      '{"type":"system.health","payload":{"component":"a","status":"ok","details":{"n":1e400}}}',
    ],
    ["data 65 levels deep", nestedReport(65)],
    ["data 10,000 levels deep", nestedReport(10_000)],
    ["10,000 lists in lists", "[".repeat(10_000) + "]".repeat(10_000)],
    ["a list", JSON.stringify([healthReport()])],
    ["null", "null"],
    ["a number", "17"],
    ["a text", '"system.health"'],
    ["false", "false"],
    ["an empty object", "{}"],
  ])("%s", async (_what, text) => {
    await expectRefused(surface, () => surface.post("/api/events", text), 422, "validation_failed");
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test("an unknown type comes with the nearest known one", async () => {
    const reply = await surface.post("/api/events", { type: "course.generation.complete", payload: {} });
    expect(reply.body.error.message).toContain('"course.generation.completed"');
    const older = await surface.post("/api/events", { type: "payment.completed", payload: {} });
    expect(older.body.error.message).toContain('"payment.transaction.completed"');
  });
});

describe("refused with 400", () => {
  test.each([
    ["a broken object", '{"type":"system.health"'],
    ["text", "hello"],
    ["nothing", ""],
    ["blanks", "  \n "],
    ["two objects", `${JSON.stringify(healthReport())}${JSON.stringify(healthReport())}`],
    ["NaN", '{"type":"system.health","payload":{"component":"a","status":"ok","details":{"n":NaN}}}'],
    ["a form", "type=system.health&payload=1"],
  ])("%s instead of JSON", async (_what, text) => {
    await expectRefused(surface, () => surface.post("/api/events", text), 400, "bad_request");
  });

  test("no body at all", async () => {
    await expectRefused(surface, () => surface.send("/api/events", { method: "POST" }), 400, "bad_request");
  });

  test("bytes that are not UTF-8, which would be recorded as other text", async () => {
    const [before = "", after = ""] = JSON.stringify(healthReport({ note: "@" })).split("@");
    const encoder = new TextEncoder();
    const body = new Uint8Array([...encoder.encode(before), 0xff, 0xfe, ...encoder.encode(after)]);
    await expectRefused(
      surface,
      () => surface.send("/api/events", { method: "POST", body }),
      400,
      "bad_request",
    );
  });
});

describe("refused with 413", () => {
  const oversized = JSON.stringify(healthReport({ note: "x".repeat(1_100_000) }));
  const chunked = (size: number) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
        size -= 65_536;
        if (size <= 0) controller.close();
      },
    });

  test("a payload above its limit, naming the limit and the size", async () => {
    const reply = await expectRefused(
      surface,
      () => surface.post("/api/events", healthReport({ note: "x".repeat(65_600) })),
      413,
      "payload_too_large",
    );
    expect(issuePaths(reply)).toEqual(["payload"]);
    expect(reply.body.error.message).toContain("65536");
  });

  test("a payload is measured in bytes, not in characters", async () => {
    const text = "漢".repeat(22_000);
    await expectRefused(
      surface,
      () => surface.post("/api/events", healthReport({ note: text })),
      413,
      "payload_too_large",
    );
    expect((await surface.post("/api/events", healthReport({ note: text.slice(0, 21_000) }))).status).toBe(
      202,
    );
  });

  test.each(["/api/events", "/api/events/batch"])("a body that says it is too long: %s", async (path) => {
    const headers = { "content-length": String(oversized.length) };
    await expectRefused(surface, () => surface.post(path, oversized, headers), 413, "payload_too_large");
  });

  test.each(["/api/events", "/api/events/batch"])(
    "a body that does not say how long it is: %s",
    async (path) => {
      const send = () => surface.send(path, { method: "POST", body: chunked(2_000_000), duplex: "half" });
      await expectRefused(surface, send, 413, "payload_too_large");
    },
  );
});
