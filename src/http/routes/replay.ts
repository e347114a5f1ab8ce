import { findBulkOperation, NotFoundError, previewReplay, replayStep, startReplay } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { plainText } from "../kit/free-text.ts";
import { instantText } from "../kit/instant.ts";
import { validated } from "../kit/routing.ts";
import { tenantIdText } from "../kit/tenant-id.ts";
import { tenantOf, visibleTenant } from "../kit/tenants.ts";
import { jobKeyOf } from "../requests/idempotency.ts";
import { operatorOf, repeatableInvocation } from "../requests/requester.ts";
import { addJobRoutes, runJobsSoon } from "./job.ts";
import { reasonText } from "./operator-fields.ts";

const mayOperate = requires("operate", "own_tenant");

const replayBody = z
  .strictObject({
    subscriber: plainText(255),
    name: plainText(100).optional(),
    mode: z.enum(["only_missing", "force"]).default("only_missing"),
    types: z.array(plainText(100)).min(1).max(200).optional(),
    from: instantText.optional(),
    to: instantText.optional(),
    tenant_id: tenantIdText.optional(),
    correlation_id: plainText(255).optional(),
    event_id: z.uuid().toLowerCase().optional(),
    dry_run: z.boolean().default(false),
    rate_per_second: z.number().min(0.01).max(10_000).optional(),
    max_step: z.number().int().min(1).max(5_000).default(replayStep),
    stop_ratio: z.number().min(0).max(1).nullable().default(0.5),
    reason: reasonText.optional(),
    accept_duplicates: z.boolean().default(false),
  })
  .superRefine((body, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (!body.dry_run && body.name === undefined)
      refuse("name", "expected a name that no other replay of the subscriber has");
    if (!body.dry_run && body.mode === "force" && body.reason === undefined)
      refuse("reason", "expected the reason why everything is applied once more");
    if (body.from !== undefined && body.to !== undefined && body.from >= body.to)
      refuse("to", `expected a time after "from"`);
  });

/** Replays of the record, and the backfills of new consumers. */
export function replayRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.post("/", mayOperate, validated("json", replayBody), async (c) => {
    const invocation = repeatableInvocation(c);
    const body = c.req.valid("json");
    const consumer = invocation.consumers.get(body.subscriber);
    if (consumer === undefined) {
      throw new NotFoundError(
        `There is no consumer "${body.subscriber.slice(0, 60)}". There are: ${[...invocation.consumers.keys()].join(", ")}.`,
      );
    }
    const filter = {
      types: body.types ?? null,
      from: body.from ?? null,
      to: body.to ?? null,
      tenant_id: tenantOf(c.get("services"), body.tenant_id),
      correlation_id: body.correlation_id ?? null,
      ...(body.event_id === undefined ? {} : { event_id: body.event_id }),
    };
    if (body.dry_run)
      return c.json({ dry_run: true, ...(await previewReplay(invocation, consumer, filter)) });
    const options = {
      name: body.name ?? "",
      mode: body.mode,
      filter,
      ratePerSecond: body.rate_per_second ?? null,
      maxStep: body.max_step,
      stopRatio: body.stop_ratio,
      reason: body.reason ?? null,
      acceptDuplicates: body.accept_duplicates,
      idempotencyKey: await jobKeyOf(c, "replay"),
    };
    const id = await startReplay(invocation, consumer, options, operatorOf(c));
    runJobsSoon(c);
    return c.json(
      await findBulkOperation(invocation.db, ["replay"], id, visibleTenant(c.get("services"))),
      202,
    );
  });

  addJobRoutes(routes, "", ["replay", "backfill"], "replays");
  return routes;
}
