import type { PeerEvent } from "./effects.ts";

/** What a peer's adapter offers. */
export interface Side {
  clear(): Promise<void>;
  publish(event: PeerEvent): Promise<unknown>;
  publishMany(events: readonly PeerEvent[]): Promise<unknown>;
  /** Begins to work jobs off. @returns what ends it, when all that was done is told as done */
  work(): Promise<() => Promise<void>>;
}

/** What an adapter is made of. */
export interface SideOptions {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** To be called when jobs come into the hand of a handler. */
  readonly onTaken: () => void;
  /** To be called when the effects of so many jobs are committed. */
  readonly onApplied: (count: number) => void;
}
