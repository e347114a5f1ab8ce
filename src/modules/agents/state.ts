import { isImpossible } from "@brain/engine";
import type { AgentStatus } from "./tables.ts";

/*
 * What becomes of an agent, as pure decisions.
 *
 *   offline ── sign of life ──▶ online ── three heartbeats missed, or it signs off ──▶ offline
 *
 * Only agents that send heartbeats here are waited for. One that other programs tell of on the stream is online until
 * they say otherwise.
 */

/** So many heartbeats in a row must be missed before an agent counts as gone. */
const missedHeartbeatsLimit = 3;
/** `agent.heartbeat` is published when the agent has finished so many tasks more. */
export const tasksPerEvent = 10;

/** What the decisions look at and change. */
export interface AgentState {
  readonly status: AgentStatus;
  readonly statusSince: Date;
  readonly lastHeartbeat: Date | null;
  readonly heartbeatSeconds: number | null;
  readonly offlineAt: Date | null;
  readonly tasksCompleted: number;
  readonly tasksFailed: number;
}

/** What is to be published about it. */
export type AgentFact =
  | { readonly kind: "came_online" }
  | { readonly kind: "went_offline"; readonly missedHeartbeats: number; readonly lastHeartbeat: Date | null }
  | { readonly kind: "finished_tasks" };

export interface Change {
  readonly state: AgentState;
  readonly facts: readonly AgentFact[];
}

/** An agent of which nothing is known. */
export function unheardAgent(now: Date): AgentState {
  return {
    status: "offline",
    statusSince: now,
    lastHeartbeat: null,
    heartbeatSeconds: null,
    offlineAt: null,
    tasksCompleted: 0,
    tasksFailed: 0,
  };
}

/** What an agent says when it gives a sign of life; what it leaves out stays as it is. */
export interface SignOfLife {
  readonly heartbeatSeconds: number;
  readonly tasksCompleted?: number | undefined;
  readonly tasksFailed?: number | undefined;
}

/** A heartbeat, or an agent that signs on. */
export function afterSignOfLife(before: AgentState, sign: SignOfLife, now: Date): Change {
  const lastHeartbeat = latest(before.lastHeartbeat, now);
  const tasksCompleted = sign.tasksCompleted ?? before.tasksCompleted;
  const facts: AgentFact[] = [];
  if (before.status === "offline") facts.push({ kind: "came_online" });
  if (hasFinishedMore(before.tasksCompleted, tasksCompleted)) facts.push({ kind: "finished_tasks" });
  return {
    state: {
      status: "online",
      statusSince:
        before.status === "online" && !isImpossible(before.statusSince, now) ? before.statusSince : now,
      lastHeartbeat,
      heartbeatSeconds: sign.heartbeatSeconds,
      offlineAt: offlineAtOf(lastHeartbeat, sign.heartbeatSeconds),
      tasksCompleted,
      tasksFailed: sign.tasksFailed ?? before.tasksFailed,
    },
    facts,
  };
}

/** An agent that signs off; null when it is offline already. */
export function afterSignOff(before: AgentState, now: Date): Change | null {
  return before.status === "offline" ? null : wentOffline(before, 0, now);
}

/** What the sweep makes of an agent; null when it is not overdue. */
export function afterSilence(before: AgentState, now: Date): Change | null {
  const { status, offlineAt, lastHeartbeat, heartbeatSeconds } = before;
  if (status === "offline" || offlineAt === null || offlineAt > now) return null;
  const silentMs = lastHeartbeat === null ? 0 : now.getTime() - lastHeartbeat.getTime();
  const missed = Math.floor(silentMs / ((heartbeatSeconds ?? 1) * 1_000));
  return wentOffline(before, Math.max(missed, missedHeartbeatsLimit), now);
}

/** When an agent counts as gone unless it is heard of again. */
export function offlineAtOf(lastHeartbeat: Date, heartbeatSeconds: number): Date {
  return new Date(lastHeartbeat.getTime() + missedHeartbeatsLimit * heartbeatSeconds * 1_000);
}

function hasFinishedMore(before: number, now: number): boolean {
  return Math.floor(now / tasksPerEvent) > Math.floor(before / tasksPerEvent);
}

function wentOffline(before: AgentState, missedHeartbeats: number, now: Date): Change {
  return {
    state: { ...before, status: "offline", statusSince: now, offlineAt: null },
    facts: [{ kind: "went_offline", missedHeartbeats, lastHeartbeat: before.lastHeartbeat }],
  };
}

/** Requests overtake one another; the clock of an agent does not run back, unless it was wrong. */
function latest(before: Date | null, now: Date): Date {
  return before !== null && isNewer(before, now, now) ? before : now;
}

/** True when what is known is newer than what is told. */
function isNewer(known: Date, at: Date, now: Date): boolean {
  return known > at && !isImpossible(known, now);
}

/** What another program says of an agent on the stream. */
export type Report =
  | { readonly kind: "online" | "offline" }
  | { readonly kind: "heartbeat"; readonly tasksCompleted: number; readonly tasksFailed: number };

/**
 * An event of another program, which may come late: what is known to be newer stays. Nobody waits for heartbeats of
 * such an agent, because only some of them are events.
 *
 * @param at when it was told by our clocks, see `toldAt`; what the event says of its time decides nothing
 */
export function afterReport(before: AgentState, report: Report, at: Date, now: Date): AgentState {
  const isStatusNewer = isNewer(before.statusSince, at, now);
  if (report.kind === "heartbeat") {
    if (before.lastHeartbeat !== null && isNewer(before.lastHeartbeat, at, now)) return before;
    const { tasksCompleted, tasksFailed } = report;
    const counted = { ...before, lastHeartbeat: at, tasksCompleted, tasksFailed };
    return isStatusNewer ? counted : withStatus(counted, "online", at);
  }
  return isStatusNewer ? before : withStatus(before, report.kind, at);
}

function withStatus(before: AgentState, status: AgentStatus, at: Date): AgentState {
  // A word on its status that is as old as the known one is still the later word.
  if (before.status === status)
    return { ...before, statusSince: before.statusSince > at ? at : before.statusSince };
  return { ...before, status, statusSince: at, offlineAt: null };
}
