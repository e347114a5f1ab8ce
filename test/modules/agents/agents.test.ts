import type { Answer } from "@brain/engine/testing";
import { agentMessage, systemHealth } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";

const base = "/api/agents";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(async () => {
  await engine?.cleanup();
});

const newAgent = () => `agent-${crypto.randomUUID().slice(0, 8)}`;

async function post(path: string, body: unknown = {}, on = engine) {
  return on.request("POST", `${base}${path}`, body);
}

async function write(to: string, text: string, on = engine): Promise<void> {
  const answer = await post(`/${to}/messages`, { from: "scout", message: { text } }, on);
  expect(answer.status, answer.text).toBe(202);
}

async function readInbox(id: string, query = "", on = engine) {
  const answer = await on.request("GET", `${base}/${id}/inbox${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body as {
    events: { id: string; type: string; payload: { message: { text: string } } }[];
    cursor: string;
    more: boolean;
    truncated_before: string | null;
  };
}

const texts = (page: Awaited<ReturnType<typeof readInbox>>) =>
  page.events.map(({ payload }) => payload.message.text);

const published = async (agentId: string) =>
  (
    await engine.sql<{ type: string; payload: Record<string, unknown> }>(
      "SELECT type, payload FROM events WHERE payload ->> 'agent_id' = $1 ORDER BY position",
      [agentId],
    )
  ).map(({ type, payload }) => ({ type, ...payload }));

describe("an inbox", () => {
  test("holds what is addressed to the agent, in order, from the beginning of the stream", async () => {
    const [me, other] = [newAgent(), newAgent()];
    await write(me, "1");
    await write(other, "not mine");
    await write(me, "2");
    await engine.relay();
    const page = await readInbox(me);
    expect(texts(page)).toEqual(["1", "2"]);
    expect(page).toMatchObject({ more: false, truncated_before: null });
    expect(texts(await readInbox(me, "?cursor=0"))).toEqual(["1", "2"]);
    expect((await readInbox(me, "?cursor=now")).events).toEqual([]);
  });

  test("behind the cursor there is only what came since, page by page", async () => {
    const me = newAgent();
    for (const text of ["1", "2", "3"]) await write(me, text);
    await engine.relay();
    const first = await readInbox(me, "?limit=2");
    expect(texts(first)).toEqual(["1", "2"]);
    expect(first.more).toBe(true);
    const second = await readInbox(me, `?limit=2&cursor=${first.cursor}`);
    expect(texts(second)).toEqual(["3"]);
    const third = await readInbox(me, `?cursor=${second.cursor}`);
    expect(third).toMatchObject({ events: [], more: false });
    await write(me, "4");
    await engine.relay();
    expect(texts(await readInbox(me, `?cursor=${third.cursor}`))).toEqual(["4"]);
    // An older cursor gives the same again: nothing is stored for a reader.
    expect(texts(await readInbox(me, `?cursor=${first.cursor}`))).toEqual(["3", "4"]);
  });

  test("has broadcasts and requests of other agents only for who asks, and whom they are for", async () => {
    const me = newAgent();
    const text = `to all of ${me}`;
    await post("/broadcast", { from: "scout", message: { text } });
    await post("/scout/task-requests", { to: me, details: { skill: "copying" } });
    await engine.relay();
    const own = await readInbox(me);
    expect(own.events.map(({ type }) => type)).toEqual(["agent.task_request"]);
    const all = await readInbox(me, "?broadcasts=true");
    expect(all.events.filter(({ payload }) => payload.message?.text === text)).toHaveLength(1);
    expect(all.events.at(-1)?.type).toBe("agent.task_request");
  });

  test("answers at once when a message comes during the wait", async () => {
    const me = newAgent();
    const { cursor } = await readInbox(me);
    const startedMs = Date.now();
    const waiting = readInbox(me, `?cursor=${cursor}&wait_ms=20000`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await write(me, "there you are");
    await engine.relay();
    expect(texts(await waiting)).toEqual(["there you are"]);
    expect(Date.now() - startedMs).toBeLessThan(20_000);
  });

  test("a wait in vain ends in time, and moves the cursor over what is for others", async () => {
    const me = newAgent();
    const { cursor } = await readInbox(me);
    await write(newAgent(), "for another");
    await engine.relay();
    let shortestMs = Number.POSITIVE_INFINITY;
    // A busy machine takes longer now and then; a wait that is not ended takes five seconds each time.
    for (let n = 0; n < 5 && shortestMs >= 3_000; n += 1) {
      const startedMs = Date.now();
      const page = await readInbox(me, `?cursor=${cursor}&wait_ms=700`);
      shortestMs = Math.min(shortestMs, Date.now() - startedMs);
      expect(page).toMatchObject({ events: [], more: false });
      expect(page.cursor).not.toBe(cursor);
    }
    expect(shortestMs).toBeGreaterThanOrEqual(650);
    expect(shortestMs).toBeLessThan(3_000);
  });

  test("reads past any number of entries for others in one request", async () => {
    const me = newAgent();
    await write(me, "first");
    await engine.publish({ source: "test" }, async (publish) => {
      for (let at = 0; at < 450; at += 1) await publish(systemHealth, { component: "db", status: "up" });
    });
    await engine.relay();
    await write(me, "last");
    await engine.relay();
    expect(texts(await readInbox(me))).toEqual(["first", "last"]);
  });

  test("answers large messages in several pages", async () => {
    const me = newAgent();
    const text = "x".repeat(60_000);
    await engine.publish({ source: "scout" }, async (publish) => {
      for (let at = 0; at < 20; at += 1) {
        await publish(agentMessage, { from: "scout", to: me, message: { text } }, { target: me });
      }
    });
    await engine.relay();
    const first = await readInbox(me);
    expect(first.events).toHaveLength(17);
    expect(first.more).toBe(true);
    const rest = await readInbox(me, `?cursor=${first.cursor}`);
    expect(rest.events).toHaveLength(3);
  });

  test("nothing is lost between polls while many write, and nothing comes twice", async () => {
    const me = newAgent();
    const count = 60;
    const expected = Array.from({ length: count }, (_, at) => `m${at}`);
    let isWritten = false;
    const writing = (async () => {
      const queue = [...expected];
      const writer = async () => {
        for (let text = queue.shift(); text !== undefined; text = queue.shift()) await write(me, text);
      };
      await Promise.all([writer(), writer(), writer(), writer()]);
      isWritten = true;
    })();
    const relaying = (async () => {
      while (!isWritten) await engine.relay();
      await engine.relay();
    })();
    const seen: string[] = [];
    let cursor = "0";
    await waitFor(
      "all have come",
      async () => {
        const page = await readInbox(me, `?cursor=${cursor}&limit=7&wait_ms=500`);
        seen.push(...texts(page));
        ({ cursor } = page);
        return seen;
      },
      ({ length }) => length >= count,
      { everyMs: 0 },
    );
    await Promise.all([writing, relaying]);
    expect((await readInbox(me, `?cursor=${cursor}`)).events).toEqual([]);
    expect([...seen].sort()).toEqual([...expected].sort());
    expect(seen).toEqual(texts(await readInbox(me, "?limit=500")));
  });

  test("says when entries behind the cursor are gone, and the history has them", async () => {
    const own = await createTestEngine();
    try {
      const me = newAgent();
      await write(me, "old", own);
      await own.relay();
      const before = await readInbox(me, "", own);
      expect(before.truncated_before).toBeNull();
      await write(me, "new", own);
      await own.relay();
      const [, kept] = await own.streamEntries();
      await own.redis("XTRIM", own.stream, "MINID", kept?.id ?? "");
      const page = await readInbox(me, "", own);
      expect(texts(page)).toEqual(["new"]);
      const keptAt = new Date(Number(kept?.id.split("-", 1)[0])).toISOString();
      expect(page.truncated_before).toBe(keptAt);
      // Nothing is missing for whoever has read up to there.
      expect((await readInbox(me, `?cursor=${kept?.id}`, own)).truncated_before).toBeNull();
      const history = await own.request("GET", `/api/events/history?agent_id=${me}&order=oldest`);
      expect(texts(history.body)).toEqual(["old", "new"]);
      await own.redis("XTRIM", own.stream, "MAXLEN", "0");
      expect((await readInbox(me, "", own)).truncated_before).not.toBeNull();
    } finally {
      await own.cleanup();
    }
  });

  test.each(["abc", "1", "1-1,x", "1-1,2-2,3-3", "-", ""])(
    "a cursor that is none is refused: %s",
    async (cursor) => {
      const answer = await engine.request("GET", `${base}/${newAgent()}/inbox?cursor=${cursor}`);
      expect(answer.status).toBe(422);
    },
  );

  test("with several shards holds what came on each, from one cursor", async () => {
    const own = await createTestEngine({ BRAIN_SHARDS: "3" });
    try {
      const me = newAgent();
      await write(me, "mine", own);
      for (let at = 0; at < 12; at += 1) await write(newAgent(), "for another", own);
      for (let at = 0; at < 6; at += 1) {
        await post(`/${newAgent()}/task-requests`, { to: me }, own);
      }
      await own.settle();
      const page = await readInbox(me, "", own);
      expect(page.events).toHaveLength(7);
      expect(page.cursor.split(",")).toHaveLength(3);
      expect((await readInbox(me, `?cursor=${page.cursor}`, own)).events).toEqual([]);
    } finally {
      await own.cleanup();
    }
  });
});

describe("a live inbox", () => {
  test("sends each message as it comes, and goes on behind the last id", async () => {
    const me = newAgent();
    const open = async (path: string) => {
      const response = await engine.app.request(`${base}/${me}/inbox/stream${path}`, {
        headers: { authorization: `Bearer ${testApiKey}` },
      });
      expect(response.status).toBe(200);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      return {
        until: async (wanted: string) => {
          while (!text.includes(wanted)) {
            const part = await reader?.read();
            if (part?.done !== false) throw new Error(`the stream ended with ${text}`);
            text += part.value;
          }
          return text;
        },
        close: () => reader?.cancel(),
      };
    };
    await write(me, "before");
    await engine.relay();
    const live = await open("");
    await live.until("heartbeat");
    await write(me, "one");
    await write(newAgent(), "for another");
    await engine.relay();
    const heard = await live.until('"text":"one"');
    expect(heard).not.toContain("before");
    await live.close();
    await write(me, "two");
    await engine.relay();
    const again = await open("?last_event_id=0-0");
    const all = await again.until('"text":"two"');
    expect(all).toContain("before");
    expect(all).not.toContain("for another");
    await again.close();
  });
});

describe("messages", () => {
  test.each([
    ["an e-mail address", { text: "write to anna@example.org" }],
    ["a password", { password: "x" }],
    ["an e-mail address deep inside", { a: [{ b: "anna@example.org" }] }],
    ["a control character", { text: "\u0001" }],
  ])("with %s are refused as a whole", async (_what, message) => {
    const me = newAgent();
    const answer = await post(`/${me}/messages`, { from: "scout", message });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.error.details[0].path).toContain("payload");
    expect(answer.text).not.toContain("anna@");
    await engine.relay();
    expect((await readInbox(me)).events).toEqual([]);
  });

  test("over the limit of a payload are refused", async () => {
    const answer = await post(`/${newAgent()}/messages`, {
      from: "scout",
      message: { text: "x".repeat(66_000) },
    });
    expect(answer.status).toBe(413);
  });

  test.each([
    [{ from: "scout" }],
    [{ message: {} }],
    [{ from: "scout", message: "text" }],
    [{ from: "scout", message: [] }],
    [{ from: "sc\nout", message: {} }],
    [{ from: "", message: {} }],
    [{ from: "scout", message: {}, to: "x" }],
  ])("with another body are refused: %j", async (body) => {
    expect((await post(`/${newAgent()}/messages`, body)).status).toBe(422);
    expect((await post("/broadcast", body)).status).toBe(422);
  });
});

describe("signs of life", () => {
  test("of two heartbeats at once that both bring its tenant, both are taken", async () => {
    const me = newAgent();
    await post(`/${me}/heartbeat`);
    const waiting: Promise<Answer>[] = [];
    await engine.publish({ source: "test" }, async (_publish, tx) => {
      // The first of them, until just before its commit.
      await tx.execute(sql`UPDATE agents SET tenant_id = 'tenant-8' WHERE agent_id = ${me}`);
      waiting.push(post(`/${me}/heartbeat`, { tenant_id: "tenant-8", heartbeat_seconds: 30 }));
      await waitFor(
        "the second one waits for the first",
        () =>
          engine.sql(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
          ),
        (blocked) => blocked.length > 0,
      );
    });
    const answer = await (waiting[0] as Promise<Answer>);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ tenant_id: "tenant-8", heartbeat_seconds: 30 });
    const rows = "SELECT tenant_id, heartbeat_seconds FROM agents WHERE agent_id = $1";
    expect(await engine.sql(rows, [me])).toEqual([{ tenant_id: "tenant-8", heartbeat_seconds: 30 }]);
  });

  test("the first heartbeat makes an agent known and online; the next ones publish nothing", async () => {
    const me = newAgent();
    expect((await engine.request("GET", `${base}/${me}`)).status).toBe(404);
    const first = await post(`/${me}/heartbeat`, { heartbeat_seconds: 30, tenant_id: "tenant-9" });
    expect(first.status, first.text).toBe(200);
    expect(first.body).toMatchObject({ agent_id: me, status: "online", heartbeat_seconds: 30, errors: 0 });
    const second = await post(`/${me}/heartbeat`, { heartbeat_seconds: 30 });
    expect(Date.parse(second.body.offline_at) - Date.parse(second.body.last_heartbeat)).toBe(90_000);
    expect(second.body).toMatchObject({ tenant_id: "tenant-9", status_since: first.body.status_since });
    expect(await published(me)).toEqual([{ type: "agent.online", agent_id: me }]);
    expect((await engine.request("GET", `${base}/${me}`)).body).toEqual(second.body);
    const list = await engine.request("GET", `${base}?tenant_id=tenant-9&status=online`);
    expect(list.body).toEqual({ agents: [second.body], next_after: null });
  });

  test("heartbeats at once make one agent, and it comes online once", async () => {
    const me = newAgent();
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(`/${me}/heartbeat`)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(await published(me)).toHaveLength(1);
  });

  test("every ten finished tasks are told", async () => {
    const me = newAgent();
    for (const done of [3, 9, 10, 11, 19, 32, 5, 11]) {
      const answer = await post(`/${me}/heartbeat`, { tasks_completed: done, tasks_failed: 1 });
      expect(answer.body).toMatchObject({ tasks_completed: done, tasks_failed: 1 });
    }
    expect((await published(me)).filter(({ type }) => type === "agent.heartbeat")).toMatchObject([
      { tasks_completed: 10, tasks_failed: 1 },
      { tasks_completed: 32 },
      { tasks_completed: 11 },
    ]);
  });

  test("signing on and off are told once each", async () => {
    const me = newAgent();
    expect((await post(`/${me}/offline`)).status).toBe(404);
    for (let time = 0; time < 2; time += 1) {
      expect((await post(`/${me}/online`, { details: { version: "1.2" } })).body.status).toBe("online");
    }
    for (let time = 0; time < 2; time += 1) {
      expect((await post(`/${me}/offline`)).body).toMatchObject({ status: "offline", offline_at: null });
    }
    expect(await published(me)).toEqual([
      { type: "agent.online", agent_id: me, details: { version: "1.2" } },
      { type: "agent.offline", agent_id: me, missed_heartbeats: 0, last_heartbeat: expect.any(String) },
    ]);
  });

  test("an error is counted and told, without what must not be in an event", async () => {
    const me = newAgent();
    const answer = await post(`/${me}/error`, {
      error: "No answer from anna@example.org",
      error_type: "Timeout",
    });
    expect(answer.status, answer.text).toBe(202);
    expect((await engine.request("GET", `${base}/${me}`)).body).toMatchObject({
      errors: 1,
      status: "offline",
    });
    expect(await published(me)).toEqual([
      { type: "agent.error", agent_id: me, error: "No answer from [redacted]", error_type: "Timeout" },
    ]);
  });

  test.each([
    ["/heartbeat", { tasks_completed: -1 }],
    ["/heartbeat", { tasks_completed: 2 ** 31 }],
    ["/heartbeat", { heartbeat_seconds: 0 }],
    ["/heartbeat", { status: "fine" }],
    ["/online", { heartbeat_seconds: 1.5 }],
    ["/error", {}],
    ["/error", { error: "x".repeat(2_001) }],
    ["/error", { error: "\u0000" }],
  ])("%s %j is refused", async (path, body) => {
    const me = newAgent();
    expect((await post(`/${me}${path}`, body)).status).toBe(422);
    expect(await published(me)).toEqual([]);
  });
});

/** Moves all that an agent said into the past. */
async function age(agentId: string, seconds: number): Promise<void> {
  await engine.sql(
    `UPDATE agents SET last_heartbeat = last_heartbeat - $2::integer * interval '1 second',
       offline_at = offline_at - $2::integer * interval '1 second' WHERE agent_id = $1`,
    [agentId, seconds],
  );
}

describe("the sweep", () => {
  test("calls an agent offline once that missed three heartbeats, and no other", async () => {
    const [silent, alive] = [newAgent(), newAgent()];
    await post(`/${silent}/heartbeat`, { heartbeat_seconds: 60 });
    await post(`/${alive}/heartbeat`, { heartbeat_seconds: 60 });
    await age(silent, 250);
    await age(alive, 120);
    await Promise.all([engine.cron(), engine.cron()]);
    await engine.cron();
    expect(await published(silent)).toEqual([
      { type: "agent.online", agent_id: silent },
      { type: "agent.offline", agent_id: silent, missed_heartbeats: 4, last_heartbeat: expect.any(String) },
    ]);
    expect((await engine.request("GET", `${base}/${silent}`)).body).toMatchObject({
      status: "offline",
      offline_at: null,
    });
    expect((await published(alive)).map(({ type }) => type)).toEqual(["agent.online"]);
    await post(`/${silent}/heartbeat`);
    expect((await published(silent)).map(({ type }) => type)).toEqual([
      "agent.online",
      "agent.offline",
      "agent.online",
    ]);
  });

  test("is planned for the moment when the next agent would be overdue", async () => {
    const me = newAgent();
    const { body } = await post(`/${me}/heartbeat`, { heartbeat_seconds: 1 });
    await engine.settle();
    const due = Number(await engine.redis("ZSCORE", engine.open().keys.jobsDue(), "agent_offline_sweep"));
    expect(due).toBeGreaterThan(0);
    expect(due).toBeLessThanOrEqual(Date.parse(body.offline_at));
  });

  test("takes many at once", async () => {
    const prefix = newAgent();
    await engine.sql(
      `INSERT INTO agents (agent_id, status, status_since, last_heartbeat, heartbeat_seconds, offline_at, created_at, updated_at)
       SELECT $1 || ':' || n, 'online', now(), now() - interval '1 hour', 60, now() - interval '57 minutes', now(), now()
       FROM generate_series(1, 250) n`,
      [prefix],
    );
    await engine.cron();
    const [row] = await engine.sql<{ agents: number; events: number }>(
      `SELECT count(DISTINCT payload ->> 'agent_id')::integer AS agents, count(*)::integer AS events
       FROM events WHERE type = 'agent.offline' AND payload ->> 'agent_id' LIKE $1 || ':%'`,
      [prefix],
    );
    expect(row).toEqual({ agents: 250, events: 250 });
  });
});

describe("the history of agents", () => {
  test("has what an agent sent and got, by any of several types, oldest or newest first", async () => {
    const me = newAgent();
    await post(`/${me}/online`);
    await write(me, "for me");
    await post("/planner/messages", { from: me, message: { text: "from me" } });
    await post("/broadcast", { from: me, message: { text: "to all" } });
    const types = async (query: string) => {
      const answer = await engine.request("GET", `/api/events/history?agent_id=${me}${query}`);
      expect(answer.status, answer.text).toBe(200);
      return answer.body.events.map(({ type }: { type: string }) => type);
    };
    expect(await types("&order=oldest")).toEqual([
      "agent.online",
      "agent.message",
      "agent.message",
      "broadcast",
    ]);
    expect(await types("&order=newest&type=agent.on*,broadcast")).toEqual(["broadcast", "agent.online"]);
    expect(await types("&type=agent.message&limit=1")).toEqual(["agent.message"]);
    expect(await types("&type=course.*, task.*")).toEqual([]);
    const tooMany = Array.from({ length: 21 }, (_, at) => `a.b${at}`).join(",");
    for (const type of ["agent.*,", ",", tooMany, `${"x".repeat(101)},y`]) {
      expect((await engine.request("GET", `/api/events/history?type=${type}`)).status).toBe(422);
    }
  });
});

describe("an agent with a name that another program gave it", () => {
  test.each([
    "Planer für Öffentlichkeit",
    "agent 7 / west",
    "größe?&#%+",
    "機器人 1",
    'O\'Neil "the second"',
    "a:b@c,d;e=f",
    "🤖 one",
    "100%25",
  ])("%s can be addressed by every route", async (name) => {
    const path = `/${encodeURIComponent(name)}`;
    const online = await post(`${path}/online`);
    expect(online.body).toMatchObject({ agent_id: name, status: "online" });
    expect((await post(`${path}/heartbeat`)).body).toMatchObject({ agent_id: name });
    expect((await post(`${path}/error`, { error: "Stuck" })).status).toBe(202);
    expect((await post(`${path}/task-requests`, { to: name })).status).toBe(202);
    const letter = { from: name, message: { text: "hello" } };
    expect((await post(`${path}/messages`, letter)).status).toBe(202);
    expect((await post("/broadcast", letter)).status).toBe(202);
    await engine.relay();
    const inbox = await engine.request("GET", `${base}${path}/inbox`);
    expect(inbox.body.events.map((event: { type: string }) => event.type)).toEqual([
      "agent.task_request",
      "agent.message",
    ]);
    const live = await engine.app.request(`${base}${path}/inbox/stream`, {
      headers: { authorization: `Bearer ${testApiKey}` },
    });
    expect(live.status).toBe(200);
    await live.body?.cancel();
    expect((await engine.request("GET", `${base}${path}`)).body).toMatchObject({ agent_id: name, errors: 1 });
    const listed = await engine.request("GET", `${base}?limit=500`);
    expect(listed.body.agents.map((agent: { agent_id: string }) => agent.agent_id)).toContain(name);
    const behind = await engine.request("GET", `${base}?limit=1&after=${encodeURIComponent(name)}`);
    expect(behind.status).toBe(200);
    expect((await post(`${path}/offline`)).body).toMatchObject({ agent_id: name, status: "offline" });
  });

  test.each(["a\u0000b", "line\nend", "x".repeat(101)])("%j is refused", async (name) => {
    const answer = await post(`/${encodeURIComponent(name)}/heartbeat`);
    expect([400, 422]).toContain(answer.status);
  });
});
