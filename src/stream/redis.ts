import { Redis } from "@upstash/redis/cloudflare";
import type { SubrequestMeter } from "../core/budget.ts";
import { isNetworkError } from "../core/classify.ts";
import { TransientError } from "../core/errors.ts";

/** An error reply of Redis, e.g. `NOGROUP No such key …`; never contains the command, so no payload either. */
export class RedisReplyError extends Error {
  /** First word of the reply: `NOGROUP`, `BUSYGROUP`, `ERR`. */
  readonly prefix: string;

  constructor(reply: string) {
    super(reply);
    this.name = "RedisReplyError";
    this.prefix = reply.split(" ", 1)[0] ?? "";
  }
}

/** One Redis command as strings. */
export type Command = readonly [name: string, ...args: string[]];

/** Redis over HTTP. Every call is one round trip with a time limit, and is tried once: who calls knows what a repeat means. */
export interface RedisHttp {
  /** @throws {RedisReplyError} Redis refused; @throws {TransientError} not reachable, or no answer in time */
  command(command: Command): Promise<unknown>;
  eval(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Sends several commands at once, in order, not atomic. A refused one is a RedisReplyError in its place. */
  pipeline(commands: readonly Command[]): Promise<unknown[]>;
}

export interface RedisHttpOptions {
  readonly url: string;
  readonly token: string;
  /** Time limit of one call, ms; default 5,000. */
  readonly timeoutMs?: number;
  readonly meter?: SubrequestMeter | null;
}

/** What the client appends to each error message: the whole command, so payloads. Cut before anyone sees it. */
const commandInMessage = /, command was: [\s\S]*$/;

/** Replies of Redis begin with a word in capitals; anything else is what the service in front of it says. */
const redisPrefix = /^[A-Z]{3,}\b/;

export function createRedis(options: RedisHttpOptions): RedisHttp {
  const timeoutMs = options.timeoutMs ?? 5_000;
  const redis = new Redis({
    url: options.url,
    token: options.token,
    // `retry: false` still tries twice. A repeat of an append must be told from a first try, so we repeat ourselves.
    retry: { retries: 0 },
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    responseEncoding: false,
    readYourWrites: false,
    // As a function: with a plain signal the client answers an abort with a fabricated success.
    signal: () => AbortSignal.timeout(timeoutMs),
  });
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    options.meter?.count();
    try {
      return await run();
    } catch (error) {
      throw translateRedisError(error);
    }
  };
  return {
    command: (command) => call(() => redis.exec([...command])),
    eval: (script, keys, args) => call(() => redis.eval(script, [...keys], [...args])),
    async pipeline(commands) {
      const [first, second] = commands;
      if (first === undefined) return [];
      return call(async () =>
        second === undefined ? [await settle(redis.exec([...first]))] : pipelineRaw(redis, commands),
      );
    },
  };
}

/** The client's request function, which its pipeline class uses too; the only way to send raw commands as a pipeline. */
interface Requester {
  request(request: { path: string[]; body: unknown }): Promise<unknown>;
}

async function pipelineRaw(redis: Redis, commands: readonly Command[]): Promise<unknown[]> {
  const { client } = redis as unknown as { client: Requester };
  const replies = await client.request({ path: ["pipeline"], body: commands });
  if (!Array.isArray(replies) || replies.length !== commands.length) {
    throw new TransientError(
      `Redis answered ${String(replies).slice(0, 40)} to a pipeline of ${commands.length} commands.`,
    );
  }
  return replies.map((reply: { result?: unknown; error?: string }) =>
    typeof reply.error === "string" ? new RedisReplyError(reply.error) : reply.result,
  );
}

async function settle(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    const translated = translateRedisError(error);
    if (translated instanceof RedisReplyError) return translated;
    throw translated;
  }
}

/**
 * A reply that Redis gave becomes a RedisReplyError, unless it says "not now"; everything else (network, time limit,
 * an answer that is no JSON) is a TransientError.
 */
export function translateRedisError(error: unknown): Error {
  if (error instanceof RedisReplyError || error instanceof TransientError) return error;
  if (!(error instanceof Error)) return new TransientError("Redis could not be reached.", { cause: error });
  if (error.name === "UpstashError") {
    const reply = error.message.replace(commandInMessage, "").slice(0, 300);
    const answered = new RedisReplyError(reply);
    return isNetworkError(answered) || !redisPrefix.test(reply) || /max daily request|rate limit/i.test(reply)
      ? new TransientError(`Redis is not available: ${reply}`, { cause: answered })
      : answered;
  }
  // The original may hold the command or an answer in its message, so it is not kept as the cause.
  if (error.name === "TimeoutError" || error.name === "AbortError") {
    return new TransientError("Redis did not answer in time.");
  }
  const why = /too many subrequests/i.test(error.message)
    ? "the invocation made more calls than its plan allows; lower BRAIN_SUBREQUEST_LIMIT"
    : error.name;
  return new TransientError(`Redis could not be reached (${why}).`);
}
