import { type PositionedEvent, withPosition } from "@brain/engine";
import type { Envelope } from "@brain/schemas";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf } from "../../http/kit/tenants.ts";
import type { InboxQuery } from "./model.ts";

/*
 * An inbox is a view of the stream, not a store: what is addressed to the agent, in the order in which the relay sent
 * it. The cursor is a place in the stream, and it is the acknowledgement too: whoever comes back with it gets what is
 * behind it, whoever comes back with the one before gets the same again.
 *
 * Why not positions of the record: they are given when a row is inserted, and become visible when its transaction
 * commits. A reader that has seen position 8 would never see position 7 of a transaction that commits later. The relay
 * gives stream ids to rows that are committed, so behind a place in the stream nothing appears any more.
 */

/** Which events are in the inbox of an agent. @param tenantId only those of this one; null: of all */
export function inInbox(
  agentId: string,
  tenantId: string | null,
  broadcasts: boolean,
): (event: Envelope) => boolean {
  return ({ target, type, tenant_id }) =>
    (tenantId === null || tenant_id === tenantId) &&
    (target === agentId || (broadcasts && target === null && type === "broadcast"));
}

/** What the inbox held behind the cursor. */
export interface InboxPage {
  readonly events: readonly PositionedEvent[];
  /** The place behind all of them, for the next request. */
  readonly cursor: string;
  /** True when there may be more behind the cursor right now. */
  readonly more: boolean;
  /** Time of the oldest entry that the stream still has, when entries behind the cursor were trimmed; ISO-8601. */
  readonly truncatedBefore: string | null;
}

/** Reading on through entries for others takes at most this long beyond what was asked for, ms. */
const scanMs = 5_000;

/** Payloads of one answer, characters; one event is always answered. */
const maxLength = 1_000_000;

/**
 * Reads an inbox, and waits up to `wait_ms` for the first event when there is none. A wait that ends without an event
 * still moves the cursor over what was for others.
 *
 * @throws {ValidationError} the cursor is not one of ours
 * @throws {TransientError} there is no stream, or it cannot be reached
 */
export async function readInbox(
  services: RequestServices,
  agentId: string,
  { cursor, limit, wait_ms: waitMs, broadcasts, tenant_id }: InboxQuery,
): Promise<InboxPage> {
  const tenantId = tenantOf(services, tenant_id);
  const ended = new AbortController();
  let timer = setTimeout(() => ended.abort(), Math.max(waitMs, scanMs));
  const startedMs = services.now().getTime();
  const events: PositionedEvent[] = [];
  let length = 0;
  let place = cursor;
  let isAtEnd = false;
  let truncatedBefore: string | null = null;
  const looked = (seen: string, atEnd: boolean) => {
    place = seen;
    isAtEnd = atEnd;
    if (!atEnd) return;
    const leftMs = waitMs - (services.now().getTime() - startedMs);
    if (events.length > 0 || leftMs <= 0) ended.abort();
    else {
      clearTimeout(timer);
      timer = setTimeout(() => ended.abort(), leftMs);
    }
  };
  const after = cursor === "0" ? "0-0" : cursor === "now" ? null : cursor;
  try {
    const filter = { wants: inInbox(agentId, tenantId, broadcasts), looked };
    for await (const item of services.follow(filter, after, ended.signal)) {
      if (item.truncatedBefore !== undefined) ({ truncatedBefore } = item);
      place = item.cursor;
      if (item.event === null) continue;
      isAtEnd = false;
      events.push(withPosition(item.event));
      length += JSON.stringify(item.event.payload).length;
      if (events.length === limit || length >= maxLength) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return { events, cursor: place, more: !isAtEnd, truncatedBefore };
}
