/** One pipelined connection to Redis that comes back by itself after a restart of the server. */

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  type CommandArgument,
  encodeCommands,
  plainReply,
  type RedisReply,
  RedisReplyError,
  ReplyParser,
  type ReplyShape,
} from "./resp.ts";

/** Redis cannot be reached, went away before it answered, or did not answer in time. The command may have run. */
export class RedisUnavailableError extends Error {
  override readonly name = "RedisUnavailableError";
}

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, with user, password and database number as far as needed. */
  readonly url: string;
  readonly connectTimeoutMs?: number;
  /** A reply that takes longer counts as a lost connection. */
  readonly commandTimeoutMs?: number;
}

export interface RedisConnection {
  /**
   * Sends `commands` in one write and gives their replies in order. Nothing else comes between them, so
   * MULTI … EXEC is safe. Error replies are values of the result.
   *
   * @throws RedisUnavailableError within the timeouts, never hangs.
   */
  send(commands: readonly (readonly CommandArgument[])[], shape: ReplyShape): Promise<RedisReply[]>;
  /**
   * Hands every reply from now on to `onReply`, for SUBSCRIBE and MONITOR; `onClose` is called once.
   * The connection cannot be used for anything else afterwards.
   */
  stream(
    command: readonly string[],
    onReply: (reply: RedisReply) => void,
    onClose: () => void,
  ): Promise<void>;
  close(): void;
}

interface PendingBatch {
  readonly count: number;
  readonly replies: RedisReply[];
  readonly shape: ReplyShape;
  readonly deadline: number;
  readonly resolve: (replies: RedisReply[]) => void;
  readonly reject: (error: Error) => void;
}

/** A socket with its parser and the batches that wait for an answer. It dies with the socket. */
class RedisLink {
  readonly #socket: Socket;
  readonly #pending: PendingBatch[] = [];
  readonly #commandTimeoutMs: number;
  readonly #watch: NodeJS.Timeout;
  #onPush: ((reply: RedisReply) => void) | null = null;
  #onClose: (() => void) | null = null;
  alive = true;

  constructor(socket: Socket, commandTimeoutMs: number) {
    this.#socket = socket;
    this.#commandTimeoutMs = commandTimeoutMs;
    const parser = new ReplyParser(
      (reply) => this.#accept(reply),
      () => this.#pending[0]?.shape ?? plainReply,
    );
    socket.on("data", (chunk: Buffer) => {
      try {
        parser.write(chunk);
      } catch (error) {
        this.end(`unreadable reply: ${String(error)}`);
      }
    });
    socket.on("error", (error) => this.end(error.message));
    socket.on("close", () => this.end("connection closed by Redis"));
    this.#watch = setInterval(() => {
      const oldest = this.#pending[0];
      if (oldest && oldest.deadline < performance.now()) this.end(`no reply within ${commandTimeoutMs} ms`);
    }, 100).unref();
  }

  #accept(reply: RedisReply): void {
    const batch = this.#pending[0];
    if (batch === undefined) {
      this.#onPush?.(reply);
      return;
    }
    batch.replies.push(reply);
    if (batch.replies.length < batch.count) return;
    this.#pending.shift();
    batch.resolve(batch.replies);
  }

  send(commands: readonly (readonly CommandArgument[])[], shape: ReplyShape): Promise<RedisReply[]> {
    const payload = encodeCommands(commands);
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.#commandTimeoutMs;
      this.#pending.push({ count: commands.length, replies: [], shape, deadline, resolve, reject });
      this.#socket.write(payload);
    });
  }

  push(command: readonly string[], onReply: (reply: RedisReply) => void, onClose: () => void): void {
    this.#onPush = onReply;
    this.#onClose = onClose;
    this.#socket.write(encodeCommands([command]));
  }

  end(reason: string): void {
    if (!this.alive) return;
    this.alive = false;
    clearInterval(this.#watch);
    this.#socket.destroy();
    for (const batch of this.#pending.splice(0)) {
      batch.reject(new RedisUnavailableError(`${reason}; the command may have been executed`));
    }
    this.#onClose?.();
  }
}

function openSocket(url: URL, timeoutMs: number): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, "") || "127.0.0.1";
  const port = Number(url.port || 6379);
  return new Promise((resolve, reject) => {
    const tls = url.protocol === "rediss:";
    const socket = tls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new RedisUnavailableError(`cannot connect to ${host}:${port}: ${reason}`));
    };
    const timer = setTimeout(() => fail(`no connection within ${timeoutMs} ms`), timeoutMs);
    const onError = (error: Error) => {
      clearTimeout(timer);
      fail(error.message);
    };
    socket.once("error", onError);
    socket.once(tls ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

async function openLink(url: URL, connectTimeoutMs: number, commandTimeoutMs: number): Promise<RedisLink> {
  const link = new RedisLink(await openSocket(url, connectTimeoutMs), commandTimeoutMs);
  const greeting: string[][] = [];
  if (url.password) {
    const user = decodeURIComponent(url.username);
    const password = decodeURIComponent(url.password);
    greeting.push(user ? ["AUTH", user, password] : ["AUTH", password]);
  }
  const database = url.pathname.slice(1);
  if (database && database !== "0") greeting.push(["SELECT", database]);
  if (greeting.length === 0) return link;
  const refused = (await link.send(greeting, plainReply)).find((reply) => reply instanceof RedisReplyError);
  if (refused === undefined) return link;
  link.end("refused by Redis");
  throw new RedisUnavailableError(`Redis at ${url.host} refused the login: ${refused.message}`);
}

/** A connection that opens at the first command and again after each loss. */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { connectTimeoutMs = 1000, commandTimeoutMs = 5000 } = options;
  const url = new URL(options.url);
  let link: RedisLink | null = null;
  let opening: Promise<RedisLink> | null = null;
  let closed = false;

  const acquire = async (): Promise<RedisLink> => {
    if (link?.alive) return link;
    opening ??= openLink(url, connectTimeoutMs, commandTimeoutMs).finally(() => {
      opening = null;
    });
    const opened = await opening;
    if (closed) opened.end("connection closed");
    link = opened;
    return opened;
  };

  return {
    async send(commands, shape) {
      if (closed) throw new RedisUnavailableError("connection closed");
      // The usual case stays synchronous up to the write, so that requests keep their order.
      return link?.alive ? link.send(commands, shape) : (await acquire()).send(commands, shape);
    },
    async stream(command, onReply, onClose) {
      (await acquire()).push(command, onReply, onClose);
    },
    close() {
      closed = true;
      link?.end("connection closed");
    },
  };
}
