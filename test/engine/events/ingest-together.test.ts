import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Gathering } from "../../../src/engine/core/promises/gathering.ts";
import { readTraceContext } from "../../../src/engine/core/telemetry/trace-context.ts";
import { createDatabase, type Database } from "../../../src/engine/db/database.ts";
import { type IngestContext, ingest } from "../../../src/engine/events/ingest.ts";
import { gatherEvents } from "../../../src/engine/events/record-events.ts";
import type { RecordedEvent } from "../../../src/engine/publish/record.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import { waitFor } from "../../wait-for.ts";

/*
 * Events of requests at the same time are recorded by one statement. The requests of a test share what an isolate shares,
 * each has a database of its own whose calls the test sees and holds.
 */

type Joining = Gathering<RecordedEvent, boolean>;
type Run = () => Promise<unknown>;

/** Nothing is lost before the test says so. */
const lostAfterMs = 600_000;

let backbone: Backbone;
/** Tenants of the statements that recorded, in their order; null: no tenant. */
let statements: (string | null)[];
/** What becomes of the statements that record, in their order; those beyond it run. */
let plans: ((run: Run) => Promise<unknown>)[];
let gathering: Joining;
let joined: number;
let kept: Promise<unknown>[];
/** Timers of those who wait for a statement of another request. */
let timers: (() => void)[];

