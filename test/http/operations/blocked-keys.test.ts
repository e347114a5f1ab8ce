import { changeBlockedKey, defineConsumer, RetryAfter } from "@brain/engine";
import { agentHeartbeat, agentOnline } from "@brain/schemas";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type ConsumerOptions, on } from "../../../src/engine/consume/consumer.ts";
import { failureFromText } from "../../../src/engine/consume/sources/pending.ts";
import { createDatabases } from "../../../src/engine/stream/databases.ts";
import { createSurface, type Surface } from "../surface.ts";

/** Agents whose heartbeats are refused for now. */
const down = new Set<string>();
/** `agent:number` in the order of the effects. */
const seen: string[] = [];
/** What happens during the next try. */
let meanwhile: (() => Promise<void>) | null = null;
beforeEach(() => {
  down.clear();
  seen.length = 0;
  meanwhile = null;
});

function watcher(options: Partial<ConsumerOptions> = {}) {
  return defineConsumer({
    subscriber: "watcher",
    handlers: [
      on(agentHeartbeat, async ({ payload }) => {
        const act = meanwhile;
        meanwhile = null;
        await act?.();
        if (down.has(`${payload.agent_id}:${payload.tasks_completed}`)) {
          throw new RetryAfter(600_000, `Line: ${payload.agent_id} does not answer`);
        }
        seen.push(`${payload.agent_id}:${payload.tasks_completed}`);
      }),
      on(agentOnline, async () => undefined),
    ],
    ...options,
  });
}

async function open(options: Partial<ConsumerOptions> = {}): Promise<Surface> {
  const surface = await createSurface({ consumers: [watcher(options)] });
  onTestFinished(() => surface.cleanup());
  return surface;
}

/** Publishes and relays `agent:number` heartbeats; the event ids. */
async function beats(surface: Surface, ...names: string[]): Promise<string[]> {
  const events = names.map((name) => {
    const [agent_id, number] = name.split(":");
    return {
      type: "agent.heartbeat",
      payload: { agent_id, tasks_completed: Number(number), tasks_failed: 0 },
    };
  });
  const reply = await surface.post("/api/events/batch", events);
  expect(reply.status, reply.text).toBe(202);
  await surface.relay();
  return reply.body.results.map((result: { id: string }) => result.id);
}

const drain = (surface: Surface) => surface.post("/api/consumers/watcher/drain", {});
const blocked = async (surface: Surface, query = "") => {
  const reply = await surface.send(`/api/consumers/watcher/blocked-keys${query}`);
  expect(reply.status, reply.text).toBe(200);
  return reply.body;
};
const act = (surface: Surface, verb: "unblock" | "skip", key: string, reason = "the agent is gone") =>
  surface.post(`/api/consumers/watcher/blocked-keys/${verb}`, { key, reason }, { "x-actor-id": "ops-1" });
const actions = (surface: Surface) =>
  surface.sql("SELECT action, actor_id, reason, filter FROM operator_actions WHERE action LIKE 'key.%'");

/** A deferred delivery, as the drain or a redrive would leave it. */
async function defer(surface: Surface, row: Readonly<Record<string, unknown>>): Promise<void> {
  const full = {
    subscriber_name: "watcher",
    shard: 0,
    stream_name: surface.stream,
    event_type: "agent.heartbeat",
    cause: "waiting",
    ...row,
  };
  const names = Object.keys(full);
  await surface.sql(
    `INSERT INTO deliveries (${names.join(", ")}) VALUES (${names.map((_, index) => `$${index + 1}`).join(", ")})`,
    Object.values(full),
  );
}

