/** FNV-1a, 32 bit: stable across runtimes and releases, which is all that placing keys needs. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** The shard (0 … shards-1) of a key: events with the same key share a shard, so they keep their order. */
export function shardOf(key: string, shards: number): number {
  return shards === 1 ? 0 : hashText(key) % shards;
}
