import { agentHeartbeat, systemHealth, taskItemDeleted } from "@brain/schemas";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { type FaultyRedis, sends, startFaultyRedis } from "../../faults.ts";
import { waitFor } from "../../wait-for.ts";

let redis: FaultyRedis;
let engine: TestEngine;
beforeAll(async () => {
  redis = await startFaultyRedis(inject("services").upstash.url);
  engine = await createTestEngine({ UPSTASH_REDIS_REST_URL: redis.url });
});
afterAll(async () => {
  await engine?.cleanup();
  await redis?.close();
});

interface Message {
  readonly event: string;
  readonly id: string;
  readonly data: ReturnType<typeof JSON.parse>;
}

/** Opens the stream and hands out its messages one by one. */
async function listen(path: string, headers: Record<string, string> = {}) {
  const ended = new AbortController();
  const response = await engine.app.request(path, {
    headers: { authorization: `Bearer ${testApiKey}`, ...headers },
    signal: ended.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  if (response.body === null) throw new Error("the answer has no body");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<Message> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const fields = new Map(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]),
        );
        text = text.slice(end + 2);
        return {
          event: fields.get("event") ?? "",
          id: fields.get("id") ?? "",
          data: JSON.parse(fields.get("data") ?? "null"),
        };
      }
      const { done, value } = await reader.read();
      if (done) throw new Error(`the stream ended; left: ${text}`);
      text += value;
    }
  };
  return { next, close: () => reader.cancel() };
}

async function publish(status: string, tenant: string | null = null): Promise<void> {
  await engine.publish({ source: "test", tenant_id: tenant }, (send) =>
    send(systemHealth, { component: "db", status }),
  );
  await engine.relay();
}

test("a listener hears what happens from now on, in order, and nothing of before", async () => {
  await publish("before");
  const { next, close } = await listen("/api/events/stream");
  expect((await next()).event).toBe("heartbeat");
  await publish("1");
  await publish("2");
  expect([await next(), await next()].map(({ event, data }) => [event, data.payload.status])).toEqual([
    ["system.health", "1"],
    ["system.health", "2"],
  ]);
  await close();
});

test("an event has its position live as in the history, and beside the envelope in both", async () => {
  const { next, close } = await listen("/api/events/stream?type=agent.heartbeat");
  await next();
  const beats = [1, 2].map((tasks_completed) => ({
    type: "agent.heartbeat",
    payload: { agent_id: "placed-1", tasks_completed, tasks_failed: 0 },
  }));
  await engine.request("POST", "/api/events/batch", beats);
  await engine.relay();
  const live = [(await next()).data, (await next()).data];
  const { body } = await engine.request("GET", "/api/events/history?type=agent.heartbeat&order=asc");
  expect(live.map(({ position }) => position)).toEqual(
    body.events.map((event: { position: number }) => event.position),
  );
  expect(live[0].position).toBeLessThan(live[1].position);
  expect(live.map(({ meta }) => meta)).toEqual(body.events.map((event: { meta: object }) => event.meta));
  const one = await engine.request("GET", `/api/events/${live[0].id}`);
  expect(one.body.position).toBe(live[0].position);
  const story = await engine.request("GET", `/api/events/correlation/${live[0].correlation_id}`);
  expect(JSON.stringify(story.body)).toContain(`"position":${live[0].position},`);
  const entry = (await engine.streamEntries()).find(({ fields }) => fields.id === live[0].id);
  expect(JSON.parse(entry?.fields.meta ?? "{}").position).toBe(live[0].position);
  await close();
});

test("a filter by an older name of a type hears it under the name of today", async () => {
  const { next, close } = await listen("/api/events/stream?type=TaskDel*,unknown");
  await next();
  const event = await engine.publish({ source: "test", tenant_id: null }, (send) =>
    send(taskItemDeleted, { task_id: "t-1", reason: "" }),
  );
  await publish("no filter asks for it");
  expect(await next()).toMatchObject({ event: "task.item.deleted", data: { id: event.id } });
  await close();
}, 20_000);

test("a position that somebody else tells of is none", async () => {
  const { next, close } = await listen("/api/events/stream?type=system.health");
  await next();
  const id = "6f1b0c3a-2d5e-4f70-8a91-b2c3d4e5f607";
  const meta = { schema_version: 1, producer: "p", source_module: "system", position: 7_777_777 };
  const timestamp = new Date().toISOString();
  const envelope = {
    id,
    type: "system.health",
    source: "p",
    timestamp,
    meta,
    payload: { component: "db", status: "ok" },
  };
  expect((await engine.request("POST", "/api/events", envelope)).status).toBe(202);
  await engine.relay();
  const heard = (await next()).data;
  expect(heard).toMatchObject({ id, position: expect.any(Number) });
  expect(heard.position).not.toBe(7_777_777);
  expect((await engine.request("GET", `/api/events/${id}`)).body).toMatchObject({ position: heard.position });
  // Written to the stream by a program that has no record.
  const { position: _none, ...own } = meta;
  await engine.append({ ...heard, id: "6f1b0c3a-2d5e-4f70-8a91-b2c3d4e5f608", meta: own });
  expect((await next()).data.position).toBeNull();
  await close();
});

