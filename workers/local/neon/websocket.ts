/**
 * Postgres sessions over WebSocket as Neon serves them at `/v2`: each binary frame is a piece of the wire protocol.
 *
 * Like Neon's proxy, the gateway asks the client for its password in clear text and logs in at Postgres itself.
 * So the driver's `pipelineConnect: "password"` works with every server, also one that wants SCRAM or TLS.
 * The address that the driver puts into the URL is not looked at: the tunnel has one end, the configured server.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-flow.html
 */

import pg from "pg";
import type { WebSocket } from "ws";
import { type Backend, type BackendPool, MessageScanner, type SessionEnd } from "./backends.ts";
import {
  connectionFailure,
  type GatewayCredentials,
  type PostgresErrorFields,
  postgresErrorFields,
  postgresSettings,
  wrongPassword,
} from "./database.ts";
import { type Login, LoginReader } from "./login.ts";
import { messageMayLeaveState } from "./session-state.ts";
import { settingsForPostgres } from "./startup.ts";
import { int32, message } from "./wire.ts";

/** Above this many unsent bytes the other side is told to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** Transaction status in ReadyForQuery: in no transaction. */
const IDLE = "I".charCodeAt(0);

const accepted = message("R", int32(0));
const ready = message("Z", Buffer.from("I"));

function errorResponse(fields: PostgresErrorFields): Buffer {
  const { message: text, severity = "FATAL", code = "XX000", detail, hint } = fields;
  const entries = Object.entries({ S: severity, V: severity, C: code, M: text, D: detail, H: hint });
  const body = entries.flatMap(([type, value]) => (value === undefined ? [] : [`${type}${value}\0`]));
  return message("E", Buffer.from(`${body.join("")}\0`));
}

/** Logs in at Postgres and takes over the socket, right after the server said that it is ready. */
async function openUpstream(databaseUrl: string, parameters: Map<string, string>): Promise<Backend> {
  const database = parameters.get("database") || parameters.get("user") || "postgres";
  const client = new pg.Client({
    ...settingsForPostgres(parameters),
    ...postgresSettings(databaseUrl, database),
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  });
  const greeting: Buffer[] = [];
  let [processId, secretKey] = [0, 0];
  client.on("error", () => undefined);
  client.connection.on("parameterStatus", (status: { parameterName: string; parameterValue: string }) => {
    greeting.push(message("S", Buffer.from(`${status.parameterName}\0${status.parameterValue}\0`)));
  });
  client.connection.on("backendKeyData", (key: { processID: number; secretKey: number }) => {
    processId = key.processID;
    secretKey = key.secretKey;
  });
  await client.connect();
  const stream = client.connection.stream;
  for (const event of ["data", "end", "close", "error"]) stream.removeAllListeners(event);
  // Whoever has it listens for its own reasons; between them a connection that is reset must end nothing but itself.
  stream.on("error", () => undefined);
  return { stream, greeting: Buffer.concat(greeting), processId, secretKey, database };
}

/** A session in progress: both directions are copied, and looked at to know when nothing is under way. */
class Tunnel {
  readonly #socket: WebSocket;
  readonly #backend: Backend;
  readonly #fromClient = new MessageScanner();
  readonly #fromServer = new MessageScanner();
  /** Answers that end with ReadyForQuery and have not come yet. */
  #waitingFor = 0;
  /** Messages of the extended protocol without the Sync that closes them. */
  #unsynced = false;
  #inTransaction = false;
  #mayLeaveState = false;
  /** The client said goodbye; the server does not hear of it, for it may serve the next session. */
  #terminated = false;

  readonly #onDoubt: () => void;

