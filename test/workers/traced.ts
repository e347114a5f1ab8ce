import { expect } from "vitest";
import type { Collector } from "../observability/collector.ts";
import { waitFor } from "../wait-for.ts";
import { call, createToStaging, type Served } from "./course-flow.ts";

/** A course in a running program leaves spans at the collector, which belong together, and counts. */
export async function expectTraces(collector: Collector, served: Served): Promise<void> {
  await createToStaging(served, 120_000);
  const request = await collector.wait(
    "the request that makes the course",
    ({ name }) => name === "POST /api/course-factory/generate",
  );
  const relay = await collector.wait(
    "its relay",
    ({ kind, links }) => kind === 4 && links.includes(request.spanId),
  );
  expect(relay.traceId).not.toBe(request.traceId);
  const handlersOf = (spanId: string) =>
    collector.spans.filter(({ name, links }) => name.startsWith("handle ") && links.includes(spanId));
  await waitFor(
    "a handler of its events, and one of what that handler published",
    () => handlersOf(request.spanId).flatMap(({ spanId }) => handlersOf(spanId)).length,
    (found) => found > 0,
  );
  expect(collector.faults).toEqual([]);
  const answer = await fetch(`${served.url}/metrics`, { headers: { authorization: `Bearer ${served.key}` } });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toMatch(
    /^brain_deliveries_total\{subscriber="course_distribution",type="course\.generation\.completed",outcome="applied"\} [1-9]/m,
  );
  expect((await call(served, "GET", "/api/health")).status).toBe(200);
}
