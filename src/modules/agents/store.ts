import { type Database, latestPossible, type StatementBuilder, type Tx, translated } from "@brain/engine";
import { and, asc, eq, gt, lte, min, type SQL, sql } from "drizzle-orm";
import type { Agent, AgentsQuery } from "./model.ts";
import { type AgentState, offlineAtOf, unheardAgent } from "./state.ts";
import { agents } from "./tables.ts";

/** The statements of this module, one a function. */

export interface Beat {
  readonly agentId: string;
  readonly tenantId: string | null;
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
          eq(agents.agentId, beat.agentId),
          eq(agents.status, "online"),
          eq(agents.heartbeatSeconds, heartbeatSeconds),
          sql`${agents.offlineAt} IS NOT NULL`,
          // A time from a clock that was wrong is set right by the long way.
          sql`${agents.lastHeartbeat} <= ${latestPossible(now).toISOString()}::timestamptz`,
          ...(beat.tenantId === null ? [] : [eq(agents.tenantId, beat.tenantId)]),
          ...(tasksCompleted === null
            ? []
            : [sql`${agents.tasksCompleted} / 10 >= ${tasksCompleted}::integer / 10`]),
        ),
      )
      .returning(),
  );
  return row ?? null;
}

/** The row of an agent, locked until the commit; null when nobody has heard of it. */
export async function lockAgent(tx: Tx, agentId: string): Promise<Agent | null> {
  const [row] = await tx.select().from(agents).where(eq(agents.agentId, agentId)).for("update");
  return row ?? null;
}

/** The same, and a new row for an agent that nobody has heard of. Of two at once, one inserts and the other waits. */
export async function lockOrCreate(
  tx: Tx,
  agentId: string,
  tenantId: string | null,
  now: Date,
): Promise<Agent> {
  const [row] = await tx
    .insert(agents)
    .values({ agentId, tenantId, ...unheardAgent(now), createdAt: now, updatedAt: now })
    // An update of nothing: DO NOTHING would neither lock nor return the row.
    .onConflictDoUpdate({ target: agents.agentId, set: { updatedAt: agents.updatedAt } })
    .returning();
  if (row === undefined) throw new Error("an upsert returned no row");
  return row;
}

export async function saveState(tx: Tx, agent: Agent, state: AgentState, now: Date): Promise<Agent> {
  const { status, statusSince, lastHeartbeat, heartbeatSeconds, offlineAt, tasksCompleted, tasksFailed } =
    state;
  const changed = {
    tenantId: agent.tenantId,
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
  await tx.update(agents).set(changed).where(eq(agents.agentId, agent.agentId));
  return { ...agent, ...changed };
}

/** Counts an error; the agent need not have been heard of before. */
export function countingError(build: StatementBuilder, agentId: string, tenantId: string | null, now: Date) {
  return build
    .insert(agents)
    .values({ agentId, tenantId, ...unheardAgent(now), errors: 1, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: agents.agentId,
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

export async function findAgent(db: Database, agentId: string): Promise<Agent | null> {
  const [row] = await translated(db.statements.select().from(agents).where(eq(agents.agentId, agentId)));
  return row ?? null;
}

/** By id, behind `filter.after`. */
export function listAgents(db: Database, filter: AgentsQuery): Promise<Agent[]> {
  const conditions: SQL[] = [];
  if (filter.status !== undefined) conditions.push(eq(agents.status, filter.status));
  if (filter.tenant_id !== undefined) conditions.push(eq(agents.tenantId, filter.tenant_id));
  if (filter.after !== undefined) conditions.push(gt(agents.agentId, filter.after));
  return translated(
    db.statements
      .select()
      .from(agents)
      .where(and(...conditions))
      .orderBy(asc(agents.agentId))
      .limit(filter.limit),
  );
}
