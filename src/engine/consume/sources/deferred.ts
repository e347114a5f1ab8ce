import { compareMessageIds, type MessageId } from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import { orderOf } from "../../core/ordering.ts";
import { withFewer } from "../../core/promises/in-parts.ts";
import { waitOf } from "../../core/retry.ts";
import { fieldsToObject } from "../../stream/entry-fields.ts";
import { namesOfType } from "../apply/judge-claims.ts";
import { cleanFields } from "../dead-letters.ts";
import { recordedTypes } from "../define/recorded-types.ts";
import {
  type Delivery,
  eventOf,
  type Retry,
  type Source,
  type Taken,
  type TakenFromStream,
  tenantOf,
  triesOf,
} from "../delivery.ts";
import type { DrainBase } from "../drain/base.ts";
import { interpretEntry, type Lost } from "../drain/interpret.ts";
import {
  type AheadIds,
  activePauses,
  clearDeferredMark,
  noteDeferredDue,
  pausedTypesOf,
} from "../lease/shard-state.ts";
import { type DeferredRow, type TakeResult, takeDeferred } from "./deferred-sql.ts";
import {
  beginDeferred,
  decideDeferred,
  finishSql,
  type NewDeferredRow,
  passOverSql,
  putBackDeferred,
  retryDeferred,
  storeDeferred,
} from "./deferred-writes-sql.ts";
import type { StoredFailure } from "./pending.ts";

/** What the table adds to a round. */
export interface TakenDeferred extends Taken {
  /** The oldest id that waits here of each key at hand. */
  readonly heads: ReadonlyMap<string, MessageId>;
  /** Unix time, ms, at which the next retry is due; null when none waits. */
  readonly nextDueMs: number | null;
  /** Of those at hand that were never tried, those that were taken ahead of their place: they are handled, or wait here. */
  readonly alreadyTaken: readonly Delivery[];
  /** Something waits here until the stream was read once more. */
  readonly waitsForRead: boolean;
}

/** When to look again at what a worker of another release handles: one of them may have got the lease. */
const anothersLookMs = 10_000;

const nothing: TakenDeferred = {
  waiting: [],
  fresh: [],
  isFull: false,
  heads: new Map(),
  nextDueMs: null,
  alreadyTaken: [],
  waitsForRead: false,
};

/**
 * The deferred deliveries, in a table of Postgres: what waits long, behind others of its key, for a paused type; what is
 * redriven and replayed. Rows are taken in the order of the stream ids, and one only when no older one with its key waits.
 */
export class DeferredSource implements Source {
  readonly #drain: DrainBase;
  /** Rows that are done, removed with the next round trip. */
  readonly #done: string[] = [];
  /** Those of them that nobody here handles. */
  readonly #passedOver: string[] = [];
  /** Rows that a replay had deferred before the stream was read the last time. */
  #stood: readonly string[] = [];
  /** What cron was told last. */
  #noted: string | null = null;

  constructor(drain: DrainBase) {
    this.#drain = drain;
  }

