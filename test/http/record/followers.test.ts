import { followEvents } from "@brain/engine";
import { systemHealth } from "@brain/schemas";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { type FaultyRedis, startFaultyRedis } from "../../faults.ts";
import { waitFor } from "../../wait-for.ts";

/** Long polls and readers of live events, many of them. */

let redis: FaultyRedis;
let engine: TestEngine;
let ending: AbortController;
beforeEach(async () => {
  ending = new AbortController();
  redis = await startFaultyRedis(inject("services").upstash.url);
  engine = await createTestEngine({
    UPSTASH_REDIS_REST_URL: redis.url,
    BRAIN_FOLLOWERS_MAX: "40",
    BRAIN_FOLLOWERS_PER_KEY: "30",
  });
});
afterEach(async () => {
  ending.abort();
  await engine?.cleanup();
  await redis?.close();
});

const reads = () => redis.requests.flat().filter(([name]) => name === "XRANGE").length;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function publish(...statuses: string[]): Promise<void> {
  await engine.publish({ source: "test" }, async (send) => {
    for (const status of statuses) await send(systemHealth, { component: "db", status });
  });
  await engine.relay();
}

interface FollowOptions {
  /** Who follows together; each of other ones in an isolate of its own. */
  readonly scope?: string;
  readonly caller?: string;
  readonly after?: string | null;
  readonly now?: () => number;
}

/** Follows until the test ends; what it heard and where it stands. */
function follow({ scope, caller = "a", after = null, now = Date.now }: FollowOptions = {}) {
  const seen = { statuses: [] as string[], cursor: "", begun: false, error: null as unknown };
  const invocation = { ...engine.open(), now };
  const own = scope === undefined ? invocation : { ...invocation, scope };
  const bounds = { signal: ending.signal, deadlineMs: Date.now() + 60_000, caller };
  const filter = { wants: ({ type }: { readonly type: string }) => type === systemHealth.type };
  const run = async () => {
    for await (const { cursor, event } of followEvents(own, filter, after, bounds)) {
      seen.begun = true;
      seen.cursor = cursor;
      if (event !== null) seen.statuses.push((event.payload as { status: string }).status);
    }
  };
  const ended = run().catch((error: unknown) => {
    seen.error = error;
  });
  return { seen, ended };
}

const begun = (followers: readonly ReturnType<typeof follow>[]) =>
  waitFor(
    "all have begun",
    () => followers.filter(({ seen }) => seen.begun).length,
    (count) => count === followers.length,
  );

/** Reads of Redis by 20 followers that hear of nothing, each time their clock goes on by a second. */
async function idleReads(scopeOf: (n: number) => string | undefined): Promise<number[]> {
  let nowMs = Date.now();
  const looksAtClock = Array.from({ length: 20 }, () => 0);
  const followers = looksAtClock.map((_, n) => {
    const scope = scopeOf(n);
    const now = () => {
      looksAtClock[n] = (looksAtClock[n] ?? 0) + 1;
      return nowMs;
    };
    return follow(scope === undefined ? { now } : { now, scope });
  });
  // A turn looks at the clock at most six times until it knows whether to read.
  const allHaveTurns = () => {
    const before = [...looksAtClock];
    return waitFor(
      "each follower has two turns",
      () => looksAtClock.filter((count, n) => count >= (before[n] ?? 0) + 12).length,
      (count) => count === looksAtClock.length,
    );
  };
  await begun(followers);
  await allHaveTurns();
  const counts: number[] = [];
  for (let second = 0; second < 2; second += 1) {
    const before = reads();
    nowMs += 1_000;
    await allHaveTurns();
    counts.push(reads() - before);
  }
  return counts;
}

