/** What a month costs in Redis commands; Upstash bills each, also those of a pipeline. */
export interface CostEstimate {
  readonly idle_per_month: number;
  readonly per_event_alone: number;
  readonly per_event_in_bulk: number;
  readonly lines: readonly (readonly [string, string])[];
  readonly note: string;
}

const ticksPerMonth = 60 * 24 * 30;
/** Commands of a cron tick that finds nothing to do: one script looks at all groups. */
const perIdleTick = 1;
/** Commands of a relay's batch: the script that appends it. */
const perBatch = 1;
/** Commands of a drain that handles one round: lease, pending, read, ack with the look for more, release. */
const perTick = 7;
/** Further commands of each round in a longer drain: ack, pending, read. */
const perRound = 3;
/** Events that a batch and a round hold when there are many. */
const bulk = 100;

/** Pure; an estimate, because it depends on how many events come together. */
export function estimateCost(places: number, shards: number): CostEstimate {
  const consumers = Math.max(1, Math.round(places / Math.max(1, shards)));
  const idle = ticksPerMonth * perIdleTick;
  const alone = perBatch + consumers * perTick;
  const inBulk = (perBatch + consumers * perRound) / bulk;
  const count = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 2 });
  return {
    idle_per_month: idle,
    per_event_alone: alone,
    per_event_in_bulk: inBulk,
    lines: [
      ["Redis commands a month, idle", count(idle)],
      ["and for each event that comes alone", count(alone)],
      ["and for each event among many", count(inBulk)],
      ["e.g. 1,000 events a day, each alone", count(idle + 30_000 * alone)],
      ["e.g. 1,000,000 events a day in bulk", count(idle + 30_000_000 * inBulk)],
    ],
    note: `Estimated for ${consumers} consumers on ${shards} ${shards === 1 ? "shard" : "shards"}, all of which read each event.`,
  };
}
