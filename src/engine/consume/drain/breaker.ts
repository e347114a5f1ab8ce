import { redactText } from "@brain/schemas";
import { afterFailure, afterSuccess, breakerToText, isOpen } from "../../core/circuit-breaker.ts";
import { classify } from "../../core/classify.ts";
import { backoffMs, maxFailureLength } from "../../core/retry.ts";
import { isMissingObject } from "../../db/errors.ts";
import type { Command } from "../../stream/redis.ts";
import type { Applied } from "../apply/applied.ts";
import { describeError } from "../dead-letters.ts";
import { attemptOf, type Delivery, tenantOf } from "../delivery.ts";
import { consumerShardField } from "../lease/lease.ts";
import type { Drain } from "./state.ts";

/** Closes the breaker: these were applied. */
export function noteApplied(drain: Drain, applied: readonly Delivery[]): void {
  const { failures, spared } = drain.breaker;
  if (failures === 0 && spared.length === 0) return;
  const tenants = new Set(applied.map(tenantOf));
  if (failures === 0 && !spared.some((tenant) => tenants.has(tenant))) return;
  const wasOpen = isOpen(drain.breaker);
  drain.breaker = afterSuccess(drain.breaker, tenants);
  drain.breakerChanged = true;
  if (!wasOpen) return;
  drain.result.breaker = "closed";
  const alone = drain.breaker.spared.length > spared.length ? drain.breaker.spared.at(-1) : undefined;
  drain.deps.log.info(
    alone === undefined ? {} : { tenant_id: alone },
    alone === undefined
      ? "An event was applied again; the circuit breaker is closed."
      : "An event of another tenant was applied; the circuit breaker is closed, and this tenant's failures count for its events only.",
  );
}

/**
 * Counts a failure for the circuit breaker. While it is open no failure costs an attempt, so that an outage fills
 * no dead letters. A table, column or function that is missing in Postgres opens it at once, and so does a right that is
 * not granted: no event brought that about, and a consumer with few events would use up their attempts before enough of
 * them had failed.
 */
export function judge(drain: Drain, failure: Applied): { readonly failure: Applied; readonly stop: boolean } {
  const outcome = classify(failure.error);
  if (outcome.kind !== "transient" || outcome.overtakable) return { failure, stop: false };
  const nowMs = drain.deps.now();
  const { messageId, firstFailedAtMs } = failure.delivery;
  const attempt = attemptOf(failure.delivery);
  const faultless = isMissingObject(failure.error);
  const wasOpen = isOpen(drain.breaker);
  drain.breaker = afterFailure(
    drain.breaker,
    drain.consumer.brake,
    {
      attempt,
      error: redactText(describeError(failure.error)).slice(0, maxFailureLength),
      retryAfterMs: outcome.retryAfterMs,
      faultless,
      tenant: tenantOf(failure.delivery),
    },
    nowMs,
  );
  drain.breakerChanged = true;
  if (!isOpen(drain.breaker)) return { failure, stop: false };
  if (!wasOpen) {
    drain.result.breaker = faultless ? "opened_by_schema" : "opened";
    drain.deps.log.error(
      { failures: drain.breaker.failures },
      `The circuit breaker opens: ${drain.breaker.error}. One event at a time is tried until one succeeds.`,
    );
  }
  // What needs the missing thing waits as long again as it has waited already: its tries do not count, and each would
  // hold up the events that do not need it.
  const waitedMs = faultless ? nowMs - (firstFailedAtMs ?? nowMs) : 0;
  const againMs = Math.min(drain.consumer.brake.capMs, waitedMs);
  const dueAtMs = nowMs + Math.max(againMs, backoffMs(drain.consumer.retry, attempt, messageId));
  const decision = { action: "retry", dueAtMs, overtakable: false } as const;
  return { failure: { ...failure, decision, uncounted: true }, stop: true };
}

/** Stores the breaker, if it changed. */
export function breakerCommands(drain: Drain): Command[] {
  if (!drain.breakerChanged) return [];
  drain.breakerChanged = false;
  const [key, field, text] = [
    drain.deps.keys.breakers(),
    consumerShardField(drain.lease.scope),
    breakerToText(drain.breaker),
  ];
  return [text === "" ? ["HDEL", key, field] : ["HSET", key, field, text]];
}
