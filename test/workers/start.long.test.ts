import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStreamKeys } from "@brain/engine";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findFreePort } from "../../workers/local/ports.ts";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { waitFor } from "../wait-for.ts";
import { type Child, processesOf, startChild } from "./child.ts";
import { call, createCourse, createToStaging, distributionsOf, type Served } from "./course-flow.ts";

/** As `npm start` runs it. */
const main = [
  "--import",
  new URL("../../tools/kept-resolution.ts", import.meta.url).href,
  fileURLToPath(new URL("../../workers/local/main.ts", import.meta.url).href),
];
const charter = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url).href);
/** Of one start; only what hangs takes longer. */
const startMs = 120_000;
/** Several starts, each with a bundler and a runtime, on a machine that others use too. */
const severalStartsMs = 4 * startMs;
const readyLine = /^ready {2}(http:\/\/127\.0\.0\.1:\d+) {2}key (\S{16,})$/m;

const children: { child: Child; dataDir: string }[] = [];
const dataDirs: string[] = [];

async function newDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "brain-start-"));
  dataDirs.push(dataDir);
  return dataDir;
}

function start(
  dataDir: string,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Child {
  const child = startChild(process.execPath, [...main, ...options], { BRAIN_DATA_DIR: dataDir, ...env });
  children.push({ child, dataDir });
  return child;
}

async function untilReady(child: Child): Promise<Served> {
  const [, url = "", key = ""] = await child.until(readyLine, startMs);
  return { url, key };
}

/** Nothing of the start runs any more; guards need a moment to notice that they are not needed. */
async function expectNothingLeft(dataDir: string): Promise<void> {
  const left = await waitFor(
    `the end of all processes of ${dataDir}`,
    () => processesOf(dataDir),
    (processes) => processes.length === 0,
    { timeoutMs: 20_000 },
  );
  expect(left).toEqual([]);
}

afterEach(async () => {
  for (const { child } of children.splice(0)) await child.kill();
});
afterAll(async () => {
  for (const dataDir of dataDirs) await rm(dataDir, { recursive: true, force: true });
});

describe("a start on services that are given", () => {
  let sandbox: Sandbox;
  const given = () => ({
    REDIS_URL: sandbox.redisUrl,
    DATABASE_URL: sandbox.databaseUrl,
    BRAIN_REDIS_PREFIX: sandbox.prefix,
  });
  beforeAll(async () => {
    sandbox = await createSandbox();
  });
  afterAll(() => sandbox?.cleanup());

  test(
    "prints address and key, serves with them, refuses a second start, and leaves nothing at SIGINT",
    async () => {
      const dataDir = await newDataDir();
      const port = await findFreePort();
      const child = start(dataDir, { ...given(), PORT: String(port) });
      const served = await untilReady(child);
      expect(served.url).toBe(`http://127.0.0.1:${port}`);
      expect((await call(served, "GET", "/api/events/stats")).status).toBe(200);
      expect((await call({ ...served, key: `${served.key}x` }, "GET", "/api/events/stats")).status).toBe(401);
      const kept = await readFile(join(dataDir, "server.json"), "utf8");
      expect(JSON.parse(kept)).toEqual({ ...served, pid: child.pid });
      const stagingUrl = (await createToStaging(served, 120_000)).entry?.staging_url ?? "";
      expect(stagingUrl).toContain(`http://127.0.0.1:${port}/staging/`);
      const staged = await fetch(stagingUrl);
      expect(staged.status).toBe(200);
      expect(await staged.text()).toContain("<h1>");

      const samePort = start(await newDataDir(), { ...given(), PORT: String(port) });
      expect(await samePort.ended(startMs), samePort.output()).toBe(1);
      expect(samePort.output()).toContain(`port ${port} is in use`);
      const sameData = start(dataDir, { ...given(), PORT: "0" });
      expect(await sameData.ended(startMs), sameData.output()).toBe(1);
      expect(sameData.output()).toContain(`in use by process ${child.pid}`);
      // The first one did not notice.
      expect((await call(served, "GET", "/api/health")).status).toBe(200);

      expect((await processesOf(dataDir)).length).toBeGreaterThan(1);
      child.signal("SIGINT");
      expect(await child.ended(startMs), child.output()).toBe(0);
      await expectNothingLeft(dataDir);
      await expect(call(served, "GET", "/api/health")).rejects.toThrow();
      await expect(readFile(join(dataDir, "server.json"))).rejects.toThrow("ENOENT");
    },
    severalStartsMs,
  );

  test(
    "stops at a SIGINT that only npm gets, and keeps the address in view",
    async () => {
      const dataDir = await newDataDir();
      const child = startChild("npm", ["start"], { ...given(), PORT: "0", BRAIN_DATA_DIR: dataDir });
      children.push({ child, dataDir });
      await untilReady(child);
      // On a slow machine lines of the first tick may follow; it comes again before they push it out of view.
      await waitFor(
        "the address among the last lines",
        () => child.output().trimEnd().split("\n").slice(-8),
        (lines) => lines.some((line) => readyLine.test(line)),
        { timeoutMs: 60_000 },
      );
      child.signal("SIGINT");
      expect(await child.ended(startMs), child.output()).toBe(0);
      await expectNothingLeft(dataDir);
    },
    severalStartsMs,
  );

  test(
    "takes the key that it is given; after ten hours off raises no alert, and the doctor has nothing to say",
    async () => {
      const tenHoursAgo = Date.now() - 36_000_000;
      const keys = createStreamKeys(sandbox.prefix);
      const redis = createRedisConnection({ url: sandbox.redisUrl });
      await redis.send(
        [
          ["SET", keys.cronTick(), String(tenHoursAgo)],
          ["HSET", keys.heartbeats(), "janitor", JSON.stringify({ at: new Date(tenHoursAgo) })],
        ],
        plainReply,
      );
      redis.close();
      const key = "a-key-of-my-own-0123456789";
      const child = start(await newDataDir(), { ...given(), PORT: "0", BRAIN_API_KEY: key });
      const served = await untilReady(child);
      expect(served.key).toBe(key);
      const doctor = startChild(process.execPath, [charter, "doctor"], {
        CHARTER_URL: served.url,
        CHARTER_KEY: served.key,
      });
      expect(await doctor.ended(startMs), doctor.output()).toBe(0);
      expect(doctor.output()).toMatch(/^ok +cron: last seen /m);
      expect((await call(served, "GET", "/api/alerts?status=all")).body.alerts).toEqual([]);
      expect(child.output()).not.toContain("did not come");
      expect((await call(served, "GET", "/api/consumers")).status).toBe(200);
      child.signal("SIGTERM");
      expect(await child.ended(startMs), child.output()).toBe(0);
    },
    severalStartsMs,
  );
});

describe("a start on the gateways of npm run services", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox();
  });
  afterAll(() => sandbox?.cleanup());

  test(
    "needs nothing but what that printed, and migrates through them",
    async () => {
      const given = { REDIS_URL: sandbox.redisUrl, DATABASE_URL: sandbox.databaseUrl };
      const dataDir = await newDataDir();
      const services = startChild(process.execPath, [...main, "--services"], {
        BRAIN_DATA_DIR: dataDir,
        ...given,
      });
      children.push({ child: services, dataDir });
      await services.until(/^ready$/m, startMs);
      const printed = Object.fromEntries(
        [...services.output().matchAll(/^ {2}(\w+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [
          name,
          value,
        ]),
      );
      expect(Object.keys(printed).sort()).toEqual([
        "DATABASE_URL",
        "NEON_DATABASE_URL",
        "REDIS_URL",
        "UPSTASH_REDIS_REST_TOKEN",
        "UPSTASH_REDIS_REST_URL",
      ]);
      const { DATABASE_URL: _direct, REDIS_URL: _redis, ...gateways } = printed;
      const child = start(await newDataDir(), {
        ...gateways,
        BRAIN_REDIS_PREFIX: sandbox.prefix,
        PORT: "0",
      });
      const served = await untilReady(child);
      expect(child.output()).toContain("✓ migrations applied");
      const { entry } = await createToStaging(served, 120_000);
      // The workers know also a port that was chosen for them.
      expect(entry?.staging_url).toContain(`${served.url}/staging/`);
      expect((await fetch(entry?.staging_url ?? "")).status).toBe(200);
    },
    severalStartsMs,
  );
});

