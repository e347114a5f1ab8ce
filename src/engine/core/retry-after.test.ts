import { expect, test } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

test.each([
  { header: null, ms: null },
  { header: "", ms: null },
  { header: "soon", ms: null },
  { header: "7.5", ms: null },
  { header: "-7", ms: null },
  { header: "2026-11-21T10:00:30Z", ms: null },
  { header: "Saturday soon", ms: null },
  { header: "0", ms: 0 },
  { header: " 7 ", ms: 7_000 },
  { header: "7", ms: 7_000 },
  { header: "999999999", ms: 86_400_000 },
  { header: "Sat, 21 Nov 2026 10:00:30 GMT", ms: 30_000 },
  { header: "Saturday, 21-Nov-26 10:00:30 GMT", ms: 30_000 },
  { header: "Sat, 21 Nov 2026 09:00:00 GMT", ms: 0 },
  { header: "Sun, 21 Nov 2027 09:00:00 GMT", ms: 86_400_000 },
])("Retry-After $header is $ms ms", ({ header, ms }) => {
  expect(retryAfterMs(header, new Date("2026-11-21T10:00:00.000Z"))).toBe(ms);
});

test("without a clock a date is not read", () => {
  expect(retryAfterMs("Sat, 21 Nov 2026 10:00:30 GMT", null)).toBeNull();
  expect(retryAfterMs("30", null)).toBe(30_000);
});
