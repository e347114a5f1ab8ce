import { expect, test } from "vitest";
import { createTestEngine } from "../engine.ts";

test("what a route may not publish is told to its caller, and to its author in the log, without what was sent", async () => {
  const engine = await createTestEngine();
  try {
    const body = { from: "agent-1", message: { note: "ask anna@example.org" } };
    const refused = await engine.request("POST", "/api/agents/broadcast", body);
    expect(refused.body).toMatchObject({
      error: { code: "validation_failed", details: [{ path: "payload.message.note" }] },
    });
    expect(refused.status).toBe(422);
    const [line] = engine.logs.filter((one) =>
      one.includes("A route published what its event does not allow"),
    );
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      level: "warn",
      event_type: "broadcast",
      issues: expect.stringContaining("payload.message.note"),
      request_id: expect.any(String),
    });
    expect(engine.logs.join()).not.toContain("anna@");
    expect(await engine.sql("SELECT FROM events")).toEqual([]);
  } finally {
    await engine.cleanup();
  }
});
