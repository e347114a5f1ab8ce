import {
  agentError,
  agentHeartbeat,
  agentOffline,
  agentOnline,
  courseAccessRuleChanged,
  courseDistributionFailed,
  courseGenerationRequested,
  courseGenerationStarted,
  coursePaymentRequired,
  courseWorkflowTransitioned,
  type EventDefinition,
  irApprovalConsumed,
  type PayloadInputOf,
  paymentRefundFailed,
  paymentTransactionFailed,
  taskItemCreated,
} from "@brain/schemas";
import { expect, test } from "vitest";
import { drainConsumer } from "../../src/engine/consume/drain/drain.ts";
import { watchedEvents } from "../../src/modules/security_monitoring/rules.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { countedDefinitions, goldenOf, publishOne, publishStory } from "../modules/analytics/fixtures.ts";
import { newPurchase, pay, paymentOf, publishAs, refund } from "../modules/course_access/fixtures.ts";
import { newCourse, tenant } from "../modules/course_factory/learning/fixtures.ts";
import type { Call } from "./counting-proxy.ts";
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
      if (measuredAlone.includes(subscriber)) continue;
      while (await drainOne(engine, meter, subscriber, seen)) hasMoved = true;
    }
  }
}

/**
 * Statements of the handlers themselves: what is neither claim nor published event, neither fence nor COMMIT. Those of a
 * statement handler come as one request. Null when nothing was applied.
 */
