/** A row of the queue. */
export interface QueuedDelivery {
  /** Primary key, decimal. */
  readonly place: string;
  readonly cause: "waiting" | "paused" | "redrive" | "replay" | "missed";
  readonly deadLetterId: string | null;
  readonly jobId: string | null;
  readonly epoch: number;
  /** Tries begun before this one. */
  readonly begun: number;
  /** Tries that came to an outcome. */
  readonly attempts: number;
  /** Unix time, ms; null when it never failed. */
  readonly firstFailedAtMs: number | null;
  readonly skipReason: string | null;
  readonly overtakable: boolean;
}
