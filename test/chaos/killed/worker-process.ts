/** Ticks of cron, one behind the other, until somebody kills this process. Its environment is that of the system. */

import { flushCompileCache } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import { createEngine, parseEngineSettings } from "@brain/engine";
import { labCatalog } from "../../engine/events.ts";
import { jobNamed, killedConsumer } from "./work.ts";

const engine = createEngine({
  catalog: labCatalog,
  settings: parseEngineSettings(process.env),
  consumers: [killedConsumer],
  jobs: [jobNamed(process.env.CHAOS_JOB)],
  sink: () => undefined,
});
process.once("disconnect", () => process.exit(0));
flushCompileCache();
process.send?.({ runs: true });
for (;;) {
  await engine.cron().catch(() => undefined);
  await delay(20);
}
