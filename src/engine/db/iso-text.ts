import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** A time of Postgres as ISO 8601 text in UTC with milliseconds, as JSON and JavaScript write it; null stays null. */
export const isoText = (time: SQLWrapper): SQL =>
  sql`to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
