/** What Upstash's documents say of requests that its client does not send. */

import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { key, redis, request, sandbox, useUpstash } from "./upstash-client.ts";

useUpstash();

/** The answer as bytes. */
async function send(path: string, init: RequestInit = {}) {
  const { url, token } = sandbox.upstash;
  const response = await fetch(url + path, {
    method: "POST",
    ...init,
    headers: { Authorization: `Bearer ${token}`, ...init.headers },
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}
const resp2 = { "Upstash-Response-Format": "resp2" };
const path = (...parts: string[]) => `/${parts.map(encodeURIComponent).join("/")}`;

describe("binary values", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);

  test.each(["POST", "PUT"])("a body of a %s is the value, byte for byte", async (method) => {
    expect(await send(`${path("set", key)}?EX=100`, { method, body: bytes })).toMatchObject({ status: 200 });
    const answer = await send(path("get", key), { method: "GET", headers: resp2 });
    expect(answer.type).toBe("application/octet-stream");
    expect(answer.bytes).toEqual(Buffer.concat([Buffer.from("$256\r\n"), bytes, Buffer.from("\r\n")]));
    const { body } = await request(sandbox, "/", JSON.stringify(["GET", key]), {
      "Upstash-Encoding": "base64",
    });
    expect(body).toEqual({ result: Buffer.from(bytes).toString("base64") });
    expect(await redis.ttl(key)).toBeGreaterThan(90);
  });

  test("a JSON body that is no UTF-8 is 400 and stores nothing", async () => {
    const body = Buffer.concat([Buffer.from(`["SET","${key}","`), Buffer.from([0xff]), Buffer.from('"]')]);
    for (const [at, sent] of [
      ["/", body],
      ["/pipeline", Buffer.concat([Buffer.from("["), body, Buffer.from("]")])],
    ] as const) {
      const answer = await send(at, { body: sent });
      expect(answer.status).toBe(400);
      expect(answer.bytes.toString()).toMatch(/not UTF-8/);
    }
    expect(await redis.get(key)).toBeNull();
  });

  test.each(["/", "/pipeline", "/multi-exec"])(
    "a packed body at %s is refused for that, one in a path is a value",
    async (at) => {
      const body = gzipSync(JSON.stringify(at === "/" ? ["SET", key, "v"] : [["SET", key, "v"]]));
      const headers = { "Content-Encoding": "gzip" };
      const answer = await send(at, { body, headers });
      expect(answer).toMatchObject({ status: 400 });
      expect(answer.bytes.toString()).toMatch(/Content-Encoding gzip.* send it as it is/);
      expect(await redis.get(key)).toBeNull();
      expect(await send(path("set", key), { body, headers })).toMatchObject({ status: 200 });
      expect(await redis.strlen(key)).toBe(body.length);
    },
  );

  test.each(["9007199254740993", "1.10", "123456789012345678901"])(
    "the number %s keeps its digits",
    async (text) => {
      expect((await request(sandbox, "/", `["SET","${key}",${text}]`)).status).toBe(200);
      expect(await redis.get(key)).toBe(text);
    },
  );
});

