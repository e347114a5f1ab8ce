/** The only door of the module. */

export { irGovernanceGate } from "./gate.ts";
export { irGovernanceJobs } from "./jobs.ts";
export { answersToken, irGovernanceRoutes } from "./routes.ts";
export type { IrGovernanceSettings } from "./state.ts";
