import { cronTick, type Database } from "@brain/engine";
import { expect, onTestFinished, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { hookDatabase } from "../faults.ts";

/*
 * The whole product when nobody sends anything: its database may sleep. The hosts of databases that sleep bill by the time
 * that they are awake, so a job that keeps the system busy by itself costs as much as one that is in use.
 */

const minuteMs = 60_000;

/** A product whose clock the test moves, the one of its Redis with it. */
async function openIdle() {
  let nowMs = Date.now();
  const engine = await createTestEngine({ BRAIN_RELAY_SWEEP_MS: "3600000" }, { now: () => nowMs });
  onTestFinished(() => engine.cleanup());
  return {
    engine,
    /** One minute later cron comes. @returns how often it asked Postgres */
    async nextTick(): Promise<number> {
      nowMs += minuteMs;
      await ageKeys(engine, minuteMs);
      const invocation = engine.open();
      const { db, asked } = counted(invocation.db);
      await cronTick({ ...invocation, db }, nowMs + 20_000);
      await engine.background();
      return asked();
    },
  };
}

/** What of the keys that say when Postgres is looked at would be over by then, is over. */
async function ageKeys(engine: TestEngine, ms: number): Promise<void> {
  const { keys } = engine.open();
  for (const key of [keys.relayActive(), keys.relaySwept()]) {
    const leftMs = Number(await engine.redis("PTTL", key));
    if (leftMs >= 0) await engine.redis("PEXPIRE", key, String(leftMs - ms));
  }
}

function counted(real: Database): { readonly db: Database; readonly asked: () => number } {
  let asked = 0;
  const note = <T>(run: () => Promise<T>) => {
    asked += 1;
    return run();
  };
  const hooked = hookDatabase(real, { statements: (_text, run) => note(run), transaction: note });
  const db: Database = {
    ...hooked,
    transaction: (run, frame) => note(() => real.transaction(run, frame)),
  };
  return { db, asked: () => asked };
}

async function ticks(count: number, tick: () => Promise<number>): Promise<number[]> {
  const asked: number[] = [];
  for (let at = 0; at < count; at += 1) asked.push(await tick());
  return asked;
}

test("a product to which nothing happens asks Postgres once an hour, whatever jobs its modules have", async () => {
  const { engine, nextTick } = await openIdle();
  const [first = 0, ...more] = await ticks(58, nextTick);
  expect(engine.open().scheduled.size).toBeGreaterThan(5);
  // A tick that looks runs all jobs.
  expect(first).toBeGreaterThan(0);
  expect(more).toEqual(more.map(() => 0));
  expect((await ticks(4, nextTick)).filter((asked) => asked > 0)).toHaveLength(1);
});

test("control: it is looked at for five minutes behind an event, and then not any more", async () => {
  const { engine, nextTick } = await openIdle();
  await nextTick();
  expect(await nextTick()).toBe(0);
  const health = { type: "system.health", payload: { component: "db", status: "ok" } };
  expect((await engine.request("POST", "/api/events", health)).status).toBeLessThan(300);
  await engine.settle();
  const asked = await ticks(12, nextTick);
  expect(asked.slice(0, 3).every((count) => count > 0)).toBe(true);
  expect(asked.slice(8)).toEqual([0, 0, 0, 0]);
});
