import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { retryAfterMs, sign } from "./notifier.ts";

test("a signature is the HMAC of time and body, as any receiver computes it", async () => {
  const body = '{"id":"course_ready:ü"}';
  const expected = createHmac("sha256", "whsec-0123456789abcdef").update(`1763719200.${body}`).digest("hex");
  expect(await sign("whsec-0123456789abcdef", 1_763_719_200, body)).toBe(`t=1763719200,v1=${expected}`);
});

test.each([
  { header: null, ms: null },
  { header: "", ms: null },
  { header: "soon", ms: null },
  { header: "0", ms: 0 },
  { header: "7", ms: 7_000 },
  { header: "999999999", ms: 3_600_000 },
  { header: "Sat, 21 Nov 2026 10:00:30 GMT", ms: 30_000 },
  { header: "Sat, 21 Nov 2026 09:00:00 GMT", ms: 0 },
  { header: "Sun, 21 Nov 2027 09:00:00 GMT", ms: 3_600_000 },
])("Retry-After $header is $ms ms", ({ header, ms }) => {
  expect(retryAfterMs(header, new Date("2026-11-21T10:00:00.000Z"))).toBe(ms);
});
