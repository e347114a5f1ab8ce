import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimNext } from "../../../src/modules/missions/claim.ts";
import { nextInTurn } from "../../../src/modules/missions/claims.ts";
import { createMissions, type MissionSurface } from "./fixture.ts";

/** Many workers at one queue, on real connections. */
const claimers = 8;
const count = 400;

let missions: MissionSurface;
beforeAll(async () => {
  missions = await createMissions();
});
afterAll(() => missions?.cleanup());

beforeEach(async () => {
  await missions.sql("TRUNCATE missions CASCADE");
  await missions.sql(
    `INSERT INTO missions (id, type, name, payload, priority, status, max_retries, attempt_limit, due_at, queued_at,
       correlation_id, created_by, last_event_id, created_at, updated_at)
     SELECT gen_random_uuid(), 'echo', 'm' || n, '{}', 10 * (1 + n % 4), 'queued', 3, 3, now(), now(), 'c', 'test',
       gen_random_uuid(), now(), now() FROM generate_series(1, $1) n`,
    [count],
  );
});

describe(`${claimers} workers that claim ${count} missions at once`, () => {
  test("never get the same one, and leave none behind", async () => {
    const claim = async () => {
      const job = missions.job();
      const owner = crypto.randomUUID();
      const mine: string[] = [];
      for (;;) {
        const row = await claimNext(job, { owner, leaseMs: 60_000 });
        if (row === null) return mine;
        expect(row.leaseOwner).toBe(owner);
        mine.push(row.id);
      }
    };
    const claimed = await Promise.all(Array.from({ length: claimers }, claim));
    expect(claimed.filter((mine) => mine.length > 0).length, "all of them worked").toBe(claimers);
    const all = claimed.flat();
    expect(all).toHaveLength(count);
    expect(new Set(all).size).toBe(count);
    const [told] = await missions.sql<{ n: number; missions: number }>(
      "SELECT count(*)::int AS n, count(DISTINCT mission_id)::int AS missions FROM events WHERE type = 'task.started'",
    );
    expect(told).toEqual({ n: count, missions: count });
    expect(await missions.sql("SELECT FROM missions WHERE attempt <> 1")).toEqual([]);
  });

  test("control: get the same ones when they read first and write then", async () => {
    const pool = new pg.Pool({ connectionString: missions.sandbox.databaseUrl, max: claimers });
    const claim = async () => {
      const mine: string[] = [];
      for (;;) {
        const { rows } = await pool.query(
          "SELECT id FROM missions WHERE status = 'queued' ORDER BY priority DESC, place LIMIT 1",
        );
        if (rows.length === 0) return mine;
        await pool.query(
          "UPDATE missions SET status = 'running', lease_owner = gen_random_uuid() WHERE id = $1",
          [rows[0].id],
        );
        mine.push(rows[0].id);
      }
    };
    const all = (await Promise.all(Array.from({ length: claimers }, claim))).flat();
    await pool.end();
    expect(new Set(all).size).toBe(count);
    expect(all.length).toBeGreaterThan(count);
  });

  test("take tenants in turns, whatever priority one gives its own", async () => {
    await missions.sql("UPDATE missions SET tenant_id = 'flood', priority = 40");
    const insert = (tenantId: string | null, priority: number) =>
      missions.sql(
        `INSERT INTO missions (id, type, name, tenant_id, payload, priority, status, max_retries, attempt_limit, due_at,
           queued_at, correlation_id, created_by, last_event_id, created_at, updated_at)
         VALUES (gen_random_uuid(), 'echo', 'late', $1, '{}', $2, 'queued', 3, 3, now(), now(), 'c', 'test',
           gen_random_uuid(), now(), now())`,
        [tenantId, priority],
      );
    for (const priority of [10, 30]) for (const tenantId of ["small", null]) await insert(tenantId, priority);
    const job = missions.job();
    const claimed: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      const row = await claimNext(job, { owner: crypto.randomUUID(), leaseMs: 60_000 });
      claimed.push(`${row?.tenantId} ${row?.priority}`);
    }
    // Of each its most urgent first.
    expect(new Set(claimed.slice(0, 3))).toEqual(new Set(["flood 40", "small 30", "null 30"]));
    expect(new Set(claimed.slice(3, 6))).toEqual(new Set(["flood 40", "small 10", "null 10"]));
    expect(claimed.slice(6)).toEqual(["flood 40", "flood 40"]);
  });

  test("are served from the index of the claim, however many missions are finished", async () => {
    await missions.sql(
      `INSERT INTO missions (id, type, name, payload, priority, status, max_retries, attempt_limit, correlation_id,
         created_by, last_event_id, created_at, updated_at)
       SELECT gen_random_uuid(), 'echo', 'old', '{}', 20, 'completed', 3, 3, 'c', 'test', gen_random_uuid(), now(), now()
       FROM generate_series(1, 20000)`,
    );
    await missions.sql(
      `INSERT INTO missions (id, type, name, tenant_id, payload, priority, status, max_retries, attempt_limit, due_at,
         correlation_id, created_by, last_event_id, created_at, updated_at)
       SELECT gen_random_uuid(), 'echo', 'new', 't' || n % 50, '{}', 10 * (1 + n % 4), 'queued', 3, 3, now(), 'c', 'test',
         gen_random_uuid(), now(), now() FROM generate_series(1, 5000) n`,
    );
    await missions.sql("ANALYZE missions");
    const { sql: claim, params } = new PgDialect().sqlToQuery(sql`SELECT m.id FROM ${nextInTurn} LIMIT 1`);
    const plan = await missions.sql<{ "QUERY PLAN": string }>(`EXPLAIN (ANALYZE) ${claim}`, params);
    const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
    // To find the tenants, when they were served, and the mission; tenants alone are sorted.
    expect(text.match(/missions_turn_idx/g)).toHaveLength(3);
    expect(text).toContain("missions_claimed_idx");
    expect(text).not.toContain("Seq Scan on missions");
    expect(text.match(/Sort Key/g)).toHaveLength(1);
    // One mission is looked at, and locked, of all of them.
    expect(text).toMatch(/LockRows .*actual .*rows=1(?:\.00)? loops=1\)/);
  });
});
