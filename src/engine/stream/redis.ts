import { errors, Redis } from "@upstash/redis/cloudflare";
import type { SubrequestMeter } from "../core/budget.ts";
import { TooMuchAtOnceError, TransientError } from "../core/errors.ts";
import { abortAfter } from "../core/promises/time-limit.ts";
import { byBody, byDigest, leaveFlagOut } from "./scripts.ts";

/** An error reply of Redis, e.g. `NOGROUP No such key …`; never contains the command, so no payload either. */
export class RedisReplyError extends Error {
  /** First word of the reply: `NOGROUP`, `BUSYGROUP`, `ERR`. */
  readonly prefix: string;

  constructor(reply: string) {
    super(reply);
    this.name = "RedisReplyError";
    this.prefix = reply.split(" ", 1)[0] ?? "";
  }

  /**
   * What may be shown to anybody: the code, and of replies with a code of their own the words up to the first that could
   * be a value. Replies with ERR repeat what was sent, in any place.
   */
  get words(): string {
    const advice = adviceOf[this.prefix];
    return advice === undefined ? this.#said : `${this.#said}. ${advice}`;
  }

  get #said(): string {
    if (!/^[A-Z]{3,}$/.test(this.prefix)) return "a reply without a code";
    if (this.prefix === "ERR") return "ERR";
    // A script's name and line follow behind "script:".
    const [said = ""] = this.message.split(/ script:|[^A-Za-z ,.-]/, 1);
    return said.trim();
  }
}

/** One Redis command as strings. */
export type Command = readonly [name: string, ...args: string[]];

/** Redis over HTTP. Every call is one round trip with a time limit, and is tried once: who calls knows what a repeat means. */
export interface RedisHttp {
  /** @throws {RedisReplyError} Redis refused; @throws {TransientError} not reachable, or no answer in time */
  command(command: Command): Promise<unknown>;
  /**
   * Runs a script, by its digest when the server has it; else with its body, which costs a second round trip.
   *
   * @param keys all that it touches: Upstash locks these and no others
   */
  eval(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /**
   * Sends several commands at once, in order, not atomic. A refused one is a RedisReplyError in its place, or a
   * TransientError when the token may not run it.
   *
   * @throws {TooMuchAtOnceError} the answers are too large together; the commands have run
   */
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

/** First words of replies that pass: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const passingPrefixes: ReadonlySet<string> = new Set([
  "LOADING",
  "READONLY",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "MASTERDOWN",
  "BUSY",
  "OOM",
  "MISCONF",
  "NOREPLICAS",
]);

/**
 * Replies by which the service says that one of its limits is reached. They have no code of their own:
 * https://upstash.com/docs/redis/troubleshooting/max_requests_limit
 * https://upstash.com/docs/redis/troubleshooting/db_capacity_quota_exceeded
 */
const serviceLimit = /max (daily )?requests? |max concurrent|rate limit|capacity quota exceeded/i;

const full =
  "It is full: give it more memory. What all consumers have handled is trimmed once an hour; BRAIN_STREAM_KEEP says how much of it stays.";

/** What to do about refusals that no repeat heals, or not soon, by their code. */
const adviceOf: Readonly<Record<string, string>> = {
  OOM: full,
  READONLY:
    "It is a replica, or the token may only read: set the address and the token of one that takes writes.",
  MISCONF: "It cannot store what it holds: look at its disk and its log.",
  WRONGTYPE:
    "Another program keeps something of its own under a key of this system. Rename it; what was on a stream there is sent again from the record.",
  NOPERM: "The token may not do what is needed: set one that may use all commands.",
  WRONGPASS:
    "The token is not that of this database: set UPSTASH_REDIS_REST_TOKEN to the one that belongs to UPSTASH_REDIS_REST_URL, and in BRAIN_MORE_REDIS the one behind each address.",
};

/** How the service in front of Redis refuses a request for its token, before any command: https://upstash.com/docs/redis/features/restapi */
const refusedToken = /^(?:WRONGPASS|NOAUTH|unauthorized)\b/i;

/**
 * What of a Redis can be kept from one invocation to the next; nothing is open.
 *
 * @returns gives the Redis of an invocation. `meter` counts each call; null where nothing limits them
 */
export function prepareRedis(
  options: Omit<RedisHttpOptions, "meter">,
): (meter: SubrequestMeter | null) => RedisHttp {
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
    // It follows redirects and cannot be told otherwise. The key stays behind when they lead to another origin:
    // https://fetch.spec.whatwg.org/#http-redirect-fetch
  });
  const upstash = { redis, url: options.url, timeoutMs };
  return (meter) => {
    const pipeline = async (commands: readonly Command[]): Promise<unknown[]> => {
      if (commands.length === 0) return [];
      meter?.count();
      try {
        return await send(upstash, commands);
      } catch (error) {
        throw translateRedisError(error);
      }
    };
    const command = async (one: Command): Promise<unknown> => {
      const [reply] = await pipeline([one]);
      if (reply instanceof Error) throw reply;
      return reply;
    };
    return {
      command,
      async eval(script, keys, args) {
        const full: Command = ["EVAL", script, String(keys.length), ...keys, ...args];
        try {
          return await command(await byDigest(options.url, full));
        } catch (error) {
          if (!(error instanceof RedisReplyError && error.prefix === "NOSCRIPT")) throw error;
        }
        return command(full);
      },
      pipeline,
    };
  };
}

