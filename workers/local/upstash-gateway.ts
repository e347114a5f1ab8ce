/**
 * Upstash's REST protocol in front of a real Redis: what `@upstash/redis` needs locally and in tests.
 *
 * Source: https://upstash.com/docs/redis/features/restapi
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecretCheck } from "../../src/http/kit/secret-check.ts";
import { closeServer, listenOnLoopback } from "./ports.ts";
import { createRedisConnection, type RedisConnection, RedisUnavailableError } from "./redis-connection.ts";
import { readBody } from "./request-body.ts";
import { type CommandArgument, type RedisReply, RedisReplyError, type ReplyShape } from "./resp.ts";
import {
  parseBody,
  parseCommand,
  parseCommands,
  parsePathCommand,
  RefusedRequestError,
} from "./upstash-commands.ts";
import { createScriptTranslation } from "./upstash-scripts.ts";
import { isSubscription, serveSubscription } from "./upstash-subscribe.ts";

export interface UpstashGatewayOptions {
  readonly redisUrl: string;
  readonly token: string;
  /** 0 or nothing takes a free port. */
  readonly port?: number;
  /** Larger requests get 413. Upstash allows 10 MB. */
  readonly maxBodyBytes?: number;
  /** A reply of Redis that takes longer is answered with 500. */
  readonly commandTimeoutMs?: number;
}

