import { isPrivateAddress, isToBeResolved, PermanentError, refusedHost, TransientError } from "@brain/engine";
import type { ResolveHost } from "./ports/host-names.ts";

/** What was read of an answer. */
export interface BoundedText {
  readonly text: string;
  /** The answer was longer than what is kept. */
  readonly truncated: boolean;
}

/** Reads up to a bound, bytes, and hangs up, so that an endless answer cannot fill the memory. */
export async function readBounded(response: Response, maxBytes: number): Promise<BoundedText> {
  if (response.body === null) return { text: "", truncated: false };
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let left = maxBytes; ; ) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), truncated: false };
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.byteLength;
    if (left < 0) {
      await reader.cancel();
      return { text, truncated: true };
    }
  }
}

/**
 * By its spelling, too: an address that was stored while its host was listed is called no more once that is taken off.
 *
 * @throws {PermanentError} the host leads to a private network
 * @throws {TransientError} it cannot be resolved
 */
export async function requirePublic(
  url: URL,
  allow: readonly string[],
  resolve: ResolveHost | null,
): Promise<void> {
  const refused = refusedHost(url, allow);
  if (refused !== null) throw new PermanentError(`${url.host} is not called: ${refused}.`);
  if (resolve === null || !isToBeResolved(url, allow)) return;
  let addresses: readonly string[];
  try {
    addresses = await resolve(url.hostname);
  } catch (error) {
    throw new TransientError(`${url.host} could not be resolved.`, { cause: error });
  }
  if (addresses.length > 0 && !addresses.some(isPrivateAddress)) return;
  throw new PermanentError(
    `${url.host} leads to a private network; list it in BRAIN_MISSION_HTTP_ALLOW if it is meant.`,
  );
}
