import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { closeServer, listenOnLoopback } from "../../workers/local/ports.ts";
import type { Random } from "./random.ts";

/*
 * The network between a worker and its services, with its faults. A door stands at a fixed port, whatever the port of
 * the server behind it, so a server that is killed and started again is found at its place.
 */

/** `before`: Postgres never sees the COMMIT. `after`: it commits, and the answer is lost. */
export type CommitFault = "before" | "after";

export interface Door {
  readonly port: number;
  /** Where connections go from now on; null: nobody is there. */
  lead(port: number | null): void;
  /** Ends all open connections, in the middle of whatever they do. */
  cut(): void;
  /** Everything passes this much later, ms; 0 at once. */
  slow(ms: number): void;
  /** What becomes of the next commits. */
  breakCommits(fault: CommitFault, times: number): void;
  close(): Promise<void>;
}

/** A commit as the wire has it: a query message with this one word. */
const commitMessage = Buffer.from("COMMIT\0");

/** @param port of the server behind the door; null until it is known */
export async function openDoor(port: number | null = null): Promise<Door> {
  let target = port;
  let slowMs = 0;
  let commits: { readonly fault: CommitFault; left: number } = { fault: "before", left: 0 };
  const sockets = new Set<Socket>();
  const track = (socket: Socket, other: () => Socket) => {
    sockets.add(socket);
    socket.on("error", () => other().destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other().destroy();
    });
  };
  /** Keeps the order of what is passed on, also while the delay changes. */
  const passOn = (to: Socket) => {
    let waiting = 0;
    let tail = Promise.resolve();
    const write = (chunk: Buffer) => void (to.destroyed || to.write(chunk));
    return (chunk: Buffer) => {
      if (slowMs === 0 && waiting === 0) return write(chunk);
      waiting += 1;
      const ms = slowMs;
      tail = tail.then(async () => {
        await delay(ms);
        waiting -= 1;
        write(chunk);
      });
    };
  };
  const server = createTcpServer({ noDelay: true }, (near) => {
    if (target === null) return void near.destroy();
    const far = connect({ port: target, host: "127.0.0.1", noDelay: true });
    track(near, () => far);
    track(far, () => near);
    const toFar = passOn(far);
    const toNear = passOn(near);
    let swallow = false;
    near.on("data", (chunk) => {
      if (commits.left > 0 && chunk.includes(commitMessage)) {
        commits.left -= 1;
        if (commits.fault === "before") return void near.destroy();
        swallow = true;
      }
      toFar(chunk);
    });
    far.on("data", (chunk) => {
      if (swallow) near.destroy();
      else toNear(chunk);
    });
  });
  const ownPort = await listenOnLoopback(server, 0);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: ownPort,
    lead(next) {
      target = next;
    },
    cut,
    slow(ms) {
      slowMs = ms;
    },
    breakCommits(fault, times) {
      commits = { fault, left: times };
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      target = null;
      cut();
      await closed;
    },
  };
}

/** What may happen to a request to Redis. */
export type RedisFault =
  /** Redis executes, the answer is lost. */
  | "drop-reply"
  /** Redis never sees it. */
  | "refuse"
  /** Redis never sees it; the answer is HTTP 500. */
  | "error-500"
  /** The answer comes late. */
  | "delay"
  /** The request comes late: what was sent before a lease ended is executed after it. */
  | "late";

export interface RedisProxy {
  readonly url: string;
  /** From now on this share of the requests meets the fault; null: none. */
  set(fault: { readonly kind: RedisFault; readonly share: number; readonly ms: number } | null): void;
  /** Requests that met a fault, by kind. */
  readonly hits: ReadonlyMap<RedisFault, number>;
  close(): Promise<void>;
}

/** A proxy before the gateway of Redis. @param upstreamUrl of the gateway */
export async function openRedisProxy(upstreamUrl: string, random: Random): Promise<RedisProxy> {
  let active: { readonly kind: RedisFault; readonly share: number; readonly ms: number } | null = null;
  const hits = new Map<RedisFault, number>();
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await incoming.toArray());
    const met = active !== null && random.chance(active.share) ? active : null;
    if (met !== null) hits.set(met.kind, (hits.get(met.kind) ?? 0) + 1);
    if (met?.kind === "refuse") return void incoming.socket.destroy();
    if (met?.kind === "error-500")
      return void response.writeHead(500).end('{"error":"Internal Server Error"}');
    if (met?.kind === "late") await delay(random.whole(0, met.ms));
    const answer = await fetch(`${upstreamUrl}${incoming.url ?? "/"}`, {
      method: "POST",
      headers: { authorization: incoming.headers.authorization ?? "", "content-type": "application/json" },
      body,
    });
    const text = await answer.text();
    if (met?.kind === "drop-reply") return void incoming.socket.destroy();
    if (met?.kind === "delay") await delay(random.whole(0, met.ms));
    response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
  };
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  const port = await listenOnLoopback(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    hits,
    set(fault) {
      active = fault;
    },
    close: () => closeServer(server),
  };
}
