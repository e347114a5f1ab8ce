import type { Database } from "../db/database.ts";
import type { Invocation } from "../invocation.ts";
import { noteAnnouncedSql, type Seal, sealsSql, toAnnounceSql } from "./seal-sql.ts";

/* What of the hash chain is asked for now and then: its code is loaded then. */

/** As `verifyDay` of `verify-day.ts`. */
export async function verifyDay(invocation: Invocation, day: string, after: number) {
  const { verifyDay: verify } = await import("./verify-day.ts");
  return verify(invocation, day, after);
}

/** Sealed days, the newest first, with the day that the janitor is at. @param before a day; null: from the newest on */
export async function listSeals(
  db: Database,
  before: string | null,
  limit: number,
): Promise<{ readonly days: readonly object[]; readonly next_cursor: string | null }> {
  const seals = await db.rows<Seal>(sealsSql(before, limit + 1));
  const page = seals.slice(0, limit);
  const next = seals.length > limit ? (page.at(-1)?.day ?? null) : null;
  const days = page.map(({ day, root, previous, rows, from, to, sealed_at, announced_at }) => {
    const bounds = { from_position: Number(from), to_position: Number(to) };
    return { day, root, previous, rows, ...bounds, sealed_at, announced_at };
  });
  return { days, next_cursor: next };
}

/** Sealed days whose root was not sent outside, the oldest first. */
export function sealsToAnnounce(
  db: Database,
  limit: number,
): Promise<readonly Pick<Seal, "day" | "root" | "previous" | "rows" | "sealed_at">[]> {
  return db.rows<Seal>(toAnnounceSql(limit));
}

/** Notes that the root of a day was sent outside. */
export async function noteAnnounced(db: Database, day: string): Promise<void> {
  await db.rows(noteAnnouncedSql(day));
}