function ownStatements(calls: readonly Call[]): number | null {
  const alone = calls.find(({ session, what }) => session === null && what.includes("claim_batch("));
  if (alone !== undefined) {
    const [limit = "", claim = "", ...rest] = alone.what.split(" | ");
    expect([limit, claim]).toEqual([
      expect.stringContaining("set_config"),
      expect.stringContaining("claim_batch("),
    ]);
    expect(rest.pop()).toContain("fenced by epoch");
    return rest.filter((what) => !what.includes("INSERT INTO events")).length;
  }
  const statements = calls.filter(({ session, what }) => session !== null && what !== "connect");
  if (statements.length === 0) return null;
  expect(statements[0]?.what).toMatch(/BEGIN.*claim_batch\(/);
  expect(statements.at(-1)?.what).toContain("COMMIT");
  return statements.slice(1, -1).filter(({ what }) => !what.includes("INSERT INTO events")).length;
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
  const own = ownStatements(calls);
  if (own === null) return read > 0;
  const [claim] = await engine.sql<{ event_type: string }>(
    "SELECT event_type FROM processed_events WHERE subscriber_name = $1 ORDER BY id DESC LIMIT 1",
    [subscriber],
  );
  const name = `${subscriber} ${claim?.event_type}`;
  seen.set(name, Math.max(seen.get(name) ?? 0, own));
  return true;
}

/** Stripe is not called by handlers; without these no payment is begun. */
const stripe = {
  BRAIN_PUBLIC_URL: "http://127.0.0.1:9",
  STRIPE_API_URL: "http://127.0.0.1:9",
  STRIPE_SECRET_KEY: "sk_of_the_tests",
  STRIPE_WEBHOOK_SECRET: "whsec_of_the_tests",
};

const operator = { source: "somebody_else", tenant_id: tenant, actor_id: "user-1" };

/** What happens to a course, from its request to its refund, and to agents. */
async function usualStory(engine: TestEngine, settled: () => Promise<void>): Promise<void> {
  const { courseId } = await newCourse(engine);
  await settled();
  const purchase = newPurchase({ courseId, tenantId: tenant });
  await pay(engine, purchase);
  await publishAs(engine, agentOnline, { agent_id: "a1" });
  await publishAs(engine, agentHeartbeat, { agent_id: "a1", tasks_completed: 1, tasks_failed: 0 });
  await publishAs(engine, agentError, { agent_id: "a1", error: "It is stuck." });
  await publishAs(engine, agentOffline, { agent_id: "a1", missed_heartbeats: 0, last_heartbeat: null });
  await settled();
  await refund(engine, purchase, undefined, "refund-1");
  await settled();
  const reversed = {
    ...paymentOf(purchase),
    refund_id: "refund-1",
    was_completed: true,
  };
  await publishAs(engine, paymentRefundFailed, reversed, { tenantId: tenant });
  await publishAs(engine, paymentTransactionFailed, paymentOf(purchase), { tenantId: tenant });
  await settled();
}

/** What seldom happens, and has most to do. */
async function seldomStory(engine: TestEngine, settled: () => Promise<void>): Promise<void> {
  const { courseId } = await newCourse(engine);
  await settled();
  const told = { tenantId: tenant };
  await publishAs(
    engine,
    courseAccessRuleChanged,
    {
      course_id: courseId,
      access: { mode: "paid", price_cents: 4_900, currency: "EUR", free_lessons: 1 },
      changed_at: "2026-11-21T10:00:00.000Z",
    },
    told,
  );
  for (const [from_state, to_state] of [
    ["publish_ready", "published"],
    ["published", "archived"],
  ] as const) {
    const by = { transitioned_by: "author-1", requires_approval: false, approval_id: null };
    await publishAs(
      engine,
      courseWorkflowTransitioned,
      { course_id: courseId, from_state, to_state, ...by },
      told,
    );
  }
  await engine.publish(operator, (publish) =>
    publish(coursePaymentRequired, {
      course_id: courseId,
      amount_cents: 4_900,
      currency: "EUR",
      amount: 49,
    }),
  );
  await publishAs(engine, irApprovalConsumed, {
    approval_id: crypto.randomUUID(),
    tenant_id: tenant,
    ir_hash: "a".repeat(64),
    consumed_by: "operator-1",
    consumed_at: new Date().toISOString(),
    time_to_consume_seconds: 1,
    was_expired: false,
  });
  // Two deliveries are open when their distribution fails.
  for (const _payment of [1, 2]) await pay(engine, newPurchase({ courseId, tenantId: tenant }));
  const failure = { course_id: courseId, error: "It cannot be shown.", retry_count: 0 };
  await publishAs(engine, courseDistributionFailed, failure, told);
  await settled();
  const undeliverable = newPurchase({ tenantId: tenant });
  await pay(engine, undeliverable);
  await refund(engine, undeliverable, undefined, "refund-2");
  const cameBack = { ...paymentOf(undeliverable), refund_id: "refund-2", was_completed: true };
  await publishAs(engine, paymentRefundFailed, cameBack, told);
  await settled();
  const entry = await engine.sql("DELETE FROM course_distributions WHERE course_id = $1", [courseId]);
  expect(entry).toEqual([]);
  await engine.sql("UPDATE course_factory_courses SET workflow_state = 'archived' WHERE course_id = $1", [
    courseId,
  ]);
  const late = newPurchase({ courseId, tenantId: tenant });
  await refund(engine, late);
  await pay(engine, late);
  await settled();
}

/** A run of a course is lost, twice: before it began, and behind a turn that hands it on. */
async function lostRuns(engine: TestEngine, settled: () => Promise<void>): Promise<void> {
  const { courseId } = await newCourse(engine);
  await settled();
  const lose = (owner: string) =>
    engine.sql(
      `UPDATE course_factory_courses SET status = 'generating', generation_owner = $2, started_at = NULL,
         generating_until = now() - interval '1 second', finished_at = NULL, outline = NULL, result = NULL
       WHERE course_id = $1`,
      [courseId, owner],
    );
  const forget = () => engine.sql("DELETE FROM course_factory_artifacts WHERE course_id = $1", [courseId]);
  const payloadOf = async <D extends EventDefinition>({ type }: D) => {
    const [row] = await engine.sql<{ payload: PayloadInputOf<D> }>(
      "SELECT payload FROM events WHERE type = $1 AND key = $2 LIMIT 1",
      [type, courseId],
    );
    if (row === undefined) throw new Error(`There is no ${type} of the course.`);
    return row.payload;
  };
  await forget();
  await lose(crypto.randomUUID());
  const requested = await payloadOf(courseGenerationRequested);
  await engine.publish(operator, (publish) => publish(courseGenerationRequested, requested));
  await settled();
  await forget();
  const run = crypto.randomUUID();
  await lose(run);
  const started = await payloadOf(courseGenerationStarted);
  const resumed = { ...started, parameters: { ...started.parameters, resumed: true, run } };
  await engine.publish(operator, (publish) => publish(courseGenerationStarted, resumed));
  await settled();
}

async function taskStory(engine: TestEngine, settled: () => Promise<void>): Promise<void> {
  const created = await engine.request("POST", "/api/tasks", { title: "Write the report" });
  const path = `/api/tasks/${created.body.task_id}`;
  await engine.request("PATCH", path, { priority: "P0" });
  await engine.request("POST", `${path}/complete`);
  await engine.request("DELETE", path);
  await publishAs(engine, taskItemCreated, {
    task_id: crypto.randomUUID(),
    title: "Of another program",
    priority: "P1",
    status: "NOT_STARTED",
  });
  await settled();
}

/** Of what they do, tests of their own tell. */
const measuredAlone = ["analytics", "security_monitoring"];

/** One event of each type that is counted, each handled alone; of what the other modules do, other tests know. */
async function countedStory(engine: TestEngine, meter: Meter, seen: Statements): Promise<void> {
  await publishStory(engine);
  await engine.relay();
  while (await drainOne(engine, meter, "analytics", seen));
}

test("each event that is counted costs two statements at most", async () => {
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => meter.env(sandbox));
  const seen: Statements = new Map();
  await countedStory(engine, meter, seen);
  const counted = countedDefinitions(engine).map(({ type }) => `analytics ${type}`);
  await engine.cleanup();
  expect([...seen.keys()].toSorted()).toEqual(counted.toSorted());
  const two = [...seen].filter(([, statements]) => statements !== 1);
  // What later events leave out, and kinds from outside.
  expect(Object.fromEntries(two)).toEqual({
    "analytics course.generation.requested": 2,
    "analytics distribution.created": 2,
    "analytics ir.validated_reject": 2,
    "analytics mission.created": 2,
    "analytics payment.refund.completed": 2,
    "analytics payment.transaction.completed": 2,
    "analytics task.completed": 2,
    "analytics task.failed": 2,
    "analytics task.retrying": 2,
    "analytics task.started": 2,
  });
});

