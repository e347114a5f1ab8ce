import { expect, test } from "vitest";
import { inWholeUnits } from "./money.ts";

test.each([
  [4900, "EUR", 49],
  [1999, "USD", 19.99],
  [4900, "JPY", 4900],
  [4900, "KWD", 4.9],
  // Written without a smaller unit, and reckoned in one: https://docs.stripe.com/currencies#minor-units
  [490_000, "HUF", 4_900],
  [490_000, "IDR", 4_900],
  [490_000, "ISK", 4_900],
  [1, "XYZ", 0.01],
])("%i of %s are %d in whole units", (amount, currency, whole) => {
  expect(inWholeUnits(amount, currency)).toBe(whole);
});
