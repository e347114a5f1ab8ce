import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../tools/root.ts";
import { bundleWorkers } from "../../workers/local/workerd/bundle.ts";
import { waitFor } from "../wait-for.ts";
import { call } from "./course-flow.ts";
import { countOf, type Edge, startEdge } from "./edge.ts";

let edge: Edge;
beforeAll(async () => {
  const api = `${root}workers/api.ts`;
  const consumer = fileURLToPath(new URL("looping-consumer.ts", import.meta.url).href);
  edge = await startEdge(await bundleWorkers({ api, consumer }), {}, { busyLimitMs: 2_000 });
});
afterAll(() => edge?.stop());

const report = (component: string) => ({
  id: randomUUID(),
  type: "system.health",
  payload: { component, status: "1" },
});

/** Answers are cut off while workerd is ended and started. */
const send = (event: object) =>
  waitFor(
    "the event is taken",
    async () => (await call(edge, "POST", "/api/events", event)).status,
    (status) => status < 300,
  );

test("a handler that loops without end is ended with its workerd, and becomes a dead letter; the others are applied", async () => {
  const [loops, other] = [report("loops"), report("healthy")];
  await send(loops);
  await waitFor(
    "workerd is ended",
    () => edge.logs.filter((line) => line.includes("keeps its thread busy")).length,
    (ended) => ended > 0,
  );
  await send(other);
  await waitFor(
    "the dead letter",
    async () => {
      // Locally no cron comes by itself in these tests, and a wake was cut off with its worker.
      await send(report("wakes")).catch(() => undefined);
      return edge.sql<{ event_id: string; reason: string }>("SELECT event_id, reason FROM dead_letters");
    },
    (letters) => letters.length > 0,
    { everyMs: 500 },
  ).then((letters) => expect(letters).toMatchObject([{ event_id: loops.id, reason: "worker_died" }]));
  await waitFor(
    "the other one is applied",
    () => countOf(edge, "processed_events WHERE event_id = $1", [other.id]),
    (count) => count === 1,
  );
  // It shares no thread with the consumer.
  expect(edge.logs.filter((line) => line.includes("workerd of brain-api"))).toEqual([]);
});
