/** What is left of a limit. */
export interface Left {
  readonly allowed: boolean;
  /** Whole requests that may follow at once. */
  readonly remaining: number;
  /** Seconds until one more is allowed; 0 when one is now. */
  readonly againSeconds: number;
  /** Seconds until all of them are. */
  readonly resetSeconds: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** More callers than these are not told apart in time: who was seen longest ago is forgotten, and begins anew. */
const maxBuckets = 20_000;

/**
 * Token buckets of one isolate, in its memory: a minute's worth at once, refilled evenly. They cost no call, and protect
 * this isolate: each other isolate counts for itself, so all together let through as many times more.
 */
export class Buckets {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one. @param nowMs Unix time, ms */
  take(whose: string, perMinute: number, nowMs: number): Left {
    const bucket = this.#filled(whose, perMinute, nowMs);
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    this.#keep(whose, bucket);
    return leftOf(bucket, perMinute, allowed);
  }

  /** Looks, and takes none. */
  look(whose: string, perMinute: number, nowMs: number): Left {
    const bucket = this.#filled(whose, perMinute, nowMs);
    return leftOf(bucket, perMinute, bucket.tokens >= 1);
  }

  #filled(whose: string, perMinute: number, nowMs: number): Bucket {
    const known = this.#buckets.get(whose);
    if (known === undefined) return { tokens: perMinute, atMs: nowMs };
    const refilled = (Math.max(0, nowMs - known.atMs) * perMinute) / 60_000;
    return { tokens: Math.min(perMinute, known.tokens + refilled), atMs: nowMs };
  }

  #keep(whose: string, bucket: Bucket): void {
    this.#buckets.delete(whose);
    this.#buckets.set(whose, bucket);
    const [oldest] = this.#buckets.size > maxBuckets ? this.#buckets.keys() : [];
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

function leftOf({ tokens }: Bucket, perMinute: number, allowed: boolean): Left {
  const secondsFor = (missing: number) => Math.ceil((Math.max(0, missing) * 60) / perMinute);
  return {
    allowed,
    remaining: Math.floor(tokens),
    againSeconds: secondsFor(1 - tokens),
    resetSeconds: secondsFor(perMinute - tokens),
  };
}