describe("a key whose first event fails", () => {
  test("is listed with its event, error, tries, next try and how many wait behind it", async () => {
    const surface = await open();
    down.add("a:1");
    const [first] = await beats(surface, "a:1", "a:2", "b:1", "a:3");
    await drain(surface);
    const { blocked_keys, next_cursor } = await blocked(surface);
    expect(blocked_keys).toEqual([
      {
        key: "a",
        shard: 0,
        event_id: first,
        event_type: "agent.heartbeat",
        stream_message_id: expect.stringMatching(/^\d+-\d+$/),
        attempts: 1,
        next_try_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        error: expect.stringContaining("Line: a does not answer"),
        waiting: 2,
        where: "stream",
        cause: "retry",
      },
    ]);
    expect(Date.parse(blocked_keys[0].next_try_at)).toBeGreaterThan(Date.now() + 500_000);
    expect(next_cursor).toBeNull();
    expect(seen).toEqual(["b:1"]);
  });

  test("without a hand is not gone round: the later events wait", async () => {
    const surface = await open();
    down.add("a:1");
    await beats(surface, "a:1", "a:2");
    await drain(surface);
    await drain(surface);
    expect(seen).toEqual([]);
  });

  test("once unblocked is tried at once, and the later events no longer wait for it", async () => {
    const surface = await open();
    down.add("a:1");
    const [first] = await beats(surface, "a:1", "a:2", "a:3");
    await drain(surface);
    const reply = await act(surface, "unblock", "a");
    expect(reply.status, reply.text).toBe(200);
    expect(reply.body).toMatchObject({ subscriber: "watcher", key: "a", event_id: first, where: "stream" });
    await surface.background();
    expect(seen).toEqual(["a:2", "a:3"]);
    expect(await surface.sql("SELECT FROM dead_letters")).toEqual([]);
    expect(await actions(surface)).toMatchObject([
      {
        action: "key.unblocked",
        actor_id: "ops-1",
        reason: "the agent is gone",
        filter: { key: "a", event_id: first },
      },
    ]);
  });

  test("that works again when unblocked is handled in order", async () => {
    const surface = await open();
    down.add("a:1");
    await beats(surface, "a:1", "a:2");
    await drain(surface);
    down.clear();
    await act(surface, "unblock", "a");
    await surface.background();
    expect(seen).toEqual(["a:1", "a:2"]);
    expect((await blocked(surface)).blocked_keys).toEqual([]);
  });

  test("once skipped leaves a dead letter, not tried again, and the key goes on", async () => {
    const surface = await open();
    down.add("a:1");
    const [first] = await beats(surface, "a:1", "a:2");
    await drain(surface);
    down.clear();
    expect((await act(surface, "skip", "a")).status).toBe(200);
    await surface.background();
    expect(seen).toEqual(["a:2"]);
    expect(await surface.sql("SELECT event_id, reason, status, attempts FROM dead_letters")).toEqual([
      { event_id: first, reason: "skipped", status: "open", attempts: 1 },
    ]);
    expect(await actions(surface)).toMatchObject([{ action: "key.skipped" }]);
    expect((await blocked(surface)).blocked_keys).toEqual([]);
  });
});

test("an event that is given up does not come back when its type was paused before the next drain", async () => {
  const surface = await open();
  down.add("a:1");
  await beats(surface, "a:1", "a:2");
  await drain(surface);
  const pause = { event_type: "agent.heartbeat", reason: "the agents are mended" };
  const paused = await surface.post("/api/consumers/watcher/pause", pause);
  expect(paused.status, paused.text).toBe(200);
  expect((await act(surface, "skip", "a")).status).toBe(200);
  await surface.background();
  await drain(surface);
  const letters = () => surface.sql("SELECT reason FROM dead_letters");
  expect(await letters()).toEqual([{ reason: "skipped" }]);
  down.clear();
  const { event_type } = pause;
  expect((await surface.post("/api/consumers/watcher/resume", { event_type })).status).toBe(200);
  await surface.background();
  await drain(surface);
  expect(seen).toEqual(["a:2"]);
  expect(await letters()).toHaveLength(1);
});

