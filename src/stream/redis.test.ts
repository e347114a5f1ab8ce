import { describe, expect, it } from "vitest";
import { TransientError } from "../core/errors.ts";
import { RedisReplyError, translateRedisError } from "./redis.ts";

/** An error as the client throws it for an answer of Redis: with the whole command. */
function upstash(reply: string): Error {
  const error = new Error(
    `${reply}, command was: ["XADD","s","*","payload","{\\"token\\":\\"planted-secret\\"}"]`,
  );
  error.name = "UpstashError";
  return error;
}

function named(name: string): Error {
  const error = new Error('POST /pipeline [["XADD","planted-secret"]]');
  error.name = name;
  return error;
}

describe("what a caller sees of a Redis error", () => {
  it.each([
    ["NOGROUP No such key 's' or consumer group 'g'", "NOGROUP"],
    ["BUSYGROUP Consumer Group name already exists", "BUSYGROUP"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "WRONGTYPE"],
    ["ERR syntax error", "ERR"],
  ])("%s is the reply without the command", (reply, prefix) => {
    const error = translateRedisError(upstash(reply));
    expect(error).toBeInstanceOf(RedisReplyError);
    expect(error).toMatchObject({ message: reply, prefix });
  });

  it.each([
    "LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "ERR max daily request limit exceeded. Limit: 10000",
    "Service unavailable",
    "Internal Server Error",
    "Exceeded rate limit",
  ])("%s means: not now", (reply) => {
    expect(translateRedisError(upstash(reply))).toBeInstanceOf(TransientError);
  });

  it.each(["TimeoutError", "AbortError"])("%s: no answer in time", (name) => {
    const error = translateRedisError(named(name));
    expect(error).toBeInstanceOf(TransientError);
    expect(error.message).toBe("Redis did not answer in time.");
  });

  it.each([named("TypeError"), "text", null])("anything else is an unreachable Redis: %o", (thrown) => {
    const error = translateRedisError(thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error.message).toContain("could not be reached");
  });

  it("is never translated twice", () => {
    const reply = new RedisReplyError("NOGROUP x");
    const transient = new TransientError("x");
    expect(translateRedisError(reply)).toBe(reply);
    expect(translateRedisError(transient)).toBe(transient);
  });

  it("never holds the command, in no depth of causes", () => {
    for (const thrown of [
      upstash("ERR odd"),
      upstash("LOADING x"),
      named("TypeError"),
      named("TimeoutError"),
    ]) {
      let seen: unknown = translateRedisError(thrown);
      while (seen instanceof Error) {
        expect(`${seen.message} ${seen.stack}`).not.toContain("planted-secret");
        seen = seen.cause;
      }
    }
  });
});
