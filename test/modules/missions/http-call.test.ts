import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import type { JsonObject } from "@brain/schemas";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listen } from "../../listening.ts";
import { createMissions, type MissionSurface } from "./fixture.ts";

interface Seen {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server;
let base: string;
let missions: MissionSurface;
let seen: Seen[] = [];
let answer: (request: Seen, response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await readText(request);
    const call = { method: request.method ?? "", headers: request.headers, body };
    seen.push(call);
    answer(call, response);
  });
  const port = await listen(server);
  const host = `127.0.0.1:${port}`;
  base = `http://${host}`;
  missions = await createMissions({ httpAllow: [host] });
});
afterAll(async () => {
  await missions?.cleanup();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  answer = (_request, response) => response.end("ok");
});

/** Enqueues a call, lets the worker do it once, and returns the mission. */
async function call(payload: JsonObject, fields: JsonObject = {}) {
  const before = seen.length;
  const id = await missions.enqueue({
    type: "http_call",
    payload: { url: `${base}/hook`, ...payload },
    ...fields,
  });
  // One attempt: a second one may be due before this run ends, because the wait is random from 50 ms on.
  await missions.work(() => seen.length > before);
  return (await missions.get(`/${id}`)).body;
}

describe("a mission that calls a URL", () => {
  test("sends method, headers and body, and keeps status and answer", async () => {
    answer = (_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end('{"made":7}');
    };
    const mission = await call({ method: "PUT", headers: { "X-Job": "a" }, body: { n: 1 } });
    expect(mission).toMatchObject({
      status: "completed",
      result: { status: 200, content_type: "application/json", truncated: false, json: { made: 7 } },
    });
    expect(seen).toEqual([
      {
        method: "PUT",
        body: '{"n":1}',
        headers: expect.objectContaining({
          "x-job": "a",
          "content-type": "application/json",
          "idempotency-key": `missions:${mission.id}:http_call`,
        }),
      },
    ]);
    expect((await missions.story(mission.id)).at(-1)?.payload.result).toEqual({ status: 200 });
  });

  test("sends text as it is, and nothing where there is no body", async () => {
    await call({ body: "plain" });
    await call({ method: "GET" });
    expect(seen.map(({ method, body }) => [method, body])).toEqual([
      ["POST", "plain"],
      ["GET", ""],
    ]);
    expect(seen[0]?.headers["content-type"]).toContain("text/plain");
  });

  test("has the same idempotency key in all attempts", async () => {
    answer = (_request, response) => {
      response.statusCode = seen.length < 3 ? 503 : 200;
      response.end();
    };
    const { id } = await call({});
    for (let n = 0; n < 2; n += 1) {
      await missions.hurry();
      await missions.work();
    }
    expect((await missions.get(`/${id}`)).body).toMatchObject({ status: "completed", attempt: 3 });
    expect(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(seen).toHaveLength(3);
  });

  test.each([408, 425, 429, 500, 503])("is tried again after status %i", async (status) => {
    answer = (_request, response) => {
      response.statusCode = status;
      response.end();
    };
    expect(await call({})).toMatchObject({ status: "queued", retry_count: 1, error_type: "TransientError" });
    await missions.sql("DELETE FROM missions");
  });

  test.each([
    ["seconds", () => "120"],
    ["a date", () => new Date(Date.now() + 120_000).toUTCString()],
  ])("waits as long as Retry-After says, in %s", async (_form, inTwoMinutes) => {
    answer = (_request, response) => {
      response.statusCode = 429;
      response.setHeader("retry-after", inTwoMinutes());
      response.end();
    };
    const { available_at } = await call({});
    const wait = Date.parse(available_at) - Date.now();
    expect(wait).toBeGreaterThan(110_000);
    expect(wait).toBeLessThanOrEqual(120_000);
    await missions.sql("DELETE FROM missions");
  });

  test.each([
    [400, "refused the call with status 400"],
    [404, "refused the call with status 404"],
    [302, "redirect"],
  ])("has failed for good after status %i", async (status, message) => {
    answer = (_request, response) => {
      response.statusCode = status;
      response.setHeader("location", "http://127.0.0.1:1/");
      response.end();
    };
    const mission = await call({});
    expect(mission).toMatchObject({ status: "failed", attempt: 1 });
    expect(mission.error).toContain(message);
  });

  test("is tried again when nobody answers in time, and when the connection breaks", async () => {
    answer = () => undefined;
    expect(await call({ timeout_ms: 100 })).toMatchObject({
      status: "queued",
      error: expect.stringContaining("100 ms"),
    });
    answer = (_request, response) => response.destroy();
    expect(await call({})).toMatchObject({
      status: "queued",
      error: expect.stringContaining("not be reached"),
    });
    await missions.sql("DELETE FROM missions");
  });

  test("keeps 64 KiB of an answer and hangs up on the rest", async () => {
    let hungUp = false;
    answer = (_request, response) => {
      response.on("close", () => {
        hungUp = true;
      });
      const more = () => {
        while (!hungUp && response.write("x".repeat(10_000)));
        if (!hungUp) response.once("drain", more);
      };
      more();
    };
    const { result, status } = await call({});
    expect(status).toBe("completed");
    expect(result).toMatchObject({ truncated: true });
    expect(result.body).toHaveLength(65_536);
    expect(hungUp).toBe(true);
  });

  test("stores an answer that Postgres could not hold as it is", async () => {
    answer = (_request, response) => response.end(Buffer.from([0x61, 0x00, 0xff, 0x62]));
    expect((await call({})).result.body).toBe("a\ufffd\ufffdb");
  });

  test.each<[string, JsonObject]>([
    ["payload.url", { url: "http://127.0.0.1:1/" }],
    ["payload.url", { url: "file:///etc/passwd" }],
    ["payload.url", {}],
    ["payload.method", { url: "https://example.com", method: "TRACE" }],
    ["payload.headers.Host", { url: "https://example.com", headers: { Host: "evil" } }],
    ["payload.headers.Idempotency-Key", { url: "https://example.com", headers: { "Idempotency-Key": "x" } }],
    ["payload.headers.x", { url: "https://example.com", headers: { x: "a\r\nb: c" } }],
    ["payload.body", { url: "https://example.com", method: "GET", body: "x" }],
    ["payload.timeout_ms", { url: "https://example.com", timeout_ms: 60_000 }],
  ])("is refused before anything is sent: %s of %j", async (path, payload) => {
    const reply = await missions.post("/api/missions/enqueue", { type: "http_call", payload });
    expect(reply.status, reply.text).toBe(422);
    expect(reply.body.error.details.map((issue: { path: string }) => issue.path)).toContain(path);
  });

  test("is judged again when it is done: a host that was allowed may no longer be", async () => {
    const id = await missions.enqueue({ type: "http_call", payload: { url: `${base}/hook` } });
    await missions.sql(`UPDATE missions SET payload = '{"url":"http://169.254.169.254/"}' WHERE id = $1`, [
      id,
    ]);
    await missions.work();
    expect((await missions.get(`/${id}`)).body).toMatchObject({ status: "failed", attempt: 1 });
    expect(seen).toEqual([]);
  });
});
