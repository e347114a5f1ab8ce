import { compareMessageIds, type MessageId } from "@brain/schemas";
import { servedBy } from "../../core/fairness.ts";
import { readUpTo } from "../../stream/group.ts";
import { watchesEntries } from "../define/define-consumer.ts";
import { recordedTypes } from "../define/recorded-types.ts";
import { type Taken, tenantOf } from "../delivery.ts";
import { markCommands } from "../lease/deferred-signal.ts";
import { aheadToText } from "../lease/shard-state.ts";
import { type Found, findAhead, storeAhead } from "../sources/ahead-sql.ts";
import { type Drain, mayGoOn } from "./state.ts";

/*
 * One tenant's flood does not delay another's few events.
 *
 * A group of Redis reads its stream in order, so ten events behind ten thousand of another tenant would wait for all of
 * them. While reads come back full, the drain therefore asks the record which events of others stand behind on the
 * stream. It defers those that would be next if tenants took turns (`deliveries`, cause `ahead`): copies of a few, and
 * the flood stays where it is. When the group comes to their entries, they are found to have been taken, and acked.
 *
 * Order per key is kept. Of a tenant always all events go up to some id, in the order of the stream, and none whose key
 * an older one of another tenant has that still stands unread. What other programs wrote is not in the record, so nobody
 * knows whose keys it has: while such entries are unread, nothing is taken ahead of them.
 *
 * A worker may end anywhere. The mark and the ids are noted in Redis before the rows are stored, and the rows with the
 * ids in one transaction, under the fence. A row whose event is applied from the stream after all finds the claim.
 */

/** Time between two looks, ms: at least this long, and this many times as long as a look takes. */
const lookEveryMs = 250;
const timesOfLook = 20;

/** Events looked at in one look, unless the invocation says otherwise. */
const lookAtMost = 20_000;

/** Events of others of which one is tried while the circuit breaker is open for one tenant. */
export const asideAtMost = 20;

/** Events deferred by one look, at most, and tenants whose ids are remembered. */
const takeAtMost = 500;
const rememberAtMost = 1_000;

/**
 * Defers what other tenants wait with behind what was just read, when that was as much as was asked for twice in a row,
 * or the drain ends behind it.
 *
 * @param read what the stream gave in this round
 * @throws {TransientError} Postgres or Redis is not reachable
 * @throws {FencedError} another worker took over
 */
export async function lookAhead(drain: Drain, { fresh, isFull }: Taken): Promise<void> {
  const { deps, consumer, options, outlook } = drain;
  if (watchesEntries(consumer)) return;
  const cursor = fresh.at(-1)?.messageId;
  const isBacklog = isFull && (outlook.wasFull || !mayGoOn(drain));
  outlook.wasFull = isFull;
  outlook.readSince += fresh.length;
  const window = deps.lookAhead ?? lookAtMost;
  if (cursor === undefined || !isBacklog || window === 0 || deps.now() < outlook.nextMs) return;
  const served = servedBy(fresh.map(tenantOf));
  if (served.size === 0) return;
  if ([...outlook.served].some((tenant) => !served.has(tenant))) outlook.lookedTo = null;
  outlook.served = served;
  const startedMs = deps.now();
  const found = await findAhead(deps.db, {
    subscriber: consumer.subscriber,
    shard: options.shard,
    types: recordedTypes(deps.catalog, consumer),
    cursor,
    from: later(cursor, outlook.lookedTo),
    served: [...served],
    readSince: outlook.readSince,
    window,
    takeAtMost,
  });
  outlook.readSince = 0;
  if (found.chosen.length > 0) await take(drain, cursor, found);
  if (found.isAll && found.end !== null) outlook.lookedTo = found.end;
  const nowMs = deps.now();
  outlook.nextMs = nowMs + Math.max(lookEveryMs, timesOfLook * (nowMs - startedMs));
}

/**
 * While the circuit breaker is open for one tenant alone: defers a few events of others, to be tried instead of its own.
 *
 * @returns null when nothing of others is deferred; else up to where the group has read (null: there is no such group)
 */
export async function lookAside(
  drain: Drain,
  tenant: string,
): Promise<{ readonly readTo: MessageId | null } | null> {
  const { deps, consumer, options, group } = drain;
  const window = deps.lookAhead ?? lookAtMost;
  if (window === 0) return null;
  const cursor = await readUpTo(deps.redis, group);
  const mayWait = () => (drain.state.deferredMark === null ? null : { readTo: cursor });
  if (cursor === null) return mayWait();
  const found = await findAhead(deps.db, {
    subscriber: consumer.subscriber,
    shard: options.shard,
    types: recordedTypes(deps.catalog, consumer),
    cursor,
    from: cursor,
    served: [tenant],
    readSince: asideAtMost,
    window,
    takeAtMost: asideAtMost,
  });
  if (found.chosen.length > 0) await take(drain, cursor, found);
  return mayWait();
}

function later(one: MessageId, other: MessageId | null): MessageId {
  return other !== null && compareMessageIds(other, one) > 0 ? other : one;
}

async function take(drain: Drain, cursor: MessageId, { chosen, ahead: before }: Found): Promise<void> {
  const { deps, consumer, options, lease, group } = drain;
  // What the group has read is of no use any more.
  const ahead = new Map([...before].filter(([, id]) => compareMessageIds(id, cursor) > 0));
  const kept = chosen.filter(({ tenant, id }) => {
    const isKnown = ahead.has(tenant) || ahead.size < rememberAtMost;
    if (isKnown) ahead.set(tenant, id);
    return isKnown;
  });
  const deferredMark = crypto.randomUUID();
  const stateKey = deps.keys.state(consumer.group, options.shard);
  await lease.run([
    ...markCommands(deps.keys, lease.scope, deferredMark),
    ["HSET", stateKey, "ahead", aheadToText(ahead)],
  ]);
  drain.state = { ...drain.state, deferredMark, ahead };
  await storeAhead(deps.db, {
    subscriber: consumer.subscriber,
    shard: options.shard,
    stream: group.stream,
    fencingToken: drain.state.fencingToken,
    chosen: kept,
    ahead,
  });
  deps.log.debug(
    { events: kept.length, tenants: ahead.size },
    "Events of other tenants go ahead of a flood.",
  );
}
