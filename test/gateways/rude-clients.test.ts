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

interface LocalServer {
  readonly name: string;
  readonly port: number;
  close(): Promise<void>;
}

async function startAll(): Promise<LocalServer[]> {
  const { databaseUrl, redisUrl } = inject("services");
  const neon = await startNeonGateway({ databaseUrl });
  const upstash = await startUpstashGateway({ redisUrl, token: "token" });
  const stripe = await startStripeStandIn({ secretKey: "sk_test", webhookSecret: "whsec_test" });
  return [
    { name: "neon", port: portOf(neon.httpUrl), close: neon.close },
    { name: "upstash", port: portOf(upstash.url), close: upstash.close },
    { name: "stripe", port: portOf(stripe.url), close: stripe.close },
  ];
}

let servers: LocalServer[] = [];
beforeAll(async () => {
  servers = await startAll();
});
afterAll(async () => {
  for (const { close } of servers) await close();
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}

const upgrade = (path: string, protocol = "websocket") =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`;
const beginnings: readonly (readonly [string, string | Buffer])[] = [
  ["an upgrade to another path", upgrade("/somewhere")],
  ["an upgrade to another protocol", upgrade("/v2", "h2c")],
  ["an upgrade to the sessions of Neon", upgrade("/v2")],
  ["an upgrade with garbage behind it", Buffer.concat([Buffer.from(upgrade("/v2")), randomBytes(500)])],
  ["a body that never ends", "POST /sql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"],
  ["broken chunks", "POST /pipeline HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ["no HTTP", randomBytes(300)],
  ["an address that is none", "GET //:99999:/%zz HTTP/1.1\r\nHost: x\r\n\r\n"],
];

/** Sends the beginning, and closes nothing whatever comes back. `answered`: something has, or nothing does. */
async function begin(
  port: number,
  bytes: string | Buffer,
): Promise<{ socket: Socket; answered: Promise<void> }> {
  const socket: Socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const answered = new Promise<void>((resolve) => {
    for (const event of ["data", "close"]) socket.once(event, () => resolve());
    // Who waits for the rest of a body says nothing.
    setTimeout(resolve, 300).unref();
  });
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  return { socket, answered };
}

test.each(beginnings)("%s, reset by the client, ends no server", async (_what, bytes) => {
  for (const { port } of servers) {
    for (let round = 0; round < 10; round += 1) {
      const { socket, answered } = await begin(port, bytes);
      // At once, or when something has come back.
      if (round % 2 === 1) await answered;
      socket.resetAndDestroy();
    }
  }
  for (const { name, port } of servers) {
    await waitFor(
      `an answer of ${name}`,
      async () => (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) })).status,
      (status) => status >= 200 && status < 500,
    );
  }
});

const silences: readonly (readonly [string, string | Buffer])[] = [
  ["nothing", ""],
  ["half of a packet of Postgres", Buffer.from([0, 0])],
];
test.each([...beginnings, ...silences])(
  "%s, kept open by the client, does not hold up the stop of a server",
  async (_what, bytes) => {
    const stopped = await startAll();
    const begun = await Promise.all(stopped.map(({ port }) => begin(port, bytes)));
    await Promise.all(begun.map(({ answered }) => answered));
    try {
      await Promise.all(stopped.map(({ close }) => close()));
    } finally {
      for (const { socket } of begun) socket.destroy();
    }
  },
  20_000,
);

test("a client that went without a word does not hold up the stop of a server", async () => {
  const stopped = await startAll();
  // A worker that is killed while it connects.
  for (const { port } of stopped) (await begin(port, "")).socket.end();
  await Promise.all(stopped.map(({ close }) => close()));
}, 20_000);
