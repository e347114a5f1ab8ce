import { describe, expect, test } from "vitest";
import type { ScheduledJob } from "../../../src/engine/consume/define/define-job.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { runJobsNow, scheduleJob } from "../../../src/engine/dispatch/scheduled-jobs.ts";
import type { StreamInvocation } from "../../../src/engine/invocation.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import { partChecked } from "../events.ts";
import { createClock, effects, openBackbone, publishReports, recorder, until } from "../fixture.ts";
import { invoke, otherIsolate, soon } from "./fixture.ts";

const env = { BRAIN_RELAY_SWEEP_MS: "3600000" };
const hourMs = 3_600_000;

function withJob(
  backbone: Backbone,
  run: ScheduledJob["run"],
  change: Partial<StreamInvocation> = {},
): StreamInvocation {
  const job = { name: "expiry", run };
  return invoke(backbone, [recorder()], { scheduled: new Map([[job.name, job]]), ...change });
}

/** A backbone whose clock the test moves, and whose sweep of this hour is done. */
async function quietBackbone() {
  const clock = createClock();
  const backbone = await openBackbone({ env, now: clock.now });
  const tick = (run: ScheduledJob["run"], change?: Partial<StreamInvocation>) =>
    cronTick(withJob(backbone, run, change), clock.now() + 20_000);
  await tick(async () => null);
  await tick(async () => null);
  return { backbone, clock, tick };
}

test("a job runs when its time has come, not before, and then when it says", async () => {
  const { backbone, clock, tick } = await quietBackbone();
  const runs: number[] = [];
  const run = async ({ now }: { now: () => Date }) => {
    runs.push(now().getTime());
    return runs.length === 1 ? new Date(clock.now() + 60_000) : null;
  };
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now() + 30_000));
  await tick(run);
  expect(runs).toEqual([]);
  clock.advance(30_000);
  await tick(run);
  expect(runs).toHaveLength(1);
  clock.advance(30_000);
  await tick(run);
  expect(runs).toHaveLength(1);
  clock.advance(30_000);
  await tick(run);
  expect(runs).toHaveLength(2);
  for (let minute = 0; minute < 3; minute += 1) {
    clock.advance(60_000);
    await tick(run);
  }
  expect(runs).toHaveLength(2);
});

test("the earlier of two times counts", async () => {
  const { backbone, clock, tick } = await quietBackbone();
  let runs = 0;
  const run = async () => {
    runs += 1;
    return null;
  };
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now() + 10_000));
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now() + 50_000));
  clock.advance(10_000);
  await tick(run);
  expect(runs).toBe(1);
});

test("a time that is scheduled while the job runs is kept", async () => {
  const { backbone, clock, tick } = await quietBackbone();
  let runs = 0;
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now()));
  const run = async () => {
    runs += 1;
    if (runs === 1) await scheduleJob(backbone.open(), "expiry", new Date(clock.now() + 5_000));
    return null;
  };
  await tick(run);
  clock.advance(5_000);
  await tick(run);
  expect(runs).toBe(2);
});

test("a Redis that forgot everything costs an hour at most: the sweep runs all jobs", async () => {
  const { backbone, clock, tick } = await quietBackbone();
  let runs = 0;
  const run = async () => {
    runs += 1;
    return null;
  };
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now() + 1_000));
  await backbone.redis("DEL", backbone.open().keys.jobsDue());
  clock.advance(2_000);
  await tick(run);
  expect(runs).toBe(0);
  await backbone.redis("DEL", backbone.open().keys.relaySwept());
  clock.advance(hourMs);
  await tick(run);
  expect(runs).toBe(1);
});

test("what a job publishes is sent and handled by the same tick", async () => {
  const { backbone, clock, tick } = await quietBackbone();
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now()));
  await tick(async ({ transact }) => {
    await transact({ source: "test" }, (_tx, publish) => publish(partChecked, { part: "db", status: "1" }));
    return null;
  });
  expect(await effects(backbone)).toHaveLength(1);
});

