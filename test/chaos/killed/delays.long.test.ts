import { setTimeout as delay } from "node:timers/promises";
import { scheduleJob } from "@brain/engine";
import { expect, test } from "vitest";
import { toldSeed } from "../../drawn-seed.ts";
import { waitFor } from "../../wait-for.ts";
import { createRandom, type Random } from "../random.ts";
import { type KilledSystem, startKilledSystem, type Target } from "./system.ts";
import { jobNamed, type KilledEffect } from "./work.ts";

const targets: readonly Target[] = [
  "gateway of redis",
  "worker",
  "gateway of postgres",
  "redis and its data",
];
/** Delays that are planned at once. */
const each = 8;
const long = { timeoutMs: 300_000, everyMs: 50 };

interface Planned {
  readonly key: string;
  readonly number: number;
  /** Unix time, ms. */
  readonly dueMs: number;
}

/** What a route does: the rows with their times in a transaction, and the job is told behind it. */
async function plan({ engine }: KilledSystem, key: string, random: Random): Promise<Planned[]> {
  const nowMs = Date.now();
  const planned = Array.from({ length: each }, (_, number) => ({
    key,
    number,
    dueMs: nowMs + random.whole(0, 1_500),
  }));
  const invocation = engine.open();
  await invocation.db.transaction(async (tx) => {
    for (const { number, dueMs } of planned) {
      await tx.execute(
        `INSERT INTO killed_delays (key, number, due_at) VALUES ('${key}', ${number}, to_timestamp(${dueMs / 1_000}))`,
      );
    }
  });
  for (const { dueMs } of planned) await scheduleJob(invocation, jobNamed(undefined).name, new Date(dueMs));
  return planned;
}

interface Published {
  readonly key: string;
  readonly number: number;
  /** When Postgres stored the event, Unix time, ms. */
  readonly at_ms: number;
}

const publishedBy = (system: KilledSystem) =>
  system.sql<Published>(
    `SELECT payload ->> 'meter_id' AS key, (payload ->> 'number')::integer AS number,
       (extract(epoch FROM stored_at) * 1000)::float8 AS at_ms
     FROM events WHERE type = 'lab.meter.mounted'`,
  );
const effectsOf = (system: KilledSystem) =>
  system.sql<KilledEffect>("SELECT event_id, generation, key, number FROM killed_effects");
const nameOf = ({ key, number }: Pick<Planned, "key" | "number">) => `${key}:${number}`;

/** What is wrong with what became of the delays, if anything. */
function wrongOf(
  planned: readonly Planned[],
  published: readonly Published[],
  effects: readonly KilledEffect[],
): string[] {
  return planned.flatMap((one) => {
    const name = nameOf(one);
    const events = published.filter((event) => nameOf(event) === name);
    const count = effects.filter((effect) => nameOf(effect) === name).length;
    return [
      ...(events.length === 1 ? [] : [`${name} is published ${events.length} times`]),
      ...(count === events.length ? [] : [`${name} has ${count} effects of ${events.length} events`]),
      // What Postgres stores is cut to the millisecond.
      ...events
        .filter(({ at_ms }) => at_ms < one.dueMs - 1)
        .map(() => `${name} is published before its time`),
    ];
  });
}

/** Plans delays, until some of them have happened and others have not. @returns all that were planned */
async function beginDelays(system: KilledSystem, name: string, random: Random): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (let tries = 0; ; tries += 1) {
    const key = `${name}.${tries}`;
    const countOwn = async () => (await publishedBy(system)).filter((event) => event.key === key).length;
    planned.push(...(await plan(system, key, random)));
    await waitFor("what is due is published", countOwn, (count) => count > 0, { ...long, everyMs: 5 });
    await delay(random.whole(0, 150));
    const count = await countOwn();
    console.log(`${count} of ${each} are published of ${key}`);
    if (count < each) return planned;
  }
}

/** A second time would come with what is swept behind it. */
async function untilNothingIsOnItsWay(system: KilledSystem): Promise<void> {
  await waitFor(
    "nothing is on its way",
    () =>
      system.sql(
        "SELECT FROM unsent_events UNION ALL SELECT FROM killed_delays UNION ALL SELECT FROM deliveries",
      ),
    ({ length }) => length === 0,
    long,
  );
}

test("what has to happen later happens once, and not before, whoever is killed meanwhile", async () => {
  const seed = toldSeed();
  const random = createRandom(seed);
  console.log(`delays under kills: seed ${seed}`);
  const system = await startKilledSystem({ BRAIN_RELAY_SWEEP_MS: "1000" });
  const planned: Planned[] = [];
  for (const [at, target] of targets.entries()) {
    planned.push(...(await beginDelays(system, `k${at}`, random)));
    await system.kill(target, random);
  }
  await waitFor(
    "everything has happened",
    () => effectsOf(system),
    ({ length }) => length >= planned.length,
    long,
  );
  await untilNothingIsOnItsWay(system);
  const [published, effects] = [await publishedBy(system), await effectsOf(system)];
  expect(wrongOf(planned, published, effects)).toEqual([]);
  expect(published).toHaveLength(planned.length);
  expect(effects).toHaveLength(planned.length);
  expect(await system.sql("SELECT * FROM dead_letters")).toEqual([]);
  // It would tell of one that is lost, of one that is doubled, and of one that came too early.
  expect(wrongOf(planned, published, effects.slice(1))).toHaveLength(1);
  expect(wrongOf(planned, [...published, ...published.slice(0, 1)], effects)).toHaveLength(2);
  const early = published.map((event, at) => (at === 0 ? { ...event, at_ms: 0 } : event));
  expect(wrongOf(planned, early, effects)).toHaveLength(1);
}, 1_200_000);

test("control: a job that takes away what is due before it publishes it loses it when its worker is killed", async () => {
  const random = createRandom(toldSeed());
  const system = await startKilledSystem({ CHAOS_JOB: "careless" });
  const planned = await plan(system, "k", random);
  await waitFor(
    "some are taken away",
    () => system.sql("SELECT FROM killed_delays"),
    ({ length }) => length < planned.length,
    long,
  );
  await system.kill("all workers", random);
  // What is lost never comes: the rows are gone, and nothing else knows of them.
  const left = await system.sql<Planned>("SELECT key, number FROM killed_delays");
  const lost = planned.filter((one) => !left.some((row) => nameOf(row) === nameOf(one)));
  expect(lost.length).toBeGreaterThan(0);
  expect(wrongOf(lost, await publishedBy(system), await effectsOf(system))).toEqual(
    lost.map((one) => `${nameOf(one)} is published 0 times`),
  );
}, 1_200_000);
