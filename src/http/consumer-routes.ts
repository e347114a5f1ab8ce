import { Hono } from "hono";
import type { DrainResult } from "../consume/tick.ts";
import { NotFoundError, TransientError } from "../core/errors.ts";
import { consumerStates } from "../operate/consumer-states.ts";
import { drainOnce } from "../operate/pump.ts";
import type { AppEnv } from "./host.ts";

/** Time of a drain by hand, ms. */
const manualDrainMs = 20_000;

/** State of the consumers, and a tick by hand. */
export function consumerRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", async (c) => c.json({ consumers: await consumerStates(c.get("host").invocation) }));

  routes.post("/:subscriber/drain", async (c) => {
    const { invocation, afterCommit } = c.get("host");
    const subscriber = c.req.param("subscriber");
    const consumer = invocation.consumers.get(subscriber);
    if (consumer === undefined) {
      throw new NotFoundError(
        `There is no consumer "${subscriber.slice(0, 60)}". There are: ${[...invocation.consumers.keys()].join(", ")}.`,
      );
    }
    const deadlineMs = invocation.now() + manualDrainMs;
    const shards: unknown[] = [];
    for (let shard = 0; shard < invocation.publish.shards; shard += 1) {
      const result = await drainOnce(invocation, consumer, shard, deadlineMs);
      if (result === null)
        throw new TransientError("There is no event stream in this mode; events wait in the record.");
      shards.push({ shard, ...drainBody(result) });
    }
    afterCommit();
    return c.json({ subscriber, shards });
  });
  return routes;
}

function drainBody(result: DrainResult) {
  return {
    read: result.read,
    applied: result.applied,
    redelivered: result.redelivered,
    published_twice: result.publishedTwice,
    skipped: result.skipped,
    retried: result.retried,
    dead_lettered: result.deadLettered,
    set_aside: result.setAside,
    busy: result.busy !== null,
    more: result.more,
    next_due_at: result.nextDueMs === null ? null : new Date(result.nextDueMs).toISOString(),
    stopped: result.stopped,
  };
}
