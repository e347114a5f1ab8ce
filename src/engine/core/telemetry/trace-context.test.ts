import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isInRatio, readTraceContext, traceMeta, traceparentOf } from "./trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

describe("a traceparent", () => {
  test("says trace, span and whether it is kept", () => {
    expect(readTraceContext(`00-${traceId}-${spanId}-01`)).toEqual({
      traceId,
      spanId,
      sampled: true,
      state: null,
    });
    expect(readTraceContext(`00-${traceId}-${spanId}-02`)?.sampled).toBe(false);
  });

  test("of a later version may have more behind it", () => {
    expect(readTraceContext(`cc-${traceId}-${spanId}-01-what-comes`)).toMatchObject({ traceId, spanId });
  });

  test.each([
    ["nothing", undefined],
    ["another text", "x"],
    ["capital letters", `00-${traceId.toUpperCase()}-${spanId}-01`],
    ["no trace", `00-${"0".repeat(32)}-${spanId}-01`],
    ["no span", `00-${traceId}-${"0".repeat(16)}-01`],
    ["the version that is none", `ff-${traceId}-${spanId}-01`],
    ["more in a version that has no more", `00-${traceId}-${spanId}-01-x`],
  ])("that is not valid is as good as not there: %s", (_, text) => {
    expect(readTraceContext(text)).toBeNull();
  });

  test("comes back as it was", () => {
    const hex = (length: number) =>
      fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text));
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (trace, span, sampled) => {
        const context = { traceId: trace, spanId: span, sampled, state: null };
        expect(readTraceContext(traceparentOf(context))).toEqual(context);
      }),
    );
  });
});

test("a tracestate is passed on as it came, and one that nobody must pass on is left out", () => {
  const read = (state: unknown) => readTraceContext(`00-${traceId}-${spanId}-01`, state);
  expect(traceMeta(read("a=1,b=2"))).toEqual({
    traceparent: `00-${traceId}-${spanId}-01`,
    tracestate: "a=1,b=2",
  });
  for (const state of ["", "x".repeat(513), "a\nb", 7, null]) expect(read(state)?.state).toBeNull();
});

test("a ratio decides by the trace alone, and keeps about as many as it says", () => {
  const ids = Array.from({ length: 2_000 }, (_, n) =>
    ((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0").repeat(4),
  );
  const kept = (ratio: number) => ids.filter((id) => isInRatio(id, ratio)).length;
  expect([kept(0), kept(1)]).toEqual([0, ids.length]);
  expect(kept(0.25) / ids.length).toBeCloseTo(0.25, 1);
});
