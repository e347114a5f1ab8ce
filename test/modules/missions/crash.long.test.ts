import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { sandboxEnv } from "../../backbone.ts";
import { compiledCode } from "../../compiled-code.ts";
import { toldSeed } from "../../drawn-seed.ts";
import { waitFor } from "../../wait-for.ts";
import { crashHandler } from "./crash-handler.ts";
import { createMissions, type MissionSurface } from "./fixture.ts";

const child = join(import.meta.dirname, "crash-child.ts");
const count = 60;

/** A process that works the missions off, from the moment on at which it says so. */
async function startProcess(missions: MissionSurface): Promise<ChildProcess> {
  const started = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", child], {
    env: { PATH: process.env.PATH ?? "", ...compiledCode, ...sandboxEnv(missions.sandbox) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void started.kill("SIGKILL"));
  await Promise.race([
    once(started.stdout ?? started, "data"),
    once(started, "exit").then(([code]) => {
      throw new Error(`the process ended with ${code} before it worked`);
    }),
  ]);
  return started;
}

test("workers killed at random points lose no mission, and leave one effect and one completion of each", async () => {
  const seed = toldSeed();
  const delays = fc.sample(fc.integer({ min: 50, max: 600 }), { seed, numRuns: 8 });
  console.log(`crash test: seed ${seed}, kills after ${delays.join(" ")} ms`);
  const missions = await createMissions({ handlers: [crashHandler] });
  onTestFinished(() => missions.cleanup());
  await missions.sql("CREATE TABLE effects (id uuid)");
  await missions.sql("CREATE TABLE loose_effects (id uuid)");
  // One kill hits an attempt for certain: this one ends with its process.
  const stuck = await missions.enqueue({
    type: "test.crash",
    max_retries: 20,
    payload: { ends_once: false },
  });
  for (let n = 1; n < count; n += 1) await missions.enqueue({ type: "test.crash", max_retries: 20 });
  for (const [kill, delay] of delays.entries()) {
    const running = await startProcess(missions);
    if (kill === 0)
      await waitFor(
        "the effect of an attempt that does not end",
        () => missions.sql("SELECT FROM loose_effects WHERE id = $1", [stuck]),
        (rows) => rows.length === 1,
      );
    await new Promise((resolve) => setTimeout(resolve, delay));
    const exited = once(running, "exit");
    running.kill("SIGKILL");
    await exited;
    // Nobody waits for the leases of the dead.
    await missions.hurry();
  }
  for (let round = 0; round < 100; round += 1) {
    await missions.hurry();
    if ((await missions.work()) === null) break;
  }
  expect((await missions.get("/stats/overview")).body).toMatchObject({ total: count, completed: count });
  const effects = await missions.sql<{ n: number; ids: number }>(
    "SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM effects",
  );
  expect(effects).toEqual([{ n: count, ids: count }]);
  const [told] = await missions.sql<Record<string, number>>(
    `SELECT count(*) FILTER (WHERE type = 'mission.completed')::int AS completed,
       count(*) FILTER (WHERE type = 'mission.started')::int AS started,
       count(*) FILTER (WHERE type = 'task.started')::int AS attempts,
       count(*) FILTER (WHERE type = 'task.retrying')::int AS retries FROM events`,
  );
  expect(told).toMatchObject({ completed: count, started: count });
  expect(told?.attempts).toBe(count + (told?.retries ?? 0));
  expect(told?.retries, "some kill hit an attempt").toBeGreaterThan(0);
  // Control: what does not commit with the completion was done again by the attempt after the kill.
  expect((await missions.sql("SELECT FROM loose_effects")).length).toBeGreaterThan(count);
});
