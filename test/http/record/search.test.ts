import { randomUUID } from "node:crypto";
import { search } from "@brain/engine";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

interface Row {
  readonly id: string | null;
  readonly position: number;
  readonly foreign?: true;
}
interface Page {
  readonly events: readonly Row[];
  readonly next_cursor: string | null;
  readonly count?: { readonly count: number; readonly more: boolean } | null;
}
const page = async (query: string): Promise<Page> => {
  const reply = await engine.request("GET", `/api/events/history?${query}`);
  expect(reply.status, reply.text).toBe(200);
  return reply.body as Page;
};
const ids = async (query: string) => (await page(query)).events.map(({ id }) => id);

/** Ingests one after the other; their ids. */
async function ingest(events: readonly object[]): Promise<string[]> {
  const identified = events.map((event) => ({ id: randomUUID(), ...event }));
  const reply = await engine.request("POST", "/api/events/batch", identified);
  expect(reply.body, reply.text).toMatchObject({ accepted: events.length });
  return identified.map(({ id }) => id);
}
const meta = { schema_version: 1, producer: "agents", source_module: "agents" };
const online = (agent_id: string, fields: object = {}) => ({
  type: "agent.online",
  payload: { agent_id, details: { place: { room: agent_id.length } } },
  ...fields,
});
const ofPython = async (fields: Readonly<Record<string, string>>) => {
  const id = randomUUID();
  const all = {
    id,
    type: "python.report.written",
    source: "python",
    timestamp: "2026-03-01T10:00:00.000Z",
    payload: JSON.stringify({ agent_id: "py-1" }),
    meta: JSON.stringify({ schema_version: 1, producer: "python", source_module: "reports" }),
    ...fields,
  };
  await engine.append(Object.entries(all).flat());
  return id;
};

describe("a search", () => {
  let own: string[];
  let foreign: string;
  beforeAll(async () => {
    own = await ingest([
      online("a-1", {
        source: "north",
        severity: "WARNING",
        mission_id: "m-1",
        timestamp: "2026-01-01T00:00:00Z",
        meta,
      }),
      online("a-22", {
        target: "north",
        task_id: "t-1",
        timestamp: "2026-02-01T00:00:00Z",
        meta,
        source: "agents",
      }),
      { type: "agent.offline", payload: { agent_id: "a-22", missed_heartbeats: 3, last_heartbeat: null } },
    ]);
    await engine.settle();
    foreign = await ofPython({ tenant_id: "acme", actor_id: "ada", correlation_id: "c-9" });
    await engine.drain("audit_log");
  });
  const at = (...places: number[]) => places.map((place) => (place === 9 ? foreign : own[place]));

  test.each([
    ["", [2, 1, 0]],
    ["entries=all", [9, 2, 1, 0]],
    ["entries=all&order=asc", [0, 1, 2, 9]],
    ["entries=foreign", [9]],
    ["entries=all&type=agent.*", [2, 1, 0]],
    ["entries=all&type=python.*,agent.offline", [9, 2]],
    ["entries=all&type=agent.offline,python.report.written,agent.offline", [9, 2]],
    ["entries=all&type=*.o*line&correlation_id=nothing", []],
    ["source=north", [0]],
    ["agent_id=north", [1, 0]],
    ["target=north", [1]],
    ["entries=all&module=reports", [9]],
    ["entries=all&actor_id=ada", [9]],
    ["entries=all&tenant_id=acme", [9]],
    ["entries=all&correlation_id=c-9", [9]],
    ["severity=WARNING&type=agent.online", [0]],
    ["mission_id=m-1", [0]],
    ["task_id=t-1", [1]],
    ["key=a-22", [2, 1]],
    ["payload=agent_id%3Da-22", [2, 1]],
    ["payload=details.place.room%3D3", [0]],
    ["entries=all&payload=agent_id%3Dpy-1", [9]],
    ["text=MISSED_heart", [2]],
    ["text=100%25", []],
    ["occurred_from=2026-01-01T00:00:00Z&occurred_to=2026-02-01T00:00:00Z", [0]],
    ["entries=all&occurred_from=2026-02-01T00:00:00Z&occurred_to=2026-03-02T00:00:00Z", [9, 1]],
    ["entries=all&to=2026-01-01T00:00:00Z", []],
    ["entries=all&from=2026-01-01T00:00:00Z", [9, 2, 1, 0]],
  ])("?%s", async (query, places) => {
    expect(await ids(query)).toEqual(at(...places));
  });

  test("goes page by page over both, in both orders", async () => {
    for (const order of ["asc", "desc"]) {
      const seen: (string | null)[] = [];
      for (let cursor: string | null = order === "asc" ? "0" : "999999999"; cursor !== null; ) {
        const next: Page = await page(`entries=all&order=${order}&limit=1&cursor=${cursor}`);
        seen.push(...next.events.map(({ id }) => id));
        cursor = next.next_cursor;
      }
      expect(seen).toEqual(order === "asc" ? at(0, 1, 2, 9) : at(9, 2, 1, 0));
    }
  });

  test("counts what fits, also beyond the page", async () => {
    expect(await page("entries=all&count=true&limit=1")).toMatchObject({ count: { count: 4, more: false } });
    expect(await page("text=a&count=true")).toMatchObject({ count: null });
  });

  test("shows an entry of another program as it stood on the stream, and an event as ever", async () => {
    const { events } = await page("entries=all&limit=2");
    expect(events[0]).toMatchObject({
      foreign: true,
      raw_fields: { source: "python" },
      decode_notes: expect.any(Array),
      unread: null,
      stream_name: engine.stream,
    });
    expect(Object.keys(events[1] ?? {})).not.toContain("foreign");
  });
});

