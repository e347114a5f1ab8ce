import {
  countOpen,
  discardLetter,
  discardLetters,
  editCopy,
  findBulkOperation,
  findLetter,
  groupLetters,
  listLetters,
  namesOfType,
  previewRedrive,
  redriveLetter,
  startRedrive,
  tryLetter,
  whyNotTried,
} from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { openObject } from "@brain/schemas";
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { plainText } from "../kit/free-text.ts";
import { instantText } from "../kit/instant.ts";
import { validated } from "../kit/routing.ts";
import { tenantIdText } from "../kit/tenant-id.ts";
import { tenantOf, visibleTenant } from "../kit/tenants.ts";
import { jobKeyOf } from "../requests/idempotency.ts";
import { operatorOf, readerOf, repeatableInvocation, visibleInvocation } from "../requests/requester.ts";
import { addJobRoutes, drainSoon, runJobsSoon } from "./job.ts";
import { pageFields, reasonText, rowId } from "./operator-fields.ts";

const mayRead = requires("operations:read", "own_tenant");
const mayOperate = requires("operate", "own_tenant");
const mayTry = requires("operate", "own_tenant", "try");

const status = z.enum(["open", "requeued", "resolved", "discarded", "all"]).default("open");
const fingerprint = z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hex digits");

const listQuery = z.strictObject({
  subscriber: plainText(255).optional(),
  status,
  type: plainText(255).optional(),
  fingerprint: fingerprint.optional(),
  tenant_id: tenantIdText.optional(),
  key: plainText(255).optional(),
  job_id: rowId.optional(),
  ...pageFields,
});
const groupsQuery = z.strictObject({
  subscriber: plainText(255).optional(),
  fingerprint: fingerprint.optional(),
  status,
});

const filter = z
  .strictObject({
    ids: z.array(rowId).min(1).max(1_000).optional(),
    subscriber: plainText(255).optional(),
    type: plainText(255).optional(),
    fingerprint: fingerprint.optional(),
    tenant_id: tenantIdText.optional(),
    key: plainText(255).optional(),
    job_id: rowId.optional(),
    failed_from: instantText.optional(),
    failed_to: instantText.optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    message: "expected at least one condition; name a subscriber to mean all of its dead letters",
  });

/** Steps of a redrive are no larger. */
const maxStep = 1_000;

const redriveBody = z.strictObject({
  filter,
  dry_run: z.boolean().default(false),
  name: plainText(100).optional(),
  ramp: z.boolean().default(true),
  max_step: z.number().int().min(1).max(maxStep).default(maxStep),
  rate_per_second: z.number().min(0.01).max(10_000).optional(),
  stop_ratio: z.number().min(0).max(1).nullable().default(0.5),
  reason: reasonText.optional(),
});
const discardBody = z.strictObject({ filter, reason: reasonText, dry_run: z.boolean().default(false) });
/** More do not fit the limit of a payload. */
const maxPayloadMembers = 10_000;

const redriveOneBody = z.strictObject({
  reason: reasonText.optional(),
  payload: openObject(maxPayloadMembers).optional(),
});
const tryBody = z.strictObject({ payload: openObject(maxPayloadMembers).optional() });
const discardOneBody = z.strictObject({ reason: reasonText });

