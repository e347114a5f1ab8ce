import type { MessageId } from "@brain/schemas";
import { hash64 } from "./telemetry/fingerprint.ts";

/*
 * Redis may give a message id twice: it lost its last entries while its ids ran ahead of the clock, and counts on from
 * there. Rows are unique by the message id, so the second event stands beside the first one's, under an id of its own:
 *
 *   {ms}-{sequence}-{8 hex digits of the event's id}
 *
 * It sorts as the message id does, wherever its parts are split off, and fits the columns, which hold 50 characters. It is
 * in rows alone: a delivery has the message id.
 */

/** @param identity the event's id; of an entry that is no event its fields as text */
export function besideId(messageId: string, identity: string): string {
  return `${messageId}-${hash64(identity).slice(0, 8)}`;
}

/** The message id of a row, which may stand beside another one's. */
export function messageIdOfRow(id: string): MessageId {
  const end = id.indexOf("-", id.indexOf("-") + 1);
  return (end === -1 ? id : id.slice(0, end)) as MessageId;
}
