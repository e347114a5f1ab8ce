/*
 * Amounts are whole numbers in the smallest unit of their currency, as payment providers take them. How many of them make
 * a whole unit is ISO 4217's, not that of `Intl`: there a forint or a rupiah has no smaller unit, because prices are
 * written so, and which do differs from runtime to runtime. Where Stripe counts otherwise than ISO, Stripe is followed: it
 * is who takes the money. https://docs.stripe.com/currencies#minor-units
 */

const withoutSmaller = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UYI VND VUV XAF XOF XPF".split(" ");
const thousandths = "BHD IQD JOD KWD LYD OMR TND".split(" ");
const digits: ReadonlyMap<string, number> = new Map([
  ...withoutSmaller.map((currency) => [currency, 0] as const),
  ...thousandths.map((currency) => [currency, 3] as const),
  ["CLF", 4],
  ["UYW", 4],
]);

/**
 * Decimals of a whole unit of the currency.
 *
 * @param currency three capital letters (ISO 4217); one that nobody knows has two
 */
export function fractionDigitsOf(currency: string): number {
  return digits.get(currency) ?? 2;
}