describe("a reader from the oldest on", () => {
  /** Publishes in a transaction of its own that waits. */
  async function openLate() {
    const client = new pg.Client({ connectionString: engine.sandbox.databaseUrl });
    await client.connect();
    const id = randomUUID();
    await client.query("BEGIN");
    await client.query(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at)
       VALUES ($1, 'agent.online', 'late', 1, 'late', 'agents', '{}', '{}', now())`,
      [id],
    );
    return { id, commit: () => client.query("COMMIT").then(() => client.end()) };
  }
  const deps = () => {
    const { db, now } = engine.open();
    return { db, all: db, now };
  };
  const readAll = async (cursor: string, seen: (string | null)[]) => {
    const next = await search(deps(), {}, { order: "asc", limit: 100, cursor, entries: "all" });
    seen.push(...next.found.map(({ id }) => id));
    return String(next.found.at(-1)?.position ?? cursor);
  };

  test("passes over nothing that commits late, and is told nothing twice", async () => {
    const seen: (string | null)[] = [];
    const begin = await readAll("0", seen);
    seen.length = 0;
    const late = await openLate();
    const [after] = await ingest([online("a-3")]);
    const held = await search(deps(), {}, { order: "asc", limit: 100, cursor: begin, entries: "all" });
    expect(held).toEqual({ found: [], nextCursor: begin });
    let cursor = await readAll(begin, seen);
    await late.commit();
    cursor = await readAll(cursor, seen);
    await readAll(cursor, seen);
    expect(seen).toEqual([late.id, after]);
  });

  test("control: whoever reads up to the newest position misses it", async () => {
    const rows = () =>
      engine.sql<{ id: string; position: string }>("SELECT id, position FROM events ORDER BY position");
    const late = await openLate();
    const [after] = await ingest([online("a-4")]);
    const seen = await rows();
    const newest = Number(seen.at(-1)?.position);
    await late.commit();
    const behind = (await rows()).filter(({ position }) => Number(position) > newest);
    expect(seen.map(({ id }) => id)).toContain(after);
    expect([...seen, ...behind].map(({ id }) => id)).not.toContain(late.id);
  });
});
