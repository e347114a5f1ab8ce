import type { Logger } from "../core/telemetry/log.ts";
import type { Tracer } from "../core/telemetry/tracer.ts";
import type { Database } from "../db/database.ts";
import type { PublishSettings } from "../publish/publish.ts";
import type { StreamKeys } from "../stream/keys.ts";
import type { RedisHttp } from "../stream/redis.ts";
import type { InHand } from "./in-hand.ts";
import type { BatchBounds } from "./relay-sql.ts";

/** What the relay works with. */
export interface RelayDeps {
  readonly db: Database;
  /** The database of the shard. */
  readonly redis: RedisHttp;
  /** The one with the live channels and the daily log; left out: `redis`. */
  readonly sharedRedis?: RedisHttp;
  /** Number of the shard's database by the settings; left out: 1. */
  readonly redisNumber?: number;
  readonly keys: StreamKeys;
  readonly log: Logger;
  /** Left out or null: nobody traces. */
  readonly tracer?: Tracer | null;
  readonly settings: RelaySettings;
  /** What this isolate has recorded itself; left out: all is read from the record. */
  readonly inHand?: InHand;
  /** The configured number of shards, with which a new system begins. */
  readonly publish: Pick<PublishSettings, "shards">;
}

/** A consumer as the relay knows it. */
export interface Reader {
  readonly subscriber: string;
  readonly group: string;
  /** What shows by its claims that it was handled. Null: all types. */
  readonly types: readonly string[] | null;
}

export interface RelaySettings extends BatchBounds {
  /** A holder that vanished is succeeded after this time, ms. */
  readonly leaseMs: number;
  /** Writes entries that the first Python reader can parse, see `EncodeOptions.compat`. */
  readonly wireCompat: boolean;
  /** Also tells the listeners of the live channels and the daily log. */
  readonly fanOut: boolean;
  /** Events this old may be sent again: as long as the claims are kept that keep their effects from repeating. */
  readonly restorableDays: number;
  /** The consumers of the system: what they still need is sent again when another program trimmed it. */
  readonly readers: readonly Reader[];
}

/** One append: small enough for one HTTP request, large enough that the round trips do not count. */
export const defaultBatchBounds: BatchBounds = { maxCount: 1_000, maxBytes: 1_048_576 };
