/** Works the missions off until somebody kills this process. Its environment is that of the system under test. */

import { transactAndPublish } from "@brain/engine";
import { parseConfig } from "../../src/config.ts";
import { missionWorker } from "../../src/modules/missions/index.ts";
import { createSystem, openInvocation } from "../../src/runtime.ts";
import { crashHandler } from "./missions-crash-handler.ts";

const system = createSystem(parseConfig(process.env), [], { sink: () => undefined });
const worker = missionWorker({ handlers: [crashHandler], worker: true, httpAllow: [] });
console.log("working");
for (;;) {
  const { db, log, publish } = openInvocation(system);
  await worker
    .run({
      db,
      log,
      now: () => new Date(),
      isOver: () => false,
      transact: (context, run) => transactAndPublish(db, publish, context, run),
    })
    .catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
