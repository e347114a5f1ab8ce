/** No service may put us off for longer, ms; `RetryAfter` waits no longer either. */
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
