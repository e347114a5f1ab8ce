import { createVault, defineJob, type ScheduledJob } from "@brain/engine";
import { deliveryJob, type WebhookSettings } from "./settings.ts";
import { hasEndpoints } from "./store.ts";

/** What is known of there being an endpoint is good for so long, ms. */
const knownMs = 30_000;

export function webhookDelivery(settings: WebhookSettings): ScheduledJob {
  const vault = createVault(settings.secretsKeys);
  // The job lives as long as the isolate. An endpoint that another isolate has just made waits for cron, a minute at most.
  let isolateWanted = { any: true, untilMs: 0 };
  return defineJob({
    name: deliveryJob,
    async wantsNews({ db, now }) {
      const nowMs = now().getTime();
      if (nowMs >= isolateWanted.untilMs) {
        isolateWanted = { any: await hasEndpoints(db), untilMs: nowMs + knownMs };
      }
      return isolateWanted.any;
    },
    async run(job) {
      if (!(await hasEndpoints(job.db))) return null;
      // Loaded where somebody wants events.
      const { runDeliveries } = await import("./deliver.ts");
      return runDeliveries(job, settings, vault);
    },
  });
}
