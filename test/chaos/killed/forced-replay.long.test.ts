import { setTimeout as delay } from "node:timers/promises";
import { requireStream, transactAndPublish } from "@brain/engine";
import { expect, test } from "vitest";
import { startReplay } from "../../../src/engine/operations/bulk/replay.ts";
import { toldSeed } from "../../drawn-seed.ts";
import { meterRead } from "../../engine/events.ts";
import { operator, replayOptions } from "../../engine/operations/bulk-fixture.ts";
import { waitFor } from "../../wait-for.ts";
import { createRandom, type Random } from "../random.ts";
import { type KilledSystem, startKilledSystem, type Target } from "./system.ts";
import { type KilledEffect, killedConsumer } from "./work.ts";

const targets: readonly Target[] = [
  "worker",
  "gateway of postgres",
  "redis",
  "postgres",
  "gateway of redis",
  "redis and its data",
];
const meters = ["a", "b", "c", "d", "e"];
const readings = 6;
const long = { timeoutMs: 300_000, everyMs: 50 };

/** @returns ids */
async function publishReadings({ engine }: KilledSystem): Promise<string[]> {
  const { db, publish: settings } = engine.open();
  return transactAndPublish(db, settings, { source: "killed" }, async (_tx, publish) => {
    const ids: string[] = [];
    for (let reading = 0; reading < readings; reading += 1) {
      for (const meter_id of meters) {
        ids.push((await publish(meterRead, { meter_id, reading, faults: 0 })).id);
      }
    }
    return ids;
  });
}

interface Job {
  readonly status: string;
  readonly status_reason: string | null;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
}

const jobsOf = (system: KilledSystem) =>
  system.sql<Job>("SELECT status, status_reason, succeeded, failed, skipped FROM jobs ORDER BY id");
const effectsOf = (system: KilledSystem) =>
  system.sql<KilledEffect>("SELECT event_id, generation, key, number FROM killed_effects ORDER BY place");
/** Events that the replay has applied. */
async function appliedBy(system: KilledSystem, id: string): Promise<number> {
  const [row] = await system.sql<{ count: number }>(
    `SELECT count(*)::integer AS count FROM replay_claims
     WHERE replay_epoch = (SELECT replay_epoch FROM jobs WHERE id = ${id}::bigint)`,
  );
  return row?.count ?? 0;
}

/** What is wrong with the effects of the events, if anything. @param generations forced replays */
function wrongOf(ids: readonly string[], effects: readonly KilledEffect[], generations: number): string[] {
  const wrong: string[] = [];
  for (const id of ids) {
    const own = effects.filter(({ event_id }) => event_id === id);
    const count = new Set(own.map(({ generation }) => generation)).size;
    if (count < own.length) wrong.push(`${id} has ${own.length} effects in ${count} generations`);
    if (count < 1 + generations) wrong.push(`${id} has effects in ${count} generations only`);
  }
  return wrong;
}

/** Starts a replay that is under way, and whose first events are applied. One that is over sooner is followed by another. */
async function beginReplay(system: KilledSystem, name: string, random: Random): Promise<void> {
  for (;;) {
    const invocation = requireStream(system.engine.open(), ": the test needs one.");
    const options = { name, mode: "force" as const, maxStep: 10, stopRatio: null };
    const id = await startReplay(invocation, killedConsumer, replayOptions(options), operator);
    await waitFor(
      "the replay goes on",
      () => appliedBy(system, id),
      (count) => count > 0,
      { ...long, everyMs: 5 },
    );
    await delay(random.whole(0, 50));
    const count = await appliedBy(system, id);
    console.log(`${count} of ${readings * meters.length} are done of the replay ${name}`);
    if (count < readings * meters.length) return;
  }
}

/** Starts what an operator asks for, again and again, and kills one after the other meanwhile; waits until all is over. */
async function replayUnderKills(system: KilledSystem): Promise<Job[]> {
  const seed = toldSeed();
  const random = createRandom(seed);
  console.log(`forced replays under kills: seed ${seed}`);
  for (const target of targets) {
    await beginReplay(system, `under a kill of ${target}`, random);
    await system.kill(target, random);
  }
  return waitFor(
    "the replays end",
    () => jobsOf(system),
    (jobs) => jobs.every(({ status }) => status !== "running"),
    long,
  );
}

async function applyAll(system: KilledSystem): Promise<string[]> {
  const ids = await publishReadings(system);
  await waitFor(
    "everything is applied",
    () => effectsOf(system),
    ({ length }) => length >= ids.length,
    long,
  );
  return ids;
}

test("forced replays bring every event once in each generation, whoever is killed meanwhile", async () => {
  const system = await startKilledSystem({ BRAIN_RELAY_SWEEP_MS: "1000" });
  const ids = await applyAll(system);
  const jobs = await replayUnderKills(system);
  const generations = jobs.length;
  expect(generations).toBeGreaterThanOrEqual(targets.length);
  expect(jobs).toEqual(
    jobs.map(() => ({
      status: "completed",
      status_reason: null,
      succeeded: ids.length,
      failed: 0,
      skipped: 0,
    })),
  );
  const effects = await effectsOf(system);
  expect(wrongOf(ids, effects, generations)).toEqual([]);
  // It would tell of one that is lost, and of one that is doubled.
  expect(wrongOf(ids, effects.slice(1), generations)).toHaveLength(1);
  expect(wrongOf(ids, [...effects, ...effects.slice(0, 1)], generations)).toHaveLength(1);
  expect(effects).toHaveLength(ids.length * (1 + generations));
  const [caused] = await system.sql<{ count: number; of: number }>(
    `SELECT count(*)::integer AS count, count(DISTINCT payload ->> 'part')::integer AS of
     FROM events WHERE type = 'lab.part.checked'`,
  );
  expect(caused).toEqual({ count: effects.length, of: ids.length });
  expect(await system.sql("SELECT * FROM dead_letters")).toEqual([]);
}, 1_200_000);
