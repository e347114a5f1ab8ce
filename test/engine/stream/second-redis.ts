import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { prepareDataDir } from "../../../workers/local/data-dir.ts";
import { createRedisConnection } from "../../../workers/local/redis/connection.ts";
import { plainReply } from "../../../workers/local/redis/resp.ts";
import { startRedis } from "../../../workers/local/redis/server.ts";
import { startUpstashGateway } from "../../../workers/local/upstash/gateway.ts";
import { openDoor } from "../../chaos/doors.ts";

/** A redis-server of one test with a gateway of its own, beside the one that all tests share. */
export interface SecondRedis {
  /** As it stands in BRAIN_MORE_REDIS. */
  readonly address: string;
  command(...words: string[]): Promise<unknown>;
  /** SIGKILL. The gateway stays, and finds nobody behind it. */
  kill(): Promise<void>;
  /** Starts it again, with its data. */
  bringBack(): Promise<void>;
}

const quiet = () => undefined;
const portOf = (url: string) => Number(new URL(url).port);

/** Gone when the test ends. */
export async function startSecondRedis(): Promise<SecondRedis> {
  const dataDir = await prepareDataDir(await mkdtemp(join(tmpdir(), "brain-second-redis-")));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  let server = await startRedis({ dataDir, onProgress: quiet });
  onTestFinished(() => server.stop());
  // It has another port when it is back.
  const door = await openDoor(portOf(server.url));
  onTestFinished(() => door.close());
  const redisUrl = `redis://127.0.0.1:${door.port}`;
  const token = randomBytes(12).toString("hex");
  const gateway = await startUpstashGateway({ redisUrl, token });
  onTestFinished(() => gateway.close());
  return {
    address: `${gateway.url} ${token}`,
    async command(...words) {
      const connection = createRedisConnection({ url: server.url });
      try {
        const [reply] = await connection.send([words], plainReply);
        return reply;
      } finally {
        connection.close();
      }
    },
    async kill() {
      process.kill(server.pid, "SIGKILL");
      await server.stop();
      door.lead(null);
      door.cut();
    },
    async bringBack() {
      server = await startRedis({ dataDir, onProgress: quiet });
      door.lead(portOf(server.url));
    },
  };
}
