import type { Catalog } from "@brain/schemas";
import { besideId } from "../../core/beside-ids.ts";

/** One delivery to claim for a subscriber. */
export interface Claim {
  readonly messageId: string;
  /** What it is claimed under: the message id, or beside it where another one of the list has that. */
  readonly place: string;
  readonly eventId: string;
  /** Under the name that its entry has. */
  readonly type: string;
  readonly tenantId: string | null;
  /** 0, or the generation of a forced replay: under it the event may be applied once more. */
  readonly replayGeneration: number;
  /** The dead letter that it comes from; null: none. */
  readonly letterId: string | null;
  /** The entry as it stood on the stream; null when its body is gone. */
  readonly fields: readonly string[] | null;
}

/** What tells one claim of a subscriber from another. */
export type ClaimIds = Pick<Claim, "messageId" | "eventId" | "replayGeneration">;

/** What tells one claim of a list from another, as a text. */
export function claimId({ messageId, eventId, replayGeneration }: ClaimIds): string {
  return replayGeneration === 0 ? `${messageId} ${eventId}` : `${messageId}#${replayGeneration} ${eventId}`;
}

/** What a claim is found under among those of its subscriber: the generation of a replay has claims of its own. */
export function keyOf(place: string, replayGeneration: number): string {
  return replayGeneration === 0 ? place : `${place}#${replayGeneration}`;
}

/** Gives each claim of a list its place. Of two events that Redis gave one message id, the second stands beside the first. */
export function placing(): (ids: ClaimIds) => string {
  const taken = new Set<string>();
  return ({ messageId, eventId, replayGeneration }) => {
    const key = keyOf(messageId, replayGeneration);
    if (taken.has(key)) return besideId(messageId, eventId);
    taken.add(key);
    return messageId;
  };
}

/** True when one of them is under the generation of a forced replay: those have a table of their own. */
export function haveReplay(claims: readonly Claim[]): boolean {
  return claims.some(({ replayGeneration }) => replayGeneration !== 0);
}

/** Of whom the claims are, and what names mean. */
export interface ClaimScope {
  readonly subscriber: string;
  readonly stream: string;
  readonly catalog: Catalog;
}
