import type { DrainResult } from "../consume/drain/base.ts";
import { TransientError } from "../core/errors.ts";
import type { StreamInvocation } from "../invocation.ts";
import { type ConsumerShard, everywhere, whoWants } from "./consumer-shards.ts";
import { beginDispatch, type Dispatch, endDispatch, hasBudget } from "./dispatch.ts";
import { drainOnce, type Follower } from "./drain-once.ts";
import type { News } from "./news.ts";
import { relayShards } from "./relay-shards.ts";
import { leaseMarginMs, runTurns, type TurnBounds } from "./turns.ts";

/*
 * Drains consumers on their shards, in turns, and follows what they publish: relays it, drains who wants that, and so on.
 */

/** A turn that is cut off in the middle of a round may last this many times as long as one that ends behind a round. */
const longTurns = 4;

/**
 * Drains the consumers for whom there is news, until nothing is left that is due before the deadline; relays what their
 * handlers publish, and drains who wants that. Errors are logged, not thrown.
 *
 * @param news null: everybody, on all shards
 * @param handOn called when more is left than this invocation may do, if it got anywhere
 */
export async function drainAll(
  invocation: StreamInvocation,
  deadlineMs: number,
  news: News | null,
  handOn: () => void = () => undefined,
): Promise<void> {
  const dispatch = beginDispatch(invocation, deadlineMs);
  await drainAndFollow(dispatch, (follower) => drainChosen(dispatch, news, follower));
  endDispatch(dispatch, handOn);
}

/** The same for consumers by name, e.g. because deliveries were deferred for them. Unknown names are passed over. */
export async function drainSubscribers(dispatch: Dispatch, subscribers: readonly string[]): Promise<void> {
  const { consumers, publish } = dispatch.invocation;
  const chosen = subscribers.flatMap((subscriber) => consumers.get(subscriber) ?? []);
  await drainSome(dispatch, everywhere(chosen, publish.shards));
}

/** The same for some consumers on some shards. */
export async function drainSome(dispatch: Dispatch, consumerShards: readonly ConsumerShard[]): Promise<void> {
  await drainAndFollow(dispatch, (follower) =>
    drainConsumerShards({ dispatch, follower, expectsNews: false }, consumerShards),
  );
}

/** Relays what was published, and drains who wants it. */
export async function relayAndDrain(dispatch: Dispatch): Promise<void> {
  await drainAndFollow(dispatch, async ({ onPublished }) => onPublished());
}

/** Drains, relays what the handlers published, drains who wants that, and so on. */
async function drainAndFollow(
  dispatch: Dispatch,
  first: (follower: Follower) => Promise<void>,
): Promise<void> {
  const chain: Promise<void>[] = [];
  const drainNews = (news: News | null) => {
    chain.push(drainChosen(dispatch, news, follower));
  };
  const follower: Follower = {
    onPublished() {
      dispatch.leftOver ||= !hasBudget(dispatch);
      if (!dispatch.leftOver) chain.push(relayShards(dispatch, drainNews));
    },
    relaysAtOnce: () => !dispatch.leftOver && hasBudget(dispatch),
  };
  chain.push(first(follower));
  for (let next = chain.shift(); next !== undefined; next = chain.shift()) await next;
}

async function drainChosen(dispatch: Dispatch, news: News | null, follower: Follower): Promise<void> {
  const { consumers, publish } = dispatch.invocation;
  const consumerShards =
    news === null ? everywhere([...consumers.values()], publish.shards) : whoWants(dispatch.invocation, news);
  await drainConsumerShards({ dispatch, follower, expectsNews: news !== null }, consumerShards);
}

/** Drains of one dispatch that begin together. */
interface Drains {
  readonly dispatch: Dispatch;
  readonly follower: Follower;
  /** Somebody said that there is something for each of them. */
  readonly expectsNews: boolean;
}

/** Drains some consumers on some shards, a few at a time, each for a turn and then behind the others. */
async function drainConsumerShards(drains: Drains, consumerShards: readonly ConsumerShard[]): Promise<void> {
  const { dispatch } = drains;
  const order = [...consumerShards];
  // Each invocation begins elsewhere, so that with few calls allowed the last ones have their turn too.
  order.push(...order.splice(0, dispatch.invocation.now() % Math.max(1, order.length)));
  await Promise.all(order.map((consumerShard) => drainInTurn(drains, consumerShard)));
}

async function drainInTurn(
  { dispatch, follower, expectsNews }: Drains,
  { consumer, shard }: ConsumerShard,
): Promise<void> {
  const { invocation, deadlineMs, drains, drained } = dispatch;
  const name = `The drain of ${consumer.subscriber} on shard ${shard}`;
  let isFirst = true;
  const turn = async (bounds: TurnBounds) => {
    const longMs = longTurns * invocation.drains.turnMs;
    // Handlers that take long would make a round that lasts as long as the invocation.
    const endMs = drains.waiting > 0 ? Math.min(deadlineMs, invocation.now() + longMs) : deadlineMs;
    const wanted = { shard, deadlineMs: endMs, expectsNews: expectsNews && isFirst };
    isFirst = false;
    try {
      const result = await drainOnce(invocation, consumer, wanted, follower, bounds);
      dispatch.progress ||= result.applied + result.skipped + result.deadLettered > 0;
      if (result.stopped !== null) throw new TransientError(result.stopped);
      if (result.busy === null) drained.set(`${consumer.subscriber}:${shard}`, null);
      return lookAgainAt(result, invocation.now());
    } catch (error) {
      drained.set(`${consumer.subscriber}:${shard}`, error);
      throw error;
    }
  };
  await runTurns(dispatch, { name, extraMs: consumer.handlerTimeoutMs, semaphore: drains }, turn);
}

/** When this consumer has something to do that no trigger will tell of; null when there is nothing. */
function lookAgainAt(result: DrainResult, nowMs: number): number | null {
  if (result.busy !== null)
    return result.busy.waitMs === null ? null : nowMs + result.busy.waitMs + leaseMarginMs;
  if (result.more) return nowMs;
  return result.nextDueMs;
}
