/** What has an ordering key; null means that it has no order among others. */
export interface Orderable {
  readonly key: string | null;
}

/** A delivery as the plan sees it. */
export interface Plannable extends Orderable {
  /** Later ones with its key need not wait for it. */
  readonly overtakable: boolean;
  /** Unix time, ms, from which it may be tried. */
  readonly dueAtMs: number;
  /** Tries begun; 0 means set aside before any. */
  readonly begun: number;
}

/** The key within which it has to keep its place; null once later ones may overtake it. */
export function orderOf({ key, overtakable }: Pick<Plannable, "key" | "overtakable">): string | null {
  return overtakable ? null : key;
}

/** What one round does with what it took. Each list keeps the order of the stream. */
export interface RoundPlan<T> {
  /** Tried before, so one of them may have killed its isolate: each runs alone. */
  readonly alone: readonly T[];
  /** Met earlier but never tried; free to run now, together with `fresh`. */
  readonly resumed: readonly T[];
  readonly fresh: readonly T[];
  /** New, but an older one with the same key waits. */
  readonly behind: readonly T[];
  /** Met earlier, and does not run now: it is not due, or an older one with the same key waits or runs. */
  readonly left: readonly T[];
}

/** What the plan asks of a delivery beside its own fields. */
export interface RoundView<T> {
  /** It is new. Whatever else was taken was met before. */
  isFresh(delivery: T): boolean;
  /** An older one with its key may stand on the stream that nobody has read. */
  isBeyond(delivery: T): boolean;
  /** Unix time, ms. */
  readonly nowMs: number;
}

/**
 * Decides what may run: a delivery runs only when no older one with the same key waits, and those with other keys go on.
 * Most of what was met before is older than what is new, and not all: a replay defers events that its consumer has not
 * read yet, and a group may be set back.
 *
 * @param taken in stream order
 */
export function planRound<T extends Plannable>(
  taken: readonly T[],
  { isFresh, isBeyond, nowMs }: RoundView<T>,
): RoundPlan<T> {
  const blockedKeys = new Set<string>();
  const togetherKeys = new Set<string>();
  const plan = { alone: [] as T[], resumed: [] as T[], fresh: [] as T[], behind: [] as T[], left: [] as T[] };
  for (const delivery of taken) {
    const key = orderOf(delivery);
    const isNew = isFresh(delivery);
    const wasTried = delivery.begun > 0;
    // What runs alone runs first, so it must not pass an older one that runs with the others.
    const passes = wasTried && key !== null && togetherKeys.has(key);
    const isBlocked = key !== null && (blockedKeys.has(key) || (!isNew && isBeyond(delivery)));
    if (delivery.dueAtMs > nowMs || passes || isBlocked) {
      if (key !== null) blockedKeys.add(key);
      (isNew ? plan.behind : plan.left).push(delivery);
      continue;
    }
    (isNew ? plan.fresh : wasTried ? plan.alone : plan.resumed).push(delivery);
    if (!wasTried && key !== null) togetherKeys.add(key);
  }
  return plan;
}

/** Those that have no older one with their key before them. @param items in the order of the stream */
export function firstOfEachKey<T extends Pick<Plannable, "key" | "overtakable">>(
  items: readonly T[],
): readonly T[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = orderOf(item);
    const isFirst = key === null || !seen.has(key);
    if (key !== null) seen.add(key);
    return isFirst;
  });
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