/** Dead letters: look, try out, redrive, edit, discard. */
export function deadLetterRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", mayRead, validated("query", listQuery), async (c) => {
    const page = ofCaller(c, c.req.valid("query"));
    const { letters, nextCursor } = await listLetters(visibleInvocation(c).db, page);
    return c.json({ dead_letters: letters, next_cursor: nextCursor });
  });

  routes.get("/groups", mayRead, validated("query", groupsQuery), async (c) => {
    const { status, ...filter } = c.req.valid("query");
    return c.json(await groupLetters(visibleInvocation(c).db, { ...ofCaller(c, filter), status }));
  });

  addJobRoutes(routes, "/redrives", ["redrive"], "redrives");

  routes.post("/redrive", mayOperate, validated("json", redriveBody), async (c) => {
    const invocation = repeatableInvocation(c);
    const body = c.req.valid("json");
    const filter = ofCaller(c, body.filter);
    if (body.dry_run) return c.json({ dry_run: true, ...(await previewRedrive(invocation, filter)) });
    const options = {
      filter,
      name: body.name ?? null,
      ramp: body.ramp,
      maxStep: body.max_step,
      ratePerSecond: body.rate_per_second ?? null,
      stopRatio: body.stop_ratio,
      reason: body.reason ?? null,
      idempotencyKey: await jobKeyOf(c, "redrive"),
    };
    const id = await startRedrive(invocation, options, operatorOf(c));
    runJobsSoon(c);
    return c.json(
      await findBulkOperation(invocation.db, ["redrive"], id, visibleTenant(c.get("services"))),
      202,
    );
  });

  routes.post("/discard", mayOperate, validated("json", discardBody), async (c) => {
    const { db } = visibleInvocation(c);
    const { reason, dry_run, ...body } = c.req.valid("json");
    const filter = ofCaller(c, body.filter);
    if (dry_run) return c.json({ dry_run: true, ...(await countOpen(db, filter)) });
    const { count, more } = await discardLetters(db, filter, reason, operatorOf(c));
    if (count > 0) freeKeysSoon(c, filter.subscriber ?? null);
    return c.json({ discarded: count, more });
  });

  return routes.route("/", oneLetterRoutes());
}

/** One dead letter. */
function oneLetterRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/:id", mayRead, async (c) => {
    const { db, consumers, catalog } = visibleInvocation(c);
    const letter = await findLetter(db, c.req.param("id"), visibleTenant(c.get("services")));
    const type = letter.event_type === null ? null : catalog.canonicalType(letter.event_type);
    return c.json({ ...letter, not_tried: whyNotTried(consumers, letter.subscriber, type) });
  });

  // Nothing is changed, so nothing of it is in the audit.
  routes.post("/:id/try", mayTry, validated("json", tryBody), async (c) => {
    const { payload } = c.req.valid("json");
    const edited = payload === undefined ? null : (payload as JsonObject);
    return c.json(await tryLetter(c.get("host").invocation, readerOf(c), c.req.param("id"), edited));
  });

  routes.post("/:id/redrive", mayOperate, validated("json", redriveOneBody), async (c) => {
    const invocation = visibleInvocation(c);
    const { db, publish } = invocation;
    const by = operatorOf(c);
    const id = c.req.param("id");
    const { reason, payload } = c.req.valid("json");
    const copy = payload === undefined ? null : await editCopy(db, publish, id, payload as JsonObject, by);
    const subscribers = await redriveLetter(invocation, id, copy, reason ?? null, by);
    const letter = await findLetter(db, id, by.tenantId);
    for (const subscriber of subscribers) drainSoon(c, subscriber);
    return c.json(letter, 202);
  });

  routes.post("/:id/discard", mayOperate, validated("json", discardOneBody), async (c) => {
    const { db } = visibleInvocation(c);
    const by = operatorOf(c);
    const id = c.req.param("id");
    await discardLetter(db, id, c.req.valid("json").reason, by);
    const letter = await findLetter(db, id, by.tenantId);
    freeKeysSoon(c, letter.subscriber);
    return c.json(letter);
  });
  return routes;
}

type LetterFilter = Parameters<typeof countOpen>[1];

/** The filter for what the caller may see, with all names of the type that it names. @throws {ForbiddenError} it names another tenant */
function ofCaller<Filter extends LetterFilter>(c: Context<AppEnv>, filter: Filter): Filter {
  const tenant_id = tenantOf(c.get("services"), filter.tenant_id);
  const { catalog } = c.get("host").invocation;
  const names = typeof filter.type === "string" ? namesOfType(catalog, filter.type) : [];
  return {
    ...filter,
    ...(names.length > 1 ? { type: names } : {}),
    ...(tenant_id === null ? {} : { tenant_id }),
  };
}

/** Goes on with what waited behind discarded letters, where letters hold their keys. */
function freeKeysSoon(c: Context<AppEnv>, subscriber: string | null): void {
  const { consumers } = c.get("host").invocation;
  for (const consumer of consumers.values()) {
    const isConcerned = subscriber === null || subscriber === consumer.subscriber;
    if (isConcerned && consumer.afterDeadLetter === "hold_key") drainSoon(c, consumer.subscriber);
  }
}
