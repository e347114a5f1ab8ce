import { expect, test } from "vitest";
import { erasureQuestion } from "./subject.ts";

test.each([
  ["acme", true, /about user-7 of tenant acme unreadable/],
  [null, true, /about user-7 of no tenant unreadable/],
  [null, false, /about user-7 \(no tenant was named; when one knows user-7, nothing is erased/],
] as const)(
  "who is erased is said as far as it is known: tenant %s, named %s",
  (tenant, isNamed, expected) => {
    expect(erasureQuestion("user-7", tenant, isNamed)).toMatch(expected);
  },
);