describe("followers of one isolate", () => {
  test("share what is read: twenty cost no more than one", async () => {
    expect(await idleReads(() => undefined)).toEqual([1, 1]);
  });

  test("go on hearing when the clock of the machine is set back", async () => {
    let setBackMs = 0;
    const follower = follow({ now: () => Date.now() - setBackMs });
    await begun([follower]);
    await publish("before");
    const heard = (count: number) =>
      waitFor(
        "it is heard",
        () => follower.seen.statuses.length,
        (seen) => seen === count,
      );
    await heard(1);
    setBackMs = 3_600_000;
    await publish("after");
    await heard(2);
  });

  test("control: each in an isolate of its own reads for itself", async () => {
    expect(await idleReads(() => crypto.randomUUID())).toEqual([20, 20]);
  });

  test("all hear of everything, in order, whether they are behind a little or a lot", async () => {
    await publish("1");
    const early = follow({ after: "0-0" });
    const now = follow();
    await begun([early, now]);
    // More than is kept for all, and than one look reads.
    const many = Array.from({ length: 1_300 }, (_, n) => `n${n}`);
    await publish(...many);
    const late = follow({ after: "0-0" });
    for (const { seen } of [early, late]) {
      await waitFor(
        "everything is heard",
        () => seen.statuses.length,
        (count) => count === 1_301,
      );
      expect(seen.statuses).toEqual(["1", ...many]);
    }
    await waitFor(
      "what came is heard",
      () => now.seen.statuses.length,
      (count) => count === 1_300,
    );
    expect(now.seen.statuses).toEqual(many);
  });

  test("one that comes back behind a place that is kept costs no call, and misses nothing", async () => {
    const standing = follow();
    await begun([standing]);
    await publish("1", "2");
    await waitFor(
      "both are heard",
      () => standing.seen.statuses.length,
      (count) => count === 2,
    );
    const { cursor } = standing.seen;
    const asked = redis.requests.length;
    const back = follow({ after: cursor });
    await begun([back]);
    const starts = redis.requests.slice(asked).flat();
    expect(starts.filter(([name]) => name === "XINFO")).toEqual([]);
    await publish("3");
    await waitFor(
      "the third is heard",
      () => back.seen.statuses,
      (statuses) => statuses.length === 1,
    );
    expect(back.seen.statuses).toEqual(["3"]);
  });

  test("go on when the one that was reading is gone without a word", async () => {
    const first = follow();
    await begun([first]);
    await pause(100);
    const held = redis.inject({ kind: "hold" }, { times: 1 });
    await held.hit;
    const second = follow();
    await publish("after");
    await waitFor(
      "another one reads",
      () => second.seen.statuses,
      (statuses) => statuses.length === 1,
    );
    held.release();
  });

  test("hear of what comes after Redis has lost its data", async () => {
    const early = follow();
    await begun([early]);
    await publish("before");
    await waitFor(
      "it is heard",
      () => early.seen.statuses.length,
      (count) => count === 1,
    );
    const [entry] = await engine.streamEntries();
    const fields = Object.entries(entry?.fields ?? {}).flat();
    await engine.redis("DEL", engine.stream);
    await engine.redis("XADD", engine.stream, "5-1", "type", "none");
    const late = follow();
    await begun([late]);
    await engine.redis("XADD", engine.stream, "6-1", ...fields);
    await waitFor(
      "the new one is heard",
      () => late.seen,
      ({ statuses, cursor }) => statuses.length === 1 && cursor === "6-1",
    );
  });
});

describe("too many followers", () => {
  test("of one key are refused, others are not; who has gone gives back the place", async () => {
    const own = Array.from({ length: 30 }, () => follow());
    await begun(own);
    const beyond = follow();
    await beyond.ended;
    expect(beyond.seen.error).toMatchObject({ code: "too_many_requests", retryAfterSeconds: 5 });
    const other = Array.from({ length: 10 }, () => follow({ caller: "b" }));
    await begun(other);
    const full = follow({ caller: "c" });
    await full.ended;
    expect(full.seen.error).toMatchObject({ code: "too_many_requests" });
    ending.abort();
    await Promise.all([...own, ...other].map(({ ended }) => ended));
    ending = new AbortController();
    await begun([follow()]);
  });

  test("are answered 429 with Retry-After, by polls and by readers of live events", async () => {
    const own = Array.from({ length: 30 }, () => follow({ caller: "bootstrap" }));
    await begun(own);
    for (const path of ["/api/agents/me/inbox?wait_ms=1000", "/api/events/stream"]) {
      const reply = await engine.request("GET", path);
      expect([reply.status, reply.headers.get("retry-after")]).toEqual([429, "5"]);
      expect(reply.body.error.code).toBe("too_many_requests");
    }
  });

  test("of one tenant leave places for others, however many keys it has made", async () => {
    const keyOf = async (tenant_id: string) => {
      const made = await engine.request("POST", "/api/keys", {
        name: "k",
        tenant_id,
        scopes: ["agents:read"],
      });
      return { authorization: `Bearer ${made.body.key}` };
    };
    const [first, second, other] = [await keyOf("acme"), await keyOf("acme"), await keyOf("globex")];
    const polls: Promise<Response>[] = [];
    const poll = async (headers: Readonly<Record<string, string>>) =>
      engine.app.request("/api/agents/me/inbox?cursor=now&wait_ms=25000", { headers, signal: ending.signal });
    const inbox = (headers: Readonly<Record<string, string>>) =>
      engine.request("GET", "/api/agents/me/inbox", undefined, headers);
    await waitFor(
      "no place is left for the tenant",
      () => {
        // A look has a place itself, which a poll may have been refused: so more come each time, and what is refused ends.
        polls.push(...[first, second].flatMap((headers) => Array.from({ length: 10 }, () => poll(headers))));
        return inbox(second);
      },
      ({ status, body }) => status === 429 && /keys of one tenant/.test(body.error.message),
    );
    expect((await inbox(other)).status).toBe(200);
    ending.abort();
    await Promise.allSettled(polls);
  });

  test("a poll whose client has gone gives its place back at once", async () => {
    const gone = new AbortController();
    const polls = Array.from({ length: 30 }, () =>
      engine.app.request("/api/agents/me/inbox?cursor=now&wait_ms=25000", {
        headers: { authorization: `Bearer ${testApiKey}` },
        signal: gone.signal,
      }),
    );
    await waitFor(
      "no place is left",
      async () => (await engine.request("GET", "/api/agents/me/inbox")).status,
      (status) => status === 429,
    );
    gone.abort();
    await Promise.allSettled(polls);
    expect((await engine.request("GET", "/api/agents/me/inbox")).status).toBe(200);
  });
});
