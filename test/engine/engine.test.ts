import {
  createEngine,
  defineJob,
  type EngineOptions,
  type EngineSettings,
  parseEngineSettings,
} from "@brain/engine";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { News } from "../../src/engine/dispatch/news.ts";
import type { Backbone } from "../backbone.ts";
import { labCatalog, partChecked } from "./events.ts";
import { effects, openBackbone, publishReports, recorder, until } from "./fixture.ts";
import { streamIds } from "./retention/janitor-fixture.ts";

/*
 * What a host calls on the engine. What each call does is tested beside its own code; here stands that the calls reach
 * it, and what is so where the host gives nothing to wake and nothing to hand on to.
 */

const context = { source: "engine_test" };
const report = { part: "db", status: "7" };

/** An engine on the services of the backbone, with a consumer. */
function engineOn(backbone: Backbone, options: Partial<EngineOptions> = {}) {
  return createEngine({
    catalog: labCatalog,
    settings: backbone.system.settings,
    consumers: [recorder()],
    sink: (_level, line) => backbone.logs.push(line),
    ...options,
  });
}

const numbers = async (backbone: Backbone) => (await effects(backbone)).map(({ number }) => number);

test("what a transaction published is handled in this invocation, where the host has no other to wake", async () => {
  const backbone = await openBackbone();
  const engine = engineOn(backbone);
  const result = await engine.transact(context, async (_tx, publish) => {
    await publish(partChecked, report);
    return "stored";
  });
  expect(result).toBe("stored");
  expect(await numbers(backbone)).toEqual([]);
  await engine.afterCommit();
  expect(await numbers(backbone)).toEqual([7]);
});

test("a wake gets the types that were sent, and the consumers run where it starts them", async () => {
  const backbone = await openBackbone();
  const engine = engineOn(backbone);
  await engine.transact(context, (_tx, publish) => publish(partChecked, report));
  const woken: (News | null)[] = [];
  await engine.afterCommit({ wake: (news) => woken.push(news) });
  expect(woken).toEqual([[{ shard: 0, types: ["lab.part.checked"] }]]);
  expect(await numbers(backbone)).toEqual([]);
  await engine.wake([{ shard: 0, types: ["system.alert"] }]);
  expect(await numbers(backbone)).toEqual([]);
  await engine.wake([{ shard: 0, types: ["lab.part.checked"] }]);
  expect(await numbers(backbone)).toEqual([7]);
});

test("a transaction on a tenant's database stands behind its wall, and what it publishes is the tenant's", async () => {
  const backbone = await openBackbone();
  const engine = engineOn(backbone);
  for (const statement of [
    "CREATE TABLE books (tenant_id varchar NOT NULL, title varchar NOT NULL)",
    "ALTER TABLE books ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY all_rows ON books USING (true)",
    "CREATE POLICY tenant_rows ON books AS RESTRICTIVE TO brain_tenant USING (tenant_id = current_setting('brain.tenant'))",
    "GRANT SELECT, INSERT ON books TO brain_tenant",
  ])
    await backbone.sql(statement);
  const open = engine.open();
  const ofTenant = (tenantId: string) => ({ ...open, db: open.db.ofTenant(tenantId) });
  const lend = (tenantId: string, owner: string) =>
    engine.transact(
      context,
      async (tx, publish) => {
        await tx.execute(sql`INSERT INTO books VALUES (${owner}, 'Repairs')`);
        return publish(partChecked, report);
      },
      ofTenant(tenantId),
    );
  expect(await lend("acme", "acme")).toMatchObject({ tenant_id: "acme" });
  expect(await lend("zenith", "zenith")).toMatchObject({ tenant_id: "zenith" });
  await expect(lend("zenith", "acme")).rejects.toThrow(/42501/);
  const seen = await ofTenant("zenith").db.rows(sql`SELECT tenant_id FROM books`);
  expect(seen).toEqual([{ tenant_id: "zenith" }]);
  await engine.afterCommit();
  expect(await numbers(backbone)).toEqual([7, 7]);
  const tenants = await backbone.sql("SELECT tenant_id FROM events ORDER BY tenant_id");
  expect(tenants).toEqual([{ tenant_id: "acme" }, { tenant_id: "zenith" }]);
});

test("nothing of a transaction that throws is published", async () => {
  const backbone = await openBackbone();
  const engine = engineOn(backbone);
  const failing = engine.transact(context, async (_tx, publish) => {
    await publish(partChecked, report);
    throw new Error("no place left");
  });
  await expect(failing).rejects.toThrow("no place left");
  await engine.afterCommit();
  expect(await streamIds(backbone)).toEqual([]);
});

