import type { Clock } from "../core/clock.ts";
import { createGathering, type Gathered, type Gathering } from "../core/promises/gathering.ts";
import { meetsAnyStatement, sqlState } from "../db/errors.ts";
import type { Invocation } from "../invocation.ts";
import {
  freelyLockedKeys,
  insertEventsSql,
  type RecordedEvent,
  rememberedKeysOf,
} from "../publish/record.ts";
import { beginRecording } from "../relay/recording.ts";

const deadlockDetected = "40P01";
const maxInsertTries = 3;

/**
 * Records events in one statement, in their order; an id that is in the record is left as it is.
 *
 * Two requests that hold the same new ids in another order wait for each other, and Postgres ends one of them; the
 * order of a batch is the order of its events, so it cannot be sorted away. Nothing of the ended one is stored, and
 * when it is run again it finds the ids of the other.
 *
 * @returns the ids that are new
 * @throws {TransientError} Postgres is not reachable
 */
export async function recordEvents(
  invocation: Invocation,
  events: readonly RecordedEvent[],
): Promise<Set<string>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await insertAndHandOver(invocation, events);
    } catch (error) {
      if (sqlState(error) !== deadlockDetected || attempt >= maxInsertTries) throw error;
      invocation.log.info(
        { attempt, events: events.length },
        "Another request was storing the same events; trying again.",
      );
    }
  }
}

/** The relay of this isolate gets them without asking for them; as a rule the same request takes its next batch along. */
async function insertAndHandOver(
  invocation: Invocation,
  events: readonly RecordedEvent[],
): Promise<Set<string>> {
  const recording = beginRecording(invocation, events, insertEventsSql);
  let answers: readonly (readonly unknown[])[];
  try {
    answers = await invocation.db.batch(recording.statements);
  } catch (error) {
    recording.failed(sqlState(error) !== null);
    invocation.publish.personal?.forget(rememberedKeysOf(events));
    throw error;
  }
  return recording.committed(answers);
}

/** Of one statement, in UTF-16 units of the payloads: as much as a batch that comes in one request. */
const maxTogether = 1_048_576;
/**
 * A statement takes milliseconds; a Postgres that has to wake up first, a second or two. Whoever calls waits for about
 * half a minute, which must do for the lost statement and for the second one.
 */
const usuallyLostAfterMs = 5_000;

/**
 * How events gather that come in by requests of their own. As many together as lock their keys without waiting for a turn.
 *
 * @param lostAfterMs after this time a statement that did not come back counts as lost
 */
export function gatherEvents(
  now: Clock,
  lostAfterMs = usuallyLostAfterMs,
): Gathering<RecordedEvent, boolean> {
  return createGathering({
    maxItems: freelyLockedKeys,
    maxSize: maxTogether,
    sizeOf: ({ event }) => JSON.stringify(event.payload).length,
    lostAfterMs,
    now,
  });
}

/**
 * Records one event together with those that other requests of this isolate bring at the same time, as far as they are
 * for the same tenant's database: they share a statement, and nothing else.
 *
 * @returns whether its id was new
 * @throws as `recordEvents` for this event alone
 */
export function recordTogether(
  invocation: Invocation,
  event: RecordedEvent,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Gathered<boolean>> {
  // No tenant has an empty name.
  return invocation.gathering.join(invocation.db.tenantId ?? "", event, {
    async send(events) {
      const fresh = await recordEvents(invocation, events);
      // The first of several with one id is the new one.
      return ({ event: { id } }) => fresh.delete(id);
    },
    concernsAll: meetsAnyStatement,
    waitUntil,
  });
}
