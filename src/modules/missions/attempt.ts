import {
  describeError,
  errorClass,
  FencedError,
  type JobContext,
  type Logger,
  newEventId,
  PermanentError,
  type Publish,
  type PublishContext,
  type Transact,
  TransientError,
  type Tx,
  ValidationError,
  withTimeLimit,
} from "@brain/engine";
import { guardValues, isJsonObject, type JsonObject, type JsonValue } from "@brain/schemas";
import type { MissionContext, MissionFinish, MissionHandler, MissionWork } from "../ports/mission-handler.ts";
import {
  attemptCompletedLine,
  attemptFailedLine,
  envelopeOf,
  eventResult,
  missionCompletedLine,
  missionFailedLine,
  queuedLine,
  retryingLine,
  storableJson,
  tell,
  workerSource,
} from "./announce.ts";
import { type Claimer, claimWithin } from "./claim.ts";
import { completeMission, endAttempt, type Hold, keepHold, renewLease, storePayload } from "./claims.ts";
import type { Handlers } from "./handlers/registry.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { jsonBytes, type Mission, maxResultBytes } from "./model.ts";
import type { MissionSecrets } from "./secrets.ts";
import { describeFailure, judgeFailure } from "./state.ts";
import { appendLog, lockPendingSteps, queuedColumns, updateMission } from "./store.ts";

/** One attempt at a claimed mission: runs its handler, and writes down what came of it. */

/** Time limit of an attempt whose handler has none of its own, ms. */
const usualTimeoutMs = 60_000;
/** A completion that could not be written is written again, as the work is done: waits before, ms. */
const writeAgainMs = [200, 1_000, 3_000];

/** What a run of the worker gives to its attempts. */
export interface AttemptDeps {
  readonly job: JobContext;
  readonly handlers: Handlers;
  readonly secrets: MissionSecrets;
  readonly claimer: Claimer;
  /** Whether the next mission is claimed with the end of this one. */
  goesOn(): boolean;
}

interface Attempt extends AttemptDeps {
  readonly row: Mission;
  readonly hold: Hold;
  readonly log: Logger;
  readonly handler: MissionHandler | null;
}

/**
 * Never throws: what cannot be written ends with the lease, and the next claim counts the attempt as failed.
 *
 * @param row as the claim returned it
 * @returns the next mission, claimed in the transaction that ended this one; null: none was
 */
export async function runAttempt(deps: AttemptDeps, row: Mission): Promise<Mission | null> {
  const { job, handlers, claimer } = deps;
  const { id, type, attempt } = row;
  const log = job.log.child({
    mission_id: id,
    mission_type: type,
    attempt,
    correlation_id: row.correlationId,
  });
  const hold = { id, owner: claimer.owner, attempt };
  const work: Attempt = { ...deps, row, hold, log, handler: handlers.get(type) ?? null };
  const heartbeat = startHeartbeat(
    claimer.leaseMs,
    log,
    () => job.now().getTime(),
    () => renewLease(job.db, hold, claimer.leaseMs),
  );
  try {
    return await attemptOnce(work, heartbeat.lost);
  } catch (error) {
    log.error(
      { error_class: errorClass(error) },
      `The outcome of an attempt could not be written; its lease ends by itself: ${describeError(error)}`,
    );
    return null;
  } finally {
    heartbeat.stop();
  }
}

async function attemptOnce(work: Attempt, lost: AbortSignal): Promise<Mission | null> {
  const discard = () => {
    work.log.warn({}, "The attempt no longer holds its mission; it is discarded.");
    return null;
  };
  try {
    const outcome = await execute(work, lost);
    return lost.aborted ? discard() : await recordSuccess(work, outcome);
  } catch (thrown) {
    return lost.aborted ? discard() : await recordFailure(work, thrown);
  }
}

async function execute(work: Attempt, lost: AbortSignal): Promise<JsonObject | MissionFinish> {
  const { handler, row, secrets } = work;
  if (handler === null)
    throw new PermanentError(
      `Nobody here does missions of type "${row.type}". Deploy its handler, then execute the mission again.`,
    );
  const payload = await secrets.open(row.type, row.payload, row.id);
  await sealEarlier(work);
  const issues = handler.validate(payload, row.tenantId);
  if (issues !== null && issues.length > 0)
    throw new ValidationError("The payload is no longer what its handler needs.", { issues });
  const limitMs = handler.timeoutMs ?? usualTimeoutMs;
  const mission: MissionWork = {
    id: row.id,
    type: row.type,
    payload,
    attempt: row.attempt,
    tenant_id: row.tenantId,
    correlation_id: row.correlationId,
  };
  return withTimeLimit(limitMs, `The mission of type ${row.type}`, (timeout) => {
    const signal = AbortSignal.any([timeout, lost]);
    const running = handler.execute(mission, missionContext(work, signal));
    // Once the mission is lost, nobody waits for a handler that does not listen.
    running.catch(() => undefined);
    return Promise.race([running, whenAborted(lost)]);
  });
}

