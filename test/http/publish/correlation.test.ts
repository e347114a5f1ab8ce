import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";

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

describe("of events that other programs send", () => {
  const heartbeat = { agent_id: "scout", tasks_completed: 1, tasks_failed: 0 };
  const headers = { "x-correlation-id": "import-7", "x-actor-id": "user-7" };
  const sent = async (path: string, body: object | string, given: Record<string, string> = headers) => {
    const reply = await engine.request("POST", path, body, given);
    expect(reply.status, reply.text).toBe(202);
    const [event] = await engine.sql<{ id: string; correlation_id: string; actor_id: string | null }>(
      "SELECT id, correlation_id, actor_id FROM events ORDER BY position DESC LIMIT 1",
    );
    return event;
  };
  const short = (fields: object = {}) => ({ type: "agent.heartbeat", payload: heartbeat, ...fields });
  const envelope = (fields: object = {}) => ({
    id: crypto.randomUUID(),
    source: "probe",
    timestamp: "2026-03-01T10:00:00Z",
    meta: { schema_version: 1, producer: "probe", source_module: "agents" },
    ...short(fields),
  });

  test.each([
    ["in the short form", () => short()],
    ["as an envelope that does not say", () => envelope()],
    ["as an envelope that says null", () => envelope({ correlation_id: null, actor_id: null })],
  ])("story and user are those of the request: %s", async (_what, make) => {
    expect(await sent("/api/events", make())).toMatchObject({
      correlation_id: "import-7",
      actor_id: "user-7",
    });
    expect(await sent("/api/events/batch", [make()])).toMatchObject({
      correlation_id: "import-7",
      actor_id: "user-7",
    });
  });

  test("story and user are those of the event where it names them", async () => {
    const own = { correlation_id: "own-1", actor_id: "user-1" };
    expect(await sent("/api/events", short(own))).toMatchObject(own);
    expect(await sent("/api/events/batch", [envelope(own)])).toMatchObject(own);
  });

  test("a request that names neither leaves the event as it is", async () => {
    const event = await sent("/api/events", short(), {});
    expect(event).toMatchObject({ correlation_id: event?.id, actor_id: null });
  });

  test("a time of the future is refused, naming what came and what is possible; five minutes are a clock's", async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const future = at(360_000);
    const refused = await engine.request("POST", "/api/events", envelope({ timestamp: future }));
    expect(refused.status).toBe(422);
    expect(refused.body.error.details).toEqual([
      { path: "timestamp", message: expect.stringContaining(`received ${future}`) },
    ]);
    const batch = await engine.request("POST", "/api/events/batch", [
      envelope({ timestamp: "2031-01-01T00:00:00Z" }),
      envelope({ timestamp: at(240_000) }),
      envelope({ timestamp: "1999-01-01T00:00:00+14:00" }),
    ]);
    expect(batch.body).toMatchObject({ accepted: 2, rejected: 1 });
    expect(batch.body.results[0]).toMatchObject({ status: "rejected" });
  });
});