test("an event whose trigger got lost is handled by the next cron run, which transact has told of it", async () => {
  const backbone = await openBackbone({ env: { BRAIN_RELAY_SWEEP_MS: "3600000" } });
  const engine = engineOn(backbone);
  await engine.cron();
  await publishReports(backbone, 1);
  // The control: an idle database is not looked at.
  await engine.cron();
  expect(await numbers(backbone)).toEqual([]);
  await engine.transact(context, (_tx, publish) => publish(partChecked, report));
  // Nobody waits for it.
  const { redis, keys } = backbone.open();
  await until(
    () => redis.command(["EXISTS", keys.relayActive()]),
    (told) => told === 1,
    "cron was told",
  );
  await engine.cron();
  expect(await numbers(backbone)).toEqual([0, 7]);
});

test("a Redis that does not answer keeps no transaction waiting", async () => {
  const backbone = await openBackbone();
  const engine = engineOn(backbone);
  let asked = 0;
  const { redis, ...opened } = backbone.open();
  const silent = () => {
    asked += 1;
    return new Promise<never>(() => undefined);
  };
  const invocation = { ...opened, scope: crypto.randomUUID(), redis: { ...redis, command: silent } };
  await engine.transact(context, (_tx, publish) => publish(partChecked, report), invocation);
  expect(asked).toBe(1);
  expect(await backbone.sql("SELECT payload FROM events")).toEqual([{ payload: report }]);
});

test("what the janitor finds lost is sent and handled at once, or by whom it is handed on to", async () => {
  const backbone = await openBackbone();
  const engine = engineOn(backbone);
  const lose = async () => {
    await publishReports(backbone, 3);
    await backbone.relay();
    const [lost = ""] = (await streamIds(backbone)).slice(-2);
    await backbone.redis("XDEL", backbone.stream, lost);
  };
  await lose();
  let handedOn = 0;
  await engine.janitor(() => {
    handedOn += 1;
  });
  expect(handedOn).toBe(1);
  expect(await numbers(backbone)).toEqual([]);
  await engine.wake(null);
  expect((await numbers(backbone)).sort()).toEqual([0, 1, 2]);
  await lose();
  await engine.janitor();
  expect((await numbers(backbone)).sort()).toEqual([0, 0, 1, 1, 2, 2]);
});

test("jobs run when a request says that they are due", async () => {
  const backbone = await openBackbone();
  const ran: string[] = [];
  const job = (name: string) =>
    defineJob({
      name,
      run: async () => {
        ran.push(name);
        return null;
      },
    });
  await engineOn(backbone, { jobs: [job("first"), job("second")] }).runJobs(["second", "unknown"]);
  expect(ran).toEqual(["second"]);
});

const settings: EngineSettings = parseEngineSettings({
  NEON_DATABASE_URL: "postgres://u:p@127.0.0.1/d",
  BRAIN_EVENTSTREAM_MODE: "degraded",
  BRAIN_SHARD: "2",
});

test("the start tells of settings that nobody reads, and of a stream that is missing", () => {
  const lines: string[] = [];
  createEngine({
    catalog: labCatalog,
    settings,
    sink: (level, line) => lines.push(`${level} ${line}`),
    now: () => Date.parse("2026-01-02T03:04:05.678Z"),
  });
  expect(lines).toHaveLength(2);
  expect(lines.every((line) => line.startsWith('warn {"time":"2026-01-02T03:04:05.678Z"'))).toBe(true);
  expect(lines[0]).toContain("DEGRADED");
  expect(lines[1]).toContain("Did you mean BRAIN_SHARDS?");
});

test("two consumers or two jobs of one name, and a name that is none, end the start", () => {
  const start = (options: Partial<EngineOptions>) => () =>
    createEngine({ catalog: labCatalog, settings, sink: () => undefined, ...options });
  const job = (name: string) => ({ name, run: async () => null });
  expect(start({ consumers: [recorder(), recorder()] })).toThrow("recorder");
  expect(start({ jobs: [job("sweep"), job("sweep")] })).toThrow('Two jobs are called "sweep"');
  expect(start({ jobs: [job("Sweep!")] })).toThrow('"Sweep!" is no name of a job');
  expect(() => defineJob(job("Sweep!"))).toThrow('"Sweep!" is no name of a job');
});
