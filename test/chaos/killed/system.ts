import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, type Engine, parseEngineSettings } from "@brain/engine";
import pg from "pg";
import { onTestFinished } from "vitest";
import { prepareDataDir } from "../../../workers/local/data-dir.ts";
import { migrate } from "../../../workers/local/migrate.ts";
import { labCatalog } from "../../engine/events.ts";
import { openDoor } from "../doors.ts";
import type { Random } from "../random.ts";
import { type Servers, startServers } from "../servers.ts";
import type { GatewaySettings } from "./gateway-process.ts";
import { jobNamed, killedConsumer, workTables } from "./work.ts";

/*
 * Servers, gateways and workers, each a process of its own that is killed with SIGKILL, alone, and comes back. The test
 * itself has a way of its own to the servers, which ends only with them.
 */

export type Target =
  | "worker"
  | "all workers"
  | "redis"
  /** It comes back empty. */
  | "redis and its data"
  | "postgres"
  | "gateway of redis"
  | "gateway of postgres";

export interface KilledSystem {
  /** On the test's own way; for what a request does. */
  readonly engine: Engine;
  /** @throws while Postgres is away */
  sql<Row>(text: string, params?: unknown[]): Promise<Row[]>;
  /** Fulfilled when it is there again. */
  kill(target: Target, random: Random): Promise<void>;
}

const token = "killed";
/** Side by side. */
const workers = 2;

/** @param env what is set otherwise */
export async function startKilledSystem(env: Readonly<Record<string, string>> = {}): Promise<KilledSystem> {
  const folder = await prepareDataDir(await mkdtemp(join(tmpdir(), "brain-killed-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const servers = await startServers(folder);
  onTestFinished(servers.stop);
  await migrate(servers.databaseUrl);
  const pool = new pg.Pool({ connectionString: servers.databaseUrl, max: 2 });
  pool.on("error", () => undefined);
  onTestFinished(() => pool.end());
  await pool.query(workTables);
  const own = await servers.openAccess(token);
  const engine = createEngine({
    catalog: labCatalog,
    settings: parseEngineSettings(systemEnv(own, env)),
    consumers: [killedConsumer],
    jobs: [jobNamed(env.CHAOS_JOB)],
    sink: () => undefined,
  });
  // Who is started again need not compile what it is made of again.
  const compiled = { NODE_COMPILE_CACHE: join(folder, "compiled") };
  const [redis, postgres] = await Promise.all([
    startGateway({ kind: "redis", redisUrl: servers.redisUrl, token }, compiled),
    startGateway({ kind: "postgres", databaseUrl: servers.databaseUrl }, compiled),
  ]);
  const gateways = { redis, postgres };
  const access = { upstashUrl: gateways.redis.url, neonUrl: gateways.postgres.url };
  const running = await Promise.all(
    Array.from({ length: workers }, () =>
      startMortal("worker-process.ts", { ...systemEnv(access, env), ...compiled }),
    ),
  );
  return {
    engine,
    async sql<Row>(text: string, params: unknown[] = []) {
      return (await pool.query(text, params)).rows as Row[];
    },
    kill: (target, random) => kill(target, { servers, gateways, running, random }),
  };
}

function systemEnv(
  { upstashUrl, neonUrl }: { readonly upstashUrl: string; readonly neonUrl: string },
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    UPSTASH_REDIS_REST_URL: upstashUrl,
    UPSTASH_REDIS_REST_TOKEN: token,
    NEON_DATABASE_URL: neonUrl,
    BRAIN_REDIS_PREFIX: "killed",
    // Short, so that the work of who was killed is soon another's; it is renewed three times meanwhile, also where
    // machines are slow.
    BRAIN_LEASE_MS: "1500",
    BRAIN_SUBREQUEST_LIMIT: "10000",
    ...env,
  };
}

/** A process that can be killed, and started again as it was. */
interface Mortal {
  /** What it said when it was ready. */
  readonly said: { readonly url?: string };
  /** Killed now; fulfilled when the next one is ready. */
  kill(): Promise<{ readonly url?: string }>;
}

async function startMortal(file: string, env: Readonly<Record<string, string>>): Promise<Mortal> {
  let child: ChildProcess;
  const start = async () => {
    child = fork(join(import.meta.dirname, file), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: { PATH: process.env.PATH ?? "", ...env },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const [said] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => {
        throw new Error(`${file} ended with ${code} before it was ready`);
      }),
    ]);
    return said as { readonly url?: string };
  };
  const end = async () => {
    const exited = once(child, "exit");
    if (child.kill("SIGKILL")) await exited;
  };
  const said = await start();
  onTestFinished(end);
  return {
    said,
    async kill() {
      await end();
      return start();
    },
  };
}

interface Gateway {
  /** Stays, whatever the port of the process is. */
  readonly url: string;
  kill(): Promise<void>;
}

async function startGateway(
  settings: GatewaySettings,
  env: Readonly<Record<string, string>>,
): Promise<Gateway> {
  const mortal = await startMortal("gateway-process.ts", { CHAOS_GATEWAY: JSON.stringify(settings), ...env });
  const url = new URL(mortal.said.url ?? "");
  const door = await openDoor(Number(url.port));
  onTestFinished(door.close);
  url.port = String(door.port);
  return {
    url: url.href,
    async kill() {
      door.lead(null);
      const { url: next = "" } = await mortal.kill();
      door.lead(Number(new URL(next).port));
    },
  };
}

interface Killable {
  readonly servers: Servers;
  readonly gateways: { readonly redis: Gateway; readonly postgres: Gateway };
  readonly running: readonly Mortal[];
  readonly random: Random;
}

async function kill(target: Target, { servers, gateways, running, random }: Killable): Promise<void> {
  const downMs = random.whole(0, 300);
  switch (target) {
    case "worker":
      await running[random.whole(0, running.length - 1)]?.kill();
      return;
    case "all workers":
      await Promise.all(running.map((one) => one.kill()));
      return;
    case "redis":
      return servers.killRedis("kept", downMs, 0);
    case "redis and its data":
      return servers.killRedis("all-lost", downMs, 0);
    case "postgres":
      return servers.killPostgres(downMs);
    case "gateway of redis":
      return gateways.redis.kill();
    case "gateway of postgres":
      return gateways.postgres.kill();
  }
}
