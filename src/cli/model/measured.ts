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
  on: "2026-11-26",
  machine: "2 virtual cores (AMD EPYC), busy with other work",
  /** Each event in a request and a transaction of its own. */
  alone: { publish: { worker: 4.4, postgres: 5.1 }, handle: { worker: 2.2, postgres: 0.7 } },
  /** Many events in a request, a round and a transaction. */
  together: { publish: { worker: 0.049, postgres: 0.084 }, handle: { worker: 0.022, postgres: 0.022 } },
  /** Wall time of each event in a large batch, ms: to relay it, and to handle it by a set. On the same machine when quiet. */
  wall: { relay: 0.05, drain: 0.05 },
  /** Of a row with its indexes, and of a stream entry; events of about 400 bytes. */
  bytes: { eventRow: 1_395, claimRow: 473, streamEntry: 504 },
} as const satisfies {
  on: string;
  machine: string;
  alone: EventCpu;
  together: EventCpu;
  wall: { readonly relay: number; readonly drain: number };
  bytes: Readonly<Record<string, number>>;
};
