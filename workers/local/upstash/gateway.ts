/**
 * Upstash's REST protocol in front of a real Redis: what `@upstash/redis` needs locally and in tests.
 *
 * Source: https://upstash.com/docs/redis/features/restapi
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecretCheck } from "../../../src/http/kit/secret-check.ts";
import { closeServer, listenOnLoopback } from "../ports.ts";
import {
  AnswerTooLargeError,
  createRedisConnection,
  type RedisConnection,
  RedisUnavailableError,
} from "../redis/connection.ts";
import type { ReplyShape } from "../redis/resp.ts";
import { answerBrokenRequests } from "../requests/broken-requests.ts";
import { inTurn } from "../requests/in-turn.ts";
import { jsonPieces, toWrite, writeTogether } from "../requests/pieces.ts";
import { encodingOf, readBody } from "../requests/request-body.ts";
import {
  parseBody,
  parseCommand,
  parsePathCommand,
  parseTarget,
  RefusedRequestError,
  type RequestTarget,
} from "./commands.ts";
import { type Answer, rawError, runCommand, runPipeline, runTransaction } from "./run-commands.ts";
import { createScriptTranslation } from "./scripts.ts";
import { isSubscription, serveSubscription } from "./subscribe.ts";

export interface UpstashGatewayOptions {
  readonly redisUrl: string;
  readonly token: string;
  /** 0 or nothing takes a free port. */
  readonly port?: number;
  /** Larger requests get 413. Upstash allows 10 MB. */
  readonly maxBodyBytes?: number;
  /** Larger replies of Redis to one request are an error. 100 MiB, because a value may have 100 MB at Upstash. */
  readonly maxAnswerBytes?: number;
  /** Whoever hears nothing from Redis for longer is answered with 500; what is sent together has the time of each command. */
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

/**
 * Of a request line and its headers. 16 KiB, as node:http has it, is little for a path that has a value in it; more than
 * this is for the body.
 */
const maxHeadBytes = 1024 * 1024;

const allowedMethods: ReadonlySet<string | undefined> = new Set(["HEAD", "GET", "POST", "PUT"]);

function describe(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof RefusedRequestError) return error;
  if (error instanceof AnswerTooLargeError) {
    return {
      status: 400,
      message: `ERR max response size exceeded. Limit: ${error.message}; the commands have run`,
    };
  }
  if (error instanceof RedisUnavailableError) {
    return { status: 500, message: `ERR upstream redis unavailable: ${error.message}` };
  }
  return { status: 500, message: `ERR internal gateway error: ${String(error)}` };
}

function errorAnswer(error: unknown): Answer {
  const { status, message } = describe(error);
  return { status, body: { error: message } };
}

function rawErrorAnswer(error: unknown): Answer {
  const { status, message } = describe(error);
  return { status, body: Buffer.from(rawError(message), "latin1") };
}

function createTokenCheck(token: string): (request: IncomingMessage, target: RequestTarget) => boolean {
  const isToken = createSecretCheck(token);
  return (request, { query }) => {
    const header = request.headers.authorization;
    return isToken(header?.startsWith("Bearer ") ? header.slice(7) : (query.get("_token") ?? ""));
  };
}

/** What is sent for an answer. */
interface Content {
  readonly type: "application/json" | "application/octet-stream";
  readonly pieces: readonly (string | Uint8Array)[];
}

/** @throws RangeError for a text longer than the runtime can build */
function toContent({ body }: Answer): Content {
  if (body instanceof Uint8Array) return { type: "application/octet-stream", pieces: [body] };
  return { type: "application/json", pieces: jsonPieces(body).map(toWrite) };
}

/** What requests are run with. */
interface Backing {
  readonly redis: RedisConnection;
  readonly redisUrl: string;
  readonly maxBodyBytes: number;
  readonly hasToken: ReturnType<typeof createTokenCheck>;
}

function requirePost({ method }: IncomingMessage, path: string): void {
  if (method !== "POST") throw new RefusedRequestError(`ERR ${path} takes POST, received ${method}`, 405);
}

/** Else the error would be that the first byte is no JSON. */
function requirePlainJson(request: IncomingMessage): void {
  const encoding = encodingOf(request);
  if (encoding === null) return;
  throw new RefusedRequestError(
    `ERR failed to parse request body as JSON: it comes with Content-Encoding ${encoding}, which is not undone here; send it as it is`,
  );
}

