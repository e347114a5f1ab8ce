import { fractionDigitsOf } from "@brain/schemas";

/**
 * An amount in whole units of its currency, as people write it: 4900 EUR are 49, 4900 JPY are 4900. Amounts are
 * reckoned in the smallest unit everywhere; this is for those who show them.
 */
export function inWholeUnits(amount: number, currency: string): number {
  return amount / 10 ** fractionDigitsOf(currency);
}