describe("Upstash-Response-Format", () => {
  test("resp2 gives the reply as Redis wrote it", async () => {
    const run = async (...command: unknown[]) =>
      (await send("/", { body: JSON.stringify(command), headers: resp2 })).bytes.toString();
    expect(await run("SET", key, "bar")).toBe("+OK\r\n");
    expect(await run("GET", key)).toBe("$3\r\nbar\r\n");
    expect(await run("GET", `${key}:none`)).toBe("$-1\r\n");
    expect(await run("STRLEN", key)).toBe(":3\r\n");
    expect(await run("MGET", key, `${key}:none`)).toBe("*2\r\n$3\r\nbar\r\n$-1\r\n");
  });

  test("resp2 gives an error as Redis wrote it, with 400", async () => {
    await redis.set(key, "x");
    const answer = await send("/", { body: JSON.stringify(["LPUSH", key, "y"]), headers: resp2 });
    expect(answer.status).toBe(400);
    expect(answer.bytes.toString()).toMatch(/^-WRONGTYPE .*\r\n$/);
  });

  test("resp2 gives a pipeline as one reply behind the other, the refused one in its place", async () => {
    const body = JSON.stringify([
      ["SET", key, "1"],
      ["SELECT", "0"],
      ["INCR", key],
    ]);
    const answer = await send("/pipeline", { body, headers: resp2 });
    expect(answer.status).toBe(200);
    expect(answer.bytes.toString()).toMatch(/^\+OK\r\n-ERR Command is not available: 'SELECT'.*\r\n:2\r\n$/);
  });

  test.each([
    ["a command that is not offered", "/", ["BLPOP", "a", 1], /not available: 'BLPOP'/],
    ["an argument that is null", "/", ["GET", null], /null args/],
    ["an empty command", "/", [], /empty command/],
    ["no pipeline", "/pipeline", ["GET", "a"], /failed to parse pipeline/],
    ["a command in the path", "/blpop/a/1", undefined, /not available: 'BLPOP'/],
  ])("resp2 gives what is refused as an error of Redis: %s", async (_, at, sent, message) => {
    const body = sent === undefined ? null : JSON.stringify(sent);
    const answer = await send(at, { body, headers: resp2 });
    expect(answer).toMatchObject({ status: 400, type: "application/octet-stream" });
    expect(answer.bytes.toString()).toMatch(/^-ERR [^\r\n]*\r\n$/);
    expect(answer.bytes.toString()).toMatch(message);
  });

  test("a transaction is answered in JSON all the same", async () => {
    const answer = await send("/multi-exec", { body: JSON.stringify([["SET", key, "1"]]), headers: resp2 });
    expect(answer).toMatchObject({ status: 200, type: "application/json" });
    expect(JSON.parse(answer.bytes.toString())).toEqual([{ result: "OK" }]);
  });

  test("json is the default, and other clients' answers are not touched by one in resp2", async () => {
    await redis.set(key, "v");
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        send("/", { body: JSON.stringify(["GET", key]), headers: index % 2 ? resp2 : {} }),
      ),
    );
    for (const [index, { bytes }] of answers.entries())
      expect(bytes.toString()).toBe(index % 2 ? "$1\r\nv\r\n" : '{"result":"v"}');
  });

  test.each([
    ["an unknown format", { "Upstash-Response-Format": "resp3" }, /resp3/],
    ["resp2 together with base64", { ...resp2, "Upstash-Encoding": "base64" }, /base64/],
  ])("%s is 400, and nothing runs", async (_, headers, message) => {
    for (const at of ["/", "/pipeline", "/multi-exec", path("set", key, "1")]) {
      const answer = await send(at, { body: JSON.stringify(["SET", key, "1"]), headers });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.bytes.toString()).error).toMatch(message);
    }
    expect(await redis.get(key)).toBeNull();
  });
});

describe("methods", () => {
  test.each(["DELETE", "PATCH", "OPTIONS"])("%s is 405, and nothing runs", async (method) => {
    const answer = await send(path("set", key, "1"), { method });
    expect(answer.status).toBe(405);
    expect(JSON.parse(answer.bytes.toString()).error).toMatch(/HEAD, GET, POST and PUT/);
    expect(await redis.get(key)).toBeNull();
  });

  test("HEAD runs the command and tells the length of the answer it does not send", async () => {
    const answer = await send(path("set", key, "1"), { method: "HEAD" });
    expect(answer).toMatchObject({ status: 200, bytes: Buffer.alloc(0) });
    expect(await redis.get(key)).toBe("1");
  });
});

