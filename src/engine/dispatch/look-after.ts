/* What `on-demand.ts` loads, as one part. */

export { reconcileAll, runJanitor } from "../retention/janitor.ts";
export { cronTick } from "./cron.ts";
