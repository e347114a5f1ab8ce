import { PermanentError, RetryAfter, TransientError, ValidationError } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { afterEach, describe, expect, test } from "vitest";
import type { MissionSettings } from "../../../src/modules/missions/settings.ts";
import type { MissionHandler } from "../../../src/modules/ports/mission-handler.ts";
import { latch } from "../../latch.ts";
import { eventually } from "../../wait-for.ts";
import { createMissions, handler, type MissionSurface } from "./fixture.ts";

const open: MissionSurface[] = [];
async function start(
  handlers: MissionHandler[],
  rest: Partial<MissionSettings> = {},
): Promise<MissionSurface> {
  const missions = await createMissions({ handlers, ...rest });
  open.push(missions);
  return missions;
}
afterEach(async () => {
  for (const missions of open.splice(0)) await missions.cleanup();
});

/** Runs the worker until nothing is left, without waiting for backoffs. */
async function workOff(missions: MissionSurface): Promise<void> {
  for (let round = 0; round < 20 && (await missions.work()) !== null; round += 1) await missions.hurry();
}

const types = (events: { type: string }[]) => events.map(({ type }) => type);
const row = async (missions: MissionSurface, id: string) => (await missions.get(`/${id}`)).body;

describe("a mission that fails", () => {
  test("is tried three times under one id, and is then a dead letter with its error", async () => {
    const attempts: { id: string; attempt: number }[] = [];
    const missions = await start([
      handler("flaky", async ({ id, attempt }) => {
        attempts.push({ id, attempt });
        throw new TransientError(`Not today (${attempt}).`);
      }),
    ]);
    const id = await missions.enqueue({ type: "test.flaky" });
    await workOff(missions);
    expect(attempts).toEqual([1, 2, 3].map((attempt) => ({ id, attempt })));
    expect(await row(missions, id)).toMatchObject({
      status: "failed",
      retry_count: 3,
      error: "Not today (3).",
      error_type: "TransientError",
    });
    const story = await missions.story(id);
    expect(types(story)).toEqual([
      "mission.created",
      "task.created",
      "mission.started",
      "task.started",
      "task.failed",
      "task.retrying",
      "task.started",
      "task.failed",
      "task.retrying",
      "task.started",
      "task.failed",
      "mission.failed",
    ]);
    const failed = story.filter(({ type }) => type === "task.failed");
    expect(failed.map(({ payload }) => [payload.retry_count, payload.will_retry])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    expect(failed.map(({ severity }) => severity)).toEqual(["WARNING", "WARNING", "CRITICAL"]);
    expect(await missions.sql("SELECT FROM missions")).toHaveLength(1);
  });

  test("waits longer and longer, as its events and its row say", async () => {
    const missions = await start([
      handler("flaky", async () => {
        throw new Error("no");
      }),
    ]);
    const id = await missions.enqueue({ type: "test.flaky", max_retries: 20 });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; ) {
      const next = await missions.work();
      waits.push((next?.getTime() ?? 0) - Date.now());
      // A short wait may be over before the run is, which makes another attempt then.
      ({ attempt } = await row(missions, id));
      expect(waits.at(-1)).toBeLessThanOrEqual(Math.min(300_000, 1_000 * 2 ** (attempt - 1)) + 50);
      await missions.hurry();
    }
    expect(Math.max(...waits)).toBeGreaterThan(10_000);
    expect(await row(missions, id)).toMatchObject({ status: "queued" });
  });

  test("comes back when its error says so", async () => {
    const missions = await start([
      handler("limited", async () => {
        throw new RetryAfter(90_000, "Too many requests.");
      }),
    ]);
    await missions.enqueue({ type: "test.limited" });
    const beforeMs = Date.now();
    const next = await missions.work();
    // Times of Postgres are rounded.
    expect(next?.getTime()).toBeGreaterThanOrEqual(beforeMs + 90_000 - 10);
    expect(next?.getTime()).toBeLessThanOrEqual(Date.now() + 90_000 + 10);
  });

  test.each([
    ["PermanentError", () => new PermanentError("Never.")],
    ["ValidationError", () => new ValidationError("Not like this.")],
  ])("for good is not tried again: %s", async (type, make) => {
    const missions = await start([
      handler("hopeless", async () => {
        throw make();
      }),
    ]);
    const id = await missions.enqueue({ type: "test.hopeless" });
    expect(await missions.work()).toBeNull();
    expect(await row(missions, id)).toMatchObject({ status: "failed", attempt: 1, error_type: type });
    const failed = (await missions.story(id)).find((event) => event.type === "task.failed");
    expect(failed).toMatchObject({ severity: "ERROR", payload: { will_retry: false, retry_count: 1 } });
  });

  test("and is executed again gets new attempts on top, and is told of as before", async () => {
    let works = false;
    const missions = await start([
      handler("flaky", async () => {
        if (!works) throw new TransientError("no");
        return { done: true };
      }),
    ]);
    const id = await missions.enqueue({ type: "test.flaky" });
    await workOff(missions);
    works = true;
    const reply = await missions.send(`/api/missions/${id}/execute`, { method: "POST" });
    expect(reply.status).toBe(202);
    await missions.work();
    expect(await row(missions, id)).toMatchObject({
      status: "completed",
      attempt: 4,
      result: { done: true },
    });
    const after = (await missions.story(id)).slice(12);
    expect(types(after)).toEqual(["task.retrying", "task.started", "task.completed", "mission.completed"]);
    expect(after[0]?.payload).toMatchObject({ retry_count: 3, next_attempt: 4, max_retries: 6 });
  });

  test("shows operators its error without what nobody may read, and events only errors of our own", async () => {
    const missions = await start([
      handler("leaky", async () => {
        throw new Error("anna@example.org has the key sk_live_0123456789abcdef\u0000");
      }),
    ]);
    const id = await missions.enqueue({ type: "test.leaky", max_retries: 1 });
    await missions.work();
    const { error } = await row(missions, id);
    expect(error).toContain("[redacted]");
    expect(error).not.toMatch(/anna|sk_live/);
    expect(error).not.toContain("\u0000");
    const [failed] = (await missions.story(id)).filter(({ type }) => type === "task.failed");
    expect(failed?.payload).toMatchObject({
      error: expect.stringContaining("unexpected error"),
      error_type: "Error",
    });
    expect(missions.logs.join("\n")).not.toMatch(/anna|sk_live/);
  });

  test("of a type that nobody does any more has failed, and says why", async () => {
    const missions = await start([]);
    const id = await missions.enqueue({ type: "echo" });
    await missions.sql("UPDATE missions SET type = 'gone' WHERE id = $1", [id]);
    await missions.work();
    expect((await row(missions, id)).error).toContain('Nobody here does missions of type "gone"');
  });

  test("to come back in time fails as an attempt", async () => {
    const missions = await start([handler("slow", () => new Promise(() => undefined), { timeoutMs: 100 })]);
    const id = await missions.enqueue({ type: "test.slow", max_retries: 1 });
    await missions.work();
    expect(await row(missions, id)).toMatchObject({ status: "failed", error_type: "HandlerTimeoutError" });
  });
});

