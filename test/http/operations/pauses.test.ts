import { defineConsumer } from "@brain/engine";
import { agentOnline, systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { on, onAny } from "../../../src/engine/consume/consumer.ts";
import { createSurface, type Surface } from "../surface.ts";

const picky = defineConsumer({
  subscriber: "picky",
  handlers: [on(systemHealth, async () => undefined), on(agentOnline, async () => undefined)],
});
const curious = defineConsumer({ subscriber: "curious", handlers: [onAny(async () => undefined)] });

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface({ consumers: [picky, curious], env: { BRAIN_SHARDS: "2" } });
});
afterAll(() => surface?.cleanup());
beforeEach(async () => {
  await surface.background();
  await surface.sql("DELETE FROM consumer_pauses");
  await surface.sql("DELETE FROM operator_actions");
});

const pause = (body: unknown, subscriber = "picky", headers: Record<string, string> = {}) =>
  surface.post(`/api/consumers/${subscriber}/pause`, body, headers);
const resume = (body: unknown, subscriber = "picky") =>
  surface.post(`/api/consumers/${subscriber}/resume`, body);
const details = async (subscriber = "picky") => (await surface.send(`/api/consumers/${subscriber}`)).body;
const actions = () =>
  surface.sql("SELECT action, actor_id, reason, subscriber_name, filter FROM operator_actions ORDER BY id");

