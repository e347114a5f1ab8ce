import { type Database, latestPossible, type StatementBuilder, type Tx, translated } from "@brain/engine";
import { and, asc, eq, gt, isNull, lte, min, type SQL, sql } from "drizzle-orm";
import type { Agent, AgentsQuery } from "./model.ts";
import { type AgentState, offlineAtOf, tasksPerEvent, unheardAgent } from "./state.ts";
import { agents } from "./tables.ts";

/** The statements of this module, one a function. */

/**
 * Whose agent is meant, beside its name. `of`: that of a tenant, and no other. `named`: the same, or else the one that
 * has no tenant yet. `any`: the one without a tenant, or else the one that was heard of first.
 */
export type Whose = { readonly kind: "of" | "named"; readonly tenantId: string } | { readonly kind: "any" };

/** The tenant of the row that is meant, also when there is none yet. */
function tenantOfRow(agentId: string, whose: Whose): SQL {
  if (whose.kind === "any") {
    return sql`(SELECT known.tenant_id FROM agents known WHERE known.agent_id = ${agentId}
      ORDER BY known.tenant_id IS NOT NULL, known.created_at LIMIT 1)`;
  }
  const { kind, tenantId } = whose;
  if (kind === "of") return sql`${tenantId}::varchar`;
  return sql`CASE WHEN EXISTS (SELECT FROM agents known WHERE known.agent_id = ${agentId} AND known.tenant_id IS NULL)
    AND NOT EXISTS (SELECT FROM agents known WHERE known.agent_id = ${agentId} AND known.tenant_id = ${tenantId})
    THEN NULL ELSE ${tenantId}::varchar END`;
}

function isMeant(agentId: string, whose: Whose): SQL | undefined {
  const tenant =
    whose.kind === "of"
      ? eq(agents.tenantId, whose.tenantId)
      : sql`${agents.tenantId} IS NOT DISTINCT FROM ${tenantOfRow(agentId, whose)}`;
  return and(eq(agents.agentId, agentId), tenant);
}

export interface Beat {
  readonly agentId: string;
  readonly whose: Whose;
  readonly heartbeatSeconds: number;
  /** Null keeps what is stored. */
  readonly tasksCompleted: number | null;
  readonly tasksFailed: number | null;
  readonly now: Date;
}

/** Requests overtake one another: the later time stays. */
function later(column: typeof agents.lastHeartbeat | typeof agents.offlineAt, at: Date): SQL {
  return sql`greatest(${column}, ${at.toISOString()}::timestamptz)`;
}

/**
 * The usual heartbeat, of which there is nothing to publish, in one statement: the agent is online, promises the same
 * interval, belongs to the same tenant and has not finished another ten tasks. Null otherwise.
 */
export async function beatQuietly(db: Database, beat: Beat): Promise<Agent | null> {
  const { now, heartbeatSeconds, tasksCompleted, tasksFailed } = beat;
  const offlineAt = offlineAtOf(now, heartbeatSeconds);
  const step = sql`${tasksPerEvent}::integer`;
  const [row] = await translated(
    db.statements
      .update(agents)
      .set({
        lastHeartbeat: later(agents.lastHeartbeat, now),
        offlineAt: later(agents.offlineAt, offlineAt),
        updatedAt: now,
        ...(tasksCompleted === null ? {} : { tasksCompleted }),
        ...(tasksFailed === null ? {} : { tasksFailed }),
      })
      .where(
        and(
          // One that becomes a tenant's goes the long way.
          isMeant(beat.agentId, beat.whose.kind === "named" ? { ...beat.whose, kind: "of" } : beat.whose),
          eq(agents.status, "online"),
          eq(agents.heartbeatSeconds, heartbeatSeconds),
          sql`${agents.offlineAt} IS NOT NULL`,
          // A time from a clock that was wrong is set right by the long way.
          sql`${agents.lastHeartbeat} <= ${latestPossible(now).toISOString()}::timestamptz`,
          ...(tasksCompleted === null
            ? []
            : [sql`${agents.tasksCompleted} / ${step} >= ${tasksCompleted}::integer / ${step}`]),
        ),
      )
      .returning(),
  );
  return row ?? null;
}

/** The row of an agent, locked until the commit; null when nobody has heard of it. */
export async function lockAgent(tx: Tx, agentId: string, whose: Whose): Promise<Agent | null> {
  const [row] = await tx.select().from(agents).where(isMeant(agentId, whose)).for("update");
  return row ?? null;
}

