/* What the stock decides, without a database: tested by given, when, then. */

export interface Level {
  /** Pieces that no order has taken. */
  readonly available: number;
}

export type Reservation =
  | { readonly kind: "reserved"; readonly level: Level }
  /** Nothing is put aside for a part of an order. */
  | { readonly kind: "refused" };

/** @param level null: the goods are unknown */
export function decideReservation(level: Level | null, quantity: number): Reservation {
  if (level === null || level.available < quantity) return { kind: "refused" };
  return { kind: "reserved", level: { available: level.available - quantity } };
}
