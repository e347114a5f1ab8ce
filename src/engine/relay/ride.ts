import type { SQL } from "drizzle-orm";
import { v4 as uuidv4 } from "uuid";
import type { Clock } from "../core/clock.ts";
import { type Handed, type RelayPlace, type RelayPlaces, relayPlace, type Ticket } from "./handed.ts";
import { type HeldEvents, type InHand, inHandOf } from "./in-hand.ts";
import type { RelayDeps } from "./relay-deps.ts";
import { type BareRow, type Begun, beginSql, nextSql, releaseSql } from "./relay-sql.ts";

/** What a commit that takes the relay's next batch along works with. */
export interface RideDeps extends Pick<RelayDeps, "publish"> {
  readonly relay: RelayDeps["settings"];
  readonly now: Clock;
  readonly scope: string;
  readonly handOver: HandOver;
}

/** What the commits and the relays of one engine have in common, in an isolate. */
export interface HandOver {
  readonly places: RelayPlaces;
  readonly held: HeldEvents;
}

export function createHandOver(): HandOver {
  return { places: new Map(), held: new Map() };
}

/**
 * The lease that a commit takes is for the run that is started behind it, which renews it with its first batch, ms. Where
 * none comes, because the isolate was ended, nobody called `afterCommit`, or nothing was new, others wait no longer than
 * this. A run that is slower loses nothing: whoever takes over has the same batch under the same number.
 */
const rideLeaseMs = 500;

type IsolateDeps = Pick<RideDeps, "handOver" | "scope" | "now">;

/** The relay of a shard, as one isolate sees it. `scope` tells apart whom the isolates of tests stand for. */
export function relayPlaceOf({ handOver, scope, now }: IsolateDeps, shard: number): RelayPlace {
  return relayPlace(handOver.places, `${scope}:${shard}`, now);
}

/** What one isolate has recorded and not sent. */
export function inHandOfIsolate({ handOver, scope, now }: IsolateDeps): InHand {
  return inHandOf(handOver.held, scope, now);
}

/** The relay's part in a transaction that records events. */
export interface Ride {
  /** To be run behind what records, in its transaction. */
  readonly statement: SQL;
  /** Lets go of a lease that nobody knows of; null: it is that of a run, which goes on with it. */
  readonly undo: SQL | null;
  /**
   * Hands over what it took. What the transaction recorded is in hand by then.
   *
   * @param rows of the statement; null: nobody knows what became of the transaction
   */
  end(rows: readonly BareRow[] | null): void;
}

/**
 * With one shard alone: which of several an event belongs to is told by the database.
 *
 * @returns null when the relay of this isolate is at work: it looks again before it ends
 */
export function beginRide(deps: RideDeps, inHand: InHand): Ride | null {
  const { relay: settings, publish } = deps;
  if (publish.shards !== 1) return null;
  const place = relayPlaceOf(deps, 0);
  const ticket = place.takeTicket(uuidv4);
  if (ticket === null) return null;
  return {
    statement: statementOf(ticket, settings, publish.shards, inHand),
    undo: ticket.isOfRun ? null : releaseSql(0, ticket.token),
    end: (rows) => place.giveBack(ticket, rows === null ? null : whatWasTaken(ticket, rows, inHand)),
  };
}

function statementOf(
  { token, isOfRun, sent }: Ticket,
  settings: RelayDeps["settings"],
  configured: number,
  inHand: InHand,
): SQL {
  const asking = { inHand: inHand.transactions(), rides: true };
  return isOfRun
    ? nextSql(0, token, sent, { ...settings, fairly: false }, asking)
    : beginSql(
        0,
        token,
        { ...settings, leaseMs: Math.min(settings.leaseMs, rideLeaseMs), configured, keeps: false },
        asking,
      );
}

function whatWasTaken({ token }: Ticket, rows: readonly BareRow[], inHand: InHand): Handed | null {
  const last = rows.at(-1);
  // Without a batch the lease is let go at once, or somebody else has it.
  if (last === undefined || rows.length === 1) return null;
  const filled = inHand.fill(rows.slice(0, -1));
  const state = JSON.parse(last.head ?? "{}") as Partial<Begun>;
  return { token, state, rows: filled };
}