describe("what a job commits", () => {
  test("is found by cron when its isolate dies behind the COMMIT", async () => {
    const { backbone, tick } = await quietBackbone();
    const { redis, keys } = backbone.open();
    await scheduleJob(backbone.open(), "expiry", new Date(0));
    let wasTold: unknown = 0;
    await tick(async ({ transact }) => {
      await transact({ source: "test" }, async (_tx, publish) => {
        await publish(partChecked, { part: "db", status: "1" });
        wasTold = await until(
          () => redis.command(["EXISTS", keys.relayActive()]),
          (told) => told === 1,
          "cron was told",
        );
      });
      return null;
    });
    expect(wasTold).toBe(1);
  });

  test("is no activity when it holds no event: the next tick looks at nothing", async () => {
    const { backbone, clock, tick } = await quietBackbone();
    await scheduleJob(backbone.open(), "expiry", new Date(0));
    let runs = 0;
    const run: ScheduledJob["run"] = async ({ transact }) => {
      runs += 1;
      await transact({ source: "test" }, async () => undefined);
      return null;
    };
    for (let minute = 0; minute < 4; minute += 1) {
      await tick(run);
      clock.advance(60_000);
    }
    expect(runs).toBe(1);
  });
});

describe("a job that a handler left something to", () => {
  /** A drain of what waits on the stream since long, when nothing was sent for minutes: nothing else tells cron of it. */
  async function drainLate(backbone: Backbone, run: ScheduledJob["run"]) {
    await backbone.redis("DEL", backbone.open().keys.relayActive());
    await drainAll(withJob(backbone, run), soon(), null);
  }
  const counting = () => {
    const ran = { times: 0 };
    const run = async () => {
      ran.times += 1;
      return null;
    };
    return { ran, run };
  };
  const isActive = async (backbone: Backbone) =>
    (await backbone.redis("EXISTS", backbone.open().keys.relayActive())) === 1;

  test("runs with the next tick, however long ago the event was sent", async () => {
    const { backbone, tick } = await quietBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const { ran, run } = counting();
    await drainLate(backbone, run);
    expect(await effects(backbone)).toHaveLength(1);
    await until(() => isActive(backbone), Boolean, "cron was told");
    await tick(run);
    expect(ran.times).toBe(1);
  });

  test("runs with the next tick when the worker died behind the COMMIT", async () => {
    const { backbone, tick } = await quietBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.drain(recorder());
    // As such a worker leaves it: applied, and cron was not told; the entry is delivered again.
    await backbone.redis("XGROUP", "SETID", backbone.stream, recorder().group, "0");
    const { ran, run } = counting();
    await drainLate(backbone, run);
    expect(await effects(backbone)).toHaveLength(1);
    await until(() => isActive(backbone), Boolean, "cron was told");
    await tick(run);
    expect(ran.times).toBe(1);
  });

  test("says when it is due, and the database sleeps until then", async () => {
    const { backbone, clock } = await quietBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    let dueMs: number | null = null;
    const done: number[] = [];
    const run: ScheduledJob["run"] = async ({ now }) => {
      if (dueMs !== null && dueMs <= now().getTime()) {
        done.push(now().getTime());
        dueMs = null;
      }
      return dueMs === null ? null : new Date(dueMs);
    };
    const delaying = recorder({
      beforeReport: async () => {
        dueMs = clock.now() + 20 * 60_000;
      },
    });
    await backbone.redis("DEL", backbone.open().keys.relayActive());
    await drainAll({ ...withJob(backbone, run), consumers: new Map([["recorder", delaying]]) }, soon(), null);
    await until(() => isActive(backbone), Boolean, "cron was told");
    const dueAtMs = dueMs;
    let statements = 0;
    for (let minute = 1; minute <= 21; minute += 1) {
      clock.advance(60_000);
      const invocation = withJob(backbone, run);
      const db = hookDatabase(invocation.db, {
        statements: (_text, ask) => {
          statements += 1;
          return ask();
        },
      });
      await cronTick({ ...invocation, db }, clock.now() + 20_000);
      // Redis' own clock does not move with the test's.
      if (minute === 5) await backbone.redis("DEL", backbone.open().keys.relayActive());
      if (minute === 5) statements = 0;
    }
    expect(done).toEqual([dueAtMs]);
    expect(statements).toBe(0);
  });

  test("control: does not run when the drain applied nothing", async () => {
    const { backbone, tick } = await quietBackbone();
    const { ran, run } = counting();
    await drainLate(backbone, run);
    expect(await isActive(backbone)).toBe(false);
    await tick(run);
    expect(ran.times).toBe(0);
  });
});