  /**
   * Takes what is due and no newer than what the group has read, and learns which of the deliveries at hand have to go
   * behind what waits here. Asks nothing when nothing can be waiting.
   *
   * @param atHand what the stream gave in this round
   */
  async take(atHand: TakenFromStream, limit: number): Promise<TakenDeferred> {
    const { deps, consumer, options, state } = this.#drain;
    const holdKeys = consumer.afterDeadLetter === "hold_key";
    const given = [...atHand.waiting, ...atHand.fresh];
    const keys = [...new Set(given.flatMap((delivery) => orderOf(delivery) ?? []))];
    // One may have been read and put back before anybody asked.
    const perhapsTaken = given.filter((delivery) => delivery.begun === 0 && isWithin(state.ahead, delivery));
    const isAsked = state.deferredMark !== null || perhapsTaken.length > 0 || (holdKeys && keys.length > 0);
    if (!isAsked) return nothing;
    const nowMs = deps.now();
    const asked = {
      subscriber: consumer.subscriber,
      shard: options.shard,
      nowMs,
      pausedTypes: [...pausedTypesOf(deps.catalog, state, nowMs)].flatMap((type) =>
        namesOfType(deps.catalog, type),
      ),
      handledTypes: recordedTypes(deps.catalog, consumer),
      blockedKeys: atHand.waiting.flatMap((one) => (one.dueAtMs > nowMs ? (orderOf(one) ?? []) : [])),
      keys,
      holdKeys,
      readTo: atHand.readTo,
      seenTo: atHand.seenTo,
      stood: this.#stood,
      perhapsTaken: perhapsTaken.map((one) => ({ id: one.messageId, event: eventOf(one)?.id ?? null })),
    };
    const done = this.takeDone();
    // The first ones, in the order of the stream, so that nothing passes an older event of its key.
    const { most, taken } = await withFewer(limit, async (most) => ({
      most,
      taken: await takeDeferred(deps.db, { ...asked, limit: most }, done),
    }));
    this.#stood = [...this.#stood, ...taken.unread];
    const times = [taken.nextDueMs ?? [], taken.isAnothers ? nowMs + anothersLookMs : []].flat();
    const nextDueMs = times.length === 0 ? null : Math.min(...times);
    await this.#noteWhatWaits({ ...taken, nextDueMs }, nowMs);
    const alreadyTaken = perhapsTaken.filter(({ messageId }) => taken.alreadyTaken.has(messageId));
    const onStream = new Set<string>(given.map(({ messageId }) => messageId));
    for (const { messageId } of alreadyTaken) onStream.delete(messageId);
    // The very entry stands on the stream too: it runs from there, and this row finds its claim in a later round. Until then
    // no try of it has begun.
    const { left = [], taken: rows = [] } = Object.groupBy(taken.rows, (row) =>
      row.replayGeneration === 0 && onStream.has(row.messageId) ? "left" : "taken",
    );
    await putBackDeferred(
      deps.db,
      left.flatMap(({ id, begun }) => (begun === 0 ? { id, begun } : [])),
    );
    return {
      waiting: rows.map((row) => this.#deliver(row, nowMs)),
      fresh: [],
      isFull: taken.rows.length >= most,
      heads: taken.heads,
      nextDueMs,
      alreadyTaken,
      waitsForRead: taken.unread.length > 0,
    };
  }

  /** Tells cron when there is something to do again: never, at a time, or as soon as somebody sees to what is in the way. */
  async #noteWhatWaits({ isEmpty, rows, unread, nextDueMs }: TakeResult, nowMs: number): Promise<void> {
    const { lease, state } = this.#drain;
    const mark = state.deferredMark;
    if (mark === null) return;
    if (isEmpty) {
      await clearDeferredMark(lease.scope, mark);
      this.#drain.state = { ...state, deferredMark: null };
      return;
    }
    if (rows.length > 0 || unread.length > 0) return;
    const ends = activePauses(state, nowMs).flatMap(({ untilMs }) => untilMs ?? []);
    const times = nextDueMs === null ? ends : [...ends, nextDueMs];
    const dueMs = times.length === 0 ? null : Math.min(...times);
    const noted = `${mark}@${dueMs}`;
    if (this.#noted === noted) return;
    this.#noted = noted;
    await noteDeferredDue(lease.scope, mark, dueMs);
  }

  #deliver(row: DeferredRow, nowMs: number): Delivery {
    const { fields, key, begun, isReplay } = row;
    const lost: Lost = { kind: "lost", eventId: row.eventId, type: row.eventType, tenantId: row.tenantId };
    const meaning =
      fields === null
        ? { content: lost, key }
        : interpretEntry(this.#drain.deps.catalog, this.#drain.consumer, fields);
    const { content } = meaning;
    return {
      source: this,
      row: row.id,
      messageId: row.messageId,
      fields,
      ...meaning,
      begun,
      ended: row.ended,
      isBegun: begun === 0,
      firstFailedAtMs: row.firstFailedAtMs,
      // What was taken is due, whatever its time says: the clocks of the worker that deferred it and of this one may
      // differ.
      dueAtMs: Math.min(row.dueAtMs, nowMs),
      lastError: row.lastError,
      overtakable: row.overtakable,
      skipReason: row.skipReason,
      isTrimmed: false,
      replayGeneration: row.replayGeneration,
      isReplay: isReplay || (content.kind === "handle" && (content.event.meta.replay ?? null) !== null),
      deadLetterId: row.deadLetterId,
    };
  }

  async begin(deliveries: readonly Delivery[]): Promise<void> {
    await beginDeferred(
      this.#drain.deps.db,
      deliveries.flatMap(({ row, isBegun }) => (isBegun || row === null ? [] : [row])),
    );
  }

  async putBack(deliveries: readonly Delivery[]): Promise<void> {
    await putBackDeferred(
      this.#drain.deps.db,
      deliveries.flatMap(({ row, begun }) => (row === null ? [] : [{ id: row, begun }])),
    );
  }

  async retryAt(retries: readonly Retry[]): Promise<void> {
    const nowMs = this.#drain.deps.now();
    await retryDeferred(
      this.#drain.deps.db,
      retries.flatMap(({ delivery: { row }, failure }) =>
        row === null
          ? []
          : {
              id: row,
              attempts: failure.attempts,
              due_at: new Date(failure.dueAtMs).toISOString(),
              wait_ms: waitOf(failure.dueAtMs, nowMs),
              failed_at: new Date(failure.firstFailedAtMs).toISOString(),
              error: failure.error,
              overtakable: failure.overtakable,
            },
      ),
    );
  }

  finish(deliveries: readonly Delivery[], as: "applied" | "passed_over" | "dead_letter"): void {
    if (as === "dead_letter") return;
    const gone = as === "applied" ? this.#done : this.#passedOver;
    for (const { row } of deliveries) if (row !== null) gone.push(row);
  }

  /** The statements that remove what is done. */
  takeDone(): SQL[] {
    return [
      ...(this.#done.length === 0 ? [] : [finishSql(this.#done.splice(0))]),
      ...(this.#passedOver.length === 0 ? [] : [passOverSql(this.#passedOver.splice(0))]),
    ];
  }

  /** Stores deliveries of the stream here; only then may they be acked. Storing one twice stores it once. */
  async store(
    deliveries: readonly { readonly delivery: Delivery; readonly cause: NewDeferredRow["cause"] }[],
  ) {
    const { deps, consumer, group, options } = this.#drain;
    await storeDeferred(
      deps.db,
      { subscriber: consumer.subscriber, stream: group.stream, shard: options.shard },
      deliveries.map(({ delivery, cause }) => toRow(delivery, cause, deps.now())),
    );
  }

  /** Notes what an operator has decided about those that were stored here, when they stood on the stream still. */
  async noteDecided(deliveries: readonly Delivery[], failures: ReadonlyMap<string, StoredFailure>) {
    const { deps, consumer } = this.#drain;
    await decideDeferred(
      deps.db,
      consumer.subscriber,
      deliveries.flatMap((delivery) => {
        const failure = failures.get(delivery.messageId);
        if (failure === undefined) return [];
        const { overtakable, skip, error } = failure;
        const event_id = eventOf(delivery)?.id ?? null;
        return { message_id: delivery.messageId, event_id, overtakable, skip_reason: skip ? error : null };
      }),
    );
  }
}

/** Its tenant's events were taken ahead up to an id behind it. */
function isWithin(ahead: AheadIds, delivery: Delivery): boolean {
  const upTo = ahead.size === 0 ? undefined : ahead.get(tenantOf(delivery));
  return upTo !== undefined && compareMessageIds(delivery.messageId, upTo) <= 0;
}

function toRow(delivery: Delivery, cause: NewDeferredRow["cause"], nowMs: number): NewDeferredRow {
  const { messageId, fields, ended, firstFailedAtMs, dueAtMs, lastError, overtakable } = delivery;
  const event = eventOf(delivery);
  const hasFailed = firstFailedAtMs !== null;
  return {
    message_id: messageId,
    event_id: event?.id ?? null,
    event_type: event?.type ?? null,
    tenant_id: event?.tenant_id ?? null,
    key: orderOf(delivery),
    raw_fields: cleanFields(fieldsToObject(fields ?? [])),
    cause,
    begun: triesOf(delivery),
    attempts: ended,
    due_at: hasFailed ? new Date(dueAtMs).toISOString() : null,
    wait_ms: hasFailed ? waitOf(dueAtMs, nowMs) : null,
    first_failed_at: hasFailed ? new Date(firstFailedAtMs).toISOString() : null,
    last_error: lastError,
    overtakable,
  };
}