describe("commands that are not offered", () => {
  test.each([
    "SELECT 0",
    "SELECT 1",
    "SWAPDB 0 1",
    "MOVE k 1",
    "AUTH x",
    "HELLO 3",
    "QUIT",
    "RESET",
    "CLIENT KILL ID 1",
    "CLIENT PAUSE 60000",
    "CLIENT REPLY OFF",
    "MULTI",
    "EXEC",
    "WATCH k",
    "BLPOP k 0",
    "BZPOPMIN k 0",
    "WAIT 1 0",
    "XREAD BLOCK 0 STREAMS k $",
    "SUBSCRIBE c",
    "MONITOR",
    "SYNC",
    "PSYNC ? -1",
    "REPLICAOF NO ONE",
    "SAVE",
    "BGSAVE",
    "BGREWRITEAOF",
    "SHUTDOWN",
    "CONFIG GET *",
    "CONFIG SET maxmemory 1",
    "DEBUG SLEEP 60",
    "ACL LIST",
    "MODULE LIST",
    "CLUSTER INFO",
    "FAILOVER",
    "MIGRATE h 1 k 0 1",
    "SLOWLOG GET",
    "LATENCY RESET",
    "MEMORY PURGE",
    "COMMAND",
    "SCRIPT KILL",
    "SCRIPT DEBUG YES",
    "FUNCTION KILL",
    "LOLWUT",
    "PFDEBUG x",
    "READONLY",
    "ASKING",
    "LASTSAVE",
    "ROLE",
  ])("%s is refused, alone, in a path, in a pipeline and in a transaction", async (text) => {
    const command = text.split(" ");
    const refused = { error: expect.stringMatching(/not available/) };
    expect(await request(sandbox, "/", JSON.stringify(command))).toEqual({ status: 400, body: refused });
    expect((await request(sandbox, "/pipeline", JSON.stringify([command, ["PING"]]))).body).toEqual([
      refused,
      { result: "PONG" },
    ]);
    expect(await request(sandbox, "/multi-exec", JSON.stringify([["SET", key, "1"], command]))).toEqual({
      status: 400,
      body: { error: expect.stringMatching(/^EXECABORT .*not available/) },
    });
    if (command[0] !== "MONITOR" && command[0] !== "SUBSCRIBE")
      expect(await request(sandbox, path(...command), undefined)).toEqual({ status: 400, body: refused });
    expect(await redis.get(key)).toBeNull();
  });

  test("a command of Upstash that the Redis behind the gateway does not have says so, wherever it stands", async () => {
    const command = ["SEARCH.QUERY", key];
    const error = expect.stringMatching(
      /unknown command 'SEARCH\.QUERY'.*the Redis behind this gateway does not/,
    );
    expect((await request(sandbox, "/", JSON.stringify(command))).body).toEqual({ error });
    expect((await request(sandbox, path(...command), undefined)).body).toEqual({ error });
    expect((await request(sandbox, "/pipeline", JSON.stringify([["PING"], command]))).body).toEqual([
      { result: "PONG" },
      { error },
    ]);
    expect((await request(sandbox, "/multi-exec", JSON.stringify([command]))).body).toEqual({ error });
  });

  test("a command name in a body of bytes is none", async () => {
    const answer = await send("/", { body: "SET" });
    expect(answer.status).toBe(400);
    expect((await send("//get/k")).status).toBe(400);
  });

  test("control: what Upstash offers runs", async () => {
    await redis.set(key, "x");
    for (const command of [
      ["CLIENT", "SETINFO", "LIB-NAME", "x"],
      ["INFO", "server"],
      ["DBSIZE"],
      ["TIME"],
      ["ECHO", "a"],
      ["LCS", key, key],
      ["OBJECT", "ENCODING", key],
      ["MEMORY", "USAGE", key],
      ["SCRIPT", "EXISTS", "x"],
      ["PUBSUB", "CHANNELS"],
    ])
      expect(await request(sandbox, "/", JSON.stringify(command)), command.join(" ")).toMatchObject({
        status: 200,
      });
  });
});

describe("MONITOR and SUBSCRIBE", () => {
  test("MONITOR begins with OK as JSON, and goes on with lines as Redis gives them", async () => {
    const stop = new AbortController();
    const { url, token } = sandbox.upstash;
    const response = await fetch(`${url}/monitor`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
      signal: stop.signal,
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const readUntil = async (pattern: RegExp) => {
      while (!pattern.test(text)) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) throw new Error(`the stream ended with ${text}`);
        text += piece.value;
      }
    };
    await readUntil(/\n\n/);
    expect(text).toMatch(/^data: "OK"\n\n/);
    await redis.get(key);
    await readUntil(new RegExp(`data: \\d+\\.\\d+ \\[0 [^\\]]+\\] "GET" "${key}"\\n\\n`, "i"));
    stop.abort();
  });

  test("a path that is no percent-encoded UTF-8 is 400", async () => {
    for (const at of ["/subscribe/%ff", "/get/%ff"]) expect((await send(at)).status).toBe(400);
  });
});