test("a job that fails is tried again a minute later, and the others run", async () => {
  const { backbone, clock } = await quietBackbone();
  const runs: string[] = [];
  const failing: ScheduledJob = {
    name: "failing",
    run: async () => {
      runs.push("failing");
      throw new Error("no");
    },
  };
  const other: ScheduledJob = {
    name: "other",
    run: async () => {
      runs.push("other");
      return null;
    },
  };
  const scheduled = new Map([failing, other].map((job) => [job.name, job]));
  const tick = () => cronTick(invoke(backbone, [recorder()], { scheduled }), clock.now() + 20_000);
  for (const name of scheduled.keys()) await scheduleJob(backbone.open(), name, new Date(clock.now()));
  await tick();
  expect(runs).toEqual(["failing", "other"]);
  clock.advance(59_000);
  await tick();
  expect(runs).toHaveLength(2);
  clock.advance(1_000);
  await tick();
  expect(runs).toEqual(["failing", "other", "failing"]);
  expect(backbone.logs.some((line) => line.includes("The job failing failed"))).toBe(true);
});

test("a job whose isolate is killed is tried again a minute later", async () => {
  const { backbone, clock, tick } = await quietBackbone();
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now()));
  let began: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    began = resolve;
  });
  void tick(() => {
    began();
    return new Promise(() => undefined);
  }, otherIsolate());
  await begun;
  let runs = 0;
  const run = async () => {
    runs += 1;
    return null;
  };
  await tick(run);
  expect(runs).toBe(0);
  clock.advance(60_000);
  await tick(run);
  expect(runs).toBe(1);
});

test("an idle system with a job that is due later asks Redis once a tick, and Postgres never", async () => {
  const { backbone, clock } = await quietBackbone();
  await scheduleJob(backbone.open(), "expiry", new Date(clock.now() + hourMs));
  let statements = 0;
  const invocation = withJob(backbone, async () => null);
  const db = hookDatabase(invocation.db, {
    statements: (_text, run) => {
      statements += 1;
      return run();
    },
  });
  await cronTick({ ...invocation, db }, soon());
  expect(statements).toBe(0);
  expect(invocation.meter.used).toBe(1);
});

test("a job that says when it goes on is run again within the same invocation", async () => {
  const backbone = await openBackbone({ env });
  const ran: number[] = [];
  const invocation = withJob(backbone, async ({ now }) => {
    ran.push(now().getTime());
    return ran.length < 3 ? new Date(now().getTime() + 200) : null;
  });
  await runJobsNow(invocation, soon(60_000), ["expiry", "unknown_here"], () => undefined);
  expect(ran).toHaveLength(3);
  expect((ran[2] ?? 0) - (ran[0] ?? 0)).toBeGreaterThanOrEqual(390);
});

test("what is left over at the end of the time is handed on, when anything moved", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ env, now: clock.now });
  let handedOn = 0;
  const handOn = () => {
    handedOn += 1;
  };
  /** Always due again; the second round of it comes to the end of the time. */
  const endless = (publishes: boolean): ScheduledJob["run"] => {
    let rounds = 0;
    return async ({ transact, now }) => {
      rounds += 1;
      if (publishes)
        await transact({ source: "test" }, (_tx, publish) =>
          publish(partChecked, { part: "db", status: "1" }),
        );
      if (rounds === 2) clock.advance(60_000);
      return now();
    };
  };
  const deadline = () => clock.now() + 30_000;
  await runJobsNow(withJob(backbone, endless(true)), deadline(), ["expiry"], handOn);
  expect(handedOn).toBe(1);
  expect((await effects(backbone)).length).toBeGreaterThan(0);
  await runJobsNow(withJob(backbone, endless(false), otherIsolate()), deadline(), ["expiry"], handOn);
  expect(handedOn).toBe(1);
});
