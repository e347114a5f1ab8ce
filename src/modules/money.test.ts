import { expect, test } from "vitest";
import { inWholeUnits } from "./money.ts";

test.each([
  [4900, "EUR", 49],
  [1999, "USD", 19.99],
  [4900, "JPY", 4900],
  [4900, "KWD", 4.9],
  [1, "XYZ", 0.01],
])("%i of %s are %d in whole units", (amount, currency, whole) => {
  expect(inWholeUnits(amount, currency)).toBe(whole);
});