describe("what an operator does during a try of an entry on the stream that fails", () => {
  /** A drain whose try of `a:1`, which failed before, fails again; meanwhile the operator acts. */
  async function actDuringTry(verb: "unblock" | "skip"): Promise<Surface> {
    const surface = await open();
    down.add("a:1");
    await beats(surface, "a:1", "a:2");
    await drain(surface);
    const retries = surface.open().keys.retryAt("edge_watcher", 0);
    const [id = "", text = ""] = (await surface.redis("HGETALL", retries)) as string[];
    await surface.redis("HSET", retries, id, text.replace(/^\d+:(.*):\[\d+\]/, "1:$1:[0]"));
    let status = 0;
    meanwhile = async () => {
      ({ status } = await act(surface, verb, "a"));
    };
    await drain(surface);
    expect(status).toBe(200);
    await surface.background();
    await drain(surface);
    return surface;
  }

  test("an unblock holds: the later events pass", async () => {
    const surface = await actDuringTry("unblock");
    expect(seen).toEqual(["a:2"]);
    expect(await surface.sql("SELECT FROM dead_letters")).toEqual([]);
    const retries = surface.open().keys.retryAt("edge_watcher", 0);
    const [, text = ""] = (await surface.redis("HGETALL", retries)) as string[];
    expect(failureFromText(text)).toMatchObject({ attempts: 2, overtakable: true, skip: false });
  });

  test("a skip holds: it becomes a dead letter, and the key goes on", async () => {
    const surface = await actDuringTry("skip");
    expect(seen).toEqual(["a:2"]);
    expect(await surface.sql("SELECT reason, attempts FROM dead_letters")).toEqual([
      { reason: "skipped", attempts: 2 },
    ]);
  });
});

describe("a key whose head is deferred", () => {
  const failed = { attempts: 2, begun: 2, last_error: "E: no answer", due_at: "2100-01-01T00:00:00Z" };

  test("is blocked by a failure or a paused type, and by nothing that is only ready", async () => {
    const surface = await open();
    await defer(surface, { key: "a", stream_message_id: "5-0", event_id: "e-a", ...failed });
    await defer(surface, { key: "a", stream_message_id: "6-0" });
    await defer(surface, { key: "b", stream_message_id: "7-0" });
    await defer(surface, { key: "c", stream_message_id: "8-0", event_type: "agent.online", cause: "paused" });
    await defer(surface, { key: "d", stream_message_id: "9-0", ...failed, overtakable: true });
    await defer(surface, { stream_message_id: "10-0", ...failed });
    const blockedByA = {
      key: "a",
      shard: 0,
      event_id: "e-a",
      event_type: "agent.heartbeat",
      stream_message_id: "5-0",
      attempts: 2,
      next_try_at: "2100-01-01T00:00:00.000Z",
      error: "E: no answer",
      waiting: 1,
      where: "queue",
      cause: "waiting",
    };
    expect((await blocked(surface)).blocked_keys).toEqual([blockedByA]);
    await surface.post("/api/consumers/watcher/pause", { event_type: "agent.online", reason: "not now" });
    expect((await blocked(surface)).blocked_keys).toMatchObject([
      blockedByA,
      { key: "c", cause: "paused", next_try_at: null, error: null, waiting: 0 },
    ]);
  });

  test("is held by the oldest event, wherever that stands", async () => {
    const surface = await open();
    down.add("a:1");
    await beats(surface, "a:1");
    await drain(surface);
    await defer(surface, { key: "a", stream_message_id: "9999999999999-0" });
    expect((await blocked(surface)).blocked_keys).toMatchObject([{ where: "stream", waiting: 1 }]);
    await defer(surface, { key: "a", stream_message_id: "1-0", ...failed });
    expect((await blocked(surface)).blocked_keys).toMatchObject([
      { where: "queue", stream_message_id: "1-0", waiting: 2 },
    ]);
  });

  test("is unblocked and skipped by changing its row, and the drains are told", async () => {
    const surface = await open();
    // A lease that somebody holds keeps the drain after the change from handling the rows.
    const { keys } = surface.open();
    await surface.redis("SET", keys.lease("edge_watcher", 0), "somebody");
    await defer(surface, { key: "a", stream_message_id: "5-0", ...failed });
    await defer(surface, { key: "b", stream_message_id: "6-0", ...failed });
    expect((await act(surface, "unblock", "a")).body).toMatchObject({
      where: "queue",
      stream_message_id: "5-0",
    });
    expect(await surface.redis("HEXISTS", keys.state("edge_watcher", 0), "queued")).toBe(1);
    expect((await act(surface, "skip", "b")).status).toBe(200);
    const rows = await surface.sql(
      "SELECT key, overtakable, skip_reason, due_at <= now() AS due FROM deliveries ORDER BY key",
    );
    expect(rows).toEqual([
      { key: "a", overtakable: true, skip_reason: null, due: true },
      { key: "b", overtakable: false, skip_reason: "the agent is gone", due: true },
    ]);
    await surface.background();
  });

  test("stays unblocked when that was done during a try that fails", async () => {
    const surface = await open();
    down.add("a:1");
    const [first] = await beats(surface, "a:1");
    const [entry] = (await surface.redis("XRANGE", surface.stream, "-", "+")) as [string, string[]][];
    const [id = "", flat = []] = entry ?? [];
    await surface.redis("XDEL", surface.stream, id);
    const raw_fields = JSON.stringify(
      Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []))),
    );
    const due_at = new Date(Date.now() - 1_000);
    await defer(surface, { ...failed, key: "a", stream_message_id: id, event_id: first, raw_fields, due_at });
    let status = 0;
    meanwhile = async () => {
      ({ status } = await act(surface, "unblock", "a"));
    };
    await drain(surface);
    expect(status).toBe(200);
    expect(await surface.sql("SELECT attempts, overtakable FROM deliveries")).toEqual([
      { attempts: 3, overtakable: true },
    ]);
    await surface.background();
  });

  test("is listed in pages, each key once", async () => {
    const surface = await open();
    const keys = ["A", "a", "a-b", "Zed", "ä", "z", "10", "9"];
    for (const [at, key] of keys.entries()) {
      await defer(surface, { key, stream_message_id: `${at + 1}-0`, ...failed });
      await defer(surface, { key, stream_message_id: `${at + 1}-1` });
    }
    const listed: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await blocked(surface, `?limit=3${query}`);
      expect(page.blocked_keys.length).toBeLessThanOrEqual(3);
      listed.push(...page.blocked_keys.map(({ key }: { key: string }) => key));
      cursor = page.next_cursor;
    }
    expect(listed).toHaveLength(keys.length);
    expect(new Set(listed)).toEqual(new Set(keys));
  });
});