describe("a start without a stream", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox();
  });
  afterAll(() => sandbox?.cleanup());

  test(
    "starts none and says so, passes settings on, and names the one that nobody reads",
    async () => {
      const dataDir = await newDataDir();
      const child = start(dataDir, {
        DATABASE_URL: sandbox.databaseUrl,
        BRAIN_EVENTSTREAM_MODE: "degraded",
        ENABLE_MISSION_WORKER: "false",
        BRAIN_SHARD: "2",
        PORT: "0",
      });
      const served = await untilReady(child);
      expect(child.output()).toMatch(/^! DEGRADED: .* no event stream is needed, so none is started/m);
      expect(child.output()).toMatch(
        /^! BRAIN_SHARD is set, and nobody here reads it\. Did you mean BRAIN_SHARDS\?$/m,
      );
      expect(child.output()).not.toMatch(/redis-server|Upstash|UPSTASH/);
      expect((await processesOf(dataDir)).map(({ command }) => command).join("\n")).not.toMatch(/redis/);
      const health = await call(served, "GET", "/api/health");
      expect(health.body).toMatchObject({ status: "degraded", event_stream: false, mode: "degraded" });
      expect((await call(served, "GET", "/api/missions/health")).body).toMatchObject({ status: "degraded" });
      expect((await createCourse(served)).length).toBeGreaterThan(10);
      child.signal("SIGTERM");
      expect(await child.ended(startMs), child.output()).toBe(0);
      await expectNothingLeft(dataDir);
    },
    severalStartsMs,
  );
});

