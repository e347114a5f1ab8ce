import type { SQL } from "drizzle-orm";
import { leaveTenantSql } from "../db/beyond-tenant.ts";
import type { Database, Ending } from "../db/database.ts";
import { type Inserted, publishEventsSql, type RecordedEvent } from "../publish/record.ts";
import type { BareRow } from "./relay-sql.ts";
import { beginRide, inHandOfIsolate, type Ride, type RideDeps } from "./ride.ts";

/** The end of a transaction that records events; its statements are the last ones before the COMMIT, but for the fence. */
export interface Recording extends Ending {
  /** @returns the ids that were new */
  committed(answers: readonly (readonly unknown[])[]): Set<string>;
  failed(isSure: boolean): void;
}

/** Where a transaction is that records events. */
export interface RecordingDeps extends RideDeps {
  /** The database of the transaction. */
  readonly db: Pick<Database, "batch" | "tenantId">;
  /** Null: no relay will run. */
  readonly redis: unknown;
}

/**
 * Records events, and takes the relay's next batch along where it can be had at once: for whoever starts the relay behind
 * the commit. What is recorded is in the hand of this isolate then, so that the relay need not read it back.
 *
 * @param record the statement; left out: that of what a transaction publishes
 */
export function beginRecording(
  deps: RecordingDeps,
  events: readonly RecordedEvent[],
  record: (events: readonly RecordedEvent[]) => SQL = publishEventsSql,
): Recording {
  const { db } = deps;
  const inHand = inHandOfIsolate(deps);
  const ride = deps.redis === null ? null : beginRide(deps, inHand);
  // A tenant's role may neither see nor move the relay, which sends the events of all.
  const asRelay = (statement: SQL) => (db.tenantId === null ? [statement] : [leaveTenantSql(), statement]);
  const read = (inserted: unknown) => {
    const { fresh = null, transaction = null } = (inserted ?? {}) as Partial<Inserted>;
    const ids = new Set(fresh ?? events.map(({ event }) => event.id));
    if (transaction !== null && deps.redis !== null) {
      inHand.hold(transaction, fresh === null ? events : events.filter(({ event }) => ids.has(event.id)));
    }
    return ids;
  };
  // A lease that stays is over by itself, so nobody is told when it does.
  const undo = ({ undo: statement }: Ride) => {
    if (statement !== null) void db.batch(asRelay(statement)).catch(() => undefined);
  };
  return {
    statements: [record(events), ...(ride === null ? [] : asRelay(ride.statement))],
    committed(answers) {
      const ids = read(answers[0]?.[0]);
      if (ride === null) return ids;
      const taken = (answers.at(-1) ?? []) as readonly BareRow[];
      // When nothing is new, nobody starts the relay.
      ride.end(ids.size === 0 ? null : taken);
      if (ids.size === 0 && taken.length > 1) undo(ride);
      return ids;
    },
    failed(isSure) {
      ride?.end(null);
      // Else nobody knows what became of the lease.
      if (ride !== null && !isSure) undo(ride);
    },
  };
}