/** Runs a request that has the right to it. Null: it is answered already. */
async function run(
  { redis, redisUrl, maxBodyBytes }: Backing,
  request: IncomingMessage,
  response: ServerResponse,
  target: RequestTarget,
  encoding: ReplyShape["encoding"],
): Promise<Answer | null> {
  const { path } = target;
  const shape = { encoding, plainOkDepth: 0 };
  const body = await readBody(request, maxBodyBytes);
  if (body === null) {
    response.setHeader("Connection", "close");
    throw new RefusedRequestError(`ERR max request size exceeded. Limit: ${maxBodyBytes} bytes`, 413);
  }
  if (path === "/pipeline" || path === "/multi-exec") {
    requirePost(request, path);
    requirePlainJson(request);
    if (path === "/pipeline") return runPipeline(redis, body, shape);
    return runTransaction(redis, body, { encoding, plainOkDepth: 1 });
  }
  if (path === "/") {
    requirePost(request, path);
    requirePlainJson(request);
    return runCommand(redis, parseCommand(parseBody(body)), shape);
  }
  if (isSubscription(path)) {
    await serveSubscription(redisUrl, path, request, response);
    return null;
  }
  return runCommand(redis, parsePathCommand(target, body), shape);
}

/** @throws RefusedRequestError, AnswerTooLargeError, RedisUnavailableError; in `resp2` they are the answer */
async function answer(
  backing: Backing,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | null> {
  if (!allowedMethods.has(request.method)) {
    request.resume();
    throw new RefusedRequestError(
      `ERR method ${request.method} is not allowed, only HEAD, GET, POST and PUT`,
      405,
    );
  }
  const target = parseTarget(request.url ?? "/");
  if (!backing.hasToken(request, target)) {
    request.resume();
    return { status: 401, body: { error: "WRONGPASS invalid or missing auth token" } };
  }
  const encoding = replyEncoding(request);
  if (encoding !== "resp2") return run(backing, request, response, target, encoding);
  // A transaction is always answered in JSON.
  if (target.path === "/multi-exec") return run(backing, request, response, target, "utf8");
  return run(backing, request, response, target, encoding).catch(rawErrorAnswer);
}

/** Serves the gateway on 127.0.0.1. It keeps running while Redis is away and answers 500 meanwhile. */
export async function startUpstashGateway(options: UpstashGatewayOptions): Promise<UpstashGateway> {
  const { redisUrl, token, maxBodyBytes = 10 * 1024 * 1024, commandTimeoutMs = 5000 } = options;
  const { maxAnswerBytes = 100 * 1024 * 1024 } = options;
  const connection = createRedisConnection({ url: redisUrl, commandTimeoutMs, maxAnswerBytes });
  const translateScript = createScriptTranslation();
  const redis: RedisConnection = {
    ...connection,
    send: (commands, shape) => connection.send(commands.map(translateScript), shape),
  };
  const backing: Backing = { redis, redisUrl, maxBodyBytes, hasToken: createTokenCheck(token) };
  let syncToken = 0;

  const respond = (response: ServerResponse, status: number, { type, pieces }: Content) => {
    response.writeHead(status, {
      "Content-Type": type,
      "Content-Length": pieces.reduce((length, piece) => length + Buffer.byteLength(piece), 0),
      // Upstash names a position of its replicas here; one Redis is always up to date with itself.
      "Upstash-Sync-Token": `local=${++syncToken}`,
    });
    const [only, ...others] = pieces;
    // Short text goes out in one piece with the headers.
    if (others.length === 0) response.end(only);
    else {
      writeTogether(response, pieces);
      response.end();
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let status: number;
    let content: Content;
    try {
      const given = await answer(backing, request, response);
      if (given === null) return;
      status = given.status;
      content = toContent(given);
    } catch (error) {
      const refusal = errorAnswer(error);
      status = refusal.status;
      content = toContent(refusal);
    }
    if (!response.headersSent) respond(response, status, content);
  };

  const server = createServer(
    { maxHeaderSize: maxHeadBytes },
    inTurn((request, response) => void handle(request, response)),
  );
  answerBrokenRequests(server, {
    maxHeadBytes,
    advice: "send the command as JSON in the body",
    toBody: (message) => ({ error: `ERR ${message}` }),
  });
  // Who has said all it has to say may close its half and wait for the answer. node:http can do so and has no type for it.
  Object.assign(server, { httpAllowHalfOpen: true });
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
