import { v4 as uuidv4 } from "uuid";
import { closedBreaker } from "../../core/circuit-breaker.ts";
import { clockShift, shiftedClock } from "../../core/clock.ts";
import { describeMissing } from "../../core/schema-state.ts";
import { fenceText } from "../../db/database.ts";
import { readSchemaState } from "../../db/read-schema-state.ts";
import { maxPending } from "../../stream/group.ts";
import type { ApplyDeps } from "../apply/applied.ts";
import type { Lane } from "../apply/lane.ts";
import type { Consumer } from "../consumer.ts";
import { acquireLease, holdLease, type LeaseScope } from "../lease/lease.ts";
import { DeferredSource } from "../sources/deferred.ts";
import { StreamSource } from "../sources/stream.ts";
import type { DrainBase, DrainDeps, DrainOptions, DrainResult } from "./base.ts";
import { judge, noteApplied } from "./breaker.ts";
import { createDrainCounts } from "./counts.ts";
import { beginOutlook, type Drain } from "./state.ts";
import { createDrainTrace } from "./trace.ts";

/** New entries that the first round of a drain reads at most. */
function readSizeAtFirst({ batchSize }: Consumer): number {
  return Math.min(batchSize, 100);
}

/**
 * Takes the lease; `drain` null when another drainer has it. Its times are by its own clock, which differs from that of the
 * caller by `shiftMs` where that one is wrong.
 *
 * @param lane the first one; perhaps its connection is being opened
 */
export async function openDrain(
  given: DrainDeps,
  consumer: Consumer,
  options: DrainOptions,
  lane: Lane,
): Promise<{ readonly drain: Drain | null; readonly result: DrainResult; readonly shiftMs: number }> {
  const { subscriber, group } = consumer;
  const { shard } = options;
  const log = given.log.child({ subscriber, shard });
  const scope: LeaseScope = { ...given, group, shard };
  const askedMs = given.now();
  const lease = await acquireLease(scope, uuidv4(), group, {
    count: askedMs < options.deadlineMs ? Math.min(readSizeAtFirst(consumer), options.maxEvents) : 0,
    maxPending,
  });
  const result = emptyResult();
  if (!("token" in lease)) return { drain: null, result: { ...result, busy: lease }, shiftMs: 0 };
  const shiftMs = clockShift(given.now, askedMs, lease.redisMs);
  if (shiftMs !== 0)
    log.warn({ shift_ms: shiftMs }, "The clock of this worker is wrong; that of Redis holds.");
  const deps = { ...given, log, now: shiftedClock(given.now, shiftMs) };
  const stream = deps.keys.stream(shard);
  const base: DrainBase = {
    deps,
    consumer,
    options: { ...options, deadlineMs: options.deadlineMs + shiftMs },
    group: { stream, group, consumer: group },
    lease: holdLease(scope, lease),
    clock: { now: given.now, shiftMs },
    result,
    state: {
      fencingToken: 0,
      pauses: [],
      deferredMark: null,
      backfilling: false,
      startId: null,
      ahead: new Map(),
    },
    hasChanged: false,
  };
  const drain: Drain = Object.assign(base, {
    stream: new StreamSource(base),
    deferred: new DeferredSource(base),
    apply: applyDepsOf(base, () => drain),
    lanes: [lane],
    counts: createDrainCounts(subscriber, (type) => deps.catalog.find(type) !== undefined, deps.now),
    running: new Set<never>(),
    breaker: closedBreaker,
    breakerChanged: false,
    readSize: readSizeAtFirst(consumer),
    rounds: 0,
    onEnding: null,
    appliedBefore: 0,
    outlook: beginOutlook(),
  });
  return { drain, result, shiftMs };
}

/** @param drain asked only after it was made */
function applyDepsOf(base: DrainBase, drain: () => Drain): ApplyDeps {
  const { deps, consumer, group, options } = base;
  const { subscriber } = consumer;
  const { shard } = options;
  const { stream } = group;
  const place = { subscriber, group: group.group, stream, shard };
  return {
    ...deps,
    consumer,
    stream,
    shard,
    trace: deps.tracer ? createDrainTrace(deps.tracer, place, deps.now()) : null,
    fence: () => fenceText(subscriber, shard, base.state.fencingToken),
    judge: (failure) => judge(drain(), failure),
    onEnding: () => drain().onEnding?.(),
    onApplied(applied) {
      noteApplied(drain(), applied);
      deps.onEffects?.();
    },
    schemaLacks: once(async () =>
      describeMissing(await readSchemaState(deps.db, deps.migrations).catch(() => ({ kind: "unknown" }))),
    ),
  };
}

function emptyResult(): DrainResult {
  return {
    read: 0,
    applied: 0,
    redelivered: 0,
    publishedTwice: 0,
    skipped: 0,
    retried: 0,
    deadLettered: 0,
    setAside: 0,
    busy: null,
    more: false,
    nextDueMs: null,
    stopped: null,
    deferred: 0,
    paused: false,
    breakerOpen: false,
    breaker: null,
  };
}

/** The answer of the first call, for all calls. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => {
    answer ??= ask();
    return answer;
  };
}
