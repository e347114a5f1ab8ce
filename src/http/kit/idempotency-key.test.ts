import { ValidationError } from "@brain/engine";
import { expect, test } from "vitest";
import { requireIdempotencyKey } from "./idempotency-key.ts";

test.each(["a", "0b6f7c0a-31d5", '"a,b"', "~!", "x".repeat(255)])("%s is a key", (header) => {
  expect(requireIdempotencyKey(header)).toBe(header);
});

test.each([
  ["", "received none"],
  ["x".repeat(256), "received 256"],
  ["a b", "received a space as character 2"],
  ["a\tb", "received another one as character 2"],
  ["aä", "received another one as character 2"],
  ["q1, q2", "received a space as character 4, as between two of these headers; send one"],
])("%j is none, and the refusal says why", (header, problem) => {
  const message = `expected 1 to 255 visible ASCII characters, ${problem}`;
  expect(() => requireIdempotencyKey(header)).toThrow(ValidationError);
  expect(() => requireIdempotencyKey(header)).toThrow(
    expect.objectContaining({ issues: [{ path: "idempotency-key", message }] }),
  );
});
