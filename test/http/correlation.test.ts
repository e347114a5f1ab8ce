import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

const course = {
  tenant_id: "t-1",
  title: "Keeping bees on the balcony",
  description: "Everything a beginner needs to know for the first year with bees.",
  language: "en",
  target_audiences: ["private_individuals"],
  full_lessons_count: 1,
  dry_run: true,
};

async function storyOf(headers: Record<string, string>) {
  const reply = await engine.request("POST", "/api/course-factory/dry-run", course, headers);
  expect(reply.status).toBe(200);
  const [event] = await engine.sql<{ correlation_id: string }>(
    "SELECT correlation_id FROM events ORDER BY position DESC LIMIT 1",
  );
  return {
    told: reply.headers.get("x-correlation-id"),
    recorded: event?.correlation_id,
    id: reply.headers.get("x-request-id"),
  };
}

test("events carry the story that the request names, and the answer repeats it", async () => {
  const { told, recorded } = await storyOf({ "x-correlation-id": "checkout-77" });
  expect([told, recorded]).toEqual(["checkout-77", "checkout-77"]);
});

test("a request without a story begins one under its own id", async () => {
  const { told, recorded, id } = await storyOf({});
  expect(id).toMatch(/\S/);
  expect([told, recorded]).toEqual([id, id]);
});

test.each(["", "a b", "x".repeat(256), "../etc", "%C3%A4"])(
  "a story that is no id is refused: %j",
  async (id) => {
    const reply = await engine.request("POST", "/api/course-factory/dry-run", course, {
      "x-correlation-id": id,
    });
    expect(reply.status).toBe(422);
    expect(reply.body.error.details).toEqual([{ path: "x-correlation-id", message: "expected an id" }]);
  },
);
