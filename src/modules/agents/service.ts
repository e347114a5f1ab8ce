import { NotFoundError, type Publish, type PublishContext, type Tx } from "@brain/engine";
import {
  agentError,
  agentMessage,
  agentTaskRequest,
  broadcast,
  type Envelope,
  type JsonObject,
  redactText,
} from "@brain/schemas";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { agentContext, publishFacts } from "./announce.ts";
import type {
  Agent,
  ErrorRequest,
  HeartbeatRequest,
  MessageRequest,
  OnlineRequest,
  TaskRequest,
} from "./model.ts";
import type { AgentsSettings } from "./settings.ts";
import { afterSignOff, afterSignOfLife, type Change, type SignOfLife } from "./state.ts";
import {
  adoptAgent,
  beatQuietly,
  countingError,
  findAgent,
  lockAgent,
  lockOrCreate,
  saveState,
  type Whose,
} from "./store.ts";
import { sweepJob } from "./sweep.ts";

/** What agents do. Each change and its events commit together. */

/** What a caller is told of the event that was recorded. */
export type Published = Pick<Envelope, "id" | "type" | "timestamp">;

/** @throws {ForbiddenError} the request names another tenant than its credential is for */
function contextFor(
  services: RequestServices,
  agentId: string,
  tenantId: string | undefined,
): PublishContext {
  return { ...agentContext(agentId, tenantOf(services, tenantId)), actor_id: services.actorId };
}

/** Whose agent a request means. @throws {ForbiddenError} as above */
function whoseOf(services: RequestServices, named: string | undefined): Whose {
  const tenantId = tenantOf(services, named);
  if (tenantId === null) return { kind: "any" };
  return { kind: visibleTenant(services) === null ? "named" : "of", tenantId };
}

/** The same for callers that only read: no agent gets a tenant by it. */
function whoseToRead(services: RequestServices, named: string | undefined): Whose {
  const tenantId = tenantOf(services, named);
  return tenantId === null ? { kind: "any" } : { kind: "of", tenantId };
}

function unknownAgent(agentId: string): NotFoundError {
  return new NotFoundError(
    `Nobody has heard of the agent "${agentId}". It becomes known by POST /api/agents/${encodeURIComponent(agentId)}/heartbeat.`,
  );
}

/**
 * Writes to one agent. It need not be known or online: the message waits in its inbox.
 *
 * @throws {ValidationError} the message holds what an event must not; names each field
 * @throws {TooLargeError} the message is over the limit of a payload
 */
export function sendMessage(
  services: RequestServices,
  to: string,
  request: MessageRequest,
): Promise<Published> {
  const { from, message, tenant_id } = request;
  return services.transact(contextFor(services, from, tenant_id), (_tx, publish) =>
    publish(agentMessage, { message: message as JsonObject, from, to }, { target: to }),
  );
}

/** Writes to all agents. Errors as for {@link sendMessage}. */
export function sendBroadcast(services: RequestServices, request: MessageRequest): Promise<Published> {
  const { from, message, tenant_id } = request;
  return services.transact(contextFor(services, from, tenant_id), (_tx, publish) =>
    publish(broadcast, { message: message as JsonObject, from }),
  );
}

/** An agent asks for work. Errors as for {@link sendMessage}. */
export function requestTask(
  services: RequestServices,
  agentId: string,
  request: TaskRequest,
): Promise<Published> {
  const { to, details, tenant_id } = request;
  const payload = { agent_id: agentId, ...(details === undefined ? {} : { details: details as JsonObject }) };
  return services.transact(contextFor(services, agentId, tenant_id), (_tx, publish) =>
    publish(agentTaskRequest, payload, { target: to ?? null }),
  );
}

/** A heartbeat; the first one of an agent makes it known. Most have nothing to tell and are one statement. */
export async function takeHeartbeat(
  services: RequestServices,
  settings: AgentsSettings,
  agentId: string,
  request: HeartbeatRequest,
): Promise<Agent> {
  const { tasks_completed: tasksCompleted, tasks_failed: tasksFailed, tenant_id } = request;
  const heartbeatSeconds = request.heartbeat_seconds ?? settings.heartbeatSeconds;
  const quiet = await beatQuietly(services.db, {
    agentId,
    whose: whoseOf(services, tenant_id),
    heartbeatSeconds,
    tasksCompleted: tasksCompleted ?? null,
    tasksFailed: tasksFailed ?? null,
    now: services.now(),
  });
  if (quiet !== null) return quiet;
  const agent = { agentId, tenantId: tenant_id };
  return giveSignOfLife(services, agent, { heartbeatSeconds, tasksCompleted, tasksFailed });
}

