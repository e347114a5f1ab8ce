/*
 * What was measured of one shard. `npm run bench model` measures it anew on the machine where it runs, prints this block,
 * and compares the model with what it saw. Processor times of another machine differ by a factor of two to four.
 */

/** Processor time for one event, ms. */
export interface CpuMs {
  readonly worker: number;
  readonly postgres: number;
}

/** Of one event: to publish and relay it, and for each consumer that handles it. */
export interface EventCpu {
  readonly publish: CpuMs;
  readonly handle: CpuMs;
}

export const measured = {
  on: "2026-11-27",
  machine: "2 virtual cores (AMD EPYC) with nothing else to do",
  /** Each event in a request and a transaction of its own. */
  alone: { publish: { worker: 2.0, postgres: 1.1 }, handle: { worker: 1.2, postgres: 0.6 } },
  /** Many events in a request, a round and a transaction. */
  together: { publish: { worker: 0.037, postgres: 0.051 }, handle: { worker: 0.04, postgres: 0.024 } },
  /** Wall time of each event in a large batch, ms: to relay it, and to handle it by a set. */
  wall: { relay: 0.04, drain: 0.074 },
  /** Of a row with its indexes, and of a stream entry; events of about 400 bytes. */
  bytes: { eventRow: 937, claimRow: 474, streamEntry: 487 },
} as const satisfies {
  on: string;
  machine: string;
  alone: EventCpu;
  together: EventCpu;
  wall: { readonly relay: number; readonly drain: number };
  bytes: Readonly<Record<string, number>>;
};
