import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, inject, test } from "vitest";
import { startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { startStripeStandIn } from "../../workers/local/stripe/stand-in.ts";
import { startUpstashGateway } from "../../workers/local/upstash/gateway.ts";
import { waitFor } from "../wait-for.ts";

/*
 * Clients that ask for another protocol, break off, or send garbage. The servers run in this process: an error that
 * nobody handles ends the run.
 */

const servers: { name: string; port: number; close(): Promise<void> }[] = [];
beforeAll(async () => {
  const { databaseUrl, redisUrl } = inject("services");
  const neon = await startNeonGateway({ databaseUrl });
  servers.push({ name: "neon", port: portOf(neon.httpUrl), close: neon.close });
  const upstash = await startUpstashGateway({ redisUrl, token: "token" });
  servers.push({ name: "upstash", port: portOf(upstash.url), close: upstash.close });
  const stripe = await startStripeStandIn({ secretKey: "sk_test", webhookSecret: "whsec_test" });
  servers.push({ name: "stripe", port: portOf(stripe.url), close: stripe.close });
});
afterAll(async () => {
  for (const { close } of servers) await close();
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`;
const beginnings: readonly (readonly [string, string | Buffer])[] = [
  ["an upgrade to a path that has none", upgrade("/somewhere")],
  ["an upgrade to the sessions of Neon", upgrade("/v2")],
  ["an upgrade with garbage behind it", Buffer.concat([Buffer.from(upgrade("/v2")), randomBytes(500)])],
  ["a body that never ends", "POST /sql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"],
  ["broken chunks", "POST /pipeline HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ["no HTTP", randomBytes(300)],
  ["an address that is none", "GET //:99999:/%zz HTTP/1.1\r\nHost: x\r\n\r\n"],
];

/** Sends the beginning and resets the connection, at once or when something has come back. */
async function breakOff(port: number, bytes: string | Buffer, waits: boolean): Promise<void> {
  const socket: Socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const answered = new Promise<void>((resolve) => {
    for (const event of ["data", "close"]) socket.once(event, () => resolve());
    // Who waits for the rest of a body says nothing.
    setTimeout(resolve, 300).unref();
  });
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  if (waits) await answered;
  socket.resetAndDestroy();
}

test.each(beginnings)("%s, reset by the client, ends no server", async (_what, bytes) => {
  for (const { port } of servers) {
    for (let round = 0; round < 10; round += 1) await breakOff(port, bytes, round % 2 === 1);
  }
  for (const { name, port } of servers) {
    await waitFor(
      `an answer of ${name}`,
      async () => (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) })).status,
      (status) => status >= 200 && status < 500,
    );
  }
});
