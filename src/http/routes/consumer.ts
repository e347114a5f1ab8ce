import {
  type Consumer,
  changeBlockedKey,
  consumerDetails,
  consumerStates,
  type DrainResult,
  databaseAheadMs,
  drainOnce,
  lastVisits,
  listBlockedKeys,
  listPauses,
  NotFoundError,
  pauseConsumer,
  recordAction,
  requireStream,
  resumeConsumer,
  type StreamInvocation,
} from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { plainText } from "../kit/free-text.ts";
import { instantText } from "../kit/instant.ts";
import { validated, withoutBody } from "../kit/routing.ts";
import { operatorOf, visibleInvocation } from "../requests/requester.ts";
import { drainSoon } from "./job.ts";
import { reasonText } from "./operator-fields.ts";
import { windowField } from "./overview.ts";

// How far consumers are, and pausing one, concerns the events of all tenants.
const mayRead = requires("operations:read", "all_tenants");
const mayOperate = requires("operate", "all_tenants");

/** Time of a drain by hand, ms. */
const manualDrainMs = 20_000;
const maxPauseSeconds = 30 * 86_400;

const pauseBody = z
  .strictObject({
    event_type: plainText(100).optional(),
    reason: reasonText,
    for_seconds: z.number().int().min(1).max(maxPauseSeconds).optional(),
    expires_at: instantText.optional(),
  })
  .refine((body) => body.for_seconds === undefined || body.expires_at === undefined, {
    path: ["expires_at"],
    message: "expected either for_seconds or expires_at, not both",
  });
const resumeBody = z.strictObject({ event_type: plainText(100).optional(), reason: reasonText.optional() });
const keyBody = z.strictObject({ key: plainText(255), reason: reasonText });
const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: plainText(255).optional(),
});

/** State of the consumers, and what an operator can do about it. */
export function consumerRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", mayRead, async (c) => {
    const { invocation } = c.get("host");
    const [consumers, { cronAt, janitorAt }, aheadMs] = await Promise.all([
      consumerStates(invocation),
      lastVisits(invocation),
      databaseAheadMs(invocation),
    ]);
    const { streamKeep, dedupDays, eventsDays } = invocation.retention;
    const { hostStartedMs: startedMs } = invocation;
    return c.json({
      consumers,
      shards: invocation.publish.shards,
      last_cron_tick_at: cronAt,
      last_janitor_at: janitorAt,
      database_ahead_ms: aheadMs,
      host_started_at: startedMs === null ? null : new Date(startedMs).toISOString(),
      retention: { stream_keep: streamKeep, dedup_days: dedupDays, events_days: eventsDays },
    });
  });

  routes.get("/:subscriber", mayRead, validated("query", z.strictObject(windowField)), async (c) => {
    const { window } = c.req.valid("query");
    return c.json(await consumerDetails(c.get("host").invocation, findConsumer(c), window));
  });

  routes.post("/:subscriber/drain", mayOperate, withoutBody(), async (c) => {
    const consumer = findConsumer(c);
    const invocation = requireStream(c.get("host").invocation, "; events wait in the record.");
    await c.get("services").db.transaction((tx) =>
      recordAction(tx, {
        ...operatorOf(c),
        action: "consumer.drained",
        subscriber: consumer.subscriber,
      }),
    );
    return c.json({ subscriber: consumer.subscriber, shards: await drainShards(c, invocation, consumer) });
  });

  routes.post("/:subscriber/pause", mayOperate, validated("json", pauseBody), async (c) => {
    const consumer = findConsumer(c);
    const invocation = visibleInvocation(c);
    const body = c.req.valid("json");
    const pause = {
      eventType: body.event_type ?? null,
      reason: body.reason,
      expiresAt: body.expires_at === undefined ? null : new Date(body.expires_at),
      forSeconds: body.for_seconds,
    };
    const effective = await pauseConsumer(invocation, consumer, pause, operatorOf(c));
    const paused = await listPauses(invocation.db, consumer.subscriber);
    return c.json({ subscriber: consumer.subscriber, effective, paused });
  });

  routes.post("/:subscriber/resume", mayOperate, validated("json", resumeBody), async (c) => {
    const consumer = findConsumer(c);
    const invocation = visibleInvocation(c);
    const body = c.req.valid("json");
    const resume = { eventType: body.event_type ?? null, reason: body.reason ?? null };
    const { resumed, effective } = await resumeConsumer(invocation, consumer, resume, operatorOf(c));
    if (resumed) drainSoon(c, consumer.subscriber);
    const paused = await listPauses(invocation.db, consumer.subscriber);
    return c.json({ subscriber: consumer.subscriber, resumed, effective, paused });
  });

  return routes.route("/", blockedKeyRoutes());
}

/** Keys whose events wait behind one that failed. */
function blockedKeyRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/:subscriber/blocked-keys", mayRead, validated("query", pageQuery), async (c) => {
    const consumer = findConsumer(c);
    const page = await listBlockedKeys(c.get("host").invocation, consumer, c.req.valid("query"));
    return c.json({ blocked_keys: page.blockedKeys, next_cursor: page.nextCursor, unseen: page.unseen });
  });

  for (const change of ["unblock", "skip"] as const) {
    routes.post(`/:subscriber/blocked-keys/${change}`, mayOperate, validated("json", keyBody), async (c) => {
      const consumer = findConsumer(c);
      const changed = await changeBlockedKey(
        visibleInvocation(c),
        consumer,
        change,
        c.req.valid("json"),
        operatorOf(c),
      );
      drainSoon(c, consumer.subscriber);
      return c.json({ subscriber: consumer.subscriber, ...changed });
    });
  }
  return routes;
}

function findConsumer(c: Context<AppEnv>): Consumer {
  const { consumers } = c.get("host").invocation;
  const subscriber = c.req.param("subscriber") ?? "";
  const consumer = consumers.get(subscriber);
  if (consumer !== undefined) return consumer;
  throw new NotFoundError(
    `There is no consumer "${subscriber.slice(0, 60)}". There are: ${[...consumers.keys()].join(", ")}.`,
  );
}

async function drainShards(c: Context<AppEnv>, invocation: StreamInvocation, consumer: Consumer) {
  const { afterCommit } = c.get("host");
  const deadlineMs = invocation.now() + manualDrainMs;
  const shards: ReturnType<typeof drainBody>[] = [];
  for (let shard = 0; shard < invocation.publish.shards; shard += 1) {
    const result = await drainOnce(
      invocation,
      consumer,
      { shard, deadlineMs },
      {
        onPublished: afterCommit,
        relaysAtOnce: () => true,
      },
    );
    shards.push(drainBody(shard, result));
  }
  return shards;
}

function drainBody(shard: number, result: DrainResult) {
  return {
    shard,
    read: result.read,
    applied: result.applied,
    redelivered: result.redelivered,
    published_twice: result.publishedTwice,
    skipped: result.skipped,
    retried: result.retried,
    dead_lettered: result.deadLettered,
    set_aside: result.setAside,
    parked: result.deferred,
    paused: result.paused,
    braked: result.breakerOpen,
    busy: result.busy !== null,
    more: result.more,
    next_due_at: result.nextDueMs === null ? null : new Date(result.nextDueMs).toISOString(),
    stopped: result.stopped,
  };
}
