import { type SQL, sql } from "drizzle-orm";
import { barSql } from "../../consume/apply/dedup.ts";
import { deferring } from "../../consume/lease/deferred-signal.ts";
import { everybody } from "../../consume/letter-sql.ts";
import { ConflictError } from "../../core/errors.ts";
import type { Database, Tx } from "../../db/database.ts";
import { isOfTenant } from "../../db/tenant-rows.ts";
import { type Invocation, requireStream } from "../../invocation.ts";
import {
  hasBody,
  type LetterFilter,
  letterCondition,
  lettersAtOnce,
  noLetter,
  notOpen,
  openLettersSql,
} from "../consumers/dead-letters.ts";
import { type Operator, recordAction } from "../operator-actions.ts";
import {
  assertNameIsFree,
  bulkOperationOfKey,
  insertBulkOperation,
  lockBulkOperations,
  markBulkOperationsRunning,
  noConsumer,
  unnamed,
} from "./bulk-store.ts";
import { isRowId } from "./bulk-view.ts";
import type { EditedCopy } from "./edited-copy.ts";
import { deferForReaders, readersOf } from "./redrive-unread.ts";

/*
 * Redrive: dead letters go back to their consumer. A row in `deliveries` for each; the drain of the consumer executes it
 * with the same claims, retries and order as any other delivery. An event that was applied meanwhile is not applied
 * again, because its claim is found.
 */

export interface RedriveOptions {
  readonly filter: LetterFilter;
  /** Null: one is made. */
  readonly name: string | null;
  /** True: steps of 1, 2, 5, 10 …; false: the largest at once. */
  readonly ramp: boolean;
  readonly maxStep: number;
  readonly ratePerSecond: number | null;
  readonly stopRatio: number | null;
  readonly reason: string | null;
  readonly idempotencyKey: string | null;
}

/** What a redrive would do. */
export interface RedrivePreview {
  /** There are more than were looked at, the oldest 100,000: a redrive takes no more at once. */
  readonly more: boolean;
  readonly count: number;
  /** Open and met by the filter, but left out: the body is lost, or no consumer has the name. */
  readonly not_redrivable: number;
  readonly by_subscriber: readonly { readonly subscriber: string; readonly count: number }[];
}

const knownSubscribers = ({ consumers }: Invocation) => sql.param([...consumers.keys()]);

/** Letters that somebody here can handle, and whose body is still there. */
function redrivable(invocation: Invocation) {
  return sql`l.subscriber_name = ANY(${knownSubscribers(invocation)}::text[]) AND ${hasBody}`;
}

/** Counts what `startRedrive` would take. */
export async function previewRedrive(
  invocation: Invocation,
  filter: LetterFilter,
  most = lettersAtOnce,
): Promise<RedrivePreview> {
  const rows = await invocation.db.rows<{
    subscriber: string;
    count: number;
    open: number;
    more: boolean;
  }>(sql`
    WITH found AS (
      SELECT * FROM dead_letters l WHERE l.status = 'open' AND ${letterCondition(filter)} ORDER BY l.id LIMIT ${most + 1}
    )
    SELECT l.subscriber_name AS subscriber, count(*)::integer AS open,
      (count(*) FILTER (WHERE ${redrivable(invocation)}))::integer AS count, (SELECT count(*) FROM found) > ${most} AS more
    FROM (SELECT * FROM found ORDER BY id LIMIT ${most}) AS l
    GROUP BY l.subscriber_name ORDER BY l.subscriber_name`);
  const sum = (pick: (row: (typeof rows)[number]) => number) =>
    rows.reduce((total, row) => total + pick(row), 0);
  return {
    more: rows[0]?.more === true,
    count: sum((row) => row.count),
    not_redrivable: sum((row) => row.open - row.count),
    by_subscriber: rows
      .filter((row) => row.count > 0)
      .map(({ subscriber, count }) => ({ subscriber, count })),
  };
}

/**
 * Starts a redrive of the open dead letters that the filter meets now, of the oldest when there are many. They are marked in the transaction of the
 * operation's row: what fails later is not part of it, and nobody else can take them.
 *
 * @param most letters that it takes at most; the others stay open
 * @returns the operation's id; that of the first start when `idempotencyKey` was used before
 * @throws {ConflictError} the name is taken
 * @throws {TransientError} Postgres or Redis is not reachable; nothing was started
 */
