import { type Database, type Tx, translated } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { and, desc, eq, lt, sql } from "drizzle-orm";
import { ofTenant } from "../of-tenant.ts";
import { type DeliveryRow, type EndpointRow, webhookDeliveries, webhookEndpoints } from "./tables.ts";

/** The statements of webhooks, one a function. Times are judged by the database's clock. */

const endpoints = webhookEndpoints;
const deliveries = webhookDeliveries;

export async function findEndpoint(
  db: Database,
  id: string,
  tenantId: string | null,
): Promise<EndpointRow | null> {
  const [row] = await translated(
    db.statements
      .select()
      .from(endpoints)
      .where(and(eq(endpoints.id, id), ofTenant(endpoints.tenantId, tenantId))),
  );
  return row ?? null;
}

/** Newest first. */
export async function listEndpoints(
  db: Database,
  filter: { readonly tenantId: string | null; readonly limit: number; readonly cursor: string | undefined },
): Promise<EndpointRow[]> {
  const { cursor } = filter;
  const behind =
    cursor === undefined
      ? undefined
      : sql`(${endpoints.createdAt}, ${endpoints.id}) < (SELECT created_at, id FROM webhook_endpoints WHERE ${and(eq(endpoints.id, cursor), ofTenant(endpoints.tenantId, filter.tenantId))})`;
  return translated(
    db.statements
      .select()
      .from(endpoints)
      .where(and(ofTenant(endpoints.tenantId, filter.tenantId), behind))
      .orderBy(desc(endpoints.createdAt), desc(endpoints.id))
      .limit(filter.limit),
  );
}

/** True when somebody wants events. */
export async function hasEndpoints(db: Database): Promise<boolean> {
  const [row] = await db.rows<{ any: boolean }>(
    sql`SELECT EXISTS (SELECT FROM webhook_endpoints WHERE status = 'enabled') AS any`,
  );
  return row?.any === true;
}

export const databaseNow = sql`now()`;
export const databaseTimeIn = (seconds: number) => sql`now() + ${seconds}::integer * interval '1 s'`;
/** Now, never later than what is stored from now on: the column has milliseconds, and Postgres rounds up, too. */
export const notBeforeNow = sql`date_trunc('milliseconds', now())`;

export async function lockEndpoint(tx: Tx, id: string, tenantId: string | null): Promise<EndpointRow | null> {
  const [row] = await tx
    .select()
    .from(endpoints)
    .where(and(eq(endpoints.id, id), ofTenant(endpoints.tenantId, tenantId)))
    .for("update");
  return row ?? null;
}

/**
 * Where deliveries begin when nobody wanted events before: behind what is sent. What is stored before the endpoint is not
 * for it anyway, so the cursor only saves reading; it moves while all wait for each other.
 */
export async function beginCursors(tx: Tx): Promise<void> {
  await tx.execute(sql`LOCK TABLE webhook_endpoints IN SHARE ROW EXCLUSIVE MODE`);
  await tx.execute(sql`
    INSERT INTO webhook_cursors AS c (shard, ms, seq)
    SELECT shard, known_ms, known_seq FROM relay_shards
    WHERE NOT EXISTS (SELECT FROM webhook_endpoints WHERE status = 'enabled')
    ON CONFLICT (shard) DO UPDATE SET ms = excluded.ms, seq = excluded.seq
      WHERE (c.ms, c.seq) < (excluded.ms, excluded.seq)`);
  await tx.execute(sql`
    INSERT INTO webhook_entry_cursor AS c (position)
    SELECT coalesce(max(position), 0) FROM archived_entries
    HAVING NOT EXISTS (SELECT FROM webhook_endpoints WHERE status = 'enabled')
    ON CONFLICT (single_row) DO UPDATE SET position = greatest(c.position, excluded.position)`);
}

export async function insertEndpoint(
  tx: Tx,
  row: typeof endpoints.$inferInsert | object,
): Promise<EndpointRow> {
  const [stored] = await tx
    .insert(endpoints)
    .values(row as typeof endpoints.$inferInsert)
    .returning();
  if (stored === undefined) throw new Error("Postgres inserted an endpoint and returned none.");
  return stored;
}

export async function updateEndpoint(
  tx: Tx,
  id: string,
  columns: Readonly<Record<string, unknown>>,
): Promise<EndpointRow> {
  const [row] = await tx.update(endpoints).set(columns).where(eq(endpoints.id, id)).returning();
  if (row === undefined) throw new Error("A locked endpoint was not there to be changed.");
  return row;
}

export async function deleteEndpoint(tx: Tx, id: string): Promise<void> {
  await tx.delete(endpoints).where(eq(endpoints.id, id));
}

/** Newest first. */
export async function listDeliveries(
  db: Database,
  endpointId: string,
  filter: {
    readonly status: DeliveryRow["status"] | undefined;
    readonly limit: number;
    readonly cursor: number | undefined;
  },
): Promise<DeliveryRow[]> {
  return translated(
    db.statements
      .select()
      .from(deliveries)
      .where(
        and(
          eq(deliveries.endpointId, endpointId),
          filter.status === undefined ? undefined : eq(deliveries.status, filter.status),
          filter.cursor === undefined ? undefined : lt(deliveries.id, filter.cursor),
        ),
      )
      .orderBy(desc(deliveries.id))
      .limit(filter.limit),
  );
}

export async function insertTest(
  tx: Tx,
  endpointId: string,
  eventType: string,
  message: JsonObject,
): Promise<DeliveryRow> {
  const [row] = await tx
    .insert(deliveries)
    .values({
      endpointId,
      eventType,
      message,
      status: "waiting",
      attempt: 0,
      attemptLimit: 1,
      dueAt: databaseNow as unknown as Date,
      attempts: [],
      createdAt: databaseNow as unknown as Date,
    })
    .returning();
  if (row === undefined) throw new Error("Postgres inserted a delivery and returned none.");
  return row;
}

/** Tries of a delivery, and again of one that is replayed. */
export const triesOfDelivery = 10;

/** @returns null: the endpoint has no such delivery */
export async function replayDelivery(tx: Tx, endpointId: string, id: number): Promise<DeliveryRow | null> {
  const [row] = await tx
    .update(deliveries)
    .set({
      status: "waiting",
      dueAt: databaseNow as unknown as Date,
      finishedAt: null,
      attemptLimit: sql`${deliveries.attempt} + ${triesOfDelivery}`,
    })
    .where(and(eq(deliveries.endpointId, endpointId), eq(deliveries.id, id)))
    .returning();
  return row ?? null;
}
