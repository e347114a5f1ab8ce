/** A tenant counts as served when it has this many of what was read, and this share of it. */
const leastServed = 2;
const leastShare = 0.01;

/**
 * The tenants whose events are being read in numbers, so that others may wait behind them. Empty when none is: then what
 * waits is of many, and each has its turn in the order of the stream.
 *
 * @param tenants of each event that was read; empty for one that belongs to none
 */
export function servedBy(tenants: readonly string[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const tenant of tenants) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  const least = Math.max(leastServed, leastShare * tenants.length);
  return new Set([...counts].flatMap(([tenant, count]) => (count >= least ? [tenant] : [])));
}
