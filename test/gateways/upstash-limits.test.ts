/* Answers and requests of a size, and Redis servers of a slowness, that the gateway has a bound for. */

import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { listenOnLoopback } from "../../workers/local/ports.ts";
import {
  startUpstashGateway,
  type UpstashGateway,
  type UpstashGatewayOptions,
} from "../../workers/local/upstash/gateway.ts";
import { waitFor } from "../wait-for.ts";
import { request } from "./upstash-client.ts";

let gateway: UpstashGateway | undefined;
let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  vi.restoreAllMocks();
  await gateway?.close();
  for (const socket of sockets) socket.destroy();
  server?.close();
});

async function start(options: Partial<UpstashGatewayOptions> = {}) {
  gateway = await startUpstashGateway({ redisUrl: inject("services").redisUrl, token: "t", ...options });
  return { upstash: { url: gateway.url, token: "t" } };
}

/** A Redis that gets what was sent, and answers as it likes. */
async function standIn(onData: (socket: Socket, text: string) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => onData(socket, data.toString()));
  });
  return `redis://127.0.0.1:${await listenOnLoopback(server, 0)}`;
}

/** A request as it is on the wire. */
function rawGet(key: string): string {
  const body = JSON.stringify(["GET", key]);
  return `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

describe("an answer above the limit", () => {
  const refused = { error: "ERR max response size exceeded. Limit: 1000 bytes; the commands have run" };
  const long = JSON.stringify(["EVAL", "return string.rep('x', 1001)", "0"]);
  const many = JSON.stringify(["EVAL", "local t = {} for i = 1, 600 do t[i] = 'x' end return t", "0"]);
  const half = JSON.stringify(["EVAL", "return string.rep('x', 501)", "0"]);

  test.each([
    ["a value", "/", long],
    ["an array", "/", many],
    ["the values of a pipeline", "/pipeline", `[${half},${half}]`],
    ["the values of a transaction", "/multi-exec", `[${half},${half}]`],
  ])("%s: is an error, and others on the connection get theirs", async (_, path, body) => {
    const target = await start({ maxAnswerBytes: 1_000 });
    const answers = await Promise.all([
      request(target, "/", '["ECHO","before"]'),
      request(target, path, body),
      request(target, "/", '["ECHO","after"]'),
      request(target, "/", half),
    ]);
    expect(answers).toEqual([
      { status: 200, body: { result: "before" } },
      { status: 400, body: refused },
      { status: 200, body: { result: "after" } },
      { status: 200, body: { result: "x".repeat(501) } },
    ]);
  });

  test("a text that cannot be built is an error of its request", async () => {
    const target = await start();
    const { stringify } = JSON;
    vi.spyOn(JSON, "stringify").mockImplementation((value: unknown) => {
      if (typeof value === "object" && value !== null && "result" in value && value.result === "too long")
        throw new RangeError("Invalid string length");
      return stringify(value);
    });
    const { status, body } = await request(target, "/", '["ECHO","too long"]');
    expect(status).toBe(500);
    expect(body).toEqual({ error: expect.stringMatching(/Invalid string length/) });
  });
});

describe("what is longer than a piece", () => {
  const texts = Array.from({ length: 700 }, (_, at) => `${at} "ü€\u{1f600}\\" ${"x".repeat(at)}`);

  test("comes whole, as does what is sent", async () => {
    const target = await start();
    const key = `long:${crypto.randomUUID()}`;
    const commands = [
      ["RPUSH", key, ...texts],
      ["LRANGE", key, "0", "-1"],
      ["GETDEL", `${key}:no`],
      ["DEL", key],
    ];
    const { body } = await request(target, "/pipeline", JSON.stringify(commands));
    expect(body).toEqual([{ result: 700 }, { result: texts }, { result: null }, { result: 1 }]);
  });

  test.each(["utf8", "base64"])("entries of a stream, as %s", async (encoding) => {
    const target = await start();
    const key = `long:${crypto.randomUUID()}`;
    const add = texts.map((text, at) => ["XADD", key, `1-${at + 1}`, "text", text]);
    await request(target, "/pipeline", JSON.stringify(add));
    const read = JSON.stringify(["XRANGE", key, "-", "+"]);
    const headers: Record<string, string> = encoding === "base64" ? { "Upstash-Encoding": "base64" } : {};
    const { body } = await request(target, "/", read, headers);
    const written = (text: string) => (encoding === "base64" ? Buffer.from(text).toString("base64") : text);
    const entries = texts.map((text, at) => [written(`1-${at + 1}`), [written("text"), written(text)]]);
    expect(body).toEqual({ result: entries });
    await request(target, "/", JSON.stringify(["DEL", key]));
  });
});

describe("a Redis that takes its time", () => {
  const commandTimeoutMs = 1_500;

  test("a pipeline may take as long as its commands, and Redis may answer when it has run all of them", async () => {
    const redisUrl = await standIn((socket) => {
      setTimeout(() => socket.write("+OK\r\n".repeat(5)), 2_000);
    });
    const target = await start({ redisUrl, commandTimeoutMs });
    const { body } = await request(target, "/pipeline", '[["PING"],["PING"],["PING"],["PING"],["PING"]]');
    expect(body).toEqual(Array.from({ length: 5 }, () => ({ result: "OK" })));
  });

  test("a reply that comes in pieces may take its time, as long as they come", async () => {
    const redisUrl = await standIn((socket) => {
      socket.write("$5\r\n");
      let sent = 0;
      const timer = setInterval(() => {
        sent += 1;
        socket.write(sent === 6 ? "\r\n" : "x");
        if (sent === 6) clearInterval(timer);
      }, 700);
    });
    const target = await start({ redisUrl, commandTimeoutMs: 4_000 });
    expect(await request(target, "/", '["GET","k"]')).toEqual({ status: 200, body: { result: "xxxxx" } });
  });

  test("a command that takes too long fails alone; one that was sent later has its time", async () => {
    let answer = () => undefined as unknown;
    let arrived = 0;
    const redisUrl = await standIn((socket, text) => {
      arrived += text.split("ECHO").length - 1;
      answer = () => socket.write("$4\r\nslow\r\n$4\r\nfast\r\n");
    });
    const target = await start({ redisUrl, commandTimeoutMs: 6_000 });
    const begun = performance.now();
    const slow = request(target, "/", '["ECHO","slow"]');
    await waitFor(
      "the first",
      () => arrived,
      (count) => count === 1,
    );
    await waitFor(
      "most of its time",
      () => performance.now() - begun,
      (passed) => passed > 3_000,
    );
    const fast = request(target, "/", '["ECHO","fast"]');
    await waitFor(
      "the second",
      () => arrived,
      (count) => count === 2,
    );
    const first = await slow;
    answer();
    expect([first, await fast]).toEqual([
      { status: 500, body: { error: expect.stringMatching(/no reply within 6000 ms/) } },
      { status: 200, body: { result: "fast" } },
    ]);
  });
});

describe("requests that are sent ahead of their answers", () => {
  test("run one after the other, so that nobody else waits behind all of them", async () => {
    const arrived: string[] = [];
    const waiting: (() => void)[] = [];
    const redisUrl = await standIn((socket, text) => {
      for (const [, key = ""] of text.matchAll(/GET\r\n\$\d+\r\n(\w+)/g)) {
        arrived.push(key);
        waiting.push(() => socket.write(`$${key.length}\r\n${key}\r\n`));
      }
    });
    const target = await start({ redisUrl });
    const client = connect(Number(new URL(target.upstash.url).port), "127.0.0.1");
    sockets.add(client);
    let answers = "";
    client.on("data", (data) => {
      answers += data.toString();
    });
    const keys = Array.from({ length: 300 }, (_, index) => `ahead${index}`);
    client.write(keys.map(rawGet).join(""));
    const other = request(target, "/", '["GET","other"]');
    await waitFor(
      "the other client's request",
      () => arrived,
      (list) => list.includes("other"),
    );
    expect(arrived.toSorted()).toEqual(["ahead0", "other"]);
    await waitFor(
      "all answers, in order",
      () => {
        for (const answer of waiting.splice(0)) answer();
        return [...answers.matchAll(/"result":"(ahead\d+)"/g)].map(([, key]) => key);
      },
      (received) => received.length === keys.length,
    ).then((received) => expect(received).toEqual(keys));
    expect((await other).body).toEqual({ result: "other" });
  });

  test("are not run for a client that has gone", async () => {
    const redisUrl = await standIn((socket, text) => {
      if (text.includes("first")) {
        // Its answer comes when its client is not there any more.
        client.on("close", () => setTimeout(() => socket.write("$-1\r\n"), 100));
        client.resetAndDestroy();
      } else arrived.push(text);
    });
    const arrived: string[] = [];
    const target = await start({ redisUrl });
    const client = connect(Number(new URL(target.upstash.url).port), "127.0.0.1");
    sockets.add(client);
    client.write(rawGet("first") + rawGet("second").repeat(200));
    await new Promise((resolve) => client.once("close", resolve));
    request(target, "/", '["GET","other"]').catch(() => undefined);
    await waitFor(
      "the other client's request",
      () => arrived.join(""),
      (text) => text.includes("other"),
    );
    expect(arrived.join("")).not.toContain("second");
  });
});

describe("a client that closes its own half", () => {
  async function connected(target: { upstash: { url: string } }): Promise<Socket> {
    const port = Number(new URL(target.upstash.url).port);
    const client = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    sockets.add(client);
    await new Promise<void>((resolve) => client.once("connect", resolve));
    return client;
  }

  test("gets the answer to what it has asked", async () => {
    const redisUrl = await standIn((socket) => {
      setTimeout(() => socket.write("$5\r\nthere\r\n"), 100);
    });
    const client = await connected(await start({ redisUrl }));
    client.end(rawGet("k"));
    let answer = "";
    for await (const data of client) answer += data.toString();
    expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*"result":"there"/);
  });

  test.each(["with its request", "later"])("is no subscriber any more: %s", async (when) => {
    let subscribed = 0;
    const redisUrl = await standIn((socket) => {
      subscribed += 1;
      socket.on("close", () => {
        subscribed -= 1;
      });
      socket.write("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    });
    const client = await connected(await start({ redisUrl }));
    client.write("GET /subscribe/c HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n");
    if (when === "later") await new Promise((resolve) => client.once("data", resolve));
    client.end();
    client.resume();
    await new Promise((resolve) => client.once("end", resolve));
    await waitFor(
      "its end",
      () => subscribed,
      (number) => number === 0,
    );
  });
});

describe("a path that is long", () => {
  const get = (target: { upstash: { url: string } }, value: string) =>
    fetch(`${target.upstash.url}/echo/${value}`, { headers: { Authorization: "Bearer t" } });

  test("of 64 KiB is a command", async () => {
    const value = "v".repeat(64 * 1024);
    const response = await get(await start(), value);
    expect(await response.json()).toEqual({ result: value });
  });

  test("of more than a megabyte is refused in JSON", async () => {
    const response = await get(await start(), "v".repeat(1024 * 1024));
    expect(response.status).toBe(431);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^ERR .*1048576 bytes/) });
  });
});

test("more than 2,000 headers are refused with that limit", async () => {
  const target = await start();
  const client = connect(Number(new URL(target.upstash.url).port), "127.0.0.1");
  sockets.add(client);
  let answer = "";
  client.on("data", (data) => {
    answer += data.toString();
  });
  const headers = Array.from({ length: 2_500 }, (_, index) => `x-${index}: y\r\n`);
  client.write(`GET /ping HTTP/1.1\r\nHost: x\r\n${headers.join("")}\r\n`);
  await new Promise((resolve) => client.once("close", resolve));
  expect(answer).toMatch(/^HTTP\/1.1 431 [\s\S]*"error":"ERR [^"]*2000 headers/);
});

describe("a subscriber that does not read", () => {
  const message = `*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1000\r\n${"x".repeat(1_000)}\r\n`;

  test("is let go with what waits for it, in the middle of a piece of messages, and nobody else is", async () => {
    let isSubscribed = false;
    const redisUrl = await standIn((socket, text) => {
      if (!text.includes("subscribe")) {
        socket.write("$4\r\nPONG\r\n");
        return;
      }
      isSubscribed = true;
      socket.on("close", () => {
        isSubscribed = false;
      });
      socket.write(message.repeat(40_000));
    });
    const target = await start({ redisUrl });
    const subscriber = connect(Number(new URL(target.upstash.url).port), "127.0.0.1");
    sockets.add(subscriber);
    subscriber.on("error", () => undefined);
    await new Promise<void>((resolve) => subscriber.once("connect", resolve));
    subscriber.pause();
    subscriber.write("GET /subscribe/c HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n");
    await waitFor(
      "the subscription",
      () => isSubscribed,
      (is) => is,
    );
    await waitFor(
      "its end",
      () => isSubscribed,
      (is) => !is,
    );
    expect(await request(target, "/", '["PING"]')).toEqual({ status: 200, body: { result: "PONG" } });
  });
});
