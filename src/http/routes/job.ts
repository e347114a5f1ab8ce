import {
  type BulkChange,
  type BulkKind,
  beginDispatch,
  changeBulkOperation,
  drainSubscribers,
  findBulkOperation,
  hasStream,
  listBulkOperations,
  runAllBulkOperations,
} from "@brain/engine";
import type { Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { plainText } from "../kit/free-text.ts";
import { validated } from "../kit/routing.ts";
import { visibleTenant } from "../kit/tenants.ts";
import { operatorOf, visibleInvocation } from "../requests/requester.ts";
import { pageFields, reasonText } from "./operator-fields.ts";

const mayRead = requires("operations:read", "own_tenant");
const mayOperate = requires("operate", "own_tenant");

/** Time that a request's background work on jobs takes, at most, ms; the cron does the rest. */
const jobsMs = 20_000;

const jobsQuery = z.strictObject({
  subscriber: plainText(255).optional(),
  status: z.enum(["running", "paused", "stopped", "completed", "cancelled"]).optional(),
  ...pageFields,
});
const changeBody = z.strictObject({ reason: reasonText.optional() });

/**
 * List, one, pause, resume and cancel of jobs.
 *
 * @param listName name of the list in its answer
 */
export function addJobRoutes(
  routes: Hono<AppEnv>,
  prefix: "" | "/redrives",
  kinds: readonly BulkKind[],
  listName: "redrives" | "replays",
): void {
  routes.get(prefix === "" ? "/" : prefix, mayRead, validated("query", jobsQuery), async (c) => {
    const { operations, nextCursor } = await listBulkOperations(visibleInvocation(c).db, kinds, {
      ...c.req.valid("query"),
      tenant_id: visibleTenant(c.get("services")),
    });
    return c.json({ [listName]: operations, next_cursor: nextCursor });
  });

  routes.get(`${prefix}/:id`, mayRead, async (c) =>
    c.json(
      await findBulkOperation(
        visibleInvocation(c).db,
        kinds,
        c.req.param("id") ?? "",
        visibleTenant(c.get("services")),
      ),
    ),
  );

  for (const change of ["pause", "resume", "cancel"] as const satisfies BulkChange[]) {
    routes.post(`${prefix}/:id/${change}`, mayOperate, validated("json", changeBody), async (c) => {
      const invocation = visibleInvocation(c);
      const { reason } = c.req.valid("json");
      const id = c.req.param("id") ?? "";
      const job = await changeBulkOperation(
        invocation,
        { kinds, id },
        { change, reason: reason ?? null },
        operatorOf(c),
      );
      if (change === "resume") runJobsSoon(c);
      return c.json(job);
    });
  }
}

/** Begins the work on jobs after the answer; what this invocation does not finish, the cron does. */
export function runJobsSoon(c: Context<AppEnv>): void {
  const { invocation, waitUntil } = c.get("host");
  if (hasStream(invocation)) waitUntil(runAllBulkOperations(invocation, invocation.now() + jobsMs));
}

/** Handles after the answer what was queued for one subscriber. */
export function drainSoon(c: Context<AppEnv>, subscriber: string): void {
  const { invocation, waitUntil } = c.get("host");
  if (!hasStream(invocation)) return;
  waitUntil(drainSubscribers(beginDispatch(invocation, invocation.now() + jobsMs), [subscriber]));
}
