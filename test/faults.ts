/**
 * Tools that break things on purpose: a proxy in front of the Redis gateway that loses replies and requests, a proxy in
 * front of the Postgres gateway that cuts connections, and a database whose statements fail when the test says so.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { text as readText } from "node:stream/consumers";
import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { TransientError } from "../src/engine/core/errors.ts";
import type { Database, Ending, Session } from "../src/engine/db/database.ts";
import type { TransactionFrame } from "../src/engine/db/session.ts";
import { latch } from "./latch.ts";
import { listen } from "./listening.ts";
import { createSeenScripts, noScript } from "./seen-scripts.ts";

/** One request to Redis: its commands, each as the words that were sent. */
export type RedisRequest = readonly (readonly string[])[];

export type Fault =
  /** Redis executes the request, the caller never hears of it. */
  | { readonly kind: "drop-reply" }
  /** The connection is closed before Redis sees anything. */
  | { readonly kind: "refuse" }
  /** Redis sees nothing; the caller gets HTTP 500. */
  | { readonly kind: "error-500" }
  /** Redis executes; the reply comes late. */
  | { readonly kind: "delay"; readonly ms: number }
  /** A long way: half of the time before Redis executes, half before the reply comes. */
  | { readonly kind: "latency"; readonly ms: number }
  /** The request waits here, not executed, until `release`. */
  | { readonly kind: "hold" }
  /** Redis executes; the reply waits until `release`. */
  | { readonly kind: "hold-reply" };

export interface InjectOptions {
  /** Which requests; default all. */
  readonly when?: (request: RedisRequest) => boolean;
  /** How many of them; default all until `heal`. */
  readonly times?: number;
}

export interface Injection {
  /** Requests that met the fault so far. */
  readonly hits: number;
  /** Fulfilled when the first request meets the fault. */
  readonly hit: Promise<void>;
  /** Lets go what a `hold` holds, and holds no more. */
  release(): void;
}

export interface FaultyRedis {
  readonly url: string;
  /** All requests that came, in order. */
  readonly requests: RedisRequest[];
  inject(fault: Fault, options?: InjectOptions): Injection;
  /** Ends all faults; held requests go on. */
  heal(): void;
  close(): Promise<void>;
}

interface ActiveFault {
  readonly fault: Fault;
  readonly when: (request: RedisRequest) => boolean;
  left: number;
  hits: number;
  announce(): void;
  readonly released: Promise<void>;
}

/** True when one of the request's commands has this name, or is a script that calls it or is given it to call. */
export function sends(name: string): (request: RedisRequest) => boolean {
  return (request) =>
    request.some(
      ([command = "", script = "", ...args]) =>
        command.toUpperCase() === name ||
        (command.toUpperCase() === "EVAL" &&
          (script.includes(`redis.call('${name}'`) || args.includes(name))),
    );
}

