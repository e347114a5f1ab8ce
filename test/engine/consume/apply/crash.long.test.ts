import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import fc from "fast-check";
import { expect, inject, onTestFinished, test } from "vitest";
import { type Backbone, sandboxEnv } from "../../../backbone.ts";
import { compiledCode } from "../../../compiled-code.ts";
import { toldSeed } from "../../../drawn-seed.ts";
import { sends, startFaultyRedis } from "../../../faults.ts";
import {
  deadLetters,
  drainUntilQuiet,
  effects,
  endLease,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
} from "../../fixture.ts";
import { crashConsumer } from "./crash-consumer.ts";

const child = join(import.meta.dirname, "crash-child.ts");

/** A process that drains, from the moment on at which it says so. */
async function startProcess(backbone: Backbone, redisUrl: string): Promise<ChildProcess> {
  const env = sandboxEnv(backbone.sandbox, { UPSTASH_REDIS_REST_URL: redisUrl, BRAIN_LEASE_MS: "500" });
  const started = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", child], {
    env: { PATH: process.env.PATH ?? "", ...compiledCode, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void started.kill("SIGKILL"));
  await Promise.race([
    once(started.stdout ?? started, "data"),
    once(started, "exit").then(([code]) => {
      throw new Error(`the process ended with ${code} before it drained`);
    }),
  ]);
  return started;
}

async function kill(running: ChildProcess): Promise<void> {
  const exited = once(running, "exit");
  running.kill("SIGKILL");
  await exited;
}

async function expectOnceEach(backbone: Backbone, ids: readonly string[]): Promise<void> {
  expect((await effects(backbone)).map((row) => row.event_id).sort()).toEqual([...ids].sort());
  const caused = await backbone.sql<{ of: string }>(
    "SELECT payload ->> 'part' AS of FROM events WHERE type = 'lab.part.checked' ORDER BY 1",
  );
  expect(caused.map((row) => row.of)).toEqual([...ids].sort());
  expect(await deadLetters(backbone)).toEqual([]);
  expect(await pendingOf(backbone, crashConsumer)).toEqual([]);
}

test("a process killed between commit and ack leaves one effect for each event", async () => {
  const backbone = await openBackbone();
  const ids = await publishBeats(
    backbone,
    Array.from({ length: 10 }, (_, number) => ["a", number] as const),
  );
  await backbone.relay();
  const redis = await startFaultyRedis(inject("services").upstash.url);
  const acks = redis.inject({ kind: "hold" }, { when: sends("XACK") });
  const running = await startProcess(backbone, redis.url);
  await acks.hit;
  await kill(running);
  await redis.close();
  expect(await effects(backbone)).toHaveLength(10);
  expect(await pendingOf(backbone, crashConsumer)).toHaveLength(10);
  await endLease(backbone, crashConsumer);
  expect(await backbone.drain(crashConsumer)).toMatchObject({ applied: 0, redelivered: 10 });
  await expectOnceEach(backbone, ids);
});

test("processes killed at random points leave one effect for each event, in order per key", async () => {
  const seed = toldSeed();
  const delays = fc.sample(fc.integer({ min: 0, max: 500 }), { seed, numRuns: 10 });
  console.log(`crash test: seed ${seed}, kills after ${delays.join(" ")} ms`);
  const backbone = await openBackbone();
  const agents = ["a", "b", "c", "d", "e"];
  const ids = await publishBeats(
    backbone,
    Array.from({ length: 600 }, (_, number) => [agents[number % 5] ?? "", number] as const),
  );
  await backbone.relay();
  const { url } = inject("services").upstash;
  const applied: number[] = [];
  for (const delay of delays) {
    const running = await startProcess(backbone, url);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await kill(running);
    applied.push((await effects(backbone)).length);
    await endLease(backbone, crashConsumer);
  }
  console.log(`crash test: effects after each kill ${applied.join(" ")}`);
  await drainUntilQuiet(backbone, crashConsumer);
  await expectOnceEach(backbone, ids);
  for (const agent of agents) {
    const numbers = (await numbersOf(backbone, agent)).map(Number);
    expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
  }
});
