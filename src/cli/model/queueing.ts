/*
 * A shard is a line of two servers, the relay and the drain of a consumer. Each takes all that waits, up to a number, and
 * serves it at once. Times are in ms. Everything is pure: randomness is an argument.
 */

export interface Server {
  /** Taken at once, at most. */
  readonly maxBatch: number;
  /** From the take until the events are through. */
  throughMs(events: number): number;
  /** From the take until the next take: never less than `throughMs`. */
  busyMs(events: number): number;
}

export interface Served {
  /** When each event was through, in the order of the arrivals. */
  readonly departures: readonly number[];
  /** Takes. */
  readonly batches: number;
  /** Time in which the server was busy. */
  readonly busyMs: number;
}

/** Lets a server work on what arrives at these times, which must not fall. */
export function serve(arrivals: readonly number[], server: Server): Served {
  const departures: number[] = [];
  let [freeAt, next, batches, busyMs] = [0, 0, 0, 0];
  for (let first = arrivals[0]; first !== undefined; first = arrivals[next]) {
    const takenAt = Math.max(freeAt, first);
    let count = 0;
    while (count < server.maxBatch && (arrivals[next + count] ?? Number.POSITIVE_INFINITY) <= takenAt)
      count += 1;
    const throughAt = takenAt + server.throughMs(count);
    for (let event = 0; event < count; event += 1) departures.push(throughAt);
    const busy = server.busyMs(count);
    freeAt = takenAt + busy;
    next += count;
    batches += 1;
    busyMs += busy;
  }
  return { departures, batches, busyMs };
}

/** Arrivals without memory, at a mean rate. @param random gives numbers from 0 to below 1 */
export function poissonArrivals(count: number, perSecond: number, random: () => number): number[] {
  const times: number[] = [];
  let now = 0;
  for (let event = 0; event < count; event += 1) {
    now += (-Math.log(1 - random()) * 1_000) / perSecond;
    times.push(now);
  }
  return times;
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The most that a server takes in a second: full batches, one behind the other. */
export function capacityPerSecond(server: Server): number {
  return (1_000 * server.maxBatch) / server.busyMs(server.maxBatch);
}

/**
 * Takes in a second at a rate below the capacity: each take finds what came during the one before, and at least one
 * event. `busyMs` must be a line: a time for each take and one for each event.
 */
export function batchesPerSecond(server: Server, perSecond: number): number {
  const perEventMs = server.busyMs(1) - server.busyMs(0);
  const fixedMs = server.busyMs(0);
  const idleShare = 1 - (perSecond * perEventMs) / 1_000;
  const backToBack = idleShare <= 0 ? 0 : (1_000 * idleShare) / fixedMs;
  return Math.min(perSecond, Math.max(backToBack, perSecond / server.maxBatch));
}
