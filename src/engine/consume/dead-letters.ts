import { type Catalog, redactText } from "@brain/schemas";
import { besideId } from "../core/beside-ids.ts";
import { BrainError, FencedError } from "../core/errors.ts";
import { inHalves } from "../core/promises/in-parts.ts";
import type { DeadLetterReason } from "../core/retry.ts";
import { fingerprintOf } from "../core/telemetry/fingerprint.ts";
import { maxStackLength, stackText } from "../core/telemetry/stack.ts";
import type { Database } from "../db/database.ts";
import { postgresDetail, translateDatabaseError } from "../db/errors.ts";
import { fieldsToObject } from "../stream/entry-fields.ts";
import { namesOfType } from "./apply/judge-claims.ts";
import { type Delivery, eventOf } from "./delivery.ts";
import { everybody, type LetterOrigin, type StoredLetters, storeLettersSql } from "./letter-sql.ts";

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

const maxMessageLength = 2_000;
const maxNameLength = 255;

/**
 * Stores dead letters and takes them out of the deferred deliveries, one statement, one round trip, unless they are more
 * than Postgres takes at once; only then may entries be acked.
 * Storing one again, because the ack was lost, updates it; the tries of one that was redriven add up. A letter of
 * everybody stays as the first one stored it, also when it was discarded meanwhile.
 *
 * Not stored is what was applied before (claims say it), and what an operator resolved or discarded; whatever has its row
 * keeps it. A letter of another event that has the message id stays what it is: this one stands beside it.
 *
 * @param letters of different message ids
 * @returns ids of those that were stored
 * @throws {TransientError} not stored: the entries stay where they are
 * @throws {FencedError} another worker took over: nothing is stored
 */
export async function storeDeadLetters(
  db: Database,
  origin: LetterOrigin,
  letters: readonly DeadLetter[],
): Promise<Map<DeadLetter, string>> {
  if (letters.length === 0) return new Map();
  const stored = await inHalves(letters, (part) => storePart(db, origin, part));
  return new Map(stored.flat());
}

async function storePart(
  db: Database,
  origin: LetterOrigin,
  letters: readonly DeadLetter[],
): Promise<(readonly [DeadLetter, string])[]> {
  const { subscriber, catalog } = origin;
  const rows = letters.map((letter, at) => ({ at, ...rowOf(subscriber, catalog, letter) }));
  const [answer] = await db.rows<StoredLetters>(storeLettersSql(origin, JSON.stringify(rows)));
  if ((answer?.given ?? 0) === 0) throw new FencedError();
  const ids = new Map(answer?.stored?.map(({ at, id }) => [at, id]));
  return letters.flatMap((letter, at) => {
    const id = ids.get(at);
    return id === undefined ? [] : [[letter, id] as const];
  });
}

/** True for an entry of which not even the type can be read: it concerns no consumer more than another. */
export function isEverybodys({ content, deadLetterId }: Delivery): boolean {
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

function rowOf(subscriber: string, catalog: Catalog, letter: DeadLetter) {
  const { delivery, reason, error, stack, attempts, failedAtMs } = letter;
  const { messageId, fields, key, firstFailedAtMs, replayGeneration, deadLetterId, row } = delivery;
  const owner = isEverybodys(delivery) ? everybody : subscriber;
  const { eventId, type, tenantId, correlationId } = identityOf(delivery);
  const message = describeError(error, true);
  const raw = fields === null ? null : cleanFields(fieldsToObject(fields));
  // An entry that cannot be read may say which event it was to be; one without an id was none that was applied.
  const claimed = eventId ?? (raw === null ? null : (raw.id ?? ""));
  return {
    subscriber: owner,
    message_id: messageId,
    beside: besideId(messageId, eventId ?? JSON.stringify(raw)),
    claimed: clean(claimed, maxNameLength),
    names:
      type === null ? null : [...namesOfType(catalog, type), ...(raw?.type === undefined ? [] : [raw.type])],
    event_id: clean(eventId, maxNameLength),
    event_type: clean(type, maxNameLength),
    tenant_id: clean(tenantId, maxNameLength),
    correlation_id: clean(correlationId, maxNameLength),
    raw_fields: raw,
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
