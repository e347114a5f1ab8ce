/** An entry as the plan sees it; `key` null means that it has no order among others. */
export interface Orderable {
  readonly key: string | null;
}

/** A pending entry, oldest first in its list. */
export interface PendingOrderable extends Orderable {
  readonly due: boolean;
  /** Tries begun; 0 means set aside before any. */
  readonly deliveries: number;
}

/** What one round does with what it found. Each list keeps the order of the stream. */
export interface RoundPlan<Pending, Fresh> {
  /** Delivered before, so one of them may have killed its isolate: each runs alone. */
  readonly alone: readonly Pending[];
  /** Read earlier but never tried; free to run now, together with `fresh`. */
  readonly resumed: readonly Pending[];
  readonly fresh: readonly Fresh[];
  /** Just read, but an older entry with the same key waits: set aside behind it. */
  readonly parked: readonly Fresh[];
  /** Keys that wait; later entries with them wait too. */
  readonly blockedKeys: ReadonlySet<string>;
}

/**
 * Decides what may run: an entry runs only when no older entry with the same key waits, and entries with other keys go
 * on. Both lists come in stream order, and everything pending is older than everything fresh.
 */
export function planRound<Pending extends PendingOrderable, Fresh extends Orderable>(
  pending: readonly Pending[],
  fresh: readonly Fresh[],
): RoundPlan<Pending, Fresh> {
  const blockedKeys = new Set<string>();
  const alone: Pending[] = [];
  const resumed: Pending[] = [];
  const resumedKeys = new Set<string>();
  for (const entry of pending) {
    const { due, key, deliveries } = entry;
    if (key !== null && blockedKeys.has(key)) continue;
    // What runs alone runs first, so it must not pass an older one that runs with the others.
    const passes = deliveries > 0 && key !== null && resumedKeys.has(key);
    if (!due || passes) {
      if (key !== null) blockedKeys.add(key);
      continue;
    }
    (deliveries === 0 ? resumed : alone).push(entry);
    if (deliveries === 0 && key !== null) resumedKeys.add(key);
  }
  const isBlocked = (entry: Orderable) => entry.key !== null && blockedKeys.has(entry.key);
  return {
    alone,
    resumed,
    fresh: fresh.filter((entry) => !isBlocked(entry)),
    parked: fresh.filter(isBlocked),
    blockedKeys,
  };
}

/**
 * Puts what runs alone into the order in which it harms least: what ended fewest workers first. So whoever kills workers
 * faster than they come up hits another entry each time, and what really ends its worker does so when the others are
 * done. Entries with the same key keep their order, all behind the most suspect one before them.
 *
 * @param deathsOf tries that ended the worker
 */
export function leastSuspectFirst<T extends Orderable>(
  items: readonly T[],
  deathsOf: (item: T) => number,
): readonly T[] {
  const deathsByKey = new Map<string, number>();
  const ranked = items.map((item) => {
    const deaths = Math.max(deathsOf(item), item.key === null ? 0 : (deathsByKey.get(item.key) ?? 0));
    if (item.key !== null) deathsByKey.set(item.key, deaths);
    return { item, deaths };
  });
  return ranked.toSorted((left, right) => left.deaths - right.deaths).map(({ item }) => item);
}

/**
 * Splits deliveries into at most `lanes` lists that may run side by side: those with the same key share a list and
 * keep their order; those without a key are dealt evenly.
 *
 * @param minPerLane below this many per lane a further connection costs more than it saves
 */
export function splitLanes<T extends Orderable>(
  items: readonly T[],
  lanes: number,
  minPerLane: number,
  hash: (key: string) => number,
): readonly (readonly T[])[] {
  const count = Math.max(1, Math.min(lanes, Math.floor(items.length / minPerLane)));
  if (count === 1) return items.length === 0 ? [] : [items];
  const lists = Array.from({ length: count }, (): T[] => []);
  items.forEach((item, index) => {
    lists[(item.key === null ? index : hash(item.key)) % count]?.push(item);
  });
  return lists.filter((list) => list.length > 0);
}
