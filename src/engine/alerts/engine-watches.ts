import { sql } from "drizzle-orm";
import {
  boundOf,
  countOf,
  criticalBoundsMs,
  type Histogram,
  quantileMs,
} from "../core/telemetry/histogram.ts";
import type { AlertWatch } from "../db/alert-watch.ts";
import type { AlertThresholds, Invocation } from "../invocation.ts";
import type { Alert } from "./alerts.ts";

/** What the engine itself is watched for. Each query reads through an index that holds little but what it looks for. */

/** Dead letters that are counted; more are as many. */
const countedLetters = 5_000;
/** Times the threshold from which on it is critical. */
const muchWorse = 6;

export function engineWatches({ alerts }: Pick<Invocation, "alerts">): AlertWatch[] {
  const { windowMinutes, deadLetters, relaySeconds } = alerts;
  return [
    {
      kinds: ["dead_letters"],
      isBrief: true,
      seen: sql`
        SELECT 'dead_letters', subscriber_name, CASE WHEN count(*) >= ${deadLetters * muchWorse}::integer THEN 'critical' ELSE 'high' END,
          format('%s events of %s became dead letters within %s minutes, expected less than %s. charter dlq ls --groups shows why.',
            count(*), subscriber_name, ${windowMinutes}::integer, ${deadLetters}::integer),
          NULL::text, (array_agg(event_id::text ORDER BY id DESC) FILTER (WHERE event_id IS NOT NULL))[1:20]
        FROM (
          SELECT id, subscriber_name, event_id FROM dead_letters
          WHERE status = 'open' AND last_failed_at > now() - ${windowMinutes}::integer * interval '1 minute'
          ORDER BY last_failed_at DESC LIMIT ${countedLetters}::integer
        ) d GROUP BY subscriber_name HAVING count(*) >= ${deadLetters}::integer LIMIT 100`,
    },
    {
      kinds: ["dead_letter_critical"],
      isBrief: true,
      seen: sql`
        SELECT 'dead_letter_critical', subscriber_name, 'critical',
          format('%s events with severity CRITICAL are dead letters of %s, e.g. %s. Redrive or discard them: charter dlq ls --subscriber %s',
            count(*), subscriber_name, min(event_type), subscriber_name),
          NULL::text, (array_agg(event_id::text ORDER BY id DESC) FILTER (WHERE event_id IS NOT NULL))[1:20]
        FROM (
          SELECT id, subscriber_name, event_id, event_type FROM dead_letters
          WHERE status = 'open' AND upper(raw_fields ->> 'severity') = 'CRITICAL'
          ORDER BY id DESC LIMIT ${countedLetters}::integer
        ) d GROUP BY subscriber_name LIMIT 100`,
    },
    {
      kinds: ["relay_backlog"],
      isBrief: true,
      seen: sql`
        SELECT 'relay_backlog', 'relay', CASE WHEN age >= ${relaySeconds * muchWorse}::integer THEN 'critical' ELSE 'high' END,
          format('The oldest event that was recorded and not sent waits for %s s, expected less than %s. GET /api/health and charter doctor say what holds the relay.',
            age, ${relaySeconds}::integer), NULL::text, ARRAY[id::text]
        FROM (
          SELECT id, extract(epoch FROM now() - stored_at)::integer AS age FROM events
          WHERE position = (SELECT min(position) FROM unsent_events)
        ) oldest WHERE age >= ${relaySeconds}::integer`,
    },
    {
      kinds: ["job_stopped"],
      seen: sql`
        SELECT 'job_stopped', id::text, 'high', format('The %s %s (%s) has stopped: %s Look at what fails, mend it, and go on or begin another one.',
            kind, id, coalesce(given_name, name), coalesce(status_reason, 'too much of a step failed.')), NULL::text, '{}'::text[]
        FROM (SELECT * FROM jobs ORDER BY id DESC LIMIT 100) newest
        WHERE status = 'stopped' AND updated_at > now() - interval '1 day'`,
    },
  ];
}

/** The oldest entry that the group of a consumer has not read or not acked. */
export interface OldestEntry {
  readonly group: string;
  readonly shard: number;
  /** Of its id, Unix ms. */
  readonly ms: number;
  /** By the clock that gave ids to other programs. */
  readonly ageMs: number;
}

/**
 * Consumers whose oldest event is too old. When it was sent stands in the record, by the clock of Postgres, which need not
 * go as that of Redis; of what is not there, the age by its id counts.
 *
 * @param asksRecord false: the ages are told by a clock that was handed in
 */
export function lagWatch(
  oldest: readonly OldestEntry[],
  { lagSeconds }: Pick<AlertThresholds, "lagSeconds">,
  asksRecord: boolean,
): AlertWatch {
  return {
    kinds: ["lag_age"],
    isBrief: true,
    seen: sql`
      SELECT 'lag_age', subject, CASE WHEN age >= ${lagSeconds * muchWorse}::float8 THEN 'critical' ELSE 'high' END,
        format('The oldest event that %s has not handled is %s s old, expected less than %s. charter consumers show tells whether it is paused, fails, or is too slow.',
          subject, age, ${lagSeconds}::integer), NULL::text, '{}'::text[]
      FROM (
        SELECT g."group" || ':' || g.shard AS subject,
          floor(coalesce(extract(epoch FROM now() - s.sent_at), g."ageMs" / 1000)) AS age
        FROM json_to_recordset(${JSON.stringify(oldest)}::json) AS g("group" text, shard integer, ms numeric, "ageMs" numeric)
        LEFT JOIN LATERAL (
          SELECT x.sent_at FROM stream_entries x WHERE ${asksRecord}::boolean AND x.shard = g.shard
            AND (x.ms, x.seq) >= (g.ms, 0) AND (x.ms, x.seq) < (g.ms + 1, 0) ORDER BY x.ms, x.seq LIMIT 1
        ) s ON true) waiting
      WHERE age >= ${lagSeconds}::integer ORDER BY age DESC LIMIT 100`,
  };
}

/** How far back the critical time of events is looked at, ms. */
export const criticalTimeWindowMs = 600_000;
/** With fewer events than this, 5 % of them are none, and one late event would be an alert. */
const leastTimes = 20;
const shareInTime = 0.95;

/**
 * A consumer of whose events more than 5 % came late; null: it is not, or has applied too few to say.
 *
 * @param times of what it applied lately. They are counted by bounds, so the threshold is the next bound
 */
export function criticalTimeAlert(
  subscriber: string,
  times: Histogram,
  { criticalTimeSeconds }: Pick<AlertThresholds, "criticalTimeSeconds">,
): Alert | null {
  const count = countOf(times);
  const p95Ms = quantileMs(times, shareInTime);
  const isAbove = (ms: number) => p95Ms !== null && p95Ms > boundOf(criticalBoundsMs, ms);
  const thresholdMs = criticalTimeSeconds * 1_000;
  if (count < leastTimes || !isAbove(thresholdMs)) return null;
  const seconds = boundOf(criticalBoundsMs, thresholdMs) / 1_000;
  return {
    kind: "critical_time",
    subject: subscriber,
    severity: isAbove(thresholdMs * muchWorse) ? "critical" : "high",
    message: `More than 5 % of the ${count} events that ${subscriber} applied lately took more than ${seconds} s from their publishing to their effect. charter consumers show ${subscriber} tells whether it is behind, retries, or was paused; its handler may be too slow.`,
  };
}
