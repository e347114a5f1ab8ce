import { TransientError } from "@brain/engine";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { labCatalog } from "../../engine/events.ts";
import { recorder } from "../../engine/fixture.ts";
import { plantLetters } from "../../engine/operations/bulk-fixture.ts";
import { expectErrorShape, issuePaths } from "../refusal.ts";
import { createSurface, type Surface } from "../surface.ts";

/** A route that counts its calls, waits when it is told to, and fails when it is told to. */
async function open() {
  const calls = { count: 0, failures: 0, gate: null as Promise<void> | null };
  const handle = async () => {
    calls.count += 1;
    await calls.gate;
    if (calls.failures > 0) {
      calls.failures -= 1;
      throw new TransientError("Not now.");
    }
    return Response.json({ call: calls.count }, { status: 202 });
  };
  const any = identified("a test");
  const guarded = new Hono<ModuleEnv>();
  guarded.post("/work", any, handle).post("/other", any, handle).get("/work", any, handle);
  const surface = await createSurface({
    catalog: labCatalog,
    consumers: [recorder()],
    mounts: [
      { path: "/api/guarded", routes: guarded },
      {
        path: "/api/plain",
        routes: new Hono<ModuleEnv>().post("/work", any, handle),
        keys: { "/work": "own" },
      },
    ],
  });
  onTestFinished(async () => {
    await surface.background();
    await surface.cleanup();
  });
  const work = (key: string | null, body: unknown = { a: 1 }, path = "/api/guarded/work") =>
    surface.post(path, body, key === null ? {} : { "idempotency-key": key });
  return { surface, calls, work };
}

