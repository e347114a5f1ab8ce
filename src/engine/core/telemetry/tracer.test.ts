import { expect, test } from "vitest";
import type { TraceContext } from "./trace-context.ts";
import { sampledByLinks, sampledFirst } from "./tracer.ts";

const context = (spanId: string, sampled: boolean): TraceContext => ({
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId,
  sampled,
  state: null,
});

test("links are each span once, those that are kept first and else in their order", () => {
  const [a, b, c, d] = [context("a", false), context("b", true), context("c", false), context("d", true)];
  expect(sampledFirst([a, null, b, c, b, d, a])).toEqual([b, d, a, c]);
});

test("one link that is kept keeps the span, none of several does not, and without any nothing is said", () => {
  expect(sampledByLinks([context("a", false), context("b", true)])).toBe(true);
  expect(sampledByLinks([context("a", false)])).toBe(false);
  expect(sampledByLinks(sampledFirst([null]))).toBeUndefined();
});
