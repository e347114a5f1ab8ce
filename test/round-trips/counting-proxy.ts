import { listen } from "../listening.ts";
/**
 * A proxy in front of both gateways that keeps a note of each call: when it began and ended, and what it carried. It can
 * hold each call for a time, so that calls that wait for each other stand apart from those that run side by side.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { createSeenScripts, type SeenScripts } from "../seen-scripts.ts";

/** One call over the network, there and back. */
export interface Call {
  readonly to: "redis" | "postgres";
  /** What it carried: names of Redis commands, statements, or `connect`. */
  readonly what: string;
  /** Tells connections apart; null for what came over HTTP. */
  readonly session: number | null;
  /** Redis commands as Upstash bills them (one for each of a pipeline), or statements. */
  readonly count: number;
  readonly startMs: number;
  /** Infinity while it is under way. */
  endMs: number;
}

export interface CountingProxy {
  /** Of both gateways: Redis' commands and Postgres' statements and sessions come in by the same port. */
  readonly url: string;
  /** All calls since `clear`, in the order in which they began. */
  readonly calls: readonly Call[];
  clear(): void;
  close(): Promise<void>;
}

/** What a call carries. */
type Carried = Pick<Call, "what" | "count">;
type Begin = (to: Call["to"], carried: Carried, session?: number | null) => Call;

interface Upstream {
  readonly redisUrl: string;
  /** `postgres://user:password@host:port/database` of the gateway. */
  readonly neonUrl: string;
}

/** @param holdMs how long each call is held before it is passed on */
export async function startCountingProxy(upstream: Upstream, holdMs: number): Promise<CountingProxy> {
  const calls: Call[] = [];
  const scripts = createSeenScripts();
  const neon = new URL(upstream.neonUrl);
  let sessions = 0;
  const begin: Begin = (to, { what, count }, session = null) => {
    const call = { to, what, count, session, startMs: performance.now(), endMs: Number.POSITIVE_INFINITY };
    calls.push(call);
    return call;
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await readText(incoming);
    const isSql = incoming.url === "/sql";
    const call = isSql
      ? begin("postgres", describeStatements(body))
      : begin("redis", describeCommands(body, scripts));
    await delay(holdMs);
    const base = isSql ? `http://${neon.host}` : upstream.redisUrl;
    const { host: _host, connection: _connection, "content-length": _length, ...headers } = incoming.headers;
    const answer = await fetch(`${base}${incoming.url ?? "/"}`, {
      method: incoming.method ?? "POST",
      headers: headers as Record<string, string>,
      body,
    });
    const text = await answer.text();
    call.endMs = performance.now();
    const type = answer.headers.get("content-type") ?? "application/json";
    response.writeHead(answer.status, { "content-type": type }).end(text);
  };
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (near, request) => {
    const far = new WebSocket(`ws://${neon.host}${request.url ?? "/v2"}`);
    sessions += 1;
    const session = sessions;
    relaySocket(near, far, holdMs, (carried) => begin("postgres", carried, session));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    clear: () => void calls.splice(0),
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Passes messages on in order. What the client sends until the server is ready for the next query (message Z) is one
 * call: https://www.postgresql.org/docs/current/protocol-message-formats.html. The handshake is a call of its own; the
 * driver sends its password ahead, and what it is asked meanwhile does not wait for the answer.
 */
function relaySocket(
  near: WebSocket,
  far: WebSocket,
  holdMs: number,
  begin: (carried: Carried) => Call,
): void {
  const opened = new Promise<void>((resolve, reject) => {
    far.once("open", resolve);
    far.once("error", reject);
  });
  opened.catch(() => near.terminate());
  /** Calls without their answer, the oldest first. */
  const waiting: Call[] = [];
  let sending: Promise<void> = opened;
  near.on("message", (data) => {
    const bytes = toBytes(data);
    const last = waiting.at(-1);
    const isBehindHandshake = last?.what === "connect" && isQuery(bytes);
    const isFirst = (last === undefined && !isGoodbye(bytes)) || isBehindHandshake;
    if (isFirst) waiting.push(begin(describeMessages(bytes)));
    const sendAt = performance.now() + (isFirst ? holdMs : 0);
    sending = sending
      .then(() => (isFirst ? delay(Math.max(0, sendAt - performance.now())) : undefined))
      .then(() => far.send(data))
      .catch(() => near.terminate());
  });
  const readiesIn = createReadyScan();
  far.on("message", (data) => {
    for (let ready = readiesIn(toBytes(data)); ready > 0; ready -= 1) {
      const done = waiting.shift();
      if (done !== undefined) done.endMs = performance.now();
    }
    near.send(data);
  });
  near.on("close", () => far.close());
  far.on("close", () => near.close());
  for (const socket of [near, far]) socket.on("error", () => socket.terminate());
}

/** X says goodbye; nobody waits for an answer. */
function isGoodbye(bytes: Buffer): boolean {
  return bytes[0] === 0x58;
}

/** Q, or P of the extended protocol; the messages of a handshake are a start, which has no type, and p. */
function isQuery(bytes: Buffer): boolean {
  return bytes[0] === 0x51 || bytes[0] === 0x50;
}

/** Counts ReadyForQuery in a stream of server messages; a message may be cut anywhere. */
function createReadyScan(): (bytes: Buffer) => number {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    let seen = 0;
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1) + 1;
      if (rest.length < length) break;
      if (rest[0] === 0x5a) seen += 1;
      rest = rest.subarray(length);
    }
    return seen;
  };
}

/** What a client's first bytes of a call say. A start has no type byte; its first four are its length. */
function describeMessages(bytes: Buffer): Carried {
  if (bytes[0] === 0) {
    const password = bytes.subarray(bytes.readUInt32BE(0));
    const query = password[0] === 0x70 ? password.subarray(password.readUInt32BE(1) + 1) : password;
    if (query.length === 0) return { what: "connect", count: 0 };
    // The driver did not wait for the answer to its password.
    const { what, count } = describeMessages(query);
    return { what: `connect | ${what}`, count };
  }
  const type = String.fromCharCode(bytes[0] ?? 0);
  // Q: the text; P: the name of the prepared statement, then the text.
  const body = bytes.subarray(5).toString("utf8");
  const text = (type === "P" ? body.split("\0")[1] : body.split("\0")[0]) ?? "";
  return { what: oneLine(text), count: statementsIn(text) };
}

function statementsIn(text: string): number {
  return text.split(";").filter((part) => part.trim() !== "").length;
}

function describeStatements(body: string): Carried {
  const parsed = JSON.parse(body) as { query?: string; queries?: readonly { query: string }[] };
  const texts = parsed.queries?.map(({ query }) => query) ?? [parsed.query ?? ""];
  return { what: texts.map(oneLine).join(" | "), count: texts.length };
}

function describeCommands(body: string, scripts: SeenScripts): Carried {
  const parsed = JSON.parse(body) as readonly unknown[];
  const sent = (Array.isArray(parsed[0]) ? parsed : [parsed]) as readonly (readonly string[])[];
  const commands = scripts.withTexts(sent) ?? sent;
  return { what: commands.map(describeCommand).join(" | "), count: commands.length };
}

/** A script is told by what it calls. */
function describeCommand([name, script]: readonly unknown[]): string {
  const command = String(name).toUpperCase();
  if (command !== "EVAL" && command !== "EVALSHA") return command;
  const called = [...String(script).matchAll(/redis\.p?call\('(\w+)'/g)].map(([, inner]) => inner);
  return `${command}(${[...new Set(called)].join(" ")})`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function toBytes(data: RawData): Buffer {
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
}
