import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { listenOnLoopback } from "../../workers/local/ports.ts";
import { startUpstashGateway, type UpstashGateway } from "../../workers/local/upstash/gateway.ts";
import { createClient, key, redis, request, sandbox, useUpstash } from "./upstash-client.ts";

useUpstash();

describe("pipelines and transactions", () => {
  test("a pipeline answers every command, the failing one in its place", async () => {
    const pipeline = redis.pipeline().set(key, "1").lpush(key, "x").incr(key);
    expect(await pipeline.exec({ keepErrors: true })).toEqual([
      { result: "OK", error: undefined },
      { result: undefined, error: expect.stringMatching(/^WRONGTYPE/) },
      { result: 2, error: undefined },
    ]);
  });

  test("a refused command costs a pipeline only itself", async () => {
    const commands = [
      ["SET", key, "1"],
      ["SUBSCRIBE", "c"],
      ["GET", key],
    ];
    const { status, body } = await request(sandbox, "/pipeline", JSON.stringify(commands));
    expect(status).toBe(200);
    expect(body).toEqual([
      { result: "OK" },
      { error: expect.stringMatching(/not available: 'SUBSCRIBE'/) },
      { result: "1" },
    ]);
  });

  test("a transaction runs as one, also against other requests on the same gateway", async () => {
    const rounds = Array.from({ length: 20 }, () =>
      redis.multi().incr(key).incr(key).get(key).exec<[number, number, string]>(),
    );
    for (const [first, second, value] of await Promise.all(rounds)) {
      expect(second).toBe(first + 1);
      expect(value).toBe(String(second));
    }
  });

  test("a command that cannot be queued discards the whole transaction", async () => {
    const { status, body } = await request(
      sandbox,
      "/multi-exec",
      JSON.stringify([["SET", key, "1"], ["GET"]]),
    );
    expect(status).toBe(400);
    expect(body).toEqual({ error: expect.stringMatching(/^EXECABORT .*wrong number of arguments/) });
    expect(await redis.get(key)).toBeNull();
  });

  test("a command that fails while it runs leaves the rest of the transaction done", async () => {
    const { status, body } = await request(
      sandbox,
      "/multi-exec",
      JSON.stringify([
        ["SET", key, "a"],
        ["INCR", key],
        ["GET", key],
      ]),
    );
    expect(status).toBe(200);
    expect(body).toEqual([
      { result: "OK" },
      { error: expect.stringMatching(/not an integer/) },
      { result: "a" },
    ]);
  });
});

describe("scripts", () => {
  const script =
    'redis.call("SET", KEYS[1], ARGV[1]) return { redis.call("GET", KEYS[1]), 7, { "nested" }, false }';

  test("EVAL gives nested values and null for false", async () => {
    expect(await redis.eval(script, [key], ["v"])).toEqual(["v", 7, ["nested"], null]);
  });

  test("a script with the flag that only Upstash knows runs, and is found by its digest", async () => {
    const flagged = `#!lua flags=allow-key-locking\nreturn {KEYS[1], '${key}'}`;
    const digest = createHash("sha1").update(flagged).digest("hex");
    await expect(redis.evalsha(digest, ["k"], [])).rejects.toThrow(/NOSCRIPT/);
    const reply = await redis.eval(flagged, ["k"], []);
    expect(await redis.evalsha(digest, ["k"], [])).toEqual(reply);
    expect(await redis.scriptExists(digest)).toEqual([1]);
  });

  test("other flags of a script hold: one that says it writes nothing may not", async () => {
    const flagged = "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('SET', KEYS[1], '1')";
    await expect(redis.eval(flagged, ["k"], [])).rejects.toThrow(/Write commands are not allowed/);
  });

  test("EVALSHA answers NOSCRIPT until the script is loaded", async () => {
    const own = `-- ${key}\n${script}`;
    const sha = createHash("sha1").update(own).digest("hex");
    await expect(redis.evalsha(sha, [key], ["v"])).rejects.toThrow(/NOSCRIPT/);
    expect(await redis.scriptLoad(own)).toBe(sha);
    expect(await redis.evalsha(sha, [key], ["w"])).toEqual(["w", 7, ["nested"], null]);
  });

  test("an error that a script returns is an error of the command", async () => {
    await expect(redis.eval('return redis.error_reply("FENCED lost the lease")', [], [])).rejects.toThrow(
      /FENCED lost the lease/,
    );
  });

  test("an error inside an array that a script returns is its text, in both encodings", async () => {
    const nested = 'return { "a", redis.error_reply("ERR inner"), { redis.error_reply("ERR deep") } }';
    const expected = ["a", "ERR inner", ["ERR deep"]];
    expect(await redis.eval(nested, [], [])).toEqual(expected);
    expect(await createClient(sandbox, "base64").eval(nested, [], [])).toEqual(expected);
  });
});

