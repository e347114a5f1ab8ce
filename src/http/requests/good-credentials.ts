import { sha256Hex } from "@brain/engine";

/** How long a credential that was let in is known, ms. */
const knownMs = 10 * 60_000;

/** When there are more than these, who was let in longest ago is forgotten. */
const maxKnown = 10_000;

/**
 * Credentials that this isolate let in lately, as hashes. Whoever guesses at an address, or goes on there with a key that
 * has ended, does not shut these out: all programs behind one network, and all Workers of Cloudflare that call from
 * another zone, have one address.
 */
export class GoodCredentials {
  readonly #untilMs = new Map<string, number>();

  /** @param nowMs Unix time, ms */
  async note(credential: string, nowMs: number): Promise<void> {
    const hash = await sha256Hex(credential);
    this.#untilMs.delete(hash);
    this.#untilMs.set(hash, nowMs + knownMs);
    const [oldest] = this.#untilMs.size > maxKnown ? this.#untilMs.keys() : [];
    if (oldest !== undefined) this.#untilMs.delete(oldest);
  }

  async forget(credential: string): Promise<void> {
    this.#untilMs.delete(await sha256Hex(credential));
  }

  async isKnown(credential: string, nowMs: number): Promise<boolean> {
    return (this.#untilMs.get(await sha256Hex(credential)) ?? 0) > nowMs;
  }
}
