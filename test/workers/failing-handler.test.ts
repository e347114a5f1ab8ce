import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../tools/root.ts";
import { bundleWorkers } from "../../workers/local/workerd/bundle.ts";
import { waitFor } from "../wait-for.ts";
import { call } from "./course-flow.ts";
import { type Edge, startEdge } from "./edge.ts";

const handler = fileURLToPath(new URL("failing-consumer.ts", import.meta.url).href);

let edge: Edge;
beforeAll(async () => {
  const api = `${root}workers/api.ts`;
  edge = await startEdge(await bundleWorkers({ api, consumer: handler }));
});
afterAll(() => edge?.stop());

/** Line of the handler's source that holds `text`, from 1. */
async function lineOf(text: string): Promise<number> {
  return (await readFile(handler, "utf8")).split("\n").findIndex((line) => line.includes(text)) + 1;
}

test("a handler that throws a TypeError in workerd is found: file and line in the dead letter and in the log", async () => {
  const id = randomUUID();
  const correlationId = `story-${randomUUID()}`;
  const event = { id, type: "system.health", payload: { component: "planted", status: "1" } };
  const answer = await call(edge, "POST", "/api/events", { ...event, correlation_id: correlationId });
  expect(answer.status).toBe(202);
  const [letter] = await waitFor(
    "the dead letter",
    () => edge.sql<{ id: string }>("SELECT id::text FROM dead_letters WHERE event_id = $1", [id]),
    (letters) => letters.length === 1,
  );
  const { body } = await call(edge, "GET", `/api/dead-letters/${letter?.id}`);
  expect(body).toMatchObject({
    subscriber: "failing",
    reason: "programming_error",
    error_class: "TypeError",
    error_message: "Cannot read properties of undefined (reading 'length')",
    correlation_id: correlationId,
  });
  const thrownAt = await lineOf("component.parts.length");
  const calledAt = await lineOf("partsOf(event.payload)");
  const [head, ...frames] = body.error_stack.split("\n");
  expect(head).toBe("TypeError: Cannot read properties of undefined (reading 'length')");
  expect(frames[0]).toBe(`    at partsOf (test/workers/failing-consumer.ts:${thrownAt})`);
  expect(frames[1]).toContain(`test/workers/failing-consumer.ts:${calledAt}`);
  expect(body.error_stack).toContain("src/engine/consume/apply/run-handlers.ts:");
  expect(body.error_stack).not.toMatch(/planted|\/work\/|file:/);

  // What a worker logs comes by another way than its letter, and somewhat later.
  const line = await waitFor(
    "the line in the log",
    () =>
      edge.logs
        .map((text) => JSON.parse(text) as Record<string, unknown>)
        .find(({ dead_letter_id }) => dead_letter_id === letter?.id),
    (found) => found !== undefined,
  );
  expect(line).toMatchObject({
    level: "error",
    event_id: id,
    correlation_id: correlationId,
    error_class: "TypeError",
    error_stack: body.error_stack,
    message: "The event became a dead letter: Cannot read properties of undefined (reading 'length')",
  });
});