export async function startRedrive(
  invocation: Invocation,
  options: RedriveOptions,
  by: Operator,
  most = lettersAtOnce,
): Promise<string> {
  await markBulkOperationsRunning(invocation);
  const id = await invocation.db.transaction(async (tx) => {
    await lockBulkOperations(tx);
    const earlier = await bulkOperationOfKey(tx, options.idempotencyKey);
    return earlier ?? (await freezeSet(invocation, tx, { ...options, most }, by));
  });
  await markBulkOperationsRunning(invocation);
  return id;
}

async function freezeSet(
  invocation: Invocation,
  tx: Tx,
  options: RedriveOptions & { readonly most: number },
  by: Operator,
): Promise<string> {
  const { filter, reason } = options;
  const subscriber = await onlySubscriber(tx, filter, redrivable(invocation), options.most);
  const name = options.name ?? unnamed("redrive", new Date(invocation.now()));
  await assertNameIsFree(tx, { kind: "redrive", subscriber, name }, by);
  const operationId = await insertBulkOperation(tx, {
    kind: "redrive",
    subscriber,
    name,
    filter,
    mode: null,
    replayGeneration: 0,
    untilPosition: null,
    total: 0,
    ratePerSecond: options.ratePerSecond,
    step: options.ramp ? 1 : options.maxStep,
    maxStep: options.maxStep,
    stopRatio: options.stopRatio,
    reason,
    actorId: by.actorId,
    idempotencyKey: options.idempotencyKey,
  });
  const set = subscriber === null ? filter : { ...filter, subscriber };
  const { rows } = await tx.execute<{ total: number }>(sql`
    WITH chosen AS (${openLettersSql(set, redrivable(invocation), options.most)}), taken AS (
      UPDATE dead_letters d SET status = 'requeued', job_id = ${operationId}::bigint
      FROM chosen WHERE d.id = chosen.id RETURNING d.id
    )
    UPDATE jobs SET total = (SELECT count(*) FROM taken)::integer WHERE id = ${operationId}::bigint RETURNING total`);
  await recordAction(tx, {
    ...by,
    action: "redrive.started",
    reason,
    subscriber,
    filter,
    affected: rows[0]?.total ?? 0,
    operationId,
  });
  return operationId;
}

/** The subscriber, when the oldest letters that the filter meets are of one alone; null when there are several, or none. */
async function onlySubscriber(tx: Tx, filter: LetterFilter, more: SQL, most: number): Promise<string | null> {
  if (filter.subscriber !== undefined) return filter.subscriber;
  const { rows } = await tx.execute<{ subscriber: string }>(sql`
    SELECT DISTINCT found.subscriber FROM (SELECT l.subscriber_name AS subscriber FROM dead_letters l
      WHERE l.status = 'open' AND ${letterCondition(filter)} AND ${more} ORDER BY l.id LIMIT ${most}) found
    LIMIT 2`);
  return rows.length === 1 ? (rows[0]?.subscriber ?? null) : null;
}

/** What is needed to redrive one letter. */
interface TakenLetter {
  readonly subscriber: string;
  readonly has_body: boolean;
}

/**
 * Redrives one dead letter at once, as it is or as an edited copy. The copy has an id of its own and the stream message
 * id of the original, so that of the two only one can ever be applied; the letter keeps both.
 *
 * @param copy null: as it is, or as it was edited before
 * @throws {NotFoundError} no dead letter has the id
 * @throws {ConflictError} it is not open, its body is lost, nobody here has the subscriber's name, its entry is deferred
 *   already, or there is a copy and the letter is everybody's; nothing changed then
 * @returns the subscribers that have it now
 * @throws {TransientError} Postgres or Redis is not reachable
 */
