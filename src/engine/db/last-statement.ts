import type { SQL } from "drizzle-orm";

/** What each transaction of a database ends with (`endingWith`). */
export interface LastStatement {
  /** Asked for at each end; null: this one has none. A transaction in which it fails is rolled back. */
  readonly statement: () => SQL | null;
  /** What to throw for a failed transaction; null: the failure is of something else. */
  readonly refusal: (failure: unknown) => Error | null;
}