/** The Redis of one invocation, or of a program that makes few calls. */
export function createRedis({ meter = null, ...options }: RedisHttpOptions): RedisHttp {
  return prepareRedis(options)(meter);
}

/** The client's request function, which its pipeline class uses too; the only way to send raw commands as a pipeline. */
interface Requester {
  request(request: { path: string[]; body: unknown; signal: () => AbortSignal }): Promise<unknown>;
}

/** What the calls to one Redis have in common. */
interface Upstash {
  readonly redis: Redis;
  readonly url: string;
  readonly timeoutMs: number;
}

/**
 * Single commands go as a pipeline of one, too: there what Redis replied stands in the answer's list, and whatever the
 * request itself fails with comes from the service in front of it. As a single command both are the same text.
 */
async function send(upstash: Upstash, commands: readonly Command[]): Promise<unknown[]> {
  const { url, timeoutMs } = upstash;
  const { client } = upstash.redis as unknown as { client: Requester };
  const body = commands.map((one) => byBody(url, one));
  const replies = await abortAfter(timeoutMs, (signal) =>
    // As a function: with a plain signal the client answers an abort with a fabricated success.
    client.request({ path: ["pipeline"], body, signal: () => signal }),
  );
  if (!Array.isArray(replies) || replies.length !== commands.length) {
    throw unavailable(`Redis answered ${String(replies).slice(0, 40)} to ${commands.length} commands.`);
  }
  const answers = replies.map((reply: { result?: unknown; error?: string }) =>
    typeof reply.error === "string" ? toReplyError(reply.error) : reply.result,
  );
  const refused = [...answers.keys()].filter(
    (place) => isUnknownFlag(answers[place]) && body[place]?.[1] !== commands[place]?.[1],
  );
  if (refused.length === 0) return answers;
  leaveFlagOut(url);
  const again = await send(
    upstash,
    refused.map((place) => commands[place] as Command),
  );
  for (const [index, place] of refused.entries()) answers[place] = again[index];
  return answers;
}

/** The reply to a script whose first line has a flag that the server does not know: it did not run. */
function isUnknownFlag(reply: unknown): boolean {
  return reply instanceof RedisReplyError && /unexpected flag in script shebang/i.test(reply.message);
}

/**
 * @returns a TransientError for a right that the token does not have: what was asked is not to blame for it
 * @throws {TransientError} the reply says "not now", to whatever is asked
 */
function toReplyError(reply: string): RedisReplyError | TransientError {
  const error = new RedisReplyError(reply);
  // Some servers put ERR before the word that counts.
  const word = error.prefix === "ERR" ? (reply.split(" ", 2)[1] ?? "") : error.prefix;
  if (word === "NOPERM") return notNow(error, adviceOf.NOPERM);
  if (!passingPrefixes.has(word) && !serviceLimit.test(reply)) return error;
  throw notNow(error, /capacity quota exceeded/i.test(reply) ? full : adviceOf[word]);
}

/** Redis answers, and serves nobody: in its words, and what to do about it. */
function notNow(error: RedisReplyError, advice = adviceOf[error.prefix]): TransientError {
  const said = error.message.replace(/ script:.*$/s, "").slice(0, maxReplyLength);
  const told = advice === undefined ? said : `${said.replace(/\.?$/, ".")} ${advice}`;
  return unavailable(`Redis is not available: ${told}`, error);
}

const maxReplyLength = 300;

function unavailable(message: string, cause?: unknown): TransientError {
  return new TransientError(message, { backend: "redis", ...(cause === undefined ? {} : { cause }) });
}

/**
 * Whatever a request fails with, as a whole, is a TransientError: the network, the time limit, an answer that is no
 * JSON, a status that the service gives (also when Redis ended in the middle of a command).
 */
export function translateRedisError(error: unknown): Error {
  if (error instanceof RedisReplyError || error instanceof TransientError) return error;
  if (error instanceof errors.UpstashJSONParseError)
    return unavailable("Redis answered with something that is no JSON.");
  if (error instanceof errors.UpstashError) {
    const said = error.message.replace(commandInMessage, "").slice(0, maxReplyLength);
    if (/max response size/i.test(said))
      return new TooMuchAtOnceError(`The answer of Redis is too large: ${said}`, { backend: "redis" });
    if (refusedToken.test(said)) return notNow(new RedisReplyError(said), adviceOf.WRONGPASS);
    return unavailable(`Redis is not available: ${said}`);
  }
  // The original may hold the command or an answer in its message, so it is not kept as the cause. Names of
  // DOMExceptions are their class: https://webidl.spec.whatwg.org/#idl-DOMException-error-names
  const name = error instanceof Error ? error.name : typeof error;
  if (name === "TimeoutError" || name === "AbortError") return unavailable("Redis did not answer in time.");
  // workerd gives this one no class and no code.
  const hasNoCallsLeft = error instanceof Error && /too many subrequests/i.test(error.message);
  const why = hasNoCallsLeft
    ? "the invocation made more calls than its plan allows; lower BRAIN_SUBREQUEST_LIMIT"
    : name;
  return unavailable(`Redis could not be reached (${why}).`);
}
