/** Times as people write them into a search: how long ago, a day, or a moment. */

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const local = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,3})?)?)?$/;

/**
 * ISO 8601 in UTC for `90s`, `30min`, `1h`, `2d`, `1w` (so long ago), `2026-03-01`, `2026-03-01T10:00` (both in the
 * viewer's zone) and `2026-03-01T10:00:00Z`; null for anything else.
 */
export function readLineTime(text: string, now: Date, zone: string): string | null {
  const ago = /^(\d{1,6})(s|min|m|h|d|w)$/.exec(text);
  if (ago !== null) {
    const ms = now.getTime() - Number(ago[1]) * (units[ago[2] ?? ""] ?? 0);
    return isoOf(ms);
  }
  const parts = local.exec(text);
  if (parts !== null) {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
    const asUtc = new Date(
      Date.UTC(year, month - 1, day, hour || 0, minute || 0, Number.isNaN(second) ? 0 : second),
    );
    // A date that does not exist, such as April 31, has become another one.
    if (asUtc.getUTCFullYear() !== year || asUtc.getUTCMonth() !== month - 1 || asUtc.getUTCDate() !== day)
      return null;
    return isoOf(asUtc.getTime() - offsetMs(asUtc.getTime() - offsetMs(asUtc.getTime(), zone), zone));
  }
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/i.test(text)) return null;
  return isoOf(Date.parse(text));
}

function isoOf(ms: number): string | null {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date.toISOString() : null;
}

/** How far the zone is ahead of UTC at a moment. */
function offsetMs(ms: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(ms);
  const of = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  const seen = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return seen - Math.floor(ms / 1_000) * 1_000;
}
