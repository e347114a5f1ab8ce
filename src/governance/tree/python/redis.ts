/** Calls of a Redis client in modules. */

import { valuesOf } from "./flow.ts";
import type { PyNames } from "./names.ts";
import {
  bare,
  below,
  calledName,
  dottedName,
  field,
  functionAround,
  lastName,
  type PyNode,
  parametersOf,
  positional,
  receiverOf,
  textOf,
} from "./nodes.ts";
import type { PythonTree } from "./python.ts";

export interface RedisCall {
  readonly call: PyNode;
  readonly command: string;
  /** The first argument. */
  readonly key: PyNode;
}

/** Commands whose first argument is a key. */
const keyed = new Set(
  (
    "get set setex setnx getset incr incrby decr append exists expire delete type ttl lpush rpush lpop rpop lrange llen ltrim " +
    "hset hget hgetall hdel hmset hincrby sadd srem smembers sismember zadd zrem zrange zrevrange zrangebyscore zpopmax zpopmin " +
    "xadd xread xreadgroup xrange xrevrange xlen xtrim xgroup_create xack xinfo_groups publish"
  ).split(" "),
);

export function redisCalls({ sources, names }: Pick<PythonTree, "sources" | "names">): readonly RedisCall[] {
  return sources.flatMap((source) => {
    if (!/redis/i.test(source.text)) return [];
    return source.of("call").flatMap((call) => {
      const command = calledName(call) ?? "";
      const receiver = receiverOf(call);
      const [key] = positional(call);
      if (receiver === null || key === undefined || !keyed.has(command) || !isRedis(names, receiver))
        return [];
      return [{ call, command, key }];
    });
  });
}

/** Whether an expression is a client of Redis: made or declared as one, or what is called `redis` and comes from elsewhere. */
function isRedis(names: PyNames, node: PyNode): boolean {
  const value = bare(node);
  const values = valuesOf(names, value);
  if (values.some((made) => made !== value && isClient(names, made)) || isClient(names, value)) return true;
  if (value.type === "identifier") {
    const parameter = parametersOf(functionAround(value) ?? value).find(({ name }) => name === textOf(value));
    if (parameter?.annotation !== undefined && parameter.annotation !== null)
      return below(parameter.annotation, "identifier").some((name) => textOf(name) === "Redis");
  }
  return /(?:^|_)redis(?:_client)?$/i.test(lastName(value) ?? "");
}

function isClient(names: PyNames, node: PyNode): boolean {
  if (node.type !== "call") return false;
  const callee = field(node, "function");
  if (callee === null) return false;
  if (/^(?:get_redis|get_redis_client)$/.test(calledName(node) ?? "")) return true;
  const object = callee.type === "attribute" ? (field(callee, "object") ?? callee) : callee;
  const origin = names.originOf(object);
  return origin !== null && /^redis(?:\.|$)/.test(origin.module) && dottedName(callee) !== null;
}