beforeAll(async () => {
  backbone = await createBackbone();
  // What the program does not know of, and Postgres refuses.
  await backbone.sql("ALTER TABLE events ADD CONSTRAINT events_no_bad_source CHECK (source <> 'bad')");
});
afterAll(() => backbone?.cleanup());
beforeEach(() => {
  [statements, plans, joined, kept, timers] = [[], [], 0, [], []];
  gathers();
  const { setTimeout: start } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((...timer: Parameters<typeof start>) => {
    const [run, ms] = timer;
    if (ms !== lostAfterMs) return start(...timer);
    timers.push(run);
    return undefined;
  }) as typeof start);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function gathers(change: (gathering: Joining) => Joining = (same) => same): void {
  const inner = change(gatherEvents(() => Date.now(), lostAfterMs));
  gathering = {
    join(name, item, call) {
      const answer = inner.join(name, item, call);
      joined += 1;
      return answer;
    },
  };
}

function watched(db: Database): Database {
  return hookDatabase(db, {
    statements: <T>(text: string, run: () => Promise<T>) => {
      // Others look for what is known already, or let go of a lease.
      if (!/INTO events|record_events/.test(text)) return run();
      statements.push(db.tenantId);
      return (plans[statements.length - 1]?.(run) ?? run()) as Promise<T>;
    },
  });
}

const report = (fields: object = {}, component = "relay") => ({
  type: "system.health",
  source: "probe",
  payload: { component, status: "ok" },
  ...fields,
});

/** A request of its own. */
async function send(
  input: object,
  context: Partial<IngestContext> = {},
  tenantId: string | null = null,
  change: (db: Database) => Database = (db) => db,
) {
  const invocation = backbone.open();
  const db = change(watched(tenantId === null ? invocation.db : invocation.db.ofTenant(tenantId)));
  const [result] = await ingest({ ...invocation, db, gathering }, [input], {
    correlationId: null,
    actorId: null,
    tenantId,
    waitUntil: (work) => kept.push(work),
    ...context,
  });
  return result;
}

/** The first statement is held until `count` more requests gather behind it. Begins them in their order. */
async function behindOne<T>(...requests: (() => Promise<T>)[]): Promise<Promise<T>[]> {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  plans.unshift(async (run) => {
    await held;
    return run();
  });
  const before = joined;
  const first = send(report());
  await waitFor(
    "the first one is under way",
    () => statements.length,
    (count) => count === 1,
  );
  const begun: Promise<T>[] = [];
  for (const [index, request] of requests.entries()) {
    const one = request();
    // The test asks for its end later.
    one.catch(() => undefined);
    begun.push(one);
    await waitFor(
      "it gathers",
      () => joined - before,
      (count) => count === index + 2,
    );
  }
  release();
  expect(await first).toMatchObject({ status: "accepted" });
  return begun;
}

const rowOf = async (id: string) =>
  (await backbone.sql("SELECT * FROM events WHERE id = $1", [id])) as Record<string, unknown>[];

describe("events of requests at the same time", () => {
  test("share a statement, and nothing else: each keeps what its request says, and gets its own answer", async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()] as const;
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const answers = await behindOne(
      () => send(report({ id: ids[0], tenant_id: "t-1" }), { correlationId: "story-1", actorId: "user-1" }),
      () =>
        send(report({ id: ids[1] }, "drain"), {
          correlationId: "story-2",
          trace: readTraceContext(traceparent),
        }),
      () => send(report({ id: ids[2] }), { newId: () => "not asked" }),
    );
    expect(await Promise.all(answers)).toEqual(
      ids.map((id) => ({ status: "accepted", id, type: "system.health" })),
    );
    expect(statements).toHaveLength(2);
    const rows = (await Promise.all(ids.map(rowOf))).flat();
    expect(rows).toMatchObject([
      { tenant_id: "t-1", actor_id: "user-1", correlation_id: "story-1", origin: null },
      {
        tenant_id: null,
        actor_id: null,
        correlation_id: "story-2",
        payload: { component: "drain" },
        meta: { traceparent },
      },
      { tenant_id: null, actor_id: null, correlation_id: ids[2] },
    ]);
    const positions = rows.map(({ position }) => Number(position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    // One statement, one transaction.
    expect(new Set(rows.map(({ stored_at }) => String(stored_at))).size).toBe(1);
    expect(kept).toHaveLength(2);
  });

  test("with one id: the first is stored, a repetition is told so, and other content is refused", async () => {
    const id = randomUUID();
    const answers = await behindOne(
      () => send(report({ id })),
      () => send(report({ id })),
      () => send(report({ id }, "another")),
    );
    const [first, same, other] = await Promise.all(answers);
    expect(first).toMatchObject({ status: "accepted", id });
    expect(same).toMatchObject({ status: "deduplicated", id });
    expect(other).toMatchObject({ status: "rejected", id, error: { code: "conflict" } });
    expect(await rowOf(id)).toMatchObject([{ payload: { component: "relay" } }]);
    expect(statements).toHaveLength(2);
  });

  test("of two tenants go apart, each behind the wall of its own", async () => {
    const answers = await behindOne(
      () => send(report(), {}, "a"),
      () => send(report(), {}, "b"),
      () => send(report(), {}, "a"),
      () => send(report()),
    );
    expect(await Promise.all(answers)).toMatchObject(Array(4).fill({ status: "accepted" }));
    // Those of a tenant waited for nobody: nothing was under way for it.
    expect(statements).toEqual([null, "a", "b", "a", null]);
  });

  test("control: a tenant's event in a statement of another tenant is refused by the wall", async () => {
    gathers((inner) => ({ join: (_name, item, call) => inner.join("all", item, call) }));
    const refused: unknown[] = [];
    const telling = (db: Database) =>
      hookDatabase(db, {
        statements: (_text, run) =>
          run().catch((error: unknown) => {
            refused.push(error);
            throw error;
          }),
      });
    const answers = await behindOne(
      () => send(report(), {}, "a", telling),
      () => send(report(), {}, "b", telling),
    );
    expect(await Promise.all(answers)).toMatchObject(Array(2).fill({ status: "accepted" }));
    expect(refused).toMatchObject([{ message: expect.stringContaining("42501") }]);
    // So each was recorded alone.
    expect(statements).toEqual([null, "a", "a", "b"]);
  });

  test("in a batch, or where the request cannot be kept alive, are recorded as ever", async () => {
    const answers = await behindOne();
    expect(answers).toEqual([]);
    joined = 0;
    const [result] = await ingest(backbone.open(), [report()], { correlationId: null, actorId: null });
    expect(result).toMatchObject({ status: "accepted" });
    const invocation = { ...backbone.open(), gathering };
    const context = { correlationId: null, actorId: null, waitUntil: () => undefined };
    const batch = await ingest(invocation, [report(), report()], context);
    expect(batch).toMatchObject(Array(2).fill({ status: "accepted" }));
    expect(joined).toBe(0);
  });
});

describe("an event that Postgres refuses", () => {
  const among = () =>
    behindOne(
      () => send(report()),
      () => send(report({ source: "bad" })),
      () => send(report()),
    );
  const isRefused = { name: "PermanentError", message: expect.stringContaining("23514") };

  test("fails alone, with its own error", async () => {
    const [before, bad, after] = await among();
    expect(await before).toMatchObject({ status: "accepted" });
    await expect(bad).rejects.toMatchObject(isRefused);
    expect(await after).toMatchObject({ status: "accepted" });
    expect(statements).toHaveLength(5);
  });

  test("control: takes its neighbours with it when they are not tried alone", async () => {
    gathers((inner) => ({
      join: (name, item, call) => inner.join(name, item, { ...call, concernsAll: () => true }),
    }));
    for (const one of await among()) await expect(one).rejects.toMatchObject(isRefused);
  });
});

describe("a Postgres that is away", () => {
  /** Nobody listens there. */
  const unreachable = () => {
    const url = new URL(backbone.sandbox.neonUrl);
    url.port = "9";
    return createDatabase(url.href);
  };

  test("is not asked again by each: all get the error that one alone would get", async () => {
    plans = [() => unreachable().rows(sql`SELECT 1`)];
    const error = await unreachable()
      .rows(sql`SELECT 1`)
      .catch((reason: unknown) => reason as Error);
    for (const one of await behindOne(
      () => send(report()),
      () => send(report()),
    )) {
      await expect(one).rejects.toMatchObject({ name: "TransientError", message: (error as Error).message });
    }
    expect(statements).toHaveLength(2);
  });

  test("holds nobody up who comes afterwards", async () => {
    plans = [() => unreachable().rows(sql`SELECT 1`)];
    await expect(send(report())).rejects.toMatchObject({ name: "TransientError" });
    expect(await send(report())).toMatchObject({ status: "accepted" });
  });
});

describe("a statement whose request was ended", () => {
  /** What it has begun goes on or not, but nothing of it comes back. */
  const ended = () => new Promise<never>(() => undefined);
  /** Those who waited find out, when the statement was begun and, if it is, committed. */
  async function isLost(commits: boolean, ...requests: (() => ReturnType<typeof send>)[]) {
    const committed = Promise.withResolvers<void>();
    plans = [
      async (run) => {
        if (commits) await run();
        committed.resolve();
        return ended();
      },
    ];
    const [, ...others] = await behindOne(() => send(report()), ...requests);
    await committed.promise;
    for (const expire of timers) expire();
    return Promise.all(others);
  }

  test("and that was committed: those who waited are answered for themselves, as stored", async () => {
    const [own, known, foreign] = [randomUUID(), randomUUID(), randomUUID()];
    await send(report({ id: known }));
    await send(report({ id: foreign }, "another"));
    await backbone.sql("UPDATE events SET stored_at = stored_at - interval '1 hour'");
    statements = [];
    const answers = await isLost(
      true,
      () => send(report({ id: own })),
      () => send(report()),
      () => send(report({ id: known })),
      () => send(report({ id: foreign })),
    );
    expect(answers).toMatchObject([
      { status: "accepted", id: own },
      { status: "accepted" },
      // What was stored by an earlier request is a repetition all the same, or somebody else's.
      { status: "deduplicated", id: known },
      { status: "rejected", id: foreign, error: { code: "conflict" } },
    ]);
    expect(await rowOf(own)).toHaveLength(1);
    // The first one, the group, and each of the four again.
    expect(statements).toHaveLength(6);
  });

  test("and that was not: they record their events themselves", async () => {
    const [own, other] = [randomUUID(), randomUUID()];
    const answers = await isLost(
      false,
      () => send(report({ id: own })),
      () => send(report({ id: other })),
    );
    expect(answers).toMatchObject([
      { status: "accepted", id: own },
      { status: "accepted", id: other },
    ]);
    expect(await rowOf(own)).toHaveLength(1);
    expect(await rowOf(other)).toHaveLength(1);
    // Nobody waits for what was lost.
    expect(await send(report())).toMatchObject({ status: "accepted" });
  });

  test("control: who does not know that its statement was lost takes its own event for a repetition", async () => {
    gathers((inner) => ({
      join: async (name, item, call) => ({ ...(await inner.join(name, item, call)), lostSinceMs: null }),
    }));
    const own = randomUUID();
    const [follower] = await isLost(true, () => send(report({ id: own })));
    expect(follower).toMatchObject({ status: "deduplicated", id: own });
  });
});
