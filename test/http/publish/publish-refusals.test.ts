import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { labCatalog, partChecked } from "../../engine/events.ts";
import { createTestEngine } from "../../engine.ts";
import { createSurface } from "../surface.ts";

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

test("so is what a route publishes without awaiting it: nothing of its transaction is committed", async () => {
  const routes = new Hono<ModuleEnv>().post("/work", identified("a test"), async (c) => {
    await c.get("services").transact({ source: "lab" }, async (_tx, publish) => {
      void publish(partChecked, { part: "a", status: 7 } as never);
      await publish(partChecked, { part: "a", status: "kept" });
    });
    return c.json({}, 201);
  });
  const surface = await createSurface({ catalog: labCatalog, mounts: [{ path: "/api/work", routes }] });
  onTestFinished(() => surface.cleanup());
  const refused = await surface.post("/api/work/work", {});
  expect(refused.status).toBe(422);
  expect(refused.body).toMatchObject({ error: { details: [{ path: "payload.status" }] } });
  expect(await surface.sql("SELECT FROM events")).toEqual([]);
});
