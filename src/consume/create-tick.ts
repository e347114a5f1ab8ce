import { closedBrake } from "../core/brake.ts";
import { describeMissing } from "../core/schema-state.ts";
import { fenceText } from "../db/database.ts";
import { readSchemaState } from "../db/read-schema-state.ts";
import type { Consumer } from "./define-consumer.ts";
import type { LeaseScope } from "./lease.ts";
import type { DrainDeps, DrainOptions, DrainResult, Tick } from "./tick.ts";
import { judge, noteApplied } from "./tick-brake.ts";

/** New entries that the first round of a tick reads at most. */
const firstReadSize = 100;

export function createTick(deps: DrainDeps, consumer: Consumer, options: DrainOptions): Tick {
  const stream = deps.keys.stream(options.shard);
  const log = deps.log.child({ subscriber: consumer.subscriber, shard: options.shard });
  const tickDeps = { ...deps, log };
  const result: DrainResult = {
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
    parked: 0,
    paused: false,
    braked: false,
    brake: null,
  };
  const scope: LeaseScope = { ...tickDeps, group: consumer.group, shard: options.shard };
  const tick: Tick = {
    deps: tickDeps,
    consumer,
    options,
    group: { stream, group: consumer.group, consumer: consumer.group },
    apply: {
      ...tickDeps,
      consumer,
      stream,
      fence: () => fenceText(consumer.subscriber, options.shard, tick.state.epoch),
      judge: (failure) => judge(tick, failure),
      onApplied: () => noteApplied(tick),
      schemaLacks: once(async () =>
        describeMissing(await readSchemaState(deps.db).catch(() => ({ kind: "unknown" }))),
      ),
    },
    scope,
    token: "",
    state: { epoch: 0, pauses: [], queued: null, backfilling: false, startId: null },
    brake: closedBrake,
    brakeChanged: false,
    changed: false,
    handling: new Set(),
    done: [],
    lanes: [],
    result,
    acks: [],
    failures: new Map(),
    takeover: false,
    leaseLost: false,
    readSize: Math.min(consumer.batchSize, firstReadSize),
    rounds: 0,
    appliedBefore: 0,
    pending: 0,
    trimmed: new Set(),
  };
  return tick;
}

/** The answer of the first call, for all calls. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => {
    answer ??= ask();
    return answer;
  };
}