describe("encodings", () => {
  const values = ["", "OK", "T0s=", "ü → 日本 🎓", "line\r\nbreak", '"quoted"', "1", "null"];

  test.each([false, "base64"] as const)(
    "strings come back as they were with encoding %s",
    async (encoding) => {
      const client = createClient(sandbox, encoding);
      for (const value of values) {
        await client.set(key, value);
        expect(await client.get(key)).toBe(value);
      }
      await client.hset(
        `${key}:hash`,
        Object.fromEntries(values.map((value, index) => [`f${index}`, value])),
      );
      expect(await client.exec(["HVALS", `${key}:hash`])).toEqual(values);
      expect(await client.multi().set(key, "OK").get(key).exec()).toEqual(["OK", "OK"]);
    },
  );

  test("bytes that are no UTF-8 survive in base64", async () => {
    await redis.eval('redis.call("SET", KEYS[1], string.char(0, 255, 128, 10))', [key], []);
    const { body } = await request(sandbox, "/", JSON.stringify(["GET", key]), {
      "Upstash-Encoding": "base64",
    });
    expect(body).toEqual({ result: Buffer.from([0, 255, 128, 10]).toString("base64") });
  });

  test("a status other than OK is encoded, OK is not", async () => {
    const base64 = { "Upstash-Encoding": "base64" };
    expect(await request(sandbox, "/", '["PING"]', base64)).toEqual({
      status: 200,
      body: { result: "UE9ORw==" },
    });
    expect(await request(sandbox, "/", JSON.stringify(["SET", key, "1"]), base64)).toEqual({
      status: 200,
      body: { result: "OK" },
    });
    expect(await createClient(sandbox, "base64").type(key)).toBe("string");
  });

  test("a large value that arrives in many pieces is put together", async () => {
    const value = "0123456789ü".repeat(200_000);
    await redis.set(key, value);
    expect(await redis.exec(["MGET", key, key])).toEqual([value, value]);
  });

  test("numbers, booleans and JSON as arguments become their text", async () => {
    expect(await request(sandbox, "/", JSON.stringify(["RPUSH", key, 1.5, true, { a: [1] }, [2]]))).toEqual({
      status: 200,
      body: { result: 4 },
    });
    expect(await redis.lrange(key, 0, -1)).toEqual(["1.5", "true", '{"a":[1]}', "[2]"]);
  });
});

