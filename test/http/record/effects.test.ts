import { defineConsumer, eventEffects, PermanentError, RetryAfter } from "@brain/engine";
import { agentOnline, systemHealth } from "@brain/schemas";
import { expect, inject, onTestFinished, test } from "vitest";
import { on, onAny, onEntries } from "../../../src/engine/consume/consumer.ts";
import { startFaultyRedis } from "../../faults.ts";
import { expectErrorShape } from "../refusal.ts";
import { createSurface, type Surface } from "../surface.ts";

/* `GET /api/events/{id}/effects`: what became of an event with each consumer, in whatever way it did. */

const picky = defineConsumer({
  subscriber: "picky",
  handlers: [
    on(systemHealth, async ({ payload }, { publish }) => {
      if (payload.status === "broken") throw new PermanentError("Broken reports are refused.");
      if (payload.status === "later") throw new RetryAfter(600_000, "Not now.");
      if (payload.status === "two") {
        for (const agent_id of ["a-1", "a-2"]) await publish(agentOnline, { agent_id });
      }
    }),
  ],
});
const curious = defineConsumer({ subscriber: "curious", handlers: [onAny(async () => undefined)] });
const watcher = defineConsumer({ subscriber: "watcher", handlers: [onEntries(async () => undefined)] });
const late = defineConsumer({
  subscriber: "late",
  startAt: "$",
  handlers: [on(systemHealth, async () => undefined)],
});
const greeter = defineConsumer({ subscriber: "greeter", handlers: [on(agentOnline, async () => undefined)] });

async function open(env: (sandbox: object) => Record<string, string> = () => ({})): Promise<Surface> {
  const surface = await createSurface({ consumers: [picky, curious, watcher, late, greeter], env });
  onTestFinished(() => surface.cleanup());
  return surface;
}

async function report(surface: Surface, status: string): Promise<string> {
  const sent = await surface.post("/api/events", {
    type: "system.health",
    payload: { component: "probe", status },
  });
  expect(sent.status, sent.text).toBe(202);
  return sent.body.id;
}

const drain = async (surface: Surface, ...subscribers: string[]) => {
  for (const subscriber of subscribers)
    expect((await surface.send(`/api/consumers/${subscriber}/drain`, { method: "POST" })).status).toBe(200);
};
const effects = async (surface: Surface, id: string) => {
  const reply = await surface.send(`/api/events/${id}/effects`);
  expect(reply.status, reply.text).toBe(200);
  return reply.body;
};
const stateOf = (body: { consumers: { subscriber: string; state: string }[] }) =>
  Object.fromEntries(body.consumers.map(({ subscriber, state }) => [subscriber, state]));
const lineOf = (body: { consumers: { subscriber: string }[] }, name = "picky") =>
  body.consumers.find(({ subscriber }) => subscriber === name);

test("an event goes from not sent to applied, with the time of its claim", async () => {
  const surface = await open();
  const id = await report(surface, "ok");
  const unsent = await effects(surface, id);
  expect(stateOf(unsent)).toEqual({
    picky: "not_sent",
    curious: "not_sent",
    watcher: "not_sent",
    late: "not_sent",
  });
  expect(unsent).toMatchObject({
    id,
    type: "system.health",
    sent_at: null,
    shard: null,
    stream_message_id: null,
  });
  expect(unsent.not_handled_by).toEqual(["greeter"]);

  await surface.relay();
  const sent = await effects(surface, id);
  expect(stateOf(sent)).toEqual({
    picky: "waiting",
    curious: "waiting",
    watcher: "waiting",
    late: "waiting",
  });
  const [entry] = (await surface.redis("XRANGE", surface.stream, "-", "+")) as [string, unknown][];
  expect(sent).toMatchObject({
    shard: 0,
    stream_message_id: entry?.[0],
    sent_at: expect.stringMatching(/Z$/),
  });

  await drain(surface, "picky", "watcher", "late");
  const seen = await effects(surface, id);
  // The one that begins with what comes has begun behind it.
  expect(stateOf(seen)).toEqual({
    picky: "applied",
    curious: "waiting",
    watcher: "passed",
    late: "before_start",
  });
  const [claim] = await surface.sql<{ at: Date }>(
    "SELECT processed_at AS at FROM processed_events WHERE subscriber_name = 'picky'",
  );
  expect(lineOf(seen)).toEqual({
    subscriber: "picky",
    handles: true,
    state: "applied",
    applied_at: claim?.at.toISOString(),
    failed_attempts: null,
    next_try_at: null,
    error: null,
    paused: false,
    deferred: null,
    dead_letter: null,
    replays: [],
  });
});

