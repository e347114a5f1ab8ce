import { isObject } from "../core/received.ts";

/** Event types that were sent to one shard. */
export interface ShardNews {
  readonly shard: number;
  readonly types: readonly string[];
}

/** What a relay has sent, for those who wake the consumers. It is plain JSON, so a wake can carry it. */
export type News = readonly ShardNews[];

/**
 * News as a wake carried it. Null for anything else, which means to look everywhere: a wake of another release must not
 * be lost, and a look that finds nothing costs little.
 */
export function parseNews(value: unknown): News | null {
  if (!Array.isArray(value)) return null;
  const news = value.flatMap((one: unknown): ShardNews[] => {
    if (!isObject(one)) return [];
    const { shard, types } = one as { readonly shard?: unknown; readonly types?: unknown };
    if (!Number.isSafeInteger(shard) || Number(shard) < 0 || !Array.isArray(types)) return [];
    return [{ shard: Number(shard), types: types.map(String) }];
  });
  return news.length === value.length ? news : null;
}
