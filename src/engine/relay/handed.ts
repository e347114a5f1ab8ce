import type { Clock } from "../core/clock.ts";
import type { Begun, LoadedRow, SentBatch } from "./relay-sql.ts";

/*
 * A commit of this isolate may take the relay's next batch along: what is recorded and what chooses it is one request
 * then, and what the isolate has in hand need not be read back. It takes it with a lease of its own while no relay runs
 * here, or with that of the run that rests; the run that its trigger starts, or wakes, sends it.
 *
 * Nothing depends on it. What was taken stands in Postgres as the batch in flight: whoever has the lease next finds it
 * there, and a batch that two send is sent once, by its number.
 */

/** What a commit takes a batch with. */
export interface Ticket {
  /** Of the lease. */
  readonly token: string;
  /** It is that of a run that rests; else nobody has the lease yet. */
  readonly isOfRun: boolean;
  /** What that run has sent and not noted; null: nothing. */
  readonly sent: SentBatch | null;
}

/** What a commit took: a batch is in flight under that lease. */
export interface Handed {
  readonly token: string;
  /** What was told with it; under the lease of a run, `held` alone. */
  readonly state: Partial<Begun>;
  /** The batch; null: it has to be read. */
  readonly rows: readonly LoadedRow[] | null;
}

/** What goes on at one relay. */
interface Place {
  /** `riding`: a commit is under way with the ticket. `failed`: the last run could not send. */
  phase: "riding" | "handed" | "running" | "resting" | "failed";
  sinceMs: number;
  ticket: Ticket | null;
  handed: Handed | null;
}

/** Whether a commit takes the next batch along for a run that rests: none, one that is under way, one that has. */
export type Riding = "nobody" | "under_way" | "done";

/** The relays of one engine, by name; none where nothing is going on. */
export type RelayPlaces = Map<string, Place>;

/**
 * What has stood here for longer belongs to a request that was ended from outside; and as long commits take nothing along
 * behind a run that failed, ms. They would wait for a batch that is not sent.
 */
const forgottenMs = 5_000;

/** The relay of one shard, as it is seen in this isolate. */
export interface RelayPlace {
  /**
   * For a commit that is about to be made; null: a relay is at work and looks again, another commit has the ticket, or the
   * last run failed a moment ago.
   */
  takeTicket(newToken: () => string): Ticket | null;
  /** Whoever took a ticket gives it back, with what it took; null: nothing. */
  giveBack(ticket: Ticket, handed: Handed | null): void;
  /** A run begins. @returns what a commit took for it */
  begin(): Handed | null;
  /** The run waits for what comes next, and lets a commit take it. @returns what one took, null: none did */
  rest(token: string, sent: SentBatch, wait: (riding: () => Riding) => Promise<void>): Promise<Handed | null>;
  /** The run has ended. @param failed it could not send */
  end(failed: boolean): void;
}

export function relayPlace(places: RelayPlaces, name: string, now: Clock): RelayPlace {
  const look = () => {
    const place = places.get(name);
    if (place === undefined || now() - place.sinceMs < forgottenMs) return place;
    places.delete(name);
    return undefined;
  };
  const put = (phase: Place["phase"], place: Partial<Place> = {}) =>
    places.set(name, { ticket: null, handed: null, ...place, phase, sinceMs: now() });
  return {
    takeTicket(newToken) {
      const place = look();
      if (place !== undefined && place.phase !== "resting") return null;
      const ticket = place?.ticket ?? { token: newToken(), isOfRun: false, sent: null };
      put("riding", { ticket });
      return ticket;
    },
    giveBack(ticket, handed) {
      const place = look();
      const isOurs = place?.phase === "riding" && place.ticket === ticket;
      // A run that has gone on by itself finds in Postgres what was taken under its lease.
      if (!isOurs && (handed === null || ticket.isOfRun)) return;
      if (handed !== null) put(isOurs ? "handed" : (place?.phase ?? "handed"), { ...place, handed });
      else if (ticket.isOfRun) put("resting", { ticket });
      else places.delete(name);
    },
    begin() {
      const handed = look()?.handed ?? null;
      put("running");
      return handed;
    },
    async rest(token, sent, wait) {
      const ticket = { token, isOfRun: true, sent };
      put("resting", { ticket });
      const ours = () => {
        const place = look();
        return place?.ticket === ticket ? place : undefined;
      };
      await wait(() => {
        const phase = ours()?.phase;
        return phase === "riding" ? "under_way" : phase === "handed" ? "done" : "nobody";
      });
      const handed = ours()?.handed ?? null;
      put("running");
      return handed;
    },
    end(failed) {
      const handed = look()?.handed ?? null;
      if (handed !== null) put("handed", { handed });
      else if (failed) put("failed");
      else places.delete(name);
    },
  };
}