export interface UpstashGateway {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** How the client wants its answer. @throws RefusedRequestError for a format that does not exist, or does not go together. */
function replyEncoding(request: IncomingMessage): ReplyShape["encoding"] {
  const format = request.headers["upstash-response-format"] ?? "json";
  const base64 = request.headers["upstash-encoding"] === "base64";
  if (format === "json") return base64 ? "base64" : "utf8";
  if (format !== "resp2") {
    throw new RefusedRequestError(
      `ERR unsupported Upstash-Response-Format '${String(format)}', expected json or resp2`,
    );
  }
  if (base64) {
    throw new RefusedRequestError(
      "ERR Upstash-Encoding base64 is not allowed with Upstash-Response-Format resp2",
    );
  }
  return "resp2";
}

/** Errors inside an array (a script's, a transaction's) have no place of their own in JSON: their text stands in. */
function withoutErrors(reply: RedisReply, shape: ReplyShape): RedisReply {
  if (Array.isArray(reply)) {
    for (let index = 0; index < reply.length; index++) {
      const item = reply[index];
      if (typeof item === "object" && item !== null) reply[index] = withoutErrors(item, shape);
    }
    return reply;
  }
  return reply instanceof RedisReplyError ? Buffer.from(reply.message).toString(shape.encoding) : reply;
}

function toItem(reply: RedisReply, shape: ReplyShape): { result: RedisReply } | { error: string } {
  return reply instanceof RedisReplyError
    ? { error: reply.message }
    : { result: withoutErrors(reply, shape) };
}

interface Answer {
  readonly status: number;
  /** Bytes are sent as they are, everything else as JSON. */
  readonly body: unknown;
}

async function runCommand(
  redis: RedisConnection,
  args: readonly CommandArgument[],
  shape: ReplyShape,
): Promise<Answer> {
  const [reply = null] = await redis.send([args], shape);
  if (shape.encoding === "resp2") {
    const raw = String(reply);
    return { status: raw.startsWith("-") ? 400 : 200, body: Buffer.from(raw, "latin1") };
  }
  const item = toItem(reply, shape);
  return { status: "error" in item ? 400 : 200, body: item };
}

async function runPipeline(redis: RedisConnection, body: Uint8Array, shape: ReplyShape): Promise<Answer> {
  const commands = parseCommands(parseBody(body), "pipeline");
  const sent = commands.filter((command) => Array.isArray(command));
  const replies = sent.length > 0 ? await redis.send(sent, shape) : [];
  let next = 0;
  if (shape.encoding === "resp2") {
    const raw = commands.map((command) =>
      Array.isArray(command) ? String(replies[next++]) : `-${command.message}\r\n`,
    );
    return { status: 200, body: Buffer.from(raw.join(""), "latin1") };
  }
  const items = commands.map((command) =>
    Array.isArray(command) ? toItem(replies[next++] ?? null, shape) : { error: command.message },
  );
  return { status: 200, body: items };
}

async function runTransaction(redis: RedisConnection, body: Uint8Array, shape: ReplyShape): Promise<Answer> {
  const commands = parseCommands(parseBody(body), "multi-exec").map((command) => {
    if (Array.isArray(command)) return command;
    throw new RefusedRequestError(
      `EXECABORT Transaction discarded because of previous errors. ${command.message}`,
    );
  });
  const replies = await redis.send([["MULTI"], ...commands, ["EXEC"]], shape);
  const outcome = replies.at(-1) ?? null;
  if (Array.isArray(outcome)) return { status: 200, body: outcome.map((reply) => toItem(reply, shape)) };
  const cause = replies.find((reply) => reply instanceof RedisReplyError);
  const message = outcome instanceof RedisReplyError ? outcome.message : "EXECABORT Transaction discarded";
  const detail = cause && cause !== outcome ? ` ${cause.message}` : "";
  return { status: 400, body: { error: message + detail } };
}

const allowedMethods: ReadonlySet<string | undefined> = new Set(["HEAD", "GET", "POST", "PUT"]);

function errorAnswer(error: unknown): Answer {
  if (error instanceof RefusedRequestError) return { status: error.status, body: { error: error.message } };
  if (error instanceof RedisUnavailableError) {
    return { status: 500, body: { error: `ERR upstream redis unavailable: ${error.message}` } };
  }
  return { status: 500, body: { error: `ERR internal gateway error: ${String(error)}` } };
}

function createTokenCheck(token: string): (request: IncomingMessage, url: URL | null) => boolean {
  const isToken = createSecretCheck(token);
  return (request, url) => {
    const header = request.headers.authorization;
    return isToken(header?.startsWith("Bearer ") ? header.slice(7) : (url?.searchParams.get("_token") ?? ""));
  };
}

/** Serves the gateway on 127.0.0.1. It keeps running while Redis is away and answers 500 meanwhile. */
export async function startUpstashGateway(options: UpstashGatewayOptions): Promise<UpstashGateway> {
  const { redisUrl, token, maxBodyBytes = 10 * 1024 * 1024, commandTimeoutMs = 5000 } = options;
  const connection = createRedisConnection({ url: redisUrl, commandTimeoutMs });
  const translateScript = createScriptTranslation();
  const redis: RedisConnection = {
    ...connection,
    send: (commands, shape) => connection.send(commands.map(translateScript), shape),
  };
  const hasToken = createTokenCheck(token);
  let syncToken = 0;

  const respond = (response: ServerResponse, { status, body }: Answer) => {
    const isBytes = body instanceof Uint8Array;
    // As text it goes out in one piece with the headers.
    const content = isBytes ? body : JSON.stringify(body);
    response.writeHead(status, {
      "Content-Type": isBytes ? "application/octet-stream" : "application/json",
      "Content-Length": Buffer.byteLength(content),
      // Upstash names a position of its replicas here; one Redis is always up to date with itself.
      "Upstash-Sync-Token": `local=${++syncToken}`,
    });
    response.end(content);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<Answer | null> => {
    if (!allowedMethods.has(request.method)) {
      request.resume();
      throw new RefusedRequestError(
        `ERR method ${request.method} is not allowed, only HEAD, GET, POST and PUT`,
        405,
      );
    }
    const target = request.url ?? "/";
    const url =
      target === "/" || target === "/pipeline" || target === "/multi-exec"
        ? null
        : new URL(target, "http://gateway");
    if (!hasToken(request, url)) {
      request.resume();
      return { status: 401, body: { error: "WRONGPASS invalid or missing auth token" } };
    }
    const encoding = replyEncoding(request);
    const shape = { encoding, plainOkDepth: 0 };
    const body = await readBody(request, maxBodyBytes);
    if (body === null) {
      response.setHeader("Connection", "close");
      return { status: 413, body: { error: `ERR max request size exceeded. Limit: ${maxBodyBytes} bytes` } };
    }
    const path = url?.pathname ?? target;
    if (path === "/pipeline" || path === "/multi-exec") {
      if (request.method !== "POST")
        throw new RefusedRequestError(`ERR ${path} takes POST, received ${request.method}`, 405);
      if (path === "/pipeline") return runPipeline(redis, body, shape);
      // A transaction is always answered in JSON.
      return runTransaction(redis, body, {
        encoding: encoding === "resp2" ? "utf8" : encoding,
        plainOkDepth: 1,
      });
    }
    if (path === "/") {
      if (request.method !== "POST")
        throw new RefusedRequestError(`ERR / takes POST, received ${request.method}`, 405);
      return runCommand(redis, parseCommand(parseBody(body)), shape);
    }
    if (url && isSubscription(url)) {
      await serveSubscription(redisUrl, url, request, response);
      return null;
    }
    return runCommand(redis, parsePathCommand(url ?? new URL(path, "http://gateway"), body), shape);
  };

  const server = createServer((request, response) => {
    answer(request, response)
      .catch(errorAnswer)
      .then((given) => {
        if (given && !response.headersSent) respond(response, given);
      });
  });
  server.keepAliveTimeout = 60_000;
  const port = await listenOnLoopback(server, options.port ?? 0);

  return {
    url: `http://127.0.0.1:${port}`,
    token,
    async close() {
      redis.close();
      await closeServer(server);
    },
  };
}