describe("a request with a key", () => {
  test("that comes again gets the first answer, and does nothing", async () => {
    const { calls, work } = await open();
    const first = await work("k-1");
    expect([first.status, first.body, first.headers.get("idempotency-replayed")]).toEqual([
      202,
      { call: 1 },
      null,
    ]);
    const again = await work("k-1");
    expect([again.status, again.body, again.headers.get("idempotency-replayed")]).toEqual([
      202,
      { call: 1 },
      "true",
    ]);
    expect(again.headers.get("content-type")).toContain("application/json");
    expect(calls.count).toBe(1);
  });

  test.each([
    ["a path that nobody answers", "/api/nothing-here", 404],
    ["a method that is not possible", "/api/consumers", 405],
  ])("for %s is refused the same way each time, and leaves nothing behind", async (_, path, status) => {
    const { surface, work } = await open();
    for (let tries = 0; tries < 2; tries += 1) {
      const { status: seen, headers } = await work("k-1", { a: 1 }, path);
      expect([seen, headers.get("idempotency-replayed")]).toEqual([status, null]);
    }
    expect(await surface.sql("SELECT key FROM idempotency_keys")).toEqual([]);
    // Control: a route that there is leaves its row.
    await work("k-1");
    expect(await surface.sql("SELECT key FROM idempotency_keys")).toEqual([{ key: "k-1" }]);
  });

  test("without the guard the work is done twice", async () => {
    const { calls, work } = await open();
    await work("k-1", { a: 1 }, "/api/plain/work");
    await work("k-1", { a: 1 }, "/api/plain/work");
    expect(calls.count).toBe(2);
  });

  test("no key, another key, another route or another method is another request", async () => {
    const { surface, calls, work } = await open();
    await work("k-1");
    await work(null);
    await work(null);
    await work("k-2");
    await work("k-1", { a: 1 }, "/api/guarded/other");
    await surface.send("/api/guarded/work", { headers: { "idempotency-key": "k-1" } });
    expect(calls.count).toBe(6);
  });

  test.each<[string, unknown, string, Record<string, string>]>([
    ["body", { a: 2 }, "", {}],
    ["white space in its body", '{ "a":1}', "", {}],
    ["query", { a: 1 }, "?x=1", {}],
    ["actor", { a: 1 }, "", { "x-actor-id": "user:7" }],
  ])("with another %s under the same key is refused", async (_what, body, query, headers) => {
    const { surface, calls, work } = await open();
    await work("k-1");
    const other = await surface.post(`/api/guarded/work${query}`, body, {
      "idempotency-key": "k-1",
      ...headers,
    });
    expectErrorShape(other, 409, "conflict");
    expect(other.body.error.message).toContain("used for another request");
    expect(calls.count).toBe(1);
  });

  test("whose first is under way is told to wait, and does nothing", async () => {
    const { calls, work } = await open();
    let release: () => void = () => undefined;
    calls.gate = new Promise((resolve) => {
      release = resolve;
    });
    const first = work("k-1");
    await expect.poll(() => calls.count).toBe(1);
    const meanwhile = await work("k-1");
    expectErrorShape(meanwhile, 409, "conflict");
    expect(meanwhile.headers.get("retry-after")).toBe("2");
    release();
    expect((await first).body).toEqual({ call: 1 });
    expect((await work("k-1")).body).toEqual({ call: 1 });
    expect(calls.count).toBe(1);
  });

  test("twenty at once do the work once", async () => {
    const { calls, work } = await open();
    const replies = await Promise.all(Array.from({ length: 20 }, () => work("k-1")));
    expect(calls.count).toBe(1);
    expect(replies.filter(({ status }) => status === 202).length).toBeGreaterThan(0);
    expect(new Set(replies.map(({ status }) => status)).size).toBeLessThanOrEqual(2);
  });

  test("that failed for a reason of ours may be tried again; one that was refused is refused the same way", async () => {
    const { surface, calls, work } = await open();
    calls.failures = 1;
    expectErrorShape(await work("k-1"), 503, "unavailable");
    expect((await work("k-1")).body).toEqual({ call: 2 });
    const refused = await surface.post("/api/dead-letters/discard", {}, { "idempotency-key": "k-9" });
    const again = await surface.post("/api/dead-letters/discard", {}, { "idempotency-key": "k-9" });
    expect([again.status, again.text]).toEqual([422, refused.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  test("that an isolate left half done is taken over after a minute, and not before", async () => {
    const { surface, calls, work } = await open();
    await work("k-1");
    const abandon = (age: string) =>
      surface.sql(
        "UPDATE idempotency_keys SET status = NULL, response = NULL, created_at = now() - $1::interval",
        [age],
      );
    await abandon("59 seconds");
    expect((await work("k-1")).status).toBe(409);
    await abandon("61 seconds");
    expectErrorShape(await work("k-1", { a: 2 }), 409, "conflict");
    expect((await work("k-1")).body).toEqual({ call: 2 });
    expect((await work("k-1")).headers.get("idempotency-replayed")).toBe("true");
    expect(calls.count).toBe(2);
  });

  test("whose work was taken over does not overwrite the other's answer", async () => {
    const { surface, calls, work } = await open();
    let release: () => void = () => undefined;
    calls.gate = new Promise((resolve) => {
      release = resolve;
    });
    const slow = work("k-1");
    await expect.poll(() => calls.count).toBe(1);
    await surface.sql("UPDATE idempotency_keys SET created_at = now() - interval '2 minutes'");
    calls.gate = null;
    expect((await work("k-1")).body).toEqual({ call: 2 });
    release();
    await slow;
    expect(await surface.sql("SELECT response FROM idempotency_keys")).toEqual([{ response: '{"call":2}' }]);
  });

  test.each(["", " ", "a b", "x".repeat(256), "schlüssel"])("that is no key (%s) is refused", async (key) => {
    const { calls, work } = await open();
    const reply = await work(key);
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toEqual(["idempotency-key"]);
    expect(calls.count).toBe(0);
  });

  test("on a path of any length is answered", async () => {
    const { surface } = await open();
    const path = `/api/dead-letters/${"9".repeat(3_000)}/redrive`;
    const first = await surface.post(path, {}, { "idempotency-key": "k" });
    expectErrorShape(first, 404, "not_found");
    const again = await surface.post(path, {}, { "idempotency-key": "k" });
    expect([again.status, again.text]).toEqual([404, first.text]);
    const other = await surface.post(`${path}/x`, {}, { "idempotency-key": "k" });
    expect([404, 409]).toContain(other.status);
  });
});

describe("events with a key", () => {
  const event = { type: "lab.part.checked", payload: { part: "db", status: "up" } };
  const ids = (body: { readonly results: readonly { readonly id: string }[] }) =>
    body.results.map(({ id }) => id);

  test("are others under another key, though they say the same", async () => {
    const { surface } = await open();
    const send = (key: string) => surface.post("/api/events", event, { "idempotency-key": key });
    const [one, two] = [await send("order-1"), await send("order-2")];
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(two.body.id).not.toBe(one.body.id);
    expect((await send("order-1")).body).toEqual(one.body);
    expect(await surface.recorded()).toBe(2);
  });

  test("so are those of a batch", async () => {
    const { surface } = await open();
    const send = (key: string) =>
      surface.post("/api/events/batch", [event, event], { "idempotency-key": key });
    const [one, two] = [await send("k-1"), await send("k-2")];
    expect([one.body.accepted, two.body.accepted]).toEqual([2, 2]);
    expect(new Set([...ids(one.body), ...ids(two.body)]).size).toBe(4);
    expect(ids((await send("k-1")).body)).toEqual(ids(one.body));
    expect(await surface.recorded()).toBe(4);
  });

  test("are the same ones when the first answer was lost: the record tells", async () => {
    const { surface } = await open();
    const send = () => surface.post("/api/events", event, { "idempotency-key": "k-1" });
    const first = await send();
    // As an isolate that died behind the commit leaves it.
    await surface.sql(
      "UPDATE idempotency_keys SET status = NULL, response = NULL, created_at = created_at - interval '61 seconds'",
    );
    expect((await send()).body).toMatchObject({ deduplicated: true, id: first.body.id });
    expect(await surface.recorded()).toBe(1);
  });

  test("that a release before has answered are answered the same way", async () => {
    const { surface } = await open();
    // Of path, query, actor and body.
    const hash = "aa2d995c4464f38d42f2df9846097c9f6f6bd9331b352b0887c2afebbfef7674";
    await surface.sql(
      "INSERT INTO idempotency_keys (key, route, request_hash, status, response) VALUES ('k-1', 'POST /api/events', $1, 202, '{\"id\":\"of before\"}')",
      [hash],
    );
    const reply = await surface.post("/api/events", event, { "idempotency-key": "k-1" });
    expect([reply.status, reply.body]).toEqual([202, { id: "of before" }]);
    expect(await surface.recorded()).toBe(0);
  });
});

describe("operators' routes with a key", () => {
  const body = { filter: { subscriber: "recorder" }, rate_per_second: 0.01 };
  const start = (surface: Surface, key: string) =>
    surface.post("/api/dead-letters/redrive", body, { "idempotency-key": key });

  test("a redrive that is sent twice starts once", async () => {
    const { surface } = await open();
    await plantLetters(surface, [{}, {}]);
    const first = await start(surface, "k-1");
    const second = await start(surface, "k-1");
    expect(second.body.id).toBe(first.body.id);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await surface.sql("SELECT count(*)::int AS n FROM jobs")).toEqual([{ n: 1 }]);
  });

  test("when the isolate dies between the commit and the answer, the repeat finds the job", async () => {
    const { surface } = await open();
    await plantLetters(surface, [{}, {}]);
    const first = await start(surface, "k-1");
    await surface.sql(
      "UPDATE idempotency_keys SET status = NULL, response = NULL, created_at = now() - interval '2 minutes'",
    );
    const second = await start(surface, "k-1");
    expect([second.status, second.body.id]).toEqual([202, first.body.id]);
    expect(await surface.sql("SELECT count(*)::int AS n FROM jobs")).toEqual([{ n: 1 }]);
    const replay = { subscriber: "recorder", name: "r" };
    const one = await surface.post("/api/replays", replay, { "idempotency-key": "k-1" });
    await surface.sql("DELETE FROM idempotency_keys");
    const two = await surface.post("/api/replays", replay, { "idempotency-key": "k-1" });
    expect([two.status, two.body.id]).toEqual([202, one.body.id]);
  });

  test("a discard, a change of a job and a pause of a consumer repeat their answers", async () => {
    const { surface } = await open();
    const [id] = await plantLetters(surface, [{}, {}]);
    const job = (await start(surface, "k-1")).body.id;
    await surface.background();
    await plantLetters(surface, [{ type: "old.type" }]);
    const requests: [string, unknown][] = [
      ["/api/dead-letters/discard", { filter: { type: "old.type" }, reason: "not needed" }],
      [`/api/dead-letters/redrives/${job}/cancel`, {}],
      [`/api/dead-letters/${id}/discard`, { reason: "not needed" }],
      ["/api/consumers/recorder/pause", { reason: "a test" }],
    ];
    for (const [path, given] of requests) {
      const first = await surface.post(path, given, { "idempotency-key": "k-2" });
      const again = await surface.post(path, given, { "idempotency-key": "k-2" });
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect([again.status, again.text]).toEqual([first.status, first.text]);
    }
    const actions = await surface.sql<{ action: string }>("SELECT action FROM operator_actions ORDER BY id");
    expect(actions.map(({ action }) => action)).toEqual([
      "redrive.started",
      "dead_letters.discarded",
      "redrive.cancelled",
      "dead_letter.discarded",
      "consumer.paused",
    ]);
  });
});
