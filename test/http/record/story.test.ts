import { randomUUID } from "node:crypto";
import { defineConsumer, on, PermanentError } from "@brain/engine";
import { agentOffline, agentOnline, systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthEnvelope } from "../sample-events.ts";
import { createSurface, type Surface } from "../surface.ts";

/** Answers a report that an agent is there with two events of its own. */
const watcher = defineConsumer({
  subscriber: "watcher",
  handlers: [
    on(systemHealth, async (event, { publish }) => {
      if (event.payload.component !== "door") return;
      await publish(agentOnline, { agent_id: "first" });
      await publish(agentOnline, { agent_id: "second" });
    }),
    on(agentOnline, async (event, { publish }) => {
      if (event.payload.agent_id !== "second") return;
      await publish(agentOffline, { agent_id: "second", missed_heartbeats: 3, last_heartbeat: null });
    }),
  ],
});
const grumbler = defineConsumer({
  subscriber: "grumbler",
  handlers: [
    on(agentOffline, async () => {
      throw new PermanentError("The agent is never coming back.");
    }),
  ],
});

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface({ consumers: [watcher, grumbler] });
});
afterAll(() => surface?.cleanup());

async function settle() {
  for (let round = 0; round < 4; round += 1) {
    await surface.relay();
    await surface.drain(watcher);
    await surface.drain(grumbler);
  }
}

const read = (id: string, query = "") =>
  surface.send(`/api/events/correlation/${encodeURIComponent(id)}${query}`);

/** Ingests envelopes of one story; `b<a` is an event b caused by a. Their ids by name. */
async function tell(correlationId: string, ...texts: string[]): Promise<Record<string, string>> {
  const named = texts.map((text) => text.split("<"));
  const ids = Object.fromEntries(named.map(([name = ""]) => [name, randomUUID()]));
  const events = named.map(([name = "", cause]) =>
    healthEnvelope({
      id: ids[name],
      correlation_id: correlationId,
      payload: { component: name, status: "ok" },
      meta: {
        schema_version: 1,
        producer: "probe",
        source_module: "core",
        ...(cause === undefined ? {} : { causation_id: ids[cause] ?? cause }),
      },
    }),
  );
  const reply = await surface.post("/api/events/batch", events);
  expect(reply.body, reply.text).toMatchObject({ accepted: events.length });
  return ids;
}

interface Node {
  readonly payload: { readonly component?: string };
  readonly children: readonly Node[];
}

/** A tree as text: `a(b c(d))`. */
const shape = (nodes: readonly Node[]): string =>
  nodes
    .map(({ payload, children }) =>
      children.length === 0 ? payload.component : `${payload.component}(${shape(children)})`,
    )
    .join(" ");