/** An agent signs on. One that is online already publishes nothing. */
export function signOn(
  services: RequestServices,
  settings: AgentsSettings,
  agentId: string,
  request: OnlineRequest,
): Promise<Agent> {
  const heartbeatSeconds = request.heartbeat_seconds ?? settings.heartbeatSeconds;
  const agent = { agentId, tenantId: request.tenant_id };
  return giveSignOfLife(services, agent, { heartbeatSeconds }, request.details as JsonObject);
}

async function giveSignOfLife(
  services: RequestServices,
  { agentId, tenantId }: { readonly agentId: string; readonly tenantId: string | undefined },
  sign: SignOfLife,
  details?: JsonObject,
): Promise<Agent> {
  const agent = await services.transact(contextFor(services, agentId, tenantId), async (tx, publish) => {
    const now = services.now();
    const whose = whoseOf(services, tenantId);
    if (whose.kind === "named") await adoptAgent(tx, agentId, whose.tenantId);
    const meant: Whose = whose.kind === "named" ? { ...whose, kind: "of" } : whose;
    const before = await lockOrCreate(tx, agentId, meant, now);
    return carryOut(tx, publish, before, { ...afterSignOfLife(before, sign, now), now, details });
  });
  if (agent.offlineAt !== null) services.schedule(sweepJob, agent.offlineAt);
  return agent;
}

/**
 * An agent signs off. One that is offline already publishes nothing.
 *
 * @throws {NotFoundError} nobody has heard of it
 */
export function signOff(
  services: RequestServices,
  agentId: string,
  tenantId: string | undefined,
): Promise<Agent> {
  const whose = whoseToRead(services, tenantId);
  return services.transact(contextFor(services, agentId, tenantId), async (tx, publish) => {
    const now = services.now();
    const agent = await lockAgent(tx, agentId, whose);
    if (agent === null) throw unknownAgent(agentId);
    const change = afterSignOff(agent, now);
    return change === null ? agent : carryOut(tx, publish, agent, { ...change, now });
  });
}

/** Stores a change and publishes what it means, in the caller's transaction. */
async function carryOut(
  tx: Tx,
  publish: Publish,
  agent: Agent,
  { state, facts, now, details }: DatedChange,
): Promise<Agent> {
  const changed = await saveState(tx, agent, state, now);
  await publishFacts(publish, changed, facts, details);
  return changed;
}

interface DatedChange extends Change {
  readonly now: Date;
  /** What the agent says of itself; left out: nothing. */
  readonly details?: JsonObject | undefined;
}

/**
 * An agent reports an error. Its text comes from anywhere, so what an event must not hold is taken out of it; `details`
 * that hold such things are refused.
 *
 * @throws {ValidationError} names each field of `details` that is refused
 */
export function reportError(
  services: RequestServices,
  agentId: string,
  request: ErrorRequest,
): Promise<Published> {
  const { error, error_type: errorType, details, tenant_id } = request;
  const payload = {
    agent_id: agentId,
    error: redactText(error),
    ...(errorType === undefined ? {} : { error_type: redactText(errorType) }),
    ...(details === undefined ? {} : { details: details as JsonObject }),
  };
  return services.transact(contextFor(services, agentId, tenant_id), async (tx, publish) => {
    const event = await publish(agentError, payload);
    await countingError(tx, agentId, whoseOf(services, tenant_id), services.now());
    return event;
  });
}

/** @throws {NotFoundError} nobody has heard of it */
export async function readAgent(
  services: RequestServices,
  agentId: string,
  tenantId: string | undefined,
): Promise<Agent> {
  const agent = await findAgent(services.db, agentId, whoseToRead(services, tenantId));
  if (agent === null) throw unknownAgent(agentId);
  return agent;
}
