/** Works the missions off until somebody kills this process. Its environment is that of the system under test. */

import { createEngine, parseEngineSettings } from "@brain/engine";
import { charter } from "@brain/schemas";
import { missionWorker } from "../../../src/modules/missions/worker.ts";
import { crashHandler } from "./crash-handler.ts";

const engine = createEngine({
  catalog: charter,
  settings: parseEngineSettings(process.env),
  sink: () => undefined,
});
const worker = missionWorker({
  handlers: [crashHandler],
  worker: true,
  httpAllow: [],
  secretsKeys: { current: null, previous: null },
});
// The first transaction of a process takes the longest, and the kills are to hit what comes behind it.
await engine.transact({ source: "crash_test" }, async () => undefined);
console.log("working");
for (;;) {
  const invocation = engine.open();
  const { db, log, catalog } = invocation;
  await worker
    .run({
      db,
      log,
      catalog,
      now: () => new Date(),
      isOver: () => false,
      transact: (context, run) => engine.transact(context, run, invocation),
    })
    .catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