/** A payload of a release that stored secrets in clear text is stored anew. */
async function sealEarlier({ job, row, hold, secrets }: Attempt): Promise<void> {
  const payload = await secrets.sealEarlier(row.type, row.payload, row.id);
  if (payload !== null) await storePayload(job.db, hold, payload);
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new FencedError());
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** What the worker publishes and what handlers publish belongs to the mission's story. */
function attemptContext(row: Mission): PublishContext {
  return { source: workerSource, ...envelopeOf(row), causation_id: row.lastEventId };
}

function missionContext({ job, row, hold, log }: Attempt, signal: AbortSignal): MissionContext {
  const transact: Transact = (context, run) =>
    job.transact({ ...attemptContext(row), ...context }, async (tx, publish) => {
      if (!(await keepHold(tx, hold))) throw new FencedError();
      return run(tx, publish);
    });
  return {
    transact,
    db: job.db,
    log,
    now: job.now,
    signal,
    idempotencyKey(label) {
      if (label.length <= 50) return `missions:${row.id}:${label}`;
      throw new PermanentError(`The label "${label}" is too long. Use at most 50 characters.`);
    },
  };
}

/** What the work is: done. So that it need not be done again, it is written again when Postgres is away for a moment. */
async function recordSuccess(work: Attempt, outcome: JsonObject | MissionFinish): Promise<Mission | null> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await complete(work, outcome);
    } catch (error) {
      const waitMs = writeAgainMs[tries];
      if (waitMs === undefined || !(error instanceof TransientError)) throw error;
      work.log.warn({ error_class: errorClass(error) }, "A completion is written again.");
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

async function complete(work: Attempt, outcome: JsonObject | MissionFinish): Promise<Mission | null> {
  const { job, row: claimed, hold, handler, log } = work;
  const discard = () => {
    log.warn({}, "A result came too late and is discarded: the mission is not held any more.");
    return null;
  };
  return job.transact(attemptContext(claimed), async (tx, publish) => {
    let result: JsonObject;
    if (typeof outcome === "function") {
      if (!(await keepHold(tx, hold))) return discard();
      result = checkResult(await outcome(tx, publish));
    } else result = checkResult(outcome);
    const now = job.now();
    const row = await completeMission(tx, hold, result, newEventId(now.getTime()), now);
    if (row === null) return discard();
    const told = handler?.eventResult === undefined ? null : eventResult(handler.eventResult(result));
    await tell(publish, row, claimed.lastEventId, [
      attemptCompletedLine(row, now),
      missionCompletedLine(row, told),
    ]);
    await appendLog(tx, row.id, now, {
      level: "info",
      message: `Attempt ${row.attempt} completed the mission.`,
    });
    const [next] = await lockPendingSteps(tx, row, 1);
    if (next !== undefined) {
      const queued = await updateMission(tx, next.id, {
        ...queuedColumns(now),
        lastEventId: newEventId(now.getTime()),
      });
      await tell(publish, queued, row.lastEventId, [queuedLine(queued)]);
    }
    return claimAlong(work, tx, publish);
  });
}

/** The next mission, if the worker goes on. */
async function claimAlong(
  { job, claimer, goesOn }: Attempt,
  tx: Tx,
  publish: Publish,
): Promise<Mission | null> {
  return goesOn() ? claimWithin(tx, publish, job, claimer) : null;
}

/** @throws {PermanentError} the result is not JSON, or too large */
function checkResult(result: unknown): JsonObject {
  if (!isJsonObject(result as JsonValue))
    throw new PermanentError("The handler returned no JSON object. Return one, e.g. {}.");
  const clean = storableJson(result as JsonObject);
  const [fault] = guardValues(clean, "result").invalid;
  if (fault !== undefined)
    throw new PermanentError(`The handler's result is not storable: ${fault.path}: ${fault.message}`);
  const bytes = jsonBytes(clean);
  if (bytes > maxResultBytes)
    throw new PermanentError(
      `The handler's result has ${bytes} bytes, at most ${maxResultBytes} are kept. Return an id of what it made.`,
    );
  return clean;
}

async function recordFailure(work: Attempt, error: unknown): Promise<Mission | null> {
  const { job, row: claimed, hold, log } = work;
  const failure = describeFailure(error);
  const { retryInMs, severity } = judgeFailure(error, claimed, claimed.id);
  const willRetry = retryInMs !== null;
  log.warn({ error_class: failure.type, will_retry: willRetry }, `The attempt failed: ${failure.detail}`);
  return job.transact(attemptContext(claimed), async (tx, publish) => {
    const now = job.now();
    const eventId = newEventId(now.getTime());
    const row = await endAttempt(tx, hold, { retryInMs, failure, eventId, now });
    if (row === null) return null;
    const failures = row.attempt;
    const startedAt = row.attemptStartedAt;
    await tell(publish, row, claimed.lastEventId, [
      attemptFailedLine(row, { failure, failures, willRetry, severity, startedAt }, now),
      willRetry ? retryingLine(row, failures, now) : missionFailedLine(row, failure.message),
    ]);
    await appendLog(tx, row.id, now, {
      level: willRetry ? "warning" : "error",
      message: `Attempt ${row.attempt} failed: ${failure.detail}`,
      data: { error_type: failure.type, will_retry: willRetry, retry_in_ms: retryInMs },
    });
    return claimAlong(work, tx, publish);
  });
}
