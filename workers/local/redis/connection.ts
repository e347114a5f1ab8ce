/** One pipelined connection to Redis that comes back by itself after a restart of the server. */

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { writeTogether } from "../requests/pieces.ts";
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

/** What Redis answered is more than is kept, and was thrown away. The commands have run. */
export class AnswerTooLargeError extends Error {
  override readonly name = "AnswerTooLargeError";
}

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, with user, password and database number as far as needed. */
  readonly url: string;
  readonly connectTimeoutMs?: number;
  /** Whoever hears nothing from Redis for longer gives up, and the connection is used for nothing new. Per command. */
  readonly commandTimeoutMs?: number;
  /** Of the replies to what is sent together; nothing means that there is no limit. */
  readonly maxAnswerBytes?: number;
}

export interface RedisConnection {
  /**
   * Sends `commands` in one write and gives their replies in order. Nothing else comes between them, so
   * MULTI … EXEC is safe. Error replies are values of the result.
   *
   * @throws RedisUnavailableError within the timeouts, never hangs. AnswerTooLargeError.
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
  /** Replies that have not come yet. */
  left: number;
  readonly replies: RedisReply[];
  /** What of them is read; Infinity when nobody waits for them any more. */
  bytes: number;
  readonly shape: ReplyShape;
  readonly sentAt: number;
  /** For so long Redis may say nothing. */
  readonly limitMs: number;
  readonly resolve: (replies: RedisReply[]) => void;
  readonly reject: (error: Error) => void;
}

/** Commands that are sent together have the time of each, up to so many: Redis keeps their replies until it has run all. */
const maxTimes = 12;

interface LinkOptions {
  readonly commandTimeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly onEnd: (link: RedisLink) => void;
}

/** A socket with its parser and the batches that wait for an answer. It dies with the socket. */
class RedisLink {
  readonly #socket: Socket;
  readonly #options: LinkOptions;
  /** In the order in which they were sent, and so are their answers. */
  readonly #pending: PendingBatch[] = [];
  readonly #watch: NodeJS.Timeout;
  #heardAt = performance.now();
  #onPush: ((reply: RedisReply) => void) | null = null;
  #onClose: (() => void) | null = null;
  #ended = false;
  /** Redis was silent for too long once: it finishes what was sent, and gets nothing new here. */
  #retired = false;

  get alive(): boolean {
    return !this.#ended && !this.#retired;
  }

  constructor(socket: Socket, options: LinkOptions) {
    this.#socket = socket;
    this.#options = options;
    const parser = new ReplyParser(
      (reply) => this.#accept(reply),
      () => this.#pending[0]?.shape ?? plainReply,
      (bytes) => this.#fits(bytes),
    );
    socket.on("data", (chunk: Buffer) => {
      this.#heardAt = performance.now();
      try {
        parser.write(chunk);
      } catch (error) {
        this.end(`unreadable reply: ${String(error)}`);
      }
    });
    socket.on("error", (error) => this.end(error.message));
    socket.on("close", () => this.end("connection closed by Redis"));
    this.#watch = setInterval(() => this.#giveUpLate(), 100).unref();
  }

  /** Whoever stands behind others waits as long as they may take, has its own time all the same, and may get an answer. */
  #giveUpLate(): void {
    const now = performance.now();
    let deadline = 0;
    const firstInTime = this.#pending.findIndex(({ sentAt, limitMs }) => {
      deadline = Math.max(deadline, Math.max(sentAt, this.#heardAt) + limitMs);
      return deadline >= now;
    });
    const late = firstInTime === -1 ? this.#pending : this.#pending.slice(0, firstInTime);
    const [first] = late;
    if (first === undefined) return;
    const reason = `no reply within ${first.limitMs} ms`;
    if (firstInTime === -1) {
      this.end(reason);
      return;
    }
    this.#retired = true;
    for (const batch of late) {
      batch.bytes = Number.POSITIVE_INFINITY;
      batch.reject(unanswered(reason));
    }
  }

  #fits(bytes: number): boolean {
    const batch = this.#pending[0];
    if (batch === undefined) return true;
    batch.bytes += bytes;
    if (batch.bytes <= this.#options.maxAnswerBytes) return true;
    batch.replies.length = 0;
    return false;
  }

  #accept(reply: RedisReply): void {
    // What else stood in the piece that was read when it ended: nobody waits for it.
    if (this.#ended) return;
    const batch = this.#pending[0];
    if (batch === undefined) {
      this.#onPush?.(reply);
      return;
    }
    const { maxAnswerBytes } = this.#options;
    if (batch.bytes <= maxAnswerBytes) batch.replies.push(reply);
    batch.left -= 1;
    if (batch.left > 0) return;
    this.#pending.shift();
    if (batch.bytes <= maxAnswerBytes) batch.resolve(batch.replies);
    else batch.reject(new AnswerTooLargeError(`${maxAnswerBytes} bytes`));
    if (this.#retired && this.#pending.length === 0) this.end("all is answered");
  }

  send(commands: readonly (readonly CommandArgument[])[], shape: ReplyShape): Promise<RedisReply[]> {
    const payload = encodeCommands(commands);
    return new Promise((resolve, reject) => {
      const left = commands.length;
      const limitMs = this.#options.commandTimeoutMs * Math.min(left, maxTimes);
      const sentAt = performance.now();
      this.#pending.push({ left, replies: [], bytes: 0, shape, sentAt, limitMs, resolve, reject });
      writeTogether(this.#socket, payload);
    });
  }

  push(command: readonly string[], onReply: (reply: RedisReply) => void, onClose: () => void): void {
    this.#onPush = onReply;
    this.#onClose = onClose;
    writeTogether(this.#socket, encodeCommands([command]));
  }

  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    this.#socket.destroy();
    for (const batch of this.#pending.splice(0)) batch.reject(unanswered(reason));
    this.#onClose?.();
    this.#options.onEnd(this);
  }
}

function unanswered(reason: string): RedisUnavailableError {
  return new RedisUnavailableError(`${reason}; the command may have been executed`);
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

async function openLink(url: URL, connectTimeoutMs: number, options: LinkOptions): Promise<RedisLink> {
  const link = new RedisLink(await openSocket(url, connectTimeoutMs), options);
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
  const { connectTimeoutMs = 1000, commandTimeoutMs = 5000, maxAnswerBytes = Number.MAX_VALUE } = options;
  const url = new URL(options.url);
  /** Those that have not ended; all but one finish what was sent before. */
  const links = new Set<RedisLink>();
  const onEnd = (ended: RedisLink) => links.delete(ended);
  let link: RedisLink | null = null;
  let opening: Promise<RedisLink> | null = null;
  let closed = false;

  const acquire = async (): Promise<RedisLink> => {
    if (link?.alive) return link;
    opening ??= openLink(url, connectTimeoutMs, { commandTimeoutMs, maxAnswerBytes, onEnd }).finally(() => {
      opening = null;
    });
    const opened = await opening;
    if (closed) opened.end("connection closed");
    else links.add(opened);
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
      for (const open of links) open.end("connection closed");
    },
  };
}
