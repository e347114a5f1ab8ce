/** What the bench asks of a peer's process, and what it answers. */

/** A peer, in one of the ways in which it can be used. */
export const peerKinds = [
  "bullmq",
  "pg-boss",
  "graphile-worker, transaction per job",
  "graphile-worker, group commit",
] as const;
export type PeerKind = (typeof peerKinds)[number];

/** First argument of the process, as JSON. */
export interface PeerOptions {
  readonly kind: PeerKind;
  readonly redisUrl: string;
  readonly databaseUrl: string;
}

/** All times in ms. */
export interface PeerCalls {
  /** Throws away all jobs, effects and claims. */
  clear(): Promise<void>;
  /** One after the other, or `width` under way. */
  publish(n: number, width: number): Promise<number>;
  /** By the call that the peer has for many, `size` each, two under way. */
  publishBulk(n: number, size: number): Promise<number>;
  /** Works off the `n` jobs that are there; from the first one in hand to the last effect, and until all is told as done. */
  drain(n: number): Promise<number>;
  /** Publishes at a rate while it also works; when each was published, Unix ms. */
  paced(n: number, perSecond: number): Promise<readonly (readonly [id: string, sentAt: number])[]>;
}

export interface PeerRequest {
  readonly method: keyof PeerCalls;
  readonly args: readonly number[];
}

export type PeerAnswer = { readonly result: unknown } | { readonly error: string };
