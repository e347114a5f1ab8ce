import type { RedriveOptions } from "../../../src/engine/operations/bulk/redrive.ts";
import type { ReplayOptions } from "../../../src/engine/operations/bulk/replay.ts";
import type { Backbone } from "../../backbone.ts";

/*
 * What the tests of redrives and replays share: planted dead letters, and a drain that is told what becomes of each
 * delivery. It does to the tables what the consumers' drain does when a delivery has come to an end.
 */

export const operator = { actorId: "user:7", requestId: "req-1" };

export interface Planted {
  readonly messageId?: string;
  readonly subscriber?: string;
  readonly key?: string | null;
  readonly eventId?: string | null;
  /** Null: the body is lost. */
  readonly rawFields?: Readonly<Record<string, string>> | null;
  readonly status?: string;
  readonly type?: string | null;
  readonly fingerprint?: string;
  readonly tenant?: string | null;
  readonly failedAt?: string;
  readonly epoch?: number;
}

let planted = 0;

/** Stores dead letters as a drain would have; their ids, in the order given. */
export async function plantLetters(
  backbone: Pick<Backbone, "sql" | "stream">,
  letters: readonly Planted[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const letter of letters) {
    planted += 1;
    const failedAt = letter.failedAt ?? "2026-03-01T10:00:00Z";
    const [row] = await backbone.sql<{ id: string }>(
      `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id,
         raw_fields, reason, error_class, error_message, attempts, first_failed_at, last_failed_at, status, key,
         fingerprint, replay_epoch)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'permanent', 'PermanentError', $8, 1, $9, $9, $10, $11, $12, $13)
       RETURNING id::text AS id`,
      [
        letter.subscriber ?? "recorder",
        backbone.stream,
        letter.messageId ?? `1700000000000-${planted}`,
        letter.eventId === undefined ? crypto.randomUUID() : letter.eventId,
        letter.type === undefined ? "lab.part.checked" : letter.type,
        letter.tenant ?? null,
        letter.rawFields === null
          ? null
          : JSON.stringify(letter.rawFields ?? { id: "x", type: "lab.part.checked" }),
        `Number ${planted} was refused.`,
        failedAt,
        letter.status ?? "open",
        letter.key ?? null,
        letter.fingerprint ?? "00000000000000aa",
        letter.epoch ?? 0,
      ],
    );
    ids.push(row?.id ?? "");
  }
  return ids;
}

export interface DeliveryRow {
  readonly place: string;
  readonly subscriber_name: string;
  readonly shard: number;
  readonly stream_name: string;
  readonly stream_message_id: string;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly key: string | null;
  readonly raw_fields: Record<string, string> | null;
  readonly cause: string;
  readonly job_id: string | null;
  readonly dead_letter_id: string | null;
  readonly replay_epoch: number;
}

export function deliveries(backbone: Backbone): Promise<DeliveryRow[]> {
  return backbone.sql<DeliveryRow>("SELECT * FROM deliveries ORDER BY place");
}

/** Ends every delivery of a redrive or replay as told, and tells which there were, in their order. */
export async function endDeliveries(
  backbone: Backbone,
  succeeds: (row: DeliveryRow) => boolean = () => true,
): Promise<DeliveryRow[]> {
  const rows = (await deliveries(backbone)).filter(
    (row) => row.cause === "redrive" || row.cause === "replay",
  );
  for (const row of rows) {
    const applied = succeeds(row);
    await backbone.sql(
      `WITH ended AS (DELETE FROM deliveries WHERE place = $1 RETURNING job_id, dead_letter_id),
         letter AS (UPDATE dead_letters SET status = $2 WHERE id = (SELECT dead_letter_id FROM ended))
       UPDATE jobs SET succeeded = succeeded + $3, failed = failed + $4 WHERE id = (SELECT job_id FROM ended)`,
      [row.place, applied ? "resolved" : "open", applied ? 1 : 0, applied ? 0 : 1],
    );
    if (applied) {
      await backbone.sql(
        row.replay_epoch === 0
          ? `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
          : `INSERT INTO replay_claims (subscriber_name, stream_name, stream_message_id, event_id, replay_epoch)
             VALUES ($1, $2, $3, $4, ${row.replay_epoch}) ON CONFLICT DO NOTHING`,
        [row.subscriber_name, row.stream_name, row.stream_message_id, row.event_id],
      );
    }
  }
  return rows;
}

export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly total: number;
  readonly queued: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly replay_epoch: number;
}

export async function jobOf(backbone: Backbone, id: string): Promise<JobRow> {
  const [row] = await backbone.sql<JobRow>("SELECT * FROM jobs WHERE id = $1", [id]);
  if (row === undefined) throw new Error(`no job ${id}`);
  return row;
}

/** Statuses of all letters, by id. */
export async function letterStatuses(backbone: Backbone): Promise<string[]> {
  const rows = await backbone.sql<{ status: string }>("SELECT status FROM dead_letters ORDER BY id");
  return rows.map((row) => row.status);
}

export function redriveOptions(options: Partial<RedriveOptions> = {}): RedriveOptions {
  return {
    filter: { subscriber: "recorder" },
    name: null,
    ramp: true,
    maxStep: 1_000,
    ratePerSecond: null,
    stopRatio: 0.5,
    reason: null,
    idempotencyKey: null,
    ...options,
  };
}

export function replayOptions({
  filter,
  ...options
}: Partial<Omit<ReplayOptions, "filter">> & {
  filter?: Partial<ReplayOptions["filter"]>;
} = {}): ReplayOptions {
  return {
    name: "again",
    mode: "only_missing",
    filter: { types: null, from: null, to: null, tenant_id: null, correlation_id: null, ...filter },
    ratePerSecond: null,
    maxStep: 500,
    stopRatio: 0.5,
    reason: null,
    acceptDuplicates: false,
    idempotencyKey: null,
    ...options,
  };
}
