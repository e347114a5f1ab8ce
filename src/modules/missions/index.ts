/** The only door of the module. */

export { missionRoutes } from "./routes.ts";
export type { MissionSettings } from "./settings.ts";
export { missionWorker } from "./worker.ts";
