import {
  ConflictError,
  isUuid,
  NotFoundError,
  newEventId,
  type Publish,
  recordAction,
  type Tx,
  ValidationError,
  violatedConstraint,
} from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { actorNamed } from "../../http/kit/acting.ts";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { createdLine, queuedLine, queueSource, retryingLine, tell } from "./announce.ts";
import { type Handlers, requireValid } from "./handlers/registry.ts";
import type { LogEntry, Mission } from "./model.ts";
import type { CreateRequest, EnqueueRequest, LogRequest } from "./requests.ts";
import { hidden, type MissionSecrets } from "./secrets.ts";
import { type MissionSettings, workerJob } from "./settings.ts";
import { allowedByHand, sourcesByHand } from "./state.ts";
import {
  appendLog,
  databaseNow,
  findMission,
  insertMission,
  lockMission,
  type NewMission,
  queuedColumns,
  updateMission,
  waitsForStep,
} from "./store.ts";
import { type MissionStatus, missionsKey } from "./tables.ts";

/** What callers do with missions. Each change and its events commit together. */

/** What the services of this module need beside the request's. */
export interface MissionDeps {
  readonly handlers: Handlers;
  readonly settings: MissionSettings;
  readonly secrets: MissionSecrets;
}

function unknownMission(id: string): NotFoundError {
  return new NotFoundError(`No mission has the id "${id.slice(0, 100)}". List them with GET /api/missions.`);
}

/** @throws {NotFoundError} it cannot be one */
function requireId(id: string): string {
  if (!isUuid(id)) throw unknownMission(id);
  return id.toLowerCase();
}

/** The worker begins at once; cron is the safety net. */
export function startWorker(services: RequestServices, { settings }: MissionDeps): void {
  if (settings.worker) services.schedule(workerJob, services.now());
}

type WorkFields = Pick<EnqueueRequest, "priority" | "max_retries" | "tenant_id" | "created_by">;

/** A row before its secrets are sealed. */
type FreshMission = Omit<NewMission, "id" | "type" | "payload"> & {
  readonly id: string;
  readonly type: string;
  readonly payload: JsonObject;
};

/** Of the holder of the key, who did not say on whose behalf. */
const unnamedActor = "api";

/** @throws {ForbiddenError} the request names somebody else than who acts, and may not */
export function creatorOf(services: RequestServices, named: string | undefined): string {
  return actorNamed(services, "created_by", named) ?? unnamedActor;
}

/**
 * A new row that is not in the queue yet.
 *
 * @throws {ForbiddenError} another tenant is named, or somebody else than who acts
 */
export function newMission(
  services: RequestServices,
  fields: WorkFields,
  rest: Omit<Partial<FreshMission>, "name"> & Pick<FreshMission, "type" | "name" | "payload">,
): FreshMission {
  const now = services.now();
  return {
    tenantId: tenantOf(services, fields.tenant_id),
    priority: fields.priority,
    status: "pending",
    maxRetries: fields.max_retries,
    attemptLimit: fields.max_retries,
    correlationId: services.correlationId,
    createdBy: creatorOf(services, fields.created_by),
    lastEventId: newEventId(now.getTime()),
    createdAt: now,
    updatedAt: now,
    ...rest,
    id: rest.id ?? crypto.randomUUID(),
  };
}

/**
 * The row with its secrets sealed.
 *
 * @param path where the payload stands in the request
 * @throws {ValidationError} the request has what answers show instead of a secret
 * @throws {VaultKeyError} there is no key to seal with
 */
export async function sealed({ secrets }: MissionDeps, row: FreshMission, path: string): Promise<NewMission> {
  if (secrets.isHidden(row.type, row.payload)) throw isHidden(path);
  return { ...row, payload: await secrets.seal(row.type, row.payload, row.id) };
}

export function isHidden(path: string): ValidationError {
  return new ValidationError(
    `The request has "${hidden}" in the place of a secret: that is what answers show instead of one. Send the secret itself.`,
    { issues: [{ path, message: `expected the secret, received "${hidden}"` }] },
  );
}

/** Stores a mission and tells of it; with `queue` it is in the queue at once. */
export async function storeMission(
  tx: Tx,
  publish: Publish,
  row: NewMission,
  queue: boolean,
  now: Date,
): Promise<Mission> {
  const stored = await insertMission(
    tx,
    queue ? { ...row, status: "queued", dueAt: databaseNow, queuedAt: now } : row,
  );
  await tell(
    publish,
    stored,
    null,
    queue ? [createdLine(stored), queuedLine(stored)] : [createdLine(stored)],
  );
  return stored;
}

/**
 * Puts a new mission into the queue.
 *
 * @throws {ValidationError} nobody does missions of this type, or its payload or name is not acceptable
 */
export async function enqueueMission(
  services: RequestServices,
  deps: MissionDeps,
  request: EnqueueRequest,
): Promise<Mission> {
  const { type, payload } = request;
  const tenantId = tenantOf(services, request.tenant_id);
  requireValid(deps.handlers, { type, payload, tenantId }, { type: "type", payload: "payload" });
  const fresh = await sealed(
    deps,
    newMission(services, request, { type, payload, name: request.name ?? type }),
    "payload",
  );
  const row = await services.transact(publishContext(services, queueSource), (tx, publish) =>
    storeMission(tx, publish, fresh, true, services.now()),
  );
  startWorker(services, deps);
  return row;
}

