import { type Alert, raiseAlert } from "../alerts/alerts.ts";
import { watchWork } from "../alerts/failing-work.ts";
import { ofShard, type StreamInvocation } from "../invocation.ts";
import { type Resharding, reshard } from "../operations/reshard.ts";
import type { Riding } from "../relay/handed.ts";
import type { Layout } from "../relay/layout-sql.ts";
import { noteShardDatabase } from "../relay/note-shard-database.ts";
import { relay } from "../relay/relay.ts";
import { inHandOfIsolate, relayPlaceOf } from "../relay/ride.ts";
import { beginDispatch, type Dispatch, hasBudget } from "./dispatch.ts";
import { noteMissed } from "./missed.ts";
import type { News } from "./news.ts";
import { restInFlow } from "./rest-in-flow.ts";
import { leaseMarginMs, runTurns } from "./turns.ts";

/* The relay of all shards: sends what is committed and unsent, and completes a change of the number of shards. */

/** A change of the number of shards is waited for this long; what comes next goes on with it, ms. */
const layoutMs = 5_000;

/**
 * Starts the consumers for whom there is news somewhere, with a budget of their own; null means that more is left than
 * this invocation can do: relay and drain everything. Must not throw.
 */
export type Wake = (news: News | null) => void;

export interface RelayOfAll {
  /** Also looks whether the streams still hold what was sent. Default false. */
  readonly verify?: boolean;
  /** Shards that are left alone, because their Redis database is known to be away. Default none. */
  readonly except?: ReadonlySet<number>;
}

/**
 * Sends what is unsent on all shards. Errors are logged, not thrown: the events wait in the record, and the next
 * trigger goes on.
 *
 * @param deadlineMs Unix time, ms, after which nothing new is begun
 */
export async function relayAll(
  invocation: StreamInvocation,
  deadlineMs: number,
  wake: Wake,
  options: RelayOfAll = {},
): Promise<void> {
  const dispatch = beginDispatch(invocation, deadlineMs);
  await relayShards(dispatch, wake, options);
  // What was not sent because Redis or Postgres was away may be known to nobody else, so others go on trying, and the next
  // tick of this isolate looks.
  if (dispatch.stuck) noteMissed(invocation.scope);
  if (dispatch.stuck || (dispatch.leftOver && dispatch.progress)) wake(null);
}

/** The same within a dispatch. */
export async function relayShards(
  dispatch: Dispatch,
  wake: Wake,
  { verify = false, except = new Set() }: RelayOfAll = {},
): Promise<void> {
  const { invocation } = dispatch;
  const { shards } = invocation.publish;
  const work = async () => {
    const all = Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !except.has(shard));
    const layouts = await Promise.all(all.map((shard) => relayShard(dispatch, shard, wake, verify)));
    return layouts.some((layout) => layout !== null && (layout.shards !== shards || layout.target !== null));
  };
  // The relay cannot send to the new shards before the number of shards in use has changed.
  if ((await work()) && (await reshardAll(dispatch))) await work();
}

/** @returns true when the number of shards has changed just now */
async function reshardAll(dispatch: Dispatch): Promise<boolean> {
  const { invocation, deadlineMs } = dispatch;
  const untilMs = Math.min(deadlineMs, invocation.now() + layoutMs);
  const change: { state?: Resharding["state"] } = {};
  await runTurns(dispatch, { name: "The change of shards", extraMs: 0 }, async () => {
    change.state = (await reshard(invocation, untilMs)).state;
    return null;
  });
  return change.state === "changed";
}

/** @returns the layout that the relay found; null when it could not look */
async function relayShard(
  dispatch: Dispatch,
  shard: number,
  wake: Wake,
  verify: boolean,
): Promise<Layout | null> {
  const { invocation } = dispatch;
  const { now, log, publish } = invocation;
  let layout: Layout | null = null;
  const deps = {
    ...invocation,
    ...ofShard(invocation, shard),
    settings: invocation.relay,
    inHand: inHandOfIsolate(invocation),
  };
  const place = relayPlaceOf(invocation, shard);
  const mayGoOn = () => hasBudget(dispatch);
  const work = { name: `The relay of shard ${shard}`, extraMs: deps.leaseMs };
  await runTurns(dispatch, work, async (triggers) => {
    let rested = false;
    const rest = async (riding: () => Riding) => {
      rested = (await restInFlow(triggers, { riding, now, mayRide: publish.shards === 1 })) || rested;
    };
    const onSent = (types: ReadonlySet<string>) => wake([{ shard, types: [...types] }]);
    const onSetBack = (known: string) => raiseAlert(invocation, setBackAlert(shard, known));
    const result = await watchWork(
      invocation,
      `relay:${shard}`,
      async () => {
        await noteShardDatabase(invocation, shard, deps.redisNumber);
        return relay(deps, { shard, mayGoOn, verify, onSent, onSetBack, rest, place });
      },
      ({ recovered }) => recovered,
    );
    // Who looks for what was sent may have looked before that was noted.
    if (rested) wake([]);
    dispatch.progress ||= result.sent > 0;
    layout = result.layout;
    if (result.sent > 0) {
      log.debug({ shard, sent: result.sent, batches: result.batches }, "Events relayed.");
    }
    if (result.more) return now();
    const waitMs = result.busy?.waitMs ?? null;
    return waitMs === null ? null : now() + waitMs + leaseMarginMs;
  });
  return layout;
}

/** It ends when somebody closes it: what the record lacks nobody here can tell from what other programs wrote. */
function setBackAlert(shard: number, known: string): Alert {
  return {
    kind: "record_set_back",
    subject: `shard ${shard}`,
    severity: "critical",
    message: `Postgres was set back to a backup, or another system sends to the same stream: Redis has later batches than the record. "charter tail --behind ${known}" shows what the stream of shard ${shard} has of them; "Restored from a backup" in the documents says how to bring it back. Then close this.`,
  };
}
