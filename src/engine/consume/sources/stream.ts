import { type MessageId, parseMessageId } from "@brain/schemas";
import { FencedError, TooMuchAtOnceError } from "../../core/errors.ts";
import { dueAt, type PendingEntry, waitOf } from "../../core/retry.ts";
import {
  ackCommand,
  claimCommand,
  isMissingGroup,
  maxPending,
  parsePending,
  parsePendingCount,
  parseReadNew,
  pendingCommand,
  pendingCountCommand,
  putBackCommand,
  readNewCommand,
} from "../../stream/group.ts";
import type { Command } from "../../stream/redis.ts";
import type { ReadEntry } from "../../stream/replies.ts";
import {
  attemptOf,
  type Delivery,
  type Retry,
  type Source,
  type TakenFromStream,
  triesOf,
} from "../delivery.ts";
import type { DrainBase } from "../drain/base.ts";
import { type Interpreted, interpretEntry, type Lost } from "../drain/interpret.ts";
import { rememberExisting, startGroup } from "../drain/start-group.ts";
import type { FirstRead } from "../lease/lease.ts";
import {
  bodiesOfPending,
  failureFromText,
  failureToText,
  type PendingReplies,
  type StoredFailure,
} from "./pending.ts";

const lost: Lost = { kind: "lost", eventId: null, type: null, tenantId: null };

/**
 * The stream: what nobody has read, and the pending list of the consumer's group, which counts the tries. Beside it
 * stands a hash with the failures. Only the holder of the lease changes them.
 */
export class StreamSource implements Source {
  readonly #drain: DrainBase;
  readonly #retryKey: string;
  /** Acked with the next round trip. */
  readonly #acks: MessageId[] = [];
  /** Entries whose failure stands in the hash, with its text when it was read. */
  readonly #failed = new Map<string, string>();
  /** Entries pending in the group, those whose ack was not sent yet included. */
  #pending: number;
  /** What came with the lease and was not taken yet. */
  #firstRead: FirstRead | null;
  /** What was read ahead and not taken yet. */
  #ahead: TakenFromStream | null = null;
  /** The group has read at least up to here. */
  #seenTo: MessageId | null;
  /** What the predecessor left is due at once; what this drain sets aside follows the ordinary times. */
  #isTakeover: boolean;

  constructor(drain: DrainBase) {
    const { deps, consumer, options, lease } = drain;
    this.#drain = drain;
    this.#retryKey = deps.keys.retryAt(consumer.group, options.shard);
    this.#pending = lease.pending;
    this.#seenTo = lease.streamEnd;
    this.#isTakeover = lease.takeover;
    this.#firstRead = lease.firstRead;
  }

  /** Entries were read together with the lease, or ahead, and are to be taken. */
  get hasRead(): boolean {
    return this.#firstRead !== null || this.#ahead !== null;
  }

  /** Everything that was taken is done. */
  get isDone(): boolean {
    return this.#pending - this.#acks.length === (this.#ahead?.fresh.length ?? 0);
  }

