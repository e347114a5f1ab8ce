import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimNext } from "../../../src/modules/missions/claim.ts";
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

  test("are served from the index of the claim, however many missions are finished", async () => {
    await missions.sql(
      `INSERT INTO missions (id, type, name, payload, priority, status, max_retries, attempt_limit, correlation_id,
         created_by, last_event_id, created_at, updated_at)
       SELECT gen_random_uuid(), 'echo', 'old', '{}', 20, 'completed', 3, 3, 'c', 'test', gen_random_uuid(), now(), now()
       FROM generate_series(1, 20000)`,
    );
    await missions.sql(
      `INSERT INTO missions (id, type, name, payload, priority, status, max_retries, attempt_limit, due_at,
         correlation_id, created_by, last_event_id, created_at, updated_at)
       SELECT gen_random_uuid(), 'echo', 'new', '{}', 10 * (1 + n % 4), 'queued', 3, 3, now(), 'c', 'test',
         gen_random_uuid(), now(), now() FROM generate_series(1, 5000) n`,
    );
    await missions.sql("ANALYZE missions");
    const plan = await missions.sql<{ "QUERY PLAN": string }>(
      `EXPLAIN SELECT id FROM missions WHERE status IN ('queued', 'running') AND due_at <= now()
       ORDER BY priority DESC, place LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
    expect(text).toContain("missions_claim_idx");
    expect(text).not.toContain("Sort");
  });
});