  /** @param onDoubt called once, before the client is heard that may leave something behind */
  constructor(socket: WebSocket, backend: Backend, onDoubt: () => void) {
    this.#onDoubt = onDoubt;
    this.#socket = socket;
    this.#backend = backend;
    const { stream } = backend;
    stream.on("data", this.#onServer);
    stream.on("drain", this.#onDrain);
    stream.on("error", this.#onFailure);
    stream.on("close", this.#onClosed);
    stream.resume();
  }

  /** From the client; whoever reads too slowly makes the other wait. */
  write(data: Buffer): void {
    if (this.#terminated) return;
    let end = data.length;
    this.#fromClient.scan(data, (type, begins, payload, length) => {
      if (type === "X" && begins >= 0) {
        this.#terminated = true;
        end = begins;
        return false;
      }
      if (type === "Q" || type === "F" || type === "S") this.#waitingFor += 1;
      this.#unsynced = type !== "Q" && type !== "F" && type !== "S";
      if (!this.#mayLeaveState && messageMayLeaveState(type, payload.length === length ? payload : null)) {
        this.#mayLeaveState = true;
        this.#onDoubt();
      }
      return undefined;
    });
    const { stream } = this.#backend;
    // A connection that is gone never drains; a paused socket would not even hear that the client closes.
    if (end > 0 && !stream.destroyed && !stream.write(data.subarray(0, end))) this.#socket.pause();
    if (this.#terminated) this.#socket.close();
  }

  /**
   * Ends the copying, and tells what may become of the connection: it serves somebody else, or it does what it was asked
   * for before the client said goodbye, or it stops at once.
   */
  detach(): { readonly next: "reuse" | "finish" | "abort"; readonly end: SessionEnd } {
    const { stream } = this.#backend;
    stream.off("data", this.#onServer);
    stream.off("drain", this.#onDrain);
    stream.off("error", this.#onFailure);
    stream.off("close", this.#onClosed);
    const quiet = this.#waitingFor === 0 && !this.#unsynced && this.#fromServer.aligned;
    const whole = this.#terminated || this.#fromClient.aligned;
    const reusable = quiet && whole && !stream.destroyed;
    const next = reusable ? "reuse" : this.#terminated ? "finish" : "abort";
    return { next, end: { inTransaction: this.#inTransaction, mayLeaveState: this.#mayLeaveState } };
  }

  #onServer = (chunk: Buffer) => {
    this.#fromServer.scan(chunk, (type, _begins, payload) => {
      if (type !== "Z") return undefined;
      this.#waitingFor -= 1;
      this.#inTransaction = payload[0] !== IDLE;
      return undefined;
    });
    const { stream } = this.#backend;
    this.#socket.send(chunk, () => {
      if (stream.isPaused() && this.#socket.bufferedAmount < HIGH_WATER_BYTES) stream.resume();
    });
    if (this.#socket.bufferedAmount > HIGH_WATER_BYTES) stream.pause();
  };

  #onDrain = () => this.#socket.resume();
  #onFailure = () => this.#backend.stream.destroy();
  #onClosed = () => {
    this.#socket.resume();
    this.#socket.close();
  };
}

export interface NeonSessionOptions {
  readonly databaseUrl: string;
  readonly credentials: GatewayCredentials;
  readonly backends: BackendPool;
  /** A client that has not logged in by then is refused. */
  readonly loginMs: number;
}

/** Serves one session. It ends with the client's socket or with the server's, whichever closes first. */
export function serveNeonSession(socket: WebSocket, options: NeonSessionOptions): void {
  new NeonSession(socket, options).begin();
}

/** Who has logged in has a connection of the server, or waits for one; what comes meanwhile is kept for it. */
class NeonSession {
  readonly #socket: WebSocket;
  readonly #options: NeonSessionOptions;
  readonly #reader: LoginReader;
  #silent: NodeJS.Timeout | undefined;
  #isOpen = true;
  /** What came between the login and the connection; null before and after. */
  #early: Buffer[] | null = null;
  #earlyBytes = 0;
  #tunnel: Tunnel | null = null;
  #giveBack: () => void = () => undefined;

  constructor(socket: WebSocket, options: NeonSessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new LoginReader(
      (bytes) => socket.send(bytes),
      (packet) => {
        options.backends.keys.cancel(packet);
        socket.close();
      },
    );
  }

  begin(): void {
    const { loginMs } = this.#options;
    this.#silent = setTimeout(
      () => this.#refuse({ message: `no login within ${loginMs} ms`, code: "08P01" }),
      loginMs,
    );
    this.#socket.on("message", this.#onMessage);
    this.#socket.on("error", () => this.#socket.terminate());
    this.#socket.on("close", () => {
      this.#isOpen = false;
      clearTimeout(this.#silent);
      this.#giveBack();
    });
  }

  #onMessage = (data: Buffer) => {
    if (this.#tunnel !== null) this.#tunnel.write(data);
    else if (this.#early !== null) this.#keep(this.#early, data);
    else this.#logIn(data);
  };

  #keep(early: Buffer[], data: Buffer): void {
    early.push(data);
    this.#earlyBytes += data.length;
    // No more is read before there is a connection that takes it, which has a time limit of its own.
    if (this.#earlyBytes > HIGH_WATER_BYTES) this.#socket.pause();
  }

  #logIn(data: Buffer): void {
    try {
      const login = this.#reader.read(data);
      if (login === null) return;
      this.#connect(login).catch((error: unknown) =>
        this.#refuse(postgresErrorFields(error) ?? connectionFailure(error)),
      );
    } catch (error) {
      this.#refuse({ message: `not a Postgres login: ${String(error)}`, code: "08P01" });
    }
  }

  async #connect({ parameters, password, rest }: Login): Promise<void> {
    const { credentials, backends, databaseUrl } = this.#options;
    const user = parameters.get("user") ?? "";
    if (user !== credentials.user || password !== credentials.password)
      return this.#refuse({ ...wrongPassword(user), code: "28P01" });
    clearTimeout(this.#silent);
    const early = [rest];
    this.#early = early;
    const key = JSON.stringify([...parameters]);
    const backend = await backends.acquire(key, () => openUpstream(databaseUrl, parameters));
    if (!this.#isOpen)
      return void backends.release(key, backend, { inTransaction: false, mayLeaveState: false });
    this.#tunnel = this.#openTunnel(key, backend, early);
    this.#early = null;
  }

  #openTunnel(key: string, backend: Backend, early: readonly Buffer[]): Tunnel {
    const { backends } = this.#options;
    const sessionKey = backends.keys.issue(backend);
    const tunnel = new Tunnel(this.#socket, backend, () => backends.doubt(backend));
    this.#giveBack = () => {
      const { next, end } = tunnel.detach();
      if (end.mayLeaveState) backends.settle(backend);
      sessionKey.end();
      if (next === "reuse" && !sessionKey.isUsed) void backends.release(key, backend, end);
      else if (next !== "abort") backends.finish(backend);
      else void backends.abort(backend);
    };
    this.#socket.send(Buffer.concat([accepted, backend.greeting, sessionKey.message, ready]));
    this.#socket.resume();
    tunnel.write(Buffer.concat(early));
    return tunnel;
  }

  #refuse(fields: PostgresErrorFields): void {
    if (!this.#isOpen) return;
    this.#socket.off("message", this.#onMessage);
    this.#socket.send(errorResponse(fields));
    this.#socket.resume();
    this.#socket.close();
  }
}
