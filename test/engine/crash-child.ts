/** Drains one consumer until somebody kills this process. Its environment is that of the system under test. */

import { parseConfig } from "../../src/config.ts";
import { drainOnce } from "../../src/engine/dispatch/drain-once.ts";
import { createSystem, openInvocation } from "../../src/runtime.ts";
import { crashConsumer } from "./crash-consumer.ts";

const system = createSystem(parseConfig(process.env), [crashConsumer], { sink: () => undefined });
console.log("draining");
for (;;) {
  const deadlineMs = Date.now() + 5_000;
  await drainOnce(openInvocation(system), crashConsumer, 0, deadlineMs).catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