/**
 * Gives the agent that has no tenant yet to this one, unless it has one of that name. A statement of its own: of two at
 * once the second waits here, and finds that it is given.
 */
export async function adoptAgent(tx: Tx, agentId: string, tenantId: string): Promise<void> {
  await tx
    .update(agents)
    .set({ tenantId })
    .where(
      and(
        eq(agents.agentId, agentId),
        isNull(agents.tenantId),
        sql`NOT EXISTS (SELECT FROM agents known WHERE known.agent_id = ${agentId} AND known.tenant_id = ${tenantId})`,
      ),
    );
}

/** The row of an agent, locked, and a new one for an agent that nobody has heard of. Of two at once, one inserts and the other waits. */
export async function lockOrCreate(tx: Tx, agentId: string, whose: Whose, now: Date): Promise<Agent> {
  const tenantId = tenantOfRow(agentId, whose);
  const [row] = await tx
    .insert(agents)
    .values({ agentId, tenantId, ...unheardAgent(now), createdAt: now, updatedAt: now })
    // An update of nothing: DO NOTHING would neither lock nor return the row.
    .onConflictDoUpdate({ target: [agents.agentId, agents.tenantId], set: { updatedAt: agents.updatedAt } })
    .returning();
  if (row === undefined) throw new Error("an upsert returned no row");
  return row;
}

/** Writes what became of an agent that the transaction has locked. */
export async function saveState(tx: Tx, agent: Agent, state: AgentState, now: Date): Promise<Agent> {
  const { status, statusSince, lastHeartbeat, heartbeatSeconds, offlineAt, tasksCompleted, tasksFailed } =
    state;
  const changed = {
    status,
    statusSince,
    lastHeartbeat,
    heartbeatSeconds,
    offlineAt,
    tasksCompleted,
    tasksFailed,
    errors: agent.errors,
    updatedAt: now,
  };
  await tx
    .update(agents)
    .set(changed)
    .where(
      and(
        eq(agents.agentId, agent.agentId),
        sql`${agents.tenantId} IS NOT DISTINCT FROM ${agent.tenantId}::varchar`,
      ),
    );
  return { ...agent, ...changed };
}

/** Counts an error; the agent need not have been heard of before. */
export function countingError(build: StatementBuilder, agentId: string, whose: Whose, now: Date) {
  const tenantId = tenantOfRow(agentId, whose);
  return build
    .insert(agents)
    .values({ agentId, tenantId, ...unheardAgent(now), errors: 1, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: [agents.agentId, agents.tenantId],
      set: { errors: sql`${agents.errors} + 1`, updatedAt: now },
    });
}

/** Agents whose time is over, longest first, locked; those that somebody is changing now are left for the next look. */
export function lockOverdue(tx: Tx, now: Date, limit: number): Promise<Agent[]> {
  return tx
    .select()
    .from(agents)
    .where(lte(agents.offlineAt, now))
    .orderBy(asc(agents.offlineAt), asc(agents.agentId))
    .limit(limit)
    .for("update", { skipLocked: true });
}

/** When the next agent counts as gone; null when nobody is waited for. */
export async function nextOfflineAt(db: Database): Promise<Date | null> {
  const [row] = await translated(db.statements.select({ at: min(agents.offlineAt) }).from(agents));
  return row?.at ?? null;
}

export async function findAgent(db: Database, agentId: string, whose: Whose): Promise<Agent | null> {
  const [row] = await translated(db.statements.select().from(agents).where(isMeant(agentId, whose)));
  return row ?? null;
}

/**
 * By id, behind `filter.after`. Agents of one name stay together, so a page may be longer than its limit.
 *
 * @param tenantId null: of all
 */
export function listAgents(db: Database, tenantId: string | null, filter: AgentsQuery): Promise<Agent[]> {
  const conditions: SQL[] = [];
  if (filter.status !== undefined) conditions.push(eq(agents.status, filter.status));
  if (tenantId !== null) conditions.push(eq(agents.tenantId, tenantId));
  if (filter.after !== undefined) conditions.push(gt(agents.agentId, filter.after));
  const page = db.statements
    .select({ id: agents.agentId })
    .from(agents)
    .where(and(...conditions))
    .orderBy(asc(agents.agentId))
    .limit(filter.limit);
  return translated(
    db.statements
      .select()
      .from(agents)
      .where(and(...conditions, sql`${agents.agentId} <= (SELECT max(agent_id) FROM ${page} page)`))
      .orderBy(asc(agents.agentId), asc(agents.tenantId)),
  );
}
