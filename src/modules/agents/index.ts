/** The only door of the module. */

export { agentsConsumer } from "./consumer.ts";
export { agentsRoutes } from "./routes.ts";
export { agentOfflineSweep } from "./sweep.ts";