describe("a worker that vanishes", () => {
  /** Starts a worker that claims, and forgets it, as if it were killed after its commit. */
  async function claimAndDie(missions: MissionSurface): Promise<void> {
    const begun = async () =>
      (await missions.sql<{ n: number }>("SELECT sum(attempt)::int AS n FROM missions"))[0]?.n;
    const before = await begun();
    let dead = false;
    // Nobody hears of the end of a process that is gone; it may come when the database is gone too.
    missions.work(() => dead).catch(() => undefined);
    await eventually(async () => expect(await begun()).toBe((before ?? 0) + 1));
    dead = true;
  }

  test("loses no mission and doubles no effect", async () => {
    const never = latch();
    const missions = await start(
      [
        handler("effect", async ({ id, attempt }) => {
          if (attempt === 1) await never.opened;
          return async (tx) => {
            await tx.execute(`INSERT INTO effects VALUES ('${id}', ${attempt})`);
            return { attempt };
          };
        }),
      ],
      { leaseMs: 600_000 },
    );
    await missions.sql("CREATE TABLE effects (id uuid, attempt integer)");
    const id = await missions.enqueue({ type: "test.effect" });
    await claimAndDie(missions);
    expect(await missions.work(), "nobody takes it before its lease ends").toBeInstanceOf(Date);
    expect(await row(missions, id)).toMatchObject({ status: "running", attempt: 1 });
    await missions.hurry();
    await missions.work();
    expect(await row(missions, id)).toMatchObject({
      status: "completed",
      attempt: 2,
      result: { attempt: 2 },
    });
    // The dead one wakes up after all.
    never.open();
    await eventually(() => expect(missions.logs.some((line) => line.includes("discarded"))).toBe(true));
    expect(await missions.sql("SELECT id, attempt FROM effects")).toEqual([{ id, attempt: 2 }]);
    const story = await missions.story(id);
    expect(types(story)).toEqual([
      "mission.created",
      "task.created",
      "mission.started",
      "task.started",
      "task.failed",
      "task.retrying",
      "task.started",
      "task.completed",
      "mission.completed",
    ]);
    expect(story[4]?.payload).toMatchObject({
      error_type: "WorkerVanishedError",
      will_retry: true,
      retry_count: 1,
    });
  });

  test("three times has failed: a mission that kills its worker does so no more", async () => {
    const missions = await start([handler("deadly", () => new Promise(() => undefined))], {
      leaseMs: 600_000,
    });
    const id = await missions.enqueue({ type: "test.deadly" });
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await claimAndDie(missions);
      await missions.hurry();
    }
    await missions.work();
    expect(await row(missions, id)).toMatchObject({ status: "failed", attempt: 3, retry_count: 3 });
    const story = await missions.story(id);
    expect(types(story).slice(-2)).toEqual(["task.failed", "mission.failed"]);
    expect(story.at(-2)).toMatchObject({
      severity: "CRITICAL",
      payload: { will_retry: false, retry_count: 3 },
    });
    expect(story.filter(({ type }) => type === "task.started")).toHaveLength(3);
  });

  test("and comes back late can neither complete, fail nor write", async () => {
    const late = latch();
    const begun = latch();
    const errors: unknown[] = [];
    const missions = await start(
      [
        handler("late", async ({ attempt }, { transact }) => {
          if (attempt !== 1) return { by: "second" };
          begun.open();
          await late.opened;
          await transact({ source: "test" }, async (tx) =>
            tx.execute("INSERT INTO effects VALUES (1)"),
          ).catch((error: unknown) => errors.push(error));
          return { by: "first" };
        }),
      ],
      { leaseMs: 600_000 },
    );
    await missions.sql("CREATE TABLE effects (n integer)");
    const id = await missions.enqueue({ type: "test.late" });
    let frozen = false;
    const slow = missions.work(() => frozen);
    await begun.opened;
    frozen = true;
    await missions.hurry();
    await missions.work();
    // A claim of the first worker that was under way when it froze may have got the second attempt.
    await eventually(async () =>
      expect(await row(missions, id)).toMatchObject({ status: "completed", result: { by: "second" } }),
    );
    const recorded = await missions.recorded();
    late.open();
    await slow;
    expect((errors[0] as Error).name).toBe("FencedError");
    expect(await missions.sql("SELECT FROM effects")).toEqual([]);
    expect(await row(missions, id)).toMatchObject({ status: "completed", result: { by: "second" } });
    expect(await missions.recorded()).toBe(recorded);
  });

  test("keeps its lease as long as it lives", async () => {
    const done = latch();
    const missions = await start(
      [
        handler("long", async () => {
          await done.opened;
          return {};
        }),
      ],
      // Renewed every two seconds; a busy machine may stand still for the rest.
      { leaseMs: 6_000 },
    );
    const id = await missions.enqueue({ type: "test.long" });
    const working = missions.work();
    await eventually(async () => expect((await row(missions, id)).status).toBe("running"));
    const running = Date.now();
    await eventually(() => expect(Date.now() - running).toBeGreaterThan(6_000));
    await missions.work(() => false).catch(() => undefined);
    expect(await row(missions, id)).toMatchObject({ status: "running", attempt: 1 });
    done.open();
    await working;
    expect(await row(missions, id)).toMatchObject({ status: "completed", attempt: 1 });
  });
});

