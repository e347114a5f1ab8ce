import { redactText } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { BrainError, FencedError } from "../core/errors.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import type { DeadLetterReason } from "../core/retry.ts";
import { maxStackLength, stackText } from "../core/stack.ts";
import type { Database } from "../db/database.ts";
import { postgresDetail, translateDatabaseError } from "../db/errors.ts";
import { fieldsToObject } from "../stream/entry-fields.ts";
import { type Delivery, eventOf } from "./delivery.ts";

/** What is stored of an event that could not be handled. */
export interface DeadLetter {
  readonly delivery: Delivery;
  readonly reason: DeadLetterReason;
  readonly error: unknown;
  /** Where a handler threw it; null when no handler did. */
  readonly stack: string | null;
  readonly attempts: number;
  /** Unix time, ms. */
  readonly failedAtMs: number;
}

/** Where dead letters come from. */
export interface LetterOrigin {
  readonly subscriber: string;
  readonly stream: string;
  readonly shard: number;
  /** The fencing token under which the drain works; a worker that was succeeded stores nothing. */
  readonly fencingToken: number;
}

const maxMessageLength = 2_000;
const maxNameLength = 255;

/** Subscriber of a letter whose entry nobody can read: there is one of it, whoever came first. */
export const everybody = "*";

/** A letter that was stored, or stored again. */
export interface StoredLetter {
  readonly id: string;
  readonly messageId: string;
}

/**
 * Stores dead letters and takes them out of the deferred deliveries, one statement, one round trip; only then may entries be acked.
 * Storing one again, because the ack was lost, updates it; the tries of one that was redriven add up. A letter of
 * everybody stays as the first one stored it, also when it was discarded meanwhile.
 *
 * @returns what was stored; not those of everybody that were there already
 * @throws {TransientError} not stored: the entries stay where they are
 * @throws {FencedError} another worker took over: nothing is stored
 */
export async function storeDeadLetters(
  db: Database,
  origin: LetterOrigin,
  letters: readonly DeadLetter[],
): Promise<StoredLetter[]> {
  if (letters.length === 0) return [];
  const { subscriber, stream, shard, fencingToken } = origin;
  const rows = JSON.stringify(letters.map((letter) => rowOf(subscriber, letter)));
  const [answer] = await db.rows<{ given: number; stored: StoredLetter[] | null }>(sql`
    WITH given AS (
      SELECT * FROM json_to_recordset(${rows}::json) AS d(subscriber text, message_id text, event_id text,
        event_type text, tenant_id text, correlation_id text, raw_fields jsonb, reason text, error_class text,
        error_message text, error_stack text, attempts integer, first_failed_at timestamptz,
        last_failed_at timestamptz, key text, fingerprint text, replay_epoch integer, letter_id bigint, place bigint)
      WHERE EXISTS (SELECT FROM consumer_shards
        WHERE subscriber_name = ${subscriber} AND shard = ${shard} AND epoch = ${fencingToken}::bigint FOR SHARE)
    ), gone AS (
      DELETE FROM deliveries q USING given WHERE q.place = given.place RETURNING q.place, q.job_id
    ), counted AS (
      UPDATE jobs j SET failed = j.failed + c.n, updated_at = now()
      FROM (SELECT job_id, count(*)::integer AS n FROM gone WHERE job_id IS NOT NULL GROUP BY job_id) c
      WHERE j.id = c.job_id
    ), stored AS (
      INSERT INTO dead_letters AS l (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id,
        correlation_id, raw_fields, reason, error_class, error_message, error_stack, attempts, first_failed_at,
        last_failed_at, shard, key, fingerprint, replay_epoch, job_id)
      SELECT d.subscriber, ${stream}, d.message_id, d.event_id, d.event_type, d.tenant_id, d.correlation_id,
        d.raw_fields, d.reason, d.error_class, d.error_message, d.error_stack,
        d.attempts + coalesce(before.attempts, 0), coalesce(before.first_failed_at, d.first_failed_at),
        d.last_failed_at, ${shard}, d.key, d.fingerprint, d.replay_epoch, gone.job_id
      FROM given d LEFT JOIN dead_letters before ON before.id = d.letter_id LEFT JOIN gone ON gone.place = d.place
      ON CONFLICT (subscriber_name, stream_message_id) DO UPDATE SET
        reason = excluded.reason, error_class = excluded.error_class, error_message = excluded.error_message,
        error_stack = excluded.error_stack, correlation_id = coalesce(excluded.correlation_id, l.correlation_id),
        attempts = excluded.attempts, last_failed_at = excluded.last_failed_at, status = 'open', key = excluded.key,
        fingerprint = excluded.fingerprint, replay_epoch = excluded.replay_epoch,
        job_id = coalesce(excluded.job_id, l.job_id), resolution = NULL, resolved_at = NULL
      WHERE l.subscriber_name <> ${everybody}
      RETURNING l.id, l.stream_message_id
    )
    SELECT (SELECT count(*) FROM given)::integer AS given,
      (SELECT json_agg(json_build_object('id', id::text, 'messageId', stream_message_id)) FROM stored) AS stored`);
  if ((answer?.given ?? 0) === 0) throw new FencedError();
  return answer?.stored ?? [];
}

