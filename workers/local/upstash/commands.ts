/** What a REST request may ask for: arguments become strings, commands that need a session are refused. */

import type { CommandArgument } from "../redis/resp.ts";
import { numberText, parseSourceJson } from "../requests/source-json.ts";

/** A request that the gateway refuses itself. The message starts with `ERR`, as Upstash's do. */
export class RefusedRequestError extends Error {
  override readonly name = "RefusedRequestError";
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/**
 * The commands that Upstash offers over REST: those on data, and few on the server. Everything else is refused, whatever
 * the Redis behind the gateway would do with it: each request stands alone on a shared connection, so what waits, what
 * keeps state there and what administrates the server has no place here.
 *
 * Source: https://upstash.com/docs/redis/overall/rediscompatibility, https://upstash.com/docs/redis/commands/overview
 */
const offered: ReadonlySet<string> = new Set(
  `APPEND DECR DECRBY GET GETDEL GETEX GETRANGE GETSET INCR INCRBY INCRBYFLOAT LCS MGET MSET MSETEX MSETNX PSETEX SET SETEX
   SETNX SETRANGE STRLEN SUBSTR BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS GETBIT SETBIT
   HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL HGETDEL HGETEX HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET
   HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSET HSETEX HSETNX HSTRLEN HTTL HVALS
   LINDEX LINSERT LLEN LMOVE LMPOP LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM RPOP RPOPLPUSH RPUSH RPUSHX
   SADD SCARD SDIFF SDIFFSTORE SINTER SINTERCARD SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SPOP SRANDMEMBER SREM
   SSCAN SUNION SUNIONSTORE
   ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD ZINTERSTORE ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN
   ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE
   ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION ZUNIONSTORE
   GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEOSEARCH GEOSEARCHSTORE
   PFADD PFCOUNT PFMERGE
   XACK XACKDEL XADD XAUTOCLAIM XCLAIM XDEL XDELEX XGROUP XINFO XLEN XPENDING XRANGE XREAD XREADGROUP XREVRANGE XTRIM
   EVAL EVAL_RO EVALSHA EVALSHA_RO SCRIPT FCALL FCALL_RO FUNCTION PUBLISH PUBSUB
   COPY DEL DUMP EXISTS EXPIRE EXPIREAT EXPIRETIME KEYS MEMORY OBJECT PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PTTL RANDOMKEY
   RENAME RENAMENX RESTORE SCAN TOUCH TTL TYPE UNLINK
   CLIENT ECHO PING DBSIZE FLUSHALL FLUSHDB INFO TIME`
    .split(/\s+/)
    .filter(Boolean),
);

/** Of commands with subcommands, those that are offered; the others reach into the server or into the connection. */
const offeredSubcommands: Readonly<Record<string, readonly string[]>> = {
  CLIENT: ["SETINFO"],
  SCRIPT: ["EXISTS", "LOAD", "FLUSH"],
  FUNCTION: ["DELETE", "DUMP", "FLUSH", "LIST", "LOAD", "RESTORE", "STATS"],
  MEMORY: ["USAGE"],
};

/** In place of CLIENT SETINFO: a name given here would be that of everybody's connection, and older servers know none. */
const nothingToSet: string[] = ["EVAL", "return redis.status_reply('OK')", "0"];

/** SCAN with the type of each key behind it, in place of the option WITHTYPE, which only Upstash knows. */
const scanWithTypes = `local page = redis.pcall('SCAN', unpack(ARGV))
if page.err then return page end
local found = {}
for _, key in ipairs(page[2]) do
  found[#found + 1] = key
  found[#found + 1] = redis.call('TYPE', key).ok
end
return { page[1], found }`;

/** Redis modules: whether there is one behind the gateway is for Redis to say. */
const moduleCommand = /^(?:JSON|SEARCH|VECTOR)\.|^AR[A-Z]/;

function nameOf(arg: CommandArgument | undefined): string {
  return typeof arg === "string" ? arg.toUpperCase() : "";
}

/**
 * A command of a pipeline that is not run: its place in the answer. No Error, of which a request may be worth millions,
 * each with its stack.
 */
export interface Refusal {
  readonly error: string;
}

function whyNotOffered(args: readonly CommandArgument[]): Refusal | null {
  const name = nameOf(args[0]);
  const subcommands = offeredSubcommands[name];
  if (
    (!offered.has(name) && !moduleCommand.test(name)) ||
    (subcommands !== undefined && !subcommands.includes(nameOf(args[1])))
  ) {
    const full = subcommands === undefined ? name : `${name} ${nameOf(args[1])}`;
    return {
      error: `ERR Command is not available: '${full.slice(0, 64)}'. It is unknown, or one that Upstash does not offer over REST, where each request stands alone`,
    };
  }
  if (name === "XREAD" || name === "XREADGROUP") {
    for (const option of args.slice(1).map(nameOf)) {
      if (option === "STREAMS") break;
      if (option === "BLOCK") {
        return { error: `ERR ${name} with BLOCK is not available over REST, leave BLOCK out and poll` };
      }
    }
  }
  return null;
}

/** What Redis is asked in place of a command that only Upstash understands. */
function translate<T extends CommandArgument>(args: T[]): (T | string)[] {
  const name = nameOf(args[0]);
  if (name === "CLIENT") return nothingToSet;
  if (name !== "SCAN") return args;
  // Behind the cursor; each option but this one has a value.
  let at = 2;
  while (at < args.length && nameOf(args[at]) !== "WITHTYPE") at += 2;
  return at < args.length ? ["EVAL", scanWithTypes, "0", ...args.slice(1).toSpliced(at - 1, 1)] : args;
}

function toArgument(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null
    ? (numberText(value) ?? JSON.stringify(value))
    : String(value);
}

/** @throws RefusedRequestError for anything but JSON in UTF-8. Numbers keep their digits. */
export function parseBody(body: Uint8Array): unknown {
  try {
    return parseSourceJson(body);
  } catch (error) {
    throw new RefusedRequestError(`ERR failed to parse request body as JSON: ${(error as Error).message}`);
  }
}

const emptyCommand: Refusal = { error: "ERR empty command" };
const nullArgument: Refusal = { error: "ERR null args are not supported" };

/** Numbers and booleans become their text, arrays and objects their JSON text. */
function readCommand(value: readonly unknown[]): string[] | Refusal {
  if (value.length === 0) return emptyCommand;
  if (value.includes(null)) return nullArgument;
  const args = value.map(toArgument);
  return whyNotOffered(args) ?? translate(args);
}

/**
 * One command from its JSON array.
 *
 * @throws RefusedRequestError when it is no array, is empty, holds null, or is a command that is not offered.
 */
export function parseCommand(value: unknown): string[] {
  if (!Array.isArray(value)) {
    throw new RefusedRequestError('ERR failed to parse command: expected a JSON array like ["GET", "key"]');
  }
  const command = readCommand(value);
  if (Array.isArray(command)) return command;
  throw new RefusedRequestError(command.error);
}

/**
 * The commands of a pipeline or a transaction.
 *
 * @throws RefusedRequestError for anything but a non-empty array of arrays. What is wrong with a single command is
 * in its place of the result: a pipeline goes on after it, a transaction does not start.
 */
export function parseCommands(value: unknown, path: string): (string[] | Refusal)[] {
  if (!Array.isArray(value) || !value.every(Array.isArray)) {
    throw new RefusedRequestError(
      `ERR failed to parse ${path} request: expected a JSON array of commands like [["GET", "key"]]`,
    );
  }
  if (value.length === 0) throw new RefusedRequestError(`ERR empty ${path} request`);
  return value.map(readCommand);
}

/** What stands behind the method of a request. */
export interface RequestTarget {
  /** Begins with a slash as a rule; nothing in it is decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Takes the target apart as it came. A URL would be put right before it is read: `//get/k` has a host there, `..` and
 * `%2E` vanish, and a backslash is a slash.
 */
export function parseTarget(target: string): RequestTarget {
  // As a proxy is asked.
  const local = target.replace(/^https?:\/\/[^/?]*/i, "");
  const end = local.indexOf("?");
  if (end === -1) return { path: local || "/", query: new URLSearchParams() };
  return { path: local.slice(0, end) || "/", query: new URLSearchParams(local.slice(end + 1)) };
}

/** The decoded parts of a path. @throws RefusedRequestError when they are not percent-encoded UTF-8. */
export function pathParts(path: string): string[] {
  return path
    .slice(1)
    .split("/")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        throw new RefusedRequestError(`ERR failed to parse path: '${part}' is not percent-encoded UTF-8`);
      }
    });
}

/**
 * The command of a path like `/set/key/value?EX=60`. A body is one more argument, byte for byte, before those of the query string.
 * The parameter `_token` is the key of the request and no argument.
 */
export function parsePathCommand({ path, query }: RequestTarget, body: Uint8Array): CommandArgument[] {
  const args: CommandArgument[] = pathParts(path);
  if (body.length > 0) args.push(body);
  for (const [name, value] of query) {
    if (name === "_token") continue;
    args.push(name);
    if (value !== "") args.push(value);
  }
  const refusal = args[0] === "" ? emptyCommand : whyNotOffered(args);
  if (refusal !== null) throw new RefusedRequestError(refusal.error);
  return translate(args);
}
