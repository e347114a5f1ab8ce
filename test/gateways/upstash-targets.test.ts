/* The target of a raw request is read as it came, not as a browser would put it right; and an option that only Upstash knows. */

import { connect } from "node:net";
import { Redis } from "@upstash/redis";
import { expect, test } from "vitest";
import { key, redis, sandbox, useUpstash } from "./upstash-client.ts";

useUpstash();

/** Sends the target byte for byte. */
function raw(target: string): Promise<{ status: number; body: unknown }> {
  const { hostname, port } = new URL(sandbox.upstash.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("error", reject);
    socket.on("data", (data) => {
      text += data.toString();
    });
    socket.on("close", () => {
      const [head = "", body = ""] = text.split("\r\n\r\n");
      resolve({ status: Number(head.split(" ")[1]), body: body === "" ? null : JSON.parse(body) });
    });
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${sandbox.upstash.token}\r\nConnection: close\r\n\r\n`,
    );
  });
}

test.each([
  ["a", "a"],
  ["..", ".."],
  [".", "."],
  ["%2E", "."],
  ["%2e%2E", ".."],
  ["a\\b", "a\\b"],
  ["", ""],
  ["a%2Fb", "a/b"],
  ["a:b@c+d", "a:b@c+d"],
  ["%C3%BC", "ü"],
])("/set/key/%s stores what it says", async (part, value) => {
  expect(await raw(`/set/${key}/${part}`)).toEqual({ status: 200, body: { result: "OK" } });
  expect(await redis.get(key)).toBe(value);
});

test("a name of the host in front is none of the command's", async () => {
  await redis.set(key, "v");
  expect(await raw(`http://elsewhere:80/get/${key}`)).toEqual({ status: 200, body: { result: "v" } });
});

test.each(["//get/k", "//@:x", "///", "/", "/?a=b", "http://elsewhere", "/%zz", "/get/%ff"])(
  "%s is refused as no command",
  async (target) => {
    const { status, body } = await raw(target);
    expect([400, 405]).toContain(status);
    expect(body).toEqual({ error: expect.stringMatching(/^ERR /) });
  },
);

test("SCAN WITHTYPE tells the type of each key", async () => {
  await redis.set(`${key}:s`, "1");
  await redis.rpush(`${key}:l`, "1");
  for (const responseEncoding of [false, "base64"] as const) {
    const client = new Redis({ ...sandbox.upstash, responseEncoding, enableTelemetry: false });
    const found: { key: string; type: string }[] = [];
    let cursor = "0";
    do {
      const [next, keys] = await client.scan(cursor, { match: `${key}:*`, count: 1_000, withType: true });
      found.push(...keys);
      cursor = String(next);
    } while (cursor !== "0");
    expect(found.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { key: `${key}:l`, type: "list" },
      { key: `${key}:s`, type: "string" },
    ]);
  }
  const pipeline = redis
    .pipeline()
    .scan("0", { match: `${key}:none`, count: 1, withType: true })
    .ping();
  expect(await pipeline.exec()).toEqual([[expect.any(String), []], "PONG"]);
  await expect(redis.exec(["SCAN", "x", "WITHTYPE"])).rejects.toThrow(/invalid cursor/);
});
