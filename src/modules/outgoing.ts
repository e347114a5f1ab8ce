import { isPrivateAddress, isToBeResolved, PermanentError, TransientError } from "@brain/engine";
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
 * @throws {PermanentError} the name leads to a private network
 * @throws {TransientError} it cannot be resolved
 */
export async function requirePublic(
  url: URL,
  allow: readonly string[],
  resolve: ResolveHost | null,
): Promise<void> {
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

/** No receiver may put us off for longer, ms. */
const mostAskedMs = 86_400_000;

/**
 * Milliseconds of a `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3), a day at most; null when absent or unreadable.
 *
 * @param now the clock against which a date is read; null: there is none, and a date cannot be read
 */
export function retryAfterMs(header: string | null, now: Date | null): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * 1_000, mostAskedMs);
  // All forms of a date begin with its weekday; of what else there is, JavaScript makes dates of its own.
  if (now === null || !/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null;
  const ms = Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), mostAskedMs);
}
