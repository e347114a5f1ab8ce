import { compareMessageIds, parseMessageId } from "@brain/schemas";
import type { Consumer } from "../consume/consumer.ts";
import { deferring } from "../consume/lease/deferred-signal.ts";
import type { Invocation, StreamInvocation } from "../invocation.ts";
import { activityCommand } from "../publish/activity.ts";
import {
  aimSql,
  ensureLayoutSql,
  type Layout,
  type LayoutState,
  layoutStateSql,
  lockLayoutSql,
  moveDeferredSql,
  switchSql,
} from "../relay/layout-sql.ts";
import { describeMisplaced } from "../relay/shard-databases.ts";
import { askAll, type NumberedCommand, type RedisDatabases } from "../stream/databases.ts";
import { parseGroups, parsePending } from "../stream/group.ts";
import type { StreamKeys } from "../stream/keys.ts";

/*
 * More shards, while everything runs. A key moves to another shard, and its events there must not be handled before
 * those on the old one. So:
 *
 *   target set: the relay sends nothing, requests go on to commit
 *     → what is in flight is finished → every consumer has read and finished all that was sent
 *       → shards = target, target gone: the relay sends what waited, to the new shards
 *
 * Why nothing slips through:
 * - Rows are taken under a shared lock on the layout, and the target is set under the exclusive one. So once it is set,
 *   every batch taken before is visible as in flight, and no other is taken until the target is gone.
 * - Nothing in flight means that all that was sent is in the streams, up to the last id known for each shard. A relay
 *   that froze before its append comes too late: its batch has been finished, and Redis knows it by its number.
 * - What a group has read up to that id and has not pending was applied, became a dead letter, or waits in Postgres.
 *   What waits there is handed to the drain that will get the key's next events, and the drains are told, before the first
 *   of those can be sent. Whoever gives the change up hands it back.
 * - The change is completed only if the row is still in the version that was there before the look at Redis. Whoever
 *   gives the target up and sets it again makes another version.
 *
 * Shards stay on their Redis databases, so before and after the change each is asked where the settings have it.
 *
 * Fewer shards are refused: the last ones would never be read again, by consumers that do not know of them.
 */

export interface Resharding extends Layout {
  /**
   * `same`: the layout is the configured one. `waiting`: nothing is sent until all that was sent is handled.
   * `changed`: just now; the relay has work. `refused`: fewer shards are configured than are in use, or
   * one of them on another Redis database.
   */
  readonly state: "same" | "waiting" | "changed" | "refused";
  /** What the change waits for, or why it is refused; only then. */
  readonly waitsFor?: string;
}

/** A change that waits longer than this needs somebody to look at it, ms. */
export const longChangeMs = 600_000;
/** Pauses between looks, ms: from the first, doubled up to the last. */
const firstPauseMs = 50;
const lastPauseMs = 1_000;
/** Calls that one look needs at most. */
const callsPerLook = 8;
/** The same complaint is not repeated within this time, ms. */
const complaintMs = 300_000;

/** When this isolate complained last about what, Unix ms. */
const isolateComplaints = new Map<string, number>();

/**
 * Brings the number of shards in use to the configured one, as far as that is possible now. Safe to run anywhere and any
 * number of times at once; without need it is one statement.
 *
 * @param deadlineMs Unix time, ms, until which it waits for the consumers; in the past: one look
 * @throws {TransientError} Postgres or Redis is not reachable; a change that was begun stays as it is
 */
export async function reshard(invocation: StreamInvocation, deadlineMs: number): Promise<Resharding> {
  const { now, meter } = invocation;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, lastPauseMs)) {
    const change = await look(invocation);
    const leftMs = deadlineMs - now();
    if (change.state !== "waiting" || leftMs <= 0 || meter.isNear(callsPerLook)) return change;
    // A pause that would be too long is cut, so that the last look is at the deadline, however slow the looks are.
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)));
  }
}

/**
 * What an operator must know about the layout, in one line; null when all is well. For health and alerts.
 *
 * @param ageMs time since the change was begun, ms
 */
export function describeLayout({ shards, target }: Layout, configured: number, ageMs: number): string | null {
  if (configured < shards) {
    return `BRAIN_SHARDS is ${configured}, but the events are spread over ${shards} shards, and the number cannot be lowered: events of shards ${configured} to ${shards - 1} wait. Set BRAIN_SHARDS to ${shards}.`;
  }
  if (target !== null && ageMs > longChangeMs) {
    return `The change from ${shards} to ${target} shards has been waiting for ${Math.round(ageMs / 60_000)} minutes, and no event is sent meanwhile. Look at the blocked keys of the consumers, or set BRAIN_SHARDS back to ${shards}.`;
  }
  return null;
}

/** `describeLayout` of the layout as it is, or what is wrong with the Redis databases of its shards. */
export function problemOf(
  layout: LayoutState,
  { publish, databases }: Pick<Invocation, "publish" | "databases">,
): string | null {
  return (
    describeLayout(layout, publish.shards, layout.age_ms) ??
    (databases === null ? null : describeMisplaced(layout.sent, databases, publish.shards))
  );
}

/** The same, asked for; one statement. */
export async function layoutProblem(
  invocation: Pick<Invocation, "db" | "publish" | "databases">,
): Promise<string | null> {
  const [layout] = await invocation.db.rows<LayoutState>(layoutStateSql);
  return layout === undefined ? null : problemOf(layout, invocation);
}

