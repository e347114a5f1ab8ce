import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
  const meta = { schema_version: 1, producer: "agents", source_module: "agents", causation_id: "c-1" };
  const online = (fields: object) => ({
    id: randomUUID(),
    type: "agent.online",
    payload: { agent_id: "a-1", details: { text: 'a "b"\n=', numbers: [1.5, -0, 1e21], none: null } },
    ...fields,
  });
  const sent = await engine.request("POST", "/api/events/batch", [
    online({
      source: '"north"',
      severity: "WARNING",
      mission_id: "m-1",
      timestamp: "2026-01-01T00:00:00.120Z",
      meta,
    }),
    online({
      source: "agents",
      timestamp: "2026-01-02T00:00:00+02:00",
      target: "=south",
      task_id: "t-1",
      actor_id: "ä\\b",
      correlation_id: "c,1",
      tenant_id: "acme",
      meta,
    }),
  ]);
  expect(sent.body, sent.text).toMatchObject({ accepted: 2 });
  await engine.settle();
  await engine.redis(
    ...["XADD", engine.stream, "*", "id", randomUUID(), "type", "python.report.written", "source", "python"],
    ...["timestamp", "2026-03-01T10:00:00.000Z", "payload", "{}", "meta", '{"producer":"python"}'],
  );
  await engine.drain("audit_log");
  // Not sent, an empty text, and a key.
  await engine.sql(
    `INSERT INTO events (id, type, source, target, schema_version, producer, source_module, meta, payload, occurred_at, key)
     SELECT gen_random_uuid(), 'agent.online', 'sql', '', 1, 'sql', 'agents', '{}', jsonb_build_object('n', n, 'unit', chr(31), 'text', repeat('x', n)),
       '2026-02-01T00:00:00Z', 'key-' || n FROM generate_series(1, 1200) n`,
  );
});
afterAll(() => engine?.cleanup());

interface Row {
  readonly position: number;
}

/** All that the search gives, page by page. */
async function searched(query: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null = "0"; cursor !== null; ) {
    const reply = await engine.request(
      "GET",
      `/api/audit/events?order=oldest&limit=1000&cursor=${cursor}&${query}`,
    );
    expect(reply.status, reply.text).toBe(200);
    const { events, next_cursor } = reply.body as { events: Row[]; next_cursor: string | null };
    rows.push(...events);
    cursor = next_cursor;
  }
  return rows;
}
async function exported(query: string): Promise<string> {
  const reply = await engine.request("GET", `/api/audit/export?${query}`);
  expect(reply.status, reply.text).toBe(200);
  return reply.text;
}
const lines = (text: string) => text.trimEnd().split("\n");

test("gives each row as the search gives it, of the record and of other programs, over several pages", async () => {
  for (const query of ["", "entries=own", "entries=foreign", "type=agent.*", "agent_id=python"]) {
    const wanted = await searched(query);
    expect(wanted.length, query).toBeGreaterThan(0);
    const got = lines(await exported(query));
    expect(got.map((line) => JSON.parse(line))).toEqual(wanted);
    // Members in the same order, too.
    expect(got.map((line) => Object.keys(JSON.parse(line)))).toEqual(wanted.map((row) => Object.keys(row)));
  }
  const all = await searched("");
  expect(all.length).toBeGreaterThan(1_200);
  const behind = lines(await exported(`limit=700&cursor=${all[9]?.position}`));
  expect(behind.map((line) => JSON.parse(line))).toEqual(all.slice(10, 710));
});

test("gives a row as CSV with the fields of the search", async () => {
  const [head, first] = (await exported("format=csv&severity=WARNING")).split("\r\n");
  expect(head).toMatch(/^position,stored_at,timestamp,id,/);
  expect(first).toContain(",2026-01-01T00:00:00.120Z,");
  expect(first).toContain(',agent.online,"""north""",,');
  expect(first).toContain(",c-1,m-1,,WARNING,");
});

const formulas = [
  "=1+1",
  "+1",
  "-1",
  "@A1",
  "\uFF1D1",
  "\uFF0B1",
  "\uFF0D1",
  "\uFF201",
  "\n=1",
  "\r=1",
  "\t=1",
];

test.each(formulas.map((source, n) => [n, source] as const))(
  "writes formula %i, %j, so that no spreadsheet runs it",
  async (n, source) => {
    const type = `agent.formula_${n}`;
    await engine.sql(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at)
     VALUES (gen_random_uuid(), $1, $2, 1, 'sql', 'agents', '{}', '{}', now())`,
      [type, source],
    );
    const [, behind] = (await exported(`format=csv&type=${type}`)).split(`,${type},`);
    expect(behind).toMatch(/^"?'/);
  },
);

test("reads rows whose texts have control characters as the search does", async () => {
  const actors = ["a\u001fb", "\u001f", "a\u001f=b\u001f\u001f"];
  await engine.sql(
    `INSERT INTO events (id, type, source, actor_id, target, schema_version, producer, source_module, meta, payload, occurred_at)
     SELECT gen_random_uuid(), 'agent.unclear', 'sql', actor, actor, 1, 'sql', 'agents', '{}', '{}', now() FROM unnest($1::text[]) AS a(actor)`,
    [actors],
  );
  const got = lines(await exported("type=agent.unclear")).map((line) => JSON.parse(line));
  expect(got.map(({ actor_id }) => actor_id)).toEqual(actors);
  expect(got).toEqual(await searched("type=agent.unclear"));
});
