import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthReport } from "../sample-events.ts";
import { createSurface, type Surface } from "../surface.ts";

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface();
});
afterAll(() => surface?.cleanup());

interface Page {
  readonly ids: string[];
  readonly next: string | null;
}

async function history(query: string): Promise<Page> {
  const reply = await surface.send(`/api/events/history${query}`);
  expect(reply.text).not.toContain('"error"');
  expect(reply.status).toBe(200);
  return {
    ids: (reply.body.events as { id: string }[]).map(({ id }) => id),
    next: reply.body.next_cursor,
  };
}

/** Ingests one after the other; the ids in that order. */
async function ingest(events: readonly object[]): Promise<string[]> {
  const identified = events.map((event) => ({ id: randomUUID(), ...event }));
  const reply = await surface.post("/api/events/batch", identified);
  expect(reply.body).toMatchObject({ accepted: events.length });
  return identified.map(({ id }) => id);
}

const online = (agent: string, fields: object = {}) => ({
  type: "agent.online",
  payload: { agent_id: agent },
  ...fields,
});

describe("filters", () => {
  let ids: string[];
  beforeAll(async () => {
    ids = await ingest([
      healthReport(undefined, { tenant_id: "north", source: "probe-1" }),
      online("a-1", { tenant_id: "north", actor_id: "user-1", correlation_id: "flow-1" }),
      online("a-2", { tenant_id: "south", target: "probe-1", correlation_id: "flow-1" }),
      { type: "agent.offline", payload: { agent_id: "a-2", missed_heartbeats: 3, last_heartbeat: null } },
      { type: "agent.task_request", payload: { agent_id: "a_3" }, tenant_id: "no%th" },
    ]);
  });
  const at = (...places: number[]) => places.map((place) => ids[place]);

  test.each([
    ["type=agent.online", [2, 1]],
    ["type=agent.*", [4, 3, 2, 1]],
    ["type=*.o*line", [3, 2, 1]],
    ["type=*", [4, 3, 2, 1, 0]],
    ["type=agent.task_request", [4]],
    ["type=agent.task%25", []],
    ["type=agent_online", []],
    ["type=agent.o_line*", []],
    ["type=nothing.like.it", []],
    ["tenant_id=north", [1, 0]],
    ["tenant_id=no%25th", [4]],
    ["tenant_id=*", []],
    ["actor_id=user-1", [1]],
    ["agent_id=probe-1", [2, 0]],
    ["correlation_id=flow-1", [2, 1]],
    ["tenant_id=north&type=agent.*", [1]],
    ["order=asc", [0, 1, 2, 3, 4]],
    ["order=asc&tenant_id=north&limit=1", [0]],
    ["type=%27%20OR%201%3D1%20--", []],
    ["actor_id=%5C", []],
  ])("?%s", async (query, places) => {
    const page = await history(`?${query}`);
    expect(page.ids).toEqual(at(...places));
  });

  test("each event stands there as it does alone", async () => {
    const reply = await surface.send("/api/events/history?limit=2");
    for (const event of reply.body.events) {
      expect((await surface.send(`/api/events/${event.id}`)).body).toEqual(event);
    }
  });
});

describe("pages", () => {
  const type = "ethics.violation";
  const add = (count: number) =>
    ingest(Array.from({ length: count }, (_, n) => online(`page-${n}`, { tenant_id: "pages" })));

  async function readAll(order: "asc" | "desc", between: () => Promise<unknown>): Promise<string[]> {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await history(
        `?tenant_id=pages&limit=7&order=${order}${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...page.ids);
      cursor = page.next;
      await between();
    } while (cursor !== null);
    return seen;
  }

  test("newest first show what was there at the first page, once each, while more is added", async () => {
    await add(40);
    const before = (await history("?tenant_id=pages&limit=1000")).ids;
    const seen = await readAll("desc", () => add(3));
    expect(seen).toEqual(before);
  });

  test("oldest first go on to what was added meanwhile, without gap or double", async () => {
    let left = 4;
    const seen = await readAll("asc", async () => {
      if (left-- > 0) await add(3);
    });
    const all = (await history("?tenant_id=pages&limit=1000&order=asc")).ids;
    expect(seen).toEqual(all);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("the last one has no cursor, also when it is full", async () => {
    const all = (await history("?tenant_id=pages&limit=1000")).ids;
    expect((await history(`?tenant_id=pages&limit=${all.length}`)).next).toBeNull();
    expect((await history(`?tenant_id=pages&limit=${all.length - 1}`)).next).not.toBeNull();
    expect(await history(`?type=${type}`)).toEqual({ ids: [], next: null });
  });
});

describe("a query that cannot be right is 422 and names the parameter", () => {
  test.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=-1", "limit"],
    ["limit=1.5", "limit"],
    ["limit=ten", "limit"],
    ["limit=", "limit"],
    ["limit=1&limit=2", "limit"],
    ["order=up", "order"],
    ["cursor=abc", "cursor"],
    ["cursor=-5", "cursor"],
    ["cursor=9999999999999999999", "cursor"],
    ["cursor=", "cursor"],
    ["type=", "type"],
    ["type=%00", "type"],
    ["tenant_id=a%00b", "tenant_id"],
    [`actor_id=${"x".repeat(256)}`, "actor_id"],
    ["tenant=north", "tenant"],
    ["__proto__=1", "__proto__"],
  ])("?%s", async (query, parameter) => {
    const reply = await surface.send(`/api/events/history?${query}`);
    expect(reply.status).toBe(422);
    expect(reply.body.error.code).toBe("validation_failed");
    expect(JSON.stringify(reply.body.error.details)).toContain(parameter);
    expect(reply.text).not.toMatch(/SQLSTATE/);
  });
});

describe("statistics", () => {
  test("count what is recorded by type, what waits, and what the stream holds", async () => {
    const own = await createSurface();
    try {
      const empty = (await own.send("/api/events/stats")).body;
      expect(empty).toEqual({
        stream_running: true,
        stream_length: 0,
        groups: [],
        shards: { configured: 1, in_use: null, target: null, problem: null },
        outbox_backlog: 0,
        outbox_oldest_ms: null,
        dead_letters: 0,
        event_type_counts: {},
        event_type_counts_window: expect.any(Number),
        timestamp: expect.any(String),
      });
      await own.post("/api/events/batch", [healthReport(), online("a"), online("b")]);
      expect((await own.send("/api/events/stats")).body).toMatchObject({
        stream_length: 0,
        outbox_backlog: 3,
        outbox_oldest_ms: expect.any(Number),
        event_type_counts: { "agent.online": 2, "system.health": 1 },
      });
      await own.relay();
      await own.redis("XGROUP", "CREATE", own.stream, "group_elsewhere", "0");
      expect((await own.send("/api/events/stats")).body).toMatchObject({
        stream_length: 3,
        shards: { configured: 1, in_use: 1, target: null, problem: null },
        outbox_backlog: 0,
        outbox_oldest_ms: null,
        groups: [{ group: "group_elsewhere", shard: 0, lag: 3, pending: 0, last_delivered_id: "0-0" }],
      });
    } finally {
      await own.cleanup();
    }
  });
});