/**
 * Records a mission that waits for `execute`.
 *
 * @throws {ValidationError} as {@link enqueueMission}
 * @throws {ConflictError} the chosen id is taken
 */
export async function createMission(
  services: RequestServices,
  deps: MissionDeps,
  request: CreateRequest,
): Promise<Mission> {
  const { type, data: payload, name } = request;
  const tenantId = tenantOf(services, request.tenant_id);
  requireValid(deps.handlers, { type, payload, tenantId }, { type: "type", payload: "data" });
  const chosen = newMission(services, request, {
    type,
    payload,
    name,
    description: request.description ?? null,
    ...(request.id === undefined ? {} : { id: request.id.toLowerCase() }),
  });
  const fresh = await sealed(deps, chosen, "data");
  try {
    return await services.transact(publishContext(services, queueSource), (tx, publish) =>
      storeMission(tx, publish, fresh, false, services.now()),
    );
  } catch (error) {
    if (violatedConstraint(error) !== missionsKey) throw error;
    throw new ConflictError(`There is a mission with the id "${fresh.id}" already. Choose another id.`, {
      cause: error,
      issues: [{ path: "id", message: "already taken" }],
    });
  }
}

/** @throws {NotFoundError} no such mission */
export async function readMission(services: RequestServices, id: string): Promise<Mission> {
  const row = await findMission(services.db, requireId(id), visibleTenant(services));
  if (row === null) throw unknownMission(id);
  return row;
}

/** @throws {NotFoundError} no such mission */
export async function lockKnown(services: RequestServices, tx: Tx, id: string): Promise<Mission> {
  const row = await lockMission(tx, requireId(id), visibleTenant(services));
  if (row === null) throw unknownMission(id);
  return row;
}

/** Notes in the audit of operators what a person did by hand, and why. */
export function noteByHand(
  { actorId, requestId }: RequestServices,
  tx: Tx,
  did: "queued" | "paused" | "cancelled",
  { id, tenantId }: Mission,
  reason: string | null,
): Promise<void> {
  const filter = { mission: id, tenant_id: tenantId };
  return recordAction(tx, { action: `mission.${did}`, actorId, requestId, reason, filter });
}

export function refuse(row: Mission, to: MissionStatus): ConflictError {
  const allowed = allowedByHand(row.status);
  const possible =
    allowed.length === 0 ? "Its status is final." : `By hand it can become: ${allowed.join(", ")}.`;
  return new ConflictError(
    `The mission is ${row.status} and cannot become ${to} by hand. ${possible} Missions become ${to} by hand from: ${sourcesByHand(to).join(", ") || "none"}.`,
  );
}

export function requireAllowed(row: Mission, to: MissionStatus): void {
  if (!allowedByHand(row.status).includes(to)) throw refuse(row, to);
}

/**
 * Puts a mission into the queue: one that never was, one that has failed, which gets as many attempts again, or a paused
 * one, which gets its old place back.
 *
 * @throws {NotFoundError} no such mission
 * @throws {ConflictError} its status does not allow it, or an earlier step of its run is not completed
 */
export async function executeMission(
  services: RequestServices,
  deps: MissionDeps,
  id: string,
  reason: string | null = null,
): Promise<Mission> {
  const row = await services.transact(publishContext(services, queueSource), async (tx, publish) => {
    const before = await lockKnown(services, tx, id);
    requireAllowed(before, "queued");
    await noteByHand(services, tx, "queued", before, reason);
    if (before.status === "paused") return hold(tx, services, before, "queued", reason);
    if (await waitsForStep(tx, before))
      throw new ConflictError("An earlier step of the same run is not completed. Execute that one first.");
    return enqueueAgain(tx, publish, before, services.now());
  });
  startWorker(services, deps);
  return row;
}

async function enqueueAgain(tx: Tx, publish: Publish, before: Mission, now: Date): Promise<Mission> {
  const again = before.status === "failed";
  const row = await updateMission(tx, before.id, {
    ...queuedColumns(now),
    finishedAt: null,
    attemptLimit: before.attempt + before.maxRetries,
    lastEventId: newEventId(now.getTime()),
  });
  const line = again ? retryingLine(row, Math.max(1, before.attempt), now) : queuedLine(row);
  await tell(publish, row, before.lastEventId, [line]);
  await appendLog(tx, row.id, now, {
    level: "info",
    message: again ? "Executed again by hand: a new run with new attempts." : "Put into the queue by hand.",
    data: { attempt: row.attempt, attempt_limit: row.attemptLimit },
  });
  return row;
}

/** Out of the queue, or back to the old place. No event tells of it; the log does. */
export async function hold(
  tx: Tx,
  services: RequestServices,
  before: Mission,
  to: "paused" | "queued",
  reason: string | null,
): Promise<Mission> {
  const now = services.now();
  const row = await updateMission(tx, before.id, { status: to, updatedAt: now });
  await appendLog(tx, row.id, now, {
    level: "info",
    message: to === "paused" ? "Paused by hand." : "Resumed by hand.",
    data: { reason, by: services.actorId },
  });
  return row;
}

/** @throws {NotFoundError} no such mission */
export async function writeLog(
  services: RequestServices,
  id: string,
  { level, message, data }: LogRequest,
): Promise<LogEntry> {
  return services.transact(publishContext(services, queueSource), async (tx) => {
    const row = await lockKnown(services, tx, id);
    return appendLog(tx, row.id, services.now(), { level, message, data });
  });
}