test("a listener that comes back with its last id misses nothing and hears nothing twice", async () => {
  const first = await listen("/api/events/stream");
  await first.next();
  await publish("a");
  const { id } = await first.next();
  await first.close();
  await publish("b");
  await publish("c");
  for (const again of [
    await listen("/api/events/stream", { "last-event-id": id }),
    await listen(`/api/events/stream?last_event_id=${id}`),
  ]) {
    expect((await again.next()).event).toBe("heartbeat");
    expect([(await again.next()).data.payload.status, (await again.next()).data.payload.status]).toEqual([
      "b",
      "c",
    ]);
    await again.close();
  }
});

test("filters by type and tenant", async () => {
  const [byType, byTenant] = [
    await listen("/api/events/stream?type=system.*"),
    await listen("/api/events/stream?type=*health&tenant_id=t-2"),
  ];
  await byType.next();
  await byTenant.next();
  await publish("of one", "t-1");
  await publish("of two", "t-2");
  expect((await byType.next()).data.payload.status).toBe("of one");
  expect((await byTenant.next()).data.payload.status).toBe("of two");
  await byType.close();
  await byTenant.close();
  const agents = await listen("/api/events/stream?type=agent.*");
  await agents.next();
  await publish("unheard");
  await engine.publish({ source: "test" }, (send) =>
    send(agentHeartbeat, { agent_id: "a-1", tasks_completed: 1, tasks_failed: 0 }),
  );
  await engine.relay();
  // What it hears first came behind the one that it must not hear.
  expect((await agents.next()).event).toBe("agent.heartbeat");
  await agents.close();
});

test("filters by ordering key, by severity and by several types at once", async () => {
  const queries = [
    "key=tuned-2",
    "severity=ERROR",
    "type=agent.*,system.error",
    "key=tuned-2&severity=ERROR",
  ];
  const listeners: Awaited<ReturnType<typeof listen>>[] = [];
  for (const query of queries) listeners.push(await listen(`/api/events/stream?${query}`));
  for (const { next } of listeners) await next();
  const beat = (agent_id: string) => ({
    type: "agent.heartbeat",
    payload: { agent_id, tasks_completed: 1, tasks_failed: 0 },
  });
  const events = [
    beat("tuned-1"),
    { ...beat("tuned-2"), severity: "WARNING" },
    { type: "system.health", payload: { component: "db", status: "down" }, severity: "ERROR" },
    { ...beat("tuned-2"), severity: "ERROR" },
  ];
  const { body } = await engine.request("POST", "/api/events/batch", events);
  const ids = body.results.map(({ id }: { id: string }) => id);
  await engine.relay();
  const heard = await Promise.all(
    [2, 2, 3, 1].map(async (count, place) => {
      const seen: unknown[] = [];
      while (seen.length < count) seen.push((await listeners[place]?.next())?.data.id);
      return seen;
    }),
  );
  expect(heard).toEqual([[ids[1], ids[3]], [ids[2], ids[3]], [ids[0], ids[1], ids[3]], [ids[3]]]);
  for (const { close } of listeners) await close();
  const refused = await engine.request("GET", "/api/events/stream?severity=LOUD");
  expect([refused.status, refused.body.error.details[0].path]).toEqual([422, "severity"]);
});

test("without names of messages, a browser hears every type of event", async () => {
  const { next, close } = await listen("/api/events/stream?names=none&type=system.*");
  expect((await next()).event).toBe("heartbeat");
  await publish("unnamed");
  expect(await next()).toMatchObject({ event: "message", data: { type: "system.health" } });
  await close();
});

test("a cursor that is none of ours is refused as an answer, not as a stream", async () => {
  const reply = await engine.request("GET", "/api/events/stream?last_event_id=abc");
  expect(reply.status).toBe(422);
  expect(reply.body.error).toMatchObject({ code: "validation_failed", details: [{ path: "cursor" }] });
});

test("without Redis the answer says so", async () => {
  redis.inject({ kind: "refuse" }, { when: sends("XINFO"), times: 1 });
  const reply = await engine.request("GET", "/api/events/stream");
  expect(reply.status).toBe(503);
});

test("nothing is read any more for a listener that went away", async () => {
  const { next, close } = await listen("/api/events/stream");
  await next();
  const reads = () => redis.requests.flat().filter(([name]) => name === "XRANGE").length;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const before = reads();
  await waitFor("a read for the listener", reads, (count) => count > before);
  await close();
  await waitFor(
    "no more reads, of which a listener makes one a second",
    async () => {
      const seen = reads();
      await pause(2_500);
      return reads() - seen;
    },
    (more) => more === 0,
  );
});

test("who has gone before the answer begins keeps no place, though nobody takes the answer", async () => {
  const own = await createTestEngine({ BRAIN_FOLLOWERS_PER_KEY: "2" });
  onTestFinished(() => own.cleanup());
  const headers = { authorization: `Bearer ${testApiKey}` };
  for (let n = 0; n < 5; n += 1) {
    const reply = await own.app.request("/api/events/stream", { headers, signal: AbortSignal.abort() });
    expect(reply.status, `the one with number ${n}`).toBe(200);
  }
  const reply = await own.app.request("/api/events/stream", { headers });
  expect(reply.status).toBe(200);
  await reply.body?.cancel();
});