describe("the story of a correlation id", () => {
  test("is the tree of what caused what, with who handled it and where it failed", async () => {
    const correlationId = `story-${randomUUID()}`;
    const { door } = await tell(correlationId, "door");
    await settle();
    const { status, body, text } = await read(correlationId);
    expect(status, text).toBe(200);
    expect(body).toMatchObject({ correlation_id: correlationId, count: 4, truncated: false });
    expect(Date.parse(body.last_at)).toBeGreaterThan(Date.parse(body.first_at));
    expect(body.first_at).toBe("2026-03-01T10:00:00.123Z");
    const [root, ...others] = body.roots;
    expect(others).toEqual([]);
    expect(root).toEqual({
      id: door,
      position: expect.any(Number),
      type: "system.health",
      source: "probe",
      module: "core",
      tenant_id: null,
      actor_id: null,
      timestamp: "2026-03-01T10:00:00.123Z",
      severity: null,
      payload: { component: "door", status: "ok" },
      causation_id: null,
      sent_at: expect.stringMatching(/Z$/),
      stream_message_id: expect.stringMatching(/^\d+-\d+$/),
      handled_by: [{ subscriber: "watcher", processed_at: expect.stringMatching(/Z$/) }],
      dead_letters: [],
      children: [expect.anything(), expect.anything()],
    });
    expect(root.children).toMatchObject([
      { type: "agent.online", payload: { agent_id: "first" }, causation_id: door, children: [] },
      { type: "agent.online", payload: { agent_id: "second" }, handled_by: [{ subscriber: "watcher" }] },
    ]);
    expect(root.children[1].children).toMatchObject([
      {
        type: "agent.offline",
        handled_by: [],
        dead_letters: [
          {
            subscriber: "grumbler",
            id: expect.stringMatching(/^\d+$/),
            reason: "permanent_error",
            status: "open",
            error: "The agent is never coming back.",
            attempts: 1,
            first_failed_at: expect.stringMatching(/Z$/),
            last_failed_at: expect.stringMatching(/Z$/),
          },
        ],
        children: [],
      },
    ]);
  });

  test("shows an event that was not sent yet, and one that a forced replay applied again", async () => {
    const correlationId = `story-${randomUUID()}`;
    const { replayed } = await tell(correlationId, "replayed");
    await settle();
    await surface.sql(
      `INSERT INTO replay_claims (subscriber_name, stream_name, stream_message_id, event_id, replay_epoch)
       SELECT subscriber_name, stream_name, stream_message_id, event_id, 7 FROM processed_events WHERE event_id = $1`,
      [replayed],
    );
    await tell(correlationId, "waiting");
    const { body } = await read(correlationId);
    expect(body.roots).toMatchObject([
      { handled_by: [{ subscriber: "watcher", replay_epoch: 7 }] },
      { sent_at: null, stream_message_id: null, handled_by: [] },
    ]);
    expect(body.roots[0].handled_by).toHaveLength(1);
  });

  test("has an event of an unknown cause as a root, and tells the cause", async () => {
    const correlationId = `story-${randomUUID()}`;
    const foreign = randomUUID();
    await tell(correlationId, `a<${foreign}`, "b<a", "x<not-an-id");
    const { body } = await read(correlationId);
    expect(shape(body.roots)).toBe("a(b) x");
    expect(body.roots[0].causation_id).toBe(foreign);
    expect(body.roots[1].causation_id).toBe("not-an-id");
  });

  test("ends where causes go in a circle", async () => {
    const correlationId = `story-${randomUUID()}`;
    await tell(correlationId, "self<self", "a<c", "b<a", "c<b", "d<c");
    const { status, body } = await read(correlationId);
    expect(status).toBe(200);
    expect(body.count).toBe(5);
    expect(shape(body.roots)).toBe("self a(b(c(d)))");
  });

  test("may be a chain of a thousand, which a flat view gives with depths", async () => {
    const correlationId = `story-${randomUUID()}`;
    const chain = Array.from({ length: 1_000 }, (_, place) =>
      place === 0 ? "e0" : `e${place}<e${place - 1}`,
    );
    await tell(correlationId, ...chain);
    const { status, body } = await read(correlationId);
    expect(status).toBe(200);
    expect(body).toMatchObject({ count: 1_000, truncated: false });
    let depth = 0;
    for (let node: Node | undefined = body.roots[0]; node !== undefined; node = node.children[0]) depth += 1;
    expect(depth).toBe(1_000);
    const flat = (await read(correlationId, "?view=flat")).body;
    expect(flat).toMatchObject({ correlation_id: correlationId, count: 1_000, truncated: false });
    expect(flat).not.toHaveProperty("roots");
    expect(flat.events.map((event: { depth: number }) => event.depth)).toEqual(
      Array.from({ length: 1_000 }, (_, place) => place),
    );
    expect(flat.events[0]).not.toHaveProperty("children");
  });

  test("gives the oldest events when there are more than asked for, and says so", async () => {
    const correlationId = `story-${randomUUID()}`;
    await tell(correlationId, "a", "b<a", "c<b", "d<c");
    const three = (await read(correlationId, "?limit=3")).body;
    expect(three).toMatchObject({ count: 3, truncated: true });
    expect(shape(three.roots)).toBe("a(b(c))");
    expect((await read(correlationId, "?limit=4")).body).toMatchObject({ count: 4, truncated: false });
  });

  test("gives no more than a few megabytes at once, but at least one event", async () => {
    const correlationId = `story-${randomUUID()}`;
    const names = Array.from({ length: 5 }, (_, place) => `e${place}`);
    await tell(correlationId, ...names);
    await surface.sql(
      `UPDATE events SET payload = jsonb_build_object('component', repeat('x', 1500000), 'status', 'ok')
       WHERE correlation_id = $1`,
      [correlationId],
    );
    expect((await read(correlationId)).body).toMatchObject({ count: 2, truncated: true });
    await surface.sql(
      `UPDATE events SET payload = jsonb_build_object('component', repeat('x', 5000000), 'status', 'ok')
       WHERE correlation_id = $1`,
      [correlationId],
    );
    expect((await read(correlationId)).body).toMatchObject({ count: 1, truncated: true });
  });

  test("is found under any text that a correlation id can be", async () => {
    for (const id of ["a/b?c=d#e", "100%", "ü ✓", "..", "history", "x".repeat(255)]) {
      const correlationId = id.length === 255 ? id : `${id} ${randomUUID()}`;
      await tell(correlationId, "a");
      const { status, body, text } = await read(correlationId);
      expect(status, `${correlationId}: ${text}`).toBe(200);
      expect(body.correlation_id).toBe(correlationId);
    }
  });

  test("that nobody knows is not found", async () => {
    const { status, body } = await read(`story-${randomUUID()}`);
    expect(status).toBe(404);
    expect(body.error.code).toBe("not_found");
  });

  test.each(["?limit=0", "?limit=2001", "?limit=x", "?view=graph", "?other=1"])(
    "with the query %s is refused",
    async (query) => {
      expect((await read("story", query)).status).toBe(422);
    },
  );

  test.each(["a%00b", "a%0ab", "x".repeat(256)])("with the id %j is refused", async (id) => {
    expect((await surface.send(`/api/events/correlation/${id}`)).status).toBe(422);
  });
});