/** True for an entry of which not even the type can be read: it concerns no consumer more than another. */
function isEverybodys({ content, deadLetterId }: Delivery): boolean {
  // One that comes from a letter was given to its consumer by somebody.
  return content.kind === "refuse" && content.type === null && deadLetterId === null;
}

/** What a letter says of its event; null where the entry could not be read. */
function identityOf(delivery: Delivery) {
  const { content } = delivery;
  if (content.kind === "lost") return { ...content, correlationId: null };
  const event = eventOf(delivery);
  const type = content.kind === "refuse" ? content.type : (event?.type ?? null);
  return {
    eventId: event?.id ?? null,
    type,
    tenantId: event?.tenant_id ?? null,
    correlationId: event?.correlation_id ?? null,
  };
}

function rowOf(subscriber: string, letter: DeadLetter) {
  const { delivery, reason, error, stack, attempts, failedAtMs } = letter;
  const { messageId, fields, key, firstFailedAtMs, replayGeneration, deadLetterId, row } = delivery;
  const owner = isEverybodys(delivery) ? everybody : subscriber;
  const { eventId, type, tenantId, correlationId } = identityOf(delivery);
  const message = describeError(error, true);
  return {
    subscriber: owner,
    message_id: messageId,
    event_id: clean(eventId, maxNameLength),
    event_type: clean(type, maxNameLength),
    tenant_id: clean(tenantId, maxNameLength),
    correlation_id: clean(correlationId, maxNameLength),
    raw_fields: fields === null ? null : cleanFields(fieldsToObject(fields)),
    reason,
    error_class: clean(errorClass(error), maxNameLength),
    error_message: clean(redactText(message), maxMessageLength),
    error_stack: clean(stack, maxStackLength),
    attempts,
    first_failed_at: new Date(firstFailedAtMs ?? failedAtMs).toISOString(),
    last_failed_at: new Date(failedAtMs).toISOString(),
    key: clean(key, maxNameLength),
    fingerprint: fingerprintOf({
      subscriber: owner,
      eventType: type,
      errorClass: errorClass(error),
      message,
    }),
    replay_epoch: replayGeneration,
    letter_id: deadLetterId,
    place: row,
  };
}

/** Where an error and its causes were thrown, without values; null when nothing says it. */
export function errorStack(thrown: unknown): string | null {
  return stackText(thrown, (error) => redactText(describeError(error, true)));
}

/** Class name of whatever was thrown. */
export function errorClass(thrown: unknown): string {
  const error = translateDatabaseError(thrown, "caller");
  return error instanceof Error ? error.name : typeof error;
}

/**
 * One line for logs and dead letters. Errors of our own name each field. What the driver and drizzle say holds the
 * statement and its parameters, so it never gets here, whoever wrapped it.
 *
 * @param withDetail adds what Postgres said, without values
 */
export function describeError(thrown: unknown, withDetail = false): string {
  const error = translateDatabaseError(thrown, "caller");
  if (!(error instanceof Error)) return String(error);
  const fields =
    error instanceof BrainError ? error.issues.map((issue) => `${issue.path}: ${issue.message}`) : [];
  const detail = withDetail ? postgresDetail(error.cause) : null;
  return [withoutStatement(error.message), ...fields, ...(detail === null ? [] : [detail])].join("; ");
}

/** Somebody may have put drizzle's message into a message of their own. */
function withoutStatement(message: string): string {
  const at = message.indexOf("Failed query: ");
  return at === -1 ? message : `${message.slice(0, at)}a statement failed`;
}

/** jsonb and text refuse NUL and lone surrogates; an entry that holds them must still be kept, so they are marked. */
function clean(text: string | null, maxLength: number): string | null {
  return text === null
    ? null
    : text.replaceAll("\u0000", "\uFFFD").toWellFormed().slice(0, maxLength).toWellFormed();
}

/** Fields as Postgres can hold them. */
export function cleanFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      clean(name, maxNameLength) ?? "",
      value.replaceAll("\u0000", "\uFFFD").toWellFormed(),
    ]),
  );
}