async function look(invocation: StreamInvocation): Promise<Resharding> {
  const { db, redis, databases, keys, consumers, log } = invocation;
  const configured = invocation.publish.shards;
  const layout = await readLayout(invocation);
  const { shards, target } = layout;
  const problem = problemOf(layout, invocation);
  if (isRefused(layout, invocation)) {
    complain(invocation, problem);
    return { shards, target, state: "refused", waitsFor: problem ?? "" };
  }
  if (configured === shards) return { shards, target, state: "same" };
  // Events may wait in the record by now: cron goes on looking, also when nothing else happens.
  await redis.command(activityCommand(keys));
  const waitsFor = inFlight(layout) ?? (await unfinished(databases, keys, [...consumers.values()], layout));
  if (waitsFor !== null) {
    complain(invocation, problem === null ? null : `${problem} It waits for: ${waitsFor}.`);
    return { shards, target, state: "waiting", waitsFor };
  }
  await handOver(invocation, configured, layout.target);
  const [, switched] = await db.batch([lockLayoutSql, switchSql(configured, layout.version)]);
  if (switched?.length !== 1) return { shards, target, state: "waiting", waitsFor: "another change" };
  log.info({ from: shards, to: configured }, "The number of shards has changed; the relay goes on.");
  return { shards: configured, target: null, state: "changed" };
}

/** Shards cannot become fewer, nor go to another Redis database: then nothing is begun. */
function isRefused(layout: LayoutState, { publish, databases }: StreamInvocation): boolean {
  return publish.shards < layout.shards || describeMisplaced(layout.sent, databases, publish.shards) !== null;
}

/** The layout with the target that the configuration asks for. */
async function readLayout(invocation: StreamInvocation): Promise<LayoutState> {
  const { db, log, publish } = invocation;
  const [, [before] = []] = (await db.batch([ensureLayoutSql(publish.shards), layoutStateSql])) as [
    unknown[],
    LayoutState[],
  ];
  if (before === undefined) throw new Error("relay_layout has no row right after it was made.");
  const wanted = publish.shards === before.shards ? null : publish.shards;
  if (isRefused(before, invocation) || before.target === wanted) return before;
  if (wanted === null) await handOver(invocation, before.shards, before.target);
  const [, , [aimed] = []] = (await db.batch([
    lockLayoutSql,
    aimSql(publish.shards),
    layoutStateSql,
    // Somebody who still wanted the change may have handed it over again.
    ...(wanted === null ? [moveDeferredSql(before.shards, null)] : []),
  ])) as [unknown[], unknown[], LayoutState[]];
  log.info(
    { shards: before.shards, target: aimed?.target ?? null },
    wanted === null
      ? "The change of the number of shards was given up; the relay goes on."
      : "The number of shards changes: the relay waits until the consumers have handled what was sent.",
  );
  return aimed ?? before;
}

/** Hands what is deferred to the drains of a layout with `shards`, and tells them; nothing is sent meanwhile. */
async function handOver(invocation: StreamInvocation, shards: number, target: number | null): Promise<void> {
  const groups = [...invocation.consumers.values()].map(({ group }) => group);
  await deferring(invocation, groups, shards, () =>
    invocation.db.batch([lockLayoutSql, moveDeferredSql(shards, target)]),
  );
}

function inFlight({ sent }: LayoutState): string | null {
  const busy = sent.find(({ in_flight }) => in_flight);
  return busy === undefined ? null : `the batch in flight on shard ${busy.shard}`;
}

/** The first thing that a consumer has not finished of what was sent; null when there is none. */
async function unfinished(
  databases: RedisDatabases,
  keys: StreamKeys,
  consumers: readonly Consumer[],
  { sent }: LayoutState,
): Promise<string | null> {
  const used = sent.filter(({ known_last }) => known_last !== "0-0");
  if (used.length === 0) return null;
  const groupsOf = await askAll(
    databases,
    used.map(({ shard }) => ({
      number: databases.numberOf(shard),
      command: ["XINFO", "GROUPS", keys.stream(shard)],
    })),
  );
  const pending: (NumberedCommand & { readonly what: string })[] = [];
  for (const [index, { shard, known_last }] of used.entries()) {
    const groups = new Map(parseGroups(groupsOf[index]).map((group) => [group.group, group]));
    for (const { subscriber, group: name, startAt } of consumers) {
      const what = `${subscriber} on shard ${shard}`;
      const group = groups.get(name);
      if (group === undefined) {
        // It will begin behind all that is there.
        if (startAt === "$") continue;
        return `${what}, which has not read anything yet`;
      }
      if (compareMessageIds(parseMessageId(group.lastDeliveredId), parseMessageId(known_last)) < 0) {
        return `${what}, which has not read everything yet`;
      }
      if (group.pending > 0) {
        // What other programs append goes on coming; it has no part in the order of our keys.
        const command = ["XPENDING", keys.stream(shard), name, "-", known_last, "1"] as const;
        const number = databases.numberOf(shard);
        pending.push({ number, command, what: `${what}, where an event waits for another try` });
      }
    }
  }
  if (pending.length === 0) return null;
  const replies = await askAll(databases, pending);
  for (const [index, reply] of replies.entries()) {
    if (reply instanceof Error) throw reply;
    if (parsePending(reply).length > 0) return pending[index]?.what ?? "a pending event";
  }
  return null;
}

function complain({ log, now, scope }: Invocation, problem: string | null): void {
  if (problem === null) return;
  const subject = `${scope}: ${problem.slice(0, 40)}`;
  if (now() < (isolateComplaints.get(subject) ?? 0) + complaintMs) return;
  isolateComplaints.set(subject, now());
  log.error({}, problem);
}
