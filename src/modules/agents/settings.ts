import { defineSettings, whole } from "@brain/engine";

export interface AgentsSettings {
  /** Time between two heartbeats of an agent that does not say, seconds; after three missed ones it counts as offline. */
  readonly heartbeatSeconds: number;
}

export const agentsSettings = defineSettings(
  { BRAIN_AGENT_HEARTBEAT_SECONDS: whole(1, 86_400).default(60) },
  (env): AgentsSettings => ({ heartbeatSeconds: env.BRAIN_AGENT_HEARTBEAT_SECONDS }),
);