describe("pausing", () => {
  test("a consumer shows the pause, who made it and why, and keeps an audit of it", async () => {
    const reply = await pause({ reason: "The mailer is down" }, "picky", { "x-actor-id": "ops-7" });
    expect(reply.status).toBe(200);
    const expected = {
      event_type: null,
      reason: "The mailer is down",
      actor_id: "ops-7",
      paused_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      expires_at: null,
    };
    expect(reply.body).toEqual({ subscriber: "picky", effective: "at_once", paused: [expected] });
    expect((await details()).paused).toEqual([expected]);
    expect((await details("curious")).paused).toEqual([]);
    expect(await actions()).toEqual([
      {
        action: "consumer.paused",
        actor_id: "ops-7",
        reason: "The mailer is down",
        subscriber_name: "picky",
        filter: { event_type: null, expires_at: null },
      },
    ]);
  });

  test("one type leaves the others alone, and again replaces reason and end", async () => {
    await pause({ event_type: "system.health", reason: "first reason", for_seconds: 60 });
    await pause({ event_type: "system.health", reason: "second reason", for_seconds: 3_600 });
    const { paused } = await details();
    expect(paused).toMatchObject([{ event_type: "system.health", reason: "second reason" }]);
    const leftMs = Date.parse(paused[0].expires_at) - Date.now();
    expect(leftMs).toBeGreaterThan(3_500_000);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
    expect(await actions()).toHaveLength(2);
  });

  test("until a time ends by itself", async () => {
    const expires_at = new Date(Date.now() + 600_000).toISOString();
    const reply = await pause({ reason: "a short one", expires_at });
    expect(reply.body.paused).toMatchObject([{ expires_at }]);
    expect((await details()).paused).toMatchObject([{ expires_at }]);
    await surface.sql("UPDATE consumer_pauses SET expires_at = now()");
    expect((await details()).paused).toEqual([]);
  });

  test("makes the drains of all shards forget what they knew, and of this consumer only", async () => {
    const { keys } = surface.open();
    const states = [keys.state("edge_picky", 0), keys.state("edge_picky", 1), keys.state("edge_curious", 0)];
    for (const key of states) await surface.redis("HSET", key, "known", "1");
    await pause({ reason: "forget it" });
    for (const key of states.slice(0, 2)) expect(await surface.redis("HKEYS", key)).toEqual(["forgotten"]);
    expect(await surface.redis("EXISTS", states[2] ?? "")).toBe(1);
    await surface.redis("HSET", states[0] ?? "", "known", "1");
    await resume({});
    // They know that something may have been deferred for the pause, and nothing else.
    expect(await surface.redis("HKEYS", states[0] ?? "")).toEqual(["forgotten", "queued"]);
    await surface.redis("DEL", ...states);
  });

  test("a type that the consumer does not handle is refused with those it does; a catch-all handles all", async () => {
    const refused = await pause({ event_type: "system.helth", reason: "a typing error" });
    expect(refused.status).toBe(422);
    expect(refused.body.error.details).toEqual([
      { path: "event_type", message: "expected one of: system.health, agent.online" },
    ]);
    expect((await pause({ event_type: "no.such.type", reason: "whatever" }, "curious")).status).toBe(200);
    expect(await actions()).toHaveLength(1);
  });

  const longReason = "x".repeat(501);
  test.each([
    ["no reason", {}, "reason"],
    ["a short reason", { reason: " ab " }, "reason"],
    ["a long reason", { reason: longReason }, "reason"],
    ["personal data in the reason", { reason: "asked by anna@example.org" }, "reason"],
    ["control characters", { reason: "line\u0000feed" }, "reason"],
    ["no time at all", { reason: "a reason", for_seconds: 0 }, "for_seconds"],
    ["more than 30 days", { reason: "a reason", for_seconds: 30 * 86_400 + 1 }, "for_seconds"],
    ["half a second", { reason: "a reason", for_seconds: 0.5 }, "for_seconds"],
    ["the past", { reason: "a reason", expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    ["no time zone", { reason: "a reason", expires_at: "2100-01-01T00:00:00" }, "expires_at"],
    ["both", { reason: "a reason", for_seconds: 5, expires_at: "2100-01-01T00:00:00Z" }, "expires_at"],
    ["an empty type", { reason: "a reason", event_type: "" }, "event_type"],
    ["an unknown field", { reason: "a reason", until: "tomorrow" }, ""],
  ])("with %s is refused, naming the field, and changes nothing", async (_what, body, path) => {
    const reply = await pause(body);
    expect(reply.status).toBe(422);
    expect(reply.body.error.details[0].path).toBe(path);
    expect(reply.text).not.toContain("example.org");
    expect((await details()).paused).toEqual([]);
    expect(await actions()).toEqual([]);
  });

  test.each(["pause", "resume"])("%s of an unknown consumer is 404", async (verb) => {
    const reply = await surface.post(`/api/consumers/nobody/${verb}`, { reason: "a reason" });
    expect(reply.status).toBe(404);
    expect(reply.body.error.message).toContain("picky, curious");
  });
});

describe("resuming", () => {
  test("ends one pause and tells which are left", async () => {
    await pause({ reason: "all of it" });
    await pause({ event_type: "system.health", reason: "this type" });
    const reply = await resume({ reason: "works again" });
    expect(reply.body).toMatchObject({ resumed: true, paused: [{ event_type: "system.health" }] });
    expect((await resume({ event_type: "system.health" })).body).toMatchObject({ resumed: true, paused: [] });
    expect((await actions()).slice(2)).toMatchObject([
      { action: "consumer.resumed", reason: "works again", filter: { event_type: null } },
      { action: "consumer.resumed", reason: null, filter: { event_type: "system.health" } },
    ]);
  });

  test("what is not paused changes nothing and leaves no audit", async () => {
    expect((await resume({})).body).toEqual({
      subscriber: "picky",
      resumed: false,
      effective: "at_once",
      paused: [],
    });
    expect(await actions()).toEqual([]);
  });

  const publish = async (...agents: string[]) => {
    for (const agent_id of agents) {
      await surface.post("/api/events", { type: "agent.online", payload: { agent_id } });
    }
    await surface.post("/api/events", { type: "system.health", payload: { component: "db", status: "ok" } });
    for (const shard of [0, 1]) await surface.relay({ shard });
  };
  const drain = () => surface.post("/api/consumers/picky/drain", {});
  const applied = async () =>
    (
      await surface.sql<{ type: string; count: number }>(`
        SELECT event_type AS type, count(*)::integer AS count FROM processed_events
        WHERE subscriber_name = 'picky' GROUP BY event_type ORDER BY event_type`)
    ).map(({ type, count }) => `${count} ${type}`);

  test("handles at once what waited, of which nothing was handled in the pause", async () => {
    await surface.sql("DELETE FROM processed_events");
    await drain();
    await pause({ reason: "wait for me" });
    await publish("agent-1", "agent-2");
    await drain();
    expect(await applied()).toEqual([]);
    await resume({});
    await surface.background();
    expect(await applied()).toEqual(["2 agent.online", "1 system.health"]);
  });

  test("one type brings its events, which waited while the others went on", async () => {
    await surface.sql("DELETE FROM processed_events");
    await pause({ event_type: "agent.online", reason: "wait for me" });
    await publish("agent-3", "agent-4");
    await drain();
    expect(await applied()).toEqual(["1 system.health"]);
    await resume({ event_type: "agent.online" });
    await surface.background();
    expect(await applied()).toEqual(["2 agent.online", "1 system.health"]);
  });
});
