import type { Publish, PublishContext } from "@brain/engine";
import { agentHeartbeat, agentOffline, agentOnline, type JsonObject } from "@brain/schemas";
import type { Agent } from "./model.ts";
import type { AgentFact } from "./state.ts";

/** How this module names itself in its events. */
export const producer = "agents";

/** The agent is the source of what is told of it; this service writes it down. */
export function agentContext(agentId: string, tenantId: string | null): PublishContext {
  return { source: agentId, producer, tenant_id: tenantId };
}

/** Publishes what became of an agent. `details` go with the event of an agent that came online. */
export async function publishFacts(
  publish: Publish,
  agent: Agent,
  facts: readonly AgentFact[],
  details: JsonObject | undefined,
): Promise<void> {
  const { agentId } = agent;
  const context = agentContext(agentId, agent.tenantId);
  for (const fact of facts) {
    switch (fact.kind) {
      case "came_online":
        await publish(
          agentOnline,
          { agent_id: agentId, ...(details === undefined ? {} : { details }) },
          context,
        );
        break;
      case "went_offline":
        await publish(
          agentOffline,
          {
            agent_id: agentId,
            missed_heartbeats: fact.missedHeartbeats,
            last_heartbeat: fact.lastHeartbeat?.toISOString() ?? null,
          },
          context,
        );
        break;
      case "finished_tasks":
        await publish(
          agentHeartbeat,
          { agent_id: agentId, tasks_completed: agent.tasksCompleted, tasks_failed: agent.tasksFailed },
          context,
        );
        break;
    }
  }
}