describe("a dead letter", () => {
  const letter = (surface: Surface) =>
    surface.sql(`
      INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_type, reason, error_class,
        error_message, attempts, first_failed_at, last_failed_at, key)
      VALUES ('watcher', 's', '3-0', 'agent.heartbeat', 'permanent_error', 'E', 'refused', 4, now(), now(), 'a')`);

  test("holds its key for a consumer that asks for it, and only another way leads out", async () => {
    const surface = await open({ afterDeadLetter: "hold_key" });
    await letter(surface);
    expect((await blocked(surface)).blocked_keys).toMatchObject([
      { key: "a", where: "dead_letter", attempts: 4, error: "refused", next_try_at: null, waiting: 0 },
    ]);
    const refused = await act(surface, "skip", "a");
    expect(refused.status).toBe(409);
    expect(refused.body.error.message).toContain("discard it");
    expect(await actions(surface)).toEqual([]);
  });

  test("holds nothing for the others", async () => {
    const surface = await open();
    await letter(surface);
    expect((await blocked(surface)).blocked_keys).toEqual([]);
  });
});

describe("an event without a failure", () => {
  test("is being worked on, so nothing is changed and nothing kept in the audit", async () => {
    const surface = await open();
    await beats(surface, "a:1");
    const group = "edge_watcher";
    await surface.redis("XGROUP", "CREATE", surface.stream, group, "0");
    await surface.redis("XREADGROUP", "GROUP", group, "watcher", "STREAMS", surface.stream, ">");
    expect((await blocked(surface)).blocked_keys).toEqual([]);
    for (const verb of ["unblock", "skip"] as const) {
      const reply = await act(surface, verb, "a");
      expect(reply.status).toBe(409);
      expect(reply.body.error.message).toContain("being worked on");
    }
    expect(await actions(surface)).toEqual([]);
  });

  test("of a key that nobody waits for is 404", async () => {
    const surface = await open();
    expect((await act(surface, "unblock", "nobody")).status).toBe(404);
    await beats(surface, "a:1");
    await drain(surface);
    expect((await act(surface, "skip", "a")).status).toBe(404);
  });
});