describe("requests", () => {
  test.each([
    ["no token", {}],
    ["a wrong token", { Authorization: "Bearer wrong" }],
    ["another scheme", { Authorization: "Basic eDp5" }],
  ])("%s is 401 and nothing runs", async (_, headers: Record<string, string>) => {
    const { url } = sandbox.upstash;
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(["SET", key, "1"]) });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^WRONGPASS/) });
    expect(await redis.get(key)).toBeNull();
  });

  test("the client reports a wrong token as an error", async () => {
    const stranger = createClient({ upstash: { ...sandbox.upstash, token: "wrong" } });
    await expect(stranger.get(key)).rejects.toThrow(/WRONGPASS/);
  });

  test.each([
    ["/", "{", /^ERR failed to parse/],
    ["/", '{"a":1}', /^ERR failed to parse command/],
    ["/", "[]", /^ERR empty command/],
    ["/", '["SET","k",null]', /null args/],
    ["/", '["NOSUCHCOMMAND"]', /not available: 'NOSUCHCOMMAND'. It is unknown/],
    ["/", '["SELECT","0"]', /not available: 'SELECT'/],
    ["/pipeline", "[]", /^ERR empty pipeline/],
    ["/pipeline", '["GET","k"]', /^ERR failed to parse pipeline/],
    ["/multi-exec", '[["WATCH","k"]]', /^EXECABORT .*WATCH/],
  ])("%s with %s is 400 with Upstash's error body", async (path, sent, message) => {
    const { status, body } = await request(sandbox, path, sent);
    expect(status).toBe(400);
    expect(body).toEqual({ error: expect.stringMatching(message) });
  });

  test("a body above the limit is 413 and reaches the client", async () => {
    const body = JSON.stringify(["SET", key, "x".repeat(10 * 1024 * 1024)]);
    expect(await request(sandbox, "/", body)).toEqual({
      status: 413,
      body: { error: expect.stringMatching(/Limit: 10485760 bytes/) },
    });
  });

  test("a command may stand in the path, with body and query as further arguments", async () => {
    expect((await request(sandbox, `/set/${encodeURIComponent(key)}?EX=100`, "a b/c")).body).toEqual({
      result: "OK",
    });
    const { url, token } = sandbox.upstash;
    const response = await fetch(`${url}/get/${encodeURIComponent(key)}?_token=${token}`);
    expect(await response.json()).toEqual({ result: "a b/c" });
    expect(await redis.ttl(key)).toBeGreaterThan(90);
  });

  test("a subscriber gets what is published", async () => {
    const received = new Promise((resolve, reject) => {
      const subscriber = redis.subscribe<string>(key);
      subscriber.on("error", reject);
      subscriber.on("subscribe", () => void redis.publish(key, "hello"));
      subscriber.on("message", ({ message }) => {
        void subscriber.unsubscribe();
        resolve(message);
      });
    });
    expect(await received).toBe("hello");
  });
});

describe("while Redis is away", () => {
  let gateway: UpstashGateway | undefined;
  afterEach(() => gateway?.close());

  test("a request is answered with 500 at once, and again with 200 when Redis is back", async () => {
    const probe = createServer();
    const port = await listenOnLoopback(probe, 0);
    await new Promise((resolve) => probe.close(resolve));
    gateway = await startUpstashGateway({ redisUrl: `redis://127.0.0.1:${port}`, token: "t" });
    const target = { upstash: { url: gateway.url, token: "t" } };
    expect(await request(target, "/", '["PING"]')).toEqual({
      status: 500,
      body: { error: expect.stringMatching(/^ERR upstream redis unavailable/) },
    });
    const revived = createServer((socket) => socket.on("data", () => socket.write("+PONG\r\n")));
    await new Promise<void>((resolve) => revived.listen(port, "127.0.0.1", resolve));
    expect(await request(target, "/", '["PING"]')).toEqual({ status: 200, body: { result: "PONG" } });
    revived.close();
  });

  test("a Redis that never answers costs a bounded time", async () => {
    const silent = createServer(() => undefined);
    const port = await listenOnLoopback(silent, 0);
    gateway = await startUpstashGateway({
      redisUrl: `redis://127.0.0.1:${port}`,
      token: "t",
      commandTimeoutMs: 200,
    });
    const { status, body } = await request({ upstash: { url: gateway.url, token: "t" } }, "/", '["PING"]');
    expect(status).toBe(500);
    expect(body).toEqual({ error: expect.stringMatching(/no reply within 200 ms/) });
    silent.close();
  });
});
