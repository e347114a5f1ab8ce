import {
  type ArchiveReport,
  type Part,
  type PurgeReport,
  type ReconcileReport,
  reconcileAll,
  recordAction,
  redeliveredBy,
  requireStream,
  runJanitor,
  type TrimReport,
} from "@brain/engine";
import { type Context, Hono } from "hono";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { withoutBody } from "../kit/routing.ts";
import { drainSoon } from "./job.ts";

const mayOperate = requires("operate", "all_tenants");

/** Time of a run by hand, ms. */
const manualMs = 20_000;

/** The janitor and the comparison of record and stream, by hand. */
export function maintenanceRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.post("/janitor", mayOperate, withoutBody(), async (c) => {
    const { invocation, afterCommit } = c.get("host");
    const { db, actorId, requestId } = c.get("services");
    await db.transaction((tx) => recordAction(tx, { action: "maintenance.janitor_run", actorId, requestId }));
    const report = await runJanitor(invocation, invocation.now() + manualMs);
    if (report.restored > 0) afterCommit();
    drainRedelivered(c, report.reconcile?.result ?? []);
    return c.json({
      busy: report.busy,
      reconcile: partBody(report.reconcile, (shards) => ({ shards: shards.map(reconcileBody) })),
      trim: partBody(report.trim, (shards) => ({ shards: shards.map(trimBody) })),
      purge: partBody(report.purge, purgeBody),
      seal: partBody(report.seal, (sealed) => sealed),
      archive: partBody(report.archive, archiveBody),
      restored: report.restored,
      redelivered: report.redelivered,
      took_ms: report.tookMs,
    });
  });

  routes.post("/reconcile", mayOperate, withoutBody(), async (c) => {
    const { afterCommit } = c.get("host");
    const invocation = requireStream(c.get("host").invocation, "; there is nothing to compare with.");
    const { db, actorId, requestId } = c.get("services");
    await db.transaction((tx) => recordAction(tx, { action: "maintenance.reconciled", actorId, requestId }));
    const reports = await reconcileAll(invocation, invocation.now() + manualMs);
    const restored = reports.reduce((sum, report) => sum + report.restored, 0);
    if (restored > 0) afterCommit();
    drainRedelivered(c, reports);
    const redelivered = reports.reduce((sum, report) => sum + redeliveredBy(report), 0);
    return c.json({ shards: reports.map(reconcileBody), restored, redelivered });
  });
  return routes;
}

function partBody<T>(part: Part<T> | null, body: (result: T) => object): object | null {
  if (part === null) return null;
  return part.error === null ? { error: null, ...body(part.result) } : { error: part.error };
}

function reconcileBody({ shard, checked, missing, restored, claims, missingGroups, more }: ReconcileReport) {
  return { shard, checked, missing, restored, claims, missing_groups: missingGroups, more };
}

/** Whoever has passed events unhandled gets them now and not with the next cron. */
function drainRedelivered(c: Context<AppEnv>, reports: readonly ReconcileReport[]): void {
  const found = reports.flatMap(({ claims }) => claims.filter(({ missing }) => missing > 0));
  for (const subscriber of new Set(found.map((report) => report.subscriber))) drainSoon(c, subscriber);
}

function trimBody({ shard, before, trimmed, kept, archived, restored, heldBackBy, more }: TrimReport) {
  return { shard, before, trimmed, kept, archived, restored, held_back_by: heldBackBy, more };
}

function purgeBody({ processedEvents, deadLetters, idempotencyKeys, alerts, more }: PurgeReport) {
  return {
    processed_events: processedEvents,
    dead_letters: deadLetters,
    idempotency_keys: idempotencyKeys,
    alerts,
    more,
  };
}

function archiveBody({ configured, days, more }: ArchiveReport) {
  return { configured, days, more };
}
