import { readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { startPostgres } from "../../workers/local/postgres/server.ts";
import { type RunningServer, startRedis } from "../../workers/local/redis/server.ts";
import { startUpstashGateway } from "../../workers/local/upstash/gateway.ts";
import { type Door, openDoor } from "./doors.ts";

/*
 * A Redis and a PostgreSQL of our own that are killed with SIGKILL and come back with their data, or with what a power
 * failure leaves of it.
 */

/** What Redis still has when it is back: everything, all but its last writes, or nothing. */
export type RedisData = "kept" | "tail-lost" | "all-lost";

export interface Servers {
  /** Doors that lead to the servers and survive them; for whoever looks from outside. */
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** Killed now, started again after `downMs`. One kill of a server at a time. */
  killRedis(data: RedisData, downMs: number, tailBytes: number): Promise<void>;
  killPostgres(downMs: number): Promise<void>;
  /** The way of one worker to both servers, with its own faults. */
  openAccess(token: string): Promise<Access>;
  stop(): Promise<void>;
}

/** How one worker reaches the servers. */
export interface Access {
  /** The gateway of Redis, without faults of the network. */
  readonly upstashUrl: string;
  readonly neonUrl: string;
  /** Between the worker and the gateway of Postgres. */
  readonly front: Door;
  /** Between that gateway and Postgres: here commits can be seen. */
  readonly back: Door;
}

const quiet = () => undefined;

/** @param dataDir a folder of its own; whoever gave it removes it */
export async function startServers(dataDir: string): Promise<Servers> {
  const steps: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of steps.splice(0).toReversed()) await step().catch(quiet);
  };
  try {
    let redis = await startRedis({ dataDir, onProgress: quiet });
    steps.push(() => redis.stop());
    let postgres = await startPostgres({ dataDir });
    steps.push(() => postgres.stop());
    const redisDoors: Door[] = [];
    const postgresDoors: Door[] = [];
    const addDoor = async (doors: Door[], server: RunningServer) => {
      const door = await openDoor(portOf(server.url));
      doors.push(door);
      steps.push(door.close);
      return door;
    };
    const redisUrl = throughDoor(redis.url, await addDoor(redisDoors, redis));
    const databaseUrl = throughDoor(postgres.url, await addDoor(postgresDoors, postgres));
    const redisTurns = inTurns();
    const postgresTurns = inTurns();
    return {
      redisUrl,
      databaseUrl,
      killRedis: (data, downMs, tailBytes) =>
        redisTurns(async () => {
          process.kill(redis.pid, "SIGKILL");
          await redis.stop();
          await spoilRedis(join(dataDir, "redis"), data, tailBytes);
          await delay(downMs);
          redis = await startRedis({ dataDir, onProgress: quiet });
          for (const door of redisDoors) door.lead(portOf(redis.url));
        }),
      killPostgres: (downMs) =>
        postgresTurns(async () => {
          await killFamily(postgres.pid);
          await postgres.stop();
          await delay(downMs);
          postgres = await startPostgres({ dataDir });
          for (const door of postgresDoors) door.lead(portOf(postgres.url));
        }),
      async openAccess(token) {
        const redisDoor = await addDoor(redisDoors, redis);
        const upstash = await startUpstashGateway({ redisUrl: throughDoor(redis.url, redisDoor), token });
        steps.push(upstash.close);
        const back = await addDoor(postgresDoors, postgres);
        const neon = await startNeonGateway({ databaseUrl: throughDoor(postgres.url, back) });
        steps.push(neon.close);
        const front = await openDoor(portOf(neon.connectionString()));
        steps.push(front.close);
        return { upstashUrl: upstash.url, neonUrl: throughDoor(neon.connectionString(), front), front, back };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function throughDoor(url: string, door: Door): string {
  const through = new URL(url);
  through.port = String(door.port);
  return through.href;
}

/** Runs one after the other what must not overlap; a failure is the caller's and stops nobody else. */
function inTurns(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(quiet);
    return turn;
  };
}

async function spoilRedis(folder: string, data: RedisData, tailBytes: number): Promise<void> {
  const files = join(folder, "appendonlydir");
  if (data === "all-lost") return rm(files, { recursive: true, force: true });
  if (data === "kept") return;
  // SIGKILL loses nothing that was written; a power failure loses what was not yet on the disk (appendfsync everysec).
  const names = (await readdir(files)).filter((name) => name.endsWith(".incr.aof")).sort();
  const file = join(files, names.at(-1) ?? "");
  const { size } = await stat(file);
  await truncate(file, Math.max(0, size - tailBytes));
}

/**
 * Kills a server together with its processes, as a machine that stops does. A new PostgreSQL must not start while one of
 * the old ones lives.
 */
async function killFamily(pid: number): Promise<void> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const children = text.trim().split(" ").filter(Boolean).map(Number);
  for (const id of [pid, ...children]) kill(id);
  for (const id of children) while (kill(id)) await delay(5);
}

/** @returns false when there is no such process any more */
function kill(id: number): boolean {
  try {
    process.kill(id, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
