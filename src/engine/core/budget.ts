/**
 * Counts the outgoing calls of one invocation. Workers end an invocation that makes more than its plan allows (50 on
 * the free plan, 10,000 on the paid one), so work stops cleanly before that.
 *
 * @see https://developers.cloudflare.com/workers/platform/limits/#subrequests
 */
export interface SubrequestMeter {
  /** Notes `n` calls, one when left out. */
  count(n?: number): void;
  readonly used: number;
  readonly limit: number;
  /** True when fewer than `reserve` calls are left below 80 % of the limit. */
  isNear(reserve?: number): boolean;
}

/** Share of the limit after which no new work is begun; the rest is for finishing what runs. */
const usableShare = 0.8;

export function createSubrequestMeter(limit: number): SubrequestMeter {
  let used = 0;
  return {
    count(n = 1) {
      used += n;
    },
    get used() {
      return used;
    },
    limit,
    isNear: (reserve = 0) => used + reserve >= limit * usableShare,
  };
}
