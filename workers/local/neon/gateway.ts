/**
 * Neon's doors in front of a real Postgres, on one port: SQL over HTTP at `/sql`, sessions over WebSocket (the driver asks
 * for them at `/v2`), and plain Postgres.
 */

import { createServer, type IncomingMessage } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { closeServer, listenOnLoopback } from "../ports.ts";
import { answerBrokenRequests } from "../requests/broken-requests.ts";
import { inTurn } from "../requests/in-turn.ts";
import { BackendPool } from "./backends.ts";
import { databaseName, databasePath, gatewayCredentials } from "./database.ts";
import { LOGIN_MS } from "./login.ts";
import { servePlainPostgres } from "./plain-postgres.ts";
import { SessionKeys } from "./session-keys.ts";
import { LeavingFunctions } from "./session-state.ts";
import { createNeonHttp } from "./sql-over-http.ts";
import { createTerminator } from "./terminate.ts";
import { serveNeonSession } from "./websocket.ts";

export interface NeonGatewayOptions {
  /** The Postgres behind the gateway, with the rights to log in to every database that is asked for. */
  readonly databaseUrl: string;
  /** 0 or nothing takes a free port. */
  readonly port?: number;
  /** Larger HTTP requests get 413, larger answers 507, larger WebSocket frames end their session. Neon allows 64 MB. */
  readonly maxBodyBytes?: number;
  /** Connections for SQL over HTTP to one database at a time. */
  readonly maxConnections?: number;
  /** Requests that wait for one of them; further ones get 503. */
  readonly maxWaiting?: number;
  /** Longest time until Postgres has let a connection in. */
  readonly connectTimeoutMs?: number;
  /** Longest time until a client of a session has logged in. */
  readonly loginTimeoutMs?: number;
}

export interface NeonGateway {
  /** What a program uses as its Neon connection string; without a name, the database of `databaseUrl`. */
  connectionString(database?: string): string;
  readonly httpUrl: string;
  readonly websocketUrl: string;
  /** Closes idle HTTP connections to a database, so that it can be dropped or used as a template. */
  closeIdle(database: string): Promise<void>;
  close(): Promise<void>;
}

/** Of a request line and its headers: a connection string and some switches. */
const maxHeadBytes = 16 * 1024;

/**
 * Neon takes a WebSocket at any path. Whoever asks for another protocol, as some clients do for HTTP/2 with every request,
 * is answered in the one it came with.
 */
function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** Serves the gateway on 127.0.0.1. It keeps running while Postgres is away. */
export async function startNeonGateway(options: NeonGatewayOptions): Promise<NeonGateway> {
  const { databaseUrl, maxBodyBytes = 64 * 1024 * 1024, loginTimeoutMs = LOGIN_MS } = options;
  const credentials = gatewayCredentials(databaseUrl);
  const terminator = createTerminator(databaseUrl);
  const functions = new LeavingFunctions();
  const http = createNeonHttp({
    databaseUrl,
    credentials,
    maxBodyBytes,
    maxConnections: options.maxConnections ?? 20,
    maxWaiting: options.maxWaiting ?? 1000,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    terminator,
    functions,
  });
  const backends = new BackendPool(new SessionKeys(databaseUrl), terminator, functions);
  const sessions = new WebSocketServer({
    noServer: true,
    maxPayload: maxBodyBytes,
    perMessageDeflate: false,
  });

  const serveHttp = inTurn((request, response) => {
    if (request.url?.split("?", 1)[0] === "/sql") {
      void http.handle(request, response);
      return;
    }
    request.resume();
    // Neon knows one answer to everything else.
    response.writeHead(400, { "Content-Type": "application/json" });
    response.end(
      JSON.stringify({
        message: `query is not supported: ${request.url}; use POST /sql or a WebSocket at /v2`,
        code: "",
      }),
    );
  });
  const server = createServer(
    { shouldUpgradeCallback: asksForWebSocket, maxHeaderSize: maxHeadBytes },
    serveHttp,
  );
  answerBrokenRequests(server, {
    maxHeadBytes,
    advice: "query and params belong into the body of a POST to /sql",
    toBody: (message) => ({ message, code: "" }),
  });
  server.keepAliveTimeout = 60_000;
  server.on("upgrade", (request, socket, head) => {
    sessions.handleUpgrade(request, socket, head, (websocket: WebSocket) => {
      serveNeonSession(websocket, { databaseUrl, credentials, backends, loginMs: loginTimeoutMs });
    });
  });
  servePlainPostgres(server, databaseUrl);
  const port = await listenOnLoopback(server, options.port ?? 0);

  return {
    connectionString(database = databaseName(databaseUrl)) {
      const url = new URL(`postgres://127.0.0.1:${port}${databasePath(database)}`);
      url.username = encodeURIComponent(credentials.user);
      url.password = encodeURIComponent(credentials.password);
      return url.href;
    },
    httpUrl: `http://127.0.0.1:${port}/sql`,
    websocketUrl: `ws://127.0.0.1:${port}/v2`,
    closeIdle: http.closeIdle,
    async close() {
      backends.close();
      await Promise.all([closeServer(server), http.close()]);
      await terminator.close();
    },
  };
}
