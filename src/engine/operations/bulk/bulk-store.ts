import { type SQL, sql } from "drizzle-orm";
import { ConflictError } from "../../core/errors.ts";
import type { Tx } from "../../db/database.ts";
import { numberedLock } from "../../db/locks.ts";
import { type Invocation, requireStream } from "../../invocation.ts";
import type { Operator } from "../operator-actions.ts";
import type { BulkKind } from "./bulk-view.ts";

/** A bulk operation about to start. */
export interface NewBulkOperation {
  readonly kind: BulkKind;
  /** Null: a redrive over several subscribers. */
  readonly subscriber: string | null;
  readonly name: string;
  readonly filter: unknown;
  readonly mode: "only_missing" | "force" | null;
  readonly replayGeneration: number;
  /** Null for a redrive. */
  readonly untilPosition: string | null;
  readonly total: number;
  readonly ratePerSecond: number | null;
  readonly step: number;
  readonly maxStep: number;
  readonly stopRatio: number | null;
  readonly reason: string | null;
  readonly actorId: string | null;
  readonly idempotencyKey: string | null;
}

/** Lets one start at a time through, so that names and generations are given once. Holds until the transaction ends. */
export async function lockBulkOperations(tx: Tx): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${numberedLock("bulk", 1)})`);
}

/** Id of the operation that a request with this key started before; null when none did. */
export async function bulkOperationOfKey(tx: Tx, idempotencyKey: string | null): Promise<string | null> {
  if (idempotencyKey === null) return null;
  const { rows } = await tx.execute<{ id: string }>(
    sql`SELECT id::text AS id FROM jobs WHERE idempotency_key = ${idempotencyKey}`,
  );
  return rows[0]?.id ?? null;
}

/**
 * Each tenant has names of its own, and so has who acts for all of them.
 *
 * @param tenantId who asks; null: for all tenants
 * @throws {ConflictError} an operation of this kind, subscriber and tenant has the name
 */
export async function assertNameIsFree(
  tx: Tx,
  { kind, subscriber, name }: Pick<NewBulkOperation, "kind" | "subscriber" | "name">,
  { tenantId = null }: Pick<Operator, "tenantId">,
): Promise<void> {
  const { rows } = await tx.execute<{ id: string; status: string }>(sql`
    SELECT id::text AS id, status FROM jobs
    WHERE kind = ${kind} AND subscriber_name IS NOT DISTINCT FROM ${subscriber}::text
      AND coalesce(given_name, name) = ${name} AND tenant_id IS NOT DISTINCT FROM ${tenantId}::text`);
  const [taken] = rows;
  if (taken === undefined) return;
  throw new ConflictError(
    `The ${kind} "${name}" is there already: job ${taken.id}, ${taken.status}. Choose another name, or look at that job.`,
    { issues: [{ path: "name", message: `taken by job ${taken.id}` }] },
  );
}

/** Call `assertNameIsFree` before, under the lock. @returns the operation's id */
export async function insertBulkOperation(tx: Tx, operation: NewBulkOperation): Promise<string> {
  const id = await insertUnder(tx, operation, sql`${operation.name}`);
  if (id !== null) return id;
  // The operation of another tenant, which is not seen here, stands there under this name: see the column.
  const other = await insertUnder(
    tx,
    operation,
    sql`left(${operation.name}, 60) || ' ' || gen_random_uuid()`,
  );
  if (other === null) throw new Error(`The ${operation.kind} got no row.`);
  return other;
}

/** One that a consumer has once. @returns the operation's id; null when it is there */
export async function insertOnce(tx: Tx, operation: NewBulkOperation): Promise<string | null> {
  return insertUnder(tx, operation, sql`${operation.name}`);
}

/** @returns the operation's id; null when an operation stands there under the name */
async function insertUnder(tx: Tx, operation: NewBulkOperation, storedName: SQL): Promise<string | null> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    INSERT INTO jobs (kind, subscriber_name, name, given_name, filter, mode, replay_epoch, until_position, total,
      rate_per_second, step, max_step, stop_ratio, reason, actor_id, idempotency_key)
    VALUES (${operation.kind}, ${operation.subscriber}, ${storedName}, ${operation.name},
      ${JSON.stringify(operation.filter)}::jsonb, ${operation.mode}, ${operation.replayGeneration}::integer,
      ${operation.untilPosition}::bigint, ${operation.total}::integer, ${operation.ratePerSecond}::real,
      ${operation.step}::integer, ${operation.maxStep}::integer, ${operation.stopRatio}::real, ${operation.reason},
      ${operation.actorId}, ${operation.idempotencyKey})
    ON CONFLICT (kind, subscriber_name, name) DO NOTHING
    RETURNING id::text AS id`);
  return rows[0]?.id ?? null;
}

/** Why deliveries cannot be deferred without a stream; for `requireStream`. */
export const noConsumer = ", so no consumer could handle the events.";

/**
 * Tells the cron that bulk operations run. Call it before the operation's row commits and after: a run that looked in
 * between and saw no operation takes the flag away.
 *
 * @throws {TransientError} there is no stream in this mode, or Redis is not reachable
 */
export async function markBulkOperationsRunning(invocation: Invocation): Promise<void> {
  const { redis, keys } = requireStream(invocation, noConsumer);
  await redis.command(["SET", keys.bulkRunning(), "1"]);
}

/** A name for an operation that was given none. */
export function unnamed(kind: BulkKind, now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  return `${kind}-${time}-${crypto.randomUUID().slice(0, 8)}`;
}