describe("a start that cannot succeed ends with 1, says why, and leaves nothing", () => {
  test.each([
    [
      "a database that is not there",
      { DATABASE_URL: "postgres://brain:secret-4711@127.0.0.1:1/brain" },
      /127\.0\.0\.1:1|ECONNREFUSED/,
    ],
    [
      "a Redis that is not there",
      { REDIS_URL: "redis://:secret-4711@127.0.0.1:1" },
      /^✗ REDIS_URL names 127\.0\.0\.1:1, and cannot connect .*ECONNREFUSED.*leave it out/m,
    ],
    [
      "an Upstash that is not there",
      { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1", UPSTASH_REDIS_REST_TOKEN: "secret-4711" },
      /^✗ UPSTASH_REDIS_REST_URL names 127\.0\.0\.1:1, and /m,
    ],
    ["an unknown option", {}, /^✗ --wach is not known, expected --services or --watch/m, ["--wach"]],
    ["a database address that is none", { DATABASE_URL: "nonsense" }, /DATABASE_URL|URL/],
    ["a port that is none", { PORT: "70000" }, /PORT is '70000'/],
    ["an unknown mode", { BRAIN_EVENTSTREAM_MODE: "optional" }, /BRAIN_EVENTSTREAM_MODE is 'optional'/],
    ["half of Upstash", { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1" }, /UPSTASH_REDIS_REST_TOKEN is not/],
  ])(
    "%s",
    async (_what, env: Readonly<Record<string, string>>, reason, options: readonly string[] = []) => {
      const dataDir = await newDataDir();
      const child = start(dataDir, { PORT: "0", ...env }, options);
      expect(await child.ended(startMs), child.output()).toBe(1);
      expect(child.output()).not.toMatch(/✓ (Redis|Upstash|PostgreSQL) at/);
      expect(child.output()).toMatch(reason);
      expect(child.output()).not.toMatch(/secret-4711|\n\s+at /);
      await expectNothingLeft(dataDir);
    },
    severalStartsMs,
  );
});

describe("a start with nothing given", () => {
  test(
    "brings its own Redis and PostgreSQL, keeps key and data, and stops all of it",
    async () => {
      const dataDir = await newDataDir();
      const first = start(dataDir, { PORT: "0" });
      const served = await untilReady(first);
      expect(first.output()).toMatch(/✓ redis-server [\d.]+/);
      expect(first.output()).toMatch(/✓ PostgreSQL [\d.]+/);
      const { courseId } = await createToStaging(served, 120_000);
      const running = (await processesOf(dataDir)).map(({ command }) => command).join("\n");
      for (const program of ["redis-server", "postgres", "workerd"]) expect(running).toContain(program);

      // What ends unasked is started again, where it was.
      for (const program of ["redis-server", "bin/postgres -D", "workerd serve"]) {
        const [victim] = (await processesOf(dataDir)).filter(({ command }) => command.includes(program));
        if (victim === undefined) throw new Error(`no process ${program}`);
        process.kill(victim.pid, "SIGKILL");
        await waitFor(
          `another ${program}, and a course through all of it`,
          async () => {
            const pids = (await processesOf(dataDir)).filter(({ command }) => command.includes(program));
            return { pids, id: await createCourse(served) };
          },
          ({ pids }) => pids.some(({ pid }) => pid !== victim.pid),
          { timeoutMs: 60_000, everyMs: 200 },
        );
      }
      expect(first.output()).toMatch(/! redis-server ended \(SIGKILL\); starting it again/);
      expect(first.output()).toMatch(/! PostgreSQL ended \(SIGKILL\); starting it again/);
      // A wake that died with its worker is made good by cron, a minute later at most.
      await createToStaging(served, 120_000);

      const task = await call(served, "POST", "/api/tasks", { title: "Order frames" });
      first.signal("SIGTERM");
      expect(await first.ended(startMs), first.output()).toBe(0);
      await expectNothingLeft(dataDir);
      // The daily file arose by itself, and ended whole.
      const [daily = ""] = await readdir(join(dataDir, "task-events"));
      expect(daily).toMatch(/^events-\d{4}-\d\d-\d\d\.jsonl$/);
      const lines = (await readFile(join(dataDir, "task-events", daily), "utf8")).trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { event_type: "TaskCreated", task_id: task.body.task_id, title: "Order frames" },
      ]);

      const second = start(dataDir, { PORT: "0" });
      const again = await untilReady(second);
      expect(again.key).toBe(served.key);
      expect(await distributionsOf(again, courseId)).toHaveLength(1);
      // Not even a kill that nobody can catch leaves a server behind.
      second.signal("SIGKILL");
      expect(await second.ended(startMs), second.output()).toBe("SIGKILL");
      await waitFor(
        "the guards end what the killed start left",
        () => processesOf(dataDir),
        (processes) => processes.length === 0,
      );
    },
    severalStartsMs,
  );
});
