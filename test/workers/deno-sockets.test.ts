import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { root } from "../../tools/root.ts";
import { startChild } from "./child.ts";

/** Bytes of the pieces in which a message of 4,000 bytes arrives from Deno. */
async function piecesFrom(whose: "ours" | "own"): Promise<number[]> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const pieces: number[] = [];
  server.on("connection", (socket, request) => {
    request.socket.on("data", (chunk: Buffer) => pieces.push(chunk.length));
    socket.on("message", () => socket.send("seen"));
  });
  const { port } = server.address() as AddressInfo;
  const program = `${root}test/workers/deno-sockets-program.ts`;
  const args = ["run", "--node-modules-dir=manual", "--allow-env", "--allow-net", program];
  const child = startChild(`${root}node_modules/.bin/deno`, [...args, `ws://127.0.0.1:${port}/`, whose], {});
  onTestFinished(() => child.kill());
  const [seen] = (await once(server, "connection")) as [import("ws").WebSocket];
  await once(seen, "message");
  return pieces;
}

// A piece that comes behind the first one was held until that was acknowledged, which the other side may delay.
test("a long statement leaves Deno in one piece", async () => {
  expect(await piecesFrom("ours")).toEqual([4_008]);
});

test("control: over Deno's own WebSocket the rest waits until its head is acknowledged", async () => {
  expect((await piecesFrom("own"))[0]).toBeLessThan(100);
});