test("each event that security looks at costs two statements", async () => {
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => meter.env(sandbox));
  const seen: Statements = new Map();
  for (const definition of watchedEvents) await publishOne(engine, definition, goldenOf(definition) as never);
  await engine.relay();
  while (await drainOne(engine, meter, "security_monitoring", seen));
  await engine.cleanup();
  expect(Object.fromEntries(seen)).toEqual({
    "security_monitoring ir.approval_expired": 2,
    "security_monitoring ir.approval_invalid": 2,
    "security_monitoring ir.dag_diff_failed": 2,
    "security_monitoring ir.validated_escalate": 2,
    "security_monitoring ir.validated_reject": 2,
  });
});

test("each handler of the modules has two statements of its own at most, whatever it has to do", async () => {
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => ({ ...meter.env(sandbox), ...stripe }));
  const seen: Statements = new Map();
  const settled = () => settle(engine, meter, seen);
  for (const story of [usualStory, seldomStory, lostRuns, taskStory]) await story(engine, settled);
  const unmeasured = [...engine.system.consumers.values()]
    .filter(({ subscriber }) => !measuredAlone.includes(subscriber))
    .flatMap(({ subscriber, byType }) =>
      [...byType.keys()].map((type) => `${subscriber} ${type}`).filter((name) => !seen.has(name)),
    );
  const letters = await engine.sql("SELECT subscriber_name, event_type, error_message FROM dead_letters");
  await engine.cleanup();
  if (process.env.SHOW_ROUND_TRIPS === "1") console.table(Object.fromEntries(seen));
  expect(letters).toEqual([]);
  expect(unmeasured).toEqual([]);
  expect(Object.fromEntries([...seen].toSorted())).toEqual({
    "agents agent.error": 1,
    "agents agent.heartbeat": 2,
    "agents agent.offline": 2,
    "agents agent.online": 2,
    "course_access payment.refund.completed": 2,
    "course_access payment.refund.failed": 2,
    "course_access payment.transaction.completed": 2,
    "course_access_notifications course.access.granted": 1,
    "course_access_notifications course.access.revoked": 1,
    "course_access_notifications course.generation.completed": 1,
    "course_distribution course.access_rule.changed": 2,
    "course_distribution course.deployed.staging": 1,
    "course_distribution course.distribution.requested": 2,
    "course_distribution course.generation.completed": 2,
    "course_distribution course.lesson.generated": 1,
    "course_distribution course.outline.created": 1,
    "course_distribution course.workflow.transitioned": 2,
    "course_factory course.distribution.completed": 1,
    "course_factory course.distribution.failed": 2,
    "course_factory course.generation.requested": 2,
    "course_factory course.generation.started": 2,
    "course_factory distribution.created": 2,
    "course_factory ir.approval_consumed": 2,
    "course_factory payment.refund.completed": 2,
    "course_factory payment.refund.failed": 2,
    "course_factory payment.transaction.completed": 2,
    "course_factory payment.transaction.failed": 1,
    "payment course.payment.required": 2,
    "tasks task.item.completed": 2,
    "tasks task.item.created": 2,
    "tasks task.item.deleted": 2,
    "tasks task.item.updated": 2,
  });
});
