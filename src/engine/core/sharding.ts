/** FNV-1a, 32 bit: stable across runtimes and releases, which is all that spreading keys and jitter need. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Mixes 32 bits, so that each bit of the hash moves all of them: texts that differ in their last character alone have
 * hashes that differ little in their highest bits. The end of MurmurHash3.
 *
 * @see https://github.com/aappleby/smhasher/wiki/MurmurHash3
 */
export function mixBits(hash: number): number {
  let bits = hash;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
