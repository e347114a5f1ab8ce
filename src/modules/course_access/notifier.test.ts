import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { sign } from "./notifier.ts";

test("a signature is the HMAC of time and body, as any receiver computes it", async () => {
  const body = '{"id":"course_ready:ü"}';
  const expected = createHmac("sha256", "whsec-0123456789abcdef").update(`1763719200.${body}`).digest("hex");
  expect(await sign("whsec-0123456789abcdef", 1_763_719_200, body)).toBe(`t=1763719200,v1=${expected}`);
});
