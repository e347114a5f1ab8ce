import { agentHeartbeat, agentOnline } from "@brain/schemas";
import { expect, test } from "vitest";
import { drainConsumer } from "../../src/engine/consume/drain.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { newPurchase, pay, publishAs, refund } from "../modules/course-access-fixtures.ts";
import { newCourse, tenant } from "../modules/course-learning-fixtures.ts";
import { createMeter, type Meter } from "./measure.ts";

/*
 * What handlers of the modules send to Postgres for one event, each statement a round trip: between the claim of the
 * event and the commit, which the engine sends, as it does the events that a handler published. Two are enough: one that
 * reads and locks, one that writes.
 */

/** Statements of each handler, the most that was seen; by subscriber and type. */
type Statements = Map<string, number>;

/** Relays and drains until nothing moves, one event at a time. */
async function settle(engine: TestEngine, meter: Meter, seen: Statements): Promise<void> {
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    await engine.relay();
    for (const { subscriber } of engine.system.consumers.values()) {
      while (await drainOne(engine, meter, subscriber, seen)) hasMoved = true;
    }
  }
}

/** @returns false when nothing was applied */
async function drainOne(
  engine: TestEngine,
  meter: Meter,
  subscriber: string,
  seen: Statements,
): Promise<boolean> {
  const consumer = engine.system.consumers.get(subscriber);
  const invocation = engine.open();
  const { redis } = invocation;
  if (consumer === undefined || redis === null) throw new Error(`${subscriber} cannot be drained`);
  const deps = { ...invocation, redis, onPublished: () => undefined };
  const bounds = { shard: 0, deadlineMs: engine.system.now() + 20_000, maxEvents: 1 };
  let read = 0;
  const calls = await meter.callsOf(async () => {
    ({ read } = await drainConsumer(deps, consumer, bounds));
  });
  const statements = calls.filter(({ session, what }) => session !== null && what !== "connect");
  if (statements.length === 0) return read > 0;
  expect(statements[0]?.what).toContain("INTO processed_events");
  expect(statements.at(-1)?.what).toContain("COMMIT");
  const [claim] = await engine.sql<{ event_type: string }>(
    "SELECT event_type FROM processed_events WHERE subscriber_name = $1 ORDER BY id DESC LIMIT 1",
    [subscriber],
  );
  const name = `${subscriber} ${claim?.event_type}`;
  const own = statements.slice(1, -1).filter(({ what }) => !what.includes("INSERT INTO events"));
  seen.set(name, Math.max(seen.get(name) ?? 0, own.length));
  return true;
}

test("a course from its request to its refund: statements of each handler", async () => {
  const meter = await createMeter(0);
  const engine = await createTestEngine(meter.env);
  const seen: Statements = new Map();
  const { courseId } = await newCourse(engine);
  await settle(engine, meter, seen);
  const purchase = newPurchase({ courseId, tenantId: tenant });
  await pay(engine, purchase);
  await publishAs(engine, agentOnline, { agent_id: "a1" });
  await publishAs(engine, agentHeartbeat, { agent_id: "a1", tasks_completed: 1, tasks_failed: 0 });
  await settle(engine, meter, seen);
  await refund(engine, purchase);
  await settle(engine, meter, seen);
  await engine.cleanup();
  if (process.env.SHOW_ROUND_TRIPS === "1") console.table(Object.fromEntries(seen));
  expect(Object.fromEntries([...seen].toSorted())).toEqual({
    "agents agent.heartbeat": 2,
    "agents agent.online": 2,
    "course_access payment.refund.completed": 2,
    "course_access payment.transaction.completed": 2,
    "course_access_notifications course.access.granted": 1,
    "course_access_notifications course.access.revoked": 1,
    "course_access_notifications course.generation.completed": 1,
    "course_distribution course.deployed.staging": 1,
    "course_distribution course.distribution.requested": 2,
    "course_distribution course.generation.completed": 2,
    "course_distribution course.lesson.generated": 1,
    "course_distribution course.outline.created": 1,
    "course_factory course.distribution.completed": 2,
    "course_factory course.generation.requested": 1,
    "course_factory course.generation.started": 0,
    "course_factory distribution.created": 2,
    "course_factory payment.refund.completed": 1,
    "course_factory payment.transaction.completed": 2,
  });
});
