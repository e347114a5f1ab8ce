import { createServer } from "node:http";
import { errors } from "@upstash/redis/cloudflare";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { TransientError } from "../core/errors.ts";
import { createRedis, RedisReplyError, translateRedisError } from "./redis.ts";

const planted = '["XADD","s","*","payload","{\\"token\\":\\"planted-secret\\"}"]';

/** Redis over HTTP as a service that gives this answer to everything. */
async function answering(status: number, body: string) {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return createRedis({ url: `http://127.0.0.1:${port}`, token: "t" });
}

function replying(reply: string) {
  return answering(200, JSON.stringify([{ error: reply }]));
}

/** A Redis over HTTP that answers each command by `reply`, and what it was sent. */
async function scripted(reply: (command: readonly string[]) => object) {
  const sent: (readonly string[])[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const commands = JSON.parse(Buffer.concat(chunks).toString("utf8")) as string[][];
    sent.push(...commands);
    response.end(JSON.stringify(commands.map(reply)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return { redis: createRedis({ url: `http://127.0.0.1:${port}`, token: "t" }), sent };
}

const noScript = { error: "NOSCRIPT No matching script." };
const unknownFlag = { error: "ERR Unexpected flag in script shebang: allow-key-locking" };

describe("a script", () => {
  test("is sent by its digest, with its body when the server does not have it, and names the keys it locks", async () => {
    let has = false;
    const { redis, sent } = await scripted(([name]) => {
      if (name === "EVALSHA" && !has) return noScript;
      has = true;
      return { result: "done" };
    });
    for (const _time of [1, 2]) expect(await redis.eval("return 'done'", ["k"], ["a"])).toBe("done");
    expect(sent.map(([name]) => name)).toEqual(["EVALSHA", "EVAL", "EVALSHA"]);
    expect(sent[1]).toEqual(["EVAL", "#!lua flags=allow-key-locking\nreturn 'done'", "1", "k", "a"]);
  });

  test("goes without the flag to a server that does not know it, once this is found out", async () => {
    const { redis, sent } = await scripted(([name, script = ""]) => {
      if (name === "EVALSHA") return noScript;
      return script.startsWith("#!lua") ? unknownFlag : { result: "done" };
    });
    for (const _time of [1, 2]) expect(await redis.eval("return 'done'", ["k"], [])).toBe("done");
    expect(sent.map(([name, script]) => [name, script?.startsWith("#!lua")])).toEqual([
      ["EVALSHA", false],
      ["EVAL", true],
      ["EVAL", false],
      ["EVALSHA", false],
      ["EVAL", false],
    ]);
  });

  test("of a pipeline that was refused for its flag is sent again alone", async () => {
    const { redis, sent } = await scripted(([name, script = ""]) =>
      name === "EVAL" && script.startsWith("#!lua") ? unknownFlag : { result: name },
    );
    expect(
      await redis.pipeline([
        ["GET", "k"],
        ["EVAL", "return 1", "0"],
        ["TTL", "k"],
      ]),
    ).toEqual(["GET", "EVAL", "TTL"]);
    expect(sent.map(([name]) => name)).toEqual(["GET", "EVAL", "TTL", "EVAL"]);
  });
});

describe("what Redis replied", () => {
  test.each([
    ["NOGROUP No such key 's' or consumer group 'g'", "NOGROUP"],
    ["BUSYGROUP Consumer Group name already exists", "BUSYGROUP"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "WRONGTYPE"],
    ["ERR syntax error", "ERR"],
    ["ERR upstream is no word of Redis", "ERR"],
  ])("%s is a refusal, of one command and in a pipeline", async (reply, prefix) => {
    const redis = await replying(reply);
    const expected = { message: reply, prefix };
    await expect(redis.command(["XADD", "planted-secret"])).rejects.toMatchObject(expected);
    await expect(redis.eval("return 1", ["k"], ["planted-secret"])).rejects.toBeInstanceOf(RedisReplyError);
    expect(await redis.pipeline([["XADD", "planted-secret"]])).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    "LOADING Redis is loading the dataset in memory",
    "ERR LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "CLUSTERDOWN The cluster is down",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "MASTERDOWN Link with MASTER is down",
    "BUSY Redis is busy running a script.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "NOREPLICAS Not enough good replicas to write.",
    "ERR DB capacity quota exceeded",
    "ERR max daily request limit exceeded. Limit: 10000",
    "ERR max requests limit exceeded. Limit: 500000",
    "Exceeded rate limit",
  ])("%s means: not now", async (reply) => {
    const redis = await replying(reply);
    await expect(redis.command(["PING"])).rejects.toMatchObject({ code: "unavailable", backend: "redis" });
    await expect(redis.pipeline([["PING"]])).rejects.toBeInstanceOf(TransientError);
  });
});

test.each([
  [
    "OOM command not allowed when used memory > 'maxmemory'. script: 1f2e, on @user_script:7.",
    /'maxmemory'\. It is full: give/,
  ],
  ["ERR DB capacity quota exceeded", /exceeded\. It is full: give it more memory/],
  [
    "READONLY You can't write against a read only replica.",
    /replica\. It is a replica, or the token may only read/,
  ],
  ["MISCONF Redis is configured to save RDB snapshots", /look at its disk/],
  [
    "NOPERM this user has no permissions to run the 'xadd' command",
    /^Redis is not available: NOPERM .* the 'xadd' command\. The token may not do what is needed: set/,
  ],
])("who reads of %s learns what to do", async (reply, advice) => {
  const redis = await replying(reply);
  await expect(redis.command(["PING"])).rejects.toThrow(advice);
});

test("what a token may not run is not to blame for it, and the commands beside it are answered", async () => {
  const redis = await replying("NOPERM this user has no permissions to run the 'xadd' command");
  expect(await redis.pipeline([["XADD", "s", "*", "a", "b"]])).toEqual([
    expect.objectContaining({ code: "unavailable", backend: "redis" }),
  ]);
});

test.each(["WRONGPASS invalid or missing auth token", "Unauthorized"])(
  "who reads of a token that is refused (%s) learns which setting it is",
  async (said) => {
    const redis = await answering(401, JSON.stringify({ error: said }));
    await expect(redis.command(["PING"])).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(
        new RegExp(`^Redis is not available: ${said}\\. .*UPSTASH_REDIS_REST_TOKEN`),
      ),
      // By which health tells it from silence.
      cause: expect.any(RedisReplyError),
    });
  },
);

describe("what the service in front of Redis says", () => {
  test.each([
    [500, '{"error":"ERR upstream redis unavailable: connection closed by Redis"}'],
    [
      500,
      '{"error":"ERR upstream redis unavailable: no reply within 5000 ms; the command may have been executed"}',
    ],
    [500, '{"error":"Internal Server Error"}'],
    [503, '{"error":"ERR the database is being moved"}'],
    [429, '{"error":"ERR too many requests"}'],
    [502, "<html>Bad Gateway</html>"],
    [200, "no JSON"],
    [200, "[]"],
  ])("%i %s means: not now", async (status, body) => {
    const redis = await answering(status, body);
    for (const call of [
      () => redis.command(["SET", "k", "planted-secret"]),
      () => redis.eval("return 1", ["k"], ["planted-secret"]),
      () => redis.pipeline([["GET", "k"]]),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TransientError);
      expect(String(error)).not.toContain("planted-secret");
    }
  });
});

/** An error as the client throws it: with the whole command. */
const upstash = (said: string) => new errors.UpstashError(`${said}, command was: ${planted}`);

function named(name: string): Error {
  const error = new Error('POST /pipeline [["XADD","planted-secret"]]');
  error.name = name;
  return error;
}

describe("a request that fails", () => {
  test.each(["TimeoutError", "AbortError"])("%s: no answer in time", (name) => {
    const error = translateRedisError(named(name));
    expect(error).toBeInstanceOf(TransientError);
    expect(error.message).toBe("Redis did not answer in time.");
  });

  test.each([named("TypeError"), "text", null])("anything else is an unreachable Redis: %o", (thrown) => {
    const error = translateRedisError(thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error.message).toContain("could not be reached");
  });

  test.each([
    [
      "WRONGTYPE Operation against a key holding the wrong kind of value script: 1f2e, on @user_script:7.",
      "WRONGTYPE Operation against a key holding the wrong kind of value. Another program keeps something of its own under a key of this system. Rename it; what was on a stream there is sent again from the record.",
    ],
    [
      "NOPERM this user has no permissions to run the 'xadd' command",
      "NOPERM this user has no permissions to run the. The token may not do what is needed: set one that may use all commands.",
    ],
    ["NOGROUP No such key 'planted-secret' or consumer group 'g'", "NOGROUP No such key"],
    ["ERR unknown command planted-secret", "ERR"],
    ["planted-secret", "a reply without a code"],
  ])("shows of %s only words that are no values", (reply, words) => {
    expect(new RedisReplyError(reply).words).toBe(words);
  });

  test("is never translated twice", () => {
    const reply = new RedisReplyError("NOGROUP x");
    const transient = new TransientError("x");
    expect(translateRedisError(reply)).toBe(reply);
    expect(translateRedisError(transient)).toBe(transient);
  });

  test("never holds the command, in no depth of causes", () => {
    for (const thrown of [
      upstash("ERR odd"),
      upstash("LOADING x"),
      new errors.UpstashJSONParseError("planted-secret"),
      named("TypeError"),
      named("TimeoutError"),
    ]) {
      let seen: unknown = translateRedisError(thrown);
      expect(seen).toBeInstanceOf(TransientError);
      while (seen instanceof Error) {
        expect(`${seen.message} ${seen.stack}`).not.toContain("planted-secret");
        seen = seen.cause;
      }
    }
  });
});

test("a call leaves no timer behind, whatever it is answered", async () => {
  const set = vi.spyOn(globalThis, "setTimeout");
  const cleared = vi.spyOn(globalThis, "clearTimeout");
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  const ownLimits = () => set.mock.results.filter((_, call) => set.mock.calls[call]?.[1] === 5_000);
  await (await answering(200, '[{"result":"PONG"}]')).command(["PING"]);
  await expect((await answering(500, "{}")).command(["PING"])).rejects.toThrow(TransientError);
  expect(ownLimits()).toHaveLength(2);
  const gone = new Set(cleared.mock.calls.map(([timer]) => timer));
  for (const { value } of ownLimits()) expect(gone).toContain(value);
});

test("a call that is not answered ends at its limit", async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const redis = createRedis({ url: `http://127.0.0.1:${port}`, token: "t", timeoutMs: 20 });
  await expect(redis.command(["PING"])).rejects.toThrow("Redis did not answer in time.");
});
