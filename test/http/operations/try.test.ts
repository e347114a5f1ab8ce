import { PermanentError, TransientError } from "@brain/engine";
import { agentHeartbeat } from "@brain/schemas";
import { sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../../src/engine/db/database.ts";
import { tryRecorded } from "../../../src/engine/operations/try/try-events.ts";
import { waitFor } from "../../wait-for.ts";
import { createSurface, type Surface } from "../surface.ts";
import { type Script, tableSql, tryConsumers, world } from "./try-fixture.ts";

/* A handler is run on an event, what it does is shown, and nothing of it stays. */

const script: Script = { run: async () => undefined };
let surface: Surface;
let eventId: string;

beforeAll(async () => {
  surface = await createSurface({ consumers: tryConsumers(script), env: { BRAIN_LEASE_MS: "10000" } });
  await surface.sql(tableSql);
  await surface.sql("INSERT INTO tried (agent, note) VALUES ('first', 'taken')");
});
afterAll(() => surface?.cleanup());

const beat = (fields: object = {}) => ({
  type: agentHeartbeat.type,
  tenant_id: "acme",
  payload: { agent_id: "rover", tasks_completed: 7, tasks_failed: 0 },
  ...fields,
});

async function send(event: object): Promise<string> {
  const reply = await surface.post("/api/events", event);
  expect(reply.status, reply.text).toBe(202);
  return reply.body.id;
}

beforeEach(async () => {
  eventId = await send(beat());
  script.run = async () => undefined;
});

const tryIt = (subscriber: string, id = eventId) => surface.post(`/api/events/${id}/try`, { subscriber });
const drain = async (subscriber: string) => {
  await surface.relay();
  const consumer = surface.system.consumers.get(subscriber);
  if (consumer === undefined) throw new Error(`no consumer ${subscriber}`);
  return surface.drain(consumer);
};
const rows = (where = "true") =>
  surface.sql(`SELECT agent, number, note FROM tried WHERE ${where} ORDER BY place`);

/** Inserts, publishes, logs and changes: all that can be seen. */
const busy: Script["run"] = async (payload, { tx, publish, log, idempotencyKey }) => {
  await tx.execute(sql`INSERT INTO tried (agent, number, note) VALUES (${payload.agent_id}, ${payload.tasks_completed},
    ${await idempotencyKey("note")})`);
  await tx.execute(sql`UPDATE tried SET number = 1 WHERE note = 'taken'`);
  await tx.transaction((inner) => inner.execute(sql`DELETE FROM tried WHERE agent = 'nobody'`));
  await publish(agentHeartbeat, { ...payload, agent_id: "echo" });
  log.info({ agent: payload.agent_id }, "a beat was kept");
};

describe("a try", () => {
  test("shows statements, events, log, time and changes, and leaves everything as it was", async () => {
    script.run = busy;
    await surface.background();
    const before = await world(surface);
    const reply = await tryIt("scripted");
    expect(reply.status, reply.text).toBe(200);
    await surface.background();
    expect(await world(surface)).toEqual(before);

    const { statements, events, log, changes, ...rest } = reply.body;
    expect(rest).toMatchObject({
      event_id: eventId,
      subscriber: "scripted",
      handler: "each",
      tenant_id: "acme",
      key: "rover",
      outcome: "applied",
      stopped_by: null,
      error: null,
      already: null,
      calls: [],
      omitted: { statements: 0, events: 0, log: 0, calls: 0 },
    });
    expect(rest.ms).toBeGreaterThanOrEqual(0);
    expect(changes).toEqual([{ table: "tried", inserted: 1, updated: 1, deleted: 0 }]);
    expect(statements.map(({ kind, rows }: { kind: string; rows: number }) => [kind, rows])).toEqual([
      ["insert", 1],
      ["update", 1],
      ["savepoint", 0],
      ["delete", 0],
      ["release", 0],
    ]);
    // What stands in the event is shown, with its place; what the handler computed is not.
    expect(statements[0].sql).toContain("INSERT INTO tried");
    expect(statements[0].values).toEqual([
      { kind: "text", length: 5, value: "rover", from: "payload.agent_id" },
      { kind: "number", length: null, value: "7", from: "payload.tasks_completed" },
      { kind: "text", length: 64, value: null, from: null },
    ]);
    expect(events).toEqual([
      expect.objectContaining({
        type: agentHeartbeat.type,
        key: "echo",
        tenant_id: "acme",
        payload: expect.objectContaining({ agent_id: "echo", tasks_completed: 7 }),
        is_recorded: false,
      }),
    ]);
    expect(log).toEqual([
      {
        level: "info",
        message: "a beat was kept",
        fields: expect.objectContaining({ agent: "rover", event_id: eventId, attempt: 1 }),
      },
    ]);
  });

  test("control: the same with COMMIT in place of ROLLBACK leaves the row", async () => {
    script.run = busy;
    const invocation = surface.system.open();
    const keeping: Database = {
      ...invocation.db,
      async open(options) {
        const session = await invocation.db.open(options);
        const trial = async <T>(run: Parameters<typeof session.transaction<T>>[0]) => ({
          result: await session.transaction(run),
          changes: [],
        });
        return { ...session, broken: false, trial };
      },
    };
    const before = await world(surface);
    await tryRecorded(
      { ...invocation, db: keeping },
      { db: invocation.db, tenantId: null },
      eventId,
      "scripted",
    );
    const behind = await world(surface);
    expect(Object.keys(behind).filter((part) => behind[part] !== before[part])).toEqual(["tried"]);
    await surface.sql("DELETE FROM tried WHERE agent = 'rover'");
  });

  test.each([
    ["batched", "batch", 1],
    ["stated", "statements", 0],
    ["stated_batch", "statement_batch", 0],
    ["catch_all", "any", 0],
  ])("of %s is one of its kind, and its drain does what it said", async (subscriber, handler, published) => {
    const before = await world(surface);
    const { body } = await tryIt(subscriber);
    expect(await world(surface)).toEqual(before);
    expect(body).toMatchObject({ handler, outcome: "applied", error: null });
    expect(body.changes).toEqual([{ table: "tried", inserted: 1, updated: 0, deleted: 0 }]);
    expect(body.events).toHaveLength(published);
    await drain(subscriber);
    const again = await tryIt(subscriber);
    expect(again.body.already).toMatchObject({ instead: "applied", replay_epoch: 0 });
    if (subscriber !== "catch_all") expect(again.body.outcome).toBe("applied");
    // It inserts a note that is unique: a forced replay would fail so.
    else expect(again.body).toMatchObject({ outcome: "dead_letter", error: { class: "ConflictError" } });
  });

  test("tells the handler of an event that was applied that it is repeated, as a forced replay would", async () => {
    const told: unknown[] = [];
    script.run = async (payload, { replay, repeated }) => {
      if (payload.tasks_completed === 77) told.push([replay, repeated]);
    };
    eventId = await send(beat({ payload: { agent_id: "rover", tasks_completed: 77, tasks_failed: 0 } }));
    await tryIt("scripted");
    await drain("scripted");
    const { body } = await tryIt("scripted");
    expect(body.already.instead).toBe("applied");
    expect(told).toEqual([
      [false, false],
      [false, false],
      [true, true],
    ]);
  });

  test("of a handler that commits by itself keeps nothing: the COMMIT is refused, as it is in a delivery", async () => {
    script.run = async (_payload, { tx }) => {
      await tx.execute(sql`INSERT INTO tried (agent) VALUES ('sneaky')`);
      await tx.execute(sql.raw("COMMIT"));
    };
    const { body } = await tryIt("scripted");
    expect(body.error).toMatchObject({ class: "PermanentError", dead_letter: "permanent_error" });
    await drain("scripted");
    expect(await rows("agent = 'sneaky'")).toEqual([]);
  });

  test("uses up numbers of sequences, which no rollback gives back", async () => {
    script.run = busy;
    const next = async () =>
      Number((await surface.sql<{ n: string }>("SELECT last_value AS n FROM tried_place_seq"))[0]?.n);
    const before = await next();
    await tryIt("scripted");
    expect(await next()).toBe(before + 1);
  });
});

describe("what a handler throws", () => {
  test("is shown with its class, its stack and what would become of the event", async () => {
    script.run = async () => {
      throw new PermanentError("No such course.", { cause: new Error("looked in vain") });
    };
    const dead = (await tryIt("scripted")).body;
    expect(dead).toMatchObject({
      outcome: "dead_letter",
      error: {
        class: "PermanentError",
        message: "No such course.",
        dead_letter: "permanent_error",
        retry_in_ms: null,
      },
    });
    expect(dead.error.stack).toContain("test/http/operations/try.test.ts");
    expect(dead.error.stack).toContain("caused by Error");
    script.run = async () => {
      throw new TransientError("Not yet.", { retryAfterMs: 4_000 });
    };
    const retried = (await tryIt("scripted")).body;
    expect(retried).toMatchObject({
      outcome: "retried",
      error: { class: "TransientError", dead_letter: null, retry_in_ms: 4_000, max_attempts: 3 },
    });
    // It is the same the next time, most likely: it has fewer tries than what fails for now.
    script.run = async () => {
      throw new TypeError("Cannot read properties of undefined");
    };
    expect((await tryIt("scripted")).body).toMatchObject({
      outcome: "retried",
      error: { class: "TypeError", dead_letter: null, max_attempts: 2 },
    });
  });

  test("comes with the statements until then, no changes and no events", async () => {
    script.run = async (payload, context) => {
      await busy(payload, context);
      await context.tx.execute(sql`SELECT no_such_function()`);
    };
    const { body } = await tryIt("scripted");
    expect(body).toMatchObject({ outcome: "retried", changes: [], events: [] });
    expect(body.statements.at(-1)).toMatchObject({ kind: "failed", rows: 0 });
    expect(body.error.message).toContain("no_such_function");
  });

  test("a failed statement whose error was caught ends the try as it would end the delivery", async () => {
    script.run = async (_payload, { tx }) => {
      await tx.execute(sql`SELECT no_such_function()`).catch(() => undefined);
    };
    const { body } = await tryIt("scripted");
    expect(body).toMatchObject({ outcome: "retried", error: { class: "TransientError" } });
    expect(body.error.message).toContain("its error was not passed on");
  });
});

describe("calls to the outside", () => {
  test("are refused and listed without what may be secret in them; the outcome is not known", async () => {
    script.run = async (_payload, { fetch, signal }) => {
      const answer = await fetch("https://hooks.example/T0/SECRET?key=1", { method: "POST", signal }).catch(
        (error: unknown) => error,
      );
      if (answer instanceof Error)
        throw new TransientError("The receiver could not be reached.", { cause: answer });
    };
    const reply = await tryIt("scripted");
    expect(reply.body).toMatchObject({
      outcome: "unknown",
      stopped_by: "outside",
      calls: [{ method: "POST", origin: "https://hooks.example" }],
      error: { class: "TransientError" },
    });
    expect(reply.body.error.stack).toContain("OutsideRefusedError");
    expect(reply.text).not.toContain("SECRET");
  });

  test("that a handler swallows still make the outcome unknown", async () => {
    script.run = async (_payload, { fetch, signal }) => {
      await fetch("https://hooks.example/", { signal }).catch(() => undefined);
    };
    expect((await tryIt("scripted")).body).toMatchObject({
      outcome: "unknown",
      stopped_by: "outside",
      error: null,
    });
  });
});

describe("who is not tried", () => {
  test("says why: a handler that is marked, one that watches entries, one of other events, nobody", async () => {
    const marked = await tryIt("elsewhere");
    expect(marked.status).toBe(409);
    expect(marked.body.error.message).toContain("It writes to a queue of another program.");
    expect(marked.body.not_tried).toBe("It writes to a queue of another program.");
    const watcher = await tryIt("watcher");
    expect(watcher.status).toBe(409);
    expect(watcher.body.error.message).toContain("with the database itself");
    const other = await tryIt("grants");
    expect(other.status).toBe(409);
    expect(other.body.error.message).toContain(
      "Its consumers are: batched, catch_all, elsewhere (not tried)",
    );
    expect((await tryIt("nobody")).status).toBe(404);
    expect((await tryIt("scripted", crypto.randomUUID())).status).toBe(404);
  });

  test("is listed with the others; without a consumer the error lists them too", async () => {
    const listed = await surface.send(`/api/events/${eventId}/try`);
    expect(listed.status, listed.text).toBe(200);
    expect(listed.body.consumers).toContainEqual({
      subscriber: "stated",
      handler: "statements",
      not_tried: null,
    });
    expect(listed.body.consumers.map((one: { subscriber: string }) => one.subscriber)).not.toContain(
      "grants",
    );
    const { status, body } = await surface.post(`/api/events/${eventId}/try`, {});
    expect(status).toBe(422);
    expect(body.error.details[0].path).toBe("subscriber");
    expect(body.consumers).toEqual(listed.body.consumers);
  });
});

describe("bounds", () => {
  test("statements, lines, events and texts are cut, counted, and fit the answer", async () => {
    script.run = async (payload, { tx, log, publish }) => {
      for (let i = 0; i < 260; i += 1) {
        await tx.execute(sql`SELECT ${i}::int, ${"x".repeat(50)}::text`);
        log.debug({ i, long: "y".repeat(5_000) }, "line");
        if (i < 120) await publish(agentHeartbeat, { ...payload, agent_id: `echo-${i}` });
      }
      await tx.execute(sql.raw(`SELECT 1 /* ${"x".repeat(20_000)} */`));
    };
    const reply = await tryIt("scripted");
    expect(reply.status).toBe(200);
    const { statements, events, log, omitted } = reply.body;
    expect(statements).toHaveLength(200);
    expect(omitted.statements).toBe(61);
    expect(events.length + omitted.events).toBe(120);
    expect(log.length + omitted.log).toBe(260);
    expect(reply.text.length).toBeLessThan(300_000);
  });

  test("a lock that somebody holds is not waited for: nobody waits for a try", async () => {
    script.run = async (_payload, { tx }) =>
      void (await tx.execute(sql`UPDATE tried SET number = 2 WHERE note = 'taken'`));
    const holder = new pg.Client({ connectionString: surface.sandbox.databaseUrl });
    await holder.connect();
    try {
      await holder.query("BEGIN; UPDATE tried SET number = 3 WHERE note = 'taken'");
      expect((await tryIt("scripted")).body).toMatchObject({ outcome: "unknown", stopped_by: "lock" });
    } finally {
      await holder.end();
    }
  });

  test("nothing waits for the claim of a drain that is in the middle of the event", async () => {
    const holder = new pg.Client({ connectionString: surface.sandbox.databaseUrl });
    await holder.connect();
    try {
      await holder.query("BEGIN");
      await holder.query(
        "INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id) VALUES ('scripted', 's', '1-1', $1)",
        [eventId],
      );
      expect((await tryIt("scripted")).body).toMatchObject({ outcome: "applied", already: null });
    } finally {
      await holder.end();
    }
  });

  test("the time limit ends it, closes the connection and gives its locks back", async () => {
    script.run = async (_payload, { tx }) => {
      await tx.execute(sql`UPDATE tried SET number = 2 WHERE note = 'taken'`);
      await new Promise(() => undefined);
    };
    const slow = surface.system.consumers.get("scripted");
    if (slow === undefined) throw new Error("no consumer");
    const invocation = surface.system.open();
    const impatient = new Map([["scripted", { ...slow, handlerTimeoutMs: 200 }]]);
    const view = await tryRecorded(
      { ...invocation, consumers: impatient },
      { db: invocation.db, tenantId: null },
      eventId,
      "scripted",
    );
    expect(view).toMatchObject({ outcome: "retried", error: { class: "HandlerTimeoutError" } });
    await waitFor(
      "the row to be free",
      () => surface.sql("SELECT 1 FROM tried WHERE note = 'taken' FOR UPDATE NOWAIT"),
      (seen) => seen.length === 1,
    );
  });
});

describe("personal fields", () => {
  const reason = "Anna's sister asked for it";
  const grant = () =>
    send({
      type: "course.access.granted",
      tenant_id: "acme",
      payload: {
        course_id: "c-1",
        user_id: "u-1",
        tenant_id: "acme",
        payment_id: null,
        granted_at: "2026-11-26T10:00:00.000Z",
        reason,
      },
    });

  test("are in clear for the handler, and nowhere in what a try shows", async () => {
    const reply = await tryIt("grants", await grant());
    expect(reply.status, reply.text).toBe(200);
    const { error, log, statements } = reply.body;
    expect(error.message).toBe("it failed for [personal]");
    expect(log[0]).toMatchObject({
      message: "granted because of [personal]",
      fields: { reason: "[personal]" },
    });
    expect(statements[0].values).toEqual([
      { kind: "text", length: 3, value: "c-1", from: "payload.course_id" },
      { kind: "text", length: `why: ${reason}`.length, value: null, from: null },
    ]);
    expect(reply.text).not.toContain("sister");
  });
});

describe("a dead letter", () => {
  const letterOf = async () => {
    script.run = async ({ tasks_completed }) => {
      if (tasks_completed === 7) throw new PermanentError("Seven is refused.");
    };
    await drain("scripted");
    const [letter] = await surface.sql<{ id: string }>(
      "SELECT id::text FROM dead_letters WHERE event_id = $1 AND subscriber_name = 'scripted'",
      [eventId],
    );
    return letter?.id ?? "none";
  };

  test("is tried as it is, then with a mended payload, and stays as it was", async () => {
    const id = await letterOf();
    const before = await world(surface);
    const asItIs = await surface.post(`/api/dead-letters/${id}/try`, {});
    expect(asItIs.body).toMatchObject({ read_from: "letter", outcome: "dead_letter", event_id: eventId });
    const payload = { agent_id: "rover", tasks_completed: 8, tasks_failed: 0 };
    const mended = await surface.post(`/api/dead-letters/${id}/try`, { payload });
    expect(mended.body).toMatchObject({ read_from: "request", outcome: "applied", tenant_id: "acme" });
    expect(mended.body.event_id).not.toBe(eventId);
    const bad = await surface.post(`/api/dead-letters/${id}/try`, {
      payload: { ...payload, tasks_failed: "no" },
    });
    expect(bad.status).toBe(422);
    expect(bad.body.error.details[0].path).toContain("tasks_failed");
    expect(await world(surface)).toEqual(before);
    const { body } = await surface.send(`/api/dead-letters/${id}`);
    expect(body).toMatchObject({ status: "open", not_tried: null });
  });

  test("is known by its type, also where another field of the entry has the value type", async () => {
    const id = await letterOf();
    // Postgres keeps short names first, so this one comes before the type.
    await surface.sql('UPDATE dead_letters SET raw_fields = raw_fields || \'{"a": "type"}\' WHERE id = $1', [
      id,
    ]);
    const tried = await surface.post(`/api/dead-letters/${id}/try`, {});
    expect(tried.body).toMatchObject({ read_from: "letter", event_type: agentHeartbeat.type });
  });

  test("with a personal field in the mended payload makes no key for the person", async () => {
    const granted = await send({
      type: "course.access.granted",
      payload: {
        course_id: "c-1",
        user_id: "u-1",
        tenant_id: null,
        payment_id: null,
        granted_at: "2026-11-26T10:00:00.000Z",
        reason: null,
      },
    });
    const recorded = await surface.send(`/api/events/${granted}`);
    const { payload } = recorded.body;
    const [letter] = await surface.sql<{ id: string }>(
      `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, event_type, reason,
         error_class, error_message, attempts, first_failed_at, last_failed_at, fingerprint)
       VALUES ('grants', 's', '9-9', $1, 'course.access.granted', 'permanent_error', 'E', 'm', 1, now(), now(), '0')
       RETURNING id::text`,
      [granted],
    );
    const before = await world(surface);
    const asRecorded = await surface.post(`/api/dead-letters/${letter?.id}/try`, {});
    expect(asRecorded.body).toMatchObject({ read_from: "record", outcome: "retried" });
    const mended = await surface.post(`/api/dead-letters/${letter?.id}/try`, {
      payload: { ...payload, user_id: "u-new", reason: "Her brother wished it" },
    });
    expect(mended.body.error.message).toBe("it failed for [personal]");
    expect(mended.text).not.toContain("brother");
    expect(await world(surface)).toEqual(before);
  });
});
