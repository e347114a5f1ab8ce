import type { SQL } from "drizzle-orm";
import type { AlertKind } from "../core/alert-kind.ts";

/**
 * In the hash of failing work: what is watched is to be looked at with the next tick of cron. Each time it gets another
 * value, so that a look takes away only what it was begun for.
 */
export const watchMark = "alerts";

/** What follows the command that marks: the key, the field and a value of its own. */
export function watchMarkWords(key: string): [string, string, string] {
  return [key, watchMark, crypto.randomUUID()];
}

/** A condition that alerts tell of. */
export interface AlertWatch {
  /** What it raises. An open alert of such a kind that the query does not give is over. */
  readonly kinds: readonly AlertKind[];
  /**
   * A query of kind, subject, severity, message, tenant_id and event_ids (text[]), in this order: 100 rows at most, and
   * bounded in what it reads.
   */
  readonly seen: SQL;
  /** Its end is worth a look with each tick of cron; left out: the sweep finds it. */
  readonly isBrief?: boolean;
}