test("a try that failed, a dead letter, and what an operator makes of it", async () => {
  const surface = await open();
  const [later, broken] = [await report(surface, "later"), await report(surface, "broken")];
  await surface.relay();
  await drain(surface, "picky");
  expect(lineOf(await effects(surface, later))).toMatchObject({
    state: "retrying",
    failed_attempts: 1,
    next_try_at: expect.stringMatching(/Z$/),
    error: expect.stringContaining("Not now."),
    applied_at: null,
  });
  const [letter] = await surface.sql<{ id: string }>("SELECT id::text AS id FROM dead_letters");
  expect(lineOf(await effects(surface, broken))).toMatchObject({
    state: "dead_letter",
    dead_letter: { id: letter?.id, status: "open", attempts: 1, job_id: null },
    error: expect.stringContaining("Broken reports are refused."),
  });
  const discarded = await surface.post(`/api/dead-letters/${letter?.id}/discard`, { reason: "because" });
  expect(discarded.status, discarded.text).toBe(200);
  expect(lineOf(await effects(surface, broken))).toMatchObject({ state: "discarded", applied_at: null });
});

test("what waits in Postgres behind a pause", async () => {
  const surface = await open();
  await drain(surface, "picky");
  const pause = { reason: "a look", event_type: "system.health" };
  expect((await surface.post("/api/consumers/picky/pause", pause)).status).toBe(200);
  const id = await report(surface, "ok");
  await surface.relay();
  expect(lineOf(await effects(surface, id))).toMatchObject({ state: "waiting", paused: true });
  await drain(surface, "picky");
  expect(lineOf(await effects(surface, id))).toMatchObject({
    state: "deferred",
    paused: true,
    deferred: { cause: "paused", attempts: 0 },
  });
});

test("a forced replay that applied it once more", async () => {
  const surface = await open();
  const id = await report(surface, "ok");
  await surface.relay();
  await drain(surface, "picky");
  const job = await surface.post("/api/replays", {
    subscriber: "picky",
    name: "again",
    mode: "force",
    reason: "a test",
  });
  expect(job.status, job.text).toBe(202);
  await surface.background();
  const seen = lineOf(await effects(surface, id));
  expect(seen).toMatchObject({ state: "applied", replays: [{ job_id: job.body.id }] });
});

test("a claim that is gone is no trace, and a consumer that is no more is told by its own", async () => {
  const surface = await open();
  const id = await report(surface, "ok");
  await surface.relay();
  await drain(surface, "picky");
  await surface.sql("UPDATE processed_events SET subscriber_name = 'former'");
  const seen = await effects(surface, id);
  expect(stateOf(seen)).toMatchObject({ picky: "no_trace", former: "applied" });
  expect(lineOf(seen, "former")).toMatchObject({ handles: false });
});

test("what caused it, and what it caused", async () => {
  const surface = await open();
  const id = await report(surface, "two");
  await surface.relay();
  await drain(surface, "picky");
  const parent = await effects(surface, id);
  const caused = await surface.sql<{ id: string }>(
    "SELECT id::text AS id FROM events WHERE causation_id = $1 ORDER BY position",
    [id],
  );
  expect(caused).toHaveLength(2);
  expect(parent).toMatchObject({ cause: null, causation_id: null, more_effects: false });
  expect(parent.effects.map((one: { id: string }) => one.id)).toEqual(caused.map((one) => one.id));
  const child = await effects(surface, caused[0]?.id ?? "");
  expect(child).toMatchObject({ causation_id: id, cause: { id, type: "system.health" }, effects: [] });
  expect(stateOf(child)).toEqual({ curious: "not_sent", watcher: "not_sent", greeter: "not_sent" });
  await surface.sql("UPDATE events SET causation_id = 'not an id' WHERE causation_id IS NOT NULL");
  expect(await effects(surface, caused[0]?.id ?? "")).toMatchObject({
    causation_id: "not an id",
    cause: null,
  });
});

test("while Redis is away only it knows what is on its way", async () => {
  const redis = await startFaultyRedis(inject("services").upstash.url);
  onTestFinished(() => redis.close());
  const surface = await open(() => ({ UPSTASH_REDIS_REST_URL: redis.url }));
  const id = await report(surface, "ok");
  await surface.relay();
  await drain(surface, "picky");
  redis.inject({ kind: "refuse" }, { when: () => true });
  expect(stateOf(await effects(surface, id))).toMatchObject({ picky: "applied", curious: "unknown" });
});

test("it takes two round trips, and a third one when nothing says what became of it", async () => {
  const surface = await open();
  const id = await report(surface, "ok");
  const trips = async () => {
    const invocation = surface.open();
    expect(await eventEffects(invocation, invocation.db, id, null)).not.toBeNull();
    return invocation.meter.used;
  };
  expect(await trips()).toBe(1);
  await surface.relay();
  expect(await trips()).toBe(2);
  await drain(surface, "picky", "watcher", "late");
  await surface.sql("DELETE FROM processed_events");
  expect(await trips()).toBe(3);
});

test.each(["no-id", "00000000-0000-4000-8000-000000000000"])("%s is no event of the record", async (id) => {
  const surface = await open();
  expectErrorShape(await surface.send(`/api/events/${id}/effects`), 404, "not_found");
});