describe("a mission that is cancelled", () => {
  test("while it runs is told so at the next heartbeat, and its result is discarded", async () => {
    const seen: boolean[] = [];
    const missions = await start(
      [
        handler("long", async (_mission, { signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          seen.push(signal.aborted);
          return { too: "late" };
        }),
      ],
      { leaseMs: 6_000 },
    );
    const id = await missions.enqueue({ type: "test.long" });
    const working = missions.work();
    await eventually(async () => expect((await row(missions, id)).status).toBe("running"));
    const reply = await missions.post(
      `/api/missions/${id}/cancel`,
      { reason: "no longer needed" },
      {
        "x-actor-id": "op-7",
      },
    );
    expect(reply.status).toBe(200);
    expect(reply.body.status).toBe("cancelled");
    await working;
    expect(seen).toEqual([true]);
    expect(await row(missions, id)).toMatchObject({ status: "cancelled", result: null });
    const [task, mission] = (await missions.story(id)).slice(-2);
    expect(task).toMatchObject({
      type: "task.cancelled",
      source: "mission_queue_manager",
      payload: { cancelled_by: "op-7", reason: "no longer needed", previous_status: "running" },
    });
    expect(mission).toMatchObject({
      type: "mission.cancelled",
      payload: { old_status: "running", new_status: "cancelled", reason: "no longer needed" },
    });
  });

  test("before it ran is never done; one that was never queued has no task", async () => {
    const missions = await start([]);
    const queued = await missions.enqueue({ type: "echo" });
    const pending = (await missions.post("/api/missions", { name: "Later" })).body.id;
    for (const id of [queued, pending])
      expect((await missions.send(`/api/missions/${id}/cancel`, { method: "POST" })).status).toBe(200);
    await missions.work();
    expect(types(await missions.story(queued)).slice(2)).toEqual(["task.cancelled", "mission.cancelled"]);
    expect(types(await missions.story(pending)).slice(1)).toEqual(["mission.cancelled"]);
    expect((await missions.send(`/api/missions/${queued}/cancel`, { method: "POST" })).status).toBe(409);
  });
});

describe("the worker", () => {
  test("begins the next mission in the transaction that ends the one before", async () => {
    const missions = await start([], { concurrency: 1 });
    const ids = [await missions.enqueue({ type: "echo" }), await missions.enqueue({ type: "echo" })];
    await missions.work();
    const rows = await missions.sql<{ mission_id: string; type: string; xmin: string }>(
      "SELECT mission_id, type, xmin::text FROM events WHERE type IN ('mission.completed', 'task.started')",
    );
    const transaction = (id: string | undefined, type: string) =>
      rows.find((event) => event.mission_id === id && event.type === type)?.xmin;
    expect(transaction(ids[1], "task.started")).toBe(transaction(ids[0], "mission.completed"));
    expect((await missions.get("/stats/overview")).body.completed).toBe(2);
  });

  test("does missions side by side, and one that lasts holds up nobody", async () => {
    const long = latch();
    const missions = await start([
      handler("long", async () => {
        await long.opened;
        return {};
      }),
    ]);
    await missions.enqueue({ type: "test.long" });
    const working = missions.work();
    await eventually(async () =>
      expect((await missions.get("/worker/status")).body.missions_running).toBe(1),
    );
    const id = await missions.enqueue({ type: "echo" });
    await eventually(async () => expect((await row(missions, id)).status).toBe("completed"));
    long.open();
    expect(await working).toBeNull();
  });

  test("never does more at once than it is allowed to", async () => {
    let now = 0;
    let most = 0;
    const both = latch();
    const missions = await start(
      [
        handler("counted", async () => {
          now += 1;
          most = Math.max(most, now);
          // Nobody is done before there were two at once; a third would come in the time after.
          if (now === 2) both.open();
          await both.opened;
          await new Promise((resolve) => setTimeout(resolve, 30));
          now -= 1;
          return {};
        }),
      ],
      { concurrency: 2 },
    );
    for (let n = 0; n < 8; n += 1) await missions.enqueue({ type: "test.counted" });
    await missions.work();
    expect(most).toBe(2);
    expect((await missions.get("/stats/overview")).body.completed).toBe(8);
  });

  test("begins nothing when its time is over, and says that it wants to go on", async () => {
    const missions = await start([]);
    const id = await missions.enqueue({ type: "echo" });
    const next = await missions.work(() => true);
    expect(next?.getTime()).toBeLessThanOrEqual(Date.now());
    expect((await row(missions, id)).status).toBe("queued");
  });

  test("does higher priorities first, and inside a priority who came first", async () => {
    const order: unknown[] = [];
    const missions = await start(
      [
        handler("noted", async ({ payload }) => {
          order.push(payload.n);
          return {};
        }),
      ],
      { concurrency: 1 },
    );
    const priorities = [20, 10, 30, 20, 40, 10, 20, 30];
    for (const [n, priority] of priorities.entries())
      await missions.enqueue({ type: "test.noted", priority, payload: { n } });
    await missions.work();
    expect(order).toEqual([4, 2, 7, 0, 3, 6, 1, 5]);
  });

  test("writes a completion again when Postgres was away for a moment, and does the work once", async () => {
    let works = 0;
    const missions = await start([
      handler("once", async () => {
        works += 1;
        let tries = 0;
        return async () => {
          tries += 1;
          if (tries === 1) throw new TransientError("Postgres: gone for a moment.");
          return { tries };
        };
      }),
    ]);
    const id = await missions.enqueue({ type: "test.once" });
    await missions.work();
    expect(works).toBe(1);
    expect(await row(missions, id)).toMatchObject({ status: "completed", attempt: 1, result: { tries: 2 } });
  });

  test.each<[string, JsonObject | string]>([
    ["no JSON object", "text"],
    ["262144 are kept", { big: "x".repeat(300_000) }],
  ])("refuses a result that cannot be kept: %s", async (message, result) => {
    const missions = await start([handler("odd", async () => result as JsonObject)]);
    const id = await missions.enqueue({ type: "test.odd" });
    await missions.work();
    const view = await row(missions, id);
    expect(view).toMatchObject({ status: "failed", result: null });
    expect(view.error).toContain(message);
  });

  test("stores a result that Postgres could not hold as it is", async () => {
    const missions = await start([handler("odd", async () => ({ text: "a\u0000b\ud800c" }))]);
    const id = await missions.enqueue({ type: "test.odd" });
    await missions.work();
    expect((await row(missions, id)).result).toEqual({ text: "a\ufffdb\ufffdc" });
  });
});