/** @param upstreamUrl the gateway that really answers */
export async function startFaultyRedis(upstreamUrl: string): Promise<FaultyRedis> {
  const requests: RedisRequest[] = [];
  const scripts = createSeenScripts();
  let active: (ActiveFault & { release(): void })[] = [];

  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await readText(incoming);
    const request = scripts.withTexts(parseRequest(body));
    // The next request brings the text, and that is the one which tests wait for.
    if (request === null)
      return response.writeHead(200, { "content-type": "application/json" }).end(noScript);
    requests.push(request);
    const met = active.find((candidate) => candidate.left > 0 && candidate.when(request));
    if (met !== undefined) {
      met.left -= 1;
      met.hits += 1;
      met.announce();
    }
    const fault = met?.fault.kind;
    if (fault === "refuse") return incoming.socket.destroy();
    if (fault === "error-500") return response.writeHead(500).end('{"error":"Internal Server Error"}');
    if (fault === "hold") {
      await met?.released;
      // Whoever sent it is gone, and its request with it.
      if (incoming.socket.destroyed) return response;
    }
    const latency = met?.fault.kind === "latency" ? met.fault.ms : 0;
    if (latency > 0) await pause(latency / 2);
    const answer = await fetch(`${upstreamUrl}${incoming.url ?? "/"}`, {
      method: "POST",
      headers: { authorization: incoming.headers.authorization ?? "", "content-type": "application/json" },
      body,
    });
    const text = await answer.text();
    if (fault === "drop-reply") return incoming.socket.destroy();
    if (fault === "hold-reply") await met?.released;
    if (met?.fault.kind === "delay") await pause(met.fault.ms);
    if (latency > 0) await pause(latency / 2);
    return response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
  };

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    inject(fault, { when = () => true, times = Number.POSITIVE_INFINITY } = {}) {
      const hit = latch();
      const released = latch();
      const entry = {
        fault,
        when,
        left: times,
        hits: 0,
        announce: hit.open,
        released: released.opened,
        release() {
          entry.left = 0;
          released.open();
        },
      };
      active.push(entry);
      return {
        get hits() {
          return entry.hits;
        },
        hit: hit.opened,
        release: entry.release,
      };
    },
    heal() {
      for (const entry of active) entry.release();
      active = [];
    },
    async close() {
      server.closeAllConnections();
      for (const entry of active) entry.release();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function parseRequest(body: string): RedisRequest {
  const parsed: unknown = JSON.parse(body);
  if (!Array.isArray(parsed)) return [];
  const commands = Array.isArray(parsed[0]) ? parsed : [parsed];
  return commands.map((command: unknown[]) => command.map(String));
}

/** A TCP proxy that can be cut: open connections die, new ones are refused until `restore`. */
export interface CuttableProxy {
  readonly port: number;
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function startCuttableProxy(upstreamPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createTcpServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(upstreamPort, "127.0.0.1");
    for (const [own, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(own);
      own.on("error", () => other.destroy());
      own.on("close", () => {
        sockets.delete(own);
        other.destroy();
      });
      own.pipe(other);
    }
    return near;
  });
  const port = await listen(server);
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    cut,
    restore() {
      isCut = false;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the test may do to the calls of a database. Each hook gets the call and may fail before or after it. */
export interface DatabaseHooks {
  /** Around statements over HTTP; `text` is their SQL. */
  readonly statements?: <T>(text: string, run: () => Promise<T>) => Promise<T>;
  /** Around a whole transaction of a session: BEGIN to COMMIT. */
  readonly transaction?: <T>(run: () => Promise<T>) => Promise<T>;
}

const dialect = new PgDialect();

/** The same database with the hooks around its calls. */
export function hookDatabase(db: Database, hooks: DatabaseHooks): Database {
  const around = hooks.statements ?? (<T>(_text: string, run: () => Promise<T>) => run());
  const aroundTransaction = hooks.transaction ?? (<T>(run: () => Promise<T>) => run());
  const textOf = (statement: SQL) => dialect.sqlToQuery(statement).sql;
  return {
    ...db,
    endingWith: (last) => hookDatabase(db.endingWith(last), hooks),
    rows: <Row>(statement: SQL) => around(textOf(statement), () => db.rows<Row>(statement)),
    batch: (statements, mayTakeMs) =>
      around(statements.map(textOf).join(";\n"), () => db.batch(statements, mayTakeMs)),
    async open(options) {
      const session = await db.open(options);
      const hooked: Session = {
        get broken() {
          return session.broken;
        },
        transaction: (run, ending) => aroundTransaction(() => session.transaction(run, ending)),
        trial: (run, watch) => session.trial(run, watch),
        close: () => session.close(),
      };
      return hooked;
    },
  };
}

/** The same database, but nobody hears that its first transaction was committed: the connection ends before the answer. */
export function losingFirstAnswer(db: Database): Database {
  let isLost = false;
  async function lost<T>(
    run: (frame: TransactionFrame) => Promise<T>,
    frame: TransactionFrame = {},
  ): Promise<T> {
    if (isLost) return run(frame);
    isLost = true;
    const { last } = frame;
    const unheard = async (): Promise<Ending> => {
      const ending = (await last?.()) ?? { statements: [] };
      return { ...ending, committed: () => ending.failed?.(false) };
    };
    await run({ ...frame, last: unheard });
    throw new TransientError("The connection was lost.", { backend: "postgres" });
  }
  const losing = (of: Database): Database => ({
    ...of,
    endingWith: (last) => losing(of.endingWith(last)),
    transaction: (run, frame) => lost((known) => of.transaction(run, known), frame),
    async open(options) {
      const session = await of.open(options);
      let isBroken = false;
      return {
        get broken() {
          return isBroken || session.broken;
        },
        trial: (run, watch) => session.trial(run, watch),
        close: () => session.close(),
        async transaction(run, frame) {
          try {
            return await lost((known) => session.transaction(run, known), frame);
          } catch (error) {
            isBroken = true;
            throw error;
          }
        },
      };
    },
  });
  return losing(db);
}
