import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { expectErrorShape } from "../refusal.ts";

/* What a credential grants in part: some domains of events, and only for as long as it is good. */

let engine: TestEngine;
/** How far the clock is ahead, ms. */
let aheadMs = 0;
beforeAll(async () => {
  const now = () => Date.now() + aheadMs;
  engine = await createTestEngine({ BRAIN_CREDENTIAL_CACHE_SECONDS: "0" }, { now });
});
afterAll(() => engine?.cleanup());

async function keyOf(...scopes: string[]) {
  const reply = await engine.request("POST", "/api/keys", { name: "a test", scopes });
  expect(reply.status, reply.text).toBe(201);
  return { id: reply.body.id as string, headers: { authorization: `Bearer ${reply.body.key}` } };
}

const health = (fields = {}) => ({
  id: randomUUID(),
  type: "system.health",
  payload: { component: "relay", status: "ok" },
  ...fields,
});
const heartbeat = () => ({
  type: "agent.heartbeat",
  payload: { agent_id: "a", tasks_completed: 0, tasks_failed: 0 },
  source: "a",
  id: randomUUID(),
});
const isRecorded = async (id: string) =>
  (await engine.sql("SELECT 1 FROM events WHERE id = $1", [id])).length === 1;

describe("a key that may publish one domain", () => {
  test("publishes its events, and no others: each of a batch is judged on its own", async () => {
    const { headers } = await keyOf("events:publish:system");
    const [own, other] = [health(), heartbeat()];
    expect((await engine.request("POST", "/api/events", own, headers)).status).toBe(202);
    const refused = await engine.request("POST", "/api/events", other, headers);
    expectErrorShape(refused, 403, "forbidden");
    expect(refused.body.error.message).toContain('"events:publish:agent"');
    expect(await isRecorded(other.id)).toBe(false);

    const mixed = [health(), heartbeat(), { type: 7, payload: {} }, "no event"];
    const batch = await engine.request("POST", "/api/events/batch", mixed, headers);
    expect(batch.status, batch.text).toBe(207);
    expect(batch.body.results.map(({ status }: { status: string }) => status)).toEqual([
      "accepted",
      "rejected",
      "rejected",
      "rejected",
    ]);
    expect(batch.body.results[1].error.code).toBe("forbidden");
  });

  test.each(["<domain>.health", "system:x.health", "SYSTEM.health", "*.health", "systems.health", ""])(
    "and is led nowhere by a type like %s",
    async (type) => {
      const { headers } = await keyOf("events:publish:system");
      const reply = await engine.request("POST", "/api/events", { type, payload: {} }, headers);
      expectErrorShape(reply, 403, "forbidden");
    },
  );

  test("not as a CloudEvent either", async () => {
    const { headers } = await keyOf("events:publish:system");
    const event = {
      specversion: "1.0",
      id: randomUUID(),
      source: "a",
      type: "agent.heartbeat",
      data: { agent_id: "a", tasks_completed: 0, tasks_failed: 0 },
    };
    const reply = await engine.request("POST", "/api/events", event, {
      ...headers,
      "content-type": "application/cloudevents+json",
    });
    expectErrorShape(reply, 403, "forbidden");
  });

  test("control: with the scope of all domains both are taken", async () => {
    const { headers } = await keyOf("events:publish");
    const batch = await engine.request("POST", "/api/events/batch", [health(), heartbeat()], headers);
    expect(batch.status, batch.text).toBe(202);
  });
});

describe("live events", () => {
  /** Reads until the connection ends, or `enough` says so. @returns all that came */
  async function listen(headers: Record<string, string>, enough: (text: string) => boolean): Promise<string> {
    const reply = await engine.app.request("/api/events/stream", { headers });
    expect(reply.status).toBe(200);
    const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const step = await reader?.read();
      if (step === undefined || step.done) return text;
      text += step.value;
      if (enough(text)) {
        await reader?.cancel();
        return text;
      }
    }
  }

  /** As long as a credential is not looked at again. */
  const passTime = () => {
    aheadMs += 5_000;
  };

  /** Events go on coming, until the work has come to its end. */
  async function whileEventsCome<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const done = work.finally(() => {
      isOver = true;
    });
    await waitFor(
      "the end of the connection",
      async () => {
        await engine.request("POST", "/api/events", health());
        await engine.relay();
        return isOver;
      },
      (over) => over,
    );
    return done;
  }

  test("end when the key is revoked", async () => {
    const { id, headers } = await keyOf("events:read");
    let revoked: Promise<unknown> | null = null;
    const listening = listen(headers, (text) => {
      if (revoked === null && text.includes("system.health"))
        revoked = engine.request("POST", `/api/keys/${id}/revoke`).then(passTime);
      return false;
    });
    await whileEventsCome(listening);
    expect(revoked).not.toBeNull();
    expect((await engine.request("GET", "/api/me", undefined, headers)).status).toBe(401);
  });

  test("control: those of a good key go on past the time in which it is looked at again", async () => {
    const { headers } = await keyOf("events:read");
    const countOf = (text: string) => text.split("event: system.health").length - 1;
    let before: number | null = null;
    const listening = listen(headers, (text) => {
      if (before === null && countOf(text) > 0) {
        before = countOf(text);
        passTime();
      }
      // Those that were on their way when the time had come were not held by it.
      return before !== null && countOf(text) >= before + 10;
    });
    expect(countOf(await whileEventsCome(listening))).toBeGreaterThanOrEqual(11);
  });
});
