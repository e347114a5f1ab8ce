/** Drains one consumer until somebody kills this process. Its environment is that of the system under test. */

import { createEngine, parseEngineSettings, requireStream } from "@brain/engine";
import { drainOnce } from "../../../../src/engine/dispatch/drain-once.ts";
import { labCatalog } from "../../events.ts";
import { crashConsumer } from "./crash-consumer.ts";

const engine = createEngine({
  catalog: labCatalog,
  settings: parseEngineSettings(process.env),
  consumers: [crashConsumer],
  sink: () => undefined,
});
// The first transaction of a process takes the longest, and the kills are to hit what comes behind it.
await engine.transact({ source: "crash_test" }, async () => undefined);
console.log("draining");
for (;;) {
  const deadlineMs = Date.now() + 5_000;
  await drainOnce(requireStream(engine.open(), ": the test needs one."), crashConsumer, {
    shard: 0,
    deadlineMs,
  }).catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
