import {
  BrainError,
  type EnvelopeRow,
  isoText,
  outgoingColumns,
  recordAction,
  type Tx,
  toEnvelope,
  withPosition,
} from "@brain/engine";
import { charterEvents } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { andTenant } from "../of-tenant.ts";
import type { HistoryQuery, TenantQuery } from "./requests.ts";
import type { MissionDeps } from "./service.ts";
import { countByStatus } from "./store.ts";
import { missionQueuePauses, missionStatuses } from "./tables.ts";

/** What operators read and steer of the queue as a whole. */

/** A pause of the queue; null fields when it runs. */
export interface QueuePause {
  readonly paused: boolean;
  readonly reason: string | null;
  readonly paused_by: string | null;
  readonly paused_at: string | null;
}

const theQueue = "default";
const running: QueuePause = { paused: false, reason: null, paused_by: null, paused_at: null };

/** Whether the queue is paused, and why. A tenant is not told who paused it, which is no person of its own. */
export async function readPause(services: RequestServices): Promise<QueuePause> {
  const [row] = await services.db.rows<{ reason: string; paused_by: string | null; paused_at: string }>(sql`
    SELECT reason, paused_by, ${isoText(sql`paused_at`)} AS paused_at
    FROM mission_queue_pauses WHERE queue = ${theQueue}`);
  if (row === undefined) return running;
  return { paused: true, ...row, paused_by: visibleTenant(services) === null ? row.paused_by : null };
}

function noteQueue(
  { actorId, requestId }: RequestServices,
  tx: Tx,
  did: "paused" | "resumed",
  reason: string,
): Promise<void> {
  return recordAction(tx, { action: `mission_queue.${did}`, actorId, requestId, reason });
}

/** Nothing new is claimed until it is resumed; what runs goes on. Pausing again keeps the first time and reason. */
export async function pauseQueue(services: RequestServices, reason: string): Promise<QueuePause> {
  await services.transact({ source: "missions" }, async (tx) => {
    await tx
      .insert(missionQueuePauses)
      .values({ queue: theQueue, reason, pausedBy: services.actorId, pausedAt: services.now() })
      .onConflictDoNothing();
    await noteQueue(services, tx, "paused", reason);
  });
  services.log.warn({ actor_id: services.actorId, reason }, "The mission queue was paused.");
  return readPause(services);
}

/** Resuming a queue that runs changes nothing. */
export async function resumeQueue(services: RequestServices, reason: string): Promise<QueuePause> {
  await services.transact({ source: "missions" }, async (tx) => {
    await tx.delete(missionQueuePauses);
    await noteQueue(services, tx, "resumed", reason);
  });
  services.log.warn({ actor_id: services.actorId, reason }, "The mission queue was resumed.");
  return running;
}

/** `degraded` when the queue cannot be read, or nobody works it off. */
export async function readHealth(services: RequestServices, { settings }: MissionDeps) {
  let queueLength: number | null = null;
  let paused: boolean | null = null;
  try {
    const [counts, pause] = await Promise.all([
      countByStatus(services.db, visibleTenant(services)),
      readPause(services),
    ]);
    queueLength = counts.queued ?? 0;
    paused = pause.paused;
  } catch (error) {
    if (!(error instanceof BrainError)) throw error;
  }
  const workerRunning = settings.worker && paused === false;
  return {
    status: queueLength !== null && workerRunning ? ("ok" as const) : ("degraded" as const),
    details: {
      queue_healthy: queueLength !== null,
      queue_length: queueLength,
      queue_paused: paused,
      worker_running: workerRunning,
      // Nobody polls: what is put into the queue starts the worker.
      worker_poll_interval: null,
    },
  };
}

/** Whether missions are worked off, and how many are in work. */
export async function readWorker(services: RequestServices, { settings }: MissionDeps) {
  const tenantId = visibleTenant(services);
  const [pause, counts, [expired]] = await Promise.all([
    readPause(services),
    countByStatus(services.db, tenantId),
    services.db.rows<{ count: number }>(sql`
      SELECT count(*)::integer AS count FROM missions
      WHERE status = 'running' AND due_at < now() ${andTenant(sql`tenant_id`, tenantId)}`),
  ]);
  return {
    running: settings.worker && !pause.paused,
    enabled: settings.worker,
    ...pause,
    poll_interval: null,
    missions_running: counts.running ?? 0,
    /** Running ones whose worker did not renew its lease: the next run of the worker takes them over. */
    missions_lost: expired?.count ?? 0,
  };
}

/** Missions by status. */
export async function readOverview(services: RequestServices, { tenant_id }: TenantQuery) {
  const counts = await countByStatus(services.db, tenantOf(services, tenant_id));
  const byStatus = Object.fromEntries(missionStatuses.map((status) => [status, counts[status] ?? 0]));
  return { total: Object.values(byStatus).reduce((sum, count) => sum + count, 0), ...byStatus };
}

/** Those of `mission.` and those of `task.` that tell of its steps. */
const ownEvents = charterEvents.filter(({ module }) => module === "missions");
const ofMissions: SQL = sql`e.type IN (${sql.join(
  ownEvents.map(({ type }) => sql`${type}`),
  sql`, `,
)})`;

/** Events of missions, newest first. */
export async function readHistory(
  services: RequestServices,
  { limit, agent_id: agent, tenant_id }: HistoryQuery,
) {
  const ofTenant = andTenant(sql`e.tenant_id`, tenantOf(services, tenant_id));
  const ofAgent = agent === undefined ? sql`` : sql`AND (e.source = ${agent} OR e.target = ${agent})`;
  const rows = await services.db.rows<EnvelopeRow>(sql`
    SELECT ${outgoingColumns} FROM events e WHERE ${ofMissions} ${ofTenant} ${ofAgent}
    ORDER BY e.position DESC LIMIT ${limit}`);
  return rows.map((row) => {
    const { meta: _meta, actor_id: _actor, severity, ...event } = withPosition(toEnvelope(row));
    return { ...event, severity };
  });
}

/** Events counted, newest of missions; counting all would cost more the longer the system lives. */
const countedEvents = 10_000;

/** Counts of the newest events of missions, by type. */
export async function readEventStats(services: RequestServices, { tenant_id }: TenantQuery) {
  const ofTenant = andTenant(sql`e.tenant_id`, tenantOf(services, tenant_id));
  const rows = await services.db.rows<{ type: string; count: number }>(sql`
    SELECT type, count(*)::integer AS count
    FROM (SELECT e.type FROM events e WHERE ${ofMissions} ${ofTenant} ORDER BY e.position DESC LIMIT ${countedEvents}) newest
    GROUP BY type ORDER BY type`);
  return {
    total: rows.reduce((sum, { count }) => sum + count, 0),
    event_type_counts: Object.fromEntries(rows.map(({ type, count }) => [type, count])),
    event_type_counts_window: countedEvents,
  };
}
