import { defineModule } from "@brain/engine";
import {
  agentError,
  agentHeartbeat,
  agentMessage,
  agentOffline,
  agentOnline,
  agentTaskRequest,
  broadcast,
} from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { agentsConsumer } from "./consumer.ts";
import { agentsSettings } from "./settings.ts";
import { agentOfflineSweep } from "./sweep.ts";
import * as tables from "./tables.ts";

/** What is known of agents: their signs of life, messages and requests. */
export const agents = defineModule({
  name: "agents",
  events: [agentOnline, agentOffline, agentHeartbeat, agentError, agentTaskRequest, agentMessage, broadcast],
  tables: [tables],
  settings: agentsSettings,
  consumers: () => [agentsConsumer()],
  jobs: () => [agentOfflineSweep()],
  routes: ({ settings }): Mount[] => [
    { path: "/api/agents", routes: async () => (await import("./routes.ts")).agentsRoutes(settings) },
  ],
});
