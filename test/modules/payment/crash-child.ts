/** Asks for one payment, then waits to be killed. Its environment is that of the system under test. */

import { createEngine } from "@brain/engine";
import { parseConfig } from "../../../src/config.ts";
import { openProduct } from "../../../src/http-composition.ts";

const config = parseConfig(process.env);
const { catalog, createApp } = openProduct(config);
const engine = createEngine({ catalog, settings: config, sink: () => undefined });
const app = createApp(() => ({
  invocation: engine.open(),
  apiKey: config.apiKey,
  waitUntil: () => undefined,
  afterCommit: () => undefined,
  startJobs: () => undefined,
}));
const answer = await app.request("/api/paycore/intents", {
  method: "POST",
  headers: { authorization: `Bearer ${config.apiKey}`, "content-type": "application/json" },
  body: JSON.stringify({ amount_cents: 4_900, user_id: "user-1", metadata: { course_id: "course-1" } }),
});
console.log(answer.status);