  /**
   * Gives what came with the lease, or was read ahead; after that it acks what is done, lists what is pending and reads
   * what is new, in one round trip. In the same one it learns whether an operator changed something (`hasChanged`) or
   * somebody deferred deliveries.
   *
   * @throws {FencedError} another worker took over
   */
  async take(maxCount: number): Promise<TakenFromStream> {
    const ahead = this.#ahead;
    if (ahead !== null) {
      this.#ahead = null;
      return ahead;
    }
    const first = this.#firstRead;
    if (first !== null) {
      this.#firstRead = null;
      return this.#toTaken(first, Math.min(maxCount, maxPending - this.#pending));
    }
    const { deps, group, state } = this.#drain;
    const acks = this.takeAcks();
    // Before anything is read it must be known whether the record comes first.
    const mayRead = !state.backfilling && state.startId !== null;
    const count = !mayRead ? 0 : Math.min(maxCount, maxPending - this.#pending);
    const reads: Command[] = [this.#stateCommand(), pendingCommand(group, maxPending)];
    if (count > 0) reads.push(readNewCommand(group, count));
    const commands = [...acks, ...reads];
    const replies = await (count > 0 ? this.#read(commands) : deps.redis.pipeline(commands));
    if (replies === null) return this.take(0);
    const [stateReply, pendingReply, newReply = null] = replies.slice(acks.length);
    if (isMissingGroup(pendingReply) || isMissingGroup(newReply)) {
      await startGroup(this.#drain);
      this.#pending = 0;
      this.#seenTo = null;
      return this.take(maxCount);
    }
    for (const reply of replies) if (reply instanceof Error) throw reply;
    noteState(this.#drain, stateReply);
    if (state.startId === null) {
      await rememberExisting(this.#drain);
      return this.take(maxCount);
    }
    return this.#toTaken({ pending: pendingReply, fresh: newReply, details: null }, count);
  }

  /**
   * Reads what is new while that which was taken is handled, for the next `take`; in the same round trip it acks what
   * was done before. Only when nothing waits: of the pending list the length is enough. If it is not what it should be,
   * a late worker has read in between. What that worker left is older than what was read here, which is put back, so
   * that the next `take` finds both.
   *
   * @throws {FencedError} another worker took over
   */
  async readAhead(maxCount: number): Promise<void> {
    const { group } = this.#drain;
    const acks = this.takeAcks();
    // At least one: 0 would be all.
    const count = Math.max(1, Math.min(maxCount, maxPending - this.#pending));
    const reads = [this.#stateCommand(), readNewCommand(group, count), pendingCountCommand(group)];
    const replies = await this.#read([...acks, ...reads]);
    // `take` looks for it.
    if (replies === null) return;
    const [stateReply, newReply, countReply] = replies.slice(acks.length);
    // `take` begins it anew.
    if (isMissingGroup(newReply) || isMissingGroup(countReply)) return;
    for (const reply of replies) if (reply instanceof Error) throw reply;
    noteState(this.#drain, stateReply);
    const read = parseReadNew(newReply);
    this.#pending += read.length;
    const isFull = read.length >= count;
    this.#seenTo = read.at(-1)?.id ?? this.#seenTo;
    this.#ahead = {
      waiting: [],
      fresh: read.map((entry) => this.#fresh(entry)),
      isFull,
      readTo: isFull ? lastIdOf(read) : null,
      seenTo: this.#seenTo,
    };
    if (parsePendingCount(countReply) !== this.#pending) await this.returnAhead();
  }

  /** Puts back what was read ahead: the next `take` finds it with what waits. Whoever has taken the lease has it already. */
  async returnAhead(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (!this.#drain.lease.isLost) await this.putBack(ahead?.fresh ?? []);
  }

  /**
   * @param commands one of them reads what is new
   * @returns null when they have run and their answer is too large: what was read is pending now, and looked up in parts
   */
  async #read(commands: readonly Command[]): Promise<unknown[] | null> {
    try {
      return await this.#drain.deps.redis.pipeline(commands);
    } catch (error) {
      if (error instanceof TooMuchAtOnceError) return null;
      throw error;
    }
  }

  #stateCommand(): Command {
    const { deps, consumer, options } = this.#drain;
    return ["HMGET", deps.keys.state(consumer.group, options.shard), "epoch", "queued"];
  }

  async #toTaken(replies: FirstRead, count: number): Promise<TakenFromStream> {
    const read = parseReadNew(replies.fresh);
    const readIds = new Set(read.map(({ id }) => id));
    const listed = parsePending(replies.pending).filter(({ id }) => !readIds.has(id));
    this.#pending = listed.length + read.length;
    const waiting = listed.length === 0 ? [] : await this.#lookUp(listed, replies.details);
    const fresh = read.map((entry) => this.#fresh(entry));
    // The others of the list come first, when there is room.
    if (waiting.length < listed.length) return this.#takenInParts(waiting, fresh);
    this.#isTakeover = false;
    const isFull = count > 0 && read.length >= count;
    this.#seenTo = read.at(-1)?.id ?? this.#seenTo;
    return {
      waiting,
      fresh,
      isFull,
      readTo: isFull ? lastIdOf(read) : this.#readToWithout(count, listed),
      seenTo: this.#seenTo,
    };
  }

  /** Only the first entries of the pending list: what is new comes behind those that are missing, so it goes back. */
  async #takenInParts(waiting: readonly Delivery[], fresh: readonly Delivery[]): Promise<TakenFromStream> {
    await this.putBack(fresh);
    const last = waiting.at(-1)?.messageId ?? parseMessageId("0-0");
    return { waiting, fresh: [], isFull: false, readTo: last, seenTo: this.#seenTo, isPart: true };
  }

  /** Up to where the group has read when it read less than it asked for, or asked for nothing. */
  #readToWithout(count: number, listed: readonly PendingEntry[]): MessageId | null {
    // A backfill comes before all that is on the stream, which waits for it.
    if (count > 0 || this.#drain.state.backfilling) return null;
    return lastIdOf(listed);
  }

  #fresh({ id, fields }: ReadEntry): Delivery {
    return this.#deliver(id, fields, { begun: 0, isBegun: true, dueAtMs: 0 });
  }

  async #lookUp(entries: readonly PendingEntry[], known: PendingReplies | null): Promise<Delivery[]> {
    const { deps, group, options } = this.#drain;
    const asked = { shard: options.shard, retryKey: this.#retryKey, entries };
    // It may be what it left that the predecessor could not read, or read in time.
    const ask = known ?? (this.#isTakeover ? "first" : "all");
    const details = await bodiesOfPending(deps, group, asked, ask);
    const { count, bodies, trimmed, failures, failureTexts } = details;
    for (const id of failures.keys()) this.#failed.set(id, failureTexts.get(id) ?? "");
    return entries.slice(0, count).map((entry) => {
      const failure = failures.get(entry.id) ?? null;
      return {
        ...this.#deliver(entry.id, bodies.get(entry.id) ?? null, {
          begun: entry.deliveries,
          isBegun: false,
          dueAtMs: this.#dueAt(entry, failure),
        }),
        isTrimmed: trimmed.has(entry.id),
        ...(failure === null ? {} : whatFailed(failure)),
      };
    });
  }

  #dueAt(entry: PendingEntry, failure: StoredFailure | null): number {
    const { deps, consumer } = this.#drain;
    if (failure?.skip === true) return deps.now();
    return dueAt(entry, consumer.retry, deps.now(), failure, this.#isTakeover);
  }

  #deliver(
    messageId: MessageId,
    fields: readonly string[] | null,
    tries: Pick<Delivery, "begun" | "isBegun" | "dueAtMs">,
  ): Delivery {
    const meaning: Interpreted | { content: Lost; key: null } =
      fields === null
        ? { content: lost, key: null }
        : interpretEntry(this.#drain.deps.catalog, this.#drain.consumer, fields);
    const { content } = meaning;
    return {
      source: this,
      row: null,
      messageId,
      fields,
      ...meaning,
      ...tries,
      ended: 0,
      firstFailedAtMs: null,
      lastError: null,
      overtakable: false,
      skipReason: null,
      isTrimmed: false,
      replayGeneration: 0,
      isReplay: content.kind === "handle" && (content.event.meta.replay ?? null) !== null,
      deadLetterId: null,
    };
  }

  /** Together with the acks of those before them: if a try ends this worker, its own count has grown and no other. */
  async begin(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.every(({ isBegun }) => isBegun)) return;
    const ids = deliveries.filter(({ isBegun }) => !isBegun).flatMap(claimable);
    const claim = ids.length === 0 ? [] : [claimCommand(this.#drain.group, ids)];
    await this.#drain.lease.run([...this.takeAcks(), ...claim]);
  }

  async putBack(deliveries: readonly Delivery[]): Promise<void> {
    const { group, lease } = this.#drain;
    const counts = Map.groupBy(deliveries, triesOf);
    const commands = [...counts].flatMap(([count, alike]): Command[] => {
      const ids = alike.flatMap(claimable);
      return ids.length === 0 ? [] : [putBackCommand(group, count, ids)];
    });
    await lease.run(commands);
  }

  async retryAt(retries: readonly Retry[]): Promise<void> {
    const { deps, group, lease } = this.#drain;
    const nowMs = deps.now();
    const textOf = ({ failure }: Retry) =>
      failureToText({ ...failure, skip: false, waitMs: waitOf(failure.dueAtMs, nowMs) });
    const fields = (list: readonly Retry[]) =>
      list.flatMap((retry) => [retry.delivery.messageId, textOf(retry)]);
    // Of what failed before an operator may have decided something during the try.
    const again = retries.filter(({ delivery }) => this.#failed.has(delivery.messageId));
    const first = retries.filter(({ delivery }) => !this.#failed.has(delivery.messageId));
    const store: Command[] = first.length === 0 ? [] : [["HSET", this.#retryKey, ...fields(first)]];
    // The pending list counts deliveries; a try that costs no attempt is taken back.
    const uncounted = retries.filter(({ delivery, failure }) => failure.attempts < attemptOf(delivery));
    const takenBack = uncounted.flatMap(({ delivery, failure }) =>
      claimable(delivery).map((id) => putBackCommand(group, failure.attempts, [id])),
    );
    const commands = [...store, ...takenBack];
    await (again.length === 0 ? lease.run(commands) : lease.storeFailures(fields(again), commands));
    for (const retry of retries) this.#failed.set(retry.delivery.messageId, textOf(retry));
  }

  finish(deliveries: readonly Delivery[]): void {
    for (const { messageId } of deliveries) this.#acks.push(messageId);
  }

  /** The acks that are due, and the removal of what was stored about their failures. */
  takeAcks(): Command[] {
    return this.#forget(this.#acks.splice(0));
  }

  /**
   * Lets go at once of what was stored elsewhere, in one step with `before`; of nothing when an operator has decided about
   * one of them since it was taken.
   *
   * @returns the failures of those, as they are now; null: it is done
   * @throws {FencedError} another worker took over: nothing was let go
   */
  async handOver(
    deliveries: readonly Delivery[],
    before: readonly Command[],
  ): Promise<ReadonlyMap<string, StoredFailure> | null> {
    const ids = deliveries.map(({ messageId }) => messageId);
    const known = ids.flatMap((id) => {
      const text = this.#failed.get(id);
      return text === undefined ? [] : [id, text];
    });
    const commands = [...before, ...this.#forgetCommands(ids)];
    const { lease } = this.#drain;
    if (known.length === 0) await lease.run(commands);
    else {
      const changed = await lease.letGo(known, commands);
      for (const [id, text] of changed) this.#failed.set(id, text);
      if (changed.size > 0) return failuresOf(changed);
    }
    this.#forget(ids);
    return null;
  }

  #forget(ids: readonly MessageId[]): Command[] {
    const commands = this.#forgetCommands(ids);
    this.#pending -= ids.length;
    for (const id of ids) this.#failed.delete(id);
    return commands;
  }

  #forgetCommands(ids: readonly MessageId[]): Command[] {
    if (ids.length === 0) return [];
    const failed = ids.filter((id) => this.#failed.has(id));
    const forget: Command[] = failed.length === 0 ? [] : [["HDEL", this.#retryKey, ...failed]];
    return [ackCommand(this.#drain.group, ids), ...forget];
  }
}

function lastIdOf(entries: readonly { readonly id: MessageId }[]): MessageId {
  return entries.at(-1)?.id ?? parseMessageId("0-0");
}

function failuresOf(texts: ReadonlyMap<string, string>): ReadonlyMap<string, StoredFailure> {
  return new Map(
    [...texts].flatMap(([id, text]) => {
      const failure = failureFromText(text);
      return failure === null ? [] : [[id, failure] as const];
    }),
  );
}

function whatFailed(failure: StoredFailure): Partial<Delivery> {
  const { attempts, firstFailedAtMs, overtakable, skip, error } = failure;
  return { ended: attempts, firstFailedAtMs, lastError: error, overtakable, skipReason: skip ? error : null };
}

/** A trimmed entry was never claimed for its try, so there is nothing to take back either. */
function claimable({ messageId, isTrimmed }: Delivery): MessageId[] {
  return isTrimmed ? [] : [messageId];
}

function noteState(drain: DrainBase, reply: unknown): void {
  const [fencingToken, deferredMark] = Array.isArray(reply) ? reply : [];
  if (fencingToken === null || fencingToken === undefined) drain.hasChanged = true;
  else if (Number(fencingToken) !== drain.state.fencingToken) throw new FencedError();
  if (typeof deferredMark === "string") drain.state = { ...drain.state, deferredMark };
}