test("an unblock by a worker whose clock is a day ahead takes effect at once", async () => {
  const surface = await open();
  down.add("a:1");
  await beats(surface, "a:1", "a:2");
  await drain(surface);
  down.clear();
  const invocation = surface.open();
  const consumer = invocation.consumers.get("watcher");
  if (consumer === undefined) throw new Error("the surface has the consumer");
  const wanted = { key: "a", reason: "the agent is back" };
  const ahead = { ...invocation, now: () => Date.now() + 86_400_000 };
  await changeBlockedKey(ahead, consumer, "unblock", wanted, { actorId: null, requestId: "r-1" });
  await drain(surface);
  expect(seen).toEqual(["a:1", "a:2"]);
});

test("a failure that changes while the operator decides is refused, and the newer one stands", async () => {
  const surface = await open();
  down.add("a:1");
  await beats(surface, "a:1");
  await drain(surface);
  const invocation = surface.open();
  const { redis, consumers } = invocation;
  const consumer = consumers.get("watcher");
  if (redis === null || consumer === undefined) throw new Error("the surface has a stream and the consumer");
  const retries = invocation.keys.retryAt("edge_watcher", 0);
  let newer = "";
  const slow: typeof redis = {
    ...redis,
    async eval(...call) {
      const [id = "", text = ""] = (await surface.redis("HGETALL", retries)) as string[];
      newer = text.replace(/^(\d+:\d+):1:/, "$1:2:");
      await surface.redis("HSET", retries, id, newer);
      return redis.eval(...call);
    },
  };
  const wanted = { key: "a", reason: "the agent is gone" };
  const by = { actorId: null, requestId: "r-1" };
  await expect(
    changeBlockedKey(
      { ...invocation, databases: createDatabases([slow], []) },
      consumer,
      "unblock",
      wanted,
      by,
    ),
  ).rejects.toThrow(/changed while this was decided/);
  const [, stands = ""] = (await surface.redis("HGETALL", retries)) as string[];
  expect(failureFromText(stands)?.attempts).toBe(2);
  expect(stands).toBe(newer);
  expect(await actions(surface)).toEqual([]);
});

test.each([
  ["no key", { reason: "a reason" }, "key"],
  ["an empty key", { key: "", reason: "a reason" }, "key"],
  ["a long key", { key: "x".repeat(256), reason: "a reason" }, "key"],
  ["no reason", { key: "a" }, "reason"],
  ["a telephone number", { key: "a", reason: "call +49 170 1234567" }, "reason"],
])("unblock and skip with %s are refused", async (_what, body, path) => {
  const surface = await open();
  for (const verb of ["unblock", "skip"]) {
    const reply = await surface.post(`/api/consumers/watcher/blocked-keys/${verb}`, body);
    expect(reply.status).toBe(422);
    expect(reply.body.error.details[0].path).toBe(path);
  }
});

test("a key that waits for a handler which was removed is blocked, with the reason, and can be unblocked", async () => {
  const surface = await open();
  const [id = "", later = ""] = await beats(surface, "a:1", "a:2");
  const common = { key: "a", queued_at: new Date() };
  await defer(surface, { ...common, stream_message_id: "1-0", event_id: id, event_type: "agent.gone" });
  await defer(surface, { ...common, stream_message_id: "2-0", event_id: later });
  const { blocked_keys } = await blocked(surface);
  expect(blocked_keys).toMatchObject([{ key: "a", event_type: "agent.gone", attempts: 0, where: "queue" }]);
  expect(blocked_keys[0].next_try_at).toBeNull();
  expect(blocked_keys[0].error).toMatch(
    /^No handler of this release takes agent\.gone: .* is passed over at \d{4}-[\d-]+T[\d:.]+Z\. Deploy the handler again, or unblock/,
  );
  expect((await act(surface, "unblock", "a")).status).toBe(200);
  expect((await blocked(surface)).blocked_keys).toEqual([]);
});

test("a key whose handler is there, or was removed over an hour ago, waits for nobody", async () => {
  const surface = await open();
  const [id = ""] = await beats(surface, "a:1");
  const anHourAgo = new Date(Date.now() - 3_700_000);
  await defer(surface, { key: "a", stream_message_id: "1-0", event_id: id });
  await defer(surface, {
    key: "b",
    stream_message_id: "2-0",
    event_type: "agent.gone",
    queued_at: anHourAgo,
  });
  expect((await blocked(surface)).blocked_keys).toEqual([]);
});
