import { createServer } from "node:net";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { createRedis, type RedisHttp } from "../../../src/engine/stream/redis.ts";
import { publicError } from "../../../src/http/errors.ts";
import { startUpstashGateway } from "../../../workers/local/upstash/gateway.ts";
import { openTcpGate } from "../../http/tcp-gate.ts";
import { listen } from "../../listening.ts";

/** The local gateway in front of a Redis of the test. */
async function throughGateway(redisUrl: string, commandTimeoutMs = 15_000): Promise<RedisHttp> {
  const gateway = await startUpstashGateway({ redisUrl, token: "t", commandTimeoutMs });
  onTestFinished(() => gateway.close());
  return createRedis({ url: gateway.url, token: "t", timeoutMs: 20_000 });
}

/** Ends each connection as soon as a command has come, as a Redis that is killed while it works. */
async function dyingRedis(): Promise<string> {
  const server = createServer((socket) =>
    socket.on("data", () => socket.destroy()).on("error", () => undefined),
  );
  const port = await listen(server);
  onTestFinished(() => void server.close());
  return `redis://127.0.0.1:${port}`;
}

describe("Redis that ends in the middle of a command is not available now, which a caller may try again", () => {
  test("for a command, a script and a pipeline", async () => {
    const redis = await throughGateway(await dyingRedis());
    await expectUnavailable(redis.command(["SET", "planted", "planted"]));
    await expectUnavailable(redis.eval("return 1", ["planted"], ["planted"]));
    await expectUnavailable(redis.pipeline([["PING"], ["GET", "planted"]]));
  });

  test("and so is one that keeps silent, or is not there at all; then it works again", async () => {
    const gate = await openTcpGate(inject("services").redisUrl);
    onTestFinished(() => gate.close());
    const redis = await throughGateway(gate.url, 300);
    gate.set("silent");
    await expectUnavailable(redis.command(["GET", "planted"]));
    gate.set("cut");
    await expectUnavailable(redis.eval("return 1", ["planted"], ["planted"]));
    gate.set("open");
    expect(await redis.command(["PING"])).toBe("PONG");
  });
});

async function expectUnavailable(call: Promise<unknown>): Promise<void> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransientError);
  expect(String(error)).toContain("upstream redis unavailable");
  expect(String(error)).not.toContain("planted");
  expect(publicError(error)).toMatchObject({ code: "unavailable", issues: [] });
}
