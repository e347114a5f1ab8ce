import type { Envelope } from "@brain/schemas";

/** An event as it leaves the system, with its position beside it. */
export type PositionedEvent = Envelope & {
  /**
   * Place in the record. For events with the same key it grows in the order of their commits. Null: the entry is not from
   * the record.
   */
  readonly position: number | null;
};

/**
 * The event with the position that the relay wrote into its meta. An entry that another program wrote to the stream itself
 * has none, and what it says of one is not known to be true.
 */
export function withPosition(event: Envelope): PositionedEvent {
  const { position, ...meta } = event.meta;
  return { ...event, meta, position: toPosition(position) };
}

/** The same position alone. */
export function positionOf({ meta }: Envelope): number | null {
  return toPosition(meta.position);
}

function toPosition(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;
}
