import { expect } from "vitest";
import { call, type Served } from "./course-flow.ts";

/** Tries an event out with one of its consumers, as the runtime does it. */
export async function expectTry(served: Served): Promise<void> {
  const event = {
    type: "agent.heartbeat",
    payload: { agent_id: "tried", tasks_completed: 1, tasks_failed: 0 },
  };
  const sent = await call(served, "POST", "/api/events", event);
  expect(sent.status).toBe(202);
  const tried = await call(served, "POST", `/api/events/${sent.body.id}/try`, { subscriber: "agents" });
  expect(tried.body).toMatchObject({ outcome: "applied", error: null, handler: "each" });
  expect(tried.body.statements.length).toBeGreaterThan(0);
}
