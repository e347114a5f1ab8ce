import { sql } from "drizzle-orm";
import type { DeadLetterReason } from "../core/delivery.ts";
import { BrainError } from "../core/errors.ts";
import type { Database } from "../db/database.ts";

/** What is stored of an event that could not be handled. */
export interface DeadLetter {
  readonly messageId: string;
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly tenantId: string | null;
  /** The entry as it stood on the stream; null when its body had been trimmed. */
  readonly rawFields: Readonly<Record<string, string>> | null;
  readonly reason: DeadLetterReason;
  readonly error: unknown;
  readonly attempts: number;
  readonly firstFailedAtMs: number;
  readonly lastFailedAtMs: number;
}

const maxMessageLength = 2_000;
const maxNameLength = 255;

/**
 * Stores dead letters, one statement, one round trip; only then may the entries be acked. Storing one again, because
 * the ack was lost, updates it.
 *
 * @throws {TransientError} not stored: the entries stay pending
 */
export async function storeDeadLetters(
  db: Database,
  subscriber: string,
  stream: string,
  letters: readonly DeadLetter[],
): Promise<void> {
  if (letters.length === 0) return;
  const rows = JSON.stringify(
    letters.map((letter) => ({
      message_id: letter.messageId,
      event_id: clean(letter.eventId, maxNameLength),
      event_type: clean(letter.eventType, maxNameLength),
      tenant_id: clean(letter.tenantId, maxNameLength),
      raw_fields: letter.rawFields === null ? null : cleanFields(letter.rawFields),
      reason: letter.reason,
      error_class: clean(errorClass(letter.error), maxNameLength),
      error_message: clean(describeError(letter.error, true), maxMessageLength),
      attempts: letter.attempts,
      first_failed_at: new Date(letter.firstFailedAtMs).toISOString(),
      last_failed_at: new Date(letter.lastFailedAtMs).toISOString(),
    })),
  );
  await db.rows(sql`
    INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id,
      raw_fields, reason, error_class, error_message, attempts, first_failed_at, last_failed_at)
    SELECT ${subscriber}, ${stream}, d.message_id, d.event_id, d.event_type, d.tenant_id, d.raw_fields, d.reason,
      d.error_class, d.error_message, d.attempts, d.first_failed_at, d.last_failed_at
    FROM json_to_recordset(${rows}::json) AS d(message_id text, event_id text, event_type text, tenant_id text,
      raw_fields jsonb, reason text, error_class text, error_message text, attempts integer,
      first_failed_at timestamptz, last_failed_at timestamptz)
    ON CONFLICT (subscriber_name, stream_message_id) DO UPDATE SET
      reason = excluded.reason, error_class = excluded.error_class, error_message = excluded.error_message,
      attempts = excluded.attempts, last_failed_at = excluded.last_failed_at, status = 'open'`);
}

/** Class name of whatever was thrown. */
export function errorClass(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/**
 * One line for logs and dead letters. Errors of our own name each field.
 *
 * @param withDetail adds what Postgres said; that may quote a value, so it is for dead letters and not for logs
 */
export function describeError(error: unknown, withDetail = false): string {
  if (!(error instanceof Error)) return String(error);
  const fields =
    error instanceof BrainError ? error.issues.map((issue) => `${issue.path}: ${issue.message}`) : [];
  const cause = withDetail && error.cause instanceof Error ? databaseDetail(error.cause) : null;
  return [error.message, ...fields, ...(cause === null ? [] : [cause])].join("; ");
}

/** Postgres' own message says what is wrong; drizzle's wrapper around it holds the statement and its parameters. */
function databaseDetail(cause: Error): string | null {
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  return /^[0-9A-Z]{5}$/.test(String((inner as Error & { code?: unknown }).code)) ? inner.message : null;
}

/** jsonb and text refuse NUL and lone surrogates; an entry that holds them must still be kept, so they are marked. */
function clean(text: string | null, maxLength: number): string | null {
  return text === null
    ? null
    : text.replaceAll("\u0000", "\uFFFD").toWellFormed().slice(0, maxLength).toWellFormed();
}

function cleanFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      clean(name, maxNameLength) ?? "",
      value.replaceAll("\u0000", "\uFFFD").toWellFormed(),
    ]),
  );
}