export async function redriveLetter(
  invocation: Invocation,
  id: string,
  copy: EditedCopy | null,
  reason: string | null,
  by: Operator,
): Promise<readonly string[]> {
  if (!isRowId(id)) throw noLetter(id);
  const subscriber = await subscriberOf(invocation.db, id, by);
  const readers = subscriber === everybody ? await readersOf(invocation, id) : null;
  if (readers !== null && copy !== null) {
    throw new ConflictError(
      `The dead letter ${id} is everybody's: redrive it as it is; where it fails again, edit the letter of that consumer.`,
    );
  }
  const groups = readers?.map(({ consumer }) => consumer.group) ?? [groupOf(invocation, id, subscriber)];
  const stream = requireStream(invocation, noConsumer);
  await deferring(stream, groups, invocation.publish.shards, () =>
    invocation.db.transaction((tx) =>
      readers === null ? deferLetter(tx, id, copy, reason, by) : deferForReaders(tx, id, readers, reason, by),
    ),
  );
  return readers?.map(({ consumer }) => consumer.subscriber) ?? [subscriber];
}

function groupOf({ consumers }: Pick<Invocation, "consumers">, id: string, subscriber: string): string {
  const consumer = consumers.get(subscriber);
  if (consumer !== undefined) return consumer.group;
  throw new ConflictError(
    `The dead letter ${id} is of "${subscriber}", and no consumer has that name any more. Discard it, or bring the consumer back.`,
  );
}

async function subscriberOf(db: Database, id: string, { tenantId = null }: Operator): Promise<string> {
  const [row] = await db.rows<{ subscriber: string }>(
    sql`SELECT subscriber_name AS subscriber FROM dead_letters
      WHERE id = ${id}::bigint AND ${isOfTenant(sql`tenant_id`, tenantId)}`,
  );
  if (row === undefined) throw noLetter(id);
  return row.subscriber;
}

async function deferLetter(
  tx: Tx,
  id: string,
  copy: EditedCopy | null,
  reason: string | null,
  by: Operator,
): Promise<void> {
  const edited = copy === null ? null : JSON.stringify(copy.fields);
  const { rows } = await tx.execute<TakenLetter & Record<string, unknown>>(sql`
    UPDATE dead_letters l SET status = 'requeued', job_id = NULL, redrives = l.redrives + 1,
      edited_fields = coalesce(${edited}::jsonb, l.edited_fields),
      edited_event_id = coalesce(${copy?.eventId ?? null}, l.edited_event_id)
    WHERE l.id = ${id}::bigint AND l.status = 'open' AND ${isOfTenant(sql`l.tenant_id`, by.tenantId ?? null)}
    RETURNING l.subscriber_name AS subscriber, ${hasBody} AS has_body`);
  const [letter] = rows;
  if (letter === undefined) throw await notOpen(tx, id, by);
  if (!letter.has_body) {
    throw new ConflictError(
      `The body of the event in dead letter ${id} is lost: the entry was trimmed from the stream, and the record does not hold it. It cannot be redriven; discard it, or publish the event anew.`,
    );
  }
  const inserted = await tx.execute(sql`
    INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id,
      key, raw_fields, cause, dead_letter_id, replay_epoch)
    SELECT l.subscriber_name, l.shard, l.stream_name, l.stream_message_id, coalesce(l.edited_event_id, l.event_id),
      l.event_type, l.tenant_id, ${copy === null ? sql`l.key` : sql`${copy.key}::text`},
      coalesce(l.edited_fields, nullif(l.raw_fields, 'null'::jsonb)), 'redrive', l.id, l.replay_epoch
    FROM dead_letters l WHERE l.id = ${id}::bigint
    ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO NOTHING
    RETURNING place`);
  if (inserted.rows.length === 0) {
    throw new ConflictError(
      `The entry of dead letter ${id} is deferred already; the letter stays open. Look again when "${letter.subscriber}" has handled it.`,
    );
  }
  if (copy !== null) await tx.execute(barOriginalSql(id));
  await recordAction(tx, {
    ...by,
    action: copy === null ? "dead_letter.redriven" : "dead_letter.edited",
    reason,
    subscriber: letter.subscriber,
    filter: { ids: [id], ...(copy === null ? {} : { edited_event_id: copy.eventId }) },
    affected: 1,
  });
}

/**
 * Claims the event that a copy stands for, under an id of its own, so that the original is not applied beside its copy
 * when something brings it back under another stream id.
 */
function barOriginalSql(id: string): SQL {
  return sql`
    WITH original AS (
      SELECT * FROM dead_letters WHERE id = ${id}::bigint AND length(event_id) <= 50
    ), ${barSql(sql`original`, sql`'edited:' || d.id`, "edited")}
    SELECT`;
}
