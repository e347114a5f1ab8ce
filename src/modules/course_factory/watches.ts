import type { AlertWatch } from "@brain/engine";
import { sql } from "drizzle-orm";

/** Fewer failures than this within a day are not told, whatever their share. */
const leastFailures = 3;
/** Generations of each outcome that are counted. */
const counted = 1_000;

const ofADay = (type: string) => sql`
  SELECT id FROM (SELECT id, stored_at FROM events WHERE type = ${type} ORDER BY position DESC LIMIT ${counted}::integer) newest
  WHERE stored_at > now() - interval '1 day'`;

/** Generations of the last day that failed, as a share of all that ended. @param percent from which on somebody should know */
export function failingGenerations(percent: number): AlertWatch {
  return {
    kinds: ["generation_failures"],
    seen: sql`
      SELECT 'generation_failures', 'course_generation', CASE WHEN share >= ${percent * 10}::float8 THEN 'critical' ELSE 'high' END,
        format('%s of %s generations of the last day failed (%s %%), expected at most %s %%. Their course.generation.failed events say why.',
          failed, failed + completed, round(share::numeric, 1), ${percent}::float8),
        NULL::text, ids
      FROM (
        SELECT failed, completed, ids, 100.0::float8 * failed / (failed + completed) AS share FROM (
          SELECT count(*) AS failed, (array_agg(id::text))[1:20] AS ids FROM (${ofADay("course.generation.failed")}) f
        ) f CROSS JOIN LATERAL (
          SELECT CASE WHEN failed >= ${leastFailures}::integer
            THEN (SELECT count(*) FROM (${ofADay("course.generation.completed")}) c) END AS completed
        ) c WHERE failed >= ${leastFailures}::integer
      ) counted WHERE share > ${percent}::float8`,
  };
}
